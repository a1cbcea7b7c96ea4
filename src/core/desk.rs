//! What a desk does with what it is asked, whatever it keeps its rows in.
//!
//! Each function reads, decides and commits once: what is committed is stored together or not at all, and a
//! repetition of a request that was committed is known by its token. A crash anywhere is mended by asking again.

use super::canonical::Digest;
use super::case::{Case, Command, Connection, Content, Event, Oversight, Proxied, Refusal, Run, Step, step};
use super::json::Json;
use super::ledger::{self, Head};
use super::outbox::{self, Record};
use super::time::Millis;

/// Where a desk keeps its rows.
pub trait Store {
    /// Why it cannot.
    type Error;
    /// The desk's name.
    fn name(&self) -> String;
    /// A case.
    fn case(&self, id: &str) -> Result<Option<Case>, Self::Error>;
    /// The ids of cases of calls through the proxy that are known by the same [`Proxied::call`] and may be waited
    /// for: those of the same request first, then the oldest.
    fn equal_calls(&self, proxied: &Proxied, now: Millis) -> Result<Vec<String>, Self::Error>;
    /// What is known of an action that proceeded without a case.
    fn run(&self, id: &str) -> Result<Option<Run>, Self::Error>;
    /// Whether a request was committed.
    fn knows(&self, token: &str) -> Result<bool, Self::Error>;
    /// The end of the ledger.
    fn head(&self) -> Result<Head, Self::Error>;
    /// Stores all of it, or nothing.
    fn commit(&self, write: &Write<'_>) -> Result<(), Self::Error>;
}

/// What is stored together.
#[derive(Debug)]
pub struct Write<'a> {
    /// When.
    pub now: Millis,
    /// The action that it is about.
    pub id: &'a str,
    /// The case as it stands now.
    pub case: Option<&'a Case>,
    /// Whether this store has no row of the case yet.
    pub is_new: bool,
    /// What is known of an action without a case.
    pub run: Option<Run>,
    /// Names the request.
    pub token: Option<&'a str>,
    /// Ledger entries and messages.
    pub record: Record,
}

/// A request about an action.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The action.
    pub id: &'a str,
    /// Names the request, so that its repetition is known.
    pub token: Option<&'a str>,
    /// Whether the action proceeded, so that there need not be a case.
    pub proceeded: bool,
    /// What a permit says of the action.
    pub digest: Option<Digest>,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// The case as it stands now.
    Case(Box<Case>),
    /// There is no case; this is known of the run.
    Run(Run),
    /// The case lives on at this desk.
    Moved(String),
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Stopped<E> {
    /// There is no such case.
    NoCase,
    /// It is refused; the case as it stands, where there is one.
    Refused(Refusal, Option<Box<Case>>),
    /// The store cannot.
    Store(E),
}

impl<E> From<E> for Stopped<E> {
    fn from(error: E) -> Self {
        Self::Store(error)
    }
}

/// Keeps a new case, or one that another desk hands over. Asked again, it changes nothing.
pub fn keep<S: Store>(
    store: &S,
    now: Millis,
    mut case: Case,
    from: Option<String>,
) -> Result<Done, Stopped<S::Error>> {
    let known = store.case(&case.facts.id)?;
    let is_new = known.is_none();
    if let Some(known) = known {
        match known.elsewhere() {
            // What was handed on comes back; a message that is late tells what has been.
            Some(_) if from.is_some() && case.progress.moves > known.progress.moves => {}
            Some(desk) => return Ok(Done::Moved(desk.to_owned())),
            None => return Ok(Done::Case(Box::new(known))),
        }
    }
    if let (true, None, Some(run)) = (is_new, &from, store.run(&case.facts.id)?) {
        // It was redeemed or reported here before its case came.
        case.progress.run = run;
    }
    let event = match (from, case.facts.oversight) {
        (Some(desk), _) => Event::Received(desk),
        (None, Oversight::Before) => Event::Held,
        (None, Oversight::After { .. }) => Event::Sampled,
    };
    commit(store, now, &mut case, &[event], None, is_new)?;
    Ok(Done::Case(Box::new(case)))
}

/// What a call through the proxy looks for.
#[derive(Debug, Clone, Copy)]
pub struct Looking<'a> {
    /// What it is known by.
    pub proxied: &'a Proxied,
    /// What it needs itself: how many people, at which severity.
    pub needs: &'a Content,
    /// Who waits.
    pub connection: &'a Connection,
}

/// Finds the case of an equal call that this one can wait for, and lets it: its own request's, still undecided, or
/// an approval that nobody takes. One that lives on elsewhere comes back as it is; `asked` are those of them that
/// were asked there already.
pub fn find<S: Store>(
    store: &S,
    now: Millis,
    looking: &Looking<'_>,
    asked: &[String],
) -> Result<Case, Stopped<S::Error>> {
    for id in store.equal_calls(looking.proxied, now)? {
        if !asked.contains(&id) {
            match join(store, now, &id, looking) {
                Err(Stopped::Refused(..) | Stopped::NoCase) => {}
                found => return found,
            }
        }
    }
    Err(Stopped::NoCase)
}

/// Lets a call through the proxy wait for this case, if it can.
pub fn join<S: Store>(
    store: &S,
    now: Millis,
    id: &str,
    looking: &Looking<'_>,
) -> Result<Case, Stopped<S::Error>> {
    let mut case = store.case(id)?.ok_or(Stopped::NoCase)?;
    if !case.awaits(looking.proxied, looking.needs, now) {
        return Err(Stopped::Refused(Refusal::NotOpen, Some(Box::new(case))));
    }
    if case.elsewhere().is_some() {
        return Ok(case);
    }
    match apply(store, now, &mut case, Command::Join { connection: looking.connection.clone() }, None)? {
        None => Ok(case),
        Some(refusal) => Err(Stopped::Refused(refusal, Some(Box::new(case)))),
    }
}

/// Does something with an action, or knows that it was done already.
pub fn act<S: Store>(
    store: &S,
    now: Millis,
    request: Request<'_>,
    command: Command,
) -> Result<Done, Stopped<S::Error>> {
    let Some(mut case) = store.case(request.id)? else {
        return if request.proceeded {
            act_without_case(store, now, request, &command)
        } else {
            Err(Stopped::NoCase)
        };
    };
    let done_before = request.token.map_or(Ok(false), |token| store.knows(token))?;
    if let Some(desk) = case.elsewhere() {
        let moved_by_this = done_before && matches!(command, Command::Move { .. });
        return Ok(if moved_by_this { Done::Case(Box::new(case)) } else { Done::Moved(desk.to_owned()) });
    }
    let is_there = matches!(&command, Command::Move { desk, .. } if *desk == store.name());
    if done_before || is_there {
        return Ok(Done::Case(Box::new(case)));
    }
    let shown = case.content().shown.as_ref();
    if request.digest.is_some_and(|digest| shown.is_none_or(|shown| shown.digest != digest)) {
        return Err(Stopped::Refused(Refusal::Digest, Some(Box::new(case))));
    }
    let command = completed(&case, command, now);
    match apply(store, now, &mut case, command, request.token)? {
        None => Ok(Done::Case(Box::new(case))),
        Some(refusal) => Err(Stopped::Refused(refusal, Some(Box::new(case)))),
    }
}

/// Steps a case and commits what happened; the refusal, where there is one.
pub fn apply<S: Store>(
    store: &S,
    now: Millis,
    case: &mut Case,
    command: Command,
    token: Option<&str>,
) -> Result<Option<Refusal>, S::Error> {
    let before = case.progress.clone();
    match step(case, now, command) {
        Err(refusal) => Ok(Some(refusal)),
        Ok(Step { events, refusal }) => {
            let token = token.filter(|_| refusal.is_none());
            if token.is_some() || !events.is_empty() || case.progress != before {
                commit(store, now, case, &events, token, false)?;
            }
            Ok(refusal)
        }
    }
}

fn commit<S: Store>(
    store: &S,
    now: Millis,
    case: &mut Case,
    events: &[Event],
    token: Option<&str>,
    is_new: bool,
) -> Result<(), S::Error> {
    let record = outbox::record(case, store.head()?, now, events);
    let id = case.facts.id.as_str();
    store.commit(&Write { now, id, case: Some(case), is_new, run: None, token, record })
}

/// What proceeded without a case is redeemed once and reported once all the same, and answers like what was
/// drawn for an audit.
fn act_without_case<S: Store>(
    store: &S,
    now: Millis,
    request: Request<'_>,
    command: &Command,
) -> Result<Done, Stopped<S::Error>> {
    let mut run = store.run(request.id)?.unwrap_or_default();
    if request.token.map_or(Ok(false), |token| store.knows(token))? {
        return Ok(Done::Run(run));
    }
    let event = match command {
        Command::Redeem => run.take(now).map(|()| Some(("redeemed", Json::Null))),
        Command::Report { outcome } => run
            .report(now, *outcome)
            .map(|news| news.then(|| ("reported", Json::object([("outcome", outcome.as_str().into())])))),
        Command::Withdraw => Err(Refusal::NotOpen),
        // People know of no case here.
        _ => return Err(Stopped::NoCase),
    };
    let entries = match event.map_err(|refusal| Stopped::Refused(refusal, None))? {
        Some((what, detail)) => vec![ledger::append(store.head()?, now, request.id, what, None, detail)],
        None => Vec::new(),
    };
    let record = Record { entries, messages: Vec::new(), drop_future: false };
    let write = Write {
        now,
        id: request.id,
        case: None,
        is_new: false,
        run: Some(run),
        token: request.token,
        record,
    };
    store.commit(&write)?;
    Ok(Done::Run(run))
}

/// Completes a decision by what the desk knows: when it is, and what it is filed under.
fn completed(case: &Case, command: Command, now: Millis) -> Command {
    match command {
        Command::Decide { mut decision, digest, lease, edited } => {
            decision.at = now;
            decision.category = decision.category.or_else(|| case.content().first_category());
            Command::Decide { decision, digest, lease, edited }
        }
        other => other,
    }
}

/// Deletes the arguments of a case that was kept long enough.
pub fn forget<S: Store>(store: &S, now: Millis, case: &mut Case) -> Result<(), S::Error> {
    case.forget();
    commit(store, now, case, &[Event::Forgotten], None, false)
}
