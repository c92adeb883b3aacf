//! The legacy implicit grant: REL-6, REL-31, REL-56, THE-17, and what attackers try with it.

use std::sync::Arc;

use domain::Policy;
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Answer, App, Server, both, both_with};
use crate::token::claims;

fn on() -> Policy {
    Policy { legacy_implicit: true, ..Policy::default() }
}

/// A script in a page, which cannot keep a secret.
async fn script(server: &Arc<Server>, settings: Value) -> App {
    let mut draft = json!({
        "client_id": "script", "client_name": "Script", "type": "custom", "confidential": false,
        "grant_types": ["implicit"], "redirect_uris": ["https://app.example/cb"],
        "scopes": ["openid", "email", "as_user:read"], "default_scopes": ["openid"],
    });
    draft.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    server.register(draft).await
}

/// A request of the implicit grant.
fn path(app: &App, fields: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("response_type", "token"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("nonce", "n-1"),
    ];
    for (name, value) in fields {
        all.retain(|(n, _)| n != name);
        all.push((name, value));
    }
    app.authorize_path(&all)
}

async fn run(app: &App, fields: &[(&str, &str)]) -> Answer {
    app.server.browser().authorize(&path(app, fields), ADMIN_EMAIL).await
}

/// A value of the fragment that a redirect leads to.
fn returned(answer: &Answer, name: &str) -> Option<String> {
    let (_, fragment) = answer.location().split_once('#')?;
    let mut pairs = form_urlencoded::parse(fragment.as_bytes());
    pairs.find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn rel6_gives_an_access_token_in_the_fragment_and_no_refresh_token() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({ "access_token_lifetime": 36_000 })).await;
        let answer = run(&app, &[]).await;
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
        let (base, _) = answer.location().split_once('#').expect("in the fragment");
        assert_eq!(base, "https://app.example/cb", "and nothing in the query");
        assert_eq!(answer.header("cache-control"), "no-store");
        let value = |name| returned(&answer, name).unwrap_or_default();
        assert_eq!(
            [value("token_type"), value("expires_in"), value("state")],
            ["Bearer", "36000", "xyz"]
        );
        assert_eq!(value("iss"), "https://mandate.test", "mix-up: the answer says who answers");
        assert_eq!(value("scope"), "openid");
        for absent in ["refresh_token", "code", "id_token"] {
            assert!(returned(&answer, absent).is_none(), "{absent}");
        }
        let token = value("access_token");
        assert!(app.get_with("/oauth2/userinfo", &token).await.json()["sub"].is_string());
        server.clock.step(36_000);
        assert_eq!(app.get_with("/oauth2/userinfo", &token).await.status.as_u16(), 401);
    })
    .await;
}

#[tokio::test]
async fn rel56_gives_an_id_token_bound_to_its_nonce_for_sign_in_alone() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({})).await;
        let answer = run(&app, &[("response_type", "id_token"), ("scope", "openid email")]).await;
        assert!(returned(&answer, "access_token").is_none());
        let told = claims(&returned(&answer, "id_token").unwrap());
        assert_eq!((&told["nonce"], &told["aud"]), (&json!("n-1"), &json!("script")));
        assert_eq!(told["email"], ADMIN_EMAIL, "users are matched by it");
        assert!(told.get("at_hash").is_none(), "there is no access token to bind");
        let both = run(&app, &[("response_type", "token id_token")]).await;
        let told = claims(&returned(&both, "id_token").unwrap());
        assert!(told["at_hash"].is_string() && returned(&both, "access_token").is_some());
    })
    .await;
}

#[tokio::test]
async fn rel6_refuses_what_an_id_token_needs_and_has_not() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({})).await;
        for (fields, want) in [
            (vec![("response_type", "id_token"), ("nonce", "")], "invalid_request"),
            (vec![("response_type", "id_token token"), ("nonce", "")], "invalid_request"),
            (vec![("response_type", "id_token"), ("scope", "email")], "invalid_scope"),
            (vec![("scope", "unheld")], "invalid_scope"),
            (vec![("prompt", "none")], "login_required"),
            (vec![("request", "a.b.c")], "request_not_supported"),
            (vec![("response_type", "code token")], "unsupported_response_type"),
        ] {
            let refused = server.get(&path(&app, &fields)).await;
            let error = returned(&refused, "error").or_else(|| refused.returned("error"));
            assert_eq!(error.as_deref(), Some(want), "{fields:?} {}", refused.location());
            assert!(returned(&refused, "access_token").is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn rel6_puts_no_token_into_a_query_and_honours_form_post() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({})).await;
        let refused = server.get(&path(&app, &[("response_mode", "query")])).await;
        assert_eq!(returned(&refused, "error").as_deref(), Some("invalid_request"));
        assert!(!refused.location().contains("access_token"));
        let posted =
            run(&app, &[("response_mode", "form_post"), ("response_type", "id_token token")]).await;
        assert_eq!(posted.status.as_u16(), 200);
        assert!(
            posted.field("access_token").is_some_and(|t| t.starts_with("mat_")),
            "{}",
            posted.body
        );
        assert!(posted.field("id_token").is_some_and(|t| t.starts_with("eyJ")));
        assert_eq!((posted.header("cache-control"), posted.location()), ("no-store", ""));
    })
    .await;
}

#[tokio::test]
async fn rel6_compares_the_redirect_byte_for_byte() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({})).await;
        for uri in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/CB",
            "https://evil.test/cb",
            "https://app.example/cb#x",
            "https://app.example:443/cb",
            "http://app.example/cb",
        ] {
            let answer = server.get(&path(&app, &[("redirect_uri", uri)])).await;
            assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{uri}");
        }
    })
    .await;
}

#[tokio::test]
async fn rel6_is_for_public_clients_that_hold_it() {
    both_with(on(), |server| async move {
        let web = server.web_app().await;
        let refused = server.get(&path(&web, &[])).await;
        assert_eq!(returned(&refused, "error").as_deref(), Some("unauthorized_client"));
        let app = script(&server, json!({})).await;
        let code = server.get(&app.authorize_path(&[])).await;
        assert_eq!(
            code.returned("error").as_deref(),
            Some("unauthorized_client"),
            "and nothing else"
        );
        let fields = [("grant_type", "implicit")];
        assert_eq!(app.token(&fields).await.verdict(), "400 unsupported_grant_type");
    })
    .await;
}

#[tokio::test]
async fn rel6_spends_an_answered_request() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({ "scopes": ["openid", "email"] })).await;
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let page = browser.visit(&path(&app, &[])).await;
        let consent = page.field("request").expect("the consent page");
        let back = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert!(returned(&back, "access_token").is_some(), "{} {}", back.location(), back.body);
        let again = browser.get(&format!("/oauth2/authorize?authorization={consent}")).await;
        assert_eq!(again.status.as_u16(), 400, "{}", again.location());
    })
    .await;
}

#[tokio::test]
async fn the17_is_unsupported_and_unadvertised_while_off() {
    both(|server| async move {
        let web = server.web_app().await;
        for response_type in ["token", "id_token", "id_token token"] {
            let refused = server.get(&path(&web, &[("response_type", response_type)])).await;
            assert_eq!(refused.returned("error").as_deref(), Some("unsupported_response_type"));
            assert!(!refused.location().contains('#'), "{response_type}");
        }
        let metadata = server.get("/.well-known/openid-configuration").await;
        for word in ["implicit", "fragment", "id_token token"] {
            assert!(!metadata.body.contains(&format!("\"{word}\"")), "{word}");
        }
    })
    .await;
}

#[tokio::test]
async fn the17_a_holder_is_refused_once_the_switch_is_off_even_midway() {
    both_with(on(), |server| async move {
        let app = script(&server, json!({})).await;
        let off = Arc::new(server.restarted(Policy::default()).await);
        let refused = off.get(&path(&app, &[])).await;
        assert_eq!(refused.returned("error").as_deref(), Some("unsupported_response_type"));
        // A request that began while it was on, and went through the sign-in page meanwhile.
        let mut browser = server.browser();
        let page = browser.visit(&path(&app, &[])).await;
        assert!(page.body.contains("name=\"password\""));
        browser.server = Arc::clone(&off);
        let fields = [("email", ADMIN_EMAIL), ("password", crate::harness::PASSWORD)];
        let midway = browser.submit(&page, "/login", &fields).await;
        assert!(
            !midway.location().contains("access_token") && midway.status.as_u16() == 400,
            "{}",
            midway.body
        );
        let metadata = server.get("/.well-known/openid-configuration").await.json();
        assert!(
            metadata["response_types_supported"]
                .as_array()
                .unwrap()
                .contains(&json!("id_token token"))
        );
    })
    .await;
}
