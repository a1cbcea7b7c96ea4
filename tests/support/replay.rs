//! Lets a stream flow without anything around it. Nothing is decided before the upstream has closed.

use holdpoint::wire::answer::{AnswerStream, Flow, Ripe};
use holdpoint::wire::call::{Call, Fate};

/// What came of it.
pub(crate) struct Replayed {
    /// What left before anything was decided.
    pub(crate) held: Vec<u8>,
    /// All that left.
    pub(crate) all: Vec<u8>,
    /// The calls that waited for their fates.
    pub(crate) calls: Vec<Call>,
    /// Whether it ended with an error.
    pub(crate) failed: bool,
}

/// Lets a stream flow in these chunks, each call as `fate` says by its group and its place there.
pub(crate) fn replay<'a>(
    answer: Box<dyn AnswerStream>,
    chunks: impl Iterator<Item = &'a [u8]>,
    fate: impl Fn(usize, usize, &Call) -> Fate,
) -> Replayed {
    let (mut flow, mut out) = (Flow::new(answer, None), Vec::new());
    let mut ripe: Vec<Ripe> = Vec::new();
    for chunk in chunks {
        flow.push(chunk, &mut out);
        ripe.extend(std::iter::from_fn(|| flow.ripe()));
    }
    flow.close(&mut out);
    ripe.extend(std::iter::from_fn(|| flow.ripe()));
    // Which group is released first is no matter of the bytes.
    ripe.sort_by_key(|group| group.group);
    let (held, failed) = (out.clone(), flow.has_failed());
    for Ripe { group, calls, .. } in &ripe {
        let fates: Vec<Fate> = calls.iter().enumerate().map(|(at, call)| fate(*group, at, call)).collect();
        flow.release(*group, &fates, &mut out);
    }
    Replayed { held, all: out, calls: ripe.into_iter().flat_map(|group| group.calls).collect(), failed }
}
