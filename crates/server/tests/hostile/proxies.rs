//! E14: whose address counts when headers say so, and how attempts are counted by it.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use axum::{Router, extract::ConnectInfo};
use mandate::app::App as Application;
use mandate::routes;
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{ADMIN_EMAIL, Answer, App, both, encode};

const PROXY: &str = "10.0.0.5:40000";

/// A token request through a proxy that the server believes, with these headers.
async fn through(router: &Router, app: &App, headers: &[(&str, &[u8])]) -> Answer {
    let mut request = Request::post("/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", app.basic());
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
    }
    let body = encode(&[("grant_type", "client_credentials")]);
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(PROXY.parse::<SocketAddr>().unwrap()));
    Answer::read(router.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn e14_no_header_of_the_caller_s_own_counts_behind_a_proxy() {
    both(|server| async move {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let router = routes::router(Application::new(server.instance.clone(), proxies, None));
        let fenced = server
            .register(json!({
                "client_id": "fenced", "client_name": "Fenced", "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
                "trusted_ips": ["10.0.0.0/8", "192.0.2.0/24"],
            }))
            .await;
        let inside: &[(&str, &[u8])] = &[("x-forwarded-for", b"192.0.2.7")];
        assert_eq!(through(&router, &fenced, inside).await.verdict(), "200");
        let by_standard: &[(&str, &[u8])] = &[("forwarded", b"for=192.0.2.7")];
        assert_eq!(through(&router, &fenced, by_standard).await.verdict(), "200");
        let agreeing: &[(&str, &[u8])] =
            &[("forwarded", b"for=192.0.2.7"), ("x-forwarded-for", b"192.0.2.7")];
        assert_eq!(through(&router, &fenced, agreeing).await.verdict(), "200");
        let lies: &[&[(&str, &[u8])]] = &[
            &[("x-forwarded-for", b"203.0.113.9")],
            &[("x-forwarded-for", b"192.0.2.7, 203.0.113.9")],
            // The proxy appended to the one and passed the other on.
            &[("forwarded", b"for=192.0.2.7"), ("x-forwarded-for", b"203.0.113.9")],
            &[("x-forwarded-for", b"192.0.2.7"), ("forwarded", b"for=203.0.113.9")],
            // Bytes that are no text do not make the proxy itself the caller.
            &[("x-forwarded-for", b"\xff, 203.0.113.9")],
            &[("x-forwarded-for", b"\xff"), ("x-forwarded-for", b"203.0.113.9")],
        ];
        for (n, headers) in lies.iter().enumerate() {
            let answer = through(&router, &fenced, headers).await;
            assert_eq!(answer.verdict(), "400 invalid_client", "lie {n}: {headers:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn e14_an_address_is_told_with_whose_word_it_is() {
    both(|server| async move {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let router = routes::router(Application::new(server.instance.clone(), proxies, None));
        let watched = server
            .register(json!({
                "client_id": "watched", "client_name": "Watched", "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
                "trusted_ips": ["192.0.2.0/24"], "trusted_ips_mode": "observe",
            }))
            .await;
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let path = "/console/clients/watched/access";
        assert!(!browser.get(path).await.body.contains("Last seen"), "not yet");
        let headers: &[&[(&str, &[u8])]] = &[
            &[],
            &[("x-forwarded-for", b"203.0.113.9")],
            &[("forwarded", b"for=203.0.113.9")],
            &[("forwarded", b"for=192.0.2.7"), ("x-forwarded-for", b"203.0.113.9")],
        ];
        let told = [
            ("10.0.0.5", "the connection itself"),
            ("203.0.113.9", "X-Forwarded-For of the trusted proxy 10.0.0.5"),
            ("203.0.113.9", "Forwarded of the trusted proxy 10.0.0.5"),
            (
                "0.0.0.0",
                "Forwarded and X-Forwarded-For, which disagree, of the trusted proxy 10.0.0.5",
            ),
        ];
        for (headers, (address, via)) in headers.iter().zip(told) {
            server.clock.step(60);
            assert_eq!(through(&router, &watched, headers).await.verdict(), "200");
            server.sweep().await;
            let page = browser.get(path).await;
            let last = format!("at <code>{address}</code>, from {via}.");
            assert!(page.body.contains(&last), "{last}: {}", page.body);
            assert!(page.body.contains(&format!(", from {via}</dd>")), "observed: {}", page.body);
        }
        let page = browser.get(path).await;
        assert!(page.body.contains("2 times"), "one address, whoever told it");
    })
    .await;
}

#[tokio::test]
async fn k02_wrong_secrets_of_one_household_count_together() {
    both(|server| async move {
        let service = server.service().await;
        let wrong = App { secret: Some("x".repeat(40)), ..service.clone() };
        let mut throttled = false;
        for host in 1..40 {
            let request = Request::post("/oauth2/token")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", wrong.basic())
                .body(Body::from(encode(&[("grant_type", "client_credentials")])))
                .unwrap();
            let peer: SocketAddr = format!("[2001:db8::{host:x}]:4000").parse().unwrap();
            let answer = server.send_from(peer, request).await;
            assert_eq!(answer.verdict(), "401 invalid_client");
            throttled |= answer.headers.contains_key("retry-after");
        }
        assert!(throttled, "forty neighbours guessed unhindered");
        assert_eq!(service.own_token().await.verdict(), "200", "the owner stays in");
    })
    .await;
}
