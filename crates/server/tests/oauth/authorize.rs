//! `/oauth2/authorize`: what is redirected, what is asked, what is remembered.

use crate::harness::{ADMIN_EMAIL, App, Server, both, encode};

/// The error a request is sent back with, with state and issuer checked.
async fn refused(server: &Server, app: &App, fields: &[(&str, &str)]) -> String {
    let answer = server.get(&app.authorize_path(fields)).await;
    assert_eq!(answer.status.as_u16(), 303, "{} {}", answer.status, answer.body);
    assert_eq!(answer.returned("state").as_deref(), Some("xyz"));
    assert_eq!(answer.returned("iss").as_deref(), Some("https://mandate.test"));
    assert!(!answer.location().contains('#'));
    assert!(answer.returned("code").is_none());
    answer.returned("error").unwrap_or_else(|| answer.location().to_owned())
}

#[tokio::test]
async fn c01_c02_refuses_every_request_without_s256() {
    both(|server| async move {
        let native = server.native_app().await;
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        for (name, fields) in [
            ("none", vec![("code_challenge", ""), ("code_challenge_method", "")]),
            ("plain", vec![("code_challenge_method", "plain")]),
            ("no method", vec![("code_challenge_method", "")]),
            ("short", vec![("code_challenge", short.as_str())]),
            ("long", vec![("code_challenge", long.as_str())]),
            (
                "bad characters",
                vec![("code_challenge", "!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
            ),
        ] {
            assert_eq!(refused(&server, &native, &fields).await, "invalid_request", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn c03_refuses_every_response_type_but_code() {
    both(|server| async move {
        let web = server.web_app().await;
        for response_type in [
            "token",
            "id_token",
            "id_token token",
            "code token",
            "code id_token",
            "none",
            "made up",
        ] {
            let error = refused(&server, &web, &[("response_type", response_type)]).await;
            assert_eq!(error, "unsupported_response_type", "{response_type}");
        }
        assert_eq!(refused(&server, &web, &[("response_type", "")]).await, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn c04_ignores_what_it_does_not_know() {
    both(|server| async move {
        let web = server.web_app().await;
        let code = web
            .code(&[("extra", "foobar"), ("scope", ""), ("ui_locales", "de"), ("display", "popup")])
            .await;
        assert_eq!(web.redeem(&code).await.text("scope"), "openid profile", "the default scopes");
    })
    .await;
}

#[tokio::test]
async fn c06_echoes_state_byte_for_byte() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let long = "s".repeat(1024);
        for state in [long.as_str(), "a b&c=d?e#f", "\"quoted\" <b>", "ünïcödé €", "%2B+%20"]
        {
            let answer =
                browser.authorize(&web.authorize_path(&[("state", state)]), ADMIN_EMAIL).await;
            assert_eq!(answer.returned("state").as_deref(), Some(state));
            assert_eq!(answer.returned("iss").as_deref(), Some("https://mandate.test"));
        }
        let answer = browser.authorize(&web.authorize_path(&[("state", "")]), ADMIN_EMAIL).await;
        assert!(answer.returned("state").is_none() && answer.returned("code").is_some());
    })
    .await;
}

#[tokio::test]
async fn c09_prompt_none_never_shows_a_page() {
    both(|server| async move {
        let web = server.web_app().await;
        assert_eq!(refused(&server, &web, &[("prompt", "none")]).await, "login_required");
        assert_eq!(refused(&server, &web, &[("prompt", "none login")]).await, "invalid_request");
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let silent = web.authorize_path(&[("prompt", "none")]);
        assert_eq!(
            browser.get(&silent).await.returned("error").as_deref(),
            Some("consent_required")
        );
        web.code_in(&mut browser, &[]).await;
        assert!(browser.get(&silent).await.returned("code").is_some(), "remembered");
        let more = web.authorize_path(&[("prompt", "none"), ("scope", "openid email")]);
        assert_eq!(browser.get(&more).await.returned("error").as_deref(), Some("consent_required"));
    })
    .await;
}

#[tokio::test]
async fn c10_prompt_login_and_max_age_ask_again() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let first = web.redeem(&web.code_in(&mut browser, &[]).await).await;
        let before = crate::token::claims(&first.text("id_token"))["auth_time"].clone();
        server.clock.step(2);
        for asking in [[("prompt", "login")], [("max_age", "1")], [("max_age", "0")]] {
            let page = browser.visit(&web.authorize_path(&asking)).await;
            assert!(page.body.contains("name=\"password\""), "{asking:?}");
            let still = browser.visit("/account").await;
            assert_eq!(still.status.as_u16(), 200, "the old session is intact");
        }
        let again = web.redeem(&web.code_in(&mut browser, &[("prompt", "login")]).await).await;
        assert_ne!(crate::token::claims(&again.text("id_token"))["auth_time"], before);
        let fresh = browser.visit(&web.authorize_path(&[("max_age", "100")])).await;
        assert!(fresh.returned("code").is_some());
    })
    .await;
}

#[tokio::test]
async fn c15_a_native_application_is_asked_for_every_time() {
    both(|server| async move {
        let (native, web) = (server.native_app().await, server.web_app().await);
        let mut browser = server.browser();
        native.code_in(&mut browser, &[]).await;
        let again = browser.visit(&native.authorize_path(&[])).await;
        assert!(again.body.contains("name=\"decision\""), "loopback cannot prove who asks");
        web.code_in(&mut browser, &[]).await;
        assert!(
            browser.visit(&web.authorize_path(&[])).await.returned("code").is_some(),
            "a web application can"
        );
        let asked = browser.visit(&web.authorize_path(&[("prompt", "consent")])).await;
        assert!(asked.body.contains("name=\"decision\""));
    })
    .await;
}

#[tokio::test]
async fn c17_never_fetches_a_request_object() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    let server = crate::harness::one().await;
    let server = std::sync::Arc::new(server);
    let web = server.web_app().await;
    assert_eq!(refused(&server, &web, &[("request_uri", &uri)]).await, "request_uri_not_supported");
    assert_eq!(
        refused(&server, &web, &[("request", "eyJhbGciOiJub25lIn0.e30.")]).await,
        "request_not_supported"
    );
    let nobody =
        tokio::time::timeout(std::time::Duration::from_millis(100), listener.accept()).await;
    assert!(nobody.is_err(), "somebody connected");
}

#[tokio::test]
async fn c18_refuses_unknown_response_modes() {
    both(|server| async move {
        let web = server.web_app().await;
        for mode in ["fragment", "web_message", "query.jwt", "x"] {
            assert_eq!(
                refused(&server, &web, &[("response_mode", mode)]).await,
                "invalid_request",
                "{mode}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn answers_by_form_post_where_asked() {
    both(|server| async move {
        let web = server.web_app().await;
        let path = web.authorize_path(&[("response_mode", "form_post"), ("state", "a\"b<c>")]);
        let page = server.browser().authorize(&path, ADMIN_EMAIL).await;
        assert_eq!(page.status.as_u16(), 200);
        assert!(page.body.contains("action=\"https://app.example/cb\""), "{}", page.body);
        assert_eq!(page.field("state").as_deref(), Some("a\"b<c>"));
        assert_eq!(page.field("iss").as_deref(), Some("https://mandate.test"));
        assert_eq!(web.redeem(&page.field("code").unwrap()).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn c19_a_posted_request_works_like_any_other() {
    both(|server| async move {
        let web = server.web_app().await;
        let path = web.authorize_path(&[]);
        let (_, query) = path.split_once('?').unwrap();
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut browser = server.browser();
        let answer = browser.post("/oauth2/authorize", &fields).await;
        assert_eq!(answer.status.as_u16(), 303);
        let back = browser.authorize(answer.location(), ADMIN_EMAIL).await;
        assert!(back.returned("code").is_some());
    })
    .await;
}

#[tokio::test]
async fn refuses_scopes_the_application_does_not_hold() {
    both(|server| async move {
        let web = server.web_app().await;
        assert_eq!(
            refused(&server, &web, &[("scope", "openid oauth_client:delete")]).await,
            "invalid_scope"
        );
        assert_eq!(
            refused(&server, &web, &[("resource", "https://unknown.example")]).await,
            "invalid_target"
        );
        let service = server.service().await;
        let path = service.authorize_path(&[("redirect_uri", "")]);
        assert_eq!(server.get(&path).await.status.as_u16(), 400, "no redirect URI, no redirect");
    })
    .await;
}

#[tokio::test]
async fn a_sealed_request_is_worthless_in_another_browser_and_after_half_an_hour() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut mine = server.browser();
        let login = mine.get(&web.authorize_path(&[])).await;
        let sealed = login.returned("request").unwrap();
        let path = format!("/oauth2/authorize?{}", encode(&[("continue", &sealed)]));
        let mut theirs = server.browser();
        theirs.sign_in(ADMIN_EMAIL).await;
        assert_eq!(theirs.get(&path).await.status.as_u16(), 400);
        mine.sign_in(ADMIN_EMAIL).await;
        assert_eq!(mine.get(&path).await.status.as_u16(), 303);
        server.clock.step(1801);
        assert_eq!(mine.get(&path).await.status.as_u16(), 400);
        let tampered = format!("/oauth2/authorize?{}", encode(&[("continue", &sealed[1..])]));
        assert_eq!(mine.get(&tampered).await.status.as_u16(), 400);
    })
    .await;
}

#[tokio::test]
async fn denying_sends_access_denied_and_stores_nothing() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let page = browser.visit(&web.authorize_path(&[])).await;
        let answer = browser.submit(&page, "/consent", &[("decision", "deny")]).await;
        assert_eq!(answer.returned("error").as_deref(), Some("access_denied"));
        let again = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
        assert_eq!(again.status.as_u16(), 400, "answered already");
        assert!(
            browser.visit(&web.authorize_path(&[])).await.body.contains("name=\"decision\""),
            "asked again"
        );
    })
    .await;
}

#[tokio::test]
async fn a_head_request_begins_and_gives_nothing() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        browser.authorize(&web.authorize_path(&[]), crate::harness::ADMIN_EMAIL).await;
        let rows = async || {
            let mut tx = server.database().await.begin().await.unwrap();
            let row =
                tx.query_one("SELECT COUNT(*) FROM authorizations", &[]).await.unwrap().unwrap();
            row.get::<i64>(0).unwrap()
        };
        let before = rows().await;
        let answer = browser.head(&web.authorize_path(&[])).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"));
        assert_eq!((answer.location(), answer.body.as_str()), ("", ""));
        assert_eq!(rows().await, before);
    })
    .await;
}
