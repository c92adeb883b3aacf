//! The whole URL map of the server.
//!
//! A line is a path and its door. The permission of a page or an API call is in the signature of
//! its function: nobody gets in without the proof. Cross-origin rules are decided here, before any
//! handler, so that errors carry them too.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::app::App;
use crate::ops::{metrics, standby};
use crate::web::failure::Failure;
use crate::web::{assets, headers, home};
use crate::{account, api, console, oauth, ops, traces};

/// Largest request body of any page, bytes; endpoints set smaller ones.
const BODY_LIMIT: usize = 1024 * 1024;

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    // One layer: a router copies and boxes its service once for each it is given.
    let around = ServiceBuilder::new()
        .layer(from_fn_with_state(Arc::clone(&app), headers::layer))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    let mut router = Router::new()
        .route("/", get(home::show))
        .route("/assets/{name}", get(assets::serve))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .merge(open())
        .merge(oauth::profiles::router(&app))
        .route(
            "/oauth2/authorize",
            get(oauth::authorize::get).post(oauth::authorize::post).head(oauth::authorize::head),
        )
        .route("/oauth2/introspect", post(oauth::introspect::post))
        .route("/forward-auth", get(oauth::forward_auth::get))
        .route("/oauth2/logout", get(oauth::logout::ask).post(oauth::logout::ask))
        .merge(account::router())
        .nest("/console", console::router())
        .nest("/api/v1", api::router())
        .fallback(nothing);
    if app.instance.is_standby() {
        router = router.layer(from_fn_with_state(Arc::clone(&app), standby::gate));
    }
    router = router.layer(around);
    if app.figures.is_some() {
        router = router.layer(from_fn_with_state(Arc::clone(&app), metrics::count));
    }
    if app.traces.is_some() {
        router = router.layer(from_fn_with_state(Arc::clone(&app), traces::layer));
    }
    router.with_state(app)
}

/// What browsers of any origin may call: no cookie is read here.
fn open() -> Router<Arc<App>> {
    let mut router = Router::new()
        .route("/oauth2/token", post(oauth::token::post))
        .route("/oauth2/revoke", post(oauth::revoke::post))
        .route("/oauth2/userinfo", get(oauth::userinfo::show).post(oauth::userinfo::show))
        .route("/oauth2/jwks", get(oauth::jwks::get));
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/oauth/.well-known/oauth-authorization-server",
        "/oauth/.well-known/openid-configuration",
    ] {
        router = router.route(path, get(oauth::metadata::get));
    }
    let exposed =
        [HeaderName::from_static("www-authenticate"), HeaderName::from_static("retry-after")];
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed)
        .max_age(std::time::Duration::from_hours(1));
    router.layer(cors)
}

async fn nothing(_: Uri) -> Response {
    Failure::NotFound.into_response()
}

/// The last wall: a bug answers 500 and the process lives.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Failure::Fault(domain::Fault::Broken("a handler panicked".into())).into_response()
}
