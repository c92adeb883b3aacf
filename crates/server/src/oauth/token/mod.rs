//! `POST /oauth2/token` (RFC 6749 §3.2).
//!
//! The shared phases, once for every grant: parse → authenticate the client → does it ask too often
//! → is the grant known, held and possible → the grant itself → answer. A grant file holds only what is its own, and
//! cannot forget a shared step.

mod authorization_code;
mod client_credentials;
mod password;
mod refresh_token;
mod state_token;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::clients::{Client, GrantType};
use domain::tokens::{self, AccessToken, IdToken, Issued};
use domain::{Call, Fault, Plain, Policy, Work};
use protocol::error::{Code, Error};
use protocol::token_request::{Grant, TokenRequest};
use serde::Serialize;

use self::password::Proved;
use super::answer::{About, Refused, json, json_bytes, note, refuse};
use super::form::Posted;
use crate::app::App;
use crate::web::asked::ErrorId;
use crate::web::client_auth::{self, Failed};

/// What every grant is given.
pub(super) struct Asking<'a> {
    pub call: &'a Call,
    pub client: &'a Client,
    pub request: &'a TokenRequest,
}

impl Asking<'_> {
    fn wanted(&self) -> password::Wanted<'_> {
        (self.request.scope.as_ref(), &self.request.resources)
    }
}

/// What a grant stored of a person's authority. It is signed once it is durable: whoever writes
/// keeps the others waiting.
pub(super) struct Stored {
    pub access: Issued,
    pub refresh: Option<Plain>,
    pub id_token: Option<Identity>,
}

/// What an ID token will tell.
pub(super) struct Identity {
    pub grant: tokens::Grant,
    pub nonce: Option<String>,
}

impl Stored {
    async fn sign(self, reading: &mut Work, asking: &Asking<'_>) -> Result<Given, Fault> {
        let (client, call) = (asking.client, asking.call);
        let access = self.access.sign(reading, call.now).await?;
        let mut id_token = None;
        if let Some(Identity { grant, nonce }) = &self.id_token {
            let (scopes, nonce) = (&access.scopes, nonce.as_deref());
            let of = IdToken { client, grant, scopes, nonce, access: Some(&access.text) };
            id_token = Some(tokens::id_token(reading, call, &of).await?);
        }
        Ok(Given { access, refresh: self.refresh, id_token })
    }
}

/// What a grant gives back.
pub(in crate::oauth) struct Given {
    pub access: AccessToken,
    pub refresh: Option<Plain>,
    pub id_token: Option<Plain>,
}

/// What comes of a token request.
pub(in crate::oauth) enum Outcome {
    /// Tokens.
    Tokens(Given),
    /// The password was right, and a second factor is asked for besides.
    SecondFactor(state_token::Half),
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

/// Exchanges a grant for tokens.
pub async fn post(State(app): State<Arc<App>>, posted: Posted) -> Response {
    match exchange(&app, &posted).await {
        Ok(given) => json(&Answer {
            access_token: given.access.text.reveal(),
            token_type: "Bearer",
            expires_in: given.access.expires_in,
            refresh_token: given.refresh.as_ref().map(Plain::reveal),
            id_token: given.id_token.as_ref().map(Plain::reveal),
            scope: given.access.scopes.as_str(),
        }),
        Err(failed) => failure(&app, &posted.call, &posted.about("token"), failed),
    }
}

/// All phases but the answer. A second step is nothing that the protocol knows.
pub(super) async fn exchange(app: &App, posted: &Posted) -> Result<Given, Failed> {
    match exchange_in_steps(app, posted).await? {
        Outcome::Tokens(given) => Ok(given),
        Outcome::SecondFactor(half) => Err(state_token::not_here(app, &half).await?.into()),
    }
}

/// The same for callers who can be asked for a second factor.
pub(super) async fn exchange_in_steps(app: &App, posted: &Posted) -> Result<Outcome, Failed> {
    let presented = posted.presented()?;
    let mut reading = app.instance.read();
    let request = TokenRequest::parse(&posted.params);
    if let Some(asks) = client_auth::recall(&reading, &posted.call, &presented)
        && let Ok(request) = &request
        && let Some(given) = exchange_recalled(app, &mut reading, (posted, request), asks).await?
    {
        return Ok(Outcome::Tokens(given));
    }
    let authenticated = client_auth::authenticate(&mut reading, &posted.call, &presented).await?;
    unhurried(app, &posted.call, &authenticated.client)?;
    let request = request?;
    let asking = Asking { call: &posted.call, client: &authenticated.client, request: &request };
    let grant_type = held(app.instance.policy(), &asking)?;
    let given = match &request.grant {
        Grant::Password { username, password } => {
            // A password is hashed for as long as it takes, so that comes before the work.
            match password::prove(app, &asking, (username, password)).await? {
                Proved::All(verified) => {
                    password::exchange(&mut reading, &asking, (&verified, asking.wanted())).await?
                }
                Proved::Password(half) => return Ok(Outcome::SecondFactor(half)),
            }
        }
        Grant::StateToken { token, totp } => {
            let (verified, first) = state_token::prove(app, &asking, (token, totp)).await?;
            password::exchange(&mut reading, &asking, (&verified, first.wanted())).await?
        }
        Grant::AuthorizationCode { code, redirect_uri, verifier } => {
            let proof = (redirect_uri.as_deref(), verifier.as_deref());
            let stored = exchange_code(app, &asking, code, proof).await?;
            stored.sign(&mut reading, &asking).await?
        }
        Grant::RefreshToken { token } => {
            let stored = refresh_token::exchange(&mut reading, &asking, token).await?;
            stored.sign(&mut reading, &asking).await?
        }
        _ => client_credentials::exchange(&mut reading, &asking).await?,
    };
    app.count(|figures| figures.granted(grant_type.as_str()));
    Ok(Outcome::Tokens(given))
}

/// The same for a client that this node remembers, where the grant's own statement proves that it is
/// still as remembered: most requests, with one statement less. `None`: in doubt, and nothing was
/// done.
async fn exchange_recalled(
    app: &App,
    reading: &mut Work,
    (posted, request): (&Posted, &TokenRequest),
    asks: client_auth::Recalled,
) -> Result<Option<Given>, Failed> {
    let client = asks.client.unproven();
    let asking = Asking { call: &posted.call, client, request };
    // Requests are counted once it is certain who asks.
    if client.token_requests_per_second.is_some() {
        return Ok(None);
    }
    let Ok(grant_type) = held(app.instance.policy(), &asking) else { return Ok(None) };
    let given = match &request.grant {
        Grant::ClientCredentials => {
            client_credentials::exchange_recalled(reading, &asking, &asks.client).await?
        }
        Grant::RefreshToken { token } => {
            let stored =
                refresh_token::exchange_recalled(reading, &asking, &asks.client, token).await?;
            match stored {
                Some(stored) => Some(stored.sign(reading, &asking).await?),
                None => None,
            }
        }
        _ => None,
    };
    if given.is_some() {
        asks.proved(reading, &posted.call);
        app.count(|figures| figures.granted(grant_type.as_str()));
    }
    Ok(given)
}

/// A code, once. What a refusal decided (the tokens of a code used twice end) is as durable as a
/// success.
async fn exchange_code(
    app: &App,
    asking: &Asking<'_>,
    code: &str,
    proof: (Option<&str>, Option<&str>),
) -> Result<Stored, Failed> {
    let mut work = app.instance.begin().await?;
    let outcome = authorization_code::exchange(&mut work, asking, code, proof).await;
    if let Err(Refused::Fault(fault)) = outcome {
        return Err(fault.into());
    }
    work.commit().await?;
    Ok(outcome?)
}

/// No more requests a second than the client may send: counted once it is known who asks, so that
/// nobody else can use its share up.
fn unhurried(app: &App, call: &Call, client: &Client) -> Result<(), Failed> {
    let Some(limit) = tokens::admit(&app.instance, client, call.now) else { return Ok(()) };
    let description = format!(
        "token_requests_per_second: this client may send {limit} token requests a second. Keep a \
         token for as long as it lives, and ask again in 1 second."
    );
    let error = Error::new(Code::RateLimited, description)
        .because("the client asked this node more often than token_requests_per_second allows")
        .expected(format!("at most {limit} token requests within a second"))
        .received("one more");
    Err(Failed::Throttled { retry_after: 1, error })
}

/// Is the grant one we know, and one this client holds? A refresh token of a client that signs
/// people in by password alone is a part of that grant, and goes with it.
fn held(policy: &Policy, asking: &Asking<'_>) -> Result<GrantType, Error> {
    let client = asking.client;
    let only_by_password = !policy.legacy_password
        && client.allows(GrantType::Password)
        && !client.allows(GrantType::AuthorizationCode);
    let wanted = match &asking.request.grant {
        Grant::AuthorizationCode { .. } => GrantType::AuthorizationCode,
        Grant::RefreshToken { .. } if !only_by_password => GrantType::RefreshToken,
        Grant::ClientCredentials => GrantType::ClientCredentials,
        Grant::Password { .. } if policy.legacy_password => GrantType::Password,
        Grant::StateToken { .. } if policy.legacy_password && policy.profile_reltio => {
            GrantType::Password
        }
        Grant::RefreshToken { .. }
        | Grant::Password { .. }
        | Grant::StateToken { .. }
        | Grant::Other(_) => {
            let error = Error::new(Code::UnsupportedGrantType, "This grant_type is not supported.");
            return Err(error.received(asking.request.grant.as_str()));
        }
    };
    if client.allows(wanted) {
        return Ok(wanted);
    }
    let expected: Vec<_> = client.grant_types.iter().map(|g| g.as_str()).collect();
    let error = Error::new(Code::UnauthorizedClient, "This client may not use this grant_type.");
    Err(error.expected(expected.join(", ")).received(wanted.as_str()))
}

/// Client or person ended between the check and the issue.
pub(super) fn ended() -> Refused {
    Refused::Error(
        Error::new(Code::InvalidGrant, "The authority behind this request has ended.").because(
            "client, person or grant was disabled, revoked or changed while the token was issued",
        ),
    )
}

/// The answer to a failed authentication or grant.
pub(super) fn failure(app: &App, call: &Call, about: &About, failed: Failed) -> Response {
    match failed {
        Failed::Refused(refused) => refuse(app, call, about, refused),
        Failed::ForeignAddress { error } => {
            let error_id = note(app, call, about, &error).unwrap_or_default();
            let body = serde_json::json!({
                "error": "invalid_client",
                "error_description": "IP address not allowed.",
                "message": "invalid_client. IP address not allowed.",
                "error_id": error_id,
            });
            let mut response = json_bytes(StatusCode::BAD_REQUEST, body.to_string().into_bytes());
            ErrorId::mark(&mut response, Some(&error_id));
            if about.used_basic {
                let challenge =
                    HeaderValue::from_static(protocol::client_authentication::BASIC_CHALLENGE);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
        Failed::Throttled { retry_after, error } => {
            let mut response = refuse(app, call, about, Refused::Error(error));
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(retry_after.max(1).unsigned_abs()));
            response
        }
    }
}
