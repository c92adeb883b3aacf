//! What a refusal leaves for the operator, and what it keeps from the caller.

use domain::access::Authority;
use domain::refusals;

use crate::harness::{App, both};

#[tokio::test]
async fn every_refusal_can_be_looked_up_by_its_error_id() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        let other = App { redirect_uri: "https://app.example/other".into(), ..web.clone() };
        let refused = other.redeem(&code).await;
        let id = refused.text("error_id");
        let may = Authority::operator("test").may().unwrap();
        for written in [false, true] {
            let entry = refusals::find(&mut server.instance.read(), &may, &id)
                .await
                .unwrap()
                .expect("it is there");
            assert_eq!(entry.client_id.as_deref(), Some("web-app"));
            assert_eq!(entry.expected.as_deref(), Some("https://app.example/cb"));
            assert_eq!(entry.received.as_deref(), Some("https://app.example/other"));
            assert!(
                !refused.body.contains("https://app.example/cb"),
                "the caller does not learn what was right"
            );
            if !written {
                refusals::flush(&server.instance).await.unwrap();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_limit_says_what_was_expected_and_what_came() {
    both(|server| async move {
        let register = async |id: &str, settings: serde_json::Value| {
            let mut draft = serde_json::json!({
                "client_id": id, "client_name": id, "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
            });
            draft.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
            server.register(draft).await
        };
        let quota = register("quota", serde_json::json!({ "max_active_tokens": 1 })).await;
        let rate = register("rate", serde_json::json!({ "token_requests_per_second": 1 })).await;
        let fence = register("fence", serde_json::json!({ "trusted_ips": ["10.0.0.0/8"] })).await;
        let may = Authority::operator("test").may().unwrap();
        for (app, verdict, expected, received) in [
            (quota, "429 too_many_tokens", "at most 1 living tokens", "a request for one more"),
            (rate, "429 rate_limited", "at most 1 token requests within a second", "one more"),
            (fence, "400 invalid_client", "10.0.0.0/8", "127.0.0.1"),
        ] {
            app.own_token().await;
            let refused = app.own_token().await;
            assert_eq!(refused.verdict(), verdict);
            let id = refused.text("error_id");
            let entry = refusals::find(&mut server.instance.read(), &may, &id).await.unwrap();
            let entry = entry.expect("it is there");
            assert_eq!(entry.expected.as_deref(), Some(expected), "{verdict}");
            assert_eq!(entry.received.as_deref(), Some(received), "{verdict}");
            assert_eq!(entry.client_id.as_deref(), Some(app.id.as_str()));
        }
    })
    .await;
}

#[tokio::test]
async fn refusals_are_few_for_one_client_and_gone_after_a_week() {
    both(|server| async move {
        let service = server.service().await;
        for _ in 0..130 {
            service.token(&[("grant_type", "client_credentials"), ("scope", "made:up")]).await;
        }
        refusals::flush(&server.instance).await.unwrap();
        let may = Authority::operator("test").may().unwrap();
        let kept =
            refusals::list(&mut server.instance.read(), &may, Some("service"), 500).await.unwrap();
        assert_eq!(kept.len(), 100);
        server.clock.step(7 * 24 * 3600 + 1);
        server.sweep().await;
        let kept =
            refusals::list(&mut server.instance.read(), &may, Some("service"), 500).await.unwrap();
        assert!(kept.is_empty());
    })
    .await;
}

#[tokio::test]
async fn l03_no_secret_reaches_the_operator_s_page() {
    both(|server| async move {
        let web = server.web_app().await;
        let secret = web.secret.clone().unwrap();
        let wrong = App { secret: Some(format!("{secret}x")), ..web.clone() };
        let id = wrong.token(&[("grant_type", "client_credentials")]).await.text("error_id");
        let may = Authority::operator("test").may().unwrap();
        let entry = refusals::find(&mut server.instance.read(), &may, &id).await.unwrap().unwrap();
        assert!(!format!("{entry:?}").contains(&secret));
    })
    .await;
}
