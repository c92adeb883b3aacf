//! `GET /forward-auth`: may this request pass? For reverse proxies that ask before they forward
//! (nginx `auth_request`, Traefik `forwardAuth`, Caddy `forward_auth`).
//!
//! Ordered checks: the question itself (known parameters, one registered `resource`; asked by a
//! listed proxy that names the original method; else 400, which every proxy treats as closed) →
//! one bearer token, alive, made for the resource (else 401, RFC 6750 §3) → the method against the
//! preset → `scope` → `permission` in `team`, now (else 403). Refuses to know the original path:
//! which question belongs to which path is the proxy's configuration.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Access;
use domain::resources::{self, Resource};
use domain::tokens::{self, Live};
use domain::{Call, Work, teams};
use protocol::bearer::{self, Challenge};
use protocol::error::{Code, Error};
use protocol::params::Params;
use protocol::scope::Scopes;

use super::answer::{About, Refused, refuse};
use crate::app::App;
use crate::web::asked::Asked;

/// What may be asked. Another name is a mistake that would leave a check out.
const PARAMETERS: [&str; 4] = ["resource", "scope", "team", "permission"];
/// Methods that change nothing (RFC 9110 §9.2.1).
const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];
/// Where proxies name the original method.
const METHOD: [&str; 2] = ["x-original-method", "x-forwarded-method"];
/// Where some servers let a request name another method than its own.
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// What a proxy asks.
struct Question {
    resource: String,
    scopes: Scopes,
    place: Option<Pair>,
    /// Does the original request change anything?
    writes: bool,
}

/// A permission and the team it is needed in.
struct Pair {
    team: String,
    permission: String,
}

/// Answers a proxy: 200 with who it is, or a refusal.
pub async fn get(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Ok(Asked(call)) = Asked::from_request_parts(&mut parts, &app).await;
    let question = match Question::read(&app, &parts) {
        Ok(question) => question,
        Err(error) => return refusal(&app, &call, None, Refused::Error(error)),
    };
    let token = match presented(&parts.headers) {
        Ok(Some(token)) => token,
        Ok(None) => return unnamed(),
        Err(error) => return refusal(&app, &call, Some(&question), Refused::Error(error)),
    };
    let mut work = app.instance.read();
    match pass(&mut work, &call, &question, token).await {
        Ok(live) => passed(&live, &question),
        Err(refused) => refusal(&app, &call, Some(&question), refused),
    }
}

impl Question {
    fn read(app: &App, parts: &Parts) -> Result<Self, Error> {
        let params = Params::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        params.single()?;
        for (name, value) in params.iter() {
            if !PARAMETERS.contains(&name) {
                return Err(wrong("The proxy asks with an unknown parameter.")
                    .expected(PARAMETERS.join(" "))
                    .received(name));
            }
            if value.is_empty() {
                return Err(wrong("The proxy asks with an empty parameter.").received(name));
            }
        }
        let Some(resource) = params.get("resource").map(str::to_owned) else {
            return Err(wrong("The proxy must name exactly one resource."));
        };
        let place = match (params.get("team"), params.get("permission")) {
            (None, None) => None,
            (Some(team), Some(permission)) => {
                Some(Pair { team: team.into(), permission: permission.into() })
            }
            _ => return Err(wrong("The parameters team and permission belong together.")),
        };
        let scopes = params.get("scope").map(Scopes::parse).transpose()?.unwrap_or_default();
        Ok(Self { resource, scopes, place, writes: writes(app, parts)? })
    }
}

/// Does the original request change anything? Its method is believed from a listed proxy alone,
/// and only where all that name it agree: a caller may have added the header the proxy leaves.
fn writes(app: &App, parts: &Parts) -> Result<bool, Error> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if !peer.is_some_and(|peer| app.trusts(peer)) {
        return Err(wrong("Only a proxy that is listed in trusted_proxies may ask.")
            .received(peer.map_or_else(String::new, |peer| peer.to_string())));
    }
    let named = METHOD.iter().flat_map(|name| parts.headers.get_all(*name));
    let methods: Vec<&[u8]> = named.map(HeaderValue::as_bytes).collect();
    match methods.split_first() {
        Some((method, others)) if !method.is_empty() && others.iter().all(|m| m == method) => {
            let is_safe = SAFE.iter().any(|safe| safe.as_bytes() == *method);
            Ok(!is_safe || OVERRIDES.iter().any(|name| parts.headers.contains_key(*name)))
        }
        Some(_) => Err(wrong("The headers that name the original method disagree.")),
        None => {
            Err(wrong("The proxy must name the original method.").expected(METHOD.join(" or ")))
        }
    }
}

/// The one token of the original request. What its sender got wrong is 401, not 400: proxies
/// answer 500 to their callers for the latter.
fn presented(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let malformed = || Error::new(Code::InvalidToken, "The request must hold one access token.");
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next(), values.next()) else { return Err(malformed()) };
    let text = value.map(HeaderValue::to_str).transpose().map_err(|_| malformed())?;
    bearer::parse(text).map_err(|_| malformed())
}

async fn pass(
    work: &mut Work,
    call: &Call,
    question: &Question,
    token: &str,
) -> Result<Live, Refused> {
    let Some(resource) = resources::find_by_identifier(work, &question.resource).await? else {
        let error = wrong("The proxy names a resource that is not registered.");
        return Err(error.received(question.resource.clone()).into());
    };
    let Some(live) = tokens::find_live(work, token, call.now).await? else {
        let error = Error::new(Code::InvalidToken, "The access token is not valid.");
        let why = "it is unknown, expired, revoked, or its person or client ended";
        return Err(error.because(why).into());
    };
    is_for(&live, &resource)?;
    tokens::mark_used(work.instance(), &live, call.now);
    if question.writes && live.access == Access::ReadOnly {
        return Err(insufficient("The access token is read-only.").received("a write").into());
    }
    if !question.scopes.is_subset(&live.scopes) {
        let error = insufficient("The access token lacks a scope.");
        return Err(error.expected(question.scopes.as_str()).received(live.scopes.as_str()).into());
    }
    if let Some(pair) = &question.place {
        holds(work, &live, pair).await?;
    }
    Ok(live)
}

/// A resource server cannot be reached with what another one received.
fn is_for(live: &Live, resource: &Resource) -> Result<(), Error> {
    if live.resources.contains(&resource.id) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidToken, "The access token was made for another resource.")
        .expected(resource.identifier.clone())
        .received(live.resources.join(" ")))
}

/// The permission must be held in this very team, now, and the client be usable for it.
async fn holds(work: &mut Work, live: &Live, pair: &Pair) -> Result<(), Refused> {
    let lacking = || insufficient("The access token lacks the permission in this team.");
    let Some(team) = teams::find_team(work, &pair.team).await? else {
        return Err(lacking().received(format!("no team {}", pair.team)).into());
    };
    let rights = tokens::meaning(work, live).await?.rights;
    if rights.in_team(&pair.permission, &team.id, &team.organization) {
        return Ok(());
    }
    Err(lacking().expected(format!("{} in {}", pair.permission, team.id)).into())
}

/// Every identity header is there, also the empty ones, so that a proxy overwrites what the
/// caller sent under the same name.
fn passed(live: &Live, question: &Question) -> Response {
    let email = live.email.as_deref().filter(|_| live.scopes.contains("email"));
    let identity = [
        ("x-mandate-user", live.user.as_ref().map_or("", |user| user.as_str())),
        ("x-mandate-email", email.unwrap_or_default()),
        ("x-mandate-client", live.client.as_str()),
        ("x-mandate-scope", live.scopes.as_str()),
        ("x-mandate-access", live.access.as_str()),
        ("x-mandate-team", question.place.as_ref().map_or("", |pair| pair.team.as_str())),
    ];
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in identity {
        headers.insert(HeaderName::from_static(name), plain(value));
    }
    response
}

/// A header value of visible ASCII; anything else is left out whole, never changed into another
/// name.
fn plain(text: &str) -> HeaderValue {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let value = HeaderValue::from_str(text).ok().filter(|_| is_plain);
    value.unwrap_or_else(|| HeaderValue::from_static(""))
}

/// RFC 6750 §3: no error code where no token was sent.
fn unnamed() -> Response {
    let challenge = HeaderValue::from_static("Bearer");
    let headers = [
        (header::WWW_AUTHENTICATE, challenge),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::UNAUTHORIZED, headers).into_response()
}

fn refusal(app: &App, call: &Call, question: Option<&Question>, refused: Refused) -> Response {
    let challenge = match &refused {
        Refused::Error(error) if matches!(error.code.status(), 401 | 403) => {
            let scope = question.map(|question| question.scopes.as_str());
            let scope =
                scope.filter(|text| error.code == Code::InsufficientScope && !text.is_empty());
            HeaderValue::from_str(&Challenge { scope, ..Challenge::of(error) }.to_string()).ok()
        }
        _ => None,
    };
    let about = About { endpoint: "forward-auth", ..About::default() };
    let mut response = refuse(app, call, &about, refused);
    if let Some(challenge) = challenge {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn wrong(sentence: &'static str) -> Error {
    Error::new(Code::InvalidRequest, sentence)
}

fn insufficient(sentence: &'static str) -> Error {
    Error::new(Code::InsufficientScope, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_whole_or_not_there() {
        for (text, want) in [
            ("usr_1", "usr_1"),
            ("a b", "a b"),
            ("", ""),
            ("a\r\nx: y", ""),
            ("a\tb", ""),
            ("caf\u{e9}", ""),
            ("a\u{7f}", ""),
        ] {
            assert_eq!(plain(text), want, "{text:?}");
        }
    }
}
