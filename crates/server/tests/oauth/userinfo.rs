//! `/oauth2/userinfo` (OpenID Connect Core §5.3).

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::harness::{both, encode, form};

#[tokio::test]
async fn tells_what_the_scopes_allow_by_get_and_by_post() {
    both(|server| async move {
        let web = server.web_app().await;
        let lean = web.sign_in(&[("scope", "openid")]).await.text("access_token");
        let full = web.sign_in(&[("scope", "openid profile email")]).await.text("access_token");
        let answer = web.get_with("/oauth2/userinfo", &lean).await.json();
        assert!(answer.get("email").is_none() && answer.get("name").is_none());
        assert_eq!(
            web.get_with("/oauth2/userinfo", &full).await.json()["email"],
            "ada@example.com"
        );
        let request = form("/oauth2/userinfo", &[])
            .body(Body::from(encode(&[("access_token", &full)])))
            .unwrap();
        assert_eq!(server.send(request).await.json()["name"], "ada");
        let request =
            Request::post("/oauth2/userinfo").header("authorization", format!("bearer {full}"));
        assert_eq!(server.send(request.body(Body::empty()).unwrap()).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn g05_challenges_as_rfc_6750_says() {
    both(|server| async move {
        let service = server.service().await;
        let none = server.get("/oauth2/userinfo").await;
        assert_eq!((none.status.as_u16(), none.header("www-authenticate")), (401, "Bearer"));
        let bad = service.get_with("/oauth2/userinfo", "nonsense").await;
        assert_eq!(bad.verdict(), "401 invalid_token");
        assert!(bad.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""));
        let token = service.own_token().await.text("access_token");
        let lacking = service.get_with("/oauth2/userinfo", &token).await;
        assert_eq!(lacking.verdict(), "403 insufficient_scope");
        assert!(lacking.header("www-authenticate").contains("insufficient_scope"));
    })
    .await;
}

#[tokio::test]
async fn g06_refuses_a_token_in_the_query_or_twice() {
    both(|server| async move {
        let web = server.web_app().await;
        let token = web.sign_in(&[]).await.text("access_token");
        let in_query = server.get(&format!("/oauth2/userinfo?access_token={token}")).await;
        assert_eq!(in_query.verdict(), "400 invalid_request");
        let request =
            form("/oauth2/userinfo", &[]).header("authorization", format!("Bearer {token}"));
        let twice = server
            .send(request.body(Body::from(encode(&[("access_token", &token)]))).unwrap())
            .await;
        assert_eq!(twice.verdict(), "400 invalid_request");
    })
    .await;
}

#[tokio::test]
async fn g01_refuses_a_token_that_was_made_for_another_audience() {
    both(|server| async move {
        let admin = server.admin_client();
        let token = admin.own_token().await.text("access_token");
        let new = Request::post("/api/v1/resources")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(r#"{"identifier":"https://orders.example","name":"Orders"}"#))
            .unwrap();
        assert_eq!(server.send(new).await.status, 201);
        let web = server.web_app().await;
        let for_orders = web.sign_in(&[("resource", "https://orders.example")]).await;
        let refused = web.get_with("/oauth2/userinfo", &for_orders.text("access_token")).await;
        assert_eq!(refused.verdict(), "401 invalid_token", "{}", refused.body);
        // Asked for together with it, or asked for alone, it is for userinfo.
        for resource in ["https://mandate.test/oauth2/userinfo", ""] {
            let token = web.sign_in(&[("resource", resource)]).await.text("access_token");
            assert_eq!(web.get_with("/oauth2/userinfo", &token).await.verdict(), "200", "{resource}");
        }
        let more = json!({
            "client_id": "web-two", "client_name": "Web Two", "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "default_resource": "https://orders.example",
        });
        let defaults = server.register(more).await;
        let token = defaults.sign_in(&[]).await.text("access_token");
        let aud = defaults.introspect(&token).await["aud"].clone();
        assert_eq!(aud, json!(["https://orders.example", "https://mandate.test/oauth2/userinfo"]));
        assert_eq!(defaults.get_with("/oauth2/userinfo", &token).await.verdict(), "200", "nothing was chosen");
    })
    .await;
}
