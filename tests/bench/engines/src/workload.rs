//! The thousand actions and the three policies that every engine is given: the same every time.

use std::fmt::Write as _;

/// Xorshift (Marsaglia, 2003): the same numbers on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }

    pub fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

pub const KINDS: [&str; 6] =
    ["refund", "send_mail", "cancel_order", "update_address", "issue_credit", "post_reply"];
const COUNTRIES: [&str; 12] = ["DE", "FR", "US", "GB", "IN", "BR", "JP", "CN", "NG", "RU", "PL", "ES"];
const CURRENCIES: [&str; 6] = ["USD", "EUR", "GBP", "JPY", "CHF", "INR"];
const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
const MODELS: [&str; 5] = ["small-1", "small-2", "large-1", "large-2", "large-3"];
const DOMAINS: [&str; 8] = [
    "example.com",
    "example.org",
    "mail.example",
    "corp.example",
    "shop.example",
    "bank.example",
    "law.example",
    "press.example",
];
const WORDS: [&str; 72] = [
    "the", "order", "was", "sent", "to", "your", "house", "and", "we", "have", "seen", "that", "it", "did",
    "not", "come", "in", "time", "please", "find", "below", "what", "can", "be", "done", "about", "this",
    "case", "with", "our", "team", "customer", "asked", "for", "help", "on", "monday", "tuesday", "shipping",
    "box", "blue", "large", "item", "returned", "after", "two", "weeks", "because", "size", "wrong", "thank",
    "you", "kind", "regards", "support", "desk", "number", "phone", "call", "back", "later", "today",
    "tomorrow", "next", "month", "invoice", "paid", "card", "bank", "transfer", "open", "closed",
];
/// What conditions look for; some of it stands in a few texts.
const PHRASES: [&str; 40] = [
    "legal action",
    "chargeback",
    "press inquiry",
    "data breach",
    "gift card",
    "wire instructions",
    "social security",
    "password reset",
    "medical record",
    "threatened to sue",
    "refund twice",
    "price match",
    "full discount",
    "account takeover",
    "death of",
    "minor child",
    "court order",
    "subpoena",
    "export control",
    "sanctions list",
    "insider",
    "whistleblower",
    "harassment",
    "self harm",
    "emergency services",
    "power of attorney",
    "bankruptcy",
    "collections agency",
    "credit bureau",
    "tax authority",
    "customs hold",
    "recall notice",
    "safety defect",
    "counterfeit",
    "stolen goods",
    "identity theft",
    "phishing",
    "malware",
    "ransom",
    "blackmail",
];

/// What one rule asks of an action of its kind.
#[derive(Debug, Clone)]
pub enum Test {
    AmountOver(i64),
    CurrencyAndAmount(&'static str, i64),
    CountryIn(Vec<&'static str>),
    BodyContains(String),
    /// One of two phrases, in any case.
    BodyMatches(String, String),
    RiskAndAmount(i64, i64),
    EmailEndsWith(&'static str),
    ModelAndPriority(&'static str, &'static str),
    PriorityNotCountry(&'static str, &'static str),
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub id: usize,
    /// None: all.
    pub kinds: Vec<&'static str>,
    pub test: Test,
}

/// So many rules. The more there are, the rarer each matches, as in a policy that people write: of twelve 0.7 match an
/// action, of a hundred 1.3, of a thousand 2.9.
pub fn rules(count: usize) -> Vec<Rule> {
    let mut random = Random::new(0x0a11_ce00 + count as u64);
    (0..count)
        .map(|id| {
            let kinds = match random.below(20) {
                0..12 => 1,
                12..17 => 2,
                _ => 0,
            };
            let first = random.below(KINDS.len());
            let kinds = (0..kinds).map(|at| KINDS[(first + at * 2) % KINDS.len()]).collect();
            let rare = |random: &mut Random| match count {
                12 => 50 + random.below(300) as i64,
                100 => 880 + random.below(100) as i64,
                _ => 885 + random.below(114) as i64,
            };
            let phrase = |random: &mut Random| {
                let phrase = random.of(&PHRASES);
                if count <= 100 { phrase.to_owned() } else { format!("{phrase} {}", 100 + random.below(900)) }
            };
            let risk = |random: &mut Random| if count == 12 { 60 } else { 92 + random.below(8) as i64 };
            let test = match id % 12 {
                0 => Test::AmountOver(rare(&mut random) + if count == 12 { 0 } else { 15 }),
                1 | 2 | 11 => Test::CurrencyAndAmount(random.of(&CURRENCIES), rare(&mut random)),
                3 if count == 12 => Test::CountryIn(vec![random.of(&COUNTRIES), random.of(&COUNTRIES)]),
                4 | 5 => Test::BodyContains(phrase(&mut random)),
                6 => Test::BodyMatches(phrase(&mut random), phrase(&mut random)),
                8 if count < 1000 => Test::EmailEndsWith(random.of(&DOMAINS)),
                9 if count < 1000 => Test::ModelAndPriority(random.of(&MODELS), random.of(&PRIORITIES)),
                10 if count == 12 => Test::PriorityNotCountry("urgent", random.of(&COUNTRIES)),
                _ => Test::RiskAndAmount(risk(&mut random), rare(&mut random)),
            };
            Rule { id, kinds, test }
        })
        .collect()
}

/// A thousand actions as JSON texts.
pub fn actions() -> Vec<String> {
    let mut random = Random::new(0xac71_0455);
    (0..1000)
        .map(|at| {
            let kind = KINDS[random.below(KINDS.len())];
            let long = random.below(100);
            let words = 25 + long * long / 24;
            let mut body = String::new();
            for word in 0..words {
                if word > 0 {
                    body.push(' ');
                }
                body.push_str(random.of(&WORDS));
                if random.below(2000) == 0 {
                    write!(body, " {}", random.of(&PHRASES)).unwrap();
                }
            }
            let items: Vec<String> = (0..1 + random.below(3))
                .map(|_| {
                    format!(
                        r#"{{"sku":"SKU-{}","quantity":{},"price":{}}}"#,
                        10_000 + random.below(90_000),
                        1 + random.below(4),
                        random.below(400)
                    )
                })
                .collect();
            format!(
                r#"{{"kind":"{kind}","args":{{"order_id":"ORD-{:07}","amount":{},"currency":"{}","country":"{}","email":"user{}@{}","priority":"{}","risk":{},"body":"{body}","items":[{}]}},"confidence":0.{},"subject":"customer {at}","source":{{"model":"{}","agent":"support"}},"context":{{"request":"please look into order {at}"}}}}"#,
                random.below(10_000_000),
                random.below(1000),
                random.of(&CURRENCIES),
                random.of(&COUNTRIES),
                random.below(1000),
                random.of(&DOMAINS),
                random.of(&PRIORITIES),
                random.below(100),
                items.join(","),
                10 + random.below(90),
                random.of(&MODELS),
            )
        })
        .collect()
}

impl Rule {
    /// As a condition in CEL, without its kind.
    pub fn cel(&self) -> String {
        match &self.test {
            Test::AmountOver(amount) => format!("args.amount > {amount}"),
            Test::CurrencyAndAmount(currency, amount) => {
                format!("args.currency == '{currency}' && args.amount > {amount}")
            }
            Test::CountryIn(countries) => format!("args.country in ['{}']", countries.join("', '")),
            Test::BodyContains(phrase) => format!("args.body.contains('{phrase}')"),
            Test::BodyMatches(a, b) => format!("args.body.matches('(?i){a}|{b}')"),
            Test::RiskAndAmount(risk, amount) => format!("args.risk >= {risk} && args.amount > {amount}"),
            Test::EmailEndsWith(domain) => format!("args.email.endsWith('@{domain}')"),
            Test::ModelAndPriority(model, priority) => {
                format!("source.model == '{model}' && args.priority == '{priority}'")
            }
            Test::PriorityNotCountry(priority, country) => {
                format!("args.priority == '{priority}' && args.country != '{country}'")
            }
        }
    }

    /// As an `if` in Rust over the typed action.
    pub fn rust(&self) -> String {
        let test = match &self.test {
            Test::AmountOver(amount) => format!("a.amount > {amount}"),
            Test::CurrencyAndAmount(currency, amount) => {
                format!("a.currency == {currency:?} && a.amount > {amount}")
            }
            Test::CountryIn(countries) => countries
                .iter()
                .map(|country| format!("a.country == {country:?}"))
                .collect::<Vec<_>>()
                .join(" || "),
            Test::BodyContains(phrase) => format!("a.body.contains({phrase:?})"),
            Test::BodyMatches(..) => format!("r[{}].is_match(a.body)", self.id),
            Test::RiskAndAmount(risk, amount) => format!("a.risk >= {risk} && a.amount > {amount}"),
            Test::EmailEndsWith(domain) => format!("a.email.ends_with(\"@{domain}\")"),
            Test::ModelAndPriority(model, priority) => {
                format!("a.model == {model:?} && a.priority == {priority:?}")
            }
            Test::PriorityNotCountry(priority, country) => {
                format!("a.priority == {priority:?} && a.country != {country:?}")
            }
        };
        let kinds: Vec<String> = self.kinds.iter().map(|kind| format!("a.kind == {kind:?}")).collect();
        let kinds = if kinds.is_empty() { "true".to_owned() } else { kinds.join(" || ") };
        format!("if ({kinds}) && ({test}) {{ out.push({}); }}\n", self.id)
    }

    /// The pattern of a rule that has one.
    pub fn pattern(&self) -> Option<String> {
        match &self.test {
            Test::BodyMatches(a, b) => Some(format!("(?i){a}|{b}")),
            _ => None,
        }
    }

    pub fn rego(&self) -> String {
        let test = match &self.test {
            Test::AmountOver(amount) => format!("input.args.amount > {amount}"),
            Test::CurrencyAndAmount(currency, amount) => {
                format!("input.args.currency == {currency:?}\n  input.args.amount > {amount}")
            }
            Test::CountryIn(countries) => format!("input.args.country in {countries:?}"),
            Test::BodyContains(phrase) => format!("contains(input.args.body, {phrase:?})"),
            Test::BodyMatches(a, b) => format!("regex.match(\"(?i){a}|{b}\", input.args.body)"),
            Test::RiskAndAmount(risk, amount) => {
                format!("input.args.risk >= {risk}\n  input.args.amount > {amount}")
            }
            Test::EmailEndsWith(domain) => format!("endswith(input.args.email, \"@{domain}\")"),
            Test::ModelAndPriority(model, priority) => {
                format!("input.source.model == {model:?}\n  input.args.priority == {priority:?}")
            }
            Test::PriorityNotCountry(priority, country) => {
                format!("input.args.priority == {priority:?}\n  input.args.country != {country:?}")
            }
        };
        let kinds = match self.kinds.as_slice() {
            [] => String::new(),
            [kind] => format!("  input.kind == {kind:?}\n"),
            kinds => format!("  input.kind in {kinds:?}\n"),
        };
        format!("matched contains {} if {{\n{kinds}  {test}\n}}\n", self.id)
    }

    /// Cedar has no regular expressions and no search without regard to case: the same phrases as they stand.
    pub fn cedar(&self) -> String {
        let test = match &self.test {
            Test::AmountOver(amount) => format!("context.args.amount > {amount}"),
            Test::CurrencyAndAmount(currency, amount) => {
                format!("context.args.currency == {currency:?} && context.args.amount > {amount}")
            }
            Test::CountryIn(countries) => format!("{countries:?}.contains(context.args.country)"),
            Test::BodyContains(phrase) => format!("context.args.body like \"*{phrase}*\""),
            Test::BodyMatches(a, b) => {
                format!("context.args.body like \"*{a}*\" || context.args.body like \"*{b}*\"")
            }
            Test::RiskAndAmount(risk, amount) => {
                format!("context.args.risk >= {risk} && context.args.amount > {amount}")
            }
            Test::EmailEndsWith(domain) => format!("context.args.email like \"*@{domain}\""),
            Test::ModelAndPriority(model, priority) => {
                format!("context.source.model == {model:?} && context.args.priority == {priority:?}")
            }
            Test::PriorityNotCountry(priority, country) => {
                format!("context.args.priority == {priority:?} && context.args.country != {country:?}")
            }
        };
        let kinds: Vec<String> = self.kinds.iter().map(|kind| format!("Action::{kind:?}")).collect();
        let action =
            if kinds.is_empty() { "action".to_owned() } else { format!("action in [{}]", kinds.join(", ")) };
        format!("@id(\"{}\")\npermit(principal, {action}, resource) when {{ {test} }};\n", self.id)
    }

    /// For json-logic and json-rules-engine, which build their own form of it.
    pub fn json(&self) -> String {
        let test = match &self.test {
            Test::AmountOver(amount) => format!(r#"[["amount",">",{amount}]]"#),
            Test::CurrencyAndAmount(currency, amount) => {
                format!(r#"[["currency","==","{currency}"],["amount",">",{amount}]]"#)
            }
            Test::CountryIn(countries) => format!(r#"[["country","in",{countries:?}]]"#),
            Test::BodyContains(phrase) => format!(r#"[["body","contains",["{phrase}"]]]"#),
            Test::BodyMatches(a, b) => format!(r#"[["body","contains",["{a}","{b}"]]]"#),
            Test::RiskAndAmount(risk, amount) => format!(r#"[["risk",">=",{risk}],["amount",">",{amount}]]"#),
            Test::EmailEndsWith(domain) => format!(r#"[["email","ends","@{domain}"]]"#),
            Test::ModelAndPriority(model, priority) => {
                format!(r#"[["model","==","{model}"],["priority","==","{priority}"]]"#)
            }
            Test::PriorityNotCountry(priority, country) => {
                format!(r#"[["priority","==","{priority}"],["country","!=","{country}"]]"#)
            }
        };
        format!(r#"{{"id":{},"kinds":{:?},"test":{test}}}"#, self.id, self.kinds)
    }
}

/// The rules as a policy document.
pub fn policy(rules: &[Rule]) -> String {
    let mut text = "holdpoint = 1\n".to_owned();
    for rule in rules {
        writeln!(
            text,
            "[[criteria]]\nid = \"c{}\"\ncategory = \"category of rule {}\"\nwhen = \"{}\"",
            rule.id,
            rule.id,
            rule.cel()
        )
        .unwrap();
        if !rule.kinds.is_empty() {
            writeln!(text, "kinds = {:?}", rule.kinds).unwrap();
        }
    }
    text
}
