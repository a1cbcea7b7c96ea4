//! The Worker: reads a request, finds its route and its door, and lets core and wire do the rest.

mod access;
mod actions;
mod admin;
mod call;
mod chain;
mod clock;
mod config;
mod copy;
mod counting;
mod desk;
mod doors;
mod exports;
mod fates;
mod gating;
mod histories;
mod incoming;
mod insights;
mod log;
mod mcp;
mod office;
mod once;
mod pages;
mod permits;
mod proposals;
mod proxy;
mod recorded;
mod records;
mod respond;
mod review;
mod sessions;
mod sql;
mod streaming;
mod subtle;
mod tally;
mod timer;
mod trials;
mod upstream;
mod way;
mod webhooks;
mod whole;

use crate::core::key::Key;
use crate::wire::problem::{Code, Problem};
use crate::wire::route::{self, Access, Name, Route};
use crate::wire::upstream::Dialect;
use copy::Copy;
use incoming::Incoming;
use once::NamedRequest;
use std::rc::Rc;
use std::time::Duration;
use worker::{Context, Env, Request, Response, event};

type Responded = Result<Response, Problem>;

/// What every handler has at hand.
struct Visit<'a> {
    env: &'a Env,
    ctx: &'a Context,
    incoming: &'a Incoming,
    copy: Copy,
    /// Names the request, where it carries an `Idempotency-Key`.
    token: Option<String>,
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, ctx: Context) -> worker::Result<Response> {
    let path = incoming::path_of(&request);
    let incoming = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(problem) => {
            let proxied = told_by_upstream(&env, &path, &problem);
            return Ok(proxied.unwrap_or_else(|| respond::problem(&problem)));
        }
    };
    let ctx = Rc::new(ctx);
    let (response, code) = match handle(&incoming, env.clone(), &ctx).await {
        Ok(response) => (response, None),
        Err(problem) => (told(&env, &incoming, &problem), Some(problem.code)),
    };
    let line = log::line(&incoming, response.status_code(), code);
    ctx.wait_until(async move {
        // Behind the answer, which need not wait for it.
        timer::Timer::after(Duration::ZERO).await;
        log::write(&line);
    });
    Ok(response)
}

/// A problem in the form that whoever asked can read: an SDK, a person with a browser, or anybody else.
fn told(env: &Env, incoming: &Incoming, problem: &Problem) -> Response {
    if let Some(response) = told_by_upstream(env, &incoming.path, problem) {
        return response;
    }
    match route::find(&incoming.method, &incoming.path) {
        Route::Own(row, _) if row.is_page() => pages::problem(problem, incoming),
        _ => respond::problem(problem),
    }
}

/// A problem on the way to an upstream, in the words of its dialect; `None` on every other way.
fn told_by_upstream(env: &Env, path: &str, problem: &Problem) -> Option<Response> {
    let Route::Proxied(name, _) = route::find("POST", path) else { return None };
    let dialect = config::upstream(env, name).map_or(Dialect::OpenAi, |upstream| upstream.dialect);
    Some(respond::proxied_problem(problem, dialect))
}

async fn handle(incoming: &Incoming, env: Env, ctx: &Rc<Context>) -> Responded {
    match route::find(&incoming.method, &incoming.path) {
        Route::Own(row, _) if row.name == Name::Healthz => Ok(respond::text("text/plain", "ok\n", &[])),
        Route::None => Err(Problem::new(Code::NotFound, "nothing is at this path")),
        Route::OtherMethod => {
            let methods = route::methods(&incoming.path);
            let problem = Problem::new(Code::Method, format!("this path takes {methods}"));
            let response = respond::problem(&problem);
            // A header of the table's own words cannot be refused.
            let _ = response.headers().set("allow", &methods);
            Ok(response)
        }
        Route::Own(row, parameter) => {
            let admin = config::admin_key(&env)?;
            if row.access == Access::Public {
                return public(&env, incoming, row.name, parameter).await;
            }
            let copy = copy::current(&env, ctx).await?;
            let key = doors::pass(&env, incoming, &copy, &admin, row.access).await?;
            if incoming.method != "GET" && incoming.method != "HEAD" {
                doors::check_origin(&env, incoming)?;
            }
            doors::check_person(incoming, &key)?;
            let named = named(&env, incoming, &key, row.name).await?;
            let (named, token) = named.unzip();
            let visit = Visit { env: &env, ctx, incoming, copy, token };
            let responded = own(&visit, &key, row.name, parameter).await;
            if let (Some(named), 400 | 413 | 415 | 422) = (named, status_of(&responded)) {
                named.forget(&env).await;
            }
            responded
        }
        Route::Proxied(upstream, path) => {
            let admin = config::admin_key(&env)?;
            let copy = copy::current(&env, ctx).await?;
            let key = doors::pass(&env, incoming, &copy, &admin, route::UPSTREAMS).await?;
            proxy::forward(&way::Way { env: &env, ctx, incoming, copy: &copy, key }, upstream, path).await
        }
    }
}

/// Remembers a request that carries an `Idempotency-Key`. A proposal is remembered with what is made of it.
async fn named(
    env: &Env,
    incoming: &Incoming,
    key: &Key,
    name: Name,
) -> Result<Option<(NamedRequest, String)>, Problem> {
    if incoming.method != "POST" || name == Name::Propose {
        return Ok(None);
    }
    let Some(named) = NamedRequest::of(incoming, &key.id)? else { return Ok(None) };
    // What stands for the request elsewhere is drawn anew with each name: names can be used again, in time.
    let nonce: [u8; 16] = clock::random().map_err(|_| Problem::new(Code::Unavailable, "no random bytes"))?;
    let kept = named.remember(env, base16ct::lower::encode_string(&nonce).into()).await?;
    let token = kept.as_str().unwrap_or_default().to_owned();
    Ok(Some((named, token)))
}

fn status_of(responded: &Responded) -> u16 {
    match responded {
        Ok(response) => response.status_code(),
        Err(problem) => problem.status(),
    }
}

async fn public(env: &Env, incoming: &Incoming, name: Name, parameter: &str) -> Responded {
    match name {
        Name::Home => Ok(respond::empty(302, &[("location", "/review")])),
        Name::PlaygroundPage => Ok(pages::playground(&incoming.origin)),
        Name::SignInPage => Ok(pages::sign_in()),
        Name::Asset => pages::asset(incoming, parameter),
        Name::OpenApi => Ok(pages::openapi()),
        Name::PolicySchema => Ok(pages::policy_schema()),
        Name::Jwks => permits::jwks(env).await,
        Name::SignIn => sessions::sign_in(env, incoming).await,
        Name::SignOut => sessions::sign_out(env, incoming).await,
        _ => Err(Problem::new(Code::NotFound, "nothing is at this path")),
    }
}

async fn own(visit: &Visit<'_>, key: &Key, name: Name, parameter: &str) -> Responded {
    match name {
        Name::ReviewPage => pages::review(visit, key).await,
        Name::CasesPage => pages::cases(visit, key).await,
        Name::Propose => actions::propose(visit, key).await,
        Name::Action => actions::read(visit, key, parameter).await,
        Name::Withdraw => actions::withdraw(visit, key, parameter).await,
        Name::Redeem => actions::redeem(visit, parameter).await,
        Name::Outcome => actions::outcome(visit, key, parameter).await,
        Name::Policy => Ok(admin::policy(visit)),
        Name::PutPolicy => admin::put_policy(visit, key).await,
        Name::CheckPolicy => trials::check(visit, key).await,
        Name::Backtest => trials::backtest(visit, key).await,
        Name::PolicyVersions => admin::versions(visit).await,
        Name::Keys => admin::keys(visit).await,
        Name::NewKey => admin::new_key(visit, key).await,
        Name::RevokeKey => admin::revoke_key(visit, key, parameter).await,
        Name::Desks => review::desks(visit, key).await,
        Name::Cases => review::cases(visit, key, parameter).await,
        Name::Live => review::live(visit, key, parameter).await,
        Name::Claim => review::claim(visit, key, parameter).await,
        Name::Case => review::case(visit, key, parameter).await,
        Name::Lease => review::lease(visit, key, parameter).await,
        Name::GiveBack => review::give_back(visit, key, parameter).await,
        Name::Move => review::hand_over(visit, key, parameter).await,
        Name::Decide => review::decide(visit, key, parameter).await,
        Name::Undo => review::undo(visit, key, parameter).await,
        Name::Settle => review::settle(visit, key, parameter).await,
        Name::Insights => insights::insights(visit, key).await,
        Name::InsightsPage => Ok(pages::insights(visit, key)),
        Name::Export => exports::export(visit, key, parameter).await,
        Name::Manifest => exports::manifest(visit, key, parameter).await,
        Name::Ledger => records::ledger(visit, key).await,
        Name::LedgerHead => records::head(visit, key).await,
        Name::DeadLetters => records::dead_letters(visit).await,
        Name::Resend => records::resend(visit, key, parameter).await,
        Name::Healthz
        | Name::Home
        | Name::PlaygroundPage
        | Name::SignInPage
        | Name::Asset
        | Name::OpenApi
        | Name::PolicySchema
        | Name::Jwks
        | Name::SignIn
        | Name::SignOut => Err(Problem::new(Code::NotFound, "nothing is at this path")),
    }
}
