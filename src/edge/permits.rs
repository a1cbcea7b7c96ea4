//! Signing and verifying permits. The keys are this deployment's secrets and never leave the Worker.

use super::subtle::Ed25519;
use super::{Responded, clock, config, respond};
use crate::core::json::Json;
use crate::core::permit::{self, Grant, Unverified, join, key_id};
use crate::wire::problem::{Code, Problem};
use crate::wire::record;
use crate::wire::shape::FieldProblem;
use std::cell::RefCell;
use std::rc::Rc;
use worker::Env;

/// A key with its public name.
#[derive(Debug)]
struct Signer {
    kid: String,
    key: Ed25519,
}

thread_local! {
    // The secrets of a Worker do not change while it runs; making the keys of them takes a moment.
    static SIGNERS: RefCell<Option<Rc<Vec<Signer>>>> = const { RefCell::new(None) };
}

fn unusable() -> Problem {
    Problem::new(Code::Unavailable, "HOLDPOINT_SIGNING_KEY cannot be used")
}

/// The first signs, all verify.
async fn signers(env: &Env) -> Result<Rc<Vec<Signer>>, Problem> {
    if let Some(known) = SIGNERS.with_borrow(Clone::clone) {
        return Ok(known);
    }
    let mut signers = Vec::new();
    for secret in config::signing_keys(env)? {
        let key = Ed25519::of(&secret).await.map_err(|_| unusable())?;
        signers.push(Signer { kid: key_id(&key.x), key });
    }
    let signers = Rc::new(signers);
    SIGNERS.with_borrow_mut(|kept| *kept = Some(signers.clone()));
    Ok(signers)
}

/// Puts a signed permit in the place of the grant that an answer carries there.
pub(crate) async fn sign_within(env: &Env, issuer: &str, answer: &mut Json) -> Result<(), Problem> {
    let Some(grant) = answer.get("permit").filter(|grant| !grant.is_null()) else { return Ok(()) };
    let grant = record::grant_from_json(grant).ok_or_else(unusable)?;
    let permit = sign(env, issuer, &grant).await?;
    if let Some(object) = answer.as_object_mut() {
        object.set("permit", permit);
    }
    Ok(())
}

async fn sign(env: &Env, issuer: &str, grant: &Grant) -> Result<String, Problem> {
    let signers = signers(env).await?;
    let signer = signers.first().ok_or_else(unusable)?;
    let input = grant.signing_input(issuer, &signer.kid, clock::now());
    let signature = signer.key.sign(input.as_bytes()).await.map_err(|_| unusable())?;
    Ok(join(&input, &signature))
}

/// Takes a permit that one of this deployment's keys has signed and that has not run out.
pub(crate) async fn verified(env: &Env, text: &str) -> Result<Unverified, Problem> {
    let none = || {
        let message = "this is no permit of this deployment";
        Problem::fields(vec![FieldProblem::new("/permit", message)])
    };
    let permit = permit::parse(text).ok_or_else(none)?;
    let signers = signers(env).await?;
    let signer = signers.iter().find(|signer| signer.kid == permit.kid).ok_or_else(none)?;
    match signer.key.verifies(permit.signing_input.as_bytes(), &permit.signature).await {
        Ok(true) if permit.expires > clock::now() => Ok(permit),
        Ok(true) => {
            let detail = "the permit has run out; GET the action for a new one, while it may run";
            Err(Problem::new(Code::Conflict, detail))
        }
        _ => Err(none()),
    }
}

/// `GET /.well-known/jwks.json`
pub(super) async fn jwks(env: &Env) -> Responded {
    let signers = signers(env).await?;
    let key = |signer: &Signer| {
        Json::object([
            ("kty", "OKP".into()),
            ("crv", "Ed25519".into()),
            ("x", signer.key.x.as_str().into()),
            ("kid", signer.kid.as_str().into()),
            ("alg", "EdDSA".into()),
            ("use", "sig".into()),
        ])
    };
    let body = Json::object([("keys", signers.iter().map(key).collect())]);
    Ok(respond::json_with(200, &body, &[("cache-control", "public, max-age=300")]))
}
