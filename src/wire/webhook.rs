//! Notifications by the Standard Webhooks specification, version 1.0: their bodies and signatures. A body names
//! the action and never what is in it.

use super::notice::clean_kind;
use crate::core::case::{Case, Viewer};
use crate::core::json::{Json, Object};
use crate::core::outbox::Topic;
use crate::core::time::Millis;
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What signs notifications: `whsec_` and base64 of 24 to 64 bytes. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("whsec_…")
    }
}

impl Secret {
    /// Takes a secret as it is configured.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Base64::decode_vec(text.trim().strip_prefix("whsec_")?).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The header `webhook-signature`.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", Base64::encode_string(&mac.finalize().into_bytes()))
    }
}

/// The id of a notification: the same in every attempt, so that a receiver knows a repetition.
pub fn message_id(action: &str, seq: i64) -> String {
    format!("msg_{action}_{seq}")
}

/// The body of a notification. `at` is when it happened.
pub fn body(topic: Topic, seq: i64, case: &Case, desk: &str, at: Millis, now: Millis) -> String {
    let facts = &case.facts;
    let status = match topic {
        Topic::Held | Topic::Overloaded => "held",
        Topic::Overturned => "overturned",
        Topic::Decided | Topic::Expired => case.status(now, Viewer::App).as_str(),
    };
    Json::object([
        ("type", topic.as_str().into()),
        ("timestamp", at.to_string().into()),
        (
            "data",
            Json::object([
                ("id", facts.id.as_str().into()),
                ("seq", seq.into()),
                ("kind", clean_kind(&facts.kind).into()),
                ("severity", case.content().severity.as_str().into()),
                ("desk", desk.into()),
                ("status", status.into()),
                ("undo", case.progress.undo.as_deref().into()),
                ("link", format!("{}/v1/actions/{}", facts.origin, facts.id).into()),
            ]),
        ),
    ])
    .to_string()
}

/// The body of a notification about a desk as a whole.
pub fn desk_body(desk: &str, seq: i64, load: &Json, now: Millis) -> String {
    let mut data = Object::new();
    data.set("desk", desk);
    data.set("seq", seq);
    if let Some(load) = load.as_object() {
        for (name, value) in load.iter() {
            data.set(name, value.clone());
        }
    }
    Json::object([
        ("type", Topic::Overloaded.as_str().into()),
        ("timestamp", now.to_string().into()),
        ("data", data.into()),
    ])
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the specification's reference libraries.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(format!("{secret:?}"), "whsec_…");
    }

    #[test]
    fn what_cannot_be_a_secret_is_none() {
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_not base64 at all!!!!!!!!!!!!!",
        ] {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
    }
}
