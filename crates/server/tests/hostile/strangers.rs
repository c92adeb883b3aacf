//! R01, R02: whatever bytes come, on whatever path, by whatever method: an answer below 500, and no
//! panic.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{ADMIN_EMAIL, Answer, Server, both, one};

/// Every path of the map that is no API call (those have their own assault), some with a part to
/// fill.
const PATHS: [&str; 41] = [
    "/",
    "/assets/{}",
    "/healthz",
    "/readyz",
    "/oauth2/authorize",
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/oauth2/userinfo",
    "/oauth2/jwks",
    "/oauth2/logout",
    "/oauth2/par",
    "/oauth2/register",
    "/oauth2/device_authorization",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/oauth/.well-known/openid-configuration",
    "/.well-known/{}",
    "/login",
    "/consent",
    "/logout",
    "/signed-out",
    "/setup",
    "/invitation",
    "/account",
    "/account/password",
    "/account/apps/revoke",
    "/account/apps/{}/revoke",
    "/account/grants/{}/revoke",
    "/account/sessions/end-others",
    "/account/sessions/{}/end",
    "/console",
    "/console/clients",
    "/console/clients/new",
    "/console/clients/{}",
    "/console/{}",
    "/forward-auth",
    "/api/v1/me",
    "/api/v1/clients/{}",
    "/api/v1/{}",
    "/{}",
];
const METHODS: [&str; 10] =
    ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"];
const NAMES: [&str; 34] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "login_hint",
    "id_token_hint",
    "request",
    "request_uri",
    "continue",
    "authorization",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "client_assertion",
    "token",
    "token_type_hint",
    "next",
    "link",
    "done",
    "email",
    "password",
    "form_token",
    "q",
    "cursor",
];
const VALUES: [&str; 30] = [
    "",
    "web-app",
    "https://app.example/cb",
    "code",
    "token",
    "form_post",
    "fragment",
    "openid",
    "none",
    "login",
    "0",
    "-1",
    "99999999999999999999",
    "S256",
    "plain",
    "%00",
    "%ff%fe",
    "%",
    "..%2f..",
    "%F0%9F%92%A9",
    "%E2%80%AE",
    "'%20OR%201=1--",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "%0d%0aSet-Cookie:a=b",
    "%25%5F%5C",
    "eyJhbGciOiJub25lIn0.e30.",
    "mat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "9223372036854775807",
];
const HEADERS: [&str; 17] = [
    "authorization",
    "content-type",
    "cookie",
    "origin",
    "host",
    "accept",
    "if-match",
    "if-none-match",
    "range",
    "forwarded",
    "x-forwarded-for",
    "sec-fetch-site",
    "user-agent",
    "accept-language",
    "content-length",
    "transfer-encoding",
    "access-control-request-method",
];

#[derive(Debug, Clone)]
struct Strange {
    method: &'static str,
    uri: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
}

fn form() -> impl Strategy<Value = String> {
    let pair = (prop::sample::select(&NAMES[..]), prop::sample::select(&VALUES[..]));
    prop::collection::vec(pair, 0..10).prop_map(|pairs| {
        pairs.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&")
    })
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let value = prop_oneof![
        prop::sample::select(vec![
            "application/x-www-form-urlencoded",
            "application/json",
            "text/html",
            "Bearer x",
            "Bearer",
            "Basic Og==",
            "Basic dzpw",
            "Basic %%%",
            "Digest a",
            "null",
            "https://mandate.test",
            "https://evil.test",
            "same-origin",
            "cross-site",
            "for=\"[::1]:x\"",
            "bytes=0-0",
            "*",
            "\"1\"",
            "W/\"1\"",
            "__Host-mandate_session=mss_x; __Host-mandate_browser=x",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..60),
    ];
    (prop::sample::select(&HEADERS[..]), value)
}

fn strange() -> impl Strategy<Value = Strange> {
    let body = prop_oneof![
        3 => form().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => Just(b"{\"a\":[[[[]]]]}".to_vec()),
    ];
    let path = (prop::sample::select(&PATHS[..]), prop::sample::select(&VALUES[..]))
        .prop_map(|(path, part)| path.replace("{}", part));
    let headers = prop::collection::vec(header(), 0..6);
    let method = prop::sample::select(&METHODS[..]);
    (method, path, form(), headers, body).prop_map(|(method, path, query, headers, body)| Strange {
        method,
        uri: format!("{path}?{query}"),
        headers,
        body,
    })
}

/// Sends it; `None` where no HTTP library would let it out.
async fn send(server: &Server, it: &Strange, cookie: Option<&str>) -> Option<Answer> {
    let method = Method::from_bytes(it.method.as_bytes()).ok()?;
    let mut request = Request::builder().method(method).uri(it.uri.as_str());
    for (name, value) in &it.headers {
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        request = request.header(HeaderName::from_static(name), value);
    }
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    Some(server.send(request.body(Body::from(it.body.clone())).ok()?).await)
}

#[test]
fn r02_no_path_method_header_or_byte_makes_the_server_fall() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (server, cookie) = runtime.block_on(async {
        let server = Arc::new(one().await);
        server.web_app().await;
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let cookies = browser.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookie = cookies.collect::<Vec<_>>().join("; ");
        (server, cookie)
    });
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strange(), |it| {
        for cookie in [None, Some(cookie.as_str())] {
            let Some(answer) = runtime.block_on(send(&server, &it, cookie)) else { continue };
            let status = answer.status.as_u16();
            prop_assert!(status < 500, "{status} {}", answer.body);
            for (name, value) in &answer.headers {
                prop_assert!(!value.as_bytes().contains(&b'\n'), "{name}");
            }
            prop_assert!(answer.headers.get("x-content-type-options").is_some());
            if status == 405 {
                prop_assert!(!answer.header("allow").is_empty(), "405 without Allow");
            }
            prop_assert!(!answer.location().contains("evil.test"), "{}", answer.location());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn r01_what_is_too_long_or_too_deep_is_refused() {
    both(|server| async move {
        let long = "x".repeat(60_000);
        for path in
            ["/oauth2/authorize", "/login", "/consent", "/logout", "/oauth2/logout", "/console"]
        {
            for name in ["client_id", "request", "next", "state", "continue"] {
                let answer = server.get(&format!("{path}?{name}={long}")).await;
                assert!(answer.status.as_u16() < 500, "{path} {name}: {}", answer.status);
            }
        }
        for path in
            ["/oauth2/token", "/oauth2/authorize", "/oauth2/introspect", "/login", "/consent"]
        {
            for body in ["a=1&".repeat(200_000), "x".repeat(10 * 1024 * 1024)] {
                let request = Request::post(path)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Body::from(body))
                    .unwrap();
                let status = server.send(request).await.status.as_u16();
                assert!((400..500).contains(&status), "{path}: {status}");
            }
        }
        assert_eq!(server.get("/healthz").await.status.as_u16(), 200);
    })
    .await;
}
