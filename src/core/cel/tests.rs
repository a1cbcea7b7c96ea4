//! What conditions mean, in tables. The language's own conformance cases run in `tests/conditions.rs`.

use super::*;

const ARGS: &str = r#"{"amount":640,"rate":0.5,"big":9223372036854775807,"order":{"id":"A-7","tags":["vip","eu"]},
    "items":[{"price":5,"name":"cup"},{"price":50}],"text":"Prices from 10","empty":"","none":null,"flag":true}"#;

fn with_input<T>(run: impl FnOnce(&Input<'_>) -> T) -> T {
    let args = Json::parse(ARGS.as_bytes()).unwrap();
    let source = Json::parse(br#"{"model":"m"}"#).unwrap();
    run(&Input {
        kind: "refund",
        args: args.as_object().unwrap(),
        confidence: 0.7,
        subject: None,
        source: source.as_object().unwrap(),
        context: &Object::new(),
    })
}

/// A value as one would write it in the language, or nearly.
fn plain(tagged: &Json) -> String {
    let (tag, value) = tagged.as_object().unwrap().iter().next().unwrap();
    let listed = |value: &Json| value.as_array().unwrap().iter().map(plain).collect::<Vec<_>>();
    match (tag, value) {
        ("string" | "bool" | "null", value) => value.to_string(),
        ("list", value) => format!("[{}]", listed(value).join(",")),
        ("map", value) => {
            let entries = value.as_array().unwrap().iter().map(|entry| listed(entry).join(":"));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        ("uint", value) => format!("{}u", value.as_str().unwrap()),
        (_, value) => value.as_str().unwrap().to_owned(),
    }
}

/// The value, or the error.
fn evaluated(source: &str) -> String {
    let program = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    with_input(|input| {
        program
            .value(input)
            .map_or_else(|error| format!("error: {}", program.explain(&error)), |value| plain(&value))
    })
}

#[test]
fn values() {
    for (source, value) in [
        ("args.amount > 500", "true"),
        ("args.amount * 2 + 1", "1281"),
        ("-args.amount", "-640"),
        ("7 / 2", "3"),
        ("-7 % 3", "-1"),
        ("7.0 / 2.0", "3.5"),
        ("args.amount * 1.5", "960"),
        ("args.rate + 1", "1.5"),
        ("1 == 1.0 && 1u == 1", "true"),
        ("args.big > 9223372036854775806.0", "false"),
        ("b'a\\x62\\143' == bytes('abc') && size(b'\\xff') == 1", "true"),
        ("type(1) == int && type(args.none) == null_type && type(type(1u)) == type", "true"),
        ("uint('5') + 1u", "6u"),
        ("bool('True') || bool('0')", "true"),
        ("string(timestamp('2026-11-23T12:00:00+01:00'))", "\"2026-11-23T11:00:00Z\""),
        ("timestamp('2026-11-23T12:00:00Z') - timestamp('2026-11-22T12:00:00Z') == duration('24h')", "true"),
        ("timestamp('2026-11-23T23:30:00Z').getDayOfWeek('+01:00')", "2"),
        ("duration('90m') > duration('1h') && duration('90m').getMinutes() == 90", "true"),
        ("'a-b-c'.split('-', 2)", "[\"a\",\"b-c\"]"),
        ("'häs'.split('')", "[\"h\",\"ä\",\"s\"]"),
        ("['a', 'b'].join('+') + 'xyz'.substring(1, 2) + 'aXbX'.replace('X', '')", "\"a+byab\""),
        ("'häuser'.indexOf('user') + 'abab'.indexOf('b', 2)", "5"),
        (
            "math.greatest(1, args.rate, 2u) + math.least([3, 2.5])",
            "error: `math.greatest(1, args.rate, 2u) + math.least([3, 2.5])` does not go with a uint and a double",
        ),
        ("args.order.`id` + {'a-b': '!'}.`a-b`", "\"A-7!\""),
        (".args.items.exists(kind2, .kind == 'refund')", "true"),
        ("'a' == 1", "false"),
        ("args.order.id", "\"A-7\""),
        ("args['order']['id'] + '!'", "\"A-7!\""),
        ("args.items[1].price", "50"),
        ("'vip' in args.order.tags", "true"),
        ("'id' in args.order", "true"),
        ("5 in [1, 2.0, 5u]", "true"),
        ("has(args.order.id) && !has(args.order.x)", "true"),
        ("size(args.items) == 2 && args.text.size() == 14", "true"),
        ("size('日本')", "2"),
        ("args.text.matches('(?i)pric(e|ing)')", "true"),
        ("matches(args.text, '^from')", "false"),
        ("args.text.startsWith('Pri') && args.text.endsWith('10') && args.text.contains('from')", "true"),
        ("args.text.lowerAscii().upperAscii()", "\"PRICES FROM 10\""),
        ("'  x '.trim()", "\"x\""),
        ("args.items.exists(i, i.price > 10)", "true"),
        ("args.items.all(i, i.price > 10)", "false"),
        ("args.items.exists_one(i, i.price == 5)", "true"),
        ("args.items.map(i, i.price)", "[5,50]"),
        ("args.items.map(i, i.price > 10, i.price * 2)", "[100]"),
        ("args.items.filter(i, has(i.name)).size()", "1"),
        ("args.order.tags.exists(t, args.items.exists(i, i.price == size(t) + 2))", "true"),
        ("args.order.all(key, key in ['id', 'tags'])", "true"),
        ("args.flag ? 'yes' : 'no'", "\"yes\""),
        ("kind + '/' + source.model", "\"refund/m\""),
        ("confidence < 0.8", "true"),
        ("[1, 2] + [3] == [1, 2, 3]", "true"),
        ("{'a': 1, 'b': [2]}.b[0]", "2"),
        ("args.none == null", "true"),
        ("int('42') + int(3.9) + int(2u)", "47"),
        ("double('1.5') + double(1)", "2.5"),
        ("string(1.0) + string(12) + string(true)", "\"112true\""),
        ("r'\\d' + \"\\u00e9\\x41\" + '''a'b'''", "\"\\\\déAa'b\""),
        ("0x1F + 1e3", "1031"),
        ("1 < 2 ? 3 < 4 : false // remark", "true"),
        ("-9223372036854775808", "-9223372036854775808"),
    ] {
        assert_eq!(evaluated(source), value, "{source}");
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (source, error) in [
        ("args.missing > 1", "`args.missing` is missing"),
        ("args.order.x.y == 1", "`args.order.x` is missing"),
        ("args.items[7].price", "`args.items[7]` is missing"),
        ("subject == 'x'", "`subject` is missing"),
        ("context.request == 'x'", "`context.request` is missing"),
        ("args.text > 5", "`args.text > 5` does not go with a string and an int"),
        ("args.amount + 'x'", "`args.amount + 'x'` does not go with an int and a string"),
        ("args.amount.id", "`args.amount.id` does not go with an int"),
        ("args.big + 1", "`args.big + 1` is out of range"),
        ("-args.big - 2", "`-args.big - 2` is out of range"),
        ("1 / (args.amount - 640)", "`1 / (args.amount - 640)` divides by zero"),
        ("int(1e30)", "`int(1e30)` is out of range"),
        (
            "args.text.matches(args.text + '(')",
            "`args.text.matches(args.text + '(')` cannot be read as what it should be",
        ),
        ("timestamp(args.text)", "`timestamp(args.text)` cannot be read as what it should be"),
        (
            "timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin')",
            "`timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin')` cannot be read as what it should be",
        ),
        ("duration('200000000000s')", "`duration('200000000000s')` cannot be read as what it should be"),
        ("{1: 2, 1: 3}", "`{1: 2, 1: 3}` has one key twice"),
        ("'abc'.substring(2, 1)", "`'abc'.substring(2, 1)` is out of range"),
        ("!args.amount", "`args.amount` does not go with an int"),
        ("args.amount ? 1 : 2", "`args.amount` does not go with an int"),
    ] {
        assert_eq!(evaluated(source), format!("error: {error}"), "{source}");
    }
}

#[test]
fn what_is_printed_is_read_as_the_same() {
    for (source, printed) in [
        ("100.`0` == args.x", "(100.`0` == args.x)"),
        ("args.`a-b`.`in`", "args.`a-b`.in"),
        ("args.items.exists(i, i.price > 1 + 1)", "args.items.exists(v0, (v0.price > 2))"),
    ] {
        let program = compile(source).unwrap();
        assert_eq!(program.printed(), printed, "{source}");
        assert_eq!(compile(printed).unwrap().printed(), printed);
    }
}

#[test]
fn an_operand_that_decides_absorbs_the_error_of_the_other() {
    for (source, value) in [
        ("args.missing > 1 || true", "true"),
        ("true || args.missing > 1", "true"),
        ("args.missing > 1 && false", "false"),
        ("false && args.missing > 1", "false"),
        ("args.missing > 1 || false", "error: `args.missing` is missing"),
        ("true && args.missing > 1", "error: `args.missing` is missing"),
        ("args.items.exists(i, i.name == 'cup')", "true"),
        ("args.items.exists(i, i.name == 'pen')", "error: `i.name` is missing"),
        ("args.items.all(i, i.name == 'pen')", "false"),
    ] {
        assert_eq!(evaluated(source), value, "{source}");
    }
}

#[test]
fn problems_have_their_place_and_a_hint() {
    for (source, span, message, hint) in [
        ("arg.amount > 5", 0..3, "nothing is called `arg`", "did you mean `args`?"),
        ("args.amount = 5", 12..13, "`=` is no operator", "compare with `==`"),
        ("args.x.contain('y')", 7..14, "no function is called `contain`", "did you mean `contains`?"),
        ("size(1, 2)", 0..10, "`size` takes 1 argument(s), not 2", ""),
        ("contains('a', 'b')", 0..8, "`contains` is not called this way", "write `x.contains(…)`"),
        ("has(args)", 0..9, "`has` takes one field", "for example `has(args.amount)`"),
        ("(1 + 2", 6..7, "expected `)`, found the end", ""),
        ("1 +", 3..4, "expected a value, found the end", ""),
        ("a b", 2..3, "expected an operator or the end, found `b`", ""),
        ("'open", 0..5, "a string without its end", "close it with the quote that opened it"),
        ("args.x & args.y", 7..8, "`&` has no meaning here", "write `&&`"),
        (
            "args.x.matches('(')",
            15..18,
            "no regular expression: a group without its `)`",
            "the syntax is RE2's; in TOML write it in single quotes, where `\\` stays",
        ),
        ("args.a.exists(args, true)", 14..18, "`args` would hide the action's own", "choose another name"),
        ("args.status == open", 15..19, "nothing is called `open`", "a text stands in quotes: `'open'`"),
        (
            "amount > 5",
            0..6,
            "nothing is called `amount`",
            "known here: kind, args, confidence, subject, source, context; the arguments are under `args`: `args.amount`",
        ),
        ("if == 1", 0..2, "`if` is a word that CEL keeps for itself", ""),
        (
            "args.`a\"b`",
            5..8,
            "no member's name",
            "between backquotes stand letters, digits, `_`, `.`, `-`, `/` and blanks; else write `x[\"…\"]`",
        ),
        ("'a'.split()", 0..11, "`split` takes 1 to 2 argument(s), not 0", ""),
    ] {
        let problems = compile(source).unwrap_err();
        let problem = problems.last().unwrap();
        assert_eq!(problem.message, message, "{source}");
        assert_eq!(problem.hint.as_deref().unwrap_or(""), hint, "{source}");
        let end = span.end.min(source.len().max(span.start));
        assert_eq!(
            (problem.span.start, problem.span.end.min(source.len().max(span.start))),
            (span.start, end),
            "{source}"
        );
    }
    assert_eq!(compile("arg.x == sorce.y").unwrap_err().len(), 2, "all unknown names are told at once");
}

#[test]
fn work_and_depth_are_bounded() {
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(compile(&deep).is_err());
    assert!(compile(&"!".repeat(5000)).is_err());
    assert!(compile(&"-".repeat(5000)).is_err());
    assert!(compile(&format!("{}args{}", "[".repeat(500), "]".repeat(500))).is_err());
    assert!(compile(&format!("1{}", " + 1".repeat(500))).is_err());
    let wide = vec!["args.amount == 1"; 500].join(" || ");
    assert_eq!(evaluated(&wide), "false");
    let many = "[1,2,3,4,5,6,7,8,9,10]";
    let nested = format!(
        "{many}.all(a, {many}.all(b, {many}.all(c, {many}.all(d, {many}.all(e, a + b + c + d + e > 0)))))"
    );
    assert_eq!(evaluated(&nested), "error: it takes more work than a condition may");
    let absorbed = format!("({nested}) || args.flag");
    assert_eq!(
        evaluated(&absorbed),
        "error: it takes more work than a condition may",
        "running out is final"
    );
}

/// Whether a condition holds for an action with these arguments and nothing else.
fn matches_args(condition: &str, args: &Json) -> Result<bool, EvalErrorKind> {
    let nothing = Object::new();
    compile(condition)
        .unwrap()
        .matches(&Input {
            kind: "k",
            args: args.as_object().unwrap(),
            confidence: 0.0,
            subject: None,
            source: &nothing,
            context: &nothing,
        })
        .map_err(|error| error.kind)
}

#[test]
fn looking_through_wide_objects_is_work() {
    let members: Vec<String> = (0..40_000).map(|at| format!("\"m{at}\":{at}")).collect();
    let text = format!("{{\"map\":{{{}}},\"list\":[{}]}}", members.join(","), vec!["\"m1\""; 1000].join(","));
    let args = Json::parse(text.as_bytes()).unwrap();
    assert_eq!(matches_args("args.list.all(name, name in args.map)", &args), Err(EvalErrorKind::Budget));
    // Each inner loop ends at its first element, and gathers its list before.
    let ones = Json::object([("list", (0..40_000).map(|_| Json::from(1_i64)).collect())]);
    assert_eq!(
        matches_args("args.list.all(a, args.list.exists(b, a == b))", &ones),
        Err(EvalErrorKind::Budget)
    );
    assert_eq!(matches_args("args.list == args.list && args.list == args.list", &ones), Ok(true));
    assert_eq!(matches_args(&["args.list == args.list"; 3].join(" && "), &ones), Err(EvalErrorKind::Budget));
}

#[test]
fn what_is_made_ready_or_copied_again_and_again_is_work() {
    let args = |items: usize, long: usize| {
        let items: Json = (0..items).map(|_| Json::from("x")).collect();
        Json::object([("items", items), ("long", "ab".repeat(long).into())])
    };
    for search in ["indexOf(args.long) >= 0", "split(args.long).size() > 1", "replace(args.long, '') != i"] {
        let condition = format!("args.items.exists(i, i.{search})");
        assert_eq!(matches_args(&condition, &args(1_000, 200_000)), Err(EvalErrorKind::Budget), "{search}");
        assert_eq!(matches_args(&condition, &args(100, 1_000)), Ok(false), "{search}");
    }
    let condition = "args.items.exists(i, i.contains(args.long))";
    assert_eq!(matches_args(condition, &args(1_000, 200_000)), Ok(false), "this one makes nothing ready");
    for condition in [
        "[args.long.lowerAscii()].exists(s, args.items.exists(i, s == ''))",
        "[args.long.lowerAscii()].exists(s, args.items.map(i, s).size() == 1)",
        "{'s': args.long.upperAscii()}.map(k, args.items.map(i, [args.long.lowerAscii()][0])).size() == 0",
    ] {
        assert_eq!(matches_args(condition, &args(1_000, 20_000)), Err(EvalErrorKind::Budget), "{condition}");
    }
}

#[test]
fn a_pattern_never_takes_longer_than_its_budget() {
    let args = Json::object([("text", "a".repeat(1 << 20).into())]);
    assert_eq!(matches_args("args.text.matches('(a{1,50}){1,20}b')", &args), Err(EvalErrorKind::Budget));
    assert!(compile("args.text.matches('((a{100}){100}){100}')").is_err());
    let pattern =
        Json::object([("text", "a".into()), ("pattern", format!("[{}]{{8000}}", "ac".repeat(5_000)).into())]);
    assert_eq!(matches_args("args.text.matches(args.pattern)", &pattern), Err(EvalErrorKind::Unreadable));
}

#[test]
fn the_conditions_of_a_policy_have_one_budget_each() {
    let text = format!(
        "holdpoint = 1\n[[criteria]]\nid = \"a\"\ncategory = \"c\"\nwhen = \"{}\"\n",
        ["args.text.matches('(a{1,60}){1,30}zz')"; 8].join(" || ")
    );
    let policy =
        crate::core::policy::Policy::parse(crate::core::policy::document::Format::Toml, &text).unwrap();
    let args = Json::object([("text", "a".repeat(5_000).into())]);
    let nothing = Object::new();
    let args = args.as_object().unwrap();
    let input =
        Input { kind: "k", args, confidence: 0.0, subject: None, source: &nothing, context: &nothing };
    let matched: Vec<_> = policy.matching(input).map(|(_, error)| error.map(|error| error.kind)).collect();
    assert_eq!(matched, [Some(EvalErrorKind::Budget)]);
}

#[test]
fn the_fields_that_were_read_are_known() {
    for (source, fields) in [
        ("args.amount > 500", "/args/amount"),
        ("args.amount > 500 || args.rate > 2", "/args/amount"),
        ("args.amount < 500 || args.rate < 2", "/args/amount /args/rate"),
        ("has(args.x) || args['order'].id == 'B'", "/args/x /args/order/id"),
        ("args.items.exists(i, i.price > 10)", "/args/items/0/price /args/items/1/price"),
        ("args.order.tags.exists(t, t == 'vip')", "/args/order/tags/0"),
        ("args.missing == 1", "/args/missing"),
        ("kind == 'refund' && confidence < 1.0 && source.model == 'm'", "/kind /confidence /source/model"),
        ("size(args.items) > 1", "/args/items"),
    ] {
        let read = with_input(|input| compile(source).unwrap().fields_read(input));
        let read: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(read.join(" "), fields, "{source}");
    }
}
