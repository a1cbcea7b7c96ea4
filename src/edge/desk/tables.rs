//! The tables of a desk's cases, and how those of earlier versions become them.

/// The tables of the first version, which knew neither edits nor audits.
pub(super) const FIRST_TABLES: &[&str] = &[
    "CREATE TABLE cases (id TEXT PRIMARY KEY, open INTEGER NOT NULL, proposer TEXT NOT NULL, created INTEGER NOT NULL, \
     expires INTEGER NOT NULL, valid INTEGER NOT NULL, facts TEXT NOT NULL, progress TEXT NOT NULL) STRICT",
    "CREATE INDEX cases_by_deadline ON cases (open, expires, id)",
    "CREATE TRIGGER cases_stay BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'cases do not vanish'); END",
    "CREATE TRIGGER facts_stay BEFORE UPDATE OF facts, proposer, created, expires, valid ON cases \
     BEGIN SELECT RAISE(ABORT, 'what was held does not change'); END",
];

/// Its cases in the new tables: held before they ran, by nobody edited, kept for the default of 90 days.
pub(super) const FROM_FIRST_TABLES: &[&str] = &[
    "INSERT INTO cases (id, open, after, proposer, created, expires, valid, forget_at, facts, progress) \
     SELECT id, open, 0, proposer, created, expires, valid, CASE open WHEN 1 THEN NULL ELSE expires + valid + 7776000000 END, \
     json_object('id', id, 'app', facts ->> 'app', 'proposer', proposer, 'probability', NULL, 'kind', facts ->> 'kind', \
     'irreversible', json(facts -> 'irreversible'), 'undone_by', NULL, 'raised_by', NULL, 'audience', NULL, 'origin', '', \
     'content', json_object('severity', facts ->> 'severity', 'verdict', json(facts -> 'verdict'), \
     'approvals', facts ->> 'approvals', 'shown', json_object('title', facts ->> 'title', 'digest', facts ->> 'digest', \
     'action', json(facts -> 'action'), 'salt', facts ->> 'salt')), 'reasons', json(facts -> 'reasons'), 'created', created, \
     'expires', expires, 'lease', facts ->> 'lease', 'undo', facts ->> 'undo', 'valid', valid, 'keep', 7776000000), \
     json_object('state', CASE progress ->> '$.state.is' WHEN 'decided' THEN json_object('is', 'decided', 'decision', \
     json_set(progress -> '$.state.decision', '$.args', NULL), 'release_at', progress ->> '$.state.release_at', 'before', NULL) \
     ELSE json_object('is', progress ->> '$.state.is') END, 'revision', NULL, 'editors', json_array(), \
     'votes', json(progress -> 'votes'), 'lease', json(progress -> 'lease'), 'run', json_object('used', \
     progress ->> '$.state.taken', 'outcome', NULL), 'undo', NULL, 'told', 0, 'moves', 0) FROM first_cases ORDER BY rowid",
    "DROP TABLE first_cases",
];

pub(super) const TABLES: &[&str] = &[
    "DROP TRIGGER cases_stay",
    "DROP TRIGGER facts_stay",
    "DROP INDEX cases_by_deadline",
    "ALTER TABLE cases RENAME TO first_cases",
    "CREATE TABLE cases (id TEXT PRIMARY KEY, open INTEGER NOT NULL, after INTEGER NOT NULL, proposer TEXT NOT NULL, \
     created INTEGER NOT NULL, expires INTEGER NOT NULL, valid INTEGER NOT NULL, forget_at INTEGER, \
     facts TEXT NOT NULL, progress TEXT NOT NULL) STRICT",
    "CREATE INDEX cases_by_deadline ON cases (open, after, expires, id)",
    "CREATE INDEX cases_to_forget ON cases (forget_at) WHERE forget_at IS NOT NULL",
    "CREATE TRIGGER cases_stay BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'cases do not vanish'); END",
    "CREATE TRIGGER cases_follow BEFORE INSERT ON cases WHEN EXISTS (SELECT 1 FROM cases WHERE id = NEW.id) \
     BEGIN SELECT RAISE(ABORT, 'what became a case does not change'); END",
    // Only a closed case loses its arguments, and only to be forgotten.
    "CREATE TRIGGER facts_stay BEFORE UPDATE OF id, after, proposer, created, expires, valid, facts ON cases \
     WHEN OLD.open = 1 OR OLD.forget_at IS NULL OR NEW.forget_at IS NOT NULL \
     BEGIN SELECT RAISE(ABORT, 'what became a case does not change'); END",
    "CREATE TABLE runs (id TEXT PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    "CREATE TABLE tokens (token TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT",
];

/// Calls through the proxy that come again find the case that they can wait for.
pub(super) const EQUAL_CALLS: &[&str] = &[
    "ALTER TABLE cases ADD COLUMN call TEXT",
    "ALTER TABLE cases ADD COLUMN request TEXT",
    "ALTER TABLE cases ADD COLUMN awaited_until INTEGER",
    "CREATE INDEX cases_by_call ON cases (call, awaited_until) WHERE call IS NOT NULL",
];

/// What was forwarded and not answered yet: until when an answer counts, as long as that is not noted to be over, and
/// whether anybody knows what became of it.
pub(super) const SENT: &[&str] = &[
    "ALTER TABLE cases ADD COLUMN sent_until INTEGER",
    "ALTER TABLE cases ADD COLUMN unsettled INTEGER",
    "CREATE INDEX cases_sent ON cases (sent_until) WHERE sent_until IS NOT NULL",
    "CREATE INDEX cases_unsettled ON cases (call) WHERE unsettled = 1",
];
