//! Assertions of Cloudflare Access: JSON Web Tokens that name a person by their e-mail.

use crate::core::json::Json;
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// Longer texts are no assertions.
const MAX_LENGTH: usize = 16_384;

/// How far the clocks of issuer and deployment may differ, in seconds.
const LEEWAY: i64 = 60;

/// A text of an assertion's form. Nothing of it is true before the signature is verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// Which key signed it.
    pub kid: String,
    /// What was signed.
    pub signing_input: String,
    /// The signature, in base64url.
    pub signature: String,
    claims: Json,
}

/// Why an assertion names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Made by somebody else.
    #[error("it was issued elsewhere")]
    Issuer,
    /// Made for another application.
    #[error("it was issued for another application")]
    Audience,
    /// Not valid now.
    #[error("it is not valid now; sign in again")]
    Time,
    /// A service token, or no e-mail.
    #[error("it names no person")]
    Nobody,
}

impl Assertion {
    /// Takes an assertion apart; `None` for what is none, or is signed by anything but RS256.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, claims) = signing_input.split_once('.')?;
        let object = |part: &str| Json::parse(&Base64UrlUnpadded::decode_vec(part).ok()?).ok();
        let header = object(header)?;
        let algorithm = header.get("alg").and_then(Json::as_str);
        if algorithm != Some("RS256") || header.get("crit").is_some() {
            return None;
        }
        Some(Self {
            kid: header.get("kid")?.as_str()?.to_owned(),
            signing_input: signing_input.to_owned(),
            signature: signature.to_owned(),
            claims: object(claims)?,
        })
    }

    /// The e-mail of the person, in lower case. Only after the signature was verified.
    pub fn email(&self, issuer: &str, audience: &str, now_seconds: i64) -> Result<String, Refused> {
        let text = |name| self.claims.get(name).and_then(Json::as_str);
        let instant = |name| self.claims.get(name).and_then(Json::as_f64);
        if text("iss") != Some(issuer) {
            return Err(Refused::Issuer);
        }
        let audiences = match self.claims.get("aud") {
            Some(Json::Array(all)) => all.iter().filter_map(Json::as_str).collect(),
            Some(one) => one.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        if !audiences.contains(&audience) {
            return Err(Refused::Audience);
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds stay below 2^53")]
        let (latest, earliest) =
            (now_seconds.saturating_sub(LEEWAY) as f64, now_seconds.saturating_add(LEEWAY) as f64);
        let begun = |name| instant(name).is_none_or(|at| at <= earliest);
        if instant("exp").is_none_or(|at| at <= latest) || !begun("nbf") || !begun("iat") {
            return Err(Refused::Time);
        }
        let is_person = text("sub").is_some_and(|subject| !subject.is_empty());
        let email = text("email").filter(|email| is_person && email.contains('@')).ok_or(Refused::Nobody)?;
        Ok(email.to_lowercase())
    }
}

/// An issuer's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    /// Its name.
    pub kid: String,
    /// The modulus, in base64url.
    pub n: String,
    /// The exponent, in base64url.
    pub e: String,
}

/// The RSA keys of a JSON Web Key Set; others are left out. `None` for what is no such set.
pub fn rsa_keys(set: &Json) -> Option<Vec<RsaKey>> {
    let key = |key: &Json| {
        let text = |name| key.get(name).and_then(Json::as_str).map(str::to_owned);
        let usable = text("kty")? == "RSA" && text("alg").is_none_or(|alg| alg == "RS256");
        usable.then_some(RsaKey { kid: text("kid")?, n: text("n")?, e: text("e")? })
    };
    Some(set.get("keys")?.as_array()?.iter().filter_map(key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_363_200;

    fn assertion(header: &str, claims: &str) -> Option<Assertion> {
        let encoded = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        Assertion::parse(&format!("{}.{}.c2ln", encoded(header), encoded(claims)))
    }

    const HEADER: &str = r#"{"alg":"RS256","kid":"k"}"#;

    fn email(claims: &str) -> Result<String, Refused> {
        assertion(HEADER, claims).unwrap().email("https://team.example", "app", NOW)
    }

    #[test]
    fn a_person_is_named_by_their_e_mail() {
        let claims = r#"{"iss":"https://team.example","aud":["x","app"],"sub":"u","email":"Ana@Example.com","exp":1795363260,"iat":1795363100}"#;
        assert_eq!(email(claims), Ok("ana@example.com".to_owned()));
    }

    #[test]
    fn whatever_is_not_quite_right_names_nobody() {
        let claims = |iss: &str, aud: &str, sub: &str, exp: i64, nbf: i64| {
            format!(
                r#"{{"iss":"{iss}","aud":"{aud}","sub":"{sub}","email":"a@b.example","exp":{exp},"nbf":{nbf}}}"#
            )
        };
        let (iss, soon) = ("https://team.example", NOW + 60);
        for (what, claims, refused) in [
            ("another issuer", claims("https://team.example.evil", "app", "u", soon, NOW), Refused::Issuer),
            ("another application", claims(iss, "other", "u", soon, NOW), Refused::Audience),
            ("over", claims(iss, "app", "u", NOW - 61, NOW - 100), Refused::Time),
            ("not yet", claims(iss, "app", "u", soon, NOW + 61), Refused::Time),
            ("a service token", claims(iss, "app", "", soon, NOW), Refused::Nobody),
            (
                "no e-mail",
                format!(r#"{{"iss":"{iss}","aud":"app","sub":"u","exp":{soon}}}"#),
                Refused::Nobody,
            ),
            (
                "no end",
                format!(r#"{{"iss":"{iss}","aud":"app","sub":"u","email":"a@b.example"}}"#),
                Refused::Time,
            ),
        ] {
            assert_eq!(email(&claims), Err(refused), "{what}");
        }
    }

    #[test]
    fn only_rs256_is_an_assertion() {
        for header in [
            r#"{"alg":"none","kid":"k"}"#,
            r#"{"alg":"HS256","kid":"k"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"RS256","kid":"k","crit":["b64"]}"#,
        ] {
            assert_eq!(assertion(header, "{}"), None, "{header}");
        }
    }
}
