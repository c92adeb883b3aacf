//! `GET /oauth2/jwks` (RFC 7517 §5): the public halves of the signing keys, published ones too.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::keys;
use protocol::jose::Jwks;

use super::answer::{faulty, json};
use crate::app::App;
use crate::web::asked::Asked;

/// The set.
pub async fn get(State(app): State<Arc<App>>, Asked(call): Asked) -> Response {
    let mut work = app.instance.read();
    match keys::published(&mut work, call.now).await {
        Ok(keys) => {
            let mut response =
                json(&Jwks { keys: keys.iter().map(|key| key.public.clone()).collect() });
            let cache = format!("public, max-age={}", keys::JWKS_MAX_AGE);
            if let Ok(value) = HeaderValue::from_str(&cache) {
                response.headers_mut().insert(header::CACHE_CONTROL, value);
            }
            response.headers_mut().remove(header::PRAGMA);
            response
        }
        Err(fault) => faulty(&call, &fault),
    }
}
