//! Counts what passes the gate, in the Worker's memory, and flushes it to the tally behind the answers: no action
//! waits for it, and what a dying Worker had not flushed is lost. Estimates therefore rest on labels alone.

use super::tally::hour_of;
use super::timer::Timer;
use super::{call, clock};
use crate::core::case::Oversight;
use crate::core::id::Course;
use crate::core::json::Json;
use crate::core::label::short_name;
use crate::core::statistics::bins::bin_of;
use crate::core::time::{Millis, Span};
use crate::wire::made::Made;
use crate::wire::tally::{Ask, Cell, Passed};
use std::cell::{self, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;
use worker::{Context, Env};

/// How long counts are gathered, from the first on.
const GATHER: Duration = Duration::from_secs(5);
/// A flush that is later than this will not come.
const LOST: Span = Span::seconds(15);
/// So many cells are kept at most; what does not fit is not counted.
const MAX_CELLS: usize = 5000;
/// So many cells are told at a time.
const AT_A_TIME: usize = 1000;

thread_local! {
    static SCHEDULED: cell::Cell<Millis> = const { cell::Cell::new(Millis(0)) };
    static COUNTED: RefCell<BTreeMap<Cell, i64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts one action that was gated.
pub(super) fn count(
    ctx: &Context,
    env: &Env,
    made: &Made,
    kind: &str,
    model: Option<&str>,
    drawn: Option<Oversight>,
) {
    let passed = match (made.id.course(), drawn) {
        (Course::Blocked, _) => Passed::Block,
        (Course::Held, _) => Passed::Hold,
        (Course::Proceeded, Some(_)) => Passed::Audit,
        (Course::Proceeded, None) => Passed::Proceed,
    };
    let given = made.verdict.get("confidence").and_then(|confidence| confidence.get("given"));
    let cell = Cell {
        hour: hour_of(made.at),
        desk: made.desk.clone(),
        kind: short_name(kind),
        severity: made.severity,
        passed,
        model: short_name(model.unwrap_or_default()),
        bin: bin_of(given.and_then(Json::as_f64).unwrap_or(0.0)),
    };
    let is_first = COUNTED.with_borrow_mut(|counted| {
        // A flush that was cut off with its request is scheduled again.
        let is_first = counted.is_empty() || clock::now().since(SCHEDULED.get()) > LOST;
        if counted.len() < MAX_CELLS || counted.contains_key(&cell) {
            let n = counted.entry(cell).or_insert(0);
            *n = n.saturating_add(1);
        }
        is_first
    });
    if is_first {
        SCHEDULED.set(clock::now());
        let env = env.clone();
        ctx.wait_until(async move {
            Timer::after(GATHER).await;
            flush(&env).await;
        });
    }
}

async fn flush(env: &Env) {
    let counted: Vec<_> = COUNTED.take().into_iter().collect();
    for batch in counted.chunks(AT_A_TIME) {
        // What cannot be told is not told twice: a count may be lost and is never doubled.
        let _ = call::tally(env, &Ask::Count(batch.to_vec())).await;
    }
}
