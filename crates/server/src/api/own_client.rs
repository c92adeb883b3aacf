//! A client that calls in its own name: not by a token, but by its own credentials.
//!
//! It proves itself as at the token endpoint (RFC 6749 §2.3.1): by HTTP Basic, or by `client_id` and
//! `client_secret` beside the fields of the body. Ordered checks are those of `web::client_auth`; a
//! client that has no secret proves nothing and is refused.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header};
use domain::{Actor, Call, ClientId, Refusal, refusals};
use protocol::client_authentication::{BASIC_CHALLENGE, Presented};
use protocol::error::{Code, Error};
use protocol::params::Params;
use serde_json::Value;

use super::body::{FromJson, Json};
use super::operation::{Described, Guard, Signature};
use super::problem::Failed;
use crate::app::App;
use crate::web::asked::Asked;
use crate::web::client_auth;
use crate::web::refused::Refused;

/// The members of the body that are no fields of what is asked.
const CREDENTIALS: [&str; 2] = ["client_id", "client_secret"];

/// What a client asks in its own name.
pub(super) struct Own<T> {
    /// What every door shares.
    pub app: Arc<App>,
    /// The call, made by the client.
    pub call: Call,
    /// Who it is.
    pub client: ClientId,
    /// What it asks.
    pub body: T,
}

/// A body before anybody knows who sent it.
struct Raw(Value);

impl FromJson for Raw {
    const SCHEMA: &'static str = "";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        Ok(Self(value))
    }
}

impl<T: FromJson> FromRequest<Arc<App>> for Own<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failed> {
        let (mut parts, body) = request.into_parts();
        let Ok(Asked(call)) = Asked::from_request_parts(&mut parts, app).await;
        let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (header, more) = (headers.next().cloned(), headers.next().is_some());
        let request = Request::from_parts(parts, body);
        let Json(Raw(mut body)) = Json::from_request(request, app).await?;
        let presented = if more {
            Err(Error::new(Code::InvalidRequest, "There are several Authorization headers."))
        } else {
            presented(header.as_ref(), &mut body)
        };
        let presented = presented.map_err(|error| refused(app, &call, None, &error))?;
        let named = presented.client_id().map(str::to_owned);
        let about = named.as_deref();
        let mut work = app.instance.read();
        let authenticated = match client_auth::authenticate(&mut work, &call, &presented).await {
            Ok(authenticated) => authenticated,
            Err(client_auth::Failed::Refused(Refused::Fault(fault))) => return Err(fault.into()),
            Err(client_auth::Failed::Refused(Refused::Error(error))) => {
                return Err(refused(app, &call, about, &error));
            }
            Err(client_auth::Failed::ForeignAddress { error }) => {
                let error_id = refusals::note(&app.instance, &call, "api", about, &error).ok();
                let detail = "invalid_client. IP address not allowed.";
                return Err(Failed::new(StatusCode::BAD_REQUEST, detail).error_id(error_id));
            }
            Err(client_auth::Failed::Throttled { retry_after, error }) => {
                let wait = HeaderValue::from(retry_after.max(1).unsigned_abs());
                return Err(refused(app, &call, about, &error).also(header::RETRY_AFTER, wait));
            }
        };
        let client = authenticated.client.id.clone();
        if !authenticated.client.confidential {
            let error = Error::new(Code::InvalidClient, "Client authentication failed.")
                .because("a public client has no secret: it proves nothing");
            return Err(refused(app, &call, about, &error));
        }
        let actor = Actor { client: Some(client.clone()), ..Actor::nobody() };
        let call = call.by(actor);
        Ok(Self { app: Arc::clone(app), call, client, body: T::from_json(body)? })
    }
}

impl<T: FromJson> Described for Own<T> {
    fn describe(signature: &mut Signature) {
        signature.guard = Guard::Client;
        signature.body = Some(T::SCHEMA);
    }
}

/// How the client presents itself; its credentials are taken out of the body.
fn presented(authorization: Option<&HeaderValue>, body: &mut Value) -> Result<Presented, Error> {
    let not_text = |_| Error::new(Code::InvalidClient, "The Authorization header is not text.");
    let header = authorization.map(HeaderValue::to_str).transpose().map_err(not_text)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    if let Value::Object(members) = body {
        for name in CREDENTIALS {
            if let Some(Value::String(text)) = members.remove(name) {
                form.append_pair(name, &text);
            }
        }
    }
    Presented::parse(header, &Params::parse(form.finish().as_bytes())?)
}

/// A client that did not prove itself, with the challenge of RFC 6749 §5.2.
fn refused(app: &App, call: &Call, client: Option<&str>, error: &Error) -> Failed {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let error_id = refusals::note(&app.instance, call, "api", client, error).ok();
    let failed = Failed::new(status, error.description.clone()).error_id(error_id);
    if status == StatusCode::UNAUTHORIZED {
        return failed.also(header::WWW_AUTHENTICATE, HeaderValue::from_static(BASIC_CHALLENGE));
    }
    failed
}
