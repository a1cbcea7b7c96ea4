//! What is measured: the gate, natively and in wasm, and the chain of ifs beside it.

pub mod workload;

use holdpoint::core::action::Action;
use holdpoint::core::gate;
use holdpoint::core::json::Json;
use holdpoint::core::policy::Policy;
use holdpoint::core::policy::document::Format;
use holdpoint::wire::api::read_proposal;
use serde_json::Value;

/// The action as a hand-written gate would have it.
pub struct Typed<'a> {
    pub kind: &'a str,
    pub amount: i64,
    pub currency: &'a str,
    pub country: &'a str,
    pub email: &'a str,
    pub priority: &'a str,
    pub risk: i64,
    pub body: &'a str,
    pub model: &'a str,
}

impl<'a> Typed<'a> {
    pub fn of(value: &'a Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap();
        let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_i64).unwrap();
        Self {
            kind: text("/kind"),
            amount: number("/args/amount"),
            currency: text("/args/currency"),
            country: text("/args/country"),
            email: text("/args/email"),
            priority: text("/args/priority"),
            risk: number("/args/risk"),
            body: text("/args/body"),
            model: text("/source/model"),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/chains.rs"));

pub fn policy(count: usize) -> Policy {
    Policy::parse(Format::Toml, &workload::policy(&workload::rules(count)))
        .expect("the generated policy is valid")
}

pub fn parsed(text: &str) -> Action {
    read_proposal(Json::parse(text.as_bytes()).expect("JSON")).expect("an action").action
}

/// How many criteria match an action.
pub fn matches(policy: &Policy, action: &Action) -> usize {
    policy.matching(action.input()).count()
}

/// In wasm there is one state, and nobody else.
#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::*;
    use std::cell::RefCell;

    struct State {
        text: String,
        policy: Policy,
        texts: Vec<String>,
        actions: Vec<Action>,
    }

    thread_local! {
        static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
    }

    /// Makes everything ready for a policy of so many criteria.
    #[unsafe(no_mangle)]
    pub extern "C" fn prepare(count: u32) {
        let text = workload::policy(&workload::rules(count as usize));
        let policy = Policy::parse(Format::Toml, &text).expect("valid");
        let texts = workload::actions();
        let actions = texts.iter().map(|text| parsed(text)).collect();
        STATE.with_borrow_mut(|state| *state = Some(State { text, policy, texts, actions }));
    }

    /// All thousand actions once: 0 load the policy (once), 1 evaluation alone, 2 with strict parsing, 3 with parsing
    /// and digest, 4 the whole verdict as text, from text, 5 parsing alone.
    #[unsafe(no_mangle)]
    pub extern "C" fn run(what: u32) -> u32 {
        STATE.with_borrow(|state| {
            let Some(state) = state else { return 0 };
            let sum: usize = match what {
                0 => Policy::parse(Format::Toml, &state.text).map_or(0, |policy| policy.criteria().len()),
                1 => state.actions.iter().map(|action| matches(&state.policy, action)).sum(),
                2 => state.texts.iter().map(|text| matches(&state.policy, &parsed(text))).sum(),
                3 => state
                    .texts
                    .iter()
                    .map(|text| {
                        let action = parsed(text);
                        matches(&state.policy, &action) + usize::from(action.digest().to_string().is_empty())
                    })
                    .sum(),
                4 => state
                    .texts
                    .iter()
                    .map(|text| gate::decide(&state.policy, &parsed(text)).to_json().to_string().len())
                    .sum(),
                _ => state.texts.iter().map(|text| parsed(text).args.len()).sum(),
            };
            u32::try_from(sum).unwrap_or(u32::MAX)
        })
    }
}

/// As the gate would be used, natively.
pub fn decided(policy: &Policy, text: &str) -> usize {
    gate::decide(policy, &parsed(text)).to_json().to_string().len()
}
