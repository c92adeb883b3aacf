//! Cross-origin rules: decided before the handler, so that errors carry them.

use axum::body::Body;
use axum::http::Request;

use crate::harness::one;

#[tokio::test]
async fn any_origin_may_read_the_open_endpoints_errors_included() {
    let server = one().await;
    for (path, method) in [
        ("/.well-known/openid-configuration", "GET"),
        ("/oauth2/jwks", "GET"),
        ("/oauth2/token", "POST"),
        ("/oauth2/revoke", "POST"),
        ("/oauth2/userinfo", "GET"),
        ("/oauth2/token", "GET"),
    ] {
        let request =
            Request::builder().method(method).uri(path).header("origin", "https://spa.example");
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "*",
            "{method} {path} {}",
            answer.status
        );
        assert!(answer.header("access-control-allow-credentials").is_empty());
        assert!(
            answer.header("access-control-expose-headers").contains("www-authenticate"),
            "{path}"
        );
    }
    let preflight = Request::options("/oauth2/token")
        .header("origin", "https://spa.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = server.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type");
}

#[tokio::test]
async fn no_other_origin_may_read_the_closed_ones() {
    let server = one().await;
    for path in [
        "/oauth2/authorize",
        "/oauth2/introspect",
        "/login",
        "/account",
        "/console/clients",
        "/api/v1/me",
    ] {
        let request = Request::get(path)
            .header("origin", "https://evil.example")
            .body(Body::empty())
            .unwrap();
        assert!(
            server.send(request).await.header("access-control-allow-origin").is_empty(),
            "{path}"
        );
    }
}
