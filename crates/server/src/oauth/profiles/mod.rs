//! Drop-in profiles: the paths and shapes that scripts of other products know, in front of the same
//! rules. Each is there only while the operator switched it on (`profiles`); otherwise its paths do
//! not exist.
//!
//! A profile translates and decides nothing. Only here do credentials and tokens pass in a query,
//! because those products take them so; nothing of a query is ever logged or kept.

mod caller;
mod hexadecimal;
mod loose;
mod relativity;
mod relativity_clients;
mod reltio;
mod reltio_clients;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};

use super::{introspect, logout, metadata, revoke, userinfo};
use crate::app::App;

/// The routes of the profiles that are on.
pub fn router(app: &App) -> Router<Arc<App>> {
    let policy = app.instance.policy();
    let mut router = Router::new();
    if policy.profile_reltio {
        router = router.merge(of_reltio());
    }
    if policy.profile_relativity {
        router = router.merge(of_relativity());
    }
    router
}

fn of_reltio() -> Router<Arc<App>> {
    use reltio_clients as clients;
    Router::new()
        .route("/oauth/token", post(reltio::token))
        .route("/oauth/revoke", post(reltio::revoke))
        .route("/oauth/checkToken", post(reltio::check_token))
        .route("/oauth/sso", get(reltio::sso))
        .route("/oauth/customers/{customer}/clients", get(clients::list).post(clients::create))
        .route(
            "/oauth/customers/{customer}/clients/{client}",
            get(clients::show).put(clients::replace).delete(clients::delete),
        )
        .route(
            "/oauth/customers/{customer}/clients/{client}/multitokens",
            get(clients::living_tokens),
        )
        .route(
            "/oauth/customers/{customer}/clients/{client}/revoketokens",
            put(clients::revoke_tokens),
        )
}

fn of_relativity() -> Router<Arc<App>> {
    use relativity_clients as clients;
    const CLIENTS: &str = "/Relativity.REST/api/Relativity-Identity/v1/oauth2-clients";
    let identity = Router::new()
        .route("/connect/token", post(relativity::token))
        .route("/connect/authorize", get(relativity::authorize))
        .route("/connect/userinfo", get(userinfo::show).post(userinfo::show))
        .route("/connect/revocation", post(revoke::post))
        .route("/connect/introspect", post(introspect::post))
        .route("/connect/endsession", get(logout::ask).post(logout::ask))
        .route("/.well-known/openid-configuration", get(metadata::get));
    Router::new()
        .nest("/Relativity/Identity", identity)
        .route(CLIENTS, get(clients::list).post(clients::create).put(clients::replace))
        .route(&format!("{CLIENTS}/{{client}}"), get(clients::show).delete(clients::delete))
        .route(&format!("{CLIENTS}/{{client}}/regenerate-secret"), get(clients::regenerate_secret))
}
