//! Who may do what: roles, the keys that carry them, and the persons who count.

use super::canonical::Digest;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Proposes actions.
    App,
    /// Decides cases of its desks.
    Reviewer,
    /// Reads everything on its desks, decides nothing.
    Auditor,
    /// Policy and keys; decides nothing.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::App, Self::Reviewer, Self::Auditor, Self::Admin];

    /// The word for it in documents and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A key as the office keeps it: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Names the key in the API and in the ledger.
    pub id: String,
    /// SHA-256 of the key.
    pub hash: Digest,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The desks it is good for; none: all.
    pub desks: Vec<String>,
    /// Who counts when it decides, and whose actions are its own.
    pub person: String,
}

impl Key {
    /// Whether it is good for a desk.
    pub fn covers(&self, desk: &str) -> bool {
        self.desks.is_empty() || self.desks.iter().any(|known| known == desk)
    }
}
