//! An OAuth client as an application uses it.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{ADMIN_EMAIL, Answer, Browser, Server, encode, form};

/// A client id, perhaps its secret, and the server it talks to.
#[derive(Clone)]
pub struct App {
    pub server: Arc<Server>,
    pub id: String,
    pub secret: Option<String>,
    pub verifier: String,
    pub redirect_uri: String,
}

impl App {
    pub fn new(server: Arc<Server>, id: &str, secret: Option<&str>) -> Self {
        let redirect_uri =
            if id == "native-app" { "http://127.0.0.1:49152/cb" } else { "https://app.example/cb" };
        Self {
            server,
            id: id.into(),
            secret: secret.map(str::to_owned),
            verifier: "a-verifier-of-at-least-forty-three-characters".into(),
            redirect_uri: redirect_uri.into(),
        }
    }

    /// The value of an HTTP Basic header.
    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", self.id, self.secret.as_deref().unwrap_or_default());
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// Posts a form to a protocol endpoint, authenticated as this client.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = form(path, fields);
        let mut fields = fields.to_vec();
        match &self.secret {
            Some(_) => request = request.header("authorization", self.basic()),
            None => fields.push(("client_id", &self.id)),
        }
        self.server.send(request.body(Body::from(encode(&fields))).unwrap()).await
    }

    /// A token request.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/oauth2/token", fields).await
    }

    /// A token by client credentials.
    pub async fn own_token(&self) -> Answer {
        self.token(&[("grant_type", "client_credentials")]).await
    }

    /// What introspection says of a token.
    pub async fn introspect(&self, token: &str) -> serde_json::Value {
        self.post("/oauth2/introspect", &[("token", token)]).await.json()
    }

    /// Is the token alive?
    pub async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"] == true
    }

    pub async fn revoke(&self, token: &str) -> Answer {
        self.post("/oauth2/revoke", &[("token", token)]).await
    }

    /// The S256 challenge of this client's verifier.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()))
    }

    /// An authorization request; later fields replace earlier ones, an empty value removes one.
    pub fn authorize_path(&self, fields: &[(&str, &str)]) -> String {
        let challenge = self.challenge();
        let mut all: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid"),
            ("state", "xyz"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in fields {
            all.retain(|(n, _)| n != name);
            if !value.is_empty() {
                all.push((name, value));
            }
        }
        format!("/oauth2/authorize?{}", encode(&all))
    }

    /// A fresh code for the administrator, from a browser of its own.
    pub async fn code(&self, fields: &[(&str, &str)]) -> String {
        self.code_in(&mut self.server.browser(), fields).await
    }

    /// A fresh code from this browser.
    pub async fn code_in(&self, browser: &mut Browser, fields: &[(&str, &str)]) -> String {
        let answer = browser.authorize(&self.authorize_path(fields), ADMIN_EMAIL).await;
        answer.returned("code").unwrap_or_else(|| {
            panic!("no code: {} {} {}", answer.status, answer.location(), answer.body)
        })
    }

    /// Exchanges a code.
    pub async fn redeem(&self, code: &str) -> Answer {
        let (uri, verifier) = (self.redirect_uri.clone(), self.verifier.clone());
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &uri),
            ("code_verifier", &verifier),
        ])
        .await
    }

    /// The whole flow: the token answer.
    pub async fn sign_in(&self, fields: &[(&str, &str)]) -> Answer {
        let code = self.code(fields).await;
        self.redeem(&code).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// GET with a bearer token.
    pub async fn get_with(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.server.send(request.body(Body::empty()).unwrap()).await
    }
}
