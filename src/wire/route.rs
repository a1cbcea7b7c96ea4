//! The one table of routes: the router uses it, the tests walk it, the documents print it.

use crate::core::key::Role;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Whether the Worker runs.
    Healthz,
    /// Leads to the review page.
    Home,
    /// The review page.
    ReviewPage,
    /// The page of all cases.
    CasesPage,
    /// Policies and actions to play with, in the browser alone.
    PlaygroundPage,
    /// The sign-in page.
    SignInPage,
    /// A file of the pages.
    Asset,
    /// The description of this API.
    OpenApi,
    /// `/policy.schema.json`
    PolicySchema,
    /// The public keys for permits.
    Jwks,
    /// Begins a session.
    SignIn,
    /// Ends a session.
    SignOut,
    /// Proposes an action.
    Propose,
    /// What has become of an action.
    Action,
    /// Takes an action back.
    Withdraw,
    /// Redeems a permit.
    Redeem,
    /// Says what became of an action.
    Outcome,
    /// The policy in force.
    Policy,
    /// Stores a policy.
    PutPolicy,
    /// Checks a policy without storing it.
    CheckPolicy,
    /// Tries a policy on actions that are known.
    Backtest,
    /// The policies that were in force.
    PolicyVersions,
    /// The keys.
    Keys,
    /// Makes a key.
    NewKey,
    /// Revokes a key.
    RevokeKey,
    /// The desks that a key is good for.
    Desks,
    /// What decisions tell.
    Insights,
    /// The page that shows it.
    InsightsPage,
    /// Decisions as training data.
    Export,
    /// What is in an export.
    Manifest,
    /// The cases of a desk.
    Cases,
    /// Cases to look at.
    Claim,
    /// Hints to the pages that watch a desk.
    Live,
    /// A case.
    Case,
    /// Takes or renews a lease.
    Lease,
    /// Gives a lease back.
    GiveBack,
    /// Hands a case to another desk.
    Move,
    /// Decides.
    Decide,
    /// Takes a decision back.
    Undo,
    /// Says what became of what was forwarded and never answered.
    Settle,
    /// A ledger's entries.
    Ledger,
    /// A ledger's end.
    LedgerHead,
    /// Notifications that were given up.
    DeadLetters,
    /// Tries one of them again.
    Resend,
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Keys of these roles, as of at most 5 seconds ago.
    Keys(&'static [Role]),
    /// Keys of these roles, confirmed by the office for each request.
    Live(&'static [Role]),
}

impl Access {
    /// The roles that may; empty where everybody may.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Public => &[],
            Self::Keys(roles) | Self::Live(roles) => roles,
        }
    }
}

/// What of a route's things a key may see or change; the rest is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All there is.
    Anything,
    /// What this very key proposed.
    Own,
    /// What is at the desks that the key is good for.
    Desks,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The method.
    pub method: &'static str,
    /// The path; `{…}` stands for one segment.
    pub path: &'static str,
    /// What it does.
    pub name: Name,
    /// Who may.
    pub access: Access,
    /// What of it they may see or change.
    pub scope: Scope,
}

impl Row {
    /// Whether a person opens it in a browser: what goes wrong is told by a page.
    pub fn is_page(&self) -> bool {
        matches!(self.name, Name::ReviewPage | Name::CasesPage | Name::InsightsPage)
    }
}

const fn row(method: &'static str, path: &'static str, name: Name, access: Access, scope: Scope) -> Row {
    Row { method, path, name, access, scope }
}

const PUBLIC: Access = Access::Public;
const READ_POLICY: Access = Access::Keys(&[Role::App, Role::Reviewer, Role::Auditor, Role::Admin]);
const CHECK: Access = Access::Keys(&[Role::App, Role::Admin]);
const VERSIONS: Access = Access::Live(&[Role::Auditor, Role::Admin]);
const APP: Access = Access::Keys(&[Role::App]);
const SEE_DESKS: Access = Access::Keys(&[Role::Reviewer, Role::Auditor]);
const WATCH: Access = Access::Live(&[Role::Reviewer, Role::Auditor]);
const REVIEW: Access = Access::Live(&[Role::Reviewer]);
const PEOPLE: Access = Access::Live(&[Role::Reviewer, Role::Auditor, Role::Admin]);
const EXPORT: Access = Access::Live(&[Role::Auditor, Role::Admin]);
const AUDIT: Access = Access::Live(&[Role::Auditor]);
const ADMIN: Access = Access::Live(&[Role::Admin]);

/// Who may send requests to upstreams.
pub const UPSTREAMS: Access = APP;

/// Every route but the proxied ones, which begin with `/to/`.
pub const ROUTES: [Row; 44] = [
    row("GET", "/healthz", Name::Healthz, PUBLIC, Scope::Anything),
    row("GET", "/", Name::Home, PUBLIC, Scope::Anything),
    row("GET", "/review", Name::ReviewPage, PEOPLE, Scope::Desks),
    row("GET", "/review/cases", Name::CasesPage, WATCH, Scope::Desks),
    row("GET", "/insights", Name::InsightsPage, PEOPLE, Scope::Desks),
    row("GET", "/playground", Name::PlaygroundPage, PUBLIC, Scope::Anything),
    row("GET", "/sign-in", Name::SignInPage, PUBLIC, Scope::Anything),
    row("GET", "/www/{file}", Name::Asset, PUBLIC, Scope::Anything),
    row("GET", "/openapi.json", Name::OpenApi, PUBLIC, Scope::Anything),
    row("GET", "/policy.schema.json", Name::PolicySchema, PUBLIC, Scope::Anything),
    row("GET", "/.well-known/jwks.json", Name::Jwks, PUBLIC, Scope::Anything),
    row("POST", "/sign-in", Name::SignIn, PUBLIC, Scope::Anything),
    row("POST", "/sign-out", Name::SignOut, PUBLIC, Scope::Anything),
    row("POST", "/v1/actions", Name::Propose, APP, Scope::Own),
    row("GET", "/v1/actions/{id}", Name::Action, APP, Scope::Own),
    row("POST", "/v1/actions/{id}/withdraw", Name::Withdraw, APP, Scope::Own),
    row("POST", "/v1/actions/{id}/redeem", Name::Redeem, APP, Scope::Anything),
    row("POST", "/v1/actions/{id}/outcome", Name::Outcome, APP, Scope::Own),
    row("GET", "/v1/policy", Name::Policy, READ_POLICY, Scope::Anything),
    row("PUT", "/v1/policy", Name::PutPolicy, ADMIN, Scope::Anything),
    row("POST", "/v1/policy/check", Name::CheckPolicy, CHECK, Scope::Anything),
    row("POST", "/v1/policy/backtest", Name::Backtest, ADMIN, Scope::Anything),
    row("GET", "/v1/policy/versions", Name::PolicyVersions, VERSIONS, Scope::Anything),
    row("GET", "/v1/keys", Name::Keys, ADMIN, Scope::Anything),
    row("POST", "/v1/keys", Name::NewKey, ADMIN, Scope::Anything),
    row("DELETE", "/v1/keys/{id}", Name::RevokeKey, ADMIN, Scope::Anything),
    row("GET", "/v1/desks", Name::Desks, SEE_DESKS, Scope::Desks),
    row("GET", "/v1/desks/{desk}/cases", Name::Cases, SEE_DESKS, Scope::Desks),
    row("GET", "/v1/desks/{desk}/live", Name::Live, WATCH, Scope::Desks),
    row("POST", "/v1/desks/{desk}/claim", Name::Claim, REVIEW, Scope::Desks),
    row("GET", "/v1/cases/{id}", Name::Case, SEE_DESKS, Scope::Desks),
    row("POST", "/v1/cases/{id}/lease", Name::Lease, REVIEW, Scope::Desks),
    row("DELETE", "/v1/cases/{id}/lease", Name::GiveBack, REVIEW, Scope::Desks),
    row("POST", "/v1/cases/{id}/move", Name::Move, REVIEW, Scope::Desks),
    row("POST", "/v1/cases/{id}/decision", Name::Decide, REVIEW, Scope::Desks),
    row("POST", "/v1/cases/{id}/undo", Name::Undo, REVIEW, Scope::Desks),
    row("POST", "/v1/cases/{id}/outcome", Name::Settle, REVIEW, Scope::Desks),
    row("GET", "/v1/insights", Name::Insights, PEOPLE, Scope::Desks),
    row("GET", "/v1/export/{export}", Name::Export, EXPORT, Scope::Desks),
    row("GET", "/v1/export/{export}/manifest", Name::Manifest, EXPORT, Scope::Desks),
    row("GET", "/v1/ledger", Name::Ledger, AUDIT, Scope::Desks),
    row("GET", "/v1/ledger/head", Name::LedgerHead, AUDIT, Scope::Desks),
    row("GET", "/v1/dead-letters", Name::DeadLetters, ADMIN, Scope::Anything),
    row("POST", "/v1/dead-letters/{id}/resend", Name::Resend, ADMIN, Scope::Anything),
];

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'p> {
    /// A row of the table, with the segment that stands for `{…}`, or nothing.
    Own(&'static Row, &'p str),
    /// Behind `/to/`: the upstream's name, and the rest of the path with its slash.
    Proxied(&'p str, &'p str),
    /// The path is known with other methods only: [`methods`].
    OtherMethod,
    /// Nothing is there.
    None,
}

/// Finds the route of a request. `HEAD` goes where `GET` goes.
pub fn find<'p>(method: &str, path: &'p str) -> Route<'p> {
    if let Some(behind) = path.strip_prefix("/to/") {
        let at = behind.find('/').unwrap_or(behind.len());
        let (upstream, rest) = behind.split_at_checked(at).unwrap_or((behind, ""));
        return Route::Proxied(upstream, rest);
    }
    let method = if method == "HEAD" { "GET" } else { method };
    let mut other = false;
    for row in &ROUTES {
        let Some(parameter) = matched(row.path, path) else { continue };
        if row.method == method {
            return Route::Own(row, parameter);
        }
        other = true;
    }
    if other { Route::OtherMethod } else { Route::None }
}

/// The methods that a path takes, for the header `Allow`.
pub fn methods(path: &str) -> String {
    let rows = ROUTES.iter().filter(|row| matched(row.path, path).is_some());
    rows.map(|row| row.method).collect::<Vec<_>>().join(", ")
}

/// The segment that stands for `{…}`, where the path fits; empty where there is none.
fn matched<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let mut parameter = "";
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            parameter = segment;
        } else if expected != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_and_nothing_else_is() {
        for row in &ROUTES {
            let path = row
                .path
                .replace("{id}", "hp_x")
                .replace("{desk}", "main")
                .replace("{file}", "review.js")
                .replace("{export}", "dpo");
            assert!(matches!(find(row.method, &path), Route::Own(found, _) if found == row), "{path}");
        }
        assert_eq!(find("GET", "/v1/nothing"), Route::None);
        assert_eq!(find("GET", "/v1/cases/"), Route::None);
        assert_eq!(find("GET", "/v1/cases/x/y"), Route::None);
        assert_eq!(find("PATCH", "/v1/actions"), Route::OtherMethod);
        assert_eq!(methods("/v1/policy"), "GET, PUT");
        assert!(matches!(find("HEAD", "/healthz"), Route::Own(row, _) if row.name == Name::Healthz));
        assert_eq!(
            find("POST", "/to/openai/v1/chat/completions"),
            Route::Proxied("openai", "/v1/chat/completions")
        );
        assert_eq!(find("POST", "/to/openai"), Route::Proxied("openai", ""));
    }

    #[test]
    fn nobody_but_a_reviewer_decides() {
        for row in ROUTES.iter().filter(|row| {
            matches!(
                row.name,
                Name::Decide | Name::Undo | Name::Claim | Name::Lease | Name::Move | Name::Settle
            )
        }) {
            assert_eq!(row.access, REVIEW);
        }
    }
}
