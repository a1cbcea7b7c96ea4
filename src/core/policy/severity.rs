//! How bad it is if an action is wrong.

/// In rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A read: neither gated nor audited.
    None,
    /// By default it acts, and a share is audited.
    Low,
    /// By default it acts alone above a threshold.
    Medium,
    /// By default it acts alone above a high threshold.
    High,
    /// By default a person decides every one.
    Critical,
}

impl Severity {
    /// Every severity in rising order.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }
}
