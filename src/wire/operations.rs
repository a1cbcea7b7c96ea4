//! What each operation of the HTTP API takes and gives, beside its row in the table of routes.

use super::figure_shapes::{BACKTEST, INSIGHTS, MANIFEST, TRY};
use super::problem::Code;
use super::route::Name;
use super::shape::Shape;
use super::shapes::{
    ANSWER, CASE, CASES, CHECKED, CLAIM, CLAIMED, DEAD_LETTERS, DECISION, DECISION_TAKEN, DESKS, HEAD, JWKS,
    KEY, KEYS, LEASE_TAKEN, MOVE, NEW_KEY, ONE_CASE, OUTCOME, PROPOSAL, REDEEM, REDEEMED, SETTLE, SIGN_IN,
    STORED, VERSIONS,
};
use crate::core::json::Json;

/// A body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// JSON of this shape.
    Json(&'static Shape),
    /// Text of these media types.
    Text(&'static [&'static str]),
    /// Nothing.
    Empty,
}

/// A parameter beside the path's: its place, name, schema and meaning.
pub(super) type Parameter = (&'static str, &'static str, fn() -> Json, &'static str);

/// What an operation takes and gives, beside its row in the table of routes.
pub(super) struct Operation {
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Content,
    pub(super) body_required: bool,
    pub(super) answers: &'static [(u16, Content)],
    /// Problems beside those that every route has.
    pub(super) problems: &'static [Code],
}

impl Operation {
    const fn new(summary: &'static str, answers: &'static [(u16, Content)]) -> Self {
        Self { summary, parameters: &[], body: Content::Empty, body_required: false, answers, problems: &[] }
    }

    const fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    const fn taking(mut self, body: Content) -> Self {
        self.body = body;
        self.body_required = true;
        self
    }

    const fn perhaps_taking(mut self, body: Content) -> Self {
        self.body = body;
        self
    }

    const fn refusing(mut self, problems: &'static [Code]) -> Self {
        self.problems = problems;
        self
    }
}

fn word() -> Json {
    Json::object([("type", "string".into())])
}

fn severity() -> Json {
    one_of(&["none", "low", "medium", "high", "critical"])
}

fn order() -> Json {
    one_of(&["oldest", "newest"])
}

fn one_of(words: &[&str]) -> Json {
    Json::object([("type", "string".into()), ("enum", words.iter().copied().collect())])
}

fn header_text() -> Json {
    // What may stand in a header, without spaces at its ends.
    Json::object([
        ("type", "string".into()),
        ("pattern", "^[!-~]{1,255}$".into()),
        ("maxLength", 255_i64.into()),
    ])
}

fn page_size() -> Json {
    Json::object([("type", "integer".into()), ("minimum", 1_i64.into()), ("maximum", 200_i64.into())])
}

fn number_from_0() -> Json {
    Json::object([
        ("type", "integer".into()),
        ("minimum", 0_i64.into()),
        ("maximum", 9_007_199_254_740_991_i64.into()),
    ])
}

const POLICY: Content = Content::Text(&["application/toml", "application/json"]);

const WAIT: Parameter = (
    "header",
    "Prefer",
    word,
    "`wait=N`: keep the request open for up to N seconds (240 at most) while a person decides",
);
pub(super) const ONCE: Parameter = (
    "header",
    "Idempotency-Key",
    header_text,
    "Names this request for 30 days: the same again does not act again",
);
const DESK_NAMED: Parameter = ("query", "desk", word, "Whose ledger; none: the office's own");

const SINCE: Parameter =
    ("query", "since", word, "From then on: an instant, or a time before now like `7d`; default 30 days");
const PER_DAY: Parameter = ("query", "per_day", amount, "A volume: so many actions in a day");
const EXPORTED: &[Parameter] = &[
    ("query", "desk", word, "Of this desk; none: of all that your key is good for"),
    ("query", "kind", word, "Of this kind; none: of all"),
    (
        "query",
        "since",
        word,
        "Decided from then on: an instant, or a time before now like `7d`; default: all",
    ),
    ("query", "until", word, "Decided before this instant; default: now"),
    ("query", "format", pair_form, "Of dpo: in whose form; default openai"),
    ("query", "redact", word, "JSON Pointers into the action, with commas between, that do not go out"),
];

fn amount() -> Json {
    Json::object([
        ("type", "number".into()),
        ("minimum", 0_i64.into()),
        ("maximum", 1_000_000_000_i64.into()),
    ])
}

fn pair_form() -> Json {
    one_of(&["openai", "trl"])
}

pub(super) fn operation(name: Name) -> Operation {
    use Content::{Empty, Json as J, Text};
    let of = Operation::new;
    let conflict: &[Code] = &[Code::Conflict];
    let on_case = |does| of(does, &[(200, J(&ONE_CASE))]).refusing(conflict);
    match name {
        Name::Healthz => of("Whether the Worker runs", &[(200, Text(&["text/plain"]))]),
        Name::Home => of("Leads to the review page", &[(302, Empty)]),
        Name::ReviewPage => of(
            "The review page with its first case, leased; whoever is not signed in is led to do so, an auditor to the cases, an admin to the insights",
            &[(200, Text(&["text/html"])), (303, Empty)],
        )
        .with(&[
            ("query", "desk", word, "The desk to open; default: that where most waits"),
            ("query", "case", word, "The case to begin with"),
        ]),
        Name::CasesPage => {
            of("The page of all cases and their stories", &[(200, Text(&["text/html"])), (303, Empty)])
        }
        Name::PlaygroundPage => of(
            "Policies and actions to play with; decided in the browser, by the gate of the npm package",
            &[(200, Text(&["text/html"]))],
        ),
        Name::SignInPage => of("The sign-in page", &[(200, Text(&["text/html"]))]),
        Name::Asset => {
            of("A file of the pages", &[(200, Text(&["text/javascript", "image/svg+xml", "application/wasm"])), (304, Empty)])
        }
        Name::OpenApi => of("This description", &[(200, Text(&["application/json"]))]),
        Name::PolicySchema => of("The policy document as JSON Schema, for editors", &[(200, Text(&["application/schema+json"]))]),
        Name::Jwks => of("The public keys for permits", &[(200, J(&JWKS))]),
        Name::SignIn => {
            of("Begins a session; the cookie is `__Host-holdpoint`", &[(204, Empty)]).taking(J(&SIGN_IN))
        }
        Name::SignOut => of("Ends the session", &[(204, Empty)]),
        Name::Propose => of("Proposes an action", &[(200, J(&ANSWER)), (202, J(&ANSWER))])
            .with(&[WAIT])
            .taking(J(&PROPOSAL))
            .refusing(conflict),
        Name::Action => {
            of("What has become of an action", &[(200, J(&ANSWER)), (202, J(&ANSWER))]).with(&[WAIT])
        }
        Name::Withdraw => {
            of("Takes an action back, as long as it is held", &[(200, J(&ANSWER))]).refusing(conflict)
        }
        Name::Redeem => {
            of("Redeems a permit, once", &[(200, J(&REDEEMED))]).taking(J(&REDEEM)).refusing(conflict)
        }
        Name::Outcome => of("Says what became of an action that may run", &[(200, J(&ANSWER))])
            .taking(J(&OUTCOME))
            .refusing(conflict),
        Name::Policy => of("The policy in force, as it was stored", &[(200, POLICY)]),
        Name::PutPolicy => of("Stores a policy", &[(200, J(&STORED))])
            .with(&[("header", "If-Match", header_text, "The ETag of the policy that you changed, or `*`")])
            .taking(POLICY)
            .refusing(&[Code::PreconditionFailed, Code::PreconditionRequired]),
        Name::PolicyVersions => of("The policies that were stored", &[(200, J(&VERSIONS))]),
        Name::Keys => of("The keys in force", &[(200, J(&KEYS))]),
        Name::NewKey => of("Makes a key", &[(201, J(&KEY))]).taking(J(&NEW_KEY)),
        Name::RevokeKey => of("Revokes a key", &[(204, Empty)]),
        Name::Desks => of("The desks that your key is good for", &[(200, J(&DESKS))]),
        Name::Cases => of("A page of cases, in the order in which they came", &[(200, J(&CASES))]).with(&[
            ("query", "status", word, "Only cases of this status"),
            ("query", "kind", word, "Only cases of this kind"),
            ("query", "severity", severity, "Only cases of this severity"),
            ("query", "search", word, "Only cases in which each of these words is found"),
            ("query", "order", order, "`newest` first, or `oldest` first; default oldest"),
            ("query", "limit", page_size, "How many at most; default 50"),
            ("query", "after", number_from_0, "The `next` of the page before"),
        ]),
        Name::Live => of(
            "Hints to pages of this site, by WebSocket: what waits, and which cases changed",
            &[(101, Empty)],
        )
        .refusing(&[Code::Invalid]),
        Name::Claim => {
            of("Leases the first case that is free for you", &[(200, J(&CLAIMED))]).perhaps_taking(J(&CLAIM))
        }
        Name::Case => of("A case", &[(200, J(&CASE))]),
        Name::Lease => of("Takes or renews a lease", &[(200, J(&LEASE_TAKEN))]).refusing(conflict),
        Name::GiveBack => of("Gives a lease back", &[(200, J(&CASE))]),
        Name::Move => on_case("Hands a case to another desk").taking(J(&MOVE)),
        Name::Decide => of("Decides", &[(200, J(&DECISION_TAKEN))]).taking(J(&DECISION)).refusing(conflict),
        Name::Undo => on_case("Takes your decision back, until `release_at`"),
        Name::Settle => on_case("Says what became of an action whose outcome is unknown").taking(J(&SETTLE)),
        Name::Ledger => of(
            "Ledger entries, one a line; the text of a line is what is hashed",
            &[(200, Text(&["application/jsonl"]))],
        )
        .with(&[
            DESK_NAMED,
            ("query", "after", number_from_0, "The number of the last entry that you have"),
            ("query", "case", word, "Only entries of this case"),
        ]),
        Name::LedgerHead => of("The end of a ledger", &[(200, J(&HEAD))]).with(&[DESK_NAMED]),
        Name::DeadLetters => of("Notifications that were given up", &[(200, J(&DEAD_LETTERS))]),
        Name::Resend => of("Tries a dead letter again", &[(204, Empty)]),
        _ => computed(name),
    }
}

/// The operations that compute: what a policy would do, and what decisions tell.
fn computed(name: Name) -> Operation {
    use Content::{Empty, Json as J, Text};
    let of = Operation::new;
    match name {
        Name::CheckPolicy => of(
            "Checks a policy without storing it; with `per_day`, also what it would ask of the reviewers",
            &[(200, J(&CHECKED))],
        )
        .with(&[PER_DAY, SINCE])
        .taking(POLICY),
        Name::Backtest => {
            of("Tries a policy on actions that are known, beside the one in force", &[(200, J(&BACKTEST))])
                .with(&[PER_DAY, SINCE])
                .taking(J(&TRY))
        }
        Name::Insights => of("What decisions tell", &[(200, J(&INSIGHTS))]).with(&[
            ("query", "desk", word, "Of this desk; none: of all that your key is good for"),
            ("query", "kind", word, "Of this kind; none: of all"),
            SINCE,
        ]),
        Name::Export => of(
            "Decisions as training data, one a line: `decisions`, `dpo` or `kto`",
            &[(200, Text(&["application/jsonl"]))],
        )
        .with(EXPORTED),
        Name::Manifest => of("What is in the same export", &[(200, J(&MANIFEST))]).with(EXPORTED),
        Name::InsightsPage => {
            of("The page of what decisions tell", &[(200, Text(&["text/html"])), (303, Empty)])
        }
        // Every other name is in `operation`; the test of the description walks them all.
        _ => of("", &[]),
    }
}
