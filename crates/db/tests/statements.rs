//! What statements, rows and values promise, on both engines.

use db::testing::both;
use db::{Value, params};

const TABLE: &str = "CREATE TABLE things (
    id BIGINT PRIMARY KEY, name TEXT, bytes BYTEA, flag BOOLEAN, small INTEGER)";

async fn make(db: &db::Db, sql: &'static str) {
    let migration = db::Migration { number: 1, name: "beginning", sql };
    assert_eq!(db.migrate(&[migration]).await, Ok(1));
}

#[tokio::test]
async fn keeps_every_kind_of_value() {
    both(|db| async move {
        make(&db, TABLE).await;
        let mut tx = db.begin().await.unwrap();
        let sql = "INSERT INTO things (id, name, bytes, flag, small) VALUES ($1, $2, $3, $4, $5)";
        let touched = tx.execute(sql, params![i64::MAX, "ä", [0_u8, 255], true, 7]).await;
        assert_eq!(touched, Ok(1));
        let none: Option<i64> = None;
        assert_eq!(tx.execute(sql, params![2, none, none, none, Value::Null]).await, Ok(1));
        tx.commit().await.unwrap();

        let sql = "SELECT id, name, bytes, flag, small FROM things ORDER BY id DESC";
        let rows = db.read().query(sql, params![]).await.unwrap();
        assert_eq!(rows[0].get::<i64>(0), Ok(i64::MAX));
        assert_eq!(rows[0].get::<String>(1), Ok("ä".into()));
        assert_eq!(rows[0].get::<Vec<u8>>(2), Ok(vec![0, 255]));
        assert_eq!(rows[0].get::<bool>(3), Ok(true));
        assert_eq!(rows[0].get::<i64>(4), Ok(7));
        for column in 1..5 {
            assert_eq!(rows[1].value(column), Ok(Value::Null), "{column}");
        }
    })
    .await;
}
