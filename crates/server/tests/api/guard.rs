//! L01: every route of the published document, tried by those who may not.

use axum::http::{Method, Request};
use protocol::client_authentication::BASIC_CHALLENGE;
use serde_json::{Value, json};

use crate::harness::{Answer, ISSUER, Server, both};
use crate::schema;
use crate::talk::{Caller, send};

/// The path of an operation with some names in it.
fn some(path: &str) -> String {
    let filled = path.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part });
    format!("/api/v1{}", filled.collect::<Vec<_>>().join("/"))
}

async fn try_with(
    server: &Server,
    method: &Method,
    path: &str,
    authorization: Option<&str>,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(some(path))
        .header("content-type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = send(server, request, "{}").await;
    schema::check(method, path, &answer);
    answer
}

/// Does a client prove itself here by its own credentials, and nobody by a token?
fn by_client(operation: &Value) -> bool {
    operation["security"][0]["client"].is_array()
}

#[tokio::test]
async fn l01_refuses_every_route_without_a_token() {
    both(|server| async move {
        for (method, path, operation) in schema::operations() {
            let answer = try_with(&server, method, path, None).await;
            if operation["security"] == json!([]) {
                assert_eq!(answer.status, 200, "{method} {path}");
                continue;
            }
            let challenge = if by_client(operation) { BASIC_CHALLENGE } else { "Bearer" };
            assert_eq!(
                (answer.status.as_u16(), answer.header("www-authenticate")),
                (401, challenge),
                "{method} {path}"
            );
            for strange in ["Bearer mat_nonsense", "Bearer", "Basic YTpi", "Bearer a b"] {
                let answer = try_with(&server, method, path, Some(strange)).await;
                assert!(
                    matches!(answer.status.as_u16(), 400 | 401),
                    "{method} {path} with {strange}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn l01_refuses_every_route_to_a_token_of_another_audience() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let other = json!({ "identifier": "https://orders.example", "name": "Orders" });
        assert_eq!(admin.post("/resources", other).await.status, 201);
        let fields = [("grant_type", "client_credentials"), ("resource", "https://orders.example")];
        let answer = server.admin_client().token(&fields).await;
        let stranger = format!("Bearer {}", answer.text("access_token"));
        for (method, path, operation) in schema::operations() {
            if operation["security"] == json!([]) {
                continue;
            }
            let answer = try_with(&server, method, path, Some(&stranger)).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            let challenge = answer.header("www-authenticate").to_owned();
            let want =
                if by_client(operation) { "Basic " } else { "Bearer error=\"invalid_token\"" };
            assert!(challenge.starts_with(want), "{challenge}");
            assert!(answer.text("error_id").starts_with("err_"), "{}", answer.body);
        }
    })
    .await;
}

#[tokio::test]
async fn l01_refuses_every_route_to_a_person_without_rights() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let bob = json!({ "email": "bob@example.com", "display_name": "Bob" });
        assert_eq!(admin.post("/users", bob).await.status, 201);
        let bob = Caller::acting_for(&server, "bob@example.com", "full").await;
        assert_eq!(bob.get("/me").await.json()["instance_permissions"], json!([]));
        for (method, path, operation) in schema::operations() {
            let Some(permission) = operation["x-permission"].as_str() else { continue };
            let answer =
                try_with(&server, method, path, Some(&format!("Bearer {}", bob.token))).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            assert_eq!(answer.text("permission"), permission, "{method} {path}");
            assert!(answer.text("detail").contains(permission), "{}", answer.body);
        }
    })
    .await;
}

#[tokio::test]
async fn l01_refuses_every_write_to_a_read_only_administrator() {
    both(|server| async move {
        let ada = Caller::read_only_admin(&server).await;
        for (method, path, operation) in schema::operations() {
            let Some(permission) = operation["x-permission"].as_str() else { continue };
            let answer =
                try_with(&server, method, path, Some(&format!("Bearer {}", ada.token))).await;
            if method == Method::GET {
                assert!(
                    matches!(answer.status.as_u16(), 200 | 404),
                    "{method} {path}: {}",
                    answer.body
                );
            } else {
                assert_eq!(answer.status, 403, "{method} {path}");
                assert_eq!(answer.text("permission"), permission, "{method} {path}");
                assert!(answer.text("detail").contains("read-only"), "{}", answer.body);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn names_the_scope_that_would_let_a_permission_through() {
    both(|server| async move {
        let answer = server
            .admin_client()
            .token(&[("grant_type", "client_credentials"), ("scope", "user:read")])
            .await;
        let narrow = Caller::new(&server, &answer.text("access_token"));
        assert_eq!(narrow.get("/users").await.status, 200);
        let answer = narrow.get("/clients").await;
        assert_eq!(answer.status, 403);
        let challenge = answer.header("www-authenticate").to_owned();
        assert!(
            challenge.contains("insufficient_scope")
                && challenge.contains("scope=\"oauth_client:read\""),
            "{challenge}"
        );
    })
    .await;
}

#[tokio::test]
async fn refuses_a_token_in_the_query_and_two_tokens() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let path = format!("/api/v1/me?access_token={}", admin.token);
        let answer = send(&server, Request::get(&path), "").await;
        assert_eq!(answer.status, 400);
        let bearer = format!("Bearer {}", admin.token);
        let twice = Request::get("/api/v1/me")
            .header("authorization", &bearer)
            .header("authorization", &bearer);
        assert_eq!(send(&server, twice, "").await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_revoked_token_and_a_paused_client_are_refused_at_once() {
    both(|server| async move {
        let (admin, client) = (Caller::admin(&server).await, server.service().await);
        let fields = [
            ("grant_type", "client_credentials"),
            ("resource", &format!("{ISSUER}/api/v1") as &str),
        ];
        let token = client.token(&fields).await.text("access_token");
        let service = Caller::new(&server, &token);
        assert_eq!(service.get("/me").await.status, 200);
        assert_eq!(admin.patch("/clients/service", json!({ "enabled": false })).await.status, 200);
        assert_eq!(service.get("/me").await.status, 401);
        assert_eq!(client.token(&fields).await.status, 401);
        assert_eq!(admin.patch("/clients/service", json!({ "enabled": true })).await.status, 200);
        assert_eq!(service.get("/me").await.status, 401, "what died stays dead");
        let service = Caller::new(&server, &client.token(&fields).await.text("access_token"));
        assert_eq!(service.get("/me").await.status, 200);
        client.revoke(&service.token).await;
        assert_eq!(service.get("/me").await.status, 401);
    })
    .await;
}
