//! `POST /oauth2/revoke` (RFC 7009).

use crate::harness::both;

#[tokio::test]
async fn g02_a_revoked_token_is_dead_in_the_next_request() {
    both(|server| async move {
        let web = server.web_app().await;
        let access = web.sign_in(&[]).await.text("access_token");
        assert_eq!(web.get_with("/oauth2/userinfo", &access).await.verdict(), "200");
        assert_eq!(web.revoke(&access).await.verdict(), "200");
        assert!(!web.is_active(&access).await);
        assert_eq!(web.get_with("/oauth2/userinfo", &access).await.verdict(), "401 invalid_token");
        assert_eq!(web.revoke(&access).await.verdict(), "200", "again does no harm");
    })
    .await;
}

#[tokio::test]
async fn g03_revoking_a_refresh_token_ends_its_access_tokens() {
    both(|server| async move {
        let web = server.web_app().await;
        let first = web.sign_in(&[]).await;
        let next = web.refresh(&first.text("refresh_token")).await;
        assert_eq!(web.revoke(&next.text("refresh_token")).await.verdict(), "200");
        for token in
            [first.text("access_token"), next.text("access_token"), next.text("refresh_token")]
        {
            assert!(!web.is_active(&token).await);
        }
        assert_eq!(web.refresh(&next.text("refresh_token")).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn revoking_an_access_token_leaves_its_refresh_token() {
    both(|server| async move {
        let web = server.web_app().await;
        let first = web.sign_in(&[]).await;
        web.revoke(&first.text("access_token")).await;
        assert_eq!(web.refresh(&first.text("refresh_token")).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn g03_nobody_revokes_the_token_of_another_client() {
    both(|server| async move {
        let (web, native, service) =
            (server.web_app().await, server.native_app().await, server.service().await);
        let mine = web.sign_in(&[]).await;
        for token in [mine.text("access_token"), mine.text("refresh_token")] {
            assert_eq!(native.revoke(&token).await.verdict(), "200");
            assert_eq!(service.revoke(&token).await.verdict(), "200");
            assert!(web.is_active(&token).await);
        }
        assert_eq!(web.revoke("mat_unknown").await.verdict(), "200");
        assert_eq!(web.post("/oauth2/revoke", &[]).await.verdict(), "400 invalid_request");
        let unnamed = server.post("/oauth2/revoke", &[("token", &mine.text("access_token"))]).await;
        assert_eq!(unnamed.verdict(), "401 invalid_client");
    })
    .await;
}

#[tokio::test]
async fn cor51_a_public_client_revokes_by_its_id_alone() {
    both(|server| async move {
        let native = server.native_app().await;
        let tokens = native.sign_in(&[]).await;
        assert_eq!(
            native.get_with("/oauth2/userinfo", &tokens.text("access_token")).await.verdict(),
            "200"
        );
        assert_eq!(native.revoke(&tokens.text("refresh_token")).await.verdict(), "200");
        let dead = native.get_with("/oauth2/userinfo", &tokens.text("access_token")).await;
        assert_eq!(dead.verdict(), "401 invalid_token");
    })
    .await;
}

#[tokio::test]
async fn a_grant_whose_tokens_are_dead_is_no_connected_app() {
    both(|server| async move {
        let web = server.web_app().await;
        let tokens = web.sign_in(&[]).await;
        let user =
            crate::token::claims(&tokens.text("id_token"))["sub"].as_str().unwrap().to_owned();
        let user = domain::UserId::new(user);
        let connected = async || {
            let mut work = server.instance.read();
            domain::tokens::grants_of_user(&mut work, &user, server.clock.now())
                .await
                .unwrap()
                .len()
        };
        assert_eq!(connected().await, 1);
        web.revoke(&tokens.text("access_token")).await;
        assert_eq!(connected().await, 1, "it can still refresh");
        server.pause("web-app").await;
        server.resume("web-app").await;
        assert_eq!(connected().await, 0, "nothing of it is alive");
    })
    .await;
}
