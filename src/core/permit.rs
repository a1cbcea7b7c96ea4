//! Permits: the signed proof that exactly this action may run, once.
//!
//! A compact JWS (RFC 7515) with `EdDSA` (RFC 8037). What is here is text only: whoever asks signs and verifies.

use super::canonical::Digest;
use super::json::Json;
use super::time::{Millis, Span};
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// The media type in the header, so that no other kind of token of the same key passes for a permit.
pub const TYPE: &str = "holdpoint-permit+jwt";

/// How long a permit can be used; a later question renews it.
pub const LIFE: Span = Span::seconds(300);

/// Longer texts are no permits.
const MAX_LENGTH: usize = 8192;

/// Why an action may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The gate let it through.
    Proceed,
    /// People approved it.
    Approved,
    /// People approved it with other arguments.
    Edited,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 3] = [Self::Proceed, Self::Approved, Self::Edited];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Approved => "approved",
            Self::Edited => "edited",
        }
    }

    /// The basis of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == text)
    }
}

/// What a permit says, but for who issues it and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The action's id: subject, and the token's own id.
    pub id: String,
    /// For whom; none: for the issuer.
    pub audience: Option<String>,
    /// The action's kind.
    pub kind: String,
    /// The digest of kind and arguments.
    pub digest: Digest,
    /// The policy that decided.
    pub policy: String,
    /// Why it may run.
    pub basis: Basis,
    /// The end of the approval, where it has one: no permit outlives it.
    pub until: Option<Millis>,
}

impl Grant {
    /// The part that is signed: header and claims.
    pub fn signing_input(&self, issuer: &str, kid: &str, now: Millis) -> String {
        let seconds = |at: Millis| at.0.div_euclid(1000);
        let end = self.until.map_or(now.after(LIFE), |until| until.min(now.after(LIFE)));
        let header = Json::object([("alg", "EdDSA".into()), ("typ", TYPE.into()), ("kid", kid.into())]);
        let claims = Json::object([
            ("iss", issuer.into()),
            ("sub", self.id.as_str().into()),
            ("aud", self.audience.as_deref().unwrap_or(issuer).into()),
            ("jti", self.id.as_str().into()),
            ("iat", seconds(now).into()),
            ("exp", seconds(end).into()),
            ("kind", self.kind.as_str().into()),
            ("digest", self.digest.to_string().into()),
            ("policy", self.policy.as_str().into()),
            ("basis", self.basis.as_str().into()),
        ]);
        format!("{}.{}", encoded(&header.to_string()), encoded(&claims.to_string()))
    }
}

fn encoded(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

/// The whole permit.
pub fn join(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", Base64UrlUnpadded::encode_string(signature))
}

/// A text of a permit's form. Nothing of it is true before the signature is verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Unverified {
    /// Which key signed it.
    pub kid: String,
    /// What was signed.
    pub signing_input: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// The action's id.
    pub id: String,
    /// The digest of kind and arguments.
    pub digest: Digest,
    /// Until when it can be used.
    pub expires: Millis,
}

/// Takes a permit apart; `None` for what is none.
pub fn parse(text: &str) -> Option<Unverified> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (signing_input, signature) = text.rsplit_once('.')?;
    let (header, claims) = signing_input.split_once('.')?;
    let object = |part: &str| Json::parse(&Base64UrlUnpadded::decode_vec(part).ok()?).ok();
    let (header, claims) = (object(header)?, object(claims)?);
    let word = |json: &Json, name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    if word(&header, "alg")? != "EdDSA" || word(&header, "typ")? != TYPE || header.get("crit").is_some() {
        return None;
    }
    Some(Unverified {
        kid: word(&header, "kid")?,
        signing_input: signing_input.to_owned(),
        signature: Base64UrlUnpadded::decode_vec(signature).ok()?,
        id: word(&claims, "sub").filter(|id| word(&claims, "jti").as_ref() == Some(id))?,
        digest: Digest::parse(&word(&claims, "digest")?)?,
        expires: Millis(claims.get("exp")?.as_i64()?.checked_mul(1000)?),
    })
}

/// The name of a public key: its thumbprint (RFC 7638), from the `x` of its JWK.
pub fn key_id(x: &str) -> String {
    let thumbprint = Digest::of(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes());
    Base64UrlUnpadded::encode_string(thumbprint.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            id: "hp_x".into(),
            audience: None,
            kind: "refund".into(),
            digest: Digest::of(b"x"),
            policy: "sha256:0".into(),
            basis: Basis::Approved,
            until: Some(Millis(1_795_363_400_000)),
        }
    }

    #[test]
    fn a_permit_comes_apart_as_it_was_put_together() {
        let now = Millis(1_795_363_200_999);
        let text = join(&grant().signing_input("https://gate.example", "kid-1", now), &[7; 64]);
        let parsed = parse(&text).unwrap();
        assert_eq!((parsed.id.as_str(), parsed.kid.as_str()), ("hp_x", "kid-1"));
        assert_eq!(parsed.signature, vec![7; 64]);
        assert_eq!(parsed.expires, Millis(1_795_363_400_000), "not beyond the approval");
        assert!(text.starts_with(&parsed.signing_input));
    }

    #[test]
    fn what_is_not_quite_a_permit_is_none() {
        let text = join(&grant().signing_input("i", "k", Millis(0)), &[7; 64]);
        let other = |header: &str| {
            let rest = text.split_once('.').unwrap().1;
            format!("{}.{rest}", encoded(header))
        };
        for (what, wrong) in [
            ("empty", String::new()),
            ("two parts", text.rsplit_once('.').unwrap().0.to_owned()),
            ("no algorithm", other(r#"{"alg":"none","typ":"holdpoint-permit+jwt","kid":"k"}"#)),
            ("another algorithm", other(r#"{"alg":"HS256","typ":"holdpoint-permit+jwt","kid":"k"}"#)),
            ("another type", other(r#"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#)),
            (
                "what it may not ignore",
                other(r#"{"alg":"EdDSA","typ":"holdpoint-permit+jwt","kid":"k","crit":["x"]}"#),
            ),
            ("a name twice", other(r#"{"alg":"none","alg":"EdDSA","typ":"holdpoint-permit+jwt","kid":"k"}"#)),
            ("too long", format!("{text}{}", "A".repeat(9000))),
        ] {
            assert_eq!(parse(&wrong), None, "{what}");
        }
    }

    #[test]
    fn the_name_of_a_key_is_its_thumbprint() {
        // RFC 8037, appendix A.3.
        assert_eq!(
            key_id("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
