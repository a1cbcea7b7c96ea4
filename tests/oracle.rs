//! A second evaluator, naive and of a few lines, says what policies of random conditions have to come to: what the real
//! one folds, indexes, remembers and looks for together may change nothing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use holdpoint::core::cel::{Input, compile_unchecked};
use holdpoint::core::json::{Json, Object};
use holdpoint::core::policy::Policy;
use holdpoint::core::policy::document::Format;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::fmt::Write as _;

/// A condition, as the oracle sees it.
#[derive(Debug, Clone)]
enum Expr {
    Literal(Value),
    /// From a variable of the action, or from that of the comprehension (`it`).
    Path(Vec<&'static str>),
    Has(Vec<&'static str>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(&'static str, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Value>),
    Text(&'static str, Box<Expr>, String),
    /// `matches`, of words of which one has to be there.
    Matches(Box<Expr>, bool, Vec<&'static str>),
    Lower(Box<Expr>),
    Size(Box<Expr>),
    Add(Box<Expr>, Box<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    Quantified(&'static str, Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    fn of(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_i64().map_or(Self::Double(number.as_f64()), Self::Int),
            Json::String(text) => Self::Text(text.to_string()),
            Json::Array(elements) => Self::List(elements.iter().map(Self::of).collect()),
            Json::Object(object) => {
                Self::Map(object.iter().map(|(name, value)| (name.to_owned(), Self::of(value))).collect())
            }
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "small in this test")]
            Self::Int(int) => Some(*int as f64),
            Self::Double(double) => Some(*double),
            _ => None,
        }
    }

    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b)),
            (Self::Map(a), Self::Map(b)) => {
                let has = |(name, value): &(String, Value)| {
                    b.iter().any(|(other, theirs)| name == other && value.equals(theirs))
                };
                a.len() == b.len() && a.iter().all(has)
            }
            (Self::Null, Self::Null) => true,
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    fn print(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(int) => int.to_string(),
            Self::Double(double) => format!("{double:?}"),
            Self::Text(text) => format!("'{text}'"),
            Self::List(elements) => {
                format!("[{}]", elements.iter().map(Self::print).collect::<Vec<_>>().join(", "))
            }
            Self::Map(_) => panic!("no literal is a map here"),
        }
    }
}

/// Any error: the oracle does not tell them apart.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fault;

struct World<'a> {
    kind: &'a str,
    args: &'a Value,
    confidence: f64,
    subject: Option<&'a str>,
    it: Option<Value>,
}

impl World<'_> {
    fn follow(&self, path: &[&str]) -> Result<Value, Fault> {
        let (first, rest) = path.split_first().unwrap();
        let mut value = match *first {
            "kind" => Value::Text(self.kind.to_owned()),
            "confidence" => Value::Double(self.confidence),
            "subject" => Value::Text(self.subject.ok_or(Fault)?.to_owned()),
            "it" => self.it.clone().ok_or(Fault)?,
            _ => self.args.clone(),
        };
        for name in rest {
            let Value::Map(entries) = value else { return Err(Fault) };
            value = entries.into_iter().find(|(known, _)| known == name).ok_or(Fault)?.1;
        }
        Ok(value)
    }

    fn truth(&self, expr: &Expr) -> Result<bool, Fault> {
        match self.eval(expr)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Fault),
        }
    }

    /// `&&` and `||`, and `all` and `exists`: one that decides absorbs the errors of the others.
    fn absorb(answers: Vec<Result<bool, Fault>>, deciding: bool) -> Result<Value, Fault> {
        if answers.contains(&Ok(deciding)) {
            return Ok(Value::Bool(deciding));
        }
        if answers.contains(&Err(Fault)) { Err(Fault) } else { Ok(Value::Bool(!deciding)) }
    }

    fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Path(path) => self.follow(path)?,
            Expr::Has(path) => {
                let (name, parent) = path.split_last().unwrap();
                let Value::Map(entries) = self.follow(parent)? else { return Err(Fault) };
                Value::Bool(entries.iter().any(|(known, _)| known == name))
            }
            Expr::Not(operand) => Value::Bool(!self.truth(operand)?),
            Expr::And(parts) => {
                return Self::absorb(parts.iter().map(|part| self.truth(part)).collect(), false);
            }
            Expr::Or(parts) => {
                return Self::absorb(parts.iter().map(|part| self.truth(part)).collect(), true);
            }
            Expr::Compare(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                let order = || left.order(&right).ok_or(Fault);
                Value::Bool(match *operator {
                    "==" => left.equals(&right),
                    "!=" => !left.equals(&right),
                    "<" => order()?.is_lt(),
                    "<=" => order()?.is_le(),
                    ">" => order()?.is_gt(),
                    _ => order()?.is_ge(),
                })
            }
            Expr::In(value, values) => {
                let value = self.eval(value)?;
                Value::Bool(values.iter().any(|element| element.equals(&value)))
            }
            Expr::Text(function, text, part) => {
                let Value::Text(text) = self.eval(text)? else { return Err(Fault) };
                Value::Bool(match *function {
                    "contains" => text.contains(part.as_str()),
                    "startsWith" => text.starts_with(part.as_str()),
                    _ => text.ends_with(part.as_str()),
                })
            }
            Expr::Matches(text, ignore_case, words) => {
                let Value::Text(text) = self.eval(text)? else { return Err(Fault) };
                let text = if *ignore_case { text.to_ascii_lowercase() } else { text };
                let word = |word: &&str| {
                    let word = if *ignore_case { word.to_ascii_lowercase() } else { (*word).to_owned() };
                    text.contains(&word)
                };
                Value::Bool(words.iter().any(word))
            }
            Expr::Lower(text) => {
                let Value::Text(text) = self.eval(text)? else { return Err(Fault) };
                Value::Text(text.to_ascii_lowercase())
            }
            Expr::Size(value) => Value::Int(
                i64::try_from(match self.eval(value)? {
                    Value::Text(text) => text.chars().count(),
                    Value::List(elements) => elements.len(),
                    Value::Map(entries) => entries.len(),
                    _ => return Err(Fault),
                })
                .unwrap(),
            ),
            Expr::Add(left, right) => match (self.eval(left)?, self.eval(right)?) {
                (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(b).ok_or(Fault)?),
                (Value::Text(a), Value::Text(b)) => Value::Text(a + &b),
                (Value::List(a), Value::List(b)) => Value::List([a, b].concat()),
                (a, b) => Value::Double(a.number().ok_or(Fault)? + b.number().ok_or(Fault)?),
            },
            Expr::Choose(condition, then, otherwise) => {
                return self.eval(if self.truth(condition)? { then } else { otherwise });
            }
            Expr::Quantified(name, range, predicate) => {
                let elements = match self.eval(range)? {
                    Value::List(elements) => elements,
                    Value::Map(entries) => entries.into_iter().map(|(name, _)| Value::Text(name)).collect(),
                    _ => return Err(Fault),
                };
                let answers = elements.into_iter().map(|it| World { it: Some(it), ..*self }.truth(predicate));
                return Self::absorb(answers.collect(), *name == "exists");
            }
        })
    }
}

/// The condition as it is written, with parentheses around everything.
fn print(expr: &Expr) -> String {
    let joined = |parts: &[Expr], operator: &str| {
        format!("({})", parts.iter().map(print).collect::<Vec<_>>().join(operator))
    };
    match expr {
        Expr::Literal(value) => value.print(),
        Expr::Path(path) => path.join("."),
        Expr::Has(path) => format!("has({})", path.join(".")),
        Expr::Not(operand) => format!("!({})", print(operand)),
        Expr::And(parts) => joined(parts, " && "),
        Expr::Or(parts) => joined(parts, " || "),
        Expr::Compare(operator, left, right) => format!("({} {operator} {})", print(left), print(right)),
        Expr::In(value, values) => format!("({} in {})", print(value), Value::List(values.clone()).print()),
        Expr::Text(function, text, part) => format!("({}).{function}('{part}')", print(text)),
        Expr::Matches(text, ignore_case, words) => {
            format!(
                "({}).matches('{}{}')",
                print(text),
                if *ignore_case { "(?i)" } else { "" },
                words.join("|")
            )
        }
        Expr::Lower(text) => format!("({}).lowerAscii()", print(text)),
        Expr::Size(value) => format!("size({})", print(value)),
        Expr::Add(left, right) => format!("({} + {})", print(left), print(right)),
        Expr::Choose(condition, then, otherwise) => {
            format!("({} ? {} : {})", print(condition), print(then), print(otherwise))
        }
        Expr::Quantified(name, range, predicate) => {
            format!("({}).{name}(it, {})", print(range), print(predicate))
        }
    }
}

const WORDS: [&str; 7] = ["refund", "Refund now", "price", "pricing", "x", "", "send money now"];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => proptest::sample::select(WORDS.to_vec()).prop_map(|word| Value::Text(word.to_owned())),
        3 => (-3_i64..8).prop_map(Value::Int),
        2 => proptest::sample::select(vec![0.5, 2.0, -1.5, 5.0]).prop_map(Value::Double),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ]
}

fn path() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::select(vec![
        vec!["args", "a"],
        vec!["args", "b"],
        vec!["args", "text"],
        vec!["args", "list"],
        vec!["args", "o"],
        vec!["args", "o", "a"],
        vec!["args", "o", "text"],
        vec!["args", "gone"],
        vec!["kind"],
        vec!["subject"],
        vec!["confidence"],
        vec!["args"],
        vec!["it"],
        vec!["it", "a"],
    ])
}

fn expression() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        2 => scalar().prop_map(Expr::Literal),
        5 => path().prop_map(Expr::Path),
        1 => path().prop_filter("a member", |path| path.len() > 1).prop_map(Expr::Has),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let operand = inner.clone().prop_map(Box::new);
        let plain = prop_oneof![path().prop_map(Expr::Path), inner.clone()].prop_map(Box::new);
        let constant = prop_oneof![scalar().prop_map(Expr::Literal), inner.clone()].prop_map(Box::new);
        let several = proptest::collection::vec(inner, 2..4);
        let operator = proptest::sample::select(vec!["==", "==", "!=", "<", "<=", ">", ">="]);
        let words = proptest::sample::select(vec!["refund", "Refund", "pricing", "money", "x", "now"]);
        prop_oneof![
            1 => operand.clone().prop_map(Expr::Not),
            3 => several.clone().prop_map(Expr::And),
            2 => several.prop_map(Expr::Or),
            5 => (operator.clone(), plain.clone(), constant.clone()).prop_map(|(op, a, b)| Expr::Compare(op, a, b)),
            1 => (operator, constant, plain.clone()).prop_map(|(op, a, b)| Expr::Compare(op, a, b)),
            2 => (plain.clone(), proptest::collection::vec(scalar(), 0..4)).prop_map(|(a, b)| Expr::In(a, b)),
            2 => (proptest::sample::select(vec!["contains", "startsWith", "endsWith"]), plain.clone(), words.clone())
                .prop_map(|(name, text, word)| Expr::Text(name, text, word.to_owned())),
            2 => (plain.clone(), any::<bool>(), proptest::collection::vec(words.clone(), 1..3))
                .prop_map(|(text, ignore, words)| Expr::Matches(text, ignore, words)),
            1 => (plain.clone(), words).prop_map(|(text, word)| {
                Expr::Text("contains", Box::new(Expr::Lower(text)), word.to_ascii_lowercase())
            }),
            1 => plain.clone().prop_map(Expr::Size),
            1 => (operand.clone(), operand.clone()).prop_map(|(a, b)| Expr::Add(a, b)),
            1 => (operand.clone(), operand.clone(), operand.clone()).prop_map(|(a, b, c)| Expr::Choose(a, b, c)),
            1 => (proptest::sample::select(vec!["exists", "all"]), plain, operand)
                .prop_map(|(name, range, predicate)| Expr::Quantified(name, range, predicate)),
        ]
    })
}

/// Outside a comprehension nothing is called `it`; a policy has no such condition.
fn is_closed(expr: &Expr, inside: bool) -> bool {
    let closed = |part: &Expr| is_closed(part, inside);
    match expr {
        Expr::Literal(_) => true,
        Expr::Path(path) | Expr::Has(path) => inside || path.first() != Some(&"it"),
        Expr::Not(a)
        | Expr::In(a, _)
        | Expr::Text(_, a, _)
        | Expr::Matches(a, ..)
        | Expr::Lower(a)
        | Expr::Size(a) => closed(a),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().all(closed),
        Expr::Compare(_, a, b) | Expr::Add(a, b) => closed(a) && closed(b),
        Expr::Choose(a, b, c) => closed(a) && closed(b) && closed(c),
        Expr::Quantified(_, range, predicate) => closed(range) && is_closed(predicate, true),
    }
}

fn args() -> impl Strategy<Value = Json> {
    let member = prop_oneof![
        4 => scalar().prop_map(|value| value.print().replace('\'', "\"")),
        1 => proptest::collection::vec(scalar(), 0..3).prop_map(|values| Value::List(values).print().replace('\'', "\"")),
        1 => scalar().prop_map(|value| format!("{{\"a\":{}}}", value.print().replace('\'', "\""))),
    ];
    let name = proptest::sample::select(vec!["a", "b", "text", "list", "o"]);
    proptest::collection::btree_map(name, member, 0..6).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        Json::parse(format!("{{{}}}", members.join(",")).as_bytes()).unwrap()
    })
}

fn kinds() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["refund", "re*", "*", "mail"], 0..3)
}

/// Conditions beside each other, which of them match, and why somebody once thought otherwise.
#[test]
fn what_was_once_missed_is_found() {
    for (conditions, args, found, why) in [
        (
            &["args.x > 5", "args.x > 0.0/0.0"][..],
            r#"{"x":10}"#,
            &[0][..],
            "a bound that is no number sorts first",
        ),
        (&["args.x < 5", "args.x < double('NaN')"], r#"{"x":1}"#, &[0], "or last"),
        (&["confidence < 0.9", "confidence < -double('NaN')"], "{}", &[0], "of the confidence too"),
        (
            &["args.list.exists(a, [5].exists(b, [1, 2].exists(c, b == 5)))"],
            r#"{"list":["x"]}"#,
            &[0],
            "a constant within comprehensions has its variables behind theirs",
        ),
        (
            &["args.list.exists(a, ['rm', 'dd'].map(b, ['-rf'].map(c, b + ' ' + c)).exists(x, a in x))"],
            r#"{"list":["rm -rf"]}"#,
            &[0],
            "however many there are",
        ),
        (
            &["args.a.b == 1", "args['a.1:b'] == 1", "args['a'].b > 0"],
            r#"{"a":{"b":1}}"#,
            &[0, 1, 2],
            "names with dots are no paths",
        ),
    ] {
        let mut text = "holdpoint = 1\n".to_owned();
        for (at, when) in conditions.iter().enumerate() {
            writeln!(text, "[[criteria]]\nid = \"{at}\"\ncategory = \"c\"\nwhen = \"{when}\"").unwrap();
        }
        let policy = Policy::parse(Format::Toml, &text).unwrap();
        let args = Json::parse(args.as_bytes()).unwrap();
        let nothing = Object::new();
        let args = args.as_object().unwrap();
        let input =
            Input { kind: "k", args, confidence: 0.5, subject: None, source: &nothing, context: &nothing };
        let matched: Vec<usize> =
            policy.matching(input).map(|(criterion, _)| criterion.id.parse().unwrap()).collect();
        assert_eq!(matched, found, "{why}: {conditions:?}");
    }
}

/// Comprehensions within comprehensions over `@1` to `@3`, which stand for constants. `v0` is the action's.
fn nested(random: &mut dyn FnMut(usize) -> usize, scope: usize, depth: usize) -> String {
    let operand = |random: &mut dyn FnMut(usize) -> usize| match random(8) {
        0 => "v0".to_owned(),
        1..5 if scope > 1 => format!("v{}", random(scope.saturating_sub(1)).saturating_add(1)),
        other => format!("@{}", (other % 3).saturating_add(1)),
    };
    let operator = |random: &mut dyn FnMut(usize) -> usize| match random(4) {
        0 => "==",
        1 => "<",
        2 => ">=",
        _ => "!=",
    };
    let (left, right) = (operand(random), operand(random));
    let Some(less) = depth.checked_sub(1).filter(|_| random(4) > 0) else {
        return format!("{left} {} {right}", operator(random));
    };
    let inner = scope.saturating_add(1);
    let list = format!("[{left}, {right}]");
    match random(6) {
        0 => format!("!({})", nested(random, scope, less)),
        1 => format!("({} && {})", nested(random, scope, less), nested(random, scope, less)),
        2 => format!("{list}.filter(v{scope}, {}).size() > 0", nested(random, inner, less)),
        3 => format!("{list}.map(v{scope}, v{scope} / (v{scope} - @1)).size() > 1"),
        4 => format!("{list}.all(v{scope}, {})", nested(random, inner, less)),
        _ => format!("{list}.exists(v{scope}, {})", nested(random, inner, less)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_constant_that_is_computed_once_is_what_it_would_be_each_time(seed in 1_u64..) {
        let mut state = seed;
        let mut random = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 20).unwrap().checked_rem(limit).unwrap()
        };
        let source = format!("args.list.exists(v0, {})", nested(&mut random, 1, 4));
        let args = Json::parse(br#"{"list":[1,2]}"#).unwrap();
        let nothing = Object::new();
        let input = Input { kind: "k", args: args.as_object().unwrap(), confidence: 0.5, subject: None, source: &nothing, context: &nothing };
        let value = |text: &str| compile_unchecked(text, &[]).unwrap();
        let folded = value(&source.replace('@', ""));
        // What is given a name is not known beforehand.
        let open = compile_unchecked(&source.replace('@', "n"), &["n1", "n2", "n3"]).unwrap();
        let each_time = open.value_with(&input, &[&value("1"), &value("2"), &value("3")]);
        prop_assert_eq!(folded.value(&input).map_err(|error| error.kind), each_time.map_err(|error| error.kind), "{}", source);
    }

    #[test]
    fn a_policy_matches_what_the_oracle_says(
        conditions in proptest::collection::vec((expression().prop_filter("closed", |expr| is_closed(expr, false)), kinds()), 1..6),
        actions in proptest::collection::vec((args(), proptest::sample::select(vec!["refund", "price", "mail"]), proptest::option::of(Just("x")), 0_u8..3), 1..6),
    ) {
        // Conditions that can be seen to be none are refused; the others count.
        let conditions: Vec<_> = conditions.into_iter().filter(|(when, kinds)| {
            let text = format!("holdpoint = 1\n{}", criterion(0, when, kinds));
            Policy::parse(Format::Toml, &text).is_ok()
        }).collect();
        let mut text = "holdpoint = 1\n".to_owned();
        for (at, (when, kinds)) in conditions.iter().enumerate() {
            text += &criterion(at, when, kinds);
        }
        let policy = Policy::parse(Format::Toml, &text).unwrap();
        for (args, kind, subject, confidence) in &actions {
            let confidence = f64::from(*confidence) / 2.0;
            let nothing = Object::new();
            let input = Input { kind, args: args.as_object().unwrap(), confidence, subject: *subject, source: &nothing, context: &nothing };
            let found: Vec<(String, bool)> =
                policy.matching(input).map(|(criterion, error)| (criterion.id.clone(), error.is_some())).collect();
            let world = World { kind, args: &Value::of(args), confidence, subject: *subject, it: None };
            let expected: Vec<(String, bool)> = conditions.iter().enumerate().filter_map(|(at, (when, kinds))| {
                let concerned = kinds.is_empty() || kinds.iter().any(|glob| *glob == *kind || *glob == "*" || (*glob == "re*" && kind.starts_with("re")));
                match world.truth(when) {
                    _ if !concerned => None,
                    Ok(false) => None,
                    Ok(true) => Some((format!("c{at}"), false)),
                    Err(Fault) => Some((format!("c{at}"), true)),
                }
            }).collect();
            prop_assert_eq!(&found, &expected, "{}\n{}", text, args);
        }
    }

    #[test]
    fn what_is_printed_means_the_same(expr in expression(), args in args()) {
        let source = print(&expr);
        let nothing = Object::new();
        let input = Input { kind: "refund", args: args.as_object().unwrap(), confidence: 0.5, subject: None, source: &nothing, context: &nothing };
        let program = compile_unchecked(&source, &[]).unwrap();
        let printed = program.printed();
        let again = compile_unchecked(&printed, &[]).unwrap_or_else(|problems| panic!("{source}\n{printed}\n{problems:?}"));
        prop_assert_eq!(&again.printed(), &printed, "printing what was printed changes nothing");
        let kind = |program: &holdpoint::core::cel::Program| program.value(&input).map_err(|error| error.kind);
        prop_assert_eq!(kind(&program), kind(&again), "{}\n{}", source, printed);
    }
}

fn criterion(at: usize, when: &Expr, kinds: &[&str]) -> String {
    let mut text = format!("[[criteria]]\nid = \"c{at}\"\ncategory = \"c\"\nwhen = \"{}\"\n", print(when));
    if !kinds.is_empty() {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
        writeln!(text, "kinds = [{}]", kinds.join(", ")).unwrap();
    }
    text
}
