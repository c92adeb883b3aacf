//! Who manages clients through a profile: a bearer token of the management API, as there. And what
//! a refusal of its rules looks like here: JSON with the words of several products at once.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Authority;
use domain::tokens;
use domain::{Call, Fault, Refusal, resources};
use protocol::bearer;
use protocol::error::{Code, Error};
use serde_json::{Value, json};

use super::super::answer::{About, faulty, json_bytes, note};
use crate::app::App;
use crate::web::asked::{Asked, ErrorId};

/// What REL-50 says to whoever brings no token.
const CHALLENGE: &str = "Bearer realm=\"Relativity.REST\"";

/// Whoever presents a living token for the management API.
pub(super) struct Caller {
    pub app: Arc<App>,
    pub call: Call,
    pub authority: Authority,
}

/// A refusal on its way to an answer.
pub(super) struct Failed(Box<(Call, Refusal)>);

impl Caller {
    /// What a rule refused, as an answer.
    pub fn refused(&self, refusal: impl Into<Refusal>) -> Failed {
        Failed(Box::new((self.call.clone(), refusal.into())))
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Ok(Asked(call)) = Asked::from_request_parts(parts, app).await;
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let header = match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        };
        let unknown = |error: Option<Error>| {
            let error = error.unwrap_or_else(|| {
                Error::new(Code::InvalidToken, "An access token of the management API is needed.")
            });
            let about = About { endpoint: "profile", ..About::default() };
            let error_id = note(app, &call, &about, &error);
            let body = json!({
                "error": "invalid_token", "error_description": error.description, "error_id": error_id,
            });
            let mut response = json_bytes(StatusCode::UNAUTHORIZED, body.to_string().into_bytes());
            let challenge = HeaderValue::from_static(CHALLENGE);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            ErrorId::mark(&mut response, error_id.as_deref());
            response
        };
        let token = match bearer::parse(header) {
            Ok(Some(token)) => token,
            Ok(None) => return Err(unknown(None)),
            Err(error) => return Err(unknown(Some(error))),
        };
        let mut work = app.instance.read();
        let live = tokens::find_live(&mut work, token, call.now).await;
        let live = match live {
            Ok(live) => live.filter(|live| live.resources.iter().any(|id| id == resources::API)),
            Err(fault) => return Err(faulty(&call, &fault)),
        };
        let Some(live) = live else { return Err(unknown(None)) };
        tokens::mark_used(work.instance(), &live, call.now);
        match tokens::authority(&mut work, &live).await {
            Ok(authority) => {
                let call = call.by(authority.actor.clone());
                Ok(Self { app: Arc::clone(app), call, authority })
            }
            Err(fault) => Err(faulty(&call, &fault)),
        }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (call, refusal) = *self.0;
        let (status, error) = match &refusal {
            Refusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Refusal::Forbidden { .. } => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Refusal::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Refusal::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "changed_meanwhile"),
            Refusal::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            Refusal::Fault(fault) => return faulty(&call, fault),
        };
        tracing::info!(request_id = call.request_id, status = status.as_u16(), "a profile refused");
        let sentence = match &refusal {
            Refusal::Forbidden { missing, because } => {
                format!("This needs the permission {missing}. {because}").trim_end().to_owned()
            }
            other => other.to_string(),
        };
        let body = json!({
            "error": error, "error_description": sentence, "Message": sentence,
            "error_id": call.request_id,
        });
        json_bytes(status, body.to_string().into_bytes())
    }
}

/// A successful answer.
pub(super) fn said(body: &Value) -> Response {
    json_bytes(StatusCode::OK, body.to_string().into_bytes())
}

/// The body as JSON.
pub(super) fn read(body: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::field("", "The body is not JSON."))
}

/// For the operator's trail: who cannot be told what is a fault of ours.
pub(super) fn broken(sentence: &str) -> Refusal {
    Refusal::Fault(Fault::Broken(sentence.to_owned()))
}
