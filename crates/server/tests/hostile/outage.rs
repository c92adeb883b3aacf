//! R06: a database that takes no writes. Nothing is acknowledged, the answer is 503 with
//! `Retry-After`, and once it takes them again everything goes on.

use crate::harness::{ADMIN_EMAIL, Answer, both};

/// Keeps every write of the server out, for as long as what it returns lives.
enum Outage {
    /// Another process holds the lock.
    Locked(#[expect(dead_code, reason = "held until it is dropped")] db::Tx),
    /// The database allows only reading.
    ReadOnly,
}

async fn all(db: &db::Db, statements: &[String]) {
    let mut tx = db.begin().await.unwrap();
    for sql in statements {
        tx.execute(sql, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Connections made before know nothing of the new setting.
const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn name(db: &db::Db) -> String {
    let row = db.read().query_one("SELECT current_database()", &[]).await.unwrap();
    row.unwrap().get(0).unwrap()
}

async fn begin(db: &db::Db) -> Outage {
    if db.pragma("busy_timeout = 0").await.is_ok() {
        let mut tx = db.begin().await.unwrap();
        tx.execute("DELETE FROM attempts WHERE subject = 'nobody'", &[]).await.unwrap();
        return Outage::Locked(tx);
    }
    let sql =
        format!("ALTER DATABASE \"{}\" SET default_transaction_read_only = on", name(db).await);
    all(db, &[sql]).await;
    all(db, &[END_OTHERS.into()]).await;
    Outage::ReadOnly
}

async fn end(db: &db::Db, outage: Outage) {
    if let Outage::Locked(tx) = outage {
        drop(tx);
        return;
    }
    let sql = format!("ALTER DATABASE \"{}\" RESET default_transaction_read_only", name(db).await);
    all(db, &["SET TRANSACTION READ WRITE".into(), sql]).await;
    all(db, &[END_OTHERS.into()]).await;
}

#[track_caller]
fn come_again(answer: &Answer) {
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.body);
    let seconds: u32 = answer.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&seconds));
    for word in ["lock", "read-only", "database is", "sql", "transaction"] {
        assert!(!answer.body.to_lowercase().contains(word), "{word}: {}", answer.body);
    }
}

#[tokio::test]
async fn r06_a_database_that_takes_no_writes_is_503_and_heals() {
    both(|server| async move {
        let database = server.database().await;
        let web = server.web_app().await;
        let service = server.service().await;
        let tokens = web.sign_in(&[]).await;
        let code = web.code(&[]).await;
        let page = server.browser().get("/login").await;
        assert_eq!(page.status.as_u16(), 200);

        let outage = begin(&database).await;
        come_again(&service.own_token().await);
        come_again(&web.redeem(&code).await);
        come_again(&web.refresh(&tokens.text("refresh_token")).await);
        come_again(&web.revoke(&tokens.text("access_token")).await);
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        let fields = [("email", ADMIN_EMAIL), ("password", crate::harness::PASSWORD)];
        come_again(&browser.submit(&page, "/login", &fields).await);
        assert_eq!(server.get("/readyz").await.status.as_u16(), 503);
        assert_eq!(server.get("/healthz").await.status.as_u16(), 200);
        end(&database, outage).await;

        let mut healed = false;
        for _ in 0..20 {
            healed = healed || service.own_token().await.verdict() == "200";
        }
        assert!(healed);
        // What was refused did not happen.
        assert!(web.is_active(&tokens.text("access_token")).await, "was not revoked");
        assert_eq!(web.redeem(&code).await.verdict(), "200", "was not used up");
        assert_eq!(web.refresh(&tokens.text("refresh_token")).await.verdict(), "200");
        assert_eq!(server.get("/readyz").await.status.as_u16(), 200);
    })
    .await;
}
