//! `POST /oauth2/token`: codes, client credentials, and every way to ask wrongly.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use crate::harness::{App, both, encode, form, one};

#[tokio::test]
async fn gives_a_service_a_token_and_no_refresh_token() {
    both(|server| async move {
        let service = server.service().await;
        let answer = service.own_token().await;
        assert_eq!(answer.verdict(), "200");
        assert_eq!(
            (answer.header("cache-control"), answer.header("pragma")),
            ("no-store", "no-cache")
        );
        assert_eq!(answer.json()["expires_in"], 3600);
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert!(answer.json().get("refresh_token").is_none());
        let token = answer.text("access_token");
        assert!(token.starts_with("mat_"));
        let meaning = service.introspect(&token).await;
        assert_eq!((&meaning["active"], &meaning["sub"]), (&json!(true), &json!("service")));
        assert_eq!(meaning["aud"], "https://mandate.test/api/v1");
    })
    .await;
}

#[tokio::test]
async fn d01_refuses_everything_but_one_form_in_the_body() {
    let server = std::sync::Arc::new(one().await);
    let service = server.service().await;
    let ask = |method: Method, path: &str, kind: &str, body: &str| {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request
            .header("authorization", service.basic())
            .body(Body::from(body.to_owned()))
            .unwrap();
        let server = server.clone();
        async move { server.send(request).await.verdict() }
    };
    let urlencoded = "application/x-www-form-urlencoded";
    let grant = "grant_type=client_credentials";
    assert_eq!(ask(Method::GET, "/oauth2/token", urlencoded, grant).await, "405");
    assert_eq!(
        ask(Method::POST, "/oauth2/token", "application/json", "{}").await,
        "400 invalid_request"
    );
    assert_eq!(
        ask(Method::POST, "/oauth2/token?scope=x", urlencoded, grant).await,
        "400 invalid_request"
    );
    let twice = format!("{grant}&{grant}");
    assert_eq!(ask(Method::POST, "/oauth2/token", urlencoded, &twice).await, "400 invalid_request");
    assert_eq!(ask(Method::POST, "/oauth2/token", urlencoded, "").await, "400 invalid_request");
    assert_eq!(
        ask(Method::POST, "/oauth2/token", urlencoded, "grant_type=%ff").await,
        "400 invalid_request"
    );
    assert_eq!(
        ask(Method::POST, "/oauth2/token", urlencoded, "grant_type=a%00b").await,
        "400 invalid_request"
    );
    let with_charset = format!("{urlencoded};charset=UTF-8");
    assert_eq!(ask(Method::POST, "/oauth2/token", &with_charset, grant).await, "200");
    let huge = format!("{grant}&scope={}", "a".repeat(200_000));
    assert_eq!(ask(Method::POST, "/oauth2/token", urlencoded, &huge).await, "400 invalid_request");
}

#[tokio::test]
async fn d04_refuses_grants_unknown_off_or_not_held() {
    both(|server| async move {
        let (service, web) = (server.service().await, server.web_app().await);
        let ask = async |app: &App, fields: &[(&str, &str)]| app.token(fields).await.verdict();
        let password = [("grant_type", "password"), ("username", "a"), ("password", "b")];
        assert_eq!(ask(&service, &password).await, "400 unsupported_grant_type");
        assert_eq!(
            ask(&service, &[("grant_type", "urn:made:up")]).await,
            "400 unsupported_grant_type"
        );
        assert_eq!(
            ask(&web, &[("grant_type", "client_credentials")]).await,
            "400 unauthorized_client"
        );
        assert_eq!(
            ask(&service, &[("grant_type", "authorization_code"), ("code", "x")]).await,
            "400 unauthorized_client"
        );
        assert_eq!(ask(&web, &[("grant_type", "authorization_code")]).await, "400 invalid_request");
    })
    .await;
}

#[tokio::test]
async fn d14_a_public_client_has_no_client_credentials() {
    both(|server| async move {
        let native = server.native_app().await;
        assert_eq!(native.own_token().await.verdict(), "400 unauthorized_client");
    })
    .await;
}

#[tokio::test]
async fn refuses_scopes_that_are_unknown_or_not_held() {
    both(|server| async move {
        let service = server.service().await;
        let ask = async |scope: &str| {
            service.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await
        };
        assert_eq!(ask("oauth_client:delete").await.verdict(), "400 invalid_scope");
        assert_eq!(ask("made:up").await.verdict(), "400 invalid_scope");
        assert_eq!(ask("bad\"scope").await.verdict(), "400 invalid_scope");
        assert_eq!(ask("").await.text("scope"), "oauth_client:read");
        assert_eq!(ask("oauth_client:read").await.text("scope"), "oauth_client:read");
    })
    .await;
}

#[tokio::test]
async fn g12_a_token_is_for_the_resource_that_was_asked() {
    both(|server| async move {
        let service = server.service().await;
        let ask = async |resource: &str| {
            service.token(&[("grant_type", "client_credentials"), ("resource", resource)]).await
        };
        assert_eq!(ask("https://unknown.example").await.verdict(), "400 invalid_target");
        assert_eq!(ask("/relative").await.verdict(), "400 invalid_target");
        assert_eq!(ask("https://mandate.test/api/v1#x").await.verdict(), "400 invalid_target");
        let token = ask("https://mandate.test/oauth2/userinfo").await.text("access_token");
        assert_eq!(service.introspect(&token).await["aud"], "https://mandate.test/oauth2/userinfo");
    })
    .await;
}

#[tokio::test]
async fn exchanges_a_code_for_all_that_was_agreed() {
    both(|server| async move {
        let web = server.web_app().await;
        let answer =
            web.sign_in(&[("scope", "openid email offline_access"), ("nonce", "n-1")]).await;
        assert_eq!(answer.verdict(), "200");
        let tokens = answer.json();
        for (member, prefix) in
            [("access_token", "mat_"), ("refresh_token", "mrt_"), ("id_token", "eyJ")]
        {
            assert!(tokens[member].as_str().unwrap().starts_with(prefix), "{member}");
        }
        assert_eq!(tokens["scope"], "email offline_access openid");
        let claims = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!((&claims["nonce"], &claims["aud"]), (&json!("n-1"), &json!("web-app")));
        assert_eq!(
            (&claims["iss"], &claims["email"]),
            (&json!("https://mandate.test"), &json!("ada@example.com"))
        );
        assert!(claims["sub"].as_str().unwrap().starts_with("usr_"));
        assert!(web.is_active(tokens["access_token"].as_str().unwrap()).await);
    })
    .await;
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> serde_json::Value {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("a JWT has three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn d05_a_code_used_twice_ends_what_it_gave() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        let first = web.redeem(&code).await;
        assert_eq!(first.verdict(), "200");
        let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
        assert!(web.is_active(&access).await);
        assert_eq!(web.redeem(&code).await.verdict(), "400 invalid_grant");
        assert!(!web.is_active(&access).await);
        assert_eq!(web.refresh(&refresh).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn d06_a_replay_that_proves_nothing_ends_nothing() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        let access = web.redeem(&code).await.text("access_token");
        let thief =
            App { verifier: "some-other-verifier-of-forty-three-characters".into(), ..web.clone() };
        assert_eq!(thief.redeem(&code).await.verdict(), "400 invalid_grant");
        assert!(web.is_active(&access).await);
    })
    .await;
}

#[tokio::test]
async fn d08_refuses_the_code_of_another_client() {
    both(|server| async move {
        let web = server.web_app().await;
        let draft = json!({
            "client_id": "other", "client_name": "Other", "type": "user_authorized",
            "grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "default_scopes": ["openid"],
        });
        let other = server.register(draft).await;
        let code = web.code(&[]).await;
        assert_eq!(other.redeem(&code).await.verdict(), "400 invalid_grant");
        assert_eq!(web.redeem(&code).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn d09_refuses_a_code_after_its_minute() {
    both(|server| async move {
        let web = server.web_app().await;
        let (early, late) = (web.code(&[]).await, web.code(&[]).await);
        server.clock.step(59);
        assert_eq!(web.redeem(&early).await.verdict(), "200");
        server.clock.step(2);
        assert_eq!(web.redeem(&late).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn d10_refuses_every_wrong_verifier_and_keeps_the_code() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        let challenge = web.challenge();
        let long = "a".repeat(129);
        for verifier in [
            "wrong-verifier-of-at-least-forty-three-chars",
            &challenge,
            &"a".repeat(42),
            &long,
            "ümlaut",
        ] {
            let app = App { verifier: verifier.into(), ..web.clone() };
            assert_eq!(app.redeem(&code).await.verdict(), "400 invalid_grant", "{verifier}");
        }
        let none = web.token(&[("grant_type", "authorization_code"), ("code", &code)]).await;
        assert_eq!(none.verdict(), "400 invalid_grant");
        assert_eq!(web.redeem(&code).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn d12_the_redirect_uri_is_that_of_the_request_or_left_out() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        let other = App { redirect_uri: "https://app.example/cb2".into(), ..web.clone() };
        assert_eq!(other.redeem(&code).await.verdict(), "400 invalid_grant");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("code_verifier", &web.verifier),
        ];
        assert_eq!(web.token(&fields).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn refuses_a_verifier_where_there_was_no_challenge() {
    both(|server| async move {
        let draft = json!({
            "client_id": "old", "client_name": "Old Library", "type": "user_authorized", "pkce": "optional",
            "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "default_scopes": ["openid"],
        });
        let old = server.register(draft).await;
        let without = [("code_challenge", ""), ("code_challenge_method", "")];
        let code = old.code(&without).await;
        assert_eq!(old.redeem(&code).await.verdict(), "400 invalid_grant");
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str())];
        let answer = old.token(&fields).await;
        assert_eq!(answer.verdict(), "200");
        // Without PKCE there is no refresh token (REL-11).
        assert!(answer.json().get("refresh_token").is_none());
    })
    .await;
}

#[tokio::test]
async fn d13_no_two_codes_or_tokens_share_anything() {
    let server = std::sync::Arc::new(one().await);
    let service = server.service().await;
    let mut seen = std::collections::HashSet::new();
    let mut columns = vec![std::collections::HashSet::new(); 44];
    for _ in 0..1_000 {
        let token = service.own_token().await.text("access_token");
        for (at, c) in token["mat_".len()..].chars().take(44).enumerate() {
            columns[at].insert(c);
        }
        assert!(seen.insert(token), "a token came twice");
    }
    // Each position takes nearly each of 64 characters in 1,000 draws; structure would show here.
    assert!(
        columns.iter().all(|column| column.len() > 40),
        "{:?}",
        columns.iter().map(std::collections::HashSet::len).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn f07_a_code_dies_with_client_and_person() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        server.pause("web-app").await;
        assert_eq!(web.redeem(&code).await.verdict(), "401 invalid_client");
        server.resume("web-app").await;
        assert_eq!(web.redeem(&code).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn d03_every_error_is_ascii_and_tells_nothing_of_the_inside() {
    let server = std::sync::Arc::new(one().await);
    let service = server.service().await;
    for body in [
        "grant_type=x%E2%82%AC",
        "grant_type=refresh_token&refresh_token='; DROP TABLE clients; --",
        "scope=%22",
    ] {
        let request = form("/oauth2/token", &[])
            .header("authorization", service.basic())
            .body(Body::from(body))
            .unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        let json = answer.json();
        let sentence = json["error_description"].as_str().unwrap();
        assert!(sentence.is_ascii() && !sentence.to_lowercase().contains("sql"), "{sentence}");
        assert!(json["error_id"].as_str().unwrap().starts_with("err_"));
        assert_eq!(json.as_object().unwrap().len(), 3, "{json}");
    }
    assert_eq!(encode(&[("a", "b c")]), "a=b+c");
}

#[tokio::test]
async fn a_wrong_resource_leaves_the_code_as_it_was() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        let with = async |resource: &str| {
            let (uri, verifier) = (web.redirect_uri.clone(), web.verifier.clone());
            web.token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &uri),
                ("code_verifier", &verifier),
                ("resource", resource),
            ])
            .await
            .verdict()
        };
        let grants = async || {
            let mut tx = server.database().await.begin().await.unwrap();
            let row = tx.query_one("SELECT COUNT(*) FROM grants", &[]).await.unwrap().unwrap();
            row.get::<i64>(0).unwrap()
        };
        assert_eq!(with("https://unknown.example").await, "400 invalid_target");
        assert_eq!(with("https://mandate.test/api/v1").await, "400 invalid_target");
        assert_eq!(grants().await, 0, "no grant without a token");
        assert_eq!(with("https://mandate.test/oauth2/userinfo").await, "200");
        assert_eq!(
            with("https://unknown.example").await,
            "400 invalid_target",
            "no replay: it was not valid otherwise"
        );
        assert_eq!(grants().await, 1);
    })
    .await;
}
