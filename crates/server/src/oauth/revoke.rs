//! `POST /oauth2/revoke` (RFC 7009).
//!
//! Ordered checks: parse → authenticate the client (a public one by its id alone) → a token is
//! there → end it if it is the client's own. The answer is 200 in every other case too (§2.2).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::tokens;
use protocol::error::{Code, Error};

use super::answer::json_bytes;
use super::form::Posted;
use super::token::failure;
use crate::app::App;
use crate::web::client_auth::{self, Failed};

/// Ends a token, or everything a refresh token's grant gave.
pub async fn post(State(app): State<Arc<App>>, posted: Posted) -> Response {
    match revoke(&app, &posted).await {
        Ok(()) => json_bytes(StatusCode::OK, b"{}".to_vec()),
        Err(failed) => failure(&app, &posted.call, &posted.about("revoke"), failed),
    }
}

/// All but the answer.
pub(super) async fn revoke(app: &App, posted: &Posted) -> Result<(), Failed> {
    let presented = posted.presented()?;
    let mut reading = app.instance.read();
    let authenticated = client_auth::authenticate(&mut reading, &posted.call, &presented).await?;
    let Some(token) = posted.params.get("token") else {
        return Err(Error::new(Code::InvalidRequest, "The parameter token is missing.").into());
    };
    let mut work = app.instance.begin().await?;
    tokens::revoke(&mut work, &posted.call, &authenticated.client, token).await?;
    work.commit().await?;
    Ok(())
}
