//! The platform's own cryptography, for what is done outside of objects: Ed25519 for permits, RSA for the
//! assertions of Cloudflare Access. Inside an object it would let other events come in between.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        data: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        uses: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = exportKey)]
    fn export_key(format: &str, key: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn sign(algorithm: &JsValue, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

/// The platform refused: a key that is none, or an algorithm that it does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

type Done<T> = Result<T, Refused>;

async fn done(promise: Result<Promise, JsValue>) -> Done<JsValue> {
    JsFuture::from(promise.map_err(|_| Refused)?).await.map_err(|_| Refused)
}

fn object(members: &[(&str, &JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        // Setting a member of a plain object does not fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

fn text_member(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &JsValue::from_str(name)).ok()?.as_string()
}

/// The fixed beginning of a PKCS #8 document for an Ed25519 key (RFC 8410, section 7); the 32 bytes follow.
const ED25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// An Ed25519 key pair.
#[derive(Debug, Clone)]
pub(crate) struct Ed25519 {
    private: JsValue,
    public: JsValue,
    /// The public key, as the `x` of its JWK.
    pub(crate) x: String,
}

impl Ed25519 {
    /// The pair of this secret.
    pub(crate) async fn of(secret: &[u8; 32]) -> Done<Self> {
        let algorithm = JsValue::from_str("Ed25519");
        let document = [ED25519_PKCS8.as_slice(), secret].concat();
        let document: JsValue = Uint8Array::from(document.as_slice()).into();
        let sign = Array::of1(&JsValue::from_str("sign"));
        let private = done(import_key("pkcs8", &document, &algorithm, true, &sign)).await?;
        let exported = done(export_key("jwk", &private)).await?;
        let x = text_member(&exported, "x").ok_or(Refused)?;
        let jwk = object(&[
            ("kty", &JsValue::from_str("OKP")),
            ("crv", &JsValue::from_str("Ed25519")),
            ("x", &JsValue::from_str(&x)),
        ]);
        let verify = Array::of1(&JsValue::from_str("verify"));
        let public = done(import_key("jwk", &jwk, &algorithm, false, &verify)).await?;
        Ok(Self { private, public, x })
    }

    /// A signature over these bytes.
    pub(crate) async fn sign(&self, bytes: &[u8]) -> Done<Vec<u8>> {
        let algorithm = JsValue::from_str("Ed25519");
        let signature = done(sign(&algorithm, &self.private, &Uint8Array::from(bytes))).await?;
        Ok(Uint8Array::new(&signature).to_vec())
    }

    /// Whether a signature is this key's over these bytes.
    pub(crate) async fn verifies(&self, bytes: &[u8], signature: &[u8]) -> Done<bool> {
        verified(&JsValue::from_str("Ed25519"), &self.public, bytes, signature).await
    }
}

async fn verified(algorithm: &JsValue, key: &JsValue, bytes: &[u8], signature: &[u8]) -> Done<bool> {
    let (signature, bytes) = (Uint8Array::from(signature), Uint8Array::from(bytes));
    Ok(done(verify(algorithm, key, &signature, &bytes)).await?.as_bool() == Some(true))
}

/// Whether a signature is that of an RSA key (modulus and exponent in base64url, as in its JWK) over these
/// bytes, by RSASSA-PKCS1-v1_5 with SHA-256: `RS256`.
pub(crate) async fn rs256_verifies(n: &str, e: &str, bytes: &[u8], signature: &str) -> Done<bool> {
    let algorithm =
        object(&[("name", &JsValue::from_str("RSASSA-PKCS1-v1_5")), ("hash", &JsValue::from_str("SHA-256"))]);
    let jwk = object(&[
        ("kty", &JsValue::from_str("RSA")),
        ("n", &JsValue::from_str(n)),
        ("e", &JsValue::from_str(e)),
    ]);
    let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| Refused)?;
    let verify = Array::of1(&JsValue::from_str("verify"));
    let key = done(import_key("jwk", &jwk, &algorithm, false, &verify)).await?;
    verified(&algorithm, &key, bytes, &signature).await
}
