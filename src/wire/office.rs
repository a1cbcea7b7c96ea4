//! What the Worker and the office say to each other.

use super::api::one_person;
use crate::core::canonical::Digest;
use crate::core::capacity::load::Level;
use crate::core::json::Json;
use crate::core::key::{Key, Role};
use crate::core::policy::document::Format;
use crate::core::secret::MacKey;

/// What a Worker keeps in memory to decide without asking anybody.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The policy in force, as stored.
    pub policy_text: String,
    /// Its syntax.
    pub policy_format: Format,
    /// The keys in force.
    pub keys: Vec<Key>,
    /// Signs ids.
    pub id_key: MacKey,
    /// Draws audits.
    pub sample_key: MacKey,
    /// The desks that are not calm, and how loaded they are.
    pub levels: Vec<(String, Level)>,
}

/// A key as the office tells it.
pub fn key_to_json(key: &Key) -> Json {
    Json::object([
        ("id", key.id.as_str().into()),
        ("hash", key.hash.to_string().into()),
        ("name", key.name.as_str().into()),
        ("role", key.role.as_str().into()),
        ("desks", key.desks.iter().map(String::as_str).collect()),
        ("person", key.person.as_str().into()),
    ])
}

/// A key again.
pub fn key_from_json(json: &Json) -> Option<Key> {
    let text = |name| json.get(name).and_then(Json::as_str);
    Some(Key {
        id: text("id")?.to_owned(),
        hash: Digest::parse(text("hash")?)?,
        name: text("name")?.to_owned(),
        role: Role::parse(text("role")?)?,
        desks: json
            .get("desks")?
            .as_array()?
            .iter()
            .filter_map(|desk| desk.as_str().map(str::to_owned))
            .collect(),
        person: one_person(text("person")?.to_owned()),
    })
}

/// The format of that media type.
pub fn format_of(media_type: &str) -> Option<Format> {
    [Format::Toml, Format::Json].into_iter().find(|format| format.media_type() == media_type)
}

impl Snapshot {
    /// What the office sends.
    pub fn to_json(
        policy_text: &str,
        policy_format: Format,
        keys: &[Key],
        [id_key, sample_key]: [&str; 2],
        levels: &[(String, Level)],
    ) -> Json {
        let levels = levels.iter().map(|(desk, level)| {
            Json::object([("desk", desk.as_str().into()), ("level", level.as_str().into())])
        });
        Json::object([
            ("policy", policy_text.into()),
            ("format", policy_format.media_type().into()),
            ("keys", keys.iter().map(key_to_json).collect()),
            ("id_key", id_key.into()),
            ("sample_key", sample_key.into()),
            ("levels", levels.collect()),
        ])
    }

    /// What the Worker makes of it.
    pub fn from_json(json: &Json) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str);
        let level = |row: &Json| {
            let text = |name| row.get(name).and_then(Json::as_str);
            Some((text("desk")?.to_owned(), Level::parse(text("level")?)?))
        };
        let mac_key = |name| {
            let bytes: [u8; 32] = base16ct::lower::decode_vec(text(name)?).ok()?.try_into().ok()?;
            Some(MacKey::new(bytes))
        };
        Some(Self {
            policy_text: text("policy")?.to_owned(),
            policy_format: format_of(text("format")?)?,
            keys: json.get("keys")?.as_array()?.iter().map(key_from_json).collect::<Option<_>>()?,
            id_key: mac_key("id_key")?,
            sample_key: mac_key("sample_key")?,
            // An office of the version before knows of none.
            levels: json
                .get("levels")
                .and_then(Json::as_array)
                .unwrap_or_default()
                .iter()
                .filter_map(level)
                .collect(),
        })
    }
}
