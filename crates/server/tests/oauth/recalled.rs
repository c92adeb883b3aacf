//! A client that a node remembers is believed in nothing: whatever another node changed counts in
//! this node's very next answer, and what did not change costs no statement to find out.

use std::sync::Arc;

use serde_json::{Value, json};

use super::policy::api;
use crate::harness::{App, Server, both};

/// The web application at both nodes, which remember it; tokens of a person; what the second node
/// answers after `path` was changed at the first.
async fn after(server: &Arc<Server>, method: &str, path: &str, body: Value) -> [String; 4] {
    let here = server
        .register(json!({
            "client_id": "app", "client_name": "App", "type": "user_authorized",
            "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid", "email"], "default_scopes": ["openid", "email"], "require_consent": false,
        }))
        .await;
    let service = server
        .register(json!({
            "client_id": "worker", "client_name": "Worker", "type": "service",
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read", "token:read"],
        }))
        .await;
    let node = Arc::new(server.second_node().await);
    let there = |app: &App| App { server: Arc::clone(&node), ..app.clone() };
    let (app, worker) = (there(&here), there(&service));
    let tokens = app.sign_in(&[]).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let refresh = app.refresh(&refresh).await.text("refresh_token");
    assert!(app.is_active(&access).await);
    let own = worker.own_token().await.text("access_token");
    assert!(worker.is_active(&own).await);

    for (id, name) in [("app", "App"), ("worker", "Worker")] {
        let body = serde_json::from_str(&body.to_string().replace("{name}", name)).unwrap();
        let changed = api(server, method, &path.replace("{id}", id), body).await;
        assert!(changed.status.is_success(), "{} {}", changed.status, changed.body);
    }
    let introspected = app.post("/oauth2/introspect", &[("token", &access)]).await;
    [
        worker.own_token().await.verdict(),
        format!("{} {}", introspected.verdict(), introspected.json()["active"]),
        app.refresh(&refresh).await.verdict(),
        worker
            .token(&[("grant_type", "client_credentials"), ("scope", "token:read")])
            .await
            .verdict(),
    ]
}

#[tokio::test]
async fn a_secret_rotated_on_one_node_is_refused_at_once_by_one_that_remembers_it() {
    both(|server| async move {
        let told = after(
            &server,
            "POST",
            "/clients/{id}/secrets",
            json!({ "confirm_name": "{name}", "retire_previous_after": 0 }),
        )
        .await;
        let refused = "401 invalid_client";
        assert_eq!(told, [refused, "401 invalid_client null", refused, refused]);
    })
    .await;
}

#[tokio::test]
async fn a_client_paused_on_one_node_is_refused_at_once_by_one_that_remembers_it() {
    both(|server| async move {
        let told = after(&server, "PATCH", "/clients/{id}", json!({ "enabled": false })).await;
        let refused = "401 invalid_client";
        assert_eq!(told, [refused, "401 invalid_client null", refused, refused]);
    })
    .await;
}

#[tokio::test]
async fn addresses_set_on_one_node_count_at_once_on_one_that_remembers_the_client() {
    both(|server| async move {
        let lines = json!({ "trusted_ips": ["192.0.2.7"] });
        let told = after(&server, "PATCH", "/clients/{id}", lines).await;
        let refused = "400 invalid_client";
        assert_eq!(told, [refused, "400 invalid_client null", refused, refused]);
    })
    .await;
}

#[tokio::test]
async fn scopes_taken_on_one_node_are_not_given_by_one_that_remembers_them() {
    both(|server| async move {
        let scopes = json!({ "scopes": ["openid", "oauth_client:read"], "default_scopes": [] });
        let told = after(&server, "PATCH", "/clients/{id}", scopes).await;
        assert_eq!(told, ["200", "200 true", "200", "400 invalid_scope"]);
    })
    .await;
}

/// What a node remembers saves a statement each time, and is proven by the one that acts.
#[tokio::test]
async fn a_remembered_client_costs_no_statement() {
    both(|server| async move {
        let (web, service) = (server.web_app().await, server.service().await);
        let refresh = web.sign_in(&[]).await.text("refresh_token");
        let refresh = web.refresh(&refresh).await.text("refresh_token");
        service.own_token().await;
        let before = server.instance.statements();
        assert_eq!(service.own_token().await.verdict(), "200");
        assert_eq!(server.instance.statements() - before, 1, "the row of the token");
        let before = server.instance.statements();
        let answer = web.refresh(&refresh).await;
        assert_eq!(answer.verdict(), "200");
        assert_eq!(
            server.instance.statements() - before,
            3,
            "the family; its next generation, and the token of that"
        );
    })
    .await;
}
