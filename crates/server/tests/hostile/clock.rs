//! A clock that jumps a day forward and back again: what has ended stays ended, what is alive is
//! served, sweeping and leases do no harm.

use crate::harness::{Server, both};

async fn jump(server: &Server, days: i64) {
    server.clock.step(days * 86_400);
    server.instance.keep_number().await.unwrap();
    server.sweep().await;
}

#[tokio::test]
async fn a_clock_that_jumps_revives_nothing_and_stops_nobody() {
    both(|server| async move {
        server.instance.keep_number().await.unwrap();
        let (web, service) = (server.web_app().await, server.service().await);
        let signed_in = web.sign_in(&[]).await;
        let (access, refresh) = (signed_in.text("access_token"), signed_in.text("refresh_token"));
        let revoked = service.own_token().await.text("access_token");
        service.revoke(&revoked).await;

        jump(&server, 1).await;
        assert!(!web.is_active(&access).await, "its hour is over");
        let later = service.own_token().await.text("access_token");
        let rotated = web.refresh(&refresh).await;
        assert_eq!(rotated.verdict(), "200");
        let ended = service.own_token().await.text("access_token");
        service.revoke(&ended).await;

        jump(&server, -1).await;
        assert!(service.is_active(&later).await, "issued tomorrow, and still alive");
        for dead in [&access, &revoked, &ended] {
            assert!(!service.is_active(dead).await && !web.is_active(dead).await, "it came back");
        }
        assert_eq!(web.refresh(&rotated.text("refresh_token")).await.verdict(), "200");
        assert_eq!(web.sign_in(&[]).await.verdict(), "200");

        // A day before anything was made: keys, clients and people are all from tomorrow.
        jump(&server, -1).await;
        assert_eq!(service.own_token().await.verdict(), "200");
        let early = web.sign_in(&[]).await;
        assert_eq!(early.verdict(), "200");
        assert!(early.json()["id_token"].is_string(), "signed by the oldest key there is");
        assert!(web.is_active(&early.text("access_token")).await);
        assert!(!service.is_active(&revoked).await);
        jump(&server, 1).await;
        assert_eq!(server.get("/readyz").await.status.as_u16(), 200);
    })
    .await;
}
