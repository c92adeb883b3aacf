//! The endpoints: the least that an answer of each kind needs.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::postgres::Writers;
use crate::sqlite::{self, Change, Writer};
use crate::token::{self, Row};

const CLIENT: &str = "bench";
const SECRET: &str = "bench-secret-0123456789abcdefghijklmnopqrstuv";

enum Store {
    Sqlite { path: String, writer: Writer },
    Postgres(Writers),
}

struct Limit {
    store: Store,
    secret: Vec<u8>,
    key: EcdsaKeyPair,
    next: AtomicI64,
}

/// Answers on `address` until it is ended.
pub async fn serve(address: &str, database: &str) -> Result<(), Box<dyn Error>> {
    let (store, next) = if database.starts_with("postgres") {
        let writers = Writers::start(database).await?;
        (Store::Postgres(writers), Writers::next_id(database).await?)
    } else {
        let writer = Writer::start(database)?;
        (Store::Sqlite { path: database.to_owned(), writer }, sqlite::next_id(database)?)
    };
    let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &SystemRandom::new())?;
    let limit = Limit {
        store,
        secret: digest(&SHA256, SECRET.as_bytes()).as_ref().to_vec(),
        key: EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref())?,
        next: AtomicI64::new(next),
    };
    let routes = Router::new()
        .route("/token", post(opaque))
        .route("/token/jwt", post(jwt))
        .route("/refresh", post(refresh))
        .route("/introspect", post(introspect))
        .with_state(Arc::new(limit));
    let listener = tokio::net::TcpListener::bind(address).await?;
    Ok(axum::serve(listener, routes).await?)
}

type At = State<Arc<Limit>>;

impl Limit {
    fn id(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    async fn store(&self, row: Row) -> bool {
        match &self.store {
            Store::Sqlite { writer, .. } => writer.store(Change::Issue(row)).await,
            Store::Postgres(writers) => writers.store(row).await,
        }
    }

    /// The scope and token of a request whose secret is right.
    fn read(&self, headers: &HeaderMap, body: &[u8]) -> Option<(String, String)> {
        let basic = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let pair = STANDARD.decode(basic).ok()?;
        let colon = pair.iter().position(|b| *b == b':')?;
        let hash = digest(&SHA256, &pair[colon + 1..]);
        verify_slices_are_equal(hash.as_ref(), &self.secret).ok()?;
        if &pair[..colon] != CLIENT.as_bytes() {
            return None;
        }
        let (mut scope, mut token) = (String::from("api.read"), String::new());
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "scope" => scope = value.into_owned(),
                "token" | "refresh_token" => token = value.into_owned(),
                _ => {}
            }
        }
        Some((scope, token))
    }

    fn sign(&self, row: &Row) -> String {
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#);
        let claims = format!(
            r#"{{"iss":"https://as.example.org","sub":"user-000001","aud":"https://api.example.org","client_id":"{CLIENT}","scope":"{}","iat":{},"exp":{},"jti":"{}"}}"#,
            row.scope, row.issued_at, row.expires_at, row.id
        );
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        signature.map_or(String::new(), |s| format!("{signed}.{}", URL_SAFE_NO_PAD.encode(s)))
    }
}

async fn opaque(State(limit): At, headers: HeaderMap, body: Bytes) -> Response {
    let Some((scope, _)) = limit.read(&headers, &body) else { return refused() };
    let (text, row) = token::make(limit.id(), &scope);
    if limit.store(row).await { given(&text, &scope, None) } else { busy() }
}

async fn jwt(State(limit): At, headers: HeaderMap, body: Bytes) -> Response {
    let Some((scope, _)) = limit.read(&headers, &body) else { return refused() };
    let (_, row) = token::make(limit.id(), &scope);
    // The signature is made while the row is on its way.
    let (stored, text) = tokio::join!(limit.store(row.clone()), async { limit.sign(&row) });
    if stored { given(&text, &scope, None) } else { busy() }
}

async fn refresh(State(limit): At, headers: HeaderMap, body: Bytes) -> Response {
    let Some((scope, token)) = limit.read(&headers, &body) else { return refused() };
    let (Store::Sqlite { writer, .. }, Some(spent)) = (&limit.store, token::read(&token)) else {
        return refused();
    };
    let (text, access) = token::make(limit.id(), &scope);
    let (next_text, next) = token::make(limit.id(), &scope);
    if writer.store(Change::Rotate { spent, next, access }).await {
        given(&text, &scope, Some(&next_text))
    } else {
        refused()
    }
}

async fn introspect(State(limit): At, headers: HeaderMap, body: Bytes) -> Response {
    let Some((_, token)) = limit.read(&headers, &body) else { return refused() };
    let Store::Sqlite { path, .. } = &limit.store else { return refused() };
    json(match sqlite::find(path, &token) {
        Some(row) => format!(
            r#"{{"active":true,"scope":"{}","client_id":"{CLIENT}","sub":"user-000001","token_type":"Bearer","iat":{},"exp":{},"iss":"https://as.example.org"}}"#,
            row.scope, row.issued_at, row.expires_at
        ),
        None => r#"{"active":false}"#.to_owned(),
    })
}

fn given(token: &str, scope: &str, refresh: Option<&str>) -> Response {
    let refresh = refresh.map_or(String::new(), |r| format!(r#","refresh_token":"{r}""#));
    json(format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600,"scope":"{scope}"{refresh}}}"#
    ))
}

fn json(body: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (kind, body).into_response()
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#).into_response()
}

fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"temporarily_unavailable"}"#).into_response()
}
