//! Refresh tokens: rotation, overlap, theft, ends.

use serde_json::json;

use crate::harness::{App, Server, both};

async fn signed_in(server: &std::sync::Arc<Server>) -> (App, String, String) {
    let web = server.web_app().await;
    let answer = web.sign_in(&[("scope", "openid email as_user:read")]).await;
    (web, answer.text("access_token"), answer.text("refresh_token"))
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_of_both_kinds() {
    both(|server| async move {
        let (web, access, refresh) = signed_in(&server).await;
        let next = web.refresh(&refresh).await;
        assert_eq!(next.verdict(), "200");
        assert_ne!(next.text("access_token"), access);
        assert_ne!(next.text("refresh_token"), refresh);
        assert!(next.text("id_token").starts_with("eyJ"));
        assert!(web.is_active(&next.text("access_token")).await);
        assert!(web.is_active(&next.text("refresh_token")).await);
        assert!(!web.is_active(&refresh).await, "a spent refresh token is not active");
    })
    .await;
}

#[tokio::test]
async fn a_retry_inside_the_overlap_gets_the_same_successor() {
    both(|server| async move {
        let (web, _, refresh) = signed_in(&server).await;
        let first = web.refresh(&refresh).await;
        server.clock.step(10);
        let retry = web.refresh(&refresh).await;
        assert_eq!(retry.verdict(), "200");
        assert_eq!(retry.text("refresh_token"), first.text("refresh_token"));
        assert_eq!(retry.text("access_token"), first.text("access_token"));
        assert_eq!(retry.json()["expires_in"], 3590);
    })
    .await;
}

#[tokio::test]
async fn f01_reuse_outside_the_overlap_ends_the_family() {
    both(|server| async move {
        let (web, access, refresh) = signed_in(&server).await;
        let next = web.refresh(&refresh).await;
        server.clock.step(31);
        assert_eq!(web.refresh(&refresh).await.verdict(), "400 invalid_grant");
        assert_eq!(web.refresh(&next.text("refresh_token")).await.verdict(), "400 invalid_grant");
        assert!(!web.is_active(&next.text("access_token")).await);
        assert!(!web.is_active(&access).await);
    })
    .await;
}

#[tokio::test]
async fn f01_the_last_but_one_ends_the_family_even_inside_the_overlap() {
    both(|server| async move {
        let (web, _, first) = signed_in(&server).await;
        let second = web.refresh(&first).await.text("refresh_token");
        let third = web.refresh(&second).await.text("refresh_token");
        assert_eq!(web.refresh(&first).await.verdict(), "400 invalid_grant");
        assert_eq!(web.refresh(&third).await.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn f02_refuses_the_token_of_another_client_and_leaves_it_alive() {
    both(|server| async move {
        let (web, _, refresh) = signed_in(&server).await;
        let native = server.native_app().await;
        assert_eq!(native.refresh(&refresh).await.verdict(), "400 invalid_grant");
        let mangled = format!("{}A", &refresh[..refresh.len() - 1]);
        assert_eq!(web.refresh(&mangled).await.verdict(), "400 invalid_grant");
        assert_eq!(web.refresh(&refresh).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn f03_a_refresh_narrows_and_never_widens() {
    both(|server| async move {
        let (web, _, refresh) = signed_in(&server).await;
        let ask = async |token: &str, scope: &str| {
            web.token(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("scope", scope),
            ])
            .await
        };
        assert_eq!(ask(&refresh, "openid profile").await.verdict(), "400 invalid_scope");
        let narrow = ask(&refresh, "openid").await;
        assert_eq!(narrow.text("scope"), "openid");
        let full = web.refresh(&narrow.text("refresh_token")).await;
        assert_eq!(full.text("scope"), "as_user:read email openid");
        let unnamed = App { secret: None, ..web.clone() };
        assert_eq!(
            unnamed.refresh(&full.text("refresh_token")).await.verdict(),
            "401 invalid_client"
        );
    })
    .await;
}

#[tokio::test]
async fn f06_a_family_ends_absolutely_and_by_idling() {
    both(|server| async move {
        let draft = json!({
            "client_id": "brief", "client_name": "Brief", "type": "user_authorized",
            "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "default_scopes": ["openid"],
            "refresh_token_lifetime": 7200, "refresh_token_idle_lifetime": 3600,
        });
        let brief = server.register(draft).await;
        let idle = brief.sign_in(&[]).await.text("refresh_token");
        let mut active = brief.sign_in(&[]).await.text("refresh_token");
        server.clock.step(3500);
        active = brief.refresh(&active).await.text("refresh_token");
        server.clock.step(200);
        assert_eq!(brief.refresh(&idle).await.verdict(), "400 invalid_grant", "idle for more than an hour");
        server.clock.step(3300);
        active = brief.refresh(&active).await.text("refresh_token");
        assert!(active.starts_with("mrt_"));
        server.clock.step(300);
        assert_eq!(brief.refresh(&active).await.verdict(), "400 invalid_grant", "older than two hours");
    })
    .await;
}

#[tokio::test]
async fn f07_a_refresh_token_dies_with_person_client_and_consent() {
    both(|server| async move {
        let (web, access, refresh) = signed_in(&server).await;
        server.pause("web-app").await;
        server.resume("web-app").await;
        assert_eq!(
            web.refresh(&refresh).await.verdict(),
            "400 invalid_grant",
            "the client was paused"
        );
        assert!(!web.is_active(&access).await);

        let again = web.sign_in(&[("scope", "openid")]).await;
        let user =
            crate::token::claims(&again.text("id_token"))["sub"].as_str().unwrap().to_owned();
        server.withdraw_consent(&user, "web-app").await;
        assert_eq!(
            web.refresh(&again.text("refresh_token")).await.verdict(),
            "400 invalid_grant",
            "withdrawn"
        );
        assert!(!web.is_active(&again.text("access_token")).await);
    })
    .await;
}

#[tokio::test]
async fn f09_no_refresh_token_for_a_client_without_the_grant() {
    both(|server| async move {
        let draft = json!({
            "client_id": "plain", "client_name": "Plain", "type": "user_authorized",
            "grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "default_scopes": ["openid"],
        });
        let plain = server.register(draft).await;
        let answer = plain.sign_in(&[("scope", "openid offline_access")]).await;
        assert_eq!(answer.verdict(), "200");
        assert!(answer.json().get("refresh_token").is_none());
        assert_eq!(answer.text("scope"), "openid");
    })
    .await;
}

#[tokio::test]
async fn a_confidential_client_may_keep_its_refresh_token() {
    both(|server| async move {
        let draft = json!({
            "client_id": "keeper", "client_name": "Keeper", "type": "user_authorized", "refresh_rotation": "keep",
            "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid"], "default_scopes": ["openid"],
        });
        let keeper = server.register(draft).await;
        let refresh = keeper.sign_in(&[]).await.text("refresh_token");
        let (one, two) = (keeper.refresh(&refresh).await, keeper.refresh(&refresh).await);
        assert_eq!((one.text("refresh_token"), two.text("refresh_token")), (refresh.clone(), refresh));
        assert_ne!(one.text("access_token"), two.text("access_token"));
        assert!(keeper.is_active(&one.text("access_token")).await && keeper.is_active(&two.text("access_token")).await);
    })
    .await;
}

#[tokio::test]
async fn a_narrowed_refresh_tells_no_more_than_its_scope() {
    both(|server| async move {
        let (web, _, refresh) = signed_in(&server).await;
        let narrow = web
            .token(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh),
                ("scope", "openid"),
            ])
            .await;
        assert_eq!(narrow.verdict(), "200");
        let claims = claims(&narrow.text("id_token"));
        assert_eq!(claims.get("email"), None, "{claims}");
        let whole = web.refresh(&narrow.text("refresh_token")).await;
        assert_eq!(self::claims(&whole.text("id_token"))["email"], "ada@example.com");
    })
    .await;
}

/// What a JWT says.
fn claims(jwt: &str) -> serde_json::Value {
    use base64::Engine;
    let body = jwt.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_retry_after_the_access_token_has_expired_gets_a_living_one() {
    both(|server| async move {
        let web = server
            .register(json!({
                "client_id": "web-app", "client_name": "Web App", "access_token_lifetime": 60, "refresh_overlap": 120,
                "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"],
                "scopes": ["openid", "email"],
            }))
            .await;
        let refresh = web.sign_in(&[("scope", "openid email")]).await.text("refresh_token");
        let first = web.refresh(&refresh).await;
        for swept in [false, true] {
            server.clock.step(60);
            if swept {
                server.sweep().await;
            }
            let retry = web.refresh(&refresh).await;
            assert_eq!(retry.verdict(), "200", "{}", retry.body);
            assert_eq!(retry.text("refresh_token"), first.text("refresh_token"));
            assert_eq!(retry.json()["expires_in"], 60);
            assert!(web.is_active(&retry.text("access_token")).await);
            let same = web.refresh(&refresh).await;
            assert_eq!(same.text("access_token"), retry.text("access_token"), "again the same one");
        }
        server.clock.step(1);
        assert_eq!(web.refresh(&refresh).await.verdict(), "400 invalid_grant", "the overlap is over");
    })
    .await;
}
