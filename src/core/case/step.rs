//! Every transition of a case, as the table has it, with the guards of each.

use super::machine::{Rule, Stage, rule};
use super::{
    Answer, Case, Command, Content, Decision, Event, Lease, LookedAt, Refusal, Run, State, Step, Vote,
};
use crate::core::canonical::Digest;
use crate::core::time::Millis;

/// The one transition function. On a refusal without events nothing has changed.
pub fn step(case: &mut Case, now: Millis, command: Command) -> Result<Step, Refusal> {
    let mut events = Vec::new();
    let stage = case.stage(now);
    notice_the_clock(case, stage, &mut events);
    let done = match rule(stage, command.act()) {
        Rule::Refused(refusal) => Err(refusal),
        Rule::TooLate => {
            if let Command::Decide { decision, .. } = command {
                events.push(Event::TooLate(decision));
            }
            Err(Refusal::TooLate)
        }
        Rule::Stays | Rule::Leads(_) => apply(case, now, command),
    };
    match done {
        Ok(more) => {
            events.extend(more);
            Ok(Step { events, refusal: None })
        }
        Err(refusal) if events.is_empty() => Err(refusal),
        Err(refusal) => Ok(Step { events, refusal: Some(refusal) }),
    }
}

/// Stores what the clock has made of a case.
fn notice_the_clock(case: &mut Case, stage: Stage, events: &mut Vec<Event>) {
    if let (Stage::Unknown, Some(sent)) = (stage, case.progress.run.sent.as_mut().filter(|sent| !sent.lost)) {
        sent.lost = true;
        events.push(Event::Lost);
    }
    let (ended, event) = match (&case.progress.state, stage) {
        (State::Held, Stage::Expired) => (State::Expired, Event::Expired),
        (State::ToAudit, Stage::Unaudited) => (State::Unaudited, Event::Unaudited),
        _ => return,
    };
    case.progress.state = ended;
    case.progress.lease = None;
    events.push(event);
}

fn apply(case: &mut Case, now: Millis, command: Command) -> Result<Option<Event>, Refusal> {
    match command {
        Command::Expire => Ok(None),
        Command::Lease { person, token } => lease(case, now, person, token).map(|()| None),
        Command::GiveBack { person } => {
            case.progress.lease = case.progress.lease.take().filter(|lease| lease.person != person);
            Ok(None)
        }
        Command::Decide { decision, digest, lease, edited } => {
            may_decide(case, now, &decision, digest, lease.as_deref())?;
            decide(case, now, decision, edited.map(|content| *content)).map(Some)
        }
        Command::Undo { person } => undo(case, person).map(Some),
        Command::Withdraw if case.progress.state == State::Withdrawn => Ok(None),
        Command::Withdraw => {
            case.progress.state = State::Withdrawn;
            case.progress.lease = None;
            Ok(Some(Event::Withdrawn))
        }
        Command::Join { connection } => {
            case.progress.connection = Some(connection);
            Ok(None)
        }
        Command::Leave { connection } => {
            case.progress.connection.take_if(|waits| waits.name == connection);
            Ok(None)
        }
        Command::Start { connection, until } => {
            is_newest(case, Some(&connection))?;
            case.progress.run.start(now, until).map(|()| Some(Event::Started))
        }
        Command::Finish { outcome } => {
            let news = case.progress.run.report(now, outcome)?;
            Ok(news.then_some(Event::Finished(outcome)))
        }
        Command::Defer => {
            case.progress.run = Run::default();
            case.progress.connection = None;
            Ok(Some(Event::Deferred))
        }
        Command::Settle { person, .. } if case.facts.proposer == person => Err(Refusal::OwnAction),
        Command::Settle { person, outcome } => {
            case.progress.run.report(now, outcome)?;
            Ok(Some(Event::Settled { by: person, outcome }))
        }
        Command::Take { connection } => {
            is_newest(case, connection.as_deref())?;
            case.progress.run.take(now).map(|()| Some(Event::Taken))
        }
        Command::Redeem => case.progress.run.take(now).map(|()| Some(Event::Redeemed)),
        Command::Report { outcome } => {
            let news = case.progress.run.report(now, outcome)?;
            Ok(news.then_some(Event::Reported(outcome)))
        }
        Command::Move { person, desk } => hand_over(case, now, person, desk).map(Some),
        Command::Raised { .. } if case.progress.undo.is_some() => Ok(None),
        Command::Raised { id } => {
            case.progress.undo = Some(id.clone());
            Ok(Some(Event::Raised(id)))
        }
    }
}

fn lease(case: &mut Case, now: Millis, person: String, token: String) -> Result<(), Refusal> {
    is_somebody_elses(case, &person)?;
    let token = match case.progress.live_lease(now) {
        Some(lease) if lease.person != person => return Err(Refusal::Lease),
        Some(own) => own.token.clone(),
        None => token,
    };
    case.progress.lease = Some(Lease { person, token, until: now.after(case.facts.lease) });
    Ok(())
}

/// A release is for the connection that came last, where any waits.
fn is_newest(case: &Case, connection: Option<&str>) -> Result<(), Refusal> {
    let newest = case.progress.connection.as_ref().map(|waits| waits.name.as_str());
    if newest == connection { Ok(()) } else { Err(Refusal::NewerConnection) }
}

/// Nobody decides what a key of theirs proposed, and nobody counts twice.
fn is_somebody_elses(case: &Case, person: &str) -> Result<(), Refusal> {
    if case.facts.proposer == person {
        return Err(Refusal::OwnAction);
    }
    if case.progress.has_vote_of(person) {
        return Err(Refusal::VotedAlready);
    }
    Ok(())
}

fn may_decide(
    case: &Case,
    now: Millis,
    decision: &Decision,
    digest: Digest,
    lease: Option<&str>,
) -> Result<(), Refusal> {
    if case.content().shown.as_ref().is_none_or(|shown| shown.digest != digest) {
        return Err(Refusal::Digest);
    }
    is_somebody_elses(case, &decision.by)?;
    let agrees = matches!(decision.answer, Answer::Approve | Answer::Confirm);
    if agrees && case.progress.editors.contains(&decision.by) {
        return Err(Refusal::OwnEdit);
    }
    let live = case.progress.live_lease(now);
    let fits = match lease {
        Some(named) => live.is_some_and(|live| live.token == named && live.person == decision.by),
        None => live.is_none_or(|live| live.person == decision.by),
    };
    if !fits {
        return Err(Refusal::Lease);
    }
    match decision.reason.as_ref().map(|reason| case.facts.reasons.contains(reason)) {
        Some(false) => Err(Refusal::Reason),
        None if decision.answer.needs_reason() => Err(Refusal::Reason),
        _ => Ok(()),
    }
}

fn decide(
    case: &mut Case,
    now: Millis,
    decision: Decision,
    edited: Option<Content>,
) -> Result<Event, Refusal> {
    let mut before = None;
    let look = LookedAt {
        person: decision.by.clone(),
        at: now,
        seen_ms: decision.seen_ms,
        approved: matches!(decision.answer, Answer::Approve | Answer::Confirm),
    };
    match (decision.answer, edited) {
        (Answer::Approve, None) => {
            case.progress.votes.push(Vote { person: decision.by.clone(), at: now });
            let given = u32::try_from(case.progress.votes.len()).unwrap_or(u32::MAX);
            if given < case.content().approvals {
                case.progress.lease = None;
                case.progress.looks.push(look);
                return Ok(Event::Voted(decision));
            }
        }
        (Answer::Edit, Some(mut content)) => {
            // An edit can ask for more people, and never for fewer than the action that was proposed.
            content.approvals = content.approvals.max(case.facts.content.approvals);
            let alone = content.approvals <= 1 && !case.progress.editors.contains(&decision.by);
            before = case.progress.revision.replace(content);
            case.progress.votes.clear();
            if !alone {
                case.progress.lease = None;
                case.progress.looks.push(look);
                if !case.progress.editors.contains(&decision.by) {
                    case.progress.editors.push(decision.by.clone());
                }
                return Ok(Event::Edited(decision));
            }
        }
        (Answer::Reject | Answer::Confirm | Answer::Overturn, None) => {}
        _ => return Err(Refusal::Answer),
    }
    case.progress.lease = None;
    case.progress.looks.push(look);
    let release_at = now.after(case.facts.undo);
    case.progress.state = if case.progress.state == State::ToAudit {
        State::Audited { decision: decision.clone(), release_at }
    } else {
        State::Decided { decision: decision.clone(), release_at, before: before.map(Box::new) }
    };
    Ok(Event::Decided(decision))
}

fn undo(case: &mut Case, person: String) -> Result<Event, Refusal> {
    let open = match &mut case.progress.state {
        State::Decided { decision, .. } | State::Audited { decision, .. } if decision.by != person => {
            return Err(Refusal::NotYours);
        }
        State::Decided { decision, before, .. } => {
            if decision.answer == Answer::Edit {
                case.progress.revision = before.take().map(|content| *content);
            }
            State::Held
        }
        State::Audited { .. } => State::ToAudit,
        _ => return Err(Refusal::NotOpen),
    };
    case.progress.votes.retain(|vote| vote.person != person);
    if let Some(last) = case.progress.looks.iter().rposition(|look| look.person == person) {
        case.progress.looks.remove(last);
    }
    case.progress.state = open;
    Ok(Event::Undone(person))
}

fn hand_over(case: &mut Case, now: Millis, person: String, desk: String) -> Result<Event, Refusal> {
    if case.facts.proposer == person {
        return Err(Refusal::OwnAction);
    }
    if case.progress.live_lease(now).is_some_and(|lease| lease.person != person) {
        return Err(Refusal::Lease);
    }
    case.progress.lease = None;
    case.progress.moves = case.progress.moves.saturating_add(1);
    case.progress.state = State::Moved { desk: desk.clone() };
    Ok(Event::Moved { by: person, desk })
}
