//! Rows of the checklist that belong to no single endpoint.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{Answer, App, ISSUER, both};

async fn api(app: &App, path: &str, body: Value) -> Answer {
    let token = app.server.admin_client().own_token().await.text("access_token");
    let request = Request::post(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    app.server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn part(token: &str, n: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn b06_b07_refuses_to_register_redirects_that_run_leak_or_match_too_much() {
    both(|server| async move {
        let admin = server.admin_client();
        for uri in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:x",
            "file:///etc/passwd",
            "about:blank",
            "http://app.example/cb",
            "http://127.0.0.1.evil.test/cb",
            "http://localhost.evil.test/",
            "myapp:/cb",
            "https://app.example/cb#x",
            "https://app.example/#",
            "https://*.example/cb",
            "https://app.example/*",
            "*",
            "https://app.example@evil.test/cb",
            "http://127.0.0.1:80@evil.test/",
            "https:///cb",
            "//app.example/cb",
            "/cb",
            "",
            "https://app.example/a/../b",
            "https://app.example/a\\b",
            "https://app.example/a\tb",
            "https://app.example/a b",
            "https://app.example/%2e%2e/x",
        ] {
            let draft = json!({
                "client_name": format!("With {}", uri.len()), "type": "user_authorized",
                "grant_types": ["authorization_code"], "redirect_uris": [uri], "scopes": ["openid"],
            });
            let answer = api(&admin, "/clients?dry_run=true", draft).await;
            assert_eq!(answer.status.as_u16(), 400, "{uri}: {}", answer.body);
            assert!(answer.body.contains("redirect_uris"), "{uri}: {}", answer.body);
        }
        let web = server.web_app().await;
        let path = web.authorize_path(&[("redirect_uri", "https://app.example/cb#x")]);
        let answer = server.get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
    })
    .await;
}

#[tokio::test]
async fn c07_every_answer_to_the_application_names_the_issuer() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let done = browser.authorize(&web.authorize_path(&[]), crate::harness::ADMIN_EMAIL).await;
        assert_eq!(done.returned("iss").as_deref(), Some(ISSUER));
        assert_eq!(done.returned("state").as_deref(), Some("xyz"));
        for fields in [
            [("response_type", "token")],
            [("scope", "unheld")],
            [("prompt", "none")],
            [("code_challenge", "short")],
            [("response_mode", "odd")],
            [("request", "a.b.c")],
            [("resource", "https://unknown.example")],
            [("max_age", "-1")],
        ] {
            let refused = server.get(&web.authorize_path(&fields)).await;
            assert!(refused.location().starts_with("https://app.example/cb?"), "{fields:?}");
            assert!(refused.returned("error").is_some(), "{fields:?}");
            assert_eq!(refused.returned("iss").as_deref(), Some(ISSUER), "{fields:?}");
            assert_eq!(refused.header("cache-control"), "no-store");
        }
        let posted = server
            .get(&web.authorize_path(&[("response_mode", "form_post"), ("prompt", "none")]))
            .await;
        assert_eq!(posted.field("iss").as_deref(), Some(ISSUER));
    })
    .await;
}

#[tokio::test]
async fn d02_a_success_says_what_it_gave_and_is_not_stored() {
    both(|server| async move {
        let web = server
            .register(json!({
                "client_id": "web-app", "client_name": "Web", "type": "user_authorized",
                "grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/cb"],
                "scopes": ["openid", "email"], "default_scopes": ["openid"], "access_token_lifetime": 600,
            }))
            .await;
        let answer = web.sign_in(&[("scope", "email openid")]).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert_eq!(body["scope"], "email openid");
        let token = answer.text("access_token");
        server.clock.step(599);
        assert!(web.is_active(&token).await);
        server.clock.step(1);
        assert!(!web.is_active(&token).await, "exactly as long as it said");
    })
    .await;
}

#[tokio::test]
async fn e15_an_old_secret_ends_as_promised_and_the_new_one_is_shown_once() {
    both(|server| async move {
        let old = server.service().await;
        let rotate =
            |after: Value| json!({ "confirm_name": "Service", "retire_previous_after": after });
        let answer = api(&old, "/clients/service/secrets", rotate(json!(3600))).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        let text = answer.text("client_secret");
        assert!(text.starts_with("mcs_"), "{}", answer.body);
        let second = App { secret: Some(text.clone()), ..old.clone() };
        assert_eq!(second.own_token().await.verdict(), "200");
        server.clock.step(3599);
        assert_eq!(old.own_token().await.verdict(), "200", "inside the overlap");
        server.clock.step(1);
        assert_eq!(old.own_token().await.verdict(), "401 invalid_client", "after it");
        assert_eq!(second.own_token().await.verdict(), "200");
        let answer = api(&old, "/clients/service/secrets", rotate(json!(0))).await;
        assert_eq!(second.own_token().await.verdict(), "401 invalid_client", "at once");
        let third = App { secret: Some(answer.text("client_secret")), ..old.clone() };
        assert_eq!(third.own_token().await.verdict(), "200");
        let admin = server.admin_client();
        let token = admin.own_token().await.text("access_token");
        for path in
            ["/api/v1/clients/service", "/api/v1/clients/service/secrets", "/api/v1/audit-events"]
        {
            let read = admin.get_with(path, &token).await;
            assert_eq!(read.status.as_u16(), 200);
            for secret in [&text, &answer.text("client_secret")] {
                assert!(!read.body.contains(secret.as_str()), "{path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn g09_the_id_token_is_signed_bound_and_true() {
    both(|server| async move {
        let web = server.web_app().await;
        let answer = web.sign_in(&[("nonce", "n-1"), ("scope", "openid email")]).await;
        let token = answer.text("id_token");
        let (head, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!(head["alg"], "RS256");
        let keys = server.get("/oauth2/jwks").await.json();
        let key = keys["keys"].as_array().unwrap().iter().find(|k| k["kid"] == head["kid"]);
        let key = key.expect("the key is published");
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let public = aws_lc_rs::signature::RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let how = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
        public.verify(how, signed.as_bytes(), &signature).expect("it is signed by that key");
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!("web-app")));
        assert_eq!(claims["nonce"], "n-1");
        assert_eq!(claims["auth_time"], server.clock.now());
        assert_eq!(claims["sub"], web.introspect(&answer.text("access_token")).await["sub"]);
        let access = answer.text("access_token");
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access.as_bytes());
        assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
        server.clock.step(60);
        let refreshed = web.refresh(&answer.text("refresh_token")).await.text("id_token");
        let later = part(&refreshed, 1);
        assert_eq!((&later["auth_time"], &later["sub"]), (&claims["auth_time"], &claims["sub"]));
        assert!(later.get("nonce").is_none());
    })
    .await;
}
