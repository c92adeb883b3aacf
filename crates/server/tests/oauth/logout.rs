//! RP-initiated logout.

use crate::harness::{ADMIN_EMAIL, both, encode};

#[tokio::test]
async fn k08_only_a_true_hint_leads_back_to_the_application() {
    both(|server| async move {
        let draft = serde_json::json!({
            "client_id": "web", "client_name": "Web", "type": "user_authorized", "grant_types": ["authorization_code"],
            "redirect_uris": ["https://app.example/cb"], "post_logout_redirect_uris": ["https://app.example/bye"],
            "scopes": ["openid"], "default_scopes": ["openid"],
        });
        let web = server.register(draft).await;
        let mut browser = server.browser();
        let code = web.code_in(&mut browser, &[]).await;
        let hint = web.redeem(&code).await.text("id_token");
        let path = |hint: &str, uri: &str| {
            format!("/oauth2/logout?{}", encode(&[("id_token_hint", hint), ("post_logout_redirect_uri", uri), ("state", "s1")]))
        };
        let forged = format!("{}x", &hint[..hint.len() - 1]);
        for (hint, uri) in [(forged.as_str(), "https://app.example/bye"), ("", "https://app.example/bye")] {
            let answer = browser.get(&path(hint, uri)).await;
            assert!(answer.location().starts_with("/logout?"), "asks first: {}", answer.location());
        }
        let unknown = browser.clone().get(&path(&hint, "https://evil.test/")).await;
        assert_eq!(unknown.location(), "/signed-out");
        let mut browser = server.browser();
        let hint = web.redeem(&web.code_in(&mut browser, &[]).await).await.text("id_token");
        let answer = browser.get(&path(&hint, "https://app.example/bye")).await;
        assert_eq!(answer.location(), "https://app.example/bye?state=s1");
        assert!(browser.get("/account").await.location().starts_with("/login"), "signed out");
    })
    .await;
}

#[tokio::test]
async fn k08_without_a_hint_the_person_is_asked_and_apps_stay_connected() {
    both(|server| async move {
        let web = server.web_app().await;
        let mut browser = server.browser();
        let tokens = web.redeem(&web.code_in(&mut browser, &[]).await).await;
        let page = browser.visit("/oauth2/logout").await;
        assert_eq!(page.status.as_u16(), 200);
        assert_eq!(browser.get("/account").await.status.as_u16(), 200, "nothing has ended yet");
        browser.submit(&page, "/logout", &[]).await;
        assert!(browser.get("/account").await.location().starts_with("/login"));
        assert!(web.is_active(&tokens.text("access_token")).await);
        assert_eq!(web.refresh(&tokens.text("refresh_token")).await.verdict(), "200");
        browser.sign_in(ADMIN_EMAIL).await;
        assert_eq!(browser.get("/account").await.status.as_u16(), 200);
    })
    .await;
}
