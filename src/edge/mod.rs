//! The Worker: reads a request, finds its route and its door, and lets core and wire do the rest.

mod actions;
mod admin;
mod call;
mod chain;
mod clock;
mod config;
mod copy;
mod desk;
mod doors;
mod incoming;
mod office;
mod pages;
mod proxy;
mod release;
mod respond;
mod review;
mod sql;
mod upstream;

use crate::core::key::Key;
use crate::wire::problem::{Code, Problem};
use crate::wire::route::{self, Access, Name, Route};
use copy::Copy;
use incoming::Incoming;
use worker::{Context, Env, Request, Response, event};

type Responded = Result<Response, Problem>;

/// What every handler has at hand.
struct Visit<'a> {
    env: &'a Env,
    incoming: &'a Incoming,
    copy: Copy,
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, ctx: Context) -> worker::Result<Response> {
    let incoming = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(problem) => return Ok(respond::problem(&problem)),
    };
    let proxied = incoming.is_proxied();
    Ok(match handle(&incoming, env, &ctx).await {
        Ok(response) => response,
        Err(problem) if proxied => respond::proxied_problem(&problem),
        Err(problem) => respond::problem(&problem),
    })
}

async fn handle(incoming: &Incoming, env: Env, ctx: &Context) -> Responded {
    match route::find(&incoming.method, &incoming.path) {
        Route::Own(Name::Healthz, ..) => Ok(respond::text("text/plain", "ok\n", &[])),
        Route::None => Err(Problem::new(Code::NotFound, "nothing is at this path")),
        Route::OtherMethod(method) => {
            let problem = Problem::new(Code::Method, format!("this path takes {method}"));
            let response = respond::problem(&problem);
            // A header of the table's own words cannot be refused.
            let _ = response.headers().set("allow", method);
            Ok(response)
        }
        Route::Own(name, access, parameter) => {
            let admin = config::admin_key(&env)?;
            if access == Access::Public {
                return public(&env, incoming, name, parameter).await;
            }
            let copy = copy::current(&env, ctx).await?;
            let key = doors::pass(&env, incoming, &copy, &admin, access).await?;
            if incoming.method != "GET" && incoming.method != "HEAD" {
                doors::check_origin(incoming)?;
            }
            own(&Visit { env: &env, incoming, copy }, &key, name, parameter).await
        }
        Route::Proxied(upstream, path) => {
            let admin = config::admin_key(&env)?;
            let copy = copy::current(&env, ctx).await?;
            let key = doors::pass(&env, incoming, &copy, &admin, route::UPSTREAMS).await?;
            proxy::forward(&proxy::Way { env: &env, ctx, incoming, key }, upstream, path).await
        }
    }
}

async fn public(env: &Env, incoming: &Incoming, name: Name, parameter: &str) -> Responded {
    match name {
        Name::Home => Ok(respond::empty(302, &[("location", "/review")])),
        Name::ReviewPage => Ok(pages::review()),
        Name::SignInPage => Ok(pages::sign_in()),
        Name::Asset => pages::asset(parameter),
        Name::SignIn => review::sign_in(env, incoming).await,
        Name::SignOut => review::sign_out(env, incoming).await,
        _ => Err(Problem::new(Code::NotFound, "nothing is at this path")),
    }
}

async fn own(visit: &Visit<'_>, key: &Key, name: Name, parameter: &str) -> Responded {
    match name {
        Name::Propose => actions::propose(visit, key).await,
        Name::Action => actions::read(visit, key, parameter).await,
        Name::Policy => Ok(admin::policy(visit)),
        Name::PutPolicy => admin::put_policy(visit, key).await,
        Name::CheckPolicy => admin::check_policy(visit),
        Name::Keys => admin::keys(visit).await,
        Name::NewKey => admin::new_key(visit, key).await,
        Name::RevokeKey => admin::revoke_key(visit, key, parameter).await,
        Name::Desks => review::desks(visit, key).await,
        Name::Cases => review::cases(visit, key, parameter).await,
        Name::Claim => review::claim(visit, key, parameter).await,
        Name::Case => review::case(visit, key, parameter).await,
        Name::Lease => review::lease(visit, key, parameter).await,
        Name::GiveBack => review::give_back(visit, key, parameter).await,
        Name::Decide => review::decide(visit, key, parameter).await,
        Name::Undo => review::undo(visit, key, parameter).await,
        Name::Healthz
        | Name::Home
        | Name::ReviewPage
        | Name::SignInPage
        | Name::Asset
        | Name::SignIn
        | Name::SignOut => Err(Problem::new(Code::NotFound, "nothing is at this path")),
    }
}
