//! Finding a case: by words, and as what a later one is compared with.

use super::{Answer, Case, Decision};
use crate::core::json::Json;
use crate::core::time::Millis;

impl Case {
    /// From when on it counts as approved by people: what a later action of its kind and subject is compared with.
    /// `None` where it was not approved, or its arguments are gone.
    pub fn approved_at(&self) -> Option<Millis> {
        let content = self.content().shown.as_ref();
        let approving = |decision: &&Decision| {
            matches!(decision.answer, Answer::Approve | Answer::Edit | Answer::Confirm)
        };
        content.and(self.decision().filter(approving)).and(self.release_at())
    }

    /// On whose behalf, or about whom, it was proposed.
    pub fn subject(&self) -> Option<&str> {
        self.facts.content.shown.as_ref()?.action.get("subject")?.as_str()
    }

    /// Whether each of these words is found in it, in capitals or not: in its id, kind and title, in what is to
    /// run and what was sent along, or in its decision.
    pub fn mentions(&self, words: &str) -> bool {
        let mut text = format!("{}\n{}", self.facts.id, self.facts.kind);
        let contents = [Some(&self.facts.content), self.progress.revision.as_ref()];
        for shown in contents.into_iter().flatten().filter_map(|content| content.shown.as_ref()) {
            for part in [&shown.title, &shown.digest.to_string()] {
                text.push('\n');
                text.push_str(part);
            }
            push_texts(&mut text, &shown.action);
        }
        if let Some(decision) = self.decision() {
            let said = [Some(&decision.by), decision.reason.as_ref(), decision.category.as_ref()];
            for part in said.into_iter().flatten().chain(&decision.note) {
                text.push('\n');
                text.push_str(part);
            }
        }
        let text = text.to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// Everything that a person would read in a value, line by line.
fn push_texts(text: &mut String, json: &Json) {
    match json {
        Json::Object(object) => {
            for (name, value) in object.iter() {
                text.push('\n');
                text.push_str(name);
                push_texts(text, value);
            }
        }
        Json::Array(values) => values.iter().for_each(|value| push_texts(text, value)),
        Json::String(string) => {
            text.push('\n');
            text.push_str(string);
        }
        Json::Null => {}
        value => {
            text.push('\n');
            text.push_str(&value.to_string());
        }
    }
}
