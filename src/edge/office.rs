//! The office: policy versions, keys and sessions.
//!
//! One per deployment, because what is in force has to be the same for everybody. Workers keep a copy of what
//! they need and come back every few seconds; decisions, sign-in and everything an admin does ask here each
//! time. It is asked by one internal route, `POST /` with a JSON body whose `ask` names the question. Tables:
//! `policies`, `keys`, `sessions`, `secrets` and the office's own `ledger`. It has no alarm: what has run out is
//! judged on reading. Every change is one synchronous transaction with its ledger entry.

use super::sql::{Bind, Row, Sql, SqlError};
use super::{chain, clock};
use crate::core::canonical::Digest;
use crate::core::capacity::load::Level;
use crate::core::json::Json;
use crate::core::key::{Key, Role};
use crate::core::ledger;
use crate::core::policy::document::Format;
use crate::core::secret::{BearerKey, MacKey};
use crate::core::time::{Millis, Span};
use crate::wire::api::key_json;
use crate::wire::office::{Snapshot, format_of, key_from_json, key_to_json};
use crate::wire::problem::{Code, Problem};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use worker::{Env, Request, Response, State, durable_object};

const MIGRATIONS: &[&[&str]] = &[
    chain::TABLES,
    &[
        "CREATE TABLE policies (seq INTEGER PRIMARY KEY, digest TEXT NOT NULL, format TEXT NOT NULL, text TEXT NOT NULL, \
         at INTEGER NOT NULL, by TEXT NOT NULL) STRICT",
        "CREATE TABLE keys (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, key TEXT NOT NULL, at INTEGER NOT NULL, \
         revoked INTEGER) STRICT",
        "CREATE TABLE sessions (hash TEXT PRIMARY KEY, key_id TEXT NOT NULL, until INTEGER NOT NULL) STRICT",
        "CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    ],
    &["CREATE TABLE levels (desk TEXT PRIMARY KEY, level TEXT NOT NULL, at INTEGER NOT NULL) STRICT"],
];

/// The policy in force before the first is stored: everything that is not listed is of high severity.
const FIRST_POLICY: &str = "holdpoint = 1\n";

/// How long a session lasts.
const SESSION: Span = Span::seconds(12 * 60 * 60);

/// The object.
#[durable_object(fetch)]
#[derive(Debug)]
pub struct Office {
    sql: Sql,
    ready: Result<(), SqlError>,
}

impl worker::DurableObject for Office {
    fn new(state: State, _env: Env) -> Self {
        let sql = Sql::new(&state);
        let ready = sql.migrate(MIGRATIONS);
        Self { sql, ready }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.bytes().await?;
        let answered = match (&self.ready, Json::parse_own(&body)) {
            (Err(error), _) => Err(failed(error)),
            (Ok(()), Err(error)) => Err(Problem::malformed(&error)),
            (Ok(()), Ok(ask)) => self.answer(&ask, clock::now()),
        };
        Ok(super::respond::internal(answered))
    }
}

type Answered = Result<(u16, Json), Problem>;

fn failed(error: &SqlError) -> Problem {
    Problem::new(Code::Unavailable, format!("office: {error}"))
}

fn text<'j>(ask: &'j Json, name: &str) -> Result<&'j str, Problem> {
    ask.get(name)
        .and_then(Json::as_str)
        .ok_or_else(|| Problem::new(Code::Invalid, format!("`{name}` is missing")))
}

impl Office {
    fn answer(&self, ask: &Json, now: Millis) -> Answered {
        match text(ask, "ask")? {
            "snapshot" => self.snapshot(ask.get("version").and_then(Json::as_i64)),
            "put_policy" => self.put_policy(ask, now),
            "keys" => self.keys().map(|keys| {
                let keys: Json = keys.iter().map(key_json).collect();
                (200, Json::object([("keys", keys)]))
            }),
            "new_key" => self.new_key(ask, now),
            "revoke_key" => self.revoke_key(text(ask, "id")?, text(ask, "by")?, now),
            "level" => self.note_level(ask, now),
            "authorize" => self.authorize(text(ask, "hash")?),
            "person" => self.person(text(ask, "person")?),
            "versions" => self.versions(),
            "ledger" => {
                let after = ask.get("after").and_then(Json::as_i64).unwrap_or(0);
                chain::page(&self.sql, after, None).map_err(|error| failed(&error))
            }
            "head" => chain::head_json(&self.sql, None).map_err(|error| failed(&error)),
            "sign_in" => self.sign_in(text(ask, "hash")?, now),
            "session" => self.session(text(ask, "session")?, now),
            "sign_out" => self.sign_out(text(ask, "session")?),
            other => Err(Problem::new(Code::NotFound, format!("the office is not asked `{other}`"))),
        }
    }

    /// Everything a Worker keeps, unless it has it already. The ledger's length is the version: nothing that a
    /// Worker keeps changes without an entry.
    fn snapshot(&self, known: Option<i64>) -> Answered {
        let (policy, format) = self.current_policy()?;
        let (id_key, sample_key) = (self.secret("ids")?, self.secret("samples")?);
        let version = chain::head(&self.sql)?.seq;
        if known == Some(version) {
            return Ok((200, Json::object([("version", version.into())])));
        }
        let levels = self.levels()?;
        let mut body = Snapshot::to_json(&policy, format, &self.keys()?, [&id_key, &sample_key], &levels);
        if let Some(object) = body.as_object_mut() {
            object.set("version", version);
        }
        Ok((200, body))
    }

    /// The desks that are not calm.
    fn levels(&self) -> Result<Vec<(String, Level)>, SqlError> {
        let rows =
            self.sql.query("SELECT desk, level FROM levels WHERE level <> 'calm' ORDER BY desk", &[])?;
        let level =
            |row: &Row| Ok((row.text("desk")?, Level::parse(&row.text("level")?).unwrap_or_default()));
        rows.iter().map(level).collect()
    }

    /// Notes how loaded a desk is. What comes late, behind something newer, changes nothing.
    fn note_level(&self, ask: &Json, now: Millis) -> Answered {
        let (desk, level) = (text(ask, "desk")?, text(ask, "level")?);
        let at = ask.get("at").and_then(Json::as_i64).unwrap_or(0);
        if Level::parse(level).is_none() {
            return Err(Problem::new(Code::Invalid, "an unknown level"));
        }
        self.sql.transaction(|| {
            let put = "INSERT INTO levels (desk, level, at) VALUES (?, ?, ?) ON CONFLICT (desk) DO UPDATE \
                       SET level = excluded.level, at = excluded.at WHERE excluded.at > levels.at RETURNING desk";
            let noted = self.sql.query(put, &[Bind::Text(desk), Bind::Text(level), at.into()])?;
            if noted.is_empty() {
                return Ok(());
            }
            let stored = chain::head(&self.sql).and_then(|head| {
                let detail = Json::object([("level", level.into())]);
                chain::store(&self.sql, &ledger::append(head, now, desk, "load", None, detail))
            });
            stored.map_err(|error| failed(&error))
        })?;
        Ok((200, Json::Null))
    }

    fn current_policy(&self) -> Result<(String, Format), SqlError> {
        let rows = self.sql.query("SELECT text, format FROM policies ORDER BY seq DESC LIMIT 1", &[])?;
        let Some(row) = rows.first() else { return Ok((FIRST_POLICY.to_owned(), Format::Toml)) };
        let format = format_of(&row.text("format")?)
            .ok_or_else(|| SqlError("a policy's format cannot be read".to_owned()))?;
        Ok((row.text("text")?, format))
    }

    fn put_policy(&self, ask: &Json, now: Millis) -> Answered {
        let (policy, format, expected) = (text(ask, "policy")?, text(ask, "format")?, text(ask, "if_match")?);
        let (digest, by) = (Digest::of(policy.as_bytes()).to_string(), text(ask, "by")?);
        self.sql.transaction(|| {
            let (current, _) = self.current_policy()?;
            let current = Digest::of(current.as_bytes()).to_string();
            if expected != "*" && expected != current {
                let detail = format!(
                    "the policy in force is {current}; fetch it, merge, and send its ETag as If-Match"
                );
                return Err(Problem::new(Code::PreconditionFailed, detail));
            }
            let insert = "INSERT INTO policies (digest, format, text, at, by) VALUES (?, ?, ?, ?, ?)";
            let values =
                [Bind::Text(&digest), Bind::Text(format), Bind::Text(policy), now.0.into(), Bind::Text(by)];
            self.sql.run(insert, &values)?;
            self.record(
                now,
                "policy",
                "policy_stored",
                by,
                Json::object([("digest", digest.as_str().into())]),
            )
        })?;
        Ok((200, Json::object([("digest", digest.into())])))
    }

    fn versions(&self) -> Answered {
        let rows = self.sql.query("SELECT digest, at, by FROM policies ORDER BY seq DESC LIMIT 200", &[])?;
        let version = |row: &Row| {
            Ok(Json::object([
                ("digest", row.text("digest")?.into()),
                ("at", Millis(row.int("at")?).to_string().into()),
                ("by", row.text("by")?.into()),
            ]))
        };
        let versions: Result<Json, SqlError> = rows.iter().map(version).collect();
        Ok((200, Json::object([("versions", versions?)])))
    }

    fn keys(&self) -> Result<Vec<Key>, Problem> {
        let rows = self.sql.query("SELECT key FROM keys WHERE revoked IS NULL ORDER BY at, id", &[])?;
        rows.iter()
            .map(|row| row.json("key").map_err(|error| failed(&error)).and_then(|key| read_key(&key)))
            .collect()
    }

    fn new_key(&self, ask: &Json, now: Millis) -> Answered {
        // A repeated request makes the same key again, so that an answer that was lost is not a key that is.
        let entropy: [u8; 64] = match ask.get("token").and_then(Json::as_str) {
            Some(token) => self.derived(token)?,
            None => clock::random().map_err(|_| no_randomness())?,
        };
        let (secret, name) = entropy.split_at(32);
        let bearer = BearerKey::new(secret.try_into().map_err(|_| no_randomness())?);
        let name = name.get(..9).unwrap_or_default();
        let id = format!("key_{}", Base64UrlUnpadded::encode_string(name));
        let role =
            Role::parse(text(ask, "role")?).ok_or_else(|| Problem::new(Code::Invalid, "an unknown role"))?;
        let desks = ask.get("desks").and_then(Json::as_array).unwrap_or_default();
        let key = Key {
            id,
            hash: bearer.hash(),
            name: text(ask, "name")?.to_owned(),
            role,
            desks: desks.iter().filter_map(|desk| desk.as_str().map(str::to_owned)).collect(),
            person: text(ask, "person")?.to_owned(),
        };
        let (hash, stored) = (key.hash.to_string(), key_to_json(&key).to_string());
        self.sql.transaction(|| {
            let known = self.sql.query("SELECT id FROM keys WHERE id = ?", &[Bind::Text(&key.id)])?;
            if !known.is_empty() {
                return Ok(());
            }
            let insert = "INSERT INTO keys (id, hash, key, at) VALUES (?, ?, ?, ?)";
            let values = [Bind::Text(&key.id), Bind::Text(&hash), Bind::Text(&stored), now.0.into()];
            self.sql.run(insert, &values)?;
            self.record(now, &key.id, "key_made", text(ask, "by")?, key_json(&key).into())
        })?;
        let mut body = key_json(&key);
        body.set("key", bearer.reveal());
        Ok((201, body.into()))
    }

    /// 64 bytes that only this office can make of a request's name.
    fn derived(&self, token: &str) -> Result<[u8; 64], Problem> {
        let secret = base16ct::lower::decode_vec(self.secret("keys")?).unwrap_or_default();
        let key = MacKey::new(secret.try_into().map_err(|_| no_randomness())?);
        let mut bytes = [0; 64];
        for (half, name) in bytes.chunks_mut(32).zip([b"the key".as_slice(), b"its name"]) {
            half.copy_from_slice(&key.sign(&[name, token.as_bytes()]));
        }
        Ok(bytes)
    }

    fn revoke_key(&self, id: &str, by: &str, now: Millis) -> Answered {
        self.sql.transaction(|| {
            let revoke = "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL RETURNING id";
            let revoked = self.sql.query(revoke, &[now.0.into(), Bind::Text(id)])?;
            if revoked.is_empty() {
                return Err(Problem::new(Code::NotFound, "no key in force has this id"));
            }
            self.sql.run("DELETE FROM sessions WHERE key_id = ?", &[Bind::Text(id)])?;
            self.record(now, id, "key_revoked", by, Json::Null)
        })?;
        Ok((200, Json::Null))
    }

    fn authorize(&self, hash: &str) -> Answered {
        let found = "SELECT key FROM keys WHERE hash = ? AND revoked IS NULL";
        let rows = self.sql.query(found, &[Bind::Text(hash)])?;
        let row =
            rows.first().ok_or_else(|| Problem::new(Code::Unauthenticated, "this key is not in force"))?;
        Ok((200, row.json("key")?))
    }

    /// The key of a person whom somebody else vouches for: one to review with, else one to look on.
    fn person(&self, person: &str) -> Answered {
        let keys = self.keys()?;
        let of = |role| keys.iter().find(|key| key.role == role && key.person == person);
        let found = [Role::Reviewer, Role::Auditor, Role::Admin].into_iter().find_map(of);
        let found = found.ok_or_else(|| Problem::new(Code::Forbidden, "no key in force has this person"))?;
        Ok((200, key_to_json(found)))
    }

    fn sign_in(&self, hash: &str, now: Millis) -> Answered {
        let key = read_key(&self.authorize(hash)?.1)?;
        if key.role == Role::App {
            return Err(Problem::new(Code::Forbidden, "people sign in; this key is an app's"));
        }
        let secret: [u8; 32] =
            clock::random().map_err(|_| Problem::new(Code::Unavailable, "office: no random bytes"))?;
        let session = Base64UrlUnpadded::encode_string(&secret);
        let session_hash = Digest::of(session.as_bytes()).to_string();
        self.sql
            .transaction(|| {
                self.sql.run("DELETE FROM sessions WHERE until <= ?", &[now.0.into()])?;
                let insert = "INSERT INTO sessions (hash, key_id, until) VALUES (?, ?, ?)";
                self.sql.run(
                    insert,
                    &[Bind::Text(&session_hash), Bind::Text(&key.id), now.after(SESSION).0.into()],
                )
            })
            .map_err(|error: SqlError| failed(&error))?;
        Ok((
            200,
            Json::object([("session", session.into()), ("seconds", (SESSION.as_millis() / 1000).into())]),
        ))
    }

    fn session(&self, session: &str, now: Millis) -> Answered {
        let hash = Digest::of(session.as_bytes()).to_string();
        let found = "SELECT keys.key AS key FROM sessions JOIN keys ON keys.id = sessions.key_id \
                     WHERE sessions.hash = ? AND sessions.until > ? AND keys.revoked IS NULL";
        let rows = self.sql.query(found, &[Bind::Text(&hash), now.0.into()])?;
        let row = rows.first().ok_or_else(|| Problem::new(Code::Unauthenticated, "you are signed out"))?;
        Ok((200, row.json("key")?))
    }

    fn sign_out(&self, session: &str) -> Answered {
        let hash = Digest::of(session.as_bytes()).to_string();
        self.sql.run("DELETE FROM sessions WHERE hash = ?", &[Bind::Text(&hash)])?;
        Ok((200, Json::Null))
    }

    /// A secret that is made once and kept.
    fn secret(&self, name: &str) -> Result<String, Problem> {
        let kept = || self.sql.query("SELECT value FROM secrets WHERE name = ?", &[Bind::Text(name)]);
        let mut rows = kept()?;
        if rows.is_empty() {
            let fresh = clock::random::<32>()
                .map_err(|_| Problem::new(Code::Unavailable, "office: no random bytes"))?;
            let fresh = base16ct::lower::encode_string(&fresh);
            let insert = "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING";
            let made = self.sql.run(insert, &[Bind::Text(name), Bind::Text(&fresh)]);
            rows = made.and_then(|()| kept())?;
        }
        let row = rows.first().ok_or_else(|| failed(&SqlError("a secret was not kept".to_owned())))?;
        row.text("value").map_err(|error| failed(&error))
    }

    fn record(&self, now: Millis, subject: &str, what: &str, by: &str, detail: Json) -> Result<(), Problem> {
        let stored = chain::head(&self.sql).and_then(|head| {
            chain::store(&self.sql, &ledger::append(head, now, subject, what, Some(by), detail))
        });
        stored.map_err(|error| failed(&error))
    }
}

fn no_randomness() -> Problem {
    Problem::new(Code::Unavailable, "office: no random bytes")
}

fn read_key(json: &Json) -> Result<Key, Problem> {
    key_from_json(json).ok_or_else(|| failed(&SqlError("a key cannot be read".to_owned())))
}
