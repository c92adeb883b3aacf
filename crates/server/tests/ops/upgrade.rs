//! Version N−1 beside version N on one database: the newer one has added to the schema, the older
//! one that runs goes on, and one that starts is refused with the reason.

use crate::harness::both;

/// What the next version might do: every table has a column more that may be empty, and one with a
/// default; and there is a migration that this binary does not know.
async fn upgrade(db: &db::Db, engine: &str) {
    let tables = if engine == "sqlite" {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    } else {
        "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public'"
    };
    let tables = db.read().query(tables, &[]).await.unwrap();
    assert!(tables.len() > 20, "the schema is there");
    let mut tx = db.begin().await.unwrap();
    for table in tables {
        let table: String = table.get(0).unwrap();
        for column in ["later TEXT", "much_later BIGINT NOT NULL DEFAULT 7"] {
            tx.execute(&format!("ALTER TABLE {table} ADD COLUMN {column}"), &[]).await.unwrap();
        }
    }
    let known = "INSERT INTO migrations (number, name, checksum) VALUES (9999, 'later', 'x')";
    tx.execute(known, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_running_node_goes_on_beside_a_newer_schema() {
    both(|server| async move {
        let (web, service) = (server.web_app().await, server.service().await);
        let before = web.sign_in(&[]).await;
        upgrade(&server.database().await, server.engine).await;

        assert_eq!(web.refresh(&before.text("refresh_token")).await.verdict(), "200");
        let after = web.sign_in(&[]).await;
        assert!(web.is_active(&after.text("access_token")).await);
        assert_eq!(service.own_token().await.verdict(), "200");
        server.native_app().await;
        server.pause("service").await;
        assert_eq!(service.own_token().await.verdict(), "401 invalid_client");
        server.rotate_keys().await;
        server.clock.step(90 * 86_400);
        server.sweep().await;
        assert_eq!(web.sign_in(&[]).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn refuses_to_start_on_a_newer_schema_and_says_why() {
    both(|server| async move {
        upgrade(&server.database().await, server.engine).await;
        let mut machine = crate::machine::Machine::new();
        machine.set("MANDATE_MASTER_KEY", &crate::harness::master_key());
        machine.set("MANDATE_ISSUER", crate::harness::ISSUER);
        let uri = server.database_uri();
        machine.set("MANDATE_DATABASE", uri);
        let told = machine.run("serve").refused();
        assert!(
            told.contains("the database is at migration 9999, this binary knows only "),
            "{told}"
        );
    })
    .await;
}
