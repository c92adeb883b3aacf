//! How the API refuses: problem documents (RFC 9457), each with the number of its request.
//!
//! The one place where a rule's [`Refusal`] becomes a status. A fault is logged here and never
//! explained to the caller. Knows no noun and no rule.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Fault, FieldError, Refusal};
use protocol::bearer::Challenge;
use protocol::problem::{self, Problem};
use serde::Serialize;

use super::answer::etag;
use crate::web::asked::{ErrorId, RequestId};

/// Seconds after which a caller may try again what the database could not take.
const RETRY_AFTER: &str = "5";

/// A refused request, on its way to becoming a problem document.
#[derive(Debug, Clone)]
pub(super) struct Failed(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    problem: Problem,
    more: More,
    headers: Vec<(HeaderName, HeaderValue)>,
    fault: Option<Fault>,
}

/// What our problems say beyond the RFC.
#[derive(Debug, Clone, Default, Serialize)]
struct More {
    /// The permission that would have been enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<String>,
    /// The objects in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    /// What `If-Match` would have had to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_etag: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    #[serde(flatten)]
    more: &'a More,
}

/// What a handler answers with.
pub(super) type Answer = Result<Response, Failed>;

impl Details {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Failed {
    /// A refusal with a status and one sentence.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Refused");
        let problem = Problem::new(status.as_u16(), title, detail.into());
        Self(Box::new(Details { problem, more: More::default(), headers: Vec::new(), fault: None }))
    }

    /// Fields that are not as they must be.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [] => "The request is not as it must be.".to_owned(),
            [only] if only.field.is_empty() => only.message.clone(),
            [only] => format!("{}: {}", only.field, only.message),
            several => format!("{} fields are not as they must be.", several.len()),
        };
        let mut failed = Self::new(StatusCode::BAD_REQUEST, detail);
        for error in errors {
            failed.0.problem = failed.0.problem.field(error.field, error.message);
        }
        failed
    }

    /// One field that is not as it must be.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), message: detail.into() }])
    }

    /// The permission that is missing, and why.
    pub fn forbidden(permission: impl Into<String>, why: &str) -> Self {
        let permission = permission.into();
        let detail = format!("This needs the permission {permission}. {why}");
        let mut failed = Self::new(StatusCode::FORBIDDEN, detail.trim_end());
        failed.0.more.permission = Some(permission);
        failed
    }

    /// With this `WWW-Authenticate` (RFC 6750 §3).
    #[must_use]
    pub fn challenge(self, challenge: &Challenge<'_>) -> Self {
        match HeaderValue::from_str(&challenge.to_string()) {
            Ok(value) => self.also(header::WWW_AUTHENTICATE, value),
            Err(_) => self,
        }
    }

    /// With one more header.
    #[must_use]
    pub fn also(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Under this number an operator finds the exact reason.
    #[must_use]
    pub fn error_id(mut self, error_id: Option<String>) -> Self {
        self.0.problem.error_id = error_id;
        self
    }

    fn stale(current: i64) -> Self {
        let detail = "The object was changed meanwhile. Read it again and decide anew.";
        let mut failed = Self::new(StatusCode::PRECONDITION_FAILED, detail);
        failed.0.more.current_etag = Some(etag(current));
        failed
    }

    fn fault(fault: Fault) -> Self {
        let mut failed = if fault.may_heal() {
            let detail = "The server cannot do this right now; nothing was changed. Try again in a few seconds.";
            let failed = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
            failed.also(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER))
        } else {
            let detail = "The server made a mistake. It was logged under the error_id.";
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
        };
        failed.0.fault = Some(fault);
        failed
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::new(
                StatusCode::NOT_FOUND,
                "There is no such object, or none that you may see.",
            ),
            Refusal::Forbidden { missing, because } => Self::forbidden(missing, &because),
            Refusal::Invalid(errors) => Self::invalid(errors),
            Refusal::Stale { current } => Self::stale(current),
            Refusal::Conflict { message, ids } => {
                let mut failed = Self::new(StatusCode::CONFLICT, message);
                failed.0.more.ids = ids;
                failed
            }
            Refusal::Fault(fault) => Self::fault(fault),
        }
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::fault(fault)
    }
}

impl IntoResponse for Failed {
    /// The document itself is written by [`layer`], which knows the number of the request.
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the problem document of a refused request under the number of the request, and says of
/// every answer that nobody may keep it.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    let mut response = next.run(request).await;
    if let Some(failed) = response.extensions_mut().remove::<Failed>() {
        write(&mut response, *failed.0, id);
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Keeps what the router set on the answer, such as `Allow`.
fn write(response: &mut Response, details: Details, request_id: String) {
    let Details { mut problem, more, headers: extra, fault } = details;
    if let Some(fault) = fault {
        tracing::error!(request_id, %fault, "the API failed");
    } else {
        // Quoted, because a refusal names what the caller sent.
        tracing::info!(request_id, status = problem.status, detail = ?problem.detail, "the API refused");
    }
    problem.error_id.get_or_insert(request_id);
    let bytes =
        serde_json::to_vec(&Document { problem: &problem, more: &more }).unwrap_or_default();
    ErrorId::mark(response, problem.error_id.as_deref());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
    headers.extend(extra);
    if let Some(etag) =
        more.current_etag.as_deref().and_then(|etag| HeaderValue::from_str(etag).ok())
    {
        headers.insert(header::ETAG, etag);
    }
    *response.body_mut() = Body::from(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(refusal: Refusal) -> (u16, String) {
        let failed = Failed::from(refusal);
        let document = Document { problem: &failed.0.problem, more: &failed.0.more };
        (failed.0.problem.status, serde_json::to_string(&document).unwrap())
    }

    #[test]
    fn every_refusal_has_its_status_and_says_what_it_knows() {
        let field = |field: &str, message: &str| FieldError {
            field: field.into(),
            message: message.into(),
        };
        let all = [
            Refusal::NotFound,
            Refusal::Forbidden {
                missing: "oauth_client:read".into(),
                because: "You hold it elsewhere.".into(),
            },
            Refusal::Forbidden { missing: "user:read".into(), because: String::new() },
            Refusal::Invalid(vec![field("scopes", "Unknown."), field("access", "Too much.")]),
            Refusal::Stale { current: 7 },
            Refusal::Conflict { message: "In the way.".into(), ids: vec!["a".into()] },
        ];
        let lines: Vec<_> = all.into_iter().map(|r| written(r).1).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such object, or none that you may see."}
        {"type":"about:blank","title":"Forbidden","status":403,"detail":"This needs the permission oauth_client:read. You hold it elsewhere.","permission":"oauth_client:read"}
        {"type":"about:blank","title":"Forbidden","status":403,"detail":"This needs the permission user:read.","permission":"user:read"}
        {"type":"about:blank","title":"Bad Request","status":400,"detail":"2 fields are not as they must be.","errors":[{"field":"scopes","detail":"Unknown."},{"field":"access","detail":"Too much."}]}
        {"type":"about:blank","title":"Precondition Failed","status":412,"detail":"The object was changed meanwhile. Read it again and decide anew.","current_etag":"\"7\""}
        {"type":"about:blank","title":"Conflict","status":409,"detail":"In the way.","ids":["a"]}
        "#);
    }

    #[test]
    fn a_fault_never_explains_itself() {
        let (status, text) = written(Fault::Broken("users.secret_column is gone".into()).into());
        assert_eq!(status, 500);
        assert!(!text.contains("secret_column"), "{text}");
        let (status, text) = written(Fault::Unavailable("disk full at /var".into()).into());
        assert_eq!(status, 503);
        assert!(!text.contains("/var"), "{text}");
    }
    #[test]
    fn says_when_to_try_again_and_how_to_get_in() {
        let written = |failed: Failed| {
            let mut response = failed.clone().into_response();
            write(&mut response, *failed.0, "request-7".into());
            response
        };
        let response = written(Fault::Unavailable("disk full".into()).into());
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &"5".parse().unwrap())
        );
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let failed = Failed::new(StatusCode::UNAUTHORIZED, "No.").challenge(&Challenge::default());
        assert_eq!(written(failed).headers()["www-authenticate"], "Bearer");
        assert_eq!(written(Refusal::Stale { current: 7 }.into()).headers()["etag"], "\"7\"");
    }
}
