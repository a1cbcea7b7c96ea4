//! The ledger: the hash-chained record of everything that happened to a desk's cases.
//!
//! An entry is canonical JSON that carries its number and the hash of the entry before it; its own hash is
//! SHA-256 over that text. Arguments never stand in it, only a salted hash, so that they can be deleted later
//! and the chain stays whole.

use super::canonical::{Digest, canonical};
use super::case::{Case, Decision, Event, Outcome, Oversight};
use super::json::Json;
use super::time::Millis;

/// The end of a chain: what the next entry is linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: Digest,
    /// Its time: no entry is earlier than the one before it.
    pub at: Millis,
}

impl Head {
    /// The head of an empty chain.
    pub fn empty() -> Self {
        Self { seq: 0, hash: Digest::of(b""), at: Millis(0) }
    }
}

/// An entry, linked to the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is stored and hashed.
    pub text: String,
    /// The chain's end with this entry.
    pub head: Head,
}

/// Links what happened to the chain.
pub fn append(head: Head, now: Millis, subject: &str, what: &str, by: Option<&str>, detail: Json) -> Entry {
    let seq = head.seq.saturating_add(1);
    let at = now.max(head.at);
    let text = canonical(&Json::object([
        ("at", at.to_string().into()),
        ("by", by.into()),
        ("detail", detail),
        ("prev", head.hash.to_string().into()),
        ("seq", seq.into()),
        ("subject", subject.into()),
        ("type", what.into()),
    ]));
    let hash = Digest::of(text.as_bytes());
    Entry { text, head: Head { seq, hash, at } }
}

/// Links an event of a case to the chain.
pub fn append_event(head: Head, now: Millis, case: &Case, event: &Event) -> Entry {
    let app = Some(case.facts.app.as_str());
    let (what, by, detail) = match event {
        Event::Held => ("held", app, begun_detail(case)),
        Event::Sampled => ("sampled", app, begun_detail(case)),
        Event::Received(desk) => {
            let mut detail = begun_detail(case);
            if let Some(object) = detail.as_object_mut() {
                object.set("from", desk.as_str());
            }
            ("received", None, detail)
        }
        Event::Voted(decision) => return append_decision(head, now, case, "voted", decision),
        Event::Edited(decision) => return append_decision(head, now, case, "edited", decision),
        Event::Decided(decision) => return append_decision(head, now, case, "decided", decision),
        Event::TooLate(decision) => return append_decision(head, now, case, "too_late", decision),
        Event::Undone(person) => ("undone", Some(person.as_str()), Json::Null),
        Event::Expired => ("expired", None, Json::Null),
        Event::Unaudited => ("unaudited", None, Json::Null),
        Event::Withdrawn => ("withdrawn", app, Json::Null),
        Event::Taken => ("taken", app, Json::Null),
        Event::Started => ("started", app, Json::Null),
        Event::Finished(outcome) => ("finished", None, outcome_detail(*outcome)),
        Event::Deferred => ("deferred", None, Json::Null),
        Event::Lost => ("unknown", None, Json::Null),
        Event::Settled { by, outcome } => ("settled", Some(by.as_str()), outcome_detail(*outcome)),
        Event::Redeemed => ("redeemed", None, Json::Null),
        Event::Reported(outcome) => ("reported", app, outcome_detail(*outcome)),
        Event::Moved { by, desk } => {
            ("moved", Some(by.as_str()), Json::object([("to", desk.as_str().into())]))
        }
        Event::Raised(id) => ("raised", None, Json::object([("undo", id.as_str().into())])),
        Event::Forgotten => ("forgotten", None, Json::Null),
    };
    append(head, now, &case.facts.id, what, by, detail)
}

fn outcome_detail(outcome: Outcome) -> Json {
    Json::object([("outcome", outcome.as_str().into())])
}

fn commitment(case: &Case) -> Json {
    case.content().shown.as_ref().map(|shown| shown.commitment().to_string()).into()
}

/// What a chain says of a case when it begins there.
fn begun_detail(case: &Case) -> Json {
    let (facts, content) = (&case.facts, case.content());
    let probability = match facts.oversight {
        Oversight::Before => None,
        Oversight::After { probability } => Some(probability),
    };
    Json::object([
        ("action", commitment(case)),
        ("approvals", content.approvals.into()),
        ("expires", facts.expires.to_string().into()),
        ("kind", facts.kind.as_str().into()),
        ("policy", content.verdict.get("policy").cloned().unwrap_or(Json::Null)),
        ("probability", probability.into()),
        ("raised_by", facts.raised_by.as_deref().into()),
        ("severity", content.severity.as_str().into()),
    ])
}

fn append_decision(head: Head, now: Millis, case: &Case, what: &str, decision: &Decision) -> Entry {
    let detail = Json::object([
        ("action", commitment(case)),
        ("category", decision.category.as_deref().into()),
        ("decision", decision.answer.as_str().into()),
        ("reason", decision.reason.as_deref().into()),
        ("seen_ms", decision.seen_ms.into()),
    ]);
    append(head, now, &case.facts.id, what, Some(&decision.by), detail)
}

/// Why a chain is not the one that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry does not follow the one before it, or is not as it was written.
    #[error("the chain breaks at entry {0}")]
    Entry(i64),
    /// Entries that were there are missing at the end.
    #[error("the chain ends at entry {found}, and once had {kept}")]
    Truncated {
        /// How many there are.
        found: i64,
        /// How many there were when the head was kept.
        kept: i64,
    },
    /// It is whole, and another one than that whose head was kept.
    #[error("entry {0} is not the one whose hash was kept")]
    Other(i64),
}

/// Checks a whole chain from its first entry and gives its head. Without a head that was `kept` elsewhere (its
/// number and hash), a chain that was cut off or written anew as a whole passes for whole.
pub fn verify<'a>(
    entries: impl IntoIterator<Item = &'a str>,
    kept: Option<(i64, Digest)>,
) -> Result<Head, Broken> {
    let mut head = Head::empty();
    let differs = |head: &Head| kept.is_some_and(|(seq, hash)| seq == head.seq && hash != head.hash);
    if differs(&head) {
        return Err(Broken::Other(0));
    }
    for text in entries {
        let seq = head.seq.saturating_add(1);
        head = next(&head, text).ok_or(Broken::Entry(seq))?;
        if differs(&head) {
            return Err(Broken::Other(seq));
        }
    }
    match kept {
        Some((kept, _)) if head.seq < kept => Err(Broken::Truncated { found: head.seq, kept }),
        _ => Ok(head),
    }
}

/// The head with this entry, where it follows.
fn next(head: &Head, text: &str) -> Option<Head> {
    let seq = head.seq.checked_add(1)?;
    let entry = Json::parse(text.as_bytes()).ok()?;
    let member = |name| entry.get(name).and_then(Json::as_str);
    let linked = member("prev") == Some(head.hash.to_string().as_str());
    let numbered = entry.get("seq").and_then(Json::as_i64) == Some(seq);
    let at = Millis::parse(member("at")?).filter(|at| *at >= head.at)?;
    let whole = linked && numbered && canonical(&entry) == text;
    whole.then(|| Head { seq, hash: Digest::of(text.as_bytes()), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: usize) -> (Vec<String>, Head) {
        let mut head = Head::empty();
        let mut texts = Vec::new();
        for at in 0..length {
            let now = Millis(1_795_363_200_000_i64.saturating_sub(i64::try_from(at).unwrap()));
            let entry =
                append(head, now, "hp_x", "held", Some("app"), Json::object([("kind", "refund".into())]));
            head = entry.head;
            texts.push(entry.text);
        }
        (texts, head)
    }

    fn verified(texts: &[String], kept: Option<Head>) -> Result<Head, Broken> {
        verify(texts.iter().map(String::as_str), kept.map(|head| (head.seq, head.hash)))
    }

    #[test]
    fn a_whole_chain_verifies_and_its_time_never_goes_back() {
        let (texts, head) = chain(5);
        assert_eq!(verified(&texts, Some(head)), Ok(head));
        assert_eq!(head.at, Millis(1_795_363_200_000));
        let (longer, _) = chain(9);
        assert!(verified(&longer, Some(head)).is_ok(), "a ledger that has grown since");
    }

    #[test]
    fn any_flipped_bit_dropped_swapped_or_truncated_entry_is_found() {
        let (texts, head) = chain(4);
        for at in 0..texts.len() {
            for byte in 0..texts[at].len() {
                for bit in 0..8 {
                    let mut changed = texts.clone();
                    let mut bytes = changed[at].clone().into_bytes();
                    bytes[byte] ^= 1 << bit;
                    let Ok(text) = String::from_utf8(bytes) else { continue };
                    changed[at] = text;
                    assert!(verified(&changed, Some(head)).is_err(), "entry {at}, byte {byte}, bit {bit}");
                }
            }
            let mut dropped = texts.clone();
            dropped.remove(at);
            assert!(verified(&dropped, Some(head)).is_err(), "dropped {at}");
            let mut twice = texts.clone();
            twice.insert(at, texts[at].clone());
            assert!(verified(&twice, Some(head)).is_err(), "twice {at}");
        }
        for (one, other) in [(0, 1), (1, 2), (0, 3)] {
            let mut swapped = texts.clone();
            swapped.swap(one, other);
            assert!(verified(&swapped, Some(head)).is_err());
        }
        assert_eq!(verified(&texts[..3], Some(head)), Err(Broken::Truncated { found: 3, kept: 4 }));
        assert_eq!(verified(&[], Some(head)), Err(Broken::Truncated { found: 0, kept: 4 }));
    }

    #[test]
    fn a_chain_that_was_written_anew_is_another() {
        let (_, head) = chain(4);
        let entry = |head| append(head, Millis(0), "hp_y", "held", Some("app"), Json::Null);
        let mut texts = Vec::new();
        let mut forged = Head::empty();
        for _ in 0..4 {
            let entry = entry(forged);
            forged = entry.head;
            texts.push(entry.text);
        }
        assert!(verified(&texts, None).is_ok());
        assert_eq!(verified(&texts, Some(head)), Err(Broken::Other(4)));
    }
}
