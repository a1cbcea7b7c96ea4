//! The shapes of what is computed: capacity, backtests, insights, and what is in an export.

use super::shape::Holds::{
    AnyText, Anything, Digest, Flag, Instant, Integer, List, Number, Object, Of, Share, Word,
};
use super::shape::{Shape, nullable, optional, required};

const COUNT: super::shape::Holds = Integer(0, 9_007_199_254_740_991);
const LEVELS: &[&str] = &["calm", "busy", "overloaded"];
const JUDGEMENTS: &[&str] = &["real", "at_risk", "theatre", "unknown"];

/// How loaded a desk is, by its own count of the hour behind.
pub const LOAD: Shape = Shape {
    name: "Load",
    says: "How loaded a desk is, over the hour behind.",
    members: &[
        required(
            "level",
            Word(LEVELS),
            "Busy: audits are at their floor. Overloaded: deadlines cannot be kept.",
        ),
        required("since", Instant, "Since when."),
        required(
            "utilisation",
            Number,
            "The share of their time that the reviewers are busy; above 1 they cannot keep up.",
        ),
        required("late", Share, "The share of held cases that will not be decided in time."),
        required("held_per_hour", Number, "Looks that held cases need."),
        required("audits_per_hour", Number, "Audits, as many as there would be if load left none out."),
        required("reviews_per_hour", Number, "Looks that the reviewers can give."),
        required("seconds_per_review", Number, "As measured, else as the policy says."),
        required("reviewers", COUNT, "As the policy says."),
    ],
};

/// One of the things that have to be so for a review to be real.
pub const CHECK: Shape = Shape {
    name: "CapacityCheck",
    says: "One of the things that have to be so for the review to be real.",
    members: &[
        required("check", Word(&["coverage", "reading", "expiries", "catch", "overrides"]), "Which."),
        nullable("value", Number, "What is; null: not known."),
        required("needed", Number, "What it has to reach, or to stay within."),
        required("verdict", Word(JUDGEMENTS), "Whether it does."),
    ],
};

/// What would let a desk keep up.
pub const MENDS: Shape = Shape {
    name: "Mends",
    says: "What would let a desk keep up; each alone is enough.",
    members: &[
        required("people", COUNT, "So many people on shift."),
        required("seconds", Number, "So many seconds a look."),
        required("share", Share, "This share of what is held and audited now."),
        required("cheapest", Word(&["people", "seconds", "share"]), "Which of them changes least."),
    ],
};

/// What a criterion adds.
pub const ADDED: Shape = Shape {
    name: "CriterionAdds",
    says: "What a criterion adds to a desk.",
    members: &[
        required("id", AnyText, "The criterion."),
        required("holds_per_hour", Number, "Looks at held cases that would fall away without it."),
        required("audits_per_hour", Number, "Audits that would fall away without it."),
        required("started_within_60s_without", Share, "The share started within 60 s without it."),
        required("message", AnyText, "The same in a sentence."),
    ],
};

/// A desk's capacity.
pub const CAPACITY: Shape = Shape {
    name: "Capacity",
    says: "What a desk is asked to do, and whether its people can.",
    members: &[
        required("desk", AnyText, "The desk."),
        required("held_per_hour", Number, "Looks that held cases need, in a busy hour."),
        required("audits_per_hour", Number, "Audits in that hour."),
        required("reviewers", COUNT, "People on shift, as the policy says."),
        required("seconds_per_review", Number, "What a look takes."),
        required("reviews_per_hour", Number, "Looks that they can give at 85 % of their time."),
        nullable("coverage", Number, "Can give over asked for; null: nothing is asked for."),
        required("utilisation", Number, "The share of all their time that they are busy."),
        nullable(
            "expected_wait_seconds",
            Number,
            "Before a held case is started on; null: it grows without end.",
        ),
        required("started_within_60s", Share, "The share of held cases that is started on within 60 s."),
        required("expected_expiries", Share, "The share of held cases that is expected to expire."),
        nullable("seconds_available", Number, "Seconds there are for each look."),
        nullable("reading_seconds", Number, "Seconds that reading the middle case takes; null: not known."),
        required("verdict", Word(JUDGEMENTS), "The worst of the checks."),
        required("checks", List(&CHECK), "What has to be so."),
        nullable("mends", Of(&MENDS), "What would help; null: nothing has to."),
        required("advice", AnyText, "What should change, in a sentence."),
        optional("criteria", List(&ADDED), "What each criterion adds."),
        optional("seconds_are", Word(&["measured", "of the policy"]), "Where `seconds_per_review` is from."),
        optional("hours", COUNT, "Hours in which something came."),
        optional("mean_held_per_hour", Number, "Looks in the mean of those hours."),
        optional("mean_audits_per_hour", Number, "Audits in the mean of those hours."),
        optional("expired", Of(&RATE), "Held cases that expired."),
        optional("unaudited", Of(&RATE), "Audits that were not done in time."),
        optional("level", Word(LEVELS), "How loaded the desk is now."),
        optional(
            "backlog",
            Object,
            "Held cases that wait now, in one and in eight hours; hours until the last to come is too late.",
        ),
    ],
};

/// A count with its rate.
pub const RATE: Shape = Shape {
    name: "Rate",
    says: "`k` of `n`, and the 95 % interval of that share (Wilson).",
    members: &[
        required("n", Number, "How many."),
        required("k", Number, "How many of them had it."),
        nullable("rate", Share, "The share; null of nothing."),
        required("low", Share, "The interval's lower end."),
        required("high", Share, "Its upper end."),
    ],
};

/// `POST /v1/policy/backtest`
pub const TRY: Shape = Shape {
    name: "TryPolicy",
    says: "A policy to be tried.",
    members: &[
        required("policy", Anything, "Its TOML as a string, or its JSON as an object."),
        optional(
            "actions",
            List(&super::shapes::TRIED_ACTION),
            "What it is tried on; none: what was recorded.",
        ),
    ],
};

/// What a policy makes of actions.
pub const TRIAL: Shape = Shape {
    name: "Trial",
    says: "What a policy makes of some actions.",
    members: &[
        required("proceed", Number, "How many proceed."),
        required("hold", Number, "How many are held."),
        required("block", Number, "How many are blocked."),
        required("audits", Number, "How many are audited, expected."),
        required("review_minutes", Number, "Minutes of review."),
        required("expiries_per_day", Number, "Held actions that would expire, in a day of that volume."),
        required("let_through", COUNT, "Overridden actions that would proceed."),
    ],
};

/// The answer of a backtest.
pub const BACKTEST: Shape = Shape {
    name: "Backtest",
    says: "What a policy would have made of actions that are known, beside the one in force.",
    members: &[
        required("recorded", Flag, "Whether these are the recorded actions."),
        required("truncated", Flag, "Whether there are older ones than these."),
        required("actions", COUNT, "How many were tried."),
        required("stands_for", Number, "How many they stand for: each by one over its probability."),
        required("per_day", Number, "The volume for which capacity and expiries are computed."),
        required("overridden", COUNT, "How many of them people overrode."),
        required("before", Of(&TRIAL), "By the policy in force."),
        required("after", Of(&TRIAL), "By this one."),
        required("moves", Anything, "How many come out otherwise: `from`, `to`, `n`."),
        required("let_through", Anything, "The overridden ones that would proceed: `id`, `kind`, `today`."),
        required("capacity", List(&CAPACITY), "What it would ask of each desk."),
    ],
};

/// `GET /v1/insights`
pub const INSIGHTS: Shape = Shape {
    name: "Insights",
    says: "What decisions tell. Every share has its `n` and its interval.",
    members: &[
        required("since", Instant, "From when on."),
        required("until", Instant, "Until when."),
        required("labels", Number, "How many cases that are over this rests on."),
        required("open", Number, "How many cases are open: nobody has spoken on them yet."),
        required(
            "left_out",
            Number,
            "How many of them say nothing, because who decided looks like a rubber stamp.",
        ),
        required("truncated", Flag, "Whether there are older ones than these."),
        required("policy", Digest, "The policy in force."),
        required("passed", Object, "What passed the gate: proceed, audit, hold, block, and by `kind`."),
        required(
            "overrides",
            Object,
            "What people overrode, by kind, severity, criterion, category, model, reason, decision, outcome; and `edits`.",
        ),
        required("confidence", Anything, "Wrong ones by tenth of confidence."),
        required(
            "caught",
            Object,
            "Errors: stopped before they ran, found after, got through; of `all` and by `category`.",
        ),
        required("capacity", List(&CAPACITY), "Each desk."),
        required("economics", Object, "What review costs and saves."),
        required("patterns", Object, "What goes with being wrong, each with a criterion."),
        required(
            "vigilance",
            Object,
            "Whether people look: pace, streaks, overrides against what audits find.",
        ),
    ],
};

/// `GET /v1/export/{export}/manifest`
pub const MANIFEST: Shape = Shape {
    name: "Manifest",
    says: "What is in an export.",
    members: &[
        required("export", AnyText, "Which."),
        nullable("format", AnyText, "In whose form; of dpo."),
        required("since", Instant, "Decided from then on."),
        required("until", Instant, "Decided before then."),
        required("desks", Anything, "Of these desks."),
        nullable("kind", AnyText, "Of this kind; null: of all."),
        required("redacted", Anything, "Members that were taken out."),
        required("lines", COUNT, "How many lines."),
        required("splits", Object, "How many lines of each split."),
        required("split_by", AnyText, "How a line's split is found."),
        required("left_out", Object, "How many decisions were left out, by why."),
        required("sha256", AnyText, "Of the export's bytes."),
    ],
};
