//! The protocol as Reltio's scripts speak it (RLT-27, RLT-29, RLT-34 to RLT-36, RLT-38): one token
//! endpoint, `token_type` in lower case, parameters in the query.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::Plain;
use protocol::error::{Code, Error};
use protocol::params::Params;
use serde::Serialize;
use serde_json::json;

use super::super::answer::json;
use super::super::authorize::unredirectable;
use super::super::token::{Given, Outcome};
use super::super::{introspect, revoke as native, token as exchange};
use super::caller::said;
use super::loose::Loose;
use crate::app::App;
use crate::web::asked::Asked;
use crate::web::page;
use domain::authorizations::Unredirectable;

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    expires_in: i64,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

/// `POST /oauth/token`
pub(super) async fn token(State(app): State<Arc<App>>, Loose(posted): Loose) -> Response {
    let failed = match exchange::exchange_in_steps(&app, &posted).await {
        Ok(Outcome::Tokens(given)) => return tokens(&given),
        Ok(Outcome::SecondFactor(half)) => match half.answer(&app) {
            Ok(answer) => return json(&answer),
            Err(failed) => failed,
        },
        Err(failed) => failed,
    };
    exchange::failure(&app, &posted.call, &posted.about("token"), failed)
}

fn tokens(given: &Given) -> Response {
    json(&Answer {
        access_token: given.access.text.reveal(),
        token_type: "bearer",
        refresh_token: given.refresh.as_ref().map(Plain::reveal),
        expires_in: given.access.expires_in,
        scope: given.access.scopes.as_str(),
        id_token: given.id_token.as_ref().map(Plain::reveal),
    })
}

/// `POST /oauth/revoke?token=`
pub(super) async fn revoke(State(app): State<Arc<App>>, Loose(posted): Loose) -> Response {
    match native::revoke(&app, &posted).await {
        Ok(()) => said(&json!({ "status": "success" })),
        Err(failed) => exchange::failure(&app, &posted.call, &posted.about("revoke"), failed),
    }
}

/// `POST /oauth/checkToken?token=`
pub(super) async fn check_token(State(app): State<Arc<App>>, Loose(posted): Loose) -> Response {
    introspect::answered(&app, &posted).await
}

/// `GET /oauth/sso`: an authorization request by another name. `state` must not be empty (RLT-36);
/// `tenant_id` and `grant_type` say nothing that the person is not asked anyway.
pub(super) async fn sso(
    State(app): State<Arc<App>>,
    Asked(call): Asked,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let error = match &params {
        Ok(params) if params.get("state").is_some() => None,
        Ok(_) => Some(Error::new(Code::InvalidRequest, "The request has no state.")),
        Err(error) => Some(error.clone()),
    };
    if let Some(error) = error {
        let client_id = params.ok().and_then(|params| params.get("client_id").map(str::to_owned));
        return unredirectable(&app, &call, Unredirectable { client_id, error });
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in params.iter().flat_map(Params::iter) {
        if name != "grant_type" && name != "tenant_id" {
            query.append_pair(name, value);
        }
    }
    page::see_other(&format!("/oauth2/authorize?{}", query.finish()))
}
