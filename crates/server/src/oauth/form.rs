//! A form posted to a protocol endpoint (RFC 6749 §3.2): urlencoded, in the body alone.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::response::Response;
use domain::Call;
use protocol::client_authentication::Presented;
use protocol::error::{Code, Error};
use protocol::params::Params;

use super::answer::{About, Refused, refuse};
use crate::app::App;
use crate::web::asked::Asked;

/// The largest body of a protocol request, bytes.
const LIMIT: usize = 64 * 1024;

/// A well-formed request to a protocol endpoint.
pub struct Posted {
    /// The call behind it.
    pub call: Call,
    /// The parameters of the body.
    pub params: Params,
    /// The `Authorization` header, if it is one and is text.
    pub authorization: Option<String>,
}

impl FromRequest<Arc<App>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(Asked(call)) = Asked::from_request_parts(&mut parts, app).await;
        let about = About { endpoint: endpoint(parts.uri.path()), ..About::default() };
        let refuse = |error: Error| refuse(app, &call, &about, Refused::Error(error));
        let wrong = |sentence| Error::new(Code::InvalidRequest, sentence);
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(refuse(wrong("Parameters belong into the body, not into the query.")));
        }
        let content_type = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let error = wrong("The body must be application/x-www-form-urlencoded.");
            return Err(refuse(error.received(content_type.chars().take(100).collect::<String>())));
        }
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let authorization = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => match value.to_str() {
                Ok(text) => Some(text.to_owned()),
                Err(_) => {
                    return Err(refuse(Error::new(
                        Code::InvalidClient,
                        "The Authorization header is not text.",
                    )));
                }
            },
            _ => return Err(refuse(wrong("There are several Authorization headers."))),
        };
        let Ok(body) = axum::body::to_bytes(body, LIMIT).await else {
            return Err(refuse(wrong("The body is too large or was cut off.")));
        };
        let params = Params::parse(&body).map_err(&refuse)?;
        Ok(Self { call, params, authorization })
    }
}

impl Posted {
    /// How the client presents itself.
    pub fn presented(&self) -> Result<Presented, Error> {
        Presented::parse(self.authorization.as_deref(), &self.params)
    }

    /// What the operator is told a refusal of this request was about.
    pub fn about(&self, endpoint: &'static str) -> About {
        let named = self.presented().ok().and_then(|p| p.client_id().map(str::to_owned));
        let client_id = named.or_else(|| self.params.get("client_id").map(str::to_owned));
        About { endpoint, client_id, used_basic: self.authorization.is_some() }
    }
}

fn endpoint(path: &str) -> &'static str {
    match path {
        "/oauth2/token" => "token",
        "/oauth2/revoke" => "revoke",
        "/oauth2/introspect" => "introspect",
        _ => "oauth2",
    }
}
