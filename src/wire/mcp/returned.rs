//! What the upstream answers: whether a call was done.

use crate::core::case::Outcome;
use crate::core::json::Json;
use crate::wire::sse::{Decoder, Event};

/// An answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Returned {
    /// The request's `id`.
    pub id: Json,
    /// What became of it.
    pub became: Became,
}

/// What an answer says became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It was done, or was not.
    Ended(Outcome),
    /// It was not done: something is asked for first.
    Deferred,
    /// It goes on elsewhere.
    Unclear,
}

/// The answers in a stream of events, wherever its bytes are split.
#[derive(Debug)]
pub struct Answers {
    decoder: Decoder,
    can_be_resumed: bool,
    is_unreadable: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self { decoder: Decoder::lenient(), can_be_resumed: false, is_unreadable: false }
    }
}

impl Answers {
    /// Those that became whole with these bytes. Behind what cannot be read there are none: what became of their calls
    /// is not known.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Returned> {
        let messages = self.events(bytes).into_iter().filter_map(|(_, message)| message);
        messages.flat_map(|message| returned(&message)).collect()
    }

    /// The events that became whole with these bytes: as they came, and the messages in them.
    pub fn events(&mut self, bytes: &[u8]) -> Vec<(Vec<u8>, Option<Json>)> {
        self.is_unreadable |= self.decoder.push(bytes).is_err();
        let mut events = Vec::new();
        while !self.is_unreadable {
            match self.decoder.next_event() {
                Ok(Some(Event { raw, data, has_id, .. })) => {
                    self.can_be_resumed |= has_id;
                    events.push((raw, data.and_then(|data| Json::parse(data.as_bytes()).ok())));
                }
                Ok(None) => break,
                Err(_) => self.is_unreadable = true,
            }
        }
        events
    }

    /// Whether something came that not all clients read in the same way.
    pub fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }

    /// Whether the client can have the stream begin again behind an event of it.
    pub fn can_be_resumed(&self) -> bool {
        self.can_be_resumed
    }
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
    if let Some(error) = message.get("error").filter(|error| !error.is_null()) {
        return Some(Returned { id, became: became_by_error(error) });
    }
    let result = message.get("result")?;
    let became = match result.get("resultType").map(Json::as_str) {
        // A result of the older era, which has no such member.
        None if result.get("task").is_some() && result.get("content").is_none() => Became::Unclear,
        None | Some(Some("complete")) => {
            let has_failed = result.get("isError").and_then(Json::as_bool) == Some(true);
            Became::Ended(if has_failed { Outcome::Failed } else { Outcome::Done })
        }
        Some(Some("input_required")) => Became::Deferred,
        Some(_) => Became::Unclear,
    };
    Some(Returned { id, became })
}

/// An error of which the protocol says that nothing was done: what was asked for was not understood. Any other may come
/// after something was.
fn became_by_error(error: &Json) -> Became {
    match error.get("code").and_then(Json::as_i64) {
        Some(-32700 | -32602..=-32600 | -32022..=-32020) => Became::Ended(Outcome::Failed),
        _ => Became::Unclear,
    }
}

/// What a status says by which no result comes. Where the session is not known any more nothing was done, and the same
/// call will come in another.
pub fn became_by_status(status: u16, in_session: bool) -> Became {
    match status {
        404 if in_session => Became::Deferred,
        // A server that has not read the request in time may have begun all the same.
        400..=407 | 409..=499 => Became::Ended(Outcome::Failed),
        _ => Became::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_wherever_the_bytes_are_split() {
        let stream = "id: e-1\nretry: 200\n\n: waiting\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\
                      \"notifications/progress\",\"params\":{}}\n\ndata: {\"id\":1,\"result\":{\"é\":1}}\r\n\r\n\
                      data: {\"id\":\"a\",\"error\":{\"code\":-32602}}\n\n";
        let expected = vec![
            Returned { id: 1_i64.into(), became: Became::Ended(Outcome::Done) },
            Returned { id: "a".into(), became: Became::Ended(Outcome::Failed) },
        ];
        for at in 0..=stream.len() {
            let (left, right) = stream.as_bytes().split_at(at);
            let mut answers = Answers::default();
            let mut found = answers.push(left);
            found.extend(answers.push(right));
            assert_eq!(found, expected, "split at {at}");
            assert!(answers.can_be_resumed());
        }
        let mut answers = Answers::default();
        assert!(
            answers.push(b"data: \xff\n\ndata: {\"id\":1,\"result\":{}}\n\n").is_empty(),
            "unreadable from there on"
        );
        assert!(!answers.can_be_resumed());
    }

    #[test]
    fn only_a_definite_answer_is_an_outcome() {
        let (done, failed) = (Became::Ended(Outcome::Done), Became::Ended(Outcome::Failed));
        for (message, expected) in [
            (r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#, vec![done]),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[],"isError":false}}"#,
                vec![done],
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#, vec![failed]),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}"#, vec![failed]),
            (
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal"}}"#,
                vec![Became::Unclear],
            ),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"closed"}}"#, vec![Became::Unclear]),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]},"error":null}"#, vec![done]),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"x"}}"#,
                vec![Became::Deferred],
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"t"}}"#,
                vec![Became::Unclear],
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"t"}}}"#, vec![Became::Unclear]),
            (
                r#"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"error":{"code":-32601}}]"#,
                vec![done, failed],
            ),
            (r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#, vec![]),
            (r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{},"result":{}}"#, vec![]),
            (r#"{"jsonrpc":"2.0","id":1}"#, vec![]),
        ] {
            let message = Json::parse(message.as_bytes()).unwrap();
            let outcomes: Vec<_> = returned(&message).into_iter().map(|answer| answer.became).collect();
            assert_eq!(outcomes, expected, "{message}");
        }
        let unclear = Became::Unclear;
        for (status, became) in
            [(400, failed), (404, failed), (429, failed), (408, unclear), (500, unclear), (504, unclear)]
        {
            assert_eq!(became_by_status(status, false), became, "{status}");
        }
        assert_eq!(became_by_status(404, true), Became::Deferred);
    }
}
