//! What must hold of a stream whatever its bytes are.

use crate::replay::{Replayed, replay};
use holdpoint::wire::answer::AnswerStream;
use holdpoint::wire::call::{Call, Fate};
use holdpoint::wire::notice::{Notice, Why};

/// The first byte says where to split. Whatever leaves, a client that believes everything runs nothing of it.
pub fn check(data: &[u8], new: fn() -> Box<dyn AnswerStream>, calls: fn(&[u8]) -> Vec<String>) {
    let Some((size, text)) = data.split_first() else { return };
    let stopped = |_: usize, _: usize, call: &Call| {
        Fate::Notice(Notice { id: "hp_a".to_owned(), kind: call.kind.clone(), why: Why::Unavailable })
    };
    let whole = replay(new(), std::iter::once(text), stopped);
    let chunks = replay(new(), text.chunks(usize::from(*size).max(1)), stopped);
    let text_of = |replayed: &Replayed| {
        [&replayed.held, &replayed.all].map(|part| String::from_utf8_lossy(part).into_owned())
    };
    assert_eq!(text_of(&whole), text_of(&chunks), "it matters where the bytes are split");
    assert_eq!(calls(&whole.all), Vec::<String>::new(), "a call has leaked");
}
