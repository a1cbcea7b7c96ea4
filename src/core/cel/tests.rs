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

/// The value as JSON, or the error.
fn evaluated(source: &str) -> String {
    let program = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    with_input(|input| {
        program.value(input).map_or_else(|error| format!("error: {error}"), |value| value.to_string())
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
        ("args.text.matches(args.text + '(')", "`Prices from 10(` is no regular expression"),
        ("!args.amount", "`args.amount` does not go with an int"),
        ("args.amount ? 1 : 2", "`args.amount` does not go with an int"),
    ] {
        assert_eq!(evaluated(source), format!("error: {error}"), "{source}");
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
            "no regular expression: found open group without closing ')'",
            "the syntax is RE2's",
        ),
        ("args.a.exists(args, true)", 14..18, "`args` would hide the action's own", "choose another name"),
        ("b'x'", 0..4, "bytes are not built yet", "compare strings"),
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
    let absorbed = format!("({nested}) || true");
    assert_eq!(
        evaluated(&absorbed),
        "error: it takes more work than a condition may",
        "running out is final"
    );
}

/// Whether a condition holds for an action with these arguments and nothing else.
fn matches_args(condition: &str, args: &Json) -> Result<bool, EvalError> {
    let nothing = Object::new();
    compile(condition).unwrap().matches(&Input {
        kind: "k",
        args: args.as_object().unwrap(),
        confidence: 0.0,
        subject: None,
        source: &nothing,
        context: &nothing,
    })
}

#[test]
fn looking_through_wide_objects_is_work() {
    let members: Vec<String> = (0..40_000).map(|at| format!("\"m{at}\":{at}")).collect();
    let text = format!("{{\"map\":{{{}}},\"list\":[{}]}}", members.join(","), vec!["\"m1\""; 1000].join(","));
    let args = Json::parse(text.as_bytes()).unwrap();
    assert_eq!(matches_args("args.list.all(name, name in args.map)", &args), Err(EvalError::Budget));
    // Each inner loop ends at its first element, and gathers its list before.
    let ones = Json::object([("list", (0..40_000).map(|_| Json::from(1_i64)).collect())]);
    assert_eq!(matches_args("args.list.all(a, args.list.exists(b, a == b))", &ones), Err(EvalError::Budget));
    assert_eq!(matches_args("args.list == args.list && args.list == args.list", &ones), Ok(true));
    assert_eq!(matches_args(&["args.list == args.list"; 3].join(" && "), &ones), Err(EvalError::Budget));
}

#[test]
fn a_pattern_never_takes_longer_than_its_budget() {
    let args = Json::object([("text", "a".repeat(1 << 20).into())]);
    assert_eq!(matches_args("args.text.matches('(a{1,50}){1,20}b')", &args), Err(EvalError::Budget));
    assert!(compile("args.text.matches('((a{100}){100}){100}')").is_err());
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
