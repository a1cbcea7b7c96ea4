//! Every transition of a case.

use super::{Answer, Case, Command, Decision, Event, Lease, Refusal, State, Status, Step, Viewer, Vote};
use crate::core::canonical::Digest;
use crate::core::time::Millis;

/// The one transition function. On a refusal nothing has changed.
pub fn step(case: &mut Case, now: Millis, command: Command) -> Result<Step, Refusal> {
    let mut events = Vec::new();
    if case.progress.state == State::Held && now >= case.facts.expires {
        case.progress.state = State::Expired;
        case.progress.lease = None;
        events.push(Event::Expired);
    }
    let late = match &command {
        Command::Decide { decision, .. } if case.progress.state == State::Expired => {
            Some(Event::TooLate(decision.clone()))
        }
        _ => None,
    };
    match apply(case, now, command) {
        Ok(more) => {
            events.extend(more);
            Ok(Step { events, refusal: None })
        }
        Err(refusal) => {
            events.extend(late);
            if events.is_empty() { Err(refusal) } else { Ok(Step { events, refusal: Some(refusal) }) }
        }
    }
}

fn apply(case: &mut Case, now: Millis, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Expire => Ok(Vec::new()),
        Command::Lease { person, token } => lease(case, now, person, token),
        Command::GiveBack { person } => {
            case.progress.lease = case.progress.lease.take().filter(|lease| lease.person != person);
            Ok(Vec::new())
        }
        Command::Decide { decision, digest, lease } => decide(case, now, decision, digest, lease.as_deref()),
        Command::Undo { person } => undo(case, now, person),
        Command::Take => take(case, now),
    }
}

fn lease(case: &mut Case, now: Millis, person: String, token: String) -> Result<Vec<Event>, Refusal> {
    if case.progress.state != State::Held {
        return Err(Refusal::NotOpen);
    }
    if case.facts.proposer == person {
        return Err(Refusal::OwnAction);
    }
    if case.progress.has_vote_of(&person) {
        return Err(Refusal::VotedAlready);
    }
    let token = match case.progress.live_lease(now) {
        Some(lease) if lease.person != person => return Err(Refusal::Lease),
        Some(own) => own.token.clone(),
        None => token,
    };
    case.progress.lease = Some(Lease { person, token, until: now.after(case.facts.lease) });
    Ok(Vec::new())
}

fn decide(
    case: &mut Case,
    now: Millis,
    decision: Decision,
    digest: Digest,
    lease: Option<&str>,
) -> Result<Vec<Event>, Refusal> {
    match case.progress.state {
        State::Expired => return Err(Refusal::TooLate),
        State::Decided { .. } => return Err(Refusal::NotOpen),
        State::Held => {}
    }
    may_decide(case, now, &decision, digest, lease)?;
    case.progress.lease = None;
    if decision.answer == Answer::Approve {
        case.progress.votes.push(Vote { person: decision.by.clone(), at: now });
        let given = u32::try_from(case.progress.votes.len()).unwrap_or(u32::MAX);
        if given < case.facts.approvals {
            return Ok(vec![Event::Voted(decision)]);
        }
    }
    let release_at = now.after(case.facts.undo);
    case.progress.state = State::Decided { decision: decision.clone(), release_at, taken: None };
    Ok(vec![Event::Decided(decision)])
}

fn may_decide(
    case: &Case,
    now: Millis,
    decision: &Decision,
    digest: Digest,
    lease: Option<&str>,
) -> Result<(), Refusal> {
    if case.facts.digest != digest {
        return Err(Refusal::Digest);
    }
    if case.facts.proposer == decision.by {
        return Err(Refusal::OwnAction);
    }
    if case.progress.has_vote_of(&decision.by) {
        return Err(Refusal::VotedAlready);
    }
    let live = case.progress.live_lease(now);
    let fits = match lease {
        Some(named) => live.is_some_and(|live| live.token == named && live.person == decision.by),
        None => live.is_none_or(|live| live.person == decision.by),
    };
    if !fits {
        return Err(Refusal::Lease);
    }
    let reason_known = decision.reason.as_ref().map(|reason| case.facts.reasons.contains(reason));
    match (decision.answer, reason_known) {
        (Answer::Reject, None) | (_, Some(false)) => Err(Refusal::Reason),
        _ => Ok(()),
    }
}

fn undo(case: &mut Case, now: Millis, person: String) -> Result<Vec<Event>, Refusal> {
    let State::Decided { decision, release_at, .. } = &case.progress.state else {
        return Err(Refusal::NotOpen);
    };
    if decision.by != person {
        return Err(Refusal::NotYours);
    }
    if now >= *release_at {
        return Err(Refusal::NotOpen);
    }
    case.progress.votes.retain(|vote| vote.person != person);
    if now >= case.facts.expires {
        case.progress.state = State::Expired;
        return Ok(vec![Event::Undone(person), Event::Expired]);
    }
    case.progress.state = State::Held;
    Ok(vec![Event::Undone(person)])
}

fn take(case: &mut Case, now: Millis) -> Result<Vec<Event>, Refusal> {
    if case.status(now, Viewer::App) != Status::Approved {
        return Err(Refusal::NotOpen);
    }
    match &mut case.progress.state {
        State::Decided { taken: taken @ None, .. } => {
            *taken = Some(now);
            Ok(vec![Event::Taken])
        }
        _ => Err(Refusal::NotOpen),
    }
}
