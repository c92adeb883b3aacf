//! `GET /`: what this server is, and where to go.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::browser::Browser;
use super::page;
use super::views::{Fact, Home, Person};
use crate::app::App;

/// The page at the address.
pub async fn show(State(app): State<Arc<App>>, browser: Browser) -> Response {
    let fact =
        |label: &str, path: &str| Fact { label: label.into(), value: app.urls.absolute(path) };
    let endpoints = vec![
        fact("Discovery", "/.well-known/openid-configuration"),
        fact("Authorization", "/oauth2/authorize"),
        fact("Token", "/oauth2/token"),
        fact("Userinfo", "/oauth2/userinfo"),
        fact("Introspection", "/oauth2/introspect"),
        fact("Revocation", "/oauth2/revoke"),
        fact("Keys (JWKS)", "/oauth2/jwks"),
        fact("Management API", "/api/v1/openapi.json"),
    ];
    let person = browser
        .signed_in()
        .map(|(_, user)| Person { name: user.display_name.clone(), email: user.email.clone() });
    page::render(&Home {
        issuer: app.urls.issuer().into(),
        endpoints,
        person,
        demo: app.demo.clone(),
    })
}
