// Every sentence that the pages say and that is not in their HTML.

const count = (number, one, many) => (number === 1 ? `1 ${one}` : `${number} ${many}`);

/** A span of time in words, by its largest unit. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** What is left of a time, to the second where it is short. */
export function clock(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 2880) return `${Math.floor(minutes / 1440)} days`;
  if (minutes >= 120) return `${Math.floor(minutes / 60)} h`;
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

export const ago = (ms) => `${span(ms)} ago`;

export const texts = {
  deskOption: (name, held, audits, age) =>
    `${name} · ${held}${audits > 0 ? ` + ${count(audits, "audit", "audits")}` : ""}${age === undefined ? "" : ` · oldest ${age}`}`,
  runs: "Runs exactly as shown:",
  ran: "Ran exactly as shown:",
  held: "Why it was held",
  toAudit: "It ran already, and was drawn for a second look",
  confidence: ({ given, threshold }) => {
    if (given === null) return "";
    return `Confidence ${given}${threshold === null ? "" : `, threshold ${threshold}`}.`;
  },
  makesGood: "Makes an overturned action good",
  missing: "missing",
  empty: "empty",
  asText: "as text",
  noArguments: "No arguments.",
  flagged: "Flagged",
  was: "was",
  added: "was not there",
  compared: (changes) => `${changes === 0 ? "Nothing changed" : count(changes, "field changed", "fields changed")} since people approved the last `,
  beside: (changes) => `${changes === 0 ? "The same as" : `${count(changes, "field differs", "fields differ")} from`} what people approved last, perhaps about somebody else: `,
  forSubject: "for",
  irreversible: "Cannot be undone once it runs",
  votes: (needed) => `${needed} different people have to approve, each for themselves`,
  moreFields: (number, unchanged) => `${count(number, "more field", "more fields")}${unchanged ? ", unchanged" : ""}`,
  moreRows: (next, left) => (next === left ? `Show ${left} more` : `Show ${next} of ${left} more`),
  looksLatin: "looks like Latin:",
  showAll: (number) => `Show all ${number} characters`,

  actions: {
    before: { yes: "Approve", no: "Reject", why: "Why is it rejected?" },
    after: { yes: "Confirm", no: "Overturn", why: "Why was it wrong?" },
  },
  expires: "Expires",
  expiresThen: "then nothing runs",
  due: "Due",
  addNote: "Note",
  back: "Back",
  lookFirst: "Not yet: this part was flagged and was not on screen.",
  edited: (title) => `Let run as edited: ${title}.`,
  votedEdit: (title) => `Edited; other people approve it now: ${title}.`,
  confirmed: (title) => `Confirmed: ${title}.`,
  overturned: (title, reason) => `Overturned (${reason}): ${title}.`,
  approved: (title) => `Approved: ${title}.`,
  rejected: (title, reason) => `Rejected (${reason}): ${title}.`,
  voted: (title) => `Your approval counts; another person decides too: ${title}.`,
  pressU: "Press U to undo.",
  seconds: (seconds) => `${seconds} s`,
  sending: "Sending…",
  notLoaded: "This could not be fetched. Try again, or load the page again.",

  somebodyElse: (title) => `Somebody else was first with “${title}”. Here is the next case.`,
  leased: (title) => `Somebody else is looking at “${title}”. Here is the next case.`,
  changedMeanwhile: (title) => `“${title}” was changed by somebody else. This is how it stands now.`,
  tooLate: (title) => `Your decision on “${title}” came after its deadline, and does not count.`,
  refused: (detail) => `Not accepted: ${detail}`,
  offline: (kept) =>
    kept > 0
      ? `You are offline. ${count(kept, "decision is kept and sent", "decisions are kept and sent")} when you are back. Leave this page open.`
      : "You are offline. This page goes on when you are back.",
  notAnswering: (kept) => `Holdpoint does not answer. ${count(kept, "decision is kept and sent", "decisions are kept and sent")} again.`,
  nothingAhead: "No more cases are here",
  nothingAheadText: "They come when you are back on line.",

  nothing: "Nothing is waiting",
  nothingText: "New cases appear here by themselves.",
  nothingForYou: "Nothing is waiting for you",
  nothingForYouText: (number) =>
    `${count(number, "case waits", "cases wait")}: skipped, with somebody else, your own, or approved by you.`,
  signedOut: "You are signed out. What you decided or typed is kept while this page is open:",
  signInAgain: "sign in again in another tab",
  broken: "Holdpoint does not answer as it should",
  noDesk: "Your key is good for no desk",
  noDeskText: "Ask an admin for one.",
};

/** Said by what the first decision does not need. */
export const later = {
  notFree: (title, status) => `“${title}” is not free to decide: ${status.replace("_", " ")}.`,
  notFound: "The case in the link is not there, or not for you.",
  expired: (title) => `“${title}” expired before a decision, so nothing ran.`,
  contextNote: "Written by the app and the AI. It does not change what runs.",
  noContext: "Nothing was sent along.",
  category: "Category",
  note: "Note",
  pace: (anHour, { agreed, of }) => {
    if (anHour === undefined) return "";
    return `· ${anHour} an hour, ${of > 0 ? `second opinions agreed ${agreed} of ${of}` : "accuracy not measured yet"}`;
  },
  unaudited: (title) => `The time for the audit of “${title}” is over.`,
  withdrawn: (title) => `“${title}” was withdrawn by the app, so nothing ran.`,
  movedAway: (title) => `“${title}” was moved to another desk.`,
  whereTo: "Which desk is to decide?",
  noOtherDesk: "There is no other desk.",
  moved: (title, desk) => `Moved to ${desk}: ${title}.`,
  undone: (title) => `Taken back: ${title}.`,
  undoSoon: "It is taken back as soon as it has arrived.",
  undoAgain: "Holdpoint does not answer. Press U again.",
  skipped: (title) => `Skipped for ten minutes: ${title}.`,
  undoVote: "A vote that is not the last one cannot be taken back.",
  undoTooLate: "Too late to undo: it was released.",
  sendFirst: "Your last decisions are still being sent. Sign out when they have arrived.",
  load: "How loaded this desk is",
  overloaded: "This desk cannot keep its deadlines. What nobody decides in time expires; nothing is let through. ",
  overloadedBy: ({ held_per_hour: asked, audits_per_hour: audits, reviews_per_hour: possible }) =>
    `${Math.round(asked + audits)} looks an hour are asked for, and ${Math.round(possible)} are possible.`,
  unknown: (number, desk) => `${count(number, "action was", "actions were")} sent from ${desk}, and nobody knows what became of ${number === 1 ? "it" : "them"}.`,
  breakDue: "You have been at it for a while. Five minutes away from the screen keep the eye sharp.",
};

/** Said while editing. */
export const editing = {
  label: "Editing",
  save: "Save",
  back: "Back",
  endedDraft: (title) => `“${title}” is not to be decided any more. What you typed stays here until you go back.`,
  somebodyElseDraft: (title) => `“${title}” was decided by somebody else. What you typed stays here until you go back.`,
  leaseLost: "Somebody else looks at this case now. What you typed stays; saving it works if they leave it.",
  expiredDraft: "It expired, so nothing runs. What you typed stays here until you go back.",
  unchanged: "Nothing was changed. Go back, or change something.",
  nothingThere: "nothing (null)",
  notSet: "not set",
  leaveOut: "Leave out",
  asJson: "Edit all as JSON",
  notShown: (number) => `${count(number, "more field is", "more fields are")} not shown here: edit all as JSON.`,
  asFields: "Edit as fields again",
  argumentsJson: "Arguments as JSON",
  asItIs: "As it is:",
  wrong: {
    number: "A number is needed, such as 12 or 12.5.",
    integer: "A whole number is needed.",
    least: (limit) => `At least ${limit}.`,
    most: (limit) => `At most ${limit}.`,
    above: (limit) => `More than ${limit}.`,
    below: (limit) => `Less than ${limit}.`,
    step: (step) => `A multiple of ${step}.`,
    shorter: (limit) => `At least ${count(limit, "character", "characters")}.`,
    longer: (limit) => `At most ${count(limit, "character", "characters")}.`,
    pattern: (pattern) => `It has to match ${pattern}.`,
    format: (format) => `This is no ${format}.`,
    choice: "Choose one of the others.",
    type: (type) => `This has to be of the type ${type}.`,
    nothing: "Something has to stand here.",
    json: "This has to be JSON of the same kind: a list or an object.",
    object: "This has to be one JSON object.",
  },
};

/** Said of the canonical form and its digest. */
export const digests = {
  canonical: "Canonical JSON",
  raw: (digest) => `Canonical JSON, as the digest ${digest} has it. Press D for the fields.`,
  verified: "✓ checked here",
  differs: "⚠ What is shown has another digest. Do not approve it; tell an admin.",
};

/** Said by the help. */
export const help = {
  title: "Keys",
  close: "Close",
  singleKeys: (on) => `Single keys: ${on ? "on" : "off"}`,
  keys: [
    ["A", "Approve; confirm what ran already"],
    ["R, then 1–9", "Reject or overturn, with a reason (N adds a note, Esc goes back)"],
    ["E", "Edit what may run; Ctrl or ⌘ and Enter saves"],
    ["S", "Skip: not shown to you again for ten minutes"],
    ["X, then 1–9", "Move to another desk"],
    ["U", "Undo your last decision, while it is not released"],
    ["J, K", "Next and previous field"],
    ["D", "The canonical JSON, and back"],
    ["?", "This help"],
  ],
  note: "Enter and Space decide nothing unless you have moved to a button yourself. Without single keys the buttons do all of it.",
};

/** Said while signing in. */
export const signingIn = {
  401: "This key is not in force. Check that it was copied whole, or ask an admin for a new one.",
  403: "This key is an app's. Ask an admin for a key of your own.",
  422: "Type or paste your key; it begins with hpk_.",
  offline: "You are offline.",
  other: "Signing in does not work now. Try again in a moment.",
};

/** Said of lists of cases, and of one of them. */
export const cases = {
  title: "Cases · Holdpoint",
  any: "any",
  looking: "Looking…",
  found: (number, more) => `${count(number, "case", "cases")}${more ? ", and there are more" : ""}, the newest first.`,
  failed: (detail) => `Holdpoint does not answer as it should. ${detail}`,
  outcome: (outcome) => `the app says: ${outcome}`,
  deleted: "(arguments deleted)",
  deletedCase: (status) => `Its arguments were deleted, as the desk's time for keeping them has it. Its status: ${status}.`,
  notThere: "No case has this id, or it is not for you.",
  standing: (desk, since) => `, at ${desk}. It came ${since}.`,
  digest: "The digest of what is shown:",
  entry: "The entry as it is hashed",
  by: ", by ",
  decided: (decision) => `Decided: ${decision} by`,
  note: "Note:",
  auditorsOnly: "Its ledger is for auditors.",
  noLedger: "Its ledger cannot be read now.",
  chained: (entries) => `${count(entries, "entry", "entries")} of the ledger, hash-chained: none can be changed or left out without a trace.`,
};

/** Said where nobody knows what became of an action that was sent. */
export const settling = {
  heading: "What became of it?",
  lead: (when) =>
    `It was approved${when === null ? "" : ` at ${when}`} and sent, and no definite answer came: nobody knows whether it happened. It is not sent again.`,
  look: "Look in the system itself, and say here what you found.",
  reviewers: "A reviewer looks in the system itself, and says here what they found.",
  answers: { done: "It happened", failed: "It did not happen" },
  sure: {
    done: "That it happened stays in the ledger under your name, and cannot be taken back.",
    failed: "That it did not happen stays in the ledger under your name, and cannot be taken back.",
  },
  say: { done: "Say that it happened", failed: "Say that it did not happen" },
  settled: { done: "Noted: it happened.", failed: "Noted: it did not happen." },
  already: "It is not unknown any more: this is how it stands now.",
  again: "Holdpoint does not answer. Say it again: it counts once.",
};

const because = ({ reason, category }) => [reason && ` (${reason})`, category && `, ${category}`].filter(Boolean).join("");
const after = ({ seen_ms: ms }) => (ms === null || ms === undefined ? "" : `, seen for ${span(ms)}`);

/** What a ledger's entries say. */
export const story = {
  held: ({ severity }) => `Held, ${severity}`,
  sampled: ({ severity }) => `Ran, and was drawn for an audit, ${severity}`,
  received: ({ from }) => `Arrived from ${from}`,
  voted: (detail) => `Approved by one of several${after(detail)}`,
  edited: (detail) => `Edited, for others to approve${after(detail)}`,
  decided: (detail) => `Decided: ${detail.decision}${because(detail)}${after(detail)}`,
  too_late: (detail) => `Came too late: ${detail.decision}${because(detail)}`,
  undone: () => "Taken back",
  expired: () => "Expired: nobody decided in time, and nothing ran",
  unaudited: () => "Nobody looked in time",
  withdrawn: () => "Withdrawn by the app",
  taken: () => "Handed to the waiting client",
  started: () => "On its way to the upstream",
  finished: ({ outcome }) => `The upstream answered: ${outcome}`,
  unknown: () => "No definite answer in time: nobody knows whether it happened",
  deferred: () => "The upstream asked for something first, and did nothing",
  settled: ({ outcome }) => (outcome === "done" ? "Found to have happened" : "Found not to have happened"),
  redeemed: () => "Its permit was redeemed",
  reported: ({ outcome }) => `The app says what became of it: ${outcome}`,
  moved: ({ to }) => `Moved to ${to}`,
  raised: ({ undo }) => `An action that makes it good was raised: ${undo}`,
  forgotten: () => "Arguments and context were deleted",
};

/** Said on the page of what decisions tell. */
export const insights = {
  all: "all",
  spans: [["1d", "the last day"], ["7d", "the last 7 days"], ["30d", "the last 30 days"], ["90d", "the last 90 days"], ["400d", "all that is kept"]],
  looking: "Computing…",
  computed: (labels, open, span, truncated) => `From ${count(labels, "case that is over", "cases that are over")}, ${span}${truncated ? "; there are older ones" : ""}${open > 0 ? `; ${open} are open, and make estimates less sure` : ""}.`,
  leftOut: (number) => ` ${count(number, "of them counts", "of them count")} for nothing below: whoever decided looks like a rubber stamp.`,
  failed: (detail) => `The figures cannot be had now. ${detail}`,
  none: "nothing yet",
  signOutFailed: "You are still signed in: signing out did not work. Try again.",
  firstOf: (some, all) => ` (the first ${some} of ${all})`,
  table: "The numbers behind it",
  of: (k, n) => `${k} of ${n}`,
  restsOn: (n) => `n ${n}`,

  verdicts: { real: "Real", at_risk: "At risk", theatre: "Theatre", unknown: "Not known" },
  levels: {
    calm: "",
    busy: "Busy: audits are at their floor of 0.5 % until it falls.",
    overloaded: "Overloaded: its deadlines cannot be kept. Audits are at their floor of 0.5 %. Nothing that is held is let through.",
  },
  capacity: {
    nothing: "Nothing has come to a desk yet.",
    plot: "Looks asked for in a busy hour, of those possible at 85 % of the people's time",
    asked: "asked for",
    possible: "still possible",
    over: "more than possible",
    nothingAt: (desks) => `Nothing came to ${desks}.`,
    columns: ["Desk", "Asked in a busy hour", "Possible in an hour", "People", "A look takes", "Busy, of all their time", "Expected wait", "Started within 60 s", "Expected to expire", "Expired", "Not audited in time", "Waiting now", "In 8 hours"],
    hours: (hours) => `of ${count(hours, "hour", "hours")} with anything`,
    breach: (hours) => (hours === 0 ? "too late already" : `too late in ${hours} h`),
    forever: "grows",
  },
  look: {
    unknown: "Not known yet: nothing was decided with its time.",
    none: "Nothing says that they do not.",
    tooFew: "Too little was decided to say.",
    stamps: (some, all) => `The decisions of ${some} of ${all} people look like a rubber stamp, and count for nothing below.`,
    signs: {
      pace: "Too many decisions were faster than anybody reads.",
      streak: "Somebody approved ten in a row in less than two seconds each.",
      overrides: "Overrides are far below what others find in cases like these.",
    },
    facts: { seconds: "Mean time of a decision", floor: "Faster than reading", streak: "Longest streak under 2 s", expected: "Overrides of what was held, beside what audits let expect" },
    against: (found, expected) => `${found}, expected ${expected}`,
    z: (z, needed) => `${z} standard deviations; below ${needed} is a sign`,
    words: { pace: "faster than reading", streak: "ten in a row", overrides: "hardly any overrides" },
    notExpected: "too few audits to expect anything",
    people: "By person: for whoever leads the team, to ask and not to blame",
    columns: ["Person", "Decisions", "Overrides", "Mean time", "Faster than reading", "Longest streak", "Against expected", "Signs"],
    stamping: "looks like a rubber stamp",
    drills: "How much they would catch is not measured yet: that takes drills.",
  },
  overturn: {
    none: "Nothing was decided yet.",
    lead: (rate) => ["People overrode ", rate, " of what they looked at."],
    wrong: (rate, audits, naive) => ["Looked at or not, ", rate, ` of what was held or could be audited is wrong, estimated from ${audits} audits; what was looked at alone would say ${naive}.`],
    tooFew: (audits) => `How much is wrong of what nobody looked at cannot be said: ${audits === 0 ? "no audit is done" : `only ${count(audits, "audit is", "audits are")} done`}.`,
    by: "Told apart by",
    dimensions: { kind: "kind", severity: "severity", criterion: "criterion", category: "category", model: "model", outcome: "reported outcome" },
    plot: (word) => `Overridden, by ${word}`,
    columns: ["Reviewed and overridden", "Held", "Audited", "Wrong in all, estimated", "Without weights"],
    reasons: "Why, where a reason was chosen",
    decisions: "How cases ended",
    ends: { approve: "approved", edit: "edited", reject: "rejected", confirm: "confirmed", overturn: "overturned", expired: "expired", unaudited: "unaudited", withdrawn: "withdrawn", open: "open" },
    listed: ["Which", "How often"],
    edits: "What people change when they edit",
    editColumns: ["Member", "Edits", "What becomes of it"],
    ratio: (ratio) => `times ${ratio} in the middle`,
    slips: [[0.01, "cents taken for units"], [100, "units taken for cents"], [0.1, "the decimal point slipped"], [10, "the decimal point slipped"]],
    always: (value) => `always becomes ${value}`,
    move: (from, to, times) => `${from} becomes ${to} (${times})`,
  },
  caught: {
    none: "No error was found yet.",
    lead: (share) => ["Of all errors, found or not, ", share, " were stopped before they ran, estimated."],
    tooFew: (stopped) => `${count(stopped, "error was", "errors were")} stopped before they ran. How many got through cannot be said: too few audits are done.`,
    plot: "Errors by category: stopped before they ran, and got through, estimated",
    stopped: "stopped",
    through: "got through, estimated",
    columns: ["Category", "Stopped", "Found after", "Got through, estimated", "Stopped, of all"],
  },
  money: {
    noCost: "What review costs is not known: no desk of the policy has a `cost_per_hour`.",
    noDamage: "What errors cost is not known: no severity of the policy has a `damage`.",
    cost: "Review cost",
    saved: "Damage that was stopped",
    through: "Damage that got through, estimated",
    plot: "Wrong, by confidence",
    today: (severity) => `${severity}, today`,
    least: (severity) => `${severity}, least cost`,
    looks: (looks) => count(looks, "look", "looks"),
    between: (low, high) => `${low} – ${high}`,
    columns: ["Severity", "Looks", "Review cost", "Stopped", "Got through", "A look pays from", "Threshold", "Least cost at"],
    paysFrom: (share) => `${share} wrong`,
    best: (threshold, n) => `${threshold} (n ${n})`,
    assumes: "Reviewers are taken to see every error that they are shown. What they miss did damage that is counted nowhere here; drills will tell. A threshold of 1: a person looks at everything less than certain.",
    confidence: ["Confidence", "Wrong, weighted", "Without weights", "Seen, by whole months", "Proceeded"],
  },
  change: {
    none: "Nothing that these figures know of.",
    fewer: (recorded) => `No pattern in ${count(recorded, "recorded action", "recorded actions")} on which somebody has spoken. One takes at least five overrides with something in common that the others have not, and that no criterion looks at already.`,
    pattern: ({ kind, property }) => `${kind}: ${property || "whatever its arguments"}`,
    tells: (found, rest, lift) => ["Overridden: ", found, "; the others: ", rest, `. That is ${lift} times as often.`],
    criterion: "As a criterion:",
    tryIt: "Backtest it",
    copy: "An admin can try it on what was recorded.",
    recorded: (number) => `Looked for in ${count(number, "recorded action", "recorded actions")}. On average at most one in ten of the patterns that are shown is chance.`,
    threshold: (severity, today, best, saved, n) => `The threshold for ${severity} severity is ${today}; on what was seen ${best} would cost ${saved} less an action (n ${n}).`,
  },
  trial: {
    trying: "Trying…",
    done: (actions, stands, truncated) => `Tried on ${count(actions, "recorded action", "recorded actions")}, which stand for ${stands}${truncated ? "; there are older ones" : ""}.`,
    failed: (detail) => `It cannot be tried. ${detail}`,
    problem: ({ line, column, message, hint }) => `Line ${line}, column ${column}: ${message}${hint ? ` (${hint})` : ""}`,
    columns: ["Actions", "Today", "With this policy"],
    rows: { proceed: "Proceed", hold: "Held", block: "Blocked", audits: "Audits", review_minutes: "Minutes of review", expiries_per_day: "Expiries a day", let_through: "Overridden actions that would proceed" },
    letThrough: (after, before, all) => `Of ${count(all, "action", "actions")} that people overrode ${after} would proceed with this policy, and ${before} with today's.`,
    table: "The policy of today and this one",
    notLoaded: "The policy in force cannot be had now. Try again.",
  },
  exports: "Decisions as training data, for auditors and admins:",
  exportNames: { decisions: "all decisions", dpo: "pairs for DPO", kto: "labels for KTO" },
  manifest: "what is in it",
};

/** Said in the playground. */
export const playground = {
  policyLabel: "Policy, as TOML or JSON",
  actionsLabel: "Actions: one, a JSON array, or one a line",
  loading: "Loading the gate…",
  failed: "The gate could not be loaded. Load the page again.",
  valid: (name, digest, warnings) => `Valid${name ? `: ${name}` : ""}${warnings > 0 ? `, with ${count(warnings, "warning", "warnings")}` : ""}. ${digest.slice(0, 19)}…`,
  invalid: (problems) => `No policy yet: ${count(problems, "problem", "problems")}.`,
  place: ({ line, column, kind }) => `${kind === "warning" ? "Warning, line" : "Line"} ${line}, column ${column}:`,
  counted: (some, problems, all) =>
    `${count(some, "action", "actions")}${problems > 0 ? `, of which ${problems} cannot be read` : ""}${all > some ? `; of ${all} only these are looked at` : ""}.`,
  noPolicy: "As soon as the policy has no problems.",
  noActions: "As soon as there is an action.",
  noVolume: "As soon as there is a number of actions a day, from 0 to 1000000000.",
  verdicts: { proceed: "Proceeds", hold: "Held", block: "Blocked" },
  all: (number) => `All ${number}`,
  filter: "Which verdicts are listed",
  list: "Actions, by line",
  more: (number) => `Show more of ${number} others`,
  proceeds: (share, audit) => (audit > 0 ? `It may run. People look at ${share} of such actions afterwards.` : "It may run. Nobody looks at it afterwards."),
  holds: (desk) => `A person of the desk ${desk} decides before it runs.`,
  blocks: "It may not run, and nobody is asked.",
  builtIn: "by severity",
  action: "The action, with the fields that the reasons are about marked",
  confidence: (given, threshold) => `${given === null ? "no confidence" : `confidence ${given}`}${threshold === null ? "" : `, compared with ${threshold}`}`,
  facts: (severity, desk, compared) => `Severity ${severity}, desk ${desk}, ${compared}.`,
  held: "Held a day",
  audited: "Audited a day",
  blocked: "Blocked a day",
  time: "Time of review a day",
  expire: "Expire undecided, a day",
  nothing: "Nobody is asked to look at anything.",
  judgements: { real: "Real", at_risk: "At risk", theatre: "Theatre", unknown: "Not known" },
  table: "What each desk is asked",
  columns: ["Desk", "Asked an hour", "Possible an hour", "People", "Busy, of all their time", "Expected wait", "Started within 60 s", "Expected to expire"],
  forever: "grows",
  wrong: (through, known) => `Of ${count(known, "action", "actions")} known to be wrong ${through} would proceed.`,
  mix: (actions) => `The ${count(actions, "action", "actions")} above ${actions === 1 ? "stands" : "stand"} for all of them. The more you paste, the truer it is.`,
};
