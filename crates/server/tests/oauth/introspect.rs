//! `POST /oauth2/introspect` (RFC 7662).

use serde_json::json;

use crate::harness::{App, both};

#[tokio::test]
async fn tells_what_a_token_of_a_person_means() {
    both(|server| async move {
        let web = server.web_app().await;
        let access = web.sign_in(&[("scope", "openid email")]).await.text("access_token");
        let mut meaning = web.introspect(&access).await;
        for changing in ["sub", "jti"] {
            assert!(meaning.as_object_mut().unwrap().remove(changing).is_some());
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(serde_json::to_string_pretty(&meaning).unwrap(), @r#"
            {
              "access": "read_only",
              "active": true,
              "aud": "https://mandate.test/oauth2/userinfo",
              "auth_time": 1800000000,
              "authorized_teams": [],
              "client_id": "web-app",
              "exp": 1800003600,
              "iat": 1800000000,
              "instance_permissions": [],
              "iss": "https://mandate.test",
              "scope": "email openid",
              "token_type": "Bearer",
              "username": "ada@example.com"
            }
            "#);
        }
    })
    .await;
}

#[tokio::test]
async fn g01_refuses_whoever_does_not_prove_who_asks() {
    both(|server| async move {
        let (web, native) = (server.web_app().await, server.native_app().await);
        let access = web.sign_in(&[]).await.text("access_token");
        assert_eq!(
            server.post("/oauth2/introspect", &[("token", &access)]).await.verdict(),
            "401 invalid_client"
        );
        let public = native.post("/oauth2/introspect", &[("token", &access)]).await;
        assert_eq!(public.verdict(), "401 invalid_client");
        assert_eq!(web.post("/oauth2/introspect", &[]).await.verdict(), "400 invalid_request");
    })
    .await;
}

#[tokio::test]
async fn g01_anything_that_is_not_alive_or_not_yours_is_exactly_inactive() {
    both(|server| async move {
        let (web, service) = (server.web_app().await, server.service().await);
        let mine = web.sign_in(&[]).await;
        let access = mine.text("access_token");
        let inactive = json!({"active": false});
        let tampered = format!(
            "{}{}",
            &access[..access.len() - 1],
            if access.ends_with('A') { 'B' } else { 'A' }
        );
        for token in
            ["", "x", "mat_", "mat_tooshort", "eyJhbGciOiJub25lIn0.e30.", &tampered, &access[..20]]
        {
            if !token.is_empty() {
                assert_eq!(web.introspect(token).await, inactive, "{token}");
            }
        }
        assert_eq!(service.introspect(&access).await, inactive, "another client's");
        assert_eq!(service.introspect(&mine.text("refresh_token")).await, inactive);
        server.clock.step(3600);
        assert_eq!(web.introspect(&access).await, inactive, "expired");
    })
    .await;
}

#[tokio::test]
async fn cor52_whoever_holds_the_permission_sees_every_token() {
    both(|server| async move {
        let (web, admin) = (server.web_app().await, server.admin_client());
        let access = web.sign_in(&[]).await.text("access_token");
        assert_eq!(admin.introspect(&access).await["active"], true, "as a client");
        let bearer = admin.own_token().await.text("access_token");
        let ask = async |bearer: &str| {
            let request = crate::harness::form("/oauth2/introspect", &[])
                .header("authorization", format!("Bearer {bearer}"));
            server
                .send(request.body(axum::body::Body::from(format!("token={access}"))).unwrap())
                .await
        };
        assert_eq!(ask(&bearer).await.json()["active"], true, "by bearer token");
        assert_eq!(
            ask(&access).await.verdict(),
            "401 invalid_token",
            "a token that does not hold it"
        );
        assert_eq!(ask("nonsense").await.verdict(), "401 invalid_token");
    })
    .await;
}

#[tokio::test]
async fn l05_a_paused_client_s_tokens_die_and_stay_dead() {
    both(|server| async move {
        let (service, admin) = (server.service().await, server.admin_client());
        let token = service.own_token().await.text("access_token");
        server.pause("service").await;
        assert!(!admin.is_active(&token).await);
        assert_eq!(service.own_token().await.verdict(), "401 invalid_client");
        server.resume("service").await;
        assert!(!admin.is_active(&token).await, "old tokens stay dead");
        let fresh = service.own_token().await.text("access_token");
        assert!(admin.is_active(&fresh).await);
    })
    .await;
}

#[tokio::test]
async fn g07_a_jwt_access_token_is_what_rfc_9068_says_and_can_be_revoked() {
    both(|server| async move {
        let draft = json!({
            "client_id": "jwt", "client_name": "JWT", "type": "service", "access_token_format": "jwt",
            "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
        });
        let app: App = server.register(draft).await;
        let token = app.own_token().await.text("access_token");
        let header = header(&token);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
        let claims = crate::token::claims(&token);
        assert_eq!(claims["aud"], "https://mandate.test/api/v1");
        for (name, want) in [("iss", "https://mandate.test"), ("sub", "jwt"), ("client_id", "jwt"), ("scope", "oauth_client:read")] {
            assert_eq!(claims[name], want);
        }
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_800_000_000), &json!(1_800_003_600)));
        assert_eq!(app.introspect(&token).await["active"], true);
        let forged = format!("{}.{}.{}", token.split('.').next().unwrap(), token.split('.').nth(1).unwrap(), "A".repeat(86));
        assert_eq!(app.introspect(&forged).await, json!({"active": false}));
        app.revoke(&token).await;
        assert_eq!(app.introspect(&token).await, json!({"active": false}));
    })
    .await;
}

fn header(token: &str) -> serde_json::Value {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn tells_no_user_name_that_the_scopes_do_not_tell() {
    both(|server| async move {
        let web = server.web_app().await;
        for (scope, told) in [
            ("openid", serde_json::Value::Null),
            ("openid as_user:read", serde_json::Value::Null),
            ("openid profile", "ada".into()),
            ("openid email", "ada@example.com".into()),
        ] {
            let token = web.sign_in(&[("scope", scope)]).await.text("access_token");
            let answer = web.introspect(&token).await;
            assert_eq!(answer["username"], told, "{scope}: {answer}");
            assert_eq!(answer.get("username").is_some(), !told.is_null(), "{scope}");
        }
    })
    .await;
}
