//! What operators and balancers ask: alive, able to serve, and how it goes.

pub mod metrics;
pub mod standby;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// `GET /healthz`: the process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Why it is not ready, of all that `/readyz` tells strangers.
fn refused(app: &App) -> &'static str {
    if app.instance.is_standby() {
        "the standby of the database is too far behind\n"
    } else {
        "the database cannot take writes\n"
    }
}

/// `GET /readyz`: the database takes writes, or is fresh where it is a standby, and no shutdown has begun.
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    match app.instance.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(fault) => {
            tracing::warn!(%fault, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "5")], refused(&app)).into_response()
        }
    }
}
