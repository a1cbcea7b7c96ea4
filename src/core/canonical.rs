//! Canonical JSON (RFC 8785) and the digest that binds an approval to what runs.

use super::json::{Json, Object, write_string};
use super::order::sorted;
use sha2::{Digest as _, Sha256};

/// A SHA-256, written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Parses the written form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base16ct::lower::decode_vec(text.strip_prefix("sha256:")?).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits alone.
    pub fn to_hex(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "sha256:{}", self.to_hex())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

/// The canonical text of a value.
pub fn canonical(value: &Json) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

/// The digest of an action: SHA-256 over the canonical form of `{"args":…,"kind":…}`.
pub fn action_digest(kind: &str, args: &Object) -> Digest {
    let mut out = String::from("{\"args\":");
    write_object(args, &mut out);
    out.push_str(",\"kind\":");
    write_string(kind, &mut out);
    out.push('}');
    Digest::of(out.as_bytes())
}

fn write_value(value: &Json, out: &mut String) {
    match value {
        Json::Number(number) => number.write_canonical(out),
        Json::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(element, out);
            }
            out.push(']');
        }
        Json::Object(object) => write_object(object, out),
        scalar => scalar.write(out),
    }
}

fn write_object(object: &Object, out: &mut String) {
    // RFC 8785 sorts names by their UTF-16 code units, which differs from UTF-8 order beyond U+FFFF.
    let members = sorted(object.iter().collect(), |(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        write_value(value, out);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_examples_of_rfc_8785() {
        let text = br#"{
            "numbers": [333333333.33333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        assert_eq!(
            canonical(&Json::parse(text).unwrap()),
            // The first number has more digits than a double holds; the others are the RFC's own text.
            r#"{"literals":[null,true,false],"numbers":[3.3333333333333333e+8,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        let text =
            "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}";
        assert_eq!(
            canonical(&Json::parse(text.as_bytes()).unwrap()),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn a_digest_depends_on_kind_and_values_and_on_nothing_else() {
        let digest = |kind, text: &str| {
            action_digest(kind, Json::parse(text.as_bytes()).unwrap().as_object().unwrap()).to_string()
        };
        let first = digest("refund", r#"{"amount":10,"to":"ana"}"#);
        assert_eq!(first, digest("refund", r#"{ "to":"\u0061na", "amount":1e1 }"#));
        assert_ne!(first, digest("refund", r#"{"amount":"10","to":"ana"}"#));
        assert_ne!(first, digest("Refund", r#"{"amount":10,"to":"ana"}"#));
        assert_ne!(digest("a", r#"{"n":9007199254740993}"#), digest("a", r#"{"n":9007199254740992}"#));
        // Checked with `printf '{"args":{},"kind":"noop"}' | sha256sum`.
        assert_eq!(
            digest("noop", "{}"),
            "sha256:a1bb7f8a134a0d3b9894548c9e5363e298c514a5d8d8d9e96049f276bf0e771c"
        );
        assert_eq!(Digest::parse(&first).unwrap().to_string(), first);
    }
}
