//! Risks that the operator made hard limits, and the daily look at what time changes.

use std::sync::Arc;

use domain::Policy;
use domain::clients::risk::Reason;
use mandate::jobs::Review;
use serde_json::{Value, json};

use crate::harness::{Server, both, servers_with};
use crate::talk::{Caller, fields};

async fn limited(limits: Vec<Reason>) -> Vec<Arc<Server>> {
    let policy = Policy { risk_limits: limits, ..Policy::default() };
    servers_with(policy).await.into_iter().map(Arc::new).collect()
}

fn draft(more: &Value) -> Value {
    let mut draft = json!({ "client_id": "careful", "client_name": "careful", "contacts": ["ops@example.com"] });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    draft
}

#[tokio::test]
async fn refuses_a_client_that_would_show_a_limited_risk_naming_field_and_reason() {
    let web = json!({ "redirect_uris": ["https://app.example/cb"] });
    let with = |more: Value| {
        let mut web = web.clone();
        web.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        web
    };
    let refresh = json!(["authorization_code", "refresh_token"]);
    let cases = [
        (Reason::FullAccess, "access", json!({ "access": "full" })),
        (Reason::LongAccess, "access_token_lifetime", json!({ "access_token_lifetime": 3601 })),
        (
            Reason::LongRefresh,
            "refresh_token_lifetime",
            json!({ "grant_types": refresh, "refresh_token_lifetime": 91 * 86_400 }),
        ),
        (Reason::NoTrustedIps, "trusted_ips", json!({ "type": "service", "redirect_uris": [] })),
        (Reason::PkceOptional, "pkce", json!({ "pkce": "optional" })),
        (Reason::OwnerGone, "contacts", json!({ "contacts": [] })),
        (Reason::PlainHttp, "redirect_uris", json!({ "redirect_uris": ["http://127.0.0.1/cb"] })),
        (
            Reason::ManyRedirects,
            "redirect_uris",
            json!({ "redirect_uris": (0..11).map(|n| format!("https://app.example/{n}")).collect::<Vec<_>>() }),
        ),
        (
            Reason::OfflineTokens,
            "access_token_format",
            json!({ "access_token_lifetime": 3601, "access_token_format": "jwt" }),
        ),
        (
            Reason::KeptRefresh,
            "refresh_rotation",
            json!({ "grant_types": refresh, "refresh_rotation": "keep" }),
        ),
    ];
    for (reason, field, more) in cases {
        for server in limited(vec![reason]).await {
            let admin = Caller::admin(&server).await;
            let risky = admin.post("/clients", draft(&with(more.clone()))).await;
            assert_eq!(fields(&risky), [field], "{reason:?}: {}", risky.body);
            assert!(risky.body.contains(reason.as_str()), "{}", risky.body);
            assert_eq!(admin.get("/clients/careful").await.status, 404);
            let careful = draft(&with(json!({ "trusted_ips": ["203.0.113.7"] })));
            assert_eq!(admin.post("/clients", careful).await.status, 201);
            let mut patch = more.clone();
            if reason == Reason::NoTrustedIps {
                patch = json!({ "type": "custom", "grant_types": ["client_credentials", "authorization_code"], "trusted_ips": [] });
            }
            let answer = admin.patch("/clients/careful", patch).await;
            assert_eq!(fields(&answer), [field], "{reason:?}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_is_there_keeps_working_and_can_be_stopped_but_not_changed_or_started() {
    for server in limited(vec![Reason::OldSecret, Reason::Unused]).await {
        let app = server.service().await;
        server.clock.step(181 * 86_400);
        let admin = Caller::admin(&server).await;
        assert_eq!(app.own_token().await.verdict(), "200");
        let refused = admin.patch("/clients/service", json!({ "description": "x" })).await;
        let mut wrong = fields(&refused);
        wrong.sort();
        assert_eq!(wrong, ["client_secret", "enabled"], "{}", refused.body);
        assert_eq!(admin.patch("/clients/service", json!({ "enabled": false })).await.status, 200);
        assert_eq!(admin.patch("/clients/service", json!({ "enabled": true })).await.status, 400);
        let rotation = json!({ "confirm_name": "Service", "retire_previous_after": 0 });
        assert_eq!(admin.post("/clients/service/secrets", rotation).await.status, 201);
        server.sweep().await;
        let started = admin.patch("/clients/service", json!({ "enabled": true })).await;
        assert_eq!(
            started.status, 200,
            "its secret is new and it was used a moment ago: {}",
            started.body
        );
    }
}

#[tokio::test]
async fn looks_at_every_client_once_a_day() {
    both(|server| async move {
        server.service().await;
        let codes = async || {
            let admin = Caller::admin(&server).await;
            let shown = admin.get("/clients/service").await.json();
            let reasons = shown["risk"]["reasons"].as_array().unwrap().clone();
            reasons.iter().map(|r| r["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut review = Review::default();
        review.go_on(&server.app).await.unwrap();
        assert!(!codes().await.contains(&"unused".to_owned()));
        server.clock.step(91 * 86_400);
        review.go_on(&server.app).await.unwrap();
        assert!(codes().await.contains(&"unused".to_owned()));
        assert!(!codes().await.contains(&"old_secret".to_owned()));
        server.clock.step(90 * 86_400);
        review.go_on(&server.app).await.unwrap();
        assert!(codes().await.contains(&"old_secret".to_owned()));
        // Not twice a day.
        server.client("service", None);
        server.clock.step(3600);
        let mut work = server.instance.begin().await.unwrap();
        let may = domain::access::Authority::operator("t").may().unwrap();
        let change = (&json!({ "contacts": [] }), None);
        domain::clients::change(&mut work, &server.operator(), &may, "service", change)
            .await
            .unwrap();
        work.commit().await.unwrap();
        review.go_on(&server.app).await.unwrap();
        assert!(codes().await.contains(&"old_secret".to_owned()));
    })
    .await;
}
