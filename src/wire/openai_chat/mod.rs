//! `OpenAI`'s Chat Completions: requests read for what the gate needs, answers and streams read for their tool
//! calls, and rewritten where a call may not run as it stands.

mod answer;
mod calls;
mod fragments;
mod stream;

pub use answer::Answer;
pub use stream::Stream;

use super::asked::{Asked, Offered, is_json, last_user_text};
use crate::core::json::{Json, JsonError};

/// Reads a request.
pub fn asked(body: &[u8]) -> Result<Asked, JsonError> {
    let body = Json::parse(body)?;
    Ok(Asked {
        structured: is_json(body.get("response_format")),
        last_user_text: body.get("messages").and_then(last_user_text),
        offered: offered(&body),
        ..Asked::of(&body)
    })
}

/// The functions that a request offers, in the newer way and in the older.
fn offered(body: &Json) -> Vec<Offered> {
    let list = |name| body.get(name).and_then(Json::as_array).unwrap_or_default().iter();
    let functions = list("tools").filter_map(|tool| tool.get("function")).chain(list("functions"));
    let offered = |function: &Json| {
        let name = function.get("name")?.as_str()?.to_owned();
        Offered::new(name, function.get("parameters"))
    };
    Offered::kept(functions.filter_map(offered))
}
