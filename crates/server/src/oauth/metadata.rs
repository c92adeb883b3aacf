//! The two metadata documents (RFC 8414 §3; OpenID Connect Discovery §4): one content, four
//! addresses.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::scopes;
use protocol::jose::Algorithm;
use protocol::metadata::{Legacy, Offered, metadata};
use protocol::prompt::Prompt;

use super::answer::json;
use crate::app::App;

const CLAIMS: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "amr",
    "azp",
    "at_hash",
    "name",
    "preferred_username",
    "email",
    "email_verified",
    "authorized_teams",
    "teams",
];
const ALGORITHMS: &[Algorithm] =
    &[Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];
const PROMPTS: &[Prompt] = &[Prompt::None, Prompt::Login, Prompt::Consent, Prompt::SelectAccount];

/// What this server is and can do.
pub async fn get(State(app): State<Arc<App>>) -> Response {
    let offered: Vec<&str> = scopes::offered().collect();
    let policy = app.instance.policy();
    let legacy = Legacy { password: policy.legacy_password, implicit: policy.legacy_implicit };
    let offered = Offered {
        scopes: &offered,
        claims: CLAIMS,
        signing_algorithms: ALGORITHMS,
        prompts: PROMPTS,
        legacy,
    };
    let mut response = json(&metadata(app.instance.issuer(), &offered));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.remove(header::PRAGMA);
    response
}
