//! A clock that jumps a day forward and back again: what has ended stays ended, what is alive is
//! served, sweeping and leases do no harm.

use domain::Number;

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

/// Two nodes never hold the same number: it changes hands only when its lease has ended, and a start
/// hears for how long that takes.
#[tokio::test]
async fn a_node_number_changes_hands_only_when_its_lease_has_ended() {
    both(|server| async move {
        assert_eq!(server.instance.keep_number().await.unwrap(), Number::Held);
        let database = server.database().await;
        let holders = async || {
            let mut tx = database.begin().await.unwrap();
            let sql = "SELECT holder FROM leases WHERE name = 'node/0'";
            tx.query_one(sql, &[]).await.unwrap().unwrap().get::<String>(0).unwrap()
        };
        let first = holders().await;
        let mut tx = database.begin().await.unwrap();
        for number in 1..128 {
            let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, 'another', $2)";
            let name = format!("node/{number}");
            tx.execute(sql, db::params![name, server.clock.now() + 1_000]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let other = server.second_node().await;
        let waits = Number::AllTaken { seconds: 120 };
        assert_eq!(other.instance.keep_number().await.unwrap(), waits);
        server.clock.step(60);
        assert_eq!(server.instance.keep_number().await.unwrap(), Number::Held, "renewed");
        assert_eq!(other.instance.keep_number().await.unwrap(), waits);
        server.clock.step(119);
        let waits = Number::AllTaken { seconds: 1 };
        assert_eq!(other.instance.keep_number().await.unwrap(), waits, "as if it had died");
        assert_eq!(holders().await, first);
        server.clock.step(1);
        assert_eq!(other.instance.keep_number().await.unwrap(), Number::Held);
        assert_ne!(holders().await, first);
        let late = server.instance.keep_number().await.unwrap();
        assert_eq!(late, Number::AllTaken { seconds: 120 }, "it lived, and lost its number");
        let service = server.service().await;
        assert_eq!(service.own_token().await.verdict(), "200", "and serves on as a visitor");
        other.instance.give_number_back().await.unwrap();
        assert_eq!(server.instance.keep_number().await.unwrap(), Number::Held);
    })
    .await;
}
