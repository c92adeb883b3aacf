//! `POST /oauth2/token`.

use crate::harness::both;

#[tokio::test]
async fn gives_a_service_a_token_and_no_refresh_token() {
    both(|server| async move {
        let service = server.service().await;
        let answer = service.own_token().await;
        assert_eq!(answer.verdict(), "200");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json()["expires_in"], 3600);
        assert!(answer.json().get("refresh_token").is_none());
        let token = answer.text("access_token");
        assert!(token.starts_with("mat_"));
        assert!(service.is_active(&token).await);
        assert_eq!(service.revoke(&token).await.verdict(), "200");
        assert!(!service.is_active(&token).await);
    })
    .await;
}
