//! What a server on a standby of the database answers: what tokens mean, while it is fresh enough, and
//! what never changes in a moment. Everything else is at the primary's servers.
//!
//! Whether it is fresh is asked before the first row is read, so that what was answered was true no
//! longer ago than the bound says.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// Answered only while the standby is fresh.
const INTROSPECT: &str = "/oauth2/introspect";
/// Answered at all times: whether it lives and is ready, keys and metadata.
const ALWAYS: [&str; 7] = [
    "/healthz",
    "/readyz",
    "/oauth2/jwks",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth/.well-known/oauth-authorization-server",
    "/oauth/.well-known/openid-configuration",
];

/// Lets through what a standby answers.
pub async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if ALWAYS.contains(&path) {
        return next.run(request).await;
    }
    if path != INTROSPECT {
        let issuer = app.instance.issuer();
        return later(&format!(
            "This server reads a standby of the database. It answers introspection, keys and metadata alone; ask \
             {issuer} for everything else."
        ));
    }
    match app.instance.fresh().await {
        Ok(()) => next.run(request).await,
        Err(fault) => {
            tracing::warn!(%fault, "an introspection was not answered");
            later(
                "This server reads a standby of the database, which is further behind than it may be. Ask again.",
            )
        }
    }
}

fn later(sentence: &str) -> Response {
    let body = serde_json::json!({
        "error": "temporarily_unavailable", "error_description": sentence,
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::RETRY_AFTER, "5"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, body.to_string()).into_response()
}
