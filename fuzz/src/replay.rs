//! Lets bytes flow through a gated stream of which nothing may run, split in several ways.

use holdpoint::wire::answer::{AnswerStream, Flow};
use holdpoint::wire::call::{Call, Fate};
use holdpoint::wire::notice::{Notice, Why};

fn replay<'a>(answer: Box<dyn AnswerStream>, chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<u8>) {
    let (mut flow, mut out, mut ripe) = (Flow::new(answer, None), Vec::new(), Vec::new());
    for chunk in chunks {
        flow.push(chunk, &mut out);
        ripe.extend(std::iter::from_fn(|| flow.ripe()));
    }
    flow.close(&mut out);
    ripe.extend(std::iter::from_fn(|| flow.ripe()));
    // Which group is released first is no matter of the bytes.
    ripe.sort_by_key(|group| group.group);
    let held = out.clone();
    for group in &ripe {
        let stopped = |call: &Call| {
            Fate::Notice(Notice { id: "hp_a".to_owned(), kind: call.kind.clone(), why: Why::Unavailable })
        };
        let fates: Vec<Fate> = group.calls.iter().map(stopped).collect();
        flow.release(group.group, &fates, &mut out);
    }
    (held, out)
}

/// The first byte says where to split. Whatever leaves, a client that believes everything runs nothing of it.
pub fn check(data: &[u8], new: fn() -> Box<dyn AnswerStream>, calls: fn(&[u8]) -> Vec<String>) {
    let Some((size, text)) = data.split_first() else { return };
    let (held, whole) = replay(new(), std::iter::once(text));
    let chunks = replay(new(), text.chunks(usize::from(*size).max(1)));
    let text_of = |(held, whole): &(Vec<u8>, Vec<u8>)| {
        [held, whole].map(|part| String::from_utf8_lossy(part).into_owned())
    };
    assert_eq!(text_of(&(held, whole.clone())), text_of(&chunks), "it matters where the bytes are split");
    assert_eq!(calls(&whole), Vec::<String>::new(), "a call has leaked");
}
