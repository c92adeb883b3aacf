//! Opening, migrating, copying: what happens before and beside the statements.
#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use db::testing::{TestDb, both, both_from, databases};
use db::{Db, Error, Migration, params};

const LINE: [Migration; 3] = [
    Migration {
        number: 1,
        name: "teams",
        sql: "CREATE TABLE teams (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO teams (id, name) VALUES (1, 'a; b');
              CREATE INDEX teams_name_idx ON teams (name);",
    },
    Migration { number: 2, name: "age", sql: "ALTER TABLE teams ADD COLUMN age BIGINT" },
    Migration { number: 3, name: "ages", sql: "UPDATE teams SET age = 7" },
];

async fn age(db: &Db) -> i64 {
    let row = db.read().query_one("SELECT age FROM teams", params![]).await.unwrap().unwrap();
    row.get(0).unwrap()
}

#[tokio::test]
async fn applies_each_migration_once() {
    both(|db| async move {
        assert_eq!(db.is_empty().await, Ok(true));
        assert_eq!(db.migrate(&LINE[..2]).await, Ok(2));
        assert_eq!(db.is_empty().await, Ok(false));
        assert_eq!(db.migrate(&LINE).await, Ok(1));
        assert_eq!(db.migrate(&LINE).await, Ok(0));
        assert_eq!(age(&db).await, 7);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_database_of_a_newer_binary() {
    both(|db| async move {
        db.migrate(&LINE).await.unwrap();
        let newer = Error::Newer { database: 3, binary: 1 };
        assert_eq!(db.migrate(&LINE[..1]).await, Err(newer));
    })
    .await;
}

#[tokio::test]
async fn refuses_a_changed_migration_and_a_line_out_of_order() {
    both(|db| async move {
        db.migrate(&LINE[..1]).await.unwrap();
        let changed = [Migration { sql: "CREATE TABLE teams (id TEXT)", ..LINE[0] }];
        let deferred = [LINE[0], Migration { sql: "-- INITIALLY DEFERRABLE", ..LINE[1] }];
        let lines = [&changed[..], &deferred, &[LINE[1], LINE[0]], &[LINE[0], LINE[0]]];
        for line in lines {
            let refused = db.migrate(line).await;
            assert!(matches!(refused, Err(Error::Broken(_))), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn undoes_a_migration_that_fails_half_way() {
    both(|db| async move {
        let broken =
            Migration { number: 2, name: "half", sql: "CREATE TABLE half (id BIGINT); SELEC" };
        let refused = db.migrate(&[LINE[0], broken]).await;
        assert!(
            matches!(&refused, Err(Error::Broken(reason)) if reason.contains("migration 2 (half)")),
            "{refused:?}"
        );
        assert_eq!(db.migrate(&LINE).await, Ok(2));
        assert!(db.read().query("SELECT id FROM half", params![]).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn applies_what_is_for_this_engine_only() {
    both(|db| async move {
        let line = [
            LINE[0],
            Migration { number: 2, name: "age_sqlite", sql: "CREATE TABLE a (id BIGINT)" },
            Migration { number: 2, name: "age_postgres", sql: "CREATE TABLE b (id BIGINT)" },
        ];
        assert_eq!(db.migrate(&line).await, Ok(2));
        assert_eq!(db.migrate(&line).await, Ok(0));
        let tables = |name| format!("SELECT count(*) FROM {name}");
        let a = db.read().query(&tables("a"), params![]).await.is_ok();
        let b = db.read().query(&tables("b"), params![]).await.is_ok();
        assert_ne!(a, b);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lets_several_nodes_migrate_at_once() {
    for test in databases().await {
        let mut nodes = Vec::new();
        for _ in 0..4 {
            let db = Db::open(test.uri()).await.unwrap();
            nodes.push(tokio::spawn(async move { db.migrate(&LINE).await }));
        }
        let mut applied = 0;
        for node in nodes {
            applied += node.await.unwrap().unwrap();
        }
        assert_eq!(applied, 3, "{}", test.name());
        assert_eq!(age(test.db()).await, 7);
    }
}

#[tokio::test]
async fn copies_a_migrated_database_for_each_test() {
    for _ in 0..2 {
        both_from("line", &LINE, |db| async move {
            assert_eq!(age(&db).await, 7);
            let mut tx = db.begin().await.unwrap();
            tx.execute("UPDATE teams SET age = 8", params![]).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn copies_a_prepared_database_for_each_test() {
    for test in databases().await {
        test.db().migrate(&LINE).await.unwrap();
        assert_eq!(age(test.db()).await, 7);
        let template = test.into_template();
        let (a, b) = (template.copy().await, template.copy().await);
        let mut tx = a.db().begin().await.unwrap();
        tx.execute("UPDATE teams SET age = 8", params![]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((age(a.db()).await, age(b.db()).await), (8, 7), "{}", a.name());
    }
}

#[tokio::test]
async fn refuses_a_uri_it_cannot_understand() {
    for uri in ["", "mysql://x/y", "sqlite::memory:", "sqlite:", "postgres://a:b:c/d?x=y", "pg:"] {
        let refused = Db::open(uri).await;
        assert!(matches!(refused, Err(Error::Unsupported(_))), "{uri}: {refused:?}");
    }
}

#[tokio::test]
async fn says_that_a_server_is_not_there_and_keeps_the_password() {
    let refused = Db::open("postgres://ann:secret@127.0.0.1:1/mandate").await;
    let said = format!("{refused:?}");
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[tokio::test]
async fn shows_the_place_and_no_password() {
    for test in databases().await {
        let shown = format!("{:?}", test.db());
        assert!(shown.starts_with("Db(sqlite:/") || shown.starts_with("Db(postgres://"), "{shown}");
    }
}

#[tokio::test]
async fn keeps_the_file_to_its_owner() {
    let test = TestDb::sqlite().await;
    let directory = test.uri().strip_prefix("sqlite:").unwrap().replace("test.db", "a/b");
    let db = Db::open(&format!("sqlite:{directory}/mandate.db")).await.unwrap();
    db.migrate(&LINE).await.unwrap();
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for name in ["mandate.db", "mandate.db-wal", "mandate.db-shm"] {
        assert_eq!(mode(&format!("{directory}/{name}")), 0o600, "{name}");
    }
}

#[tokio::test]
async fn refuses_a_file_that_is_no_database() {
    let test = TestDb::sqlite().await;
    let path = test.uri().strip_prefix("sqlite:").unwrap().replace("test.db", "text.db");
    fs::write(&path, "no database, but long enough to be read as the head of one".repeat(9))
        .unwrap();
    let refused = Db::open(&format!("sqlite:{path}")).await;
    assert!(matches!(refused, Err(Error::Broken(_))), "{refused:?}");
}

#[tokio::test]
async fn copies_a_database_that_is_in_use() {
    let test = TestDb::sqlite().await;
    test.db().migrate(&LINE).await.unwrap();
    let path = test.uri().strip_prefix("sqlite:").unwrap().replace("test.db", "copy.db");
    let mut tx = test.db().begin().await.unwrap();
    tx.execute("UPDATE teams SET age = 8", params![]).await.unwrap();
    test.db().backup(path.as_ref()).await.unwrap();
    tx.commit().await.unwrap();

    let copy = Db::open(&format!("sqlite:{path}")).await.unwrap();
    assert_eq!(copy.migrate(&LINE).await, Ok(0));
    assert_eq!((age(&copy).await, age(test.db()).await), (7, 8));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let twice = test.db().backup(path.as_ref()).await;
    assert!(matches!(twice, Err(Error::Broken(_))), "{twice:?}");
    let nowhere = test.db().backup("/proc/no/copy.db".as_ref()).await;
    assert!(matches!(nowhere, Err(Error::Unavailable(_))), "{nowhere:?}");
}

#[tokio::test]
async fn dumps_a_postgres_database_that_is_in_use() {
    let Some(test) = TestDb::postgres().await else { return };
    test.db().migrate(&LINE).await.unwrap();
    let path = std::env::temp_dir().join(format!("mandate-dump-{}", std::process::id()));
    let mut tx = test.db().begin().await.unwrap();
    tx.execute("UPDATE teams SET age = 8", params![]).await.unwrap();
    test.db().backup(&path).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(&fs::read(&path).unwrap()[..5], b"PGDMP");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let twice = test.db().backup(&path).await;
    assert!(matches!(twice, Err(Error::Broken(_))), "{twice:?}");
    fs::remove_file(&path).unwrap();
}
