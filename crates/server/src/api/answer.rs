//! What the API answers with when nothing is refused: JSON, its version, its place.
//!
//! An answer is given only after its work is committed; a rehearsal never commits and says so.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::{Plain, Work};
use serde_json::{Map, Value};

use super::problem::{Answer, Failed};
use crate::app::App;

/// An answer in the making.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Map<String, Value>,
    headers: HeaderMap,
    secrets: Vec<(&'static str, Plain)>,
}

impl Reply {
    /// 200 with an object.
    pub fn ok(object: Value) -> Self {
        let body = if let Value::Object(body) = object { body } else { Map::new() };
        Self { status: StatusCode::OK, body, headers: HeaderMap::new(), secrets: Vec::new() }
    }

    /// 201 with an object that can be found at `path` (below the API) from now on.
    pub fn created(app: &App, path: &str, object: Value) -> Self {
        let mut reply = Self { status: StatusCode::CREATED, ..Self::ok(object) };
        let place = app.urls.absolute(&format!("/api/v1{path}"));
        if let Ok(place) = HeaderValue::from_str(&place) {
            reply.headers.insert(header::LOCATION, place);
        }
        reply
    }

    /// The same with another status.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// 204: it is gone.
    pub fn gone() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::ok(Value::Null) }
    }

    /// A page of a list.
    pub fn page(items: Vec<Value>, next_cursor: Option<String>) -> Self {
        let next_cursor = next_cursor.map_or(Value::Null, Value::String);
        Self::ok(Value::Null).with("items", Value::Array(items)).with("next_cursor", next_cursor)
    }

    /// With the version that `If-Match` may name.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        if let Ok(value) = HeaderValue::from_str(&etag(version)) {
            self.headers.insert(header::ETAG, value);
        }
        self
    }

    /// With one more field.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.body.insert(name.into(), value);
        self
    }

    /// With a secret that is shown this once, if there is one and it is really made.
    #[must_use]
    pub fn secret(mut self, name: &'static str, secret: Option<Plain>) -> Self {
        self.secrets.extend(secret.map(|secret| (name, secret)));
        self
    }

    /// Commits and answers; a rehearsal drops the work and answers with what would have been.
    pub async fn after(self, work: Work, dry_run: bool) -> Answer {
        if dry_run {
            drop(work);
            return Ok(Self::ok(Value::Object(self.body))
                .with("dry_run", Value::Bool(true))
                .send());
        }
        work.commit().await.map_err(Failed::from)?;
        Ok(self.send())
    }

    /// Answers with what is durable already.
    pub fn send(mut self) -> Response {
        for (name, secret) in std::mem::take(&mut self.secrets) {
            self.body.insert(name.into(), Value::String(secret.reveal().to_owned()));
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if self.status != StatusCode::NO_CONTENT {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            *response.body_mut() = Body::from(Value::Object(self.body).to_string());
        }
        response
    }
}

/// The entity tag of a version (RFC 9110 §8.8.3).
pub(super) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// RFC 3339 in UTC.
pub(super) fn instant(seconds: i64) -> Value {
    jiff::Timestamp::from_second(seconds)
        .map_or(Value::Null, |instant| Value::String(instant.to_string()))
}

/// RFC 3339 in UTC, or null.
pub(super) fn perhaps_instant(seconds: Option<i64>) -> Value {
    seconds.map_or(Value::Null, instant)
}

/// The `OpenAPI` document, which never changes while this program runs.
pub(super) fn document(document: Bytes) -> Response {
    let mut response = Response::new(Body::from(document));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_instants_as_the_contract_says() {
        assert_eq!(instant(1_800_000_000), json!("2027-01-15T08:00:00Z"));
        assert_eq!(instant(i64::MAX), Value::Null);
        assert_eq!(perhaps_instant(None), Value::Null);
    }
}
