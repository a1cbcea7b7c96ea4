//! What the upstream answers: whether a call was done.

use crate::core::case::Outcome;
use crate::core::json::Json;

/// An answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Returned {
    /// The request's `id`.
    pub id: Json,
    /// What became of it; `None` where the answer does not say: it goes on elsewhere.
    pub outcome: Option<Outcome>,
}

/// The answers in a message, or in a batch of them.
pub fn returned(message: &Json) -> Vec<Returned> {
    match message {
        Json::Array(messages) => messages.iter().filter_map(one).collect(),
        message => one(message).into_iter().collect(),
    }
}

fn one(message: &Json) -> Option<Returned> {
    // What the upstream asks of the client has an `id` as well.
    if message.get("method").is_some() {
        return None;
    }
    let id = message.get("id")?.clone();
    if message.get("error").is_some() {
        return Some(Returned { id, outcome: Some(Outcome::Failed) });
    }
    let result = message.get("result")?;
    let is_complete = result.get("resultType").is_none_or(|kind| kind.as_str() == Some("complete"));
    let is_task = result.get("task").is_some() && result.get("content").is_none();
    let has_failed = result.get("isError").and_then(Json::as_bool) == Some(true);
    let outcome = if has_failed { Outcome::Failed } else { Outcome::Done };
    Some(Returned { id, outcome: (is_complete && !is_task).then_some(outcome) })
}

/// What a status without an answer in its body says; `None`: nothing for certain.
pub fn outcome_of_status(status: u16) -> Option<Outcome> {
    // A server that has not read the request in time may have begun all the same.
    ((400..500).contains(&status) && status != 408).then_some(Outcome::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_definite_answer_is_an_outcome() {
        let (done, failed) = (Some(Outcome::Done), Some(Outcome::Failed));
        for (message, expected) in [
            (r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#, vec![done]),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[],"isError":false}}"#,
                vec![done],
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#, vec![failed]),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}"#, vec![failed]),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"x"}}"#,
                vec![None],
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"t"}}"#, vec![None]),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"t"}}}"#, vec![None]),
            (
                r#"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"error":{}}]"#,
                vec![done, failed],
            ),
            (r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#, vec![]),
            (r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{},"result":{}}"#, vec![]),
            (r#"{"jsonrpc":"2.0","id":1}"#, vec![]),
        ] {
            let message = Json::parse(message.as_bytes()).unwrap();
            let outcomes: Vec<_> = returned(&message).into_iter().map(|answer| answer.outcome).collect();
            assert_eq!(outcomes, expected, "{message}");
        }
        for (status, outcome) in
            [(400, failed), (404, failed), (429, failed), (408, None), (500, None), (504, None)]
        {
            assert_eq!(outcome_of_status(status), outcome, "{status}");
        }
    }
}
