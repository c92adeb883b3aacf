//! Who calls: a bearer token of this very server, made for this very API, and what it may do now.
//!
//! Ordered checks: one token, in the header → alive → made for the API (a resource server cannot
//! replay what it received) → holds the permission that the handler names, now. An unsafe method
//! of a read-only client fails the last: its preset lets no writing permission through.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use domain::access::{Access, Authority, Effect, May, Permission};
use domain::tokens::{self, Live};
use domain::{Call, Fault, Work, refusals, resources};
use protocol::bearer::{self, Challenge};
use protocol::error::{Code, Error};

use super::operation::{Described, Guard, Signature};
use super::problem::Failed;
use crate::app::App;
use crate::web::asked::Asked;

/// Whoever presents a living token for this API.
#[derive(Clone)]
pub(super) struct Caller {
    /// What every door shares.
    pub app: Arc<App>,
    /// The call, made by the person and the client of the token.
    pub call: Call,
    /// The token.
    pub live: Live,
    /// What it may do now.
    pub authority: Authority,
}

/// A caller that holds permission `P`, with the proof.
pub(super) struct Allowed<P> {
    /// What every door shares.
    pub app: Arc<App>,
    /// The call.
    pub call: Call,
    /// The proof of `P`.
    pub may: May<P>,
}

impl Caller {
    /// A reader that always sees the latest commit.
    pub fn read(&self) -> Work {
        self.app.instance.read()
    }
}

impl<P> Allowed<P> {
    /// A reader that always sees the latest commit.
    pub fn read(&self) -> Work {
        self.app.instance.read()
    }

    /// A unit of work that may write.
    pub async fn begin(&self) -> Result<Work, Fault> {
        self.app.instance.begin().await
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failed> {
        let Ok(Asked(call)) = Asked::from_request_parts(parts, app).await;
        let token = match presented(parts) {
            Ok(Some(token)) => token,
            Ok(None) => {
                let detail = "An access token is needed: Authorization: Bearer …";
                return Err(
                    Failed::new(StatusCode::UNAUTHORIZED, detail).challenge(&Challenge::default())
                );
            }
            Err(error) => return Err(refused(app, &call, None, &error)),
        };
        let mut work = app.instance.read();
        let Some(live) = tokens::find_live(&mut work, token, call.now).await? else {
            let error = Error::new(Code::InvalidToken, "The access token is not valid.")
                .because("it is unknown, expired or revoked, or its client or person ended");
            return Err(refused(app, &call, None, &error));
        };
        if !live.resources.iter().any(|id| id == resources::API) {
            let error =
                Error::new(Code::InvalidToken, "The access token was made for another audience.")
                    .because("tokens of other audiences are never taken here")
                    .expected(app.instance.api_resource())
                    .received(live.resources.join(" "));
            return Err(refused(app, &call, Some(live.client.as_str()), &error));
        }
        tokens::mark_used(work.instance(), &live, call.now);
        let authority = tokens::authority(&mut work, &live).await?;
        let call = call.by(authority.actor.clone());
        Ok(Self { app: Arc::clone(app), call, live, authority })
    }
}

impl<P: Permission + Send> FromRequestParts<Arc<App>> for Allowed<P> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failed> {
        let Caller { app, call, live, authority } = Caller::from_request_parts(parts, app).await?;
        if let Ok(may) = authority.may::<P>() {
            return Ok(Self { app, call, may });
        }
        let (why, needs_scope) = missing(&live, P::NAME, P::EFFECT);
        let error = Error::new(Code::InsufficientScope, why)
            .expected(P::NAME)
            .received(live.scopes.as_str());
        let error_id = note(&app, &call, Some(live.client.as_str()), &error);
        let failed = Failed::forbidden(P::NAME, why).error_id(error_id);
        let challenge = Challenge { scope: Some(P::NAME), ..Challenge::of(&error) };
        Err(if needs_scope { failed.challenge(&challenge) } else { failed })
    }
}

impl Described for Caller {
    fn describe(signature: &mut Signature) {
        signature.guard = Guard::Token;
    }
}

impl<P: Permission> Described for Allowed<P> {
    fn describe(signature: &mut Signature) {
        signature.guard = Guard::Permission(P::NAME);
    }
}

/// The one token of the request, in the header (OAuth 2.1 §5.2); never in the query.
fn presented(parts: &Parts) -> Result<Option<&str>, Error> {
    let wrong = |sentence| Error::new(Code::InvalidRequest, sentence);
    let query = parts.uri.query().unwrap_or_default();
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(wrong("An access token in the query is refused: it ends up in logs."));
    }
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next(), values.next()) else {
        return Err(wrong("There are several Authorization headers."));
    };
    let text = value.map(HeaderValue::to_str).transpose();
    bearer::parse(text.map_err(|_| wrong("The Authorization header is not text."))?)
}

/// What keeps the permission from the token, in one sentence; is it a scope that is missing?
fn missing(live: &Live, permission: &str, effect: Effect) -> (&'static str, bool) {
    let (as_user, writes) = match effect {
        Effect::Read => ("as_user:read", false),
        Effect::Write => ("as_user:write", true),
    };
    if writes && live.access == Access::ReadOnly {
        return ("The client has read-only access, so its tokens change nothing.", false);
    }
    if !live.scopes.contains(permission) && !live.scopes.contains(as_user) {
        return ("No scope of the token lets it through.", true);
    }
    ("Whoever the token acts for does not hold it now.", false)
}

/// A refused token, with the challenge of RFC 6750 §3.
fn refused(app: &App, call: &Call, client: Option<&str>, error: &Error) -> Failed {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let error_id = note(app, call, client, error);
    Failed::new(status, error.description.clone())
        .challenge(&Challenge::of(error))
        .error_id(error_id)
}

/// Keeps the reason for the operator.
fn note(app: &App, call: &Call, client: Option<&str>, error: &Error) -> Option<String> {
    refusals::note(&app.instance, call, "api", client, error).ok()
}
