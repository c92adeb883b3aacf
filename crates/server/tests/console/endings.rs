//! What stops a client: disabled, its tokens revoked, deleted.

use crate::cast::{admin, auditor, complaints, send};
use crate::harness::both;

const PAGE: &str = "/console/clients/service/danger";

#[tokio::test]
async fn disabling_kills_tokens_at_once_and_enabling_wakes_none() {
    both(|server| async move {
        let service = server.service().await;
        let token = service.own_token().await.text("access_token");
        let mut browser = admin(&server).await;
        let page = browser.get(PAGE).await;
        assert!(page.body.contains("ends 1 living token at once"), "{}", page.body);
        let path = "/console/clients/service/disable";
        let answer = send(&mut browser, &page, path, &[]).await;
        assert_eq!(
            answer.location(),
            "/console/clients/service/danger?done=disabled&about=service"
        );
        assert!(!server.admin_client().is_active(&token).await);
        assert_eq!(service.own_token().await.verdict(), "401 invalid_client");
        let page = browser.get(answer.location()).await;
        assert!(page.body.contains("Disabled. It gets no tokens"));
        let answer = send(&mut browser, &page, "/console/clients/service/enable", &[]).await;
        assert_eq!(answer.location(), "/console/clients/service/danger?done=enabled&about=service");
        assert!(!server.admin_client().is_active(&token).await, "it stays dead");
        assert_eq!(service.own_token().await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn tokens_are_listed_and_end_one_by_one_or_together() {
    both(|server| async move {
        let app = server.web_app().await;
        let tokens = app.sign_in(&[("scope", "openid offline_access")]).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        let mut browser = admin(&server).await;
        let page = browser.get("/console/clients/web-app/tokens").await;
        assert!(page.body.contains("Access token") && page.body.contains("Refresh token"));
        assert!(!page.body.contains(&access) && !page.body.contains(&refresh));
        let (_, after) = page.body.split_once("<strong>Access token</strong>").unwrap();
        let path = after.split_once("action=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let ended = send(&mut browser, &page, &path, &[]).await;
        assert_eq!(ended.location(), "/console/clients/web-app/tokens?done=token-revoked");
        assert!(!app.is_active(&access).await);
        let again = app.refresh(&refresh).await;
        assert_eq!(again.status, 200, "the refresh token lives");
        // A token is revoked at its own client only.
        server.service().await;
        let elsewhere = path.replace("web-app", "service");
        assert_eq!(send(&mut browser, &page, &elsewhere, &[]).await.status, 404);
        let all = send(&mut browser, &page, "/console/clients/web-app/revoke-tokens", &[]).await;
        assert_eq!(all.location(), "/console/clients/web-app?done=tokens-revoked");
        assert!(!app.is_active(&again.text("access_token")).await);
        let refreshed = app.refresh(&again.text("refresh_token")).await;
        assert_eq!(refreshed.verdict(), "400 invalid_grant");
        let page = browser.get("/console/clients/web-app/tokens").await;
        assert!(page.body.contains("No living tokens"));
    })
    .await;
}

#[tokio::test]
async fn ending_a_refresh_token_ends_what_it_gave() {
    both(|server| async move {
        let app = server.web_app().await;
        let tokens = app.sign_in(&[("scope", "openid offline_access")]).await;
        let mut browser = admin(&server).await;
        let page = browser.get("/console/clients/web-app/tokens").await;
        let (_, after) = page.body.split_once("<strong>Refresh token</strong>").unwrap();
        let path = after.split_once("action=\"").unwrap().1.split('"').next().unwrap().to_owned();
        send(&mut browser, &page, &path, &[]).await;
        assert!(!app.is_active(&tokens.text("access_token")).await);
        let refreshed = app.refresh(&tokens.text("refresh_token")).await;
        assert_eq!(refreshed.verdict(), "400 invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn deletes_only_with_the_exact_name_and_never_a_system_client() {
    both(|server| async move {
        let service = server.service().await;
        let token = service.own_token().await.text("access_token");
        let mut browser = admin(&server).await;
        let page = browser.get(PAGE).await;
        let path = "/console/clients/service/delete";
        for name in ["", "service", "Service "] {
            let refused = send(&mut browser, &page, path, &[("confirm_name", name)]).await;
            assert_eq!(refused.status, 422, "{name:?}");
            let wanted = "confirm_name: Type the name of the client exactly as it is.";
            assert_eq!(complaints(&refused), [wanted]);
        }
        assert!(server.admin_client().is_active(&token).await);
        let gone = send(&mut browser, &page, path, &[("confirm_name", "Service")]).await;
        assert_eq!(gone.location(), "/console/clients?done=deleted");
        assert!(!server.admin_client().is_active(&token).await);
        assert_eq!(browser.get("/console/clients/service").await.status, 404);
        let page = browser.get("/console/clients/mandate-cli/danger").await;
        assert!(page.body.contains("it cannot be deleted"));
        let forged = send(
            &mut browser,
            &page,
            "/console/clients/mandate-cli/delete",
            &[("confirm_name", "Mandate CLI")],
        )
        .await;
        assert_eq!(forged.status, 409);
        assert_eq!(browser.get("/console/clients/mandate-cli").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn an_auditor_ends_nothing() {
    both(|server| async move {
        let service = server.service().await;
        let token = service.own_token().await.text("access_token");
        let mut auditor = auditor(&server).await;
        let page = auditor.get(PAGE).await;
        for missing in ["oauth_client:update", "token:revoke", "oauth_client:delete"] {
            assert!(page.body.contains(&format!("Needs the permission {missing}")), "{missing}");
        }
        for path in ["disable", "enable", "revoke-tokens", "delete"] {
            let path = format!("/console/clients/service/{path}");
            let answer = send(&mut auditor, &page, &path, &[("confirm_name", "Service")]).await;
            assert_eq!(answer.status, 403, "{path}");
        }
        assert!(server.admin_client().is_active(&token).await);
    })
    .await;
}
