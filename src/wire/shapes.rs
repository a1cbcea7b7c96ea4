//! The shapes of the HTTP API's bodies: what is asked, and what is answered.

use super::shape::Holds::{
    AnyText, Anything, Digest, Flag, Instant, Integer, List, Object, Of, Share, Text, Texts, Word,
};
use super::shape::{Shape, nullable, optional, required};

const SEVERITIES: &[&str] = &["none", "low", "medium", "high", "critical"];
const ROLES: &[&str] = &["app", "reviewer", "auditor", "admin"];
const COUNT: super::shape::Holds = Integer(0, 9_007_199_254_740_991);

/// A list of members of a proposal, with more.
macro_rules! proposed {
    ($($more:expr),* $(,)?) => {
        &[
            required("kind", Text(256), "The tool's name."),
            optional("args", Object, "Its arguments."),
            optional("confidence", Share, "How sure the proposer is; none counts as 0."),
            optional("severity", Word(SEVERITIES), "At least this severe; can only raise."),
            optional("subject", Text(1000), "On whose behalf, or about whom."),
            optional("source", Object, "Where it came from: model, agent."),
            optional("context", Object, "What the reviewer should know beside it. Not verified."),
            optional("audience", Text(200), "For whom a permit is made out; else for the issuer."),
            optional("permit", Flag, "Whether a permit is wanted where the action proceeds."),
            $($more),*
        ]
    };
}

/// `POST /v1/actions`
pub const PROPOSAL: Shape =
    Shape { name: "Proposal", says: "An action that an AI proposes.", members: proposed!() };

/// An action that a policy is tried on: a proposal, and what is known of it.
pub const TRIED_ACTION: Shape = Shape {
    name: "TriedAction",
    says: "An action that a policy is tried on.",
    members: proposed!(
        optional("id", Text(200), "What it is called in the answer."),
        optional("wrong", Flag, "Whether it is known to be wrong."),
    ),
};

/// `POST /v1/actions/{id}/redeem`
pub const REDEEM: Shape = Shape {
    name: "Redemption",
    says: "A permit that is about to be used.",
    members: &[required("permit", Text(8192), "The permit, as it was given.")],
};

/// `POST /v1/actions/{id}/outcome`
pub const OUTCOME: Shape = Shape {
    name: "Outcome",
    says: "What became of an action that may run.",
    members: &[
        required("outcome", Word(&["done", "failed"]), "Whether it ran."),
        optional("detail", Text(1000), "In the app's own words; not kept."),
    ],
};

/// `POST /v1/cases/{id}/outcome`
pub const SETTLE: Shape = Shape {
    name: "Settle",
    says: "What became of an action that was forwarded and never answered for certain.",
    members: &[required("outcome", Word(&["done", "failed"]), "Whether it happened.")],
};

/// A wish for cases to look at.
pub const CLAIM: Shape = Shape {
    name: "Claim",
    says: "A wish for cases to look at.",
    members: &[
        optional("want", Integer(0, 10), "How many; the first is leased, the rest a look ahead. Default 1."),
        optional("skip", Texts(1000), "Ids that are not wanted now."),
        optional("first", Text(200), "The case that is looked at already: it comes first, where it is free."),
    ],
};

/// `POST /v1/cases/{id}/decision`
pub const DECISION: Shape = Shape {
    name: "Decide",
    says: "A person's answer to a case.",
    members: &[
        required("decision", Word(&["approve", "edit", "reject", "confirm", "overturn"]), "The answer."),
        required("digest", Digest, "The digest of the case as it was seen."),
        optional("lease", Text(64), "The token of the lease under which it was seen."),
        optional(
            "args",
            Object,
            "With edit: the arguments that may run. With overturn: what should have been.",
        ),
        optional("reason", Text(200), "One of the case's reasons; required for reject and overturn."),
        optional("category", Text(200), "The error category; default: the first matched criterion's."),
        optional("note", Text(2000), "In the person's own words."),
        optional("seen_ms", Integer(0, 86_400_000), "How long the case was on screen, in milliseconds."),
        optional("next", Of(&CLAIM), "Claims what comes next in the same request."),
    ],
};

/// `POST /v1/cases/{id}/move`
pub const MOVE: Shape = Shape {
    name: "Move",
    says: "Hands a case to another desk.",
    members: &[required("desk", Text(40), "The desk that is to decide.")],
};

/// `POST /v1/keys`
pub const NEW_KEY: Shape = Shape {
    name: "NewKey",
    says: "A key to be made.",
    members: &[
        required("name", Text(100), "What people call it."),
        required("role", Word(ROLES), "What it is for."),
        optional("desks", Texts(100), "The desks it is good for; none: all."),
        optional("person", Text(100), "Who counts when it decides; default: its name."),
    ],
};

/// `POST /sign-in`
pub const SIGN_IN: Shape = Shape {
    name: "SignIn",
    says: "A reviewer's or auditor's key.",
    members: &[required("key", Text(200), "The key.")],
};

/// What was, or is to be, run.
pub const RUN: Shape = Shape {
    name: "Run",
    says: "Exactly what may run.",
    members: &[required("kind", AnyText, "The tool's name."), required("args", Object, "Its arguments.")],
};

/// One reason of a verdict.
pub const REASON: Shape = Shape {
    name: "Reason",
    says: "Why the gate decided so.",
    members: &[
        nullable("criterion", AnyText, "The criterion that matched; null: built in."),
        required("category", AnyText, "The error category."),
        nullable("message", AnyText, "For the reviewer."),
        required("fields", Texts(100_000), "JSON Pointers into the action: what the condition read."),
    ],
};

/// Confidence in a verdict.
pub const CONFIDENCE: Shape = Shape {
    name: "Confidence",
    says: "How sure the proposer was, and what that was compared with.",
    members: &[
        nullable("given", Share, "As given."),
        nullable("calibrated", Share, "As calibrated."),
        nullable("threshold", Share, "What it was compared with."),
    ],
};

/// The gate's answer.
pub const VERDICT: Shape = Shape {
    name: "Verdict",
    says: "The gate's answer to an action.",
    members: &[
        required("verdict", Word(&["proceed", "hold", "block"]), "What may happen."),
        required("severity", Word(SEVERITIES), "How bad it is if the action is wrong."),
        required("desk", AnyText, "Whose people look at it."),
        required("confidence", Of(&CONFIDENCE), "How sure the proposer was."),
        nullable("audit", Share, "The share of such actions that is audited, where it proceeds."),
        required("reasons", List(&REASON), "Why."),
        required("policy", Digest, "The policy that decided."),
    ],
};

/// A decision, as an app sees it; people of the desk also see who and with which arguments.
pub const DECIDED: Shape = Shape {
    name: "Decision",
    says: "A person's decision.",
    members: &[
        required("decision", Word(&["approve", "edit", "reject", "confirm", "overturn"]), "The answer."),
        nullable("reason", AnyText, "The reason that was chosen."),
        nullable("category", AnyText, "The error category."),
        nullable("note", AnyText, "In the person's own words."),
        required("at", Instant, "When."),
        optional("by", AnyText, "Who; to people of the desk alone."),
        optional("args", Object, "What should have been, in an overturn; to people of the desk alone."),
    ],
};

/// What an app is told of its action.
pub const ANSWER: Shape = Shape {
    name: "Answer",
    says: "How an action stands. Run `action` if and only if `may_run` is true.",
    members: &[
        required("id", AnyText, "Its id."),
        required(
            "status",
            Word(&[
                "proceed",
                "held",
                "approved",
                "edited",
                "rejected",
                "expired",
                "withdrawn",
                "blocked",
                "lapsed",
                "running",
                "done",
                "failed",
                "unknown",
            ]),
            "How it stands.",
        ),
        required("may_run", Flag, "Whether it may run now."),
        nullable("action", Of(&RUN), "What may run."),
        nullable("digest", Digest, "SHA-256 of the canonical form of kind and args."),
        nullable("verdict", Of(&VERDICT), "The gate's answer."),
        nullable("decision", Of(&DECIDED), "The person's, once it is released."),
        nullable("permit", AnyText, "The signed proof that it may run, once."),
        nullable("expires", Instant, "When it is over undecided."),
        nullable("undo", AnyText, "The id of the action that makes it good, where it was overturned."),
    ],
};

/// A redeemed permit.
pub const REDEEMED: Shape = Shape {
    name: "Redeemed",
    says: "The permit was good, and is spent now.",
    members: &[
        required("id", AnyText, "The action."),
        required("digest", Digest, "What may run: compare it with what you are about to run."),
        required("at", Instant, "When."),
    ],
};

/// How many approvals.
pub const APPROVALS: Shape = Shape {
    name: "Approvals",
    says: "Different people who have to approve.",
    members: &[required("needed", COUNT, "How many."), required("given", COUNT, "So far.")],
};

/// A lease, as everybody sees it.
pub const LEASED: Shape = Shape {
    name: "Leased",
    says: "Who looks at a case.",
    members: &[required("by", AnyText, "The person."), required("until", Instant, "Its end.")],
};

/// One's own lease.
pub const LEASE: Shape = Shape {
    name: "Lease",
    says: "One's own lease on a case.",
    members: &[required("token", AnyText, "Names it in a decision."), required("until", Instant, "Its end.")],
};

/// An action as a reviewer sees it.
pub const ACTION: Shape = Shape {
    name: "Action",
    says: "An action as it was proposed, or as last edited.",
    members: &[
        required("kind", AnyText, "The tool's name."),
        required("args", Object, "Its arguments."),
        nullable("confidence", Share, "As given."),
        nullable("subject", AnyText, "On whose behalf, or about whom."),
        required("source", Object, "Where it came from."),
        required("context", Object, "Sent along. Not verified."),
        optional("severity", Word(SEVERITIES), "At least this severe, as the app said."),
    ],
};

/// What a case is compared with.
pub const LAST_APPROVED: Shape = Shape {
    name: "LastApproved",
    says: "The last action of the same kind and subject that people of this desk approved.",
    members: &[
        required("id", AnyText, "Its case."),
        required("at", Instant, "When its approval was released."),
        required("args", Object, "The arguments that were approved."),
    ],
};

/// A case.
pub const CASE: Shape = Shape {
    name: "Case",
    says: "An action that a person looks at.",
    members: &[
        required("id", AnyText, "Its id."),
        required(
            "status",
            Word(&[
                "held",
                "approved",
                "edited",
                "rejected",
                "expired",
                "withdrawn",
                "running",
                "done",
                "failed",
                "unknown",
                "lapsed",
                "to_audit",
                "confirmed",
                "overturned",
                "unaudited",
            ]),
            "How it stands.",
        ),
        required("oversight", Word(&["before", "after"]), "Whether people look before it runs or after."),
        required("kind", AnyText, "The tool's name."),
        nullable("title", AnyText, "What the reviewer reads first; null once it was deleted."),
        required("severity", Word(SEVERITIES), "How bad it is if the action is wrong."),
        required("desk", AnyText, "Whose people look at it."),
        nullable("action", Of(&ACTION), "The action; null once it was deleted."),
        nullable("digest", Digest, "What a decision names; null once it was deleted."),
        required("verdict", Of(&VERDICT), "The gate's answer."),
        required("created", Instant, "When it became a case."),
        required("expires", Instant, "When it is over undecided."),
        required("approvals", Of(&APPROVALS), "Who has to approve."),
        nullable("lease", Of(&LEASED), "Who looks at it."),
        required("reasons", Texts(100), "The reasons to choose from."),
        nullable("decision", Of(&DECIDED), "The decision that ended it."),
        nullable("release_at", Instant, "Until when that can be taken back."),
        required("irreversible", Flag, "Whether it cannot be undone."),
        nullable("outcome", Word(&["done", "failed"]), "What became of it."),
        nullable("undo", AnyText, "The action that makes it good."),
        nullable("raised_by", AnyText, "The overturned action that this one makes good."),
        optional("last_approved", Of(&LAST_APPROVED), "What it is compared with; not in lists."),
        optional(
            "schema",
            Object,
            "The JSON Schema of its arguments, as the request to the AI had it; not in lists.",
        ),
    ],
};

/// `GET /v1/desks/{desk}/cases`
pub const CASES: Shape = Shape {
    name: "Cases",
    says: "A page of cases.",
    members: &[
        required("cases", List(&CASE), "The cases."),
        nullable("next", AnyText, "`after` of the next page; null: this is the last."),
    ],
};

/// What a claim gives.
pub const CLAIMED: Shape = Shape {
    name: "Claimed",
    says: "The first case is leased, the rest a look ahead.",
    members: &[
        required("cases", List(&CASE), "Held ones first, by deadline, then audits."),
        nullable("lease", Of(&LEASE), "The lease on the first."),
    ],
};

/// What a decision gives.
pub const DECISION_TAKEN: Shape = Shape {
    name: "DecisionTaken",
    says: "The decision counts.",
    members: &[
        required("case", Of(&CASE), "The case as it stands now."),
        nullable(
            "release_at",
            Instant,
            "Until when it can be taken back; null for one of several approvals.",
        ),
        nullable("next", Of(&CLAIMED), "What was claimed next."),
        nullable("drill", Anything, "Reserved for drills."),
    ],
};

/// A lease that was taken.
pub const LEASE_TAKEN: Shape = Shape {
    name: "LeaseTaken",
    says: "The lease is yours.",
    members: &[nullable("lease", Of(&LEASE), "The lease.")],
};

/// A case alone.
pub const ONE_CASE: Shape = Shape {
    name: "OneCase",
    says: "The case as it stands now.",
    members: &[required("case", Of(&CASE), "The case.")],
};

/// A desk in the list.
pub const DESK: Shape = Shape {
    name: "Desk",
    says: "A desk and what waits there.",
    members: &[
        required("name", AnyText, "Its name."),
        required("held", COUNT, "How many cases are held."),
        required("to_audit", COUNT, "How many audits wait."),
        required("unknown", COUNT, "Of how many forwarded actions nobody knows what became."),
        nullable("oldest", Instant, "Since when the oldest case is held."),
        nullable(
            "capacity",
            Of(&super::figure_shapes::LOAD),
            "Whether people can keep up; null: not measured.",
        ),
    ],
};

/// How a person's answers have stood.
pub const OPINIONS: Shape = Shape {
    name: "Opinions",
    says: "A person's answers of the last 30 days that met another person's, where a case needs several.",
    members: &[
        required("agreed", COUNT, "How many the other person agreed with."),
        required("of", COUNT, "How many met another's."),
    ],
};

/// `GET /v1/desks`
pub const DESKS: Shape = Shape {
    name: "Desks",
    says: "The desks that a key is good for.",
    members: &[
        required("desks", List(&DESK), "The desks."),
        required("person", AnyText, "Who counts when this key decides."),
        required("you", Of(&OPINIONS), "How that person's answers have stood at these desks."),
    ],
};

/// A key without the key.
pub const KEY: Shape = Shape {
    name: "Key",
    says: "A key, never with the key itself, but where it was just made.",
    members: &[
        required("id", AnyText, "Names it."),
        required("name", AnyText, "What people call it."),
        required("role", Word(ROLES), "What it is for."),
        required("desks", Texts(100), "The desks it is good for; none: all."),
        required("person", AnyText, "Who counts when it decides."),
        optional("key", AnyText, "The key, this once."),
    ],
};

/// `GET /v1/keys`
pub const KEYS: Shape =
    Shape { name: "Keys", says: "The keys in force.", members: &[required("keys", List(&KEY), "The keys.")] };

/// A stored policy.
pub const STORED: Shape = Shape {
    name: "PolicyStored",
    says: "The policy is in force everywhere within 5 seconds.",
    members: &[required("digest", Digest, "Names it.")],
};

/// A problem of a policy.
pub const POLICY_PROBLEM: Shape = Shape {
    name: "PolicyProblem",
    says: "What is wrong with a policy, and where.",
    members: &[
        required("line", COUNT, "From 1."),
        required("column", COUNT, "From 1, in characters."),
        required("length", COUNT, "In characters."),
        required("message", AnyText, "What is wrong."),
        nullable("hint", AnyText, "How to mend it."),
    ],
};

/// `POST /v1/policy/check`
pub const CHECKED: Shape = Shape {
    name: "PolicyChecked",
    says: "What a policy would do, without storing it.",
    members: &[
        required("problems", List(&POLICY_PROBLEM), "Why it could not be stored."),
        required("warnings", List(&POLICY_PROBLEM), "What is legal and was hardly meant."),
        required(
            "capacity",
            List(&super::figure_shapes::CAPACITY),
            "What it would ask of each desk; empty without `per_day`.",
        ),
    ],
};

/// `GET /v1/ledger/head`
pub const HEAD: Shape = Shape {
    name: "Head",
    says: "The end of a ledger: keep it elsewhere, and no entry can vanish unnoticed.",
    members: &[
        nullable("desk", AnyText, "Whose ledger; null: the office's."),
        required("seq", COUNT, "How many entries it has."),
        required("hash", Digest, "SHA-256 of the last entry's text."),
        required("at", Instant, "When that was."),
    ],
};

/// A dead letter.
pub const DEAD_LETTER: Shape = Shape {
    name: "DeadLetter",
    says: "A notification that was given up.",
    members: &[
        required("id", AnyText, "Names it."),
        required("desk", AnyText, "Whose case it tells of."),
        required("webhook", AnyText, "Who was to be told."),
        required("type", AnyText, "Of what."),
        required("action", AnyText, "The action."),
        required("tries", COUNT, "How often it was tried."),
        required("since", Instant, "When it was first due."),
        nullable("error", AnyText, "What the last attempt met."),
    ],
};

/// `GET /v1/dead-letters`
pub const DEAD_LETTERS: Shape = Shape {
    name: "DeadLetters",
    says: "Notifications that were given up, the newest 100 of each desk.",
    members: &[required("dead_letters", List(&DEAD_LETTER), "The dead letters.")],
};

/// A public key.
pub const JWK: Shape = Shape {
    name: "Jwk",
    says: "A public key for permits (RFC 8037).",
    members: &[
        required("kty", Word(&["OKP"]), "Its type."),
        required("crv", Word(&["Ed25519"]), "Its curve."),
        required("x", AnyText, "The key."),
        required("kid", AnyText, "Its thumbprint (RFC 7638)."),
        required("alg", Word(&["EdDSA"]), "What it signs with."),
        required("use", Word(&["sig"]), "What it is for."),
    ],
};

/// `GET /.well-known/jwks.json`
pub const JWKS: Shape = Shape {
    name: "Jwks",
    says: "The public keys for permits; the first signs now.",
    members: &[required("keys", List(&JWK), "The keys.")],
};

/// A member that is not acceptable.
pub const FIELD_PROBLEM: Shape = Shape {
    name: "FieldProblem",
    says: "What is wrong with a member.",
    members: &[
        required("pointer", AnyText, "JSON Pointer to it."),
        required("message", AnyText, "What is wrong, and how to mend it."),
    ],
};

/// A policy that was in force.
pub const VERSION: Shape = Shape {
    name: "PolicyVersion",
    says: "A policy that was stored.",
    members: &[
        required("digest", Digest, "Names it."),
        required("at", Instant, "From when on it was in force."),
        required("by", AnyText, "The key that stored it."),
    ],
};

/// `GET /v1/policy/versions`
pub const VERSIONS: Shape = Shape {
    name: "PolicyVersions",
    says: "The policies that were stored, the newest first; at most 200.",
    members: &[required("versions", List(&VERSION), "The policies.")],
};
