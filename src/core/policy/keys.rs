//! The keys of a policy document, as a table: the schema for editors and the reference are printed from it, and tests
//! hold the reader to it key by key.

/// A table of the document.
#[derive(Debug)]
pub struct Keys {
    /// Its name in the schema.
    pub name: &'static str,
    /// What it is.
    pub says: &'static str,
    /// Its keys; there are no others.
    pub keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// What counts where it is left out, as it would be written; empty where nothing does, or it depends.
    pub default: &'static str,
    /// Whether it has to be there.
    pub is_required: bool,
    /// What it means.
    pub says: &'static str,
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// The number 1.
    Version,
    /// A text that is not empty.
    Text,
    /// True or false.
    Flag,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// More than 0 and at most 1.
    Share,
    /// A whole number from the first to the second.
    Count(u32, u32),
    /// More than 0 and at most this.
    Number(u32),
    /// 0 or more.
    Amount,
    /// A number and `s`, `m`, `h` or `d`: from so many seconds to so many.
    Duration(u32, u32),
    /// Texts: from so many to so many.
    Texts(usize, usize),
    /// A JSON Pointer to a member.
    Pointer,
    /// A table with these keys.
    Table(&'static Keys),
    /// Tables of such keys, each by a name that the document chooses.
    Named(&'static Keys),
    /// A list of such tables.
    List(&'static Keys),
}

const fn key(name: &'static str, holds: Holds, default: &'static str, says: &'static str) -> Key {
    Key { name, holds, default, is_required: false, says }
}

const fn required(name: &'static str, holds: Holds, says: &'static str) -> Key {
    Key { name, holds, default: "", is_required: true, says }
}

const SEVERITIES: Holds = Holds::Word(&["none", "low", "medium", "high", "critical"]);
const DAY: u32 = 86_400;

/// The whole document.
pub const DOCUMENT: Keys = Keys {
    name: "policy",
    says: "A Holdpoint policy: how actions are gated.",
    keys: &[
        required("holdpoint", Holds::Version, "The version of the language."),
        key("name", Holds::Text, "", "What the policy is called."),
        key("severity", Holds::Table(&LEVELS), "", "How people watch each severity."),
        key(
            "unlisted",
            Holds::Table(&UNLISTED),
            "",
            "What applies to kinds that no table names, and to what a kind leaves out.",
        ),
        key(
            "kinds",
            Holds::Named(&KIND),
            "",
            "Kinds of action by name; `*` stands for any characters. One table applies: the exact name, else most literal characters.",
        ),
        key("criteria", Holds::List(&CRITERION), "", "Escalation rules. They only ever tighten."),
        key(
            "desks",
            Holds::Named(&DESK),
            "",
            "The queues that teams of reviewers work off. `main` is always there; every other that is named needs its table.",
        ),
    ],
};

/// The severities that can be watched.
pub const LEVELS: Keys = Keys {
    name: "severity",
    says: "A severity is at least as strict as each lower one.",
    keys: &[
        key("low", Holds::Table(&SEVERITY), "", "By default: audit, 0.02 of them."),
        key("medium", Holds::Table(&SEVERITY), "", "By default: threshold 0.80, audit 0.05."),
        key("high", Holds::Table(&SEVERITY), "", "By default: threshold 0.95, audit 0.20."),
        key("critical", Holds::Table(&SEVERITY), "", "By default: review."),
    ],
};

/// How people watch one severity.
pub const SEVERITY: Keys = Keys {
    name: "severity level",
    says: "How people watch actions of this severity.",
    keys: &[
        key(
            "oversight",
            Holds::Word(&["audit", "threshold", "review"]),
            "",
            "audit: it acts, then a share is looked at. threshold: it acts alone from a confidence on, else it is held. review: a person before every action.",
        ),
        key("threshold", Holds::Share, "", "The confidence from which it acts alone."),
        key("audit", Holds::Share, "", "The share of those that act which is looked at afterwards."),
        key("approvals", Holds::Count(1, 10), "1", "How many different people have to approve."),
        key("damage", Holds::Amount, "", "What one wrong action costs, in your money."),
    ],
};

/// What applies to the rest.
pub const UNLISTED: Keys = Keys {
    name: "unlisted",
    says: "What applies to kinds that no table names, and to what a kind leaves out.",
    keys: &[
        key("severity", SEVERITIES, "\"high\"", "How bad it is if such an action is wrong."),
        key("desk", Holds::Text, "\"main\"", "Whose people look at it."),
    ],
};

/// One kind of action.
pub const KIND: Keys = Keys {
    name: "kind",
    says: "What the policy says of a kind of action.",
    keys: &[
        key("severity", SEVERITIES, "", "How bad it is if such an action is wrong; else that of `unlisted`."),
        key("desk", Holds::Text, "", "Whose people look at it; else that of `unlisted`."),
        key("title", Holds::Text, "", "What the reviewer reads first; `{args.path}` puts a value in."),
        key(
            "reasons",
            Holds::Texts(1, 9),
            "",
            "What a reviewer rejects with: wrong values, wrong target, not allowed, not asked for, other.",
        ),
        key(
            "confidence",
            Holds::Pointer,
            "",
            "JSON Pointer into the arguments where this kind carries its confidence; taken out before anything else.",
        ),
        key("irreversible", Holds::Flag, "false", "Whether it cannot be undone; shown to the reviewer."),
        key("undone_by", Holds::Text, "", "The kind that makes a wrong one good; not beside `irreversible`."),
    ],
};

/// One escalation rule.
pub const CRITERION: Keys = Keys {
    name: "criterion",
    says: "One escalation rule with an error category.",
    keys: &[
        required("id", Holds::Text, "Its name in verdicts and statistics."),
        required("category", Holds::Text, "The error that a person should catch."),
        key(
            "kinds",
            Holds::Texts(0, usize::MAX),
            "",
            "The kinds it looks at, `*` for any characters; else all.",
        ),
        required(
            "when",
            Holds::Text,
            "The condition, in CEL over kind, args, confidence, subject, source and context. One that cannot be evaluated counts as matched.",
        ),
        key("severity", SEVERITIES, "", "Raises the severity to at least this."),
        key(
            "then",
            Holds::Word(&["audit", "hold", "block"]),
            "",
            "What a match does: without `severity` and `then` it holds, with a severity alone it only raises.",
        ),
        key("audit", Holds::Share, "1", "With `then = \"audit\"`: the share that is looked at."),
        key("message", Holds::Text, "", "For the reviewer."),
    ],
};

/// One desk.
pub const DESK: Keys = Keys {
    name: "desk",
    says: "A desk's people and times.",
    keys: &[
        key("reviewers", Holds::Count(1, 100_000), "1", "People on shift."),
        key("hours_per_day", Holds::Number(24), "8", "Hours that they work in a day."),
        key("seconds_per_review", Holds::Number(DAY), "60", "Seconds that a decision takes them."),
        key("cost_per_hour", Holds::Amount, "", "What an hour of one of them costs, in your money."),
        key(
            "lease",
            Holds::Duration(1, DAY),
            "\"90s\"",
            "How long a case stays with the person who looks at it.",
        ),
        key("undo", Holds::Duration(0, DAY), "\"4s\"", "How long a decision can be taken back."),
        key(
            "expires",
            Holds::Duration(1, 30 * DAY),
            "\"30m\"",
            "A held case that nobody decided by then is expired: nothing runs.",
        ),
        key(
            "audit_within",
            Holds::Duration(1, 366 * DAY),
            "\"7d\"",
            "An audit not done by then is unaudited.",
        ),
        key("valid", Holds::Duration(1, 30 * DAY), "\"1h\"", "An approval that nobody used by then is void."),
        key(
            "keep",
            Holds::Duration(1, 36_600 * DAY),
            "\"90d\"",
            "Then arguments and context are deleted; the ledger keeps salted hashes.",
        ),
    ],
};

/// All tables, in the order of the reference.
pub const ALL: [&Keys; 7] = [&DOCUMENT, &LEVELS, &SEVERITY, &UNLISTED, &KIND, &CRITERION, &DESK];
