//! What changes between a request and its use: a consent withdrawn, a setting taken away, another
//! person in the browser.

use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, App, Browser, PASSWORD, Server, both, encode};

async fn admin_id(server: &Server) -> String {
    let mut work = server.instance.read();
    let user = domain::accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap();
    user.unwrap().id.as_str().to_owned()
}

/// Changes settings of a client, as the operator.
async fn change(server: &Server, id: &str, patch: Value) {
    let may = domain::access::Authority::operator("test@host").may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let changed =
        domain::clients::change(&mut work, &server.operator(), &may, id, (&patch, None)).await;
    changed.expect("the client is changed");
    work.commit().await.unwrap();
}

/// Up to the page that asks for consent.
async fn consent_page(app: &App, browser: &mut Browser) -> crate::harness::Answer {
    let page = browser.visit(&app.authorize_path(&[])).await;
    let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];
    browser.submit(&page, "/login", &fields).await
}

#[tokio::test]
async fn refuses_a_code_whose_consent_was_withdrawn_since() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[]).await;
        server.withdraw_consent(&admin_id(&server).await, "web-app").await;
        assert_eq!(web.redeem(&code).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn an_answer_given_before_a_withdrawal_leads_nowhere_after_it() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let page = consent_page(&web, &mut browser).await;
        let fields = [
            ("form_token", page.field("form_token").unwrap()),
            ("request", page.field("request").unwrap()),
            ("decision", "allow".to_owned()),
        ];
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let stored = browser.post("/consent", &fields).await;
        server.withdraw_consent(&admin_id(&server).await, "web-app").await;
        let answer = browser.visit(stored.location()).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
    })
    .await;
}

#[tokio::test]
async fn sends_no_code_to_a_redirect_uri_that_was_taken_away_midway() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let page = consent_page(&web, &mut browser).await;
        change(&server, "web-app", json!({ "redirect_uris": ["https://app.example/new"] })).await;
        let answer = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
        // The sealed request of a login page is no better.
        let begun = browser.clone().visit(&web.authorize_path(&[])).await;
        assert_eq!((begun.status.as_u16(), begun.location()), (400, ""));
    })
    .await;
}

#[tokio::test]
async fn refuses_a_code_for_a_scope_that_was_taken_away_midway() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web.code(&[("scope", "openid as_user:read")]).await;
        change(&server, "web-app", json!({ "scopes": ["openid"] })).await;
        assert_eq!(web.redeem(&code).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_gives_no_scope_that_the_client_lost() {
    both(|server| async move {
        let web = server.web_app().await;
        let tokens = web.sign_in(&[("scope", "openid as_user:read email")]).await;
        change(&server, "web-app", json!({ "scopes": ["openid", "email"] })).await;
        let fresh = web.refresh(&tokens.text("refresh_token")).await;
        assert_eq!(fresh.text("scope"), "email openid");
    })
    .await;
}

#[tokio::test]
async fn an_id_token_hint_of_somebody_else_never_answers_for_who_is_there() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let code = web.code_in(&mut browser, &[]).await;
        let own = web.redeem(&code).await.text("id_token");
        let silent = web.authorize_path(&[("prompt", "none"), ("id_token_hint", &own)]);
        assert!(browser.get(&silent).await.returned("code").is_some(), "the expected person");

        let may = domain::access::Authority::operator("test@host").may().unwrap();
        let new = domain::accounts::NewUser {
            email: "ben@example.com".into(),
            display_name: "Ben".into(),
            password: Some(domain::Plain::new(PASSWORD)),
        };
        let made = domain::accounts::create(&server.instance, &server.operator(), &may, new).await;
        made.expect("the person is created");
        let mut other = server.browser();
        other.authorize(&web.authorize_path(&[]), "ben@example.com").await;
        let answer = other.get(&silent).await;
        assert_eq!(answer.returned("error").as_deref(), Some("login_required"));
        assert_eq!(answer.returned("iss").as_deref(), Some(crate::harness::ISSUER));
        // Aloud, the other person is asked for; signing in as the same wrong one is refused.
        let aloud = web.authorize_path(&[("id_token_hint", &own)]);
        let refused = other.clone().authorize(&aloud, "ben@example.com").await;
        assert_eq!(refused.returned("error").as_deref(), Some("login_required"));
        let right = other.authorize(&aloud, ADMIN_EMAIL).await;
        assert!(right.returned("code").is_some(), "{}", right.location());
    })
    .await;
}

#[tokio::test]
async fn k08_a_logout_posted_from_another_site_ends_nothing_unasked() {
    both(|server| async move {
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        // Browsers withhold Lax cookies from a POST of another site, and take what it sets.
        let mut without = browser.clone();
        without.cookies.clear();
        let answer =
            without.post_from("https://evil.test", "/oauth2/logout", &[("state", "s")]).await;
        assert!(answer.headers.get("set-cookie").is_none(), "{:?}", answer.headers);
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, "/oauth2/logout?state=s"),
            "entered again with the session"
        );
        let asked = browser.get(answer.location()).await;
        assert!(asked.location().starts_with("/logout?"), "asks first: {}", asked.location());
    })
    .await;
}

#[tokio::test]
async fn k08_a_posted_logout_with_a_true_hint_ends_the_session() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let code = web.code_in(&mut browser, &[]).await;
        let hint = web.redeem(&code).await.text("id_token");
        let answer = server.post("/oauth2/logout", &[("id_token_hint", &hint)]).await;
        assert_eq!(
            answer.location(),
            format!("/oauth2/logout?{}", encode(&[("id_token_hint", &hint)]))
        );
        browser.get(answer.location()).await;
        assert!(browser.get("/account").await.location().starts_with("/login"), "signed out");
    })
    .await;
}
