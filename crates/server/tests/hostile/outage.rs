//! R06: a database that takes no writes, or drops its connections. Nothing is acknowledged, the
//! answer is 503 with `Retry-After`, and once it takes them again everything goes on.

use crate::harness::{ADMIN_EMAIL, Answer, PASSWORD, both};

/// Every write of the server waits behind this until it is dropped.
async fn lock(db: &db::Db) -> db::Tx {
    let of_one_file = db.pragma("busy_timeout = 0").await.is_ok();
    let mut tx = db.begin().await.unwrap();
    let sql = if of_one_file {
        "DELETE FROM attempts WHERE subject = 'nobody'"
    } else {
        "LOCK TABLE access_tokens, authorizations, refresh_families, attempts IN EXCLUSIVE MODE"
    };
    tx.execute(sql, &[]).await.unwrap();
    tx
}

#[track_caller]
fn come_again(answer: &Answer) {
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.body);
    let seconds: u32 = answer.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&seconds));
    for word in ["locked", "lock timeout", "database is", "sql", "transaction"] {
        assert!(!answer.body.to_lowercase().contains(word), "{word}: {}", answer.body);
    }
}

#[tokio::test]
async fn r06_a_database_that_takes_no_writes_is_503_and_heals() {
    both(|server| async move {
        let database = server.database().await;
        let (web, service) = (server.web_app().await, server.service().await);
        let tokens = web.sign_in(&[]).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        let code = web.code(&[]).await;
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let fields = [("email", ADMIN_EMAIL), ("password", PASSWORD)];

        let locked = lock(&database).await;
        let answers = tokio::join!(
            service.own_token(),
            web.redeem(&code),
            web.refresh(&refresh),
            web.revoke(&access),
            browser.submit(&page, "/login", &fields),
        );
        for answer in [&answers.0, &answers.1, &answers.2, &answers.3, &answers.4] {
            come_again(answer);
        }
        assert_eq!(server.get("/healthz").await.status.as_u16(), 200);
        drop(locked);

        // What was refused did not happen.
        assert!(web.is_active(&access).await, "was not revoked");
        assert_eq!(web.redeem(&code).await.verdict(), "200", "was not used up");
        assert_eq!(web.refresh(&refresh).await.verdict(), "200", "was not rotated");
        assert_eq!(service.own_token().await.verdict(), "200");
        assert_eq!(server.get("/readyz").await.status.as_u16(), 200);
    })
    .await;
}

#[tokio::test]
async fn r06_broken_connections_are_503_at_worst_and_replaced() {
    both(|server| async move {
        let (database, service) = (server.database().await, server.service().await);
        let mut tx = database.begin().await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let ended = tx.execute(end, &[]).await;
        drop(tx);
        if ended.is_err() {
            return; // No connections that could break.
        }
        let mut refused = 0;
        for _ in 0..30 {
            let answer = service.own_token().await;
            if answer.status.as_u16() != 200 {
                come_again(&answer);
                refused += 1;
            }
        }
        assert!(refused < 20, "{refused} of 30");
        assert_eq!(service.own_token().await.verdict(), "200");
    })
    .await;
}
