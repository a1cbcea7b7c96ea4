//! The browser's face of the gate: what the npm package exports, in texts. `npm/holdpoint.js` makes objects of them.

use crate::core::policy::Policy;
use crate::wire::preview::{self, Written};
use crate::wire::problem::{Problem, policy_problems};
use wasm_bindgen::prelude::wasm_bindgen;

/// A policy, ready to decide.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Gate(Policy);

#[wasm_bindgen]
impl Gate {
    /// Reads a policy, TOML or JSON. Throws its problems, as JSON.
    pub fn parse(text: &str) -> Result<Gate, String> {
        preview::parse(text).map(Self).map_err(|problems| policy_problems(&problems).to_string())
    }

    /// The policy's digest.
    pub fn digest(&self) -> String {
        self.0.digest().to_string()
    }

    /// The policy's name.
    pub fn name(&self) -> Option<String> {
        self.0.name().map(str::to_owned)
    }

    /// The verdict on an action, as JSON. Throws a problem document.
    pub fn decide(&self, action: &str, from_object: bool) -> Result<String, String> {
        let decided = preview::decide(&self.0, action, written(from_object));
        decided.map(|(verdict, _)| verdict.to_string()).map_err(told)
    }

    /// What it would have made of actions, as JSON. Throws a problem document.
    pub fn backtest(&self, actions: &str, per_day: Option<f64>, from_object: bool) -> Result<String, String> {
        let tried = preview::backtest(&self.0, actions, per_day, written(from_object));
        tried.map(|tried| tried.to_string()).map_err(told)
    }
}

/// Problems and warnings of a policy, as JSON.
#[wasm_bindgen]
pub fn check(text: &str) -> String {
    preview::check(text).to_string()
}

/// The digest of an action. Throws a problem document.
#[wasm_bindgen]
pub fn digest(action: &str, from_object: bool) -> Result<String, String> {
    preview::digest(action, written(from_object)).map(|digest| digest.to_string()).map_err(told)
}

fn written(from_object: bool) -> Written {
    if from_object { Written::FromObject } else { Written::ByHand }
}

fn told(problem: Problem) -> String {
    problem.to_json().to_string()
}
