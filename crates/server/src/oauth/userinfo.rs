//! `GET` and `POST /oauth2/userinfo` (OpenID Connect Core §5.3): who the person is.
//!
//! Ordered checks: one bearer token, in the header (or in the form body of a POST) → alive → holds
//! `openid` → made for userinfo (a resource server cannot ask who its callers are by what it received)
//! → acts for a person.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::tokens::{self, TeamRights};
use domain::{Call, teams};
use protocol::bearer;
use protocol::error::{Code, Error};
use protocol::params::Params;
use serde::Serialize;

use super::answer::{About, Refused, json, refuse};
use crate::app::App;
use crate::web::asked::Asked;

/// A team in an answer.
#[derive(Serialize)]
pub(super) struct Team<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'a [String]>,
}

impl<'a> Team<'a> {
    /// As introspection shows it.
    pub fn with_permissions(team: &'a TeamRights) -> Self {
        Self {
            id: &team.id,
            name: &team.name,
            organization: Some(&team.organization),
            permissions: Some(&team.permissions),
        }
    }

    fn plain(id: &'a str, name: &'a str) -> Self {
        Self { id, name, organization: None, permissions: None }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    authorized_teams: Vec<Team<'a>>,
    teams: Vec<Team<'a>>,
}

/// Tells who the person is.
pub async fn show(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(Asked(call)) = Asked::from_request_parts(&mut parts, &app).await;
    let token = match token(parts, body).await {
        Ok(token) => token,
        Err(error) => return challenge(&app, &call, Some(error)),
    };
    let Some(token) = token else { return challenge(&app, &call, None) };
    match tell(&app, &call, &token).await {
        Ok(response) => response,
        Err(Refused::Error(error)) => challenge(&app, &call, Some(error)),
        Err(Refused::Fault(fault)) => super::answer::faulty(&call, &fault),
    }
}

/// The one token of the request (RFC 6750 §2): header or body, never both, never the query.
async fn token(
    parts: axum::http::request::Parts,
    body: axum::body::Body,
) -> Result<Option<String>, Error> {
    let wrong = |sentence| Error::new(Code::InvalidRequest, sentence);
    let header = parts.headers.get(header::AUTHORIZATION).map(HeaderValue::to_str);
    let header = header.transpose().map_err(|_| wrong("The Authorization header is not text."))?;
    let in_header = bearer::parse(header)?.map(str::to_owned);
    let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
    if query.iter().any(|(name, _)| name == "access_token") {
        return Err(wrong("An access token in the query is refused: it ends up in logs."));
    }
    let is_form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if parts.method != Method::POST || !is_form {
        return Ok(in_header);
    }
    let bytes =
        axum::body::to_bytes(body, 64 * 1024).await.map_err(|_| wrong("The body is too large."))?;
    let form = Params::parse(&bytes)?;
    form.single()?;
    match (in_header, form.get("access_token")) {
        (Some(_), Some(_)) => Err(wrong("The access token is sent twice.")),
        (in_header, in_body) => Ok(in_header.or_else(|| in_body.map(str::to_owned))),
    }
}

async fn tell(app: &App, call: &Call, token: &str) -> Result<Response, Refused> {
    let mut work = app.instance.read();
    let Some(live) = tokens::find_live(&mut work, token, call.now).await? else {
        let error = Error::new(Code::InvalidToken, "The access token is not valid.");
        return Err(error
            .because("it is unknown, expired, revoked, or its person or client ended")
            .into());
    };
    if !live.scopes.contains("openid") {
        let error = Error::new(Code::InsufficientScope, "The access token lacks the scope openid.");
        return Err(error.expected("openid").received(live.scopes.to_string()).into());
    }
    if !live.is_for_userinfo() {
        let error =
            Error::new(Code::InvalidToken, "The access token was made for another audience.");
        return Err(error
            .expected(app.instance.userinfo_resource())
            .received(live.resources.join(" "))
            .into());
    }
    let Some(user) = &live.user else {
        let error = Error::new(Code::InvalidToken, "The access token does not act for a person.");
        return Err(error.into());
    };
    tokens::mark_used(work.instance(), &live, call.now);
    let meaning = tokens::meaning(&mut work, &live).await?;
    let all = teams::teams_of_user(&mut work, user).await?;
    let (profile, email) = (live.scopes.contains("profile"), live.scopes.contains("email"));
    let shown_email = live.email.as_deref().filter(|_| email);
    Ok(json(&Answer {
        sub: user.as_str(),
        name: live.display_name.as_deref().filter(|_| profile),
        preferred_username: live.email.as_deref().filter(|_| profile && email),
        email: shown_email,
        email_verified: shown_email.map(|_| false),
        authorized_teams: meaning
            .teams
            .iter()
            .map(|team| Team::plain(&team.id, &team.name))
            .collect(),
        teams: all.iter().map(|team| Team::plain(&team.id, &team.name)).collect(),
    }))
}

/// RFC 6750 §3: no error code where no token was sent.
fn challenge(app: &App, call: &Call, error: Option<Error>) -> Response {
    let Some(error) = error else {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let value = HeaderValue::from_str(&bearer::Challenge::of(&error).to_string());
    let about = About { endpoint: "userinfo", ..About::default() };
    let mut response = refuse(app, call, &about, Refused::Error(error));
    if let Ok(value) = value {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
