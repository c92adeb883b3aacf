//! `/clients/{id}/trusted-ips`: where a client may ask from, and who would be refused.

use std::sync::Arc;

use axum::body::Body;
use domain::access::{CLIENT_MANAGER, Place};
use serde_json::{Value, json};

use crate::harness::{Answer, App, Server, both, form};
use crate::talk::Caller;

async fn ask(server: &Server, app: &App, peer: &str) -> Answer {
    let request = form("/oauth2/token", &[]).header("authorization", app.basic());
    let request = request.body(Body::from("grant_type=client_credentials")).unwrap();
    server.send_from(peer.parse().unwrap(), request).await
}

async fn watched(server: &Arc<Server>) -> App {
    let draft = json!({
        "client_id": "watched", "client_name": "Watched", "type": "service",
        "trusted_ips": ["10.0.0.0/8"], "trusted_ips_mode": "observe",
    });
    server.register(draft).await
}

const PATH: &str = "/clients/watched/trusted-ips";

/// REL-14: nobody is refused, and whoever watches over the client reads who would be.
#[tokio::test]
async fn rel14_tells_who_would_be_refused_and_what_would_let_them_in() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = watched(&server).await;
        assert_eq!(
            admin.get(PATH).await.json(),
            json!({
                "trusted_ips": ["10.0.0.0/8"], "trusted_ips_mode": "observe", "observed": [], "proposed": [],
            })
        );
        for peer in ["10.1.2.3:1", "192.0.2.1:1", "192.0.2.1:2"] {
            assert_eq!(ask(&server, &app, peer).await.verdict(), "200", "{peer}");
        }
        server.clock.step(60);
        assert_eq!(ask(&server, &app, "[::ffff:192.0.2.9]:1").await.verdict(), "200");
        server.sweep().await;
        let told = admin.get(PATH).await;
        assert_eq!(
            told.json(),
            json!({
                "trusted_ips": ["10.0.0.0/8"], "trusted_ips_mode": "observe",
                "observed": [
                    {
                        "address": "192.0.2.9", "seen": 1, "first_at": "2027-01-15T08:01:00Z",
                        "last_at": "2027-01-15T08:01:00Z", "via": null,
                    },
                    {
                        "address": "192.0.2.1", "seen": 2, "first_at": "2027-01-15T08:00:00Z",
                        "last_at": "2027-01-15T08:00:00Z", "via": null,
                    },
                ],
                "proposed": ["192.0.2.0/24"],
            })
        );

        // What it proposes is what lets them in.
        let mut lines = told.json()["trusted_ips"].as_array().unwrap().clone();
        lines.extend(told.json()["proposed"].as_array().unwrap().clone());
        let patch = json!({ "trusted_ips": lines, "trusted_ips_mode": "enforce" });
        assert_eq!(admin.patch("/clients/watched", patch).await.status, 200);
        assert_eq!(ask(&server, &app, "192.0.2.9:1").await.verdict(), "200");
        assert_eq!(ask(&server, &app, "198.51.100.1:1").await.verdict(), "400 invalid_client");
        server.sweep().await;
        let told = admin.get(PATH).await.json();
        assert_eq!(
            told,
            json!({
                "trusted_ips": ["10.0.0.0/8", "192.0.2.0/24"], "trusted_ips_mode": "enforce",
                "observed": [], "proposed": [],
            }),
            "who is named is not told, and who is refused was not observed"
        );

        // Taken out of the list again, those of this month are told again; those of last month not.
        let patch = json!({ "trusted_ips": ["10.0.0.0/8"] });
        assert_eq!(admin.patch("/clients/watched", patch).await.status, 200);
        assert_eq!(admin.get(PATH).await.json()["observed"].as_array().unwrap().len(), 2);
        server.clock.step(31 * 24 * 3600);
        server.sweep().await;
        let admin = Caller::admin(&server).await;
        assert_eq!(admin.get(PATH).await.json()["observed"], json!([]), "nobody is told of last month");
    })
    .await;
}

#[tokio::test]
async fn refuses_to_tell_whoever_does_not_reach_the_client() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        watched(&server).await;
        assert_eq!(admin.get("/clients/nobody/trusted-ips").await.status, 404);
        let made = admin.post("/organizations", json!({ "name": "Acme" })).await;
        let place = Place::Organization(made.text("id"));
        let scopes = ["oauth_client:read"];
        let bound = (CLIENT_MANAGER, place);
        let manager = Caller::service(&server, "manager", &scopes, bound).await;
        assert_eq!(manager.get(PATH).await.status, 404, "for them it is not there");
        let patch = json!({ "organization": made.text("id") });
        assert_eq!(admin.patch("/clients/watched", patch).await.status, 200);
        let told = manager.get(PATH).await;
        assert_eq!(
            (told.status.as_u16(), told.json()["trusted_ips"].clone()),
            (200, json!(["10.0.0.0/8"]))
        );
        let changed = manager.call(axum::http::Method::PATCH, PATH, &[], Some(Value::Null)).await;
        assert_eq!(changed.status, 405, "the list is changed with the client");
    })
    .await;
}
