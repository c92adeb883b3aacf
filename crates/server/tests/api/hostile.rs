//! R01, R02: bad input gets a problem document in the 400s, on every route.

use axum::http::{Method, Request};
use serde_json::json;

use crate::harness::{Answer, Server, both, one};
use crate::schema;
use crate::talk::{Caller, fields, send};

async fn post(admin: &Caller, content_type: &str, body: impl Into<axum::body::Body>) -> Answer {
    let request = Request::post("/api/v1/clients")
        .header("authorization", format!("Bearer {}", admin.token))
        .header("content-type", content_type);
    send(&admin.server, request, body).await
}

#[tokio::test]
async fn r01_refuses_json_that_is_too_deep_or_too_long() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let deep = format!("{{\"claims\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(post(&admin, "application/json", deep).await.status, 400);
        let answer = post(&admin, "application/json", "x".repeat(10 * 1024 * 1024)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (413, "application/problem+json")
        );
        let long = format!("/clients?q={}", "x".repeat(60_000));
        assert_eq!(admin.get(&long).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn refuses_other_media_types_paths_and_methods_with_problems() {
    let server = std::sync::Arc::new(one().await);
    let admin = Caller::admin(&server).await;
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", ""]
    {
        let answer = post(&admin, content_type, "{}").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (415, "application/problem+json")
        );
    }
    let answer = admin.get("/nothing").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (404, "application/problem+json")
    );
    assert!(!answer.text("error_id").is_empty());
    assert_eq!(answer.text("error_id"), answer.header("x-request-id"));
    let answer = admin.call(Method::PUT, "/clients", &[], None).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (405, "application/problem+json")
    );
    let allowed = answer.header("allow").to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "Allow: {allowed}");
}

#[tokio::test]
async fn refuses_bodies_that_are_no_object() {
    let server = std::sync::Arc::new(one().await);
    let admin = Caller::admin(&server).await;
    for body in ["", "null", "[]", "7", "{", "{\"a\":1,}", "\u{FEFF}{}", "{} {}"] {
        let answer = post(&admin, "application/json", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (400, "application/problem+json"),
            "{body}"
        );
    }
    let answer = post(&admin, "application/json", b"{\"client_name\":\"\xff\"}".to_vec()).await;
    assert_eq!(answer.status, 400);
    let answer = admin.post("/clients", json!({ "client_name": "a\0b" })).await;
    assert_eq!(fields(&answer), ["client_name"]);
}

/// Bytes that follow from a number, so that a failure can be repeated.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).unwrap()
    };
    (0..length).map(|_| next()).collect()
}

async fn assault(server: &Server, admin: &Caller, (method, path): (&Method, &str), seed: u64) {
    const ODD: [&str; 8] = [
        "%00",
        "%ff%fe",
        "..%2f..",
        "%F0%9F%92%A9",
        "'%20OR%201=1--",
        "%25%5F",
        "%2e",
        "9223372036854775808",
    ];
    let odd = |n: u64| ODD[usize::try_from((seed + n) % 8).unwrap()];
    let filled = path.split('/').map(|part| if part.starts_with('{') { odd(1) } else { part });
    let uri = format!(
        "/api/v1{}?q={}&cursor={}&limit={}",
        filled.collect::<Vec<_>>().join("/"),
        odd(2),
        odd(3),
        odd(4)
    );
    let request = Request::builder()
        .method(method)
        .uri(&uri)
        .header("authorization", format!("Bearer {}", admin.token))
        .header("content-type", "application/json")
        .header("if-match", "\"\u{7}\"".replace('\u{7}', odd(5)))
        .header("idempotency-key", odd(6));
    let answer = send(server, request, bytes(seed, 64)).await;
    assert!(answer.status.as_u16() < 500, "{method} {uri}: {} {}", answer.status, answer.body);
    // Strings of the right kind with odd characters in every place a document knows.
    let odd_text = ["\0", "\u{FFFD}", "💩", "\u{202E}", "%_\\'\"", " ", "=1+1", "\n"]
        [usize::try_from(seed % 8).unwrap()];
    let names = [
        "client_name",
        "confirm_name",
        "name",
        "email",
        "display_name",
        "organization",
        "label",
        "identifier",
    ];
    let body: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!(odd_text))).collect();
    for query in ["", "?dry_run=true"] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{query}", uri.split('?').next().unwrap()))
            .header("authorization", format!("Bearer {}", admin.token))
            .header("content-type", "application/json");
        let answer =
            send(server, request, serde_json::Value::Object(body.clone()).to_string()).await;
        assert!(answer.status.as_u16() < 500, "{method} {uri}: {} {}", answer.status, answer.body);
    }
}

#[tokio::test]
async fn r02_no_route_falls_over_strange_bytes() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        for (n, (method, path, _)) in schema::operations().iter().enumerate() {
            for round in 0..8 {
                assault(&server, &admin, (method, path), n as u64 * 8 + round).await;
            }
        }
        for query in [
            "sort=created&cursor=WyJjcmVhdGVkIixmYWxzZSw5OTk5OTk5OTk5OTk5OTk5OTk5LCJ4Il0",
            "q=%25%5F%21",
            "scope=%FF",
            "unused_days=36500",
        ] {
            let answer = admin.get(&format!("/clients?{query}")).await;
            assert!(answer.status.as_u16() < 500, "{query}: {}", answer.body);
        }
    })
    .await;
}
