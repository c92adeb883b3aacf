//! Answers of the protocol endpoints: JSON that nobody stores, and refusals with an `error_id`.
//!
//! The caller gets the RFC's code and one sentence; the exact reason goes to the operator.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::{Call, Fault};
use protocol::error::{Code, Error};
use serde::Serialize;

use crate::app::App;
use crate::web::asked::ErrorId;

pub(crate) use crate::web::refused::Refused;

/// What the operator is told a refusal was about.
#[derive(Debug, Default)]
pub struct About {
    /// The path.
    pub endpoint: &'static str,
    /// The client it named, true or not.
    pub client_id: Option<String>,
    /// Did it use HTTP Basic? Then 401 answers with the challenge (RFC 6749 §5.2).
    pub used_basic: bool,
}

/// JSON that must not be stored (RFC 6749 §5.1).
pub(crate) fn json(body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => json_bytes(StatusCode::OK, bytes),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            json_bytes(StatusCode::INTERNAL_SERVER_ERROR, br#"{"error":"server_error"}"#.to_vec())
        }
    }
}

/// JSON bytes with their status, never stored.
pub(crate) fn json_bytes(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

#[derive(Serialize)]
struct Body6749<'a> {
    error: &'a str,
    error_description: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<String>,
}

/// The answer to a refused request; the reason is noted under its `error_id`.
pub(crate) fn refuse(app: &App, call: &Call, about: &About, refused: Refused) -> Response {
    let error = match refused {
        Refused::Error(error) => error,
        Refused::Fault(fault) => return faulty(call, &fault),
    };
    let error_id = note(app, call, about, &error);
    let body = Body6749 {
        error: error.code.as_str(),
        error_description: error.description.clone(),
        error_id,
    };
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = json_bytes(status, bytes);
    ErrorId::mark(&mut response, body.error_id.as_deref());
    if status == StatusCode::UNAUTHORIZED && error.code == Code::InvalidClient {
        let challenge = HeaderValue::from_static(protocol::client_authentication::BASIC_CHALLENGE);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Keeps the reason for the operator. `None` when there is no randomness for an id.
pub fn note(app: &App, call: &Call, about: &About, error: &Error) -> Option<String> {
    app.count(|figures| figures.refused(about.endpoint, error.code.as_str()));
    tracing::info!(
        request_id = call.request_id,
        endpoint = about.endpoint,
        code = error.code.as_str(),
        client_id = about.client_id.as_deref().unwrap_or("-"),
        "refused: {}",
        error.description
    );
    domain::refusals::note(&app.instance, call, about.endpoint, about.client_id.as_deref(), error)
        .ok()
}

/// 503 where the same request may succeed later, 500 for a bug of ours; never a reason.
pub(crate) fn faulty(call: &Call, fault: &Fault) -> Response {
    tracing::error!(request_id = call.request_id, %fault, "an endpoint failed");
    if fault.may_heal() {
        let body = br#"{"error":"temporarily_unavailable","error_description":"The server cannot do this right now. Try again in a few seconds."}"#;
        let mut response = json_bytes(StatusCode::SERVICE_UNAVAILABLE, body.to_vec());
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        return response;
    }
    let body = br#"{"error":"server_error","error_description":"The server made a mistake. It was logged under the request id."}"#;
    json_bytes(StatusCode::INTERNAL_SERVER_ERROR, body.to_vec())
}
