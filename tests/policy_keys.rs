//! The table of a policy's keys says what the reader does: every key is known, every value that the schema allows is
//! taken, and what is beyond it is refused.

#![expect(clippy::panic, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use holdpoint::core::policy::document::Format;
use holdpoint::core::policy::keys::{ALL, DESK, Holds, Key, Keys};
use holdpoint::core::policy::{Checked, Desk, Policy};

/// A document with these lines in such a table, and everything else that it needs.
fn document(keys: &Keys, lines: &str) -> String {
    let has = |key: &str| lines.lines().any(|line| line.starts_with(&format!("{key} =")));
    match keys.name {
        "policy" if has("holdpoint") => lines.to_owned(),
        "policy" => format!("{lines}\nholdpoint = 1\n"),
        "severity" => format!("holdpoint = 1\n[severity]\n{lines}\n"),
        "severity level" => format!("holdpoint = 1\n[severity.medium]\n{lines}\n"),
        "unlisted" => format!("holdpoint = 1\n[unlisted]\n{lines}\n"),
        "kind" => format!("holdpoint = 1\n[kinds.x]\n{lines}\n"),
        "desk" => format!("holdpoint = 1\n[desks.main]\n{lines}\n"),
        "criterion" => {
            let needed = [("id", "\"a\""), ("category", "\"c\""), ("when", "\"args.x > 1\"")];
            let needed: Vec<String> = needed
                .iter()
                .filter(|(key, _)| !has(key))
                .map(|(key, value)| format!("{key} = {value}"))
                .collect();
            format!("holdpoint = 1\n[[criteria]]\n{}\n{lines}\n", needed.join("\n"))
        }
        other => panic!("no document for {other}"),
    }
}

fn checked(keys: &Keys, lines: &str) -> Checked {
    Policy::check(Format::Toml, &document(keys, lines))
}

/// What a key takes, and what it refuses.
fn values(key: &Key) -> (Vec<String>, Vec<String>) {
    let own = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let whole = |number: i64| number.to_string();
    match (key.name, key.holds) {
        ("desk", _) => (own(&["\"main\""]), own(&["1", "\"\"", "\"nobody\""])),
        ("when", _) => (own(&["\"args.x > 1\""]), own(&["1", "\"\"", "\"args.x +\""])),
        (_, Holds::Version) => (own(&["1"]), own(&["2", "\"1\"", "1.5"])),
        (_, Holds::Text) => (own(&["\"a\""]), own(&["1", "\"\"", "[]"])),
        (_, Holds::Flag) => (own(&["true", "false"]), own(&["1", "\"true\""])),
        (_, Holds::Word(words)) => {
            (words.iter().map(|word| format!("\"{word}\"")).collect(), own(&["\"zzz\"", "1", "true"]))
        }
        (_, Holds::Share) => (own(&["1", "0.001", "1.0"]), own(&["0", "1.001", "-0.5", "\"0.5\""])),
        (_, Holds::Count(least, most)) => (
            vec![whole(least.into()), whole(most.into())],
            vec![whole(i64::from(least) - 1), whole(i64::from(most) + 1), "1.5".to_owned()],
        ),
        (_, Holds::Number(most)) => (
            vec!["0.5".to_owned(), whole(most.into())],
            vec!["0".to_owned(), whole(i64::from(most) + 1), "\"1\"".to_owned()],
        ),
        (_, Holds::Amount) => (own(&["0", "12.5"]), own(&["-1", "\"1\""])),
        (_, Holds::Duration(least, most)) => {
            let days = most / 86_400;
            let mut bad =
                vec![format!("\"{}d\"", days + 1), "90".to_owned(), "\"90\"".to_owned(), "\"1w\"".to_owned()];
            bad.extend(least.checked_sub(1).map(|less| format!("\"{less}s\"")));
            (vec![format!("\"{least}s\""), format!("\"{days}d\"")], bad)
        }
        (_, Holds::Texts(least, most)) => {
            let list = |count: usize| {
                let texts: Vec<String> = (0..count).map(|at| format!("\"k{at}\"")).collect();
                format!("[{}]", texts.join(", "))
            };
            let mut bad = vec!["\"a\"".to_owned(), "[1]".to_owned()];
            bad.extend(most.checked_add(1).map(list));
            bad.extend(least.checked_sub(1).map(list));
            (vec![list(least), list(most.min(20))], bad)
        }
        (_, Holds::Pointer) => (own(&["\"/a/b\""]), own(&["\"a\"", "1"])),
        (_, Holds::Table(_)) => (own(&["{}"]), own(&["1", "[]"])),
        (_, Holds::Named(_)) => (own(&["{}"]), own(&["1", "[]", "{ a = 1 }"])),
        (_, Holds::List(_)) => (own(&["[]"]), own(&["1", "{}", "[1]"])),
    }
}

#[test]
fn every_key_of_the_table_is_known_and_no_other() {
    for keys in ALL {
        let problems = checked(keys, "zzzzzzzzzzzzzzzz = 1").problems;
        let hint = problems.iter().find_map(|problem| problem.hint.clone()).unwrap();
        let known: Vec<&str> = hint.strip_prefix("known here: ").unwrap().split(", ").collect();
        let mut named: Vec<&str> = keys.keys.iter().map(|key| key.name).collect();
        let mut known = known.clone();
        known.sort_unstable();
        named.sort_unstable();
        assert_eq!(known, named, "{}", keys.name);
    }
}

#[test]
fn what_the_table_allows_is_taken_and_what_it_does_not_is_refused() {
    for keys in ALL {
        for key in keys.keys {
            let beside =
                if (keys.name, key.name) == ("criterion", "audit") { "\nthen = \"audit\"" } else { "" };
            let (good, bad) = values(key);
            for value in good {
                let lines = format!("{} = {value}{beside}", key.name);
                assert_eq!(checked(keys, &lines).problems, [], "{}: {lines}", keys.name);
            }
            for value in bad {
                let lines = format!("{} = {value}{beside}", key.name);
                assert!(!checked(keys, &lines).problems.is_empty(), "{}: {lines}", keys.name);
            }
        }
    }
}

#[test]
fn what_has_to_be_there_is_missed() {
    let without = |document: &str| !Policy::check(Format::Toml, document).problems.is_empty();
    assert!(without("name = \"a\""));
    let criterion = ["id = \"a\"", "category = \"c\"", "when = \"args.x > 1\""];
    for left_out in criterion {
        let rest: Vec<&str> = criterion.into_iter().filter(|line| *line != left_out).collect();
        assert!(without(&format!("holdpoint = 1\n[[criteria]]\n{}", rest.join("\n"))), "{left_out}");
    }
    let required: Vec<&str> =
        ALL.iter().flat_map(|keys| keys.keys).filter(|key| key.is_required).map(|key| key.name).collect();
    assert_eq!(required, ["holdpoint", "id", "category", "when"]);
}

#[test]
fn the_defaults_of_a_desk_are_what_the_table_says() {
    let written: Vec<String> = DESK
        .keys
        .iter()
        .filter(|key| !key.default.is_empty())
        .map(|key| format!("{} = {}", key.name, key.default))
        .collect();
    let policy = checked(&DESK, &written.join("\n")).policy.unwrap();
    assert_eq!(policy.desk("main"), Some(&Desk::default()));
    assert_eq!(written.len(), 9);
}
