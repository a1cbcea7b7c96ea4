//! What cases that are over have taught, told to the tally: many at once, each at least once.

use super::super::sql::Bind;
use super::super::webhooks::Failed;
use super::super::{call, clock};
use super::Desk;
use crate::core::case::Case;
use crate::core::desk::Store as _;
use crate::wire::problem::Problem;
use crate::wire::tally;

/// How many are told at a time.
const AT_A_TIME: i64 = 200;

impl Desk {
    /// Tells the tally what is due.
    pub(super) async fn deliver_labels(&self) {
        let due = format!(
            "SELECT * FROM outbox WHERE dead = 0 AND due <= ? AND what = 'label' AND {} ORDER BY due LIMIT ?",
            self.not_leaving()
        );
        let rows = self.sql.query(&due, &[clock::now().0.into(), AT_A_TIME.into()]).unwrap_or_default();
        let letters: Vec<_> = rows.iter().filter_map(super::outbox::letter).collect();
        if letters.is_empty() {
            return;
        }
        let (Ok(now), name) = (self.now(), self.name()) else { return };
        // A case that lives on elsewhere teaches nothing here; one that cannot be read now is tried again.
        let (read, unread): (Vec<_>, Vec<_>) = letters
            .into_iter()
            .map(|letter| (self.case(&letter.case_id), letter))
            .partition(|(case, _)| case.is_ok());
        for (_, letter) in &unread {
            let _ = self.postpone(letter, clock::now(), Failed::ForNow("the case cannot be read".to_owned()));
        }
        let label = |case: &Result<Option<Case>, Problem>| case.as_ref().ok()?.as_ref()?.label(&name, now);
        let labels = read.iter().filter_map(|(case, _)| label(case)).collect();
        let letters: Vec<_> = read.into_iter().map(|(_, letter)| letter).collect();
        self.leaving.borrow_mut().extend(letters.iter().map(|letter| letter.place));
        let told = call::tally(&self.env, &tally::Ask::Labels(labels)).await;
        self.leaving.borrow_mut().retain(|place| !letters.iter().any(|letter| letter.place == *place));
        let arrived = told.is_ok_and(|reply| reply.status == 200);
        for letter in &letters {
            // What cannot be noted as told is told again, and counts once.
            let _ = if arrived {
                self.sql.run("DELETE FROM outbox WHERE place = ?", &[Bind::Int(letter.place)])
            } else {
                self.postpone(letter, clock::now(), Failed::ForNow("the tally is out of reach".to_owned()))
            };
        }
    }
}
