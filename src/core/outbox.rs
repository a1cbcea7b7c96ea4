//! What a desk still has to tell others: written in the transaction of what happened, delivered afterwards, at
//! least once.

use super::case::{Answer, Case, Event, Oversight};
use super::ledger::{self, Entry, Head};
use super::time::{Millis, Span};

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// An action is held.
    Held,
    /// A decision was released.
    Decided,
    /// Nobody decided in time.
    Expired,
    /// An action that ran was found wrong.
    Overturned,
    /// The desk cannot keep its deadlines.
    Overloaded,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] = [Self::Held, Self::Decided, Self::Expired, Self::Overturned, Self::Overloaded];

    /// The type in the notification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "action.held",
            Self::Decided => "action.decided",
            Self::Expired => "action.expired",
            Self::Overturned => "action.overturned",
            Self::Overloaded => "desk.overloaded",
        }
    }

    /// The topic of that type.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }
}

/// What is still to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Tell every configured webhook.
    Notify {
        /// Of what.
        topic: Topic,
        /// The number of this notification among those of its case.
        seq: i64,
    },
    /// Raise the action that makes an overturned one good.
    Raise,
    /// Give the case to this desk.
    HandOver {
        /// Which.
        desk: String,
    },
    /// Tell the tally what the case teaches.
    Label,
}

/// A message and the earliest time at which it may leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// What.
    pub message: Message,
    /// From when on.
    pub at: Millis,
}

/// What has to be stored together with a case: its entries and messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The ledger entries, linked.
    pub entries: Vec<Entry>,
    /// New messages.
    pub messages: Vec<Due>,
    /// Whether messages of this case that are not due yet are dropped: what they would tell did not come to pass.
    pub drop_future: bool,
}

/// Turns what happened to a case into its entries and messages, and numbers its notifications.
pub fn record(case: &mut Case, head: Head, now: Millis, events: &[Event]) -> Record {
    let mut record = Record { entries: Vec::new(), messages: Vec::new(), drop_future: false };
    let mut head = head;
    for event in events {
        let entry = ledger::append_event(head, now, case, event);
        head = entry.head;
        record.entries.push(entry);
        record.drop_future |= matches!(event, Event::Undone(_) | Event::Withdrawn);
        if let Some((message, at)) = message_of(case, now, event) {
            record.messages.push(Due { message, at });
        }
        if let Some(at) = taught_at(case, now, event) {
            record.messages.push(Due { message: Message::Label, at });
        }
    }
    record
}

fn message_of(case: &mut Case, now: Millis, event: &Event) -> Option<(Message, Millis)> {
    let release_at = case.release_at().unwrap_or(now);
    let (topic, at) = match event {
        Event::Held => (Topic::Held, now),
        Event::Expired => (Topic::Expired, now),
        Event::Raised(_) => (Topic::Overturned, now),
        Event::Moved { desk, .. } => return Some((Message::HandOver { desk: desk.clone() }, now)),
        Event::Decided(decision) => match (case.facts.oversight, decision.answer) {
            (Oversight::Before, _) => (Topic::Decided, release_at),
            (Oversight::After { .. }, Answer::Overturn) if case.can_be_undone() => {
                return Some((Message::Raise, release_at));
            }
            (Oversight::After { .. }, Answer::Overturn) => (Topic::Overturned, release_at),
            _ => return None,
        },
        _ => return None,
    };
    case.progress.told = case.progress.told.saturating_add(1);
    Some((Message::Notify { topic, seq: case.progress.told }, at))
}

/// From when on a case teaches what happened to it. What Holdpoint raised itself says nothing of the AI.
fn taught_at(case: &Case, now: Millis, event: &Event) -> Option<Millis> {
    let at = match event {
        Event::Decided(_) => case.release_at().unwrap_or(now),
        Event::Expired
        | Event::Unaudited
        | Event::Withdrawn
        | Event::Reported(_)
        | Event::Finished(_)
        | Event::Settled { .. } => now,
        _ => return None,
    };
    case.facts.raised_by.is_none().then_some(at)
}

/// How long a message is tried before it is a dead letter.
pub const GIVE_UP: Span = Span::days(7);

/// The pauses between attempts, in seconds; the last one repeats. As the Standard Webhooks specification
/// recommends, with shorter first steps.
const PAUSES: [u32; 9] = [2, 15, 60, 300, 1800, 7200, 18_000, 36_000, 43_200];

/// When a message is tried again after its `tries`th attempt failed; `None`: it is a dead letter. `spread` (any
/// byte) moves it by up to an eighth, so that many do not return together.
pub fn next_attempt(first: Millis, now: Millis, tries: i64, spread: u8) -> Option<Millis> {
    let at = usize::try_from(tries.saturating_sub(1)).unwrap_or(0).min(PAUSES.len().saturating_sub(1));
    let pause = Span::seconds(PAUSES.get(at).copied().unwrap_or(43_200)).as_millis();
    let more = (pause / 8).saturating_mul(i64::from(spread)) / 255;
    let next = now.after(Span::millis(pause.saturating_add(more)));
    (next <= first.after(GIVE_UP)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_seven_days_and_then_given_up() {
        for spread in [0, 100, 255] {
            let (first, mut now, mut tries) = (Millis(0), Millis(0), 0);
            loop {
                tries += 1;
                let Some(next) = next_attempt(first, now, tries, spread) else { break };
                let pause = next.since(now);
                assert!(pause >= Span::seconds(2) && pause <= Span::seconds(48_600), "{pause:?}");
                now = next;
            }
            assert!(now >= first.after(Span::days(6)) && now <= first.after(GIVE_UP), "last at {now}");
            assert!((18..=24).contains(&tries), "{tries} attempts");
        }
    }

    #[test]
    fn the_first_pauses_are_short() {
        let pauses: Vec<i64> =
            (1..=5).map(|tries| next_attempt(Millis(0), Millis(0), tries, 0).unwrap().0 / 1000).collect();
        assert_eq!(pauses, [2, 15, 60, 300, 1800]);
    }
}
