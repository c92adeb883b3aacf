//! `/clients/self/secrets`: a client makes itself another secret by one it has.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use domain::Policy;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Server, both, servers_with};
use crate::schema;
use crate::talk::{Caller, fields};

const PATH: &str = "/clients/self/secrets";

async fn ask_from(
    server: &Arc<Server>,
    peer: &str,
    authorization: Option<String>,
    body: &Value,
) -> Answer {
    let mut request =
        Request::post(format!("/api/v1{PATH}")).header("content-type", "application/json");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    let answer = server.send_from(peer, request).await;
    schema::check(&Method::POST, PATH, &answer);
    answer
}

async fn rotate(app: &App, body: Value) -> Answer {
    ask_from(&app.server, "127.0.0.1:40000", Some(app.basic()), &body).await
}

#[tokio::test]
async fn a_client_replaces_its_own_secret_and_the_old_one_ends_in_a_day() {
    both(|server| async move {
        let old = server.service().await;
        let made = rotate(&old, json!({ "label": "self" })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.header("cache-control"), "no-store");
        assert_eq!(
            (made.text("created_by"), made.text("label")),
            ("service".into(), "self".into())
        );
        let new = server.client("service", Some(&made.text("client_secret")));
        assert_eq!(
            (old.own_token().await.verdict(), new.own_token().await.verdict()),
            ("200".into(), "200".into())
        );
        server.clock.step(86_400);
        assert_eq!(old.own_token().await.verdict(), "401 invalid_client");
        assert_eq!(
            rotate(&old, json!({})).await.status,
            401,
            "a secret that has ended makes no other"
        );
        assert_eq!(new.own_token().await.verdict(), "200");
        let now = rotate(&new, json!({ "retire_previous_after": 0, "revoke_tokens": true })).await;
        assert_eq!(now.status, 201, "{}", now.body);
        assert_eq!(rotate(&new, json!({})).await.status, 401, "retired at once");
        let admin = Caller::admin(&server).await;
        let events = admin.get("/clients/service/audit-events").await.json();
        let newest = &events["items"][0];
        assert_eq!(
            (&newest["action"], &newest["actor"]["client_id"], &newest["actor"]["address"]),
            (&json!("client.secret_rotated"), &json!("service"), &json!("127.0.0.1"))
        );
        assert!(!events.to_string().contains(&now.text("client_secret")));
    })
    .await;
}

#[tokio::test]
async fn a_client_proves_itself_by_basic_or_in_the_body_but_not_in_both() {
    both(|server| async move {
        let app = server.service().await;
        let secret = app.secret.clone().unwrap();
        let body = json!({ "client_id": "service", "client_secret": secret, "retire_previous_after": null });
        let made = ask_from(&server, "127.0.0.1:1", None, &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let twice = ask_from(&server, "127.0.0.1:1", Some(app.basic()), &body).await;
        assert_eq!(twice.status, 400, "{}", twice.body);
        let tried = rotate_dry(&app).await;
        assert_eq!((tried.status.as_u16(), tried.json()["dry_run"].clone()), (200, json!(true)));
        assert!(tried.json().get("client_secret").is_none());
    })
    .await;
}

async fn rotate_dry(app: &App) -> Answer {
    let request = Request::post(format!("/api/v1{PATH}?dry_run=true"))
        .header("content-type", "application/json")
        .header("authorization", app.basic())
        .body(Body::from("{}"))
        .unwrap();
    app.server.send(request).await
}

#[tokio::test]
async fn refuses_who_does_not_prove_to_be_the_client() {
    both(|server| async move {
        let app = server.service().await;
        let native = server.native_app().await;
        let wrong = server.client("service", Some("mcs_wrong"));
        let nobody = server.client("nobody", Some("x"));
        let public = json!({ "client_id": "native-app" });
        for (who, answer) in [
            ("a wrong secret", rotate(&wrong, json!({})).await),
            ("an unknown client", rotate(&nobody, json!({})).await),
            ("a public client by its id", ask_from(&server, "127.0.0.1:1", None, &public).await),
            (
                "a public client by Basic",
                rotate(&server.client(&native.id, Some("x")), json!({})).await,
            ),
            ("nobody", ask_from(&server, "127.0.0.1:1", None, &json!({})).await),
            (
                "a token",
                ask_from(&server, "127.0.0.1:1", Some("Bearer mat_x".into()), &json!({})).await,
            ),
        ] {
            assert_eq!(answer.status, 401, "{who}: {}", answer.body);
            assert!(answer.header("www-authenticate").starts_with("Basic "), "{who}");
            assert!(!answer.text("error_id").is_empty(), "{who}");
        }
        server.pause("service").await;
        assert_eq!(rotate(&app, json!({})).await.status, 401, "a paused client");
        server.resume("service").await;
        assert_eq!(rotate(&app, json!({})).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn refuses_an_address_that_is_not_trusted_before_it_looks_at_the_secret() {
    both(|server| async move {
        let draft = json!({
            "client_id": "fenced", "client_name": "Fenced", "type": "service", "trusted_ips": ["10.0.0.0/8"],
        });
        let fenced = server.register(draft).await;
        for secret in [fenced.basic(), server.client("fenced", Some("wrong")).basic()] {
            let answer = ask_from(&server, "192.0.2.1:1", Some(secret), &json!({})).await;
            assert_eq!((answer.status.as_u16(), answer.text("detail")), (400, "invalid_client. IP address not allowed.".into()));
        }
        assert_eq!(ask_from(&server, "10.1.2.3:1", Some(fenced.basic()), &json!({})).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn the_rules_of_rotation_hold_and_guesses_are_slowed_down() {
    both(|server| async move {
        let app = server.service().await;
        for (body, field) in [
            (json!({ "label": 7 }), "label"),
            (json!({ "retire_previous_after": -1 }), "retire_previous_after"),
            (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
            (json!({ "confirm_name": "Service" }), "confirm_name"),
        ] {
            assert_eq!(fields(&rotate(&app, body).await), [field]);
        }
        for _ in 0..9 {
            assert_eq!(rotate(&app, json!({ "retire_previous_after": null })).await.status, 201);
        }
        assert_eq!(
            rotate(&app, json!({ "retire_previous_after": null })).await.status,
            409,
            "ten are alive"
        );
        let wrong = server.client("service", Some("not this one"));
        for _ in 0..6 {
            assert_eq!(rotate(&wrong, json!({})).await.header("retry-after"), "");
        }
        let slowed = rotate(&wrong, json!({})).await;
        assert_eq!((slowed.status.as_u16(), slowed.header("retry-after")), (401, "1"));
        assert_eq!(
            rotate(&app, json!({ "retire_previous_after": 0 })).await.status,
            201,
            "its owner stays in"
        );
    })
    .await;
}

#[tokio::test]
async fn refuses_where_the_operator_wants_it_so() {
    let policy = Policy { self_rotation: false, ..Policy::default() };
    for server in servers_with(policy).await {
        let server = Arc::new(server);
        let answer = rotate(&server.service().await, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text("permission")),
            (403, "oauth_client:rotate".into())
        );
    }
}
