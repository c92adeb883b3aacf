//! `POST /oauth2/introspect` (RFC 7662): what a token means, now.
//!
//! Ordered checks: authenticate the caller (a confidential client, or a bearer token that holds
//! `tokens:introspect`) → find the token alive → may this caller know? Anything else is
//! `{"active":false}` and nothing more (§2.2).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::accounts::Amr;
use domain::clients::{self, Client};
use domain::tokens::{self, Live, Meaning};
use domain::{Call, Fault, Work, resources};
use protocol::bearer;
use protocol::error::{Code, Error};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::{Refused, json, json_bytes, refuse};
use super::form::Posted;
use super::token::failure;
use crate::app::App;
use crate::web::client_auth::{self, Failed};

/// The permission that opens every access token.
const INTROSPECT: &str = "tokens:introspect";

/// Who asks.
enum Caller {
    Client(Arc<Client>),
    /// A bearer token that holds the permission.
    Bearer,
}

#[derive(Serialize)]
struct Answer<'a> {
    active: bool,
    scope: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    token_type: &'static str,
    exp: i64,
    iat: i64,
    sub: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    aud: Value,
    iss: &'a str,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Act<'a>>,
    access: &'static str,
    authorized_teams: Vec<super::userinfo::Team<'a>>,
    instance_permissions: &'a [String],
    /// Those its client adds; none of the names above.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize)]
struct Act<'a> {
    sub: &'a str,
}

/// Tells what a token means.
pub async fn post(State(app): State<Arc<App>>, posted: Posted) -> Response {
    answered(&app, &posted).await
}

/// The same for a request that came by another way.
pub(super) async fn answered(app: &App, posted: &Posted) -> Response {
    let mut work = app.instance.read();
    match introspect(&mut work, posted).await {
        Ok(Some((live, meaning))) => match answer(&mut work, &live, &meaning).await {
            Ok(response) => response,
            Err(fault) => super::answer::faulty(&posted.call, &fault),
        },
        Ok(None) => json_bytes(StatusCode::OK, br#"{"active":false}"#.to_vec()),
        Err(Failed::Refused(Refused::Error(error))) if error.code == Code::InvalidToken => {
            let challenge = bearer::Challenge::of(&error).to_string();
            let about = posted.about("introspect");
            let mut response = refuse(app, &posted.call, &about, Refused::Error(error));
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
            }
            response.into_response()
        }
        Err(failed) => failure(app, &posted.call, &posted.about("introspect"), failed),
    }
}

async fn introspect(work: &mut Work, posted: &Posted) -> Result<Option<(Live, Meaning)>, Failed> {
    let (caller, live) = match recalled(work, posted).await? {
        Some((client, live)) => (Caller::Client(client), Some(live)),
        None => found(work, posted).await?,
    };
    let Some(live) = live else { return Ok(None) };
    if !may_know(work, &caller, &live).await? {
        return Ok(None);
    }
    tokens::mark_used(work.instance(), &live, posted.call.now);
    let meaning = tokens::meaning(work, &live).await?;
    Ok(Some((live, meaning)))
}

/// The access token and who asks for it, where one statement answers both: the caller is a
/// confidential client that this node remembers. `None`: in doubt.
async fn recalled(work: &mut Work, posted: &Posted) -> Result<Option<(Arc<Client>, Live)>, Failed> {
    let (Ok(presented), Some(token)) = (posted.presented(), posted.params.get("token")) else {
        return Ok(None);
    };
    let Some(asks) = client_auth::recall(work, &posted.call, &presented) else { return Ok(None) };
    if !asks.client.unproven().confidential || posted.params.single().is_err() {
        return Ok(None);
    }
    let live = tokens::find_live_for(work, &asks.client, token, posted.call.now).await?;
    Ok(live.map(|live| (asks.proved(work, &posted.call), live)))
}

/// Who asks, and the living token, if there is one.
async fn found(work: &mut Work, posted: &Posted) -> Result<(Caller, Option<Live>), Failed> {
    let caller = caller(work, posted).await?;
    posted.params.single()?;
    let Some(token) = posted.params.get("token") else {
        return Err(Error::new(Code::InvalidRequest, "The parameter token is missing.").into());
    };
    let call = &posted.call;
    let live = match tokens::find_live(work, token, call.now).await? {
        Some(live) => Some(live),
        None => tokens::find_live_refresh(work, token, call.now).await?,
    };
    Ok((caller, live))
}

async fn caller(work: &mut Work, posted: &Posted) -> Result<Caller, Failed> {
    let is_bearer = posted
        .authorization
        .as_deref()
        .is_some_and(|h| h.len() > 7 && h[..7].eq_ignore_ascii_case("bearer "));
    if is_bearer {
        return bearer_caller(work, posted.authorization.as_deref(), &posted.call).await;
    }
    let presented = posted.presented()?;
    let authenticated = client_auth::authenticate(work, &posted.call, &presented).await?;
    if !authenticated.client.confidential {
        let error = Error::new(Code::InvalidClient, "Client authentication failed.");
        return Err(error.because("a public client cannot introspect: it proves nothing").into());
    }
    Ok(Caller::Client(authenticated.client))
}

/// A token that opens tokens must be for this very server and hold the permission.
async fn bearer_caller(
    work: &mut Work,
    authorization: Option<&str>,
    call: &Call,
) -> Result<Caller, Failed> {
    let invalid = || Error::new(Code::InvalidToken, "The access token is not valid.");
    let token = bearer::parse(authorization)?.ok_or_else(invalid)?;
    let live = tokens::find_live(work, token, call.now).await?.ok_or_else(invalid)?;
    let is_ours = live.resources.iter().any(|id| id == resources::API);
    let holds = tokens::meaning(work, &live).await?.instance.iter().any(|p| p == INTROSPECT);
    if is_ours && holds {
        Ok(Caller::Bearer)
    } else {
        Err(invalid().because("it does not hold tokens:introspect").into())
    }
}

/// Own tokens, those of resources one serves, or all with the scope; refresh tokens only one's own.
async fn may_know(work: &mut Work, caller: &Caller, live: &Live) -> Result<bool, Fault> {
    let Caller::Client(client) = caller else { return Ok(true) };
    if live.client == client.id || client.scopes.contains(INTROSPECT) {
        return Ok(true);
    }
    if live.is_refresh {
        return Ok(false);
    }
    resources::may_introspect(work, client.id.as_str(), &live.resources).await
}

async fn answer(work: &mut Work, live: &Live, meaning: &Meaning) -> Result<Response, Fault> {
    let aud =
        if live.is_refresh { Value::Null } else { tokens::audience(work, &live.resources).await? };
    let sub = live.user.as_ref().map_or(live.client.as_str(), |user| user.as_str());
    let extra = if live.is_refresh { Map::new() } else { extra(work, live).await? };
    let own = tokens::service_teams(work, live, meaning).await?;
    let instance = work.instance();
    Ok(json(&Answer {
        active: true,
        scope: live.scopes.as_str(),
        client_id: live.client.as_str(),
        username: username(live),
        token_type: if live.is_refresh { "refresh_token" } else { "Bearer" },
        exp: live.expires_at,
        iat: live.issued_at,
        sub,
        aud,
        iss: instance.issuer(),
        jti: tokens::public_id(instance, live)?,
        auth_time: live.authenticated_at,
        amr: live.amr.map(Amr::values),
        act: (live.grant.is_none() && live.user.is_some())
            .then(|| Act { sub: live.client.as_str() }),
        access: live.access.as_str(),
        authorized_teams: meaning
            .teams
            .iter()
            .chain(&own)
            .map(super::userinfo::Team::with_permissions)
            .collect(),
        instance_permissions: &meaning.instance,
        extra,
    }))
}

/// What people call whoever the token acts for. A client without a person stands for itself, so that
/// a reader of user names finds one; its context user was named by an administrator. Of a person who
/// agreed to scopes, no more is told than these tell.
fn username(live: &Live) -> Option<&str> {
    match (&live.user, live.grant) {
        (None, _) => Some(live.client.as_str()),
        (Some(_), None) => live.email.as_deref(),
        (Some(_), Some(_)) if live.scopes.contains("email") => live.email.as_deref(),
        (Some(_), Some(_)) if live.scopes.contains("profile") => live.display_name.as_deref(),
        _ => None,
    }
}

/// The claims that its client adds now.
async fn extra(work: &mut Work, live: &Live) -> Result<Map<String, Value>, Fault> {
    let Some(client) = clients::current(work, live.client.as_str(), live.client_version).await?
    else {
        return Ok(Map::new());
    };
    Ok(client.extra_claims().map(|(name, value)| (name.clone(), value.clone())).collect())
}
