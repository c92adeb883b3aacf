//! What statements, rows and values promise, on both engines.
#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

use db::testing::both;
use db::{Db, Error, Migration, Row, Value, params};

const THINGS: &str = "CREATE TABLE things (
    id BIGINT PRIMARY KEY, name TEXT, bytes BYTEA, flag BOOLEAN, small INTEGER)";
const INSERT: &str =
    "INSERT INTO things (id, name, bytes, flag, small) VALUES ($1, $2, $3, $4, $5)";

async fn make(db: &Db, sql: &'static str) {
    assert_eq!(db.migrate(&[Migration { number: 1, name: "things", sql }]).await, Ok(1));
}

async fn write(db: &Db, sql: &str, params: &[Value<'_>]) -> Result<u64, Error> {
    let mut tx = db.begin().await?;
    let touched = tx.execute(sql, params).await?;
    tx.commit().await?;
    Ok(touched)
}

fn is_broken<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Broken(_)))
}

fn names(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

#[tokio::test]
async fn keeps_every_kind_of_value() {
    both(|db| async move {
        make(&db, THINGS).await;
        let full = params![i64::MAX, "ä", [0_u8, 255], true, 7];
        assert_eq!(write(&db, INSERT, full).await, Ok(1));
        let none: Option<i64> = None;
        assert_eq!(write(&db, INSERT, params![2, none, none, none, Value::Null]).await, Ok(1));

        let sql = "SELECT id, name, bytes, flag, small FROM things ORDER BY id DESC";
        let rows = db.read().query(sql, params![]).await.unwrap();
        assert_eq!(rows[0].get(0), Ok(i64::MAX));
        assert_eq!(rows[0].get(1), Ok(String::from("ä")));
        assert_eq!(rows[0].get(2), Ok(vec![0_u8, 255]));
        assert_eq!(rows[0].get(3), Ok(true));
        assert_eq!(rows[0].get(4), Ok(7_i64));
        for column in 1..5 {
            assert_eq!(rows[1].value(column), Ok(Value::Null), "{column}");
        }
    })
    .await;
}

/// To SQLite `$1` is a name, numbered by first appearance.
#[tokio::test]
async fn binds_by_the_digits_of_the_placeholder() {
    both(|db| async move {
        make(&db, THINGS).await;
        for id in [1, 2] {
            write(&db, INSERT, params![id, "old", [0_u8], false, 0]).await.unwrap();
        }
        let sql = "UPDATE things SET name = $2 WHERE id = $1 AND name <> $2";
        assert_eq!(write(&db, sql, params![1, "new"]).await, Ok(1));
        let rows = db.read().query("SELECT name FROM things ORDER BY id", params![]).await.unwrap();
        assert_eq!(names(&rows), ["new", "old"]);
    })
    .await;
}

#[tokio::test]
async fn refuses_a_wrong_number_of_parameters() {
    both(|db| async move {
        make(&db, THINGS).await;
        let sql = "SELECT id FROM things WHERE id = $1 AND small = $2";
        for params in [params![], params![1], params![1, 2, 3]] {
            assert!(is_broken(&db.read().query(sql, params).await), "{params:?}");
        }
        let gap = "SELECT id FROM things WHERE id = $1 AND small = $3";
        assert!(is_broken(&db.read().query(gap, params![1, 2]).await));
        let mut reader = db.read();
        assert!(reader.query(sql, params![1, 2]).await.is_ok(), "a reader goes on after an error");
    })
    .await;
}

#[tokio::test]
async fn gives_the_first_row_or_none() {
    both(|db| async move {
        make(&db, THINGS).await;
        let sql = "SELECT name FROM things WHERE id >= $1 ORDER BY id";
        assert!(db.read().query_one(sql, params![0]).await.unwrap().is_none());
        for (id, name) in [(1, "a"), (2, "b")] {
            write(&db, INSERT, params![id, name, [0_u8], false, 0]).await.unwrap();
        }
        let row = db.read().query_one(sql, params![0]).await.unwrap().unwrap();
        assert_eq!(row.get(0), Ok(String::from("a")));
    })
    .await;
}

#[tokio::test]
async fn counts_the_rows_it_touched() {
    both(|db| async move {
        make(&db, THINGS).await;
        let mut tx = db.begin().await.unwrap();
        for id in 1..4 {
            tx.execute(INSERT, params![id, "a", [0_u8], false, 0]).await.unwrap();
        }
        let insert = "INSERT INTO things (id, name) VALUES ($1, 'b') ON CONFLICT (id) DO NOTHING";
        assert_eq!(tx.execute(insert, params![1]).await, Ok(0));
        assert_eq!(tx.execute("UPDATE things SET small = 1", params![]).await, Ok(3));
        assert_eq!(tx.execute("CREATE TABLE others (id BIGINT)", params![]).await, Ok(0));
        let update = "UPDATE things SET small = 2 WHERE id < $1 RETURNING id";
        assert_eq!(tx.execute(update, params![3]).await, Ok(2));
        assert_eq!(tx.execute("DELETE FROM things WHERE id = $1", params![9]).await, Ok(0));
        tx.commit().await.unwrap();
    })
    .await;
}

/// The verdict of every race between two writers.
#[tokio::test]
async fn lets_compare_and_set_succeed_once() {
    both(|db| async move {
        make(&db, THINGS).await;
        write(&db, INSERT, params![1, "code", [0_u8], false, 0]).await.unwrap();
        let redeem = || async {
            let mut tx = db.begin().await?;
            let sql = "UPDATE things SET flag = $2 WHERE id = $1 AND flag = $3 RETURNING name";
            let row = tx.query_one(sql, params![1, true, false]).await?;
            tx.commit().await?;
            Ok::<bool, Error>(row.is_some())
        };
        let (a, b, c) = tokio::join!(redeem(), redeem(), redeem());
        let taken = [a, b, c].into_iter().filter(|taken| *taken == Ok(true)).count();
        assert_eq!(taken, 1);
    })
    .await;
}

#[tokio::test]
async fn inserts_many_rows_at_once() {
    both(|db| async move {
        make(&db, THINGS).await;
        let rows: Vec<Vec<Value<'_>>> = (0..300_i64)
            .map(|id| {
                let name = if id % 2 == 0 { Value::Null } else { Value::Text("odd") };
                vec![id.into(), name, (&[1_u8]).into(), true.into(), Value::Null]
            })
            .collect();
        let columns = ["id", "name", "bytes", "flag", "small"];
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.insert_many("things", &columns, &rows).await, Ok(300));
        assert_eq!(tx.insert_many("things", &columns, &[]).await, Ok(0));
        let small = [vec![Value::Int(1000), Value::Int(5)]];
        assert_eq!(tx.insert_many("things", &["id", "small"], &small).await, Ok(1));
        tx.commit().await.unwrap();

        let sql = "SELECT count(*), count(name), count(small) FROM things WHERE id >= $1";
        let row = db.read().query_one(sql, params![0]).await.unwrap().unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2)), (Ok(301_i64), Ok(150_i64), Ok(1_i64)));
    })
    .await;
}

#[tokio::test]
async fn refuses_many_rows_that_do_not_fit() {
    both(|db| async move {
        make(&db, THINGS).await;
        let pair = [vec![Value::Int(1), Value::Text("a")]];
        let cases: [(&str, &[&str]); 5] = [
            ("things; DROP TABLE things", &["id", "name"]),
            ("things", &["id", "name) SELECT 1; --"]),
            ("things", &["id"]),
            ("things", &[]),
            ("nothing", &["id", "name"]),
        ];
        for (table, columns) in cases {
            let mut tx = db.begin().await.unwrap();
            let refused = tx.insert_many(table, columns, &pair).await;
            assert!(is_broken(&refused), "{table} {columns:?} {refused:?}");
        }
        let twice = [vec![Value::Int(1)], vec![Value::Int(1)]];
        let mut tx = db.begin().await.unwrap();
        let refused = tx.insert_many("things", &["id"], &twice).await;
        assert_eq!(refused, Err(Error::Conflict { table: "things".into(), column: "id".into() }));
    })
    .await;
}

#[tokio::test]
async fn refuses_to_write_while_reading() {
    both(|db| async move {
        make(&db, THINGS).await;
        let sql = "INSERT INTO things (id) VALUES ($1)";
        assert!(is_broken(&db.read().execute(sql, params![1]).await));
        let returning = "INSERT INTO things (id) VALUES ($1) RETURNING id";
        let refused = db.read().query(returning, params![1]).await;
        assert!(is_broken(&refused), "{:?}", refused.err());
        let rows = [vec![Value::Int(1)]];
        assert!(is_broken(&db.read().insert_many("things", &["id"], &rows).await));
        assert!(db.read().query("SELECT id FROM things", params![]).await.unwrap().is_empty());
        assert_eq!(write(&db, sql, params![1]).await, Ok(1));
    })
    .await;
}

#[tokio::test]
async fn refuses_a_nul_character_and_a_number() {
    both(|db| async move {
        make(&db, THINGS).await;
        let sql = "SELECT id FROM things WHERE name = $1";
        assert!(is_broken(&db.read().query(sql, params!["a\0b"]).await));
        assert!(is_broken(&db.read().query("SELECT 1.5", params![]).await));
        assert!(is_broken(&db.read().query("SELEC 1", params![]).await));
        assert!(is_broken(&db.read().query("SELECT id FROM nowhere", params![]).await));
    })
    .await;
}

#[tokio::test]
async fn names_the_column_of_a_conflict() {
    const SQL: &str = "
        CREATE TABLE clients (
            id BIGINT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            team_id BIGINT NOT NULL,
            user_id BIGINT NOT NULL,
            address TEXT NOT NULL,
            CONSTRAINT clients_user_id_key UNIQUE (team_id, user_id)
        );
        CREATE UNIQUE INDEX clients_address_key ON clients (lower(address));
        CREATE TABLE texts (id TEXT PRIMARY KEY);
        CREATE TABLE pairs (a BIGINT NOT NULL, b BIGINT NOT NULL, PRIMARY KEY (a, b));
    ";
    both(|db| async move {
        make(&db, SQL).await;
        let insert = "INSERT INTO clients (id, name, team_id, user_id, address)
            VALUES ($1, $2, $3, $4, $5)";
        write(&db, insert, params![1, "a", 1, 1, "x"]).await.unwrap();
        write(&db, "INSERT INTO texts (id) VALUES ($1)", params!["t"]).await.unwrap();
        write(&db, "INSERT INTO pairs (a, b) VALUES ($1, $2)", params![1, 2]).await.unwrap();
        let cases: [(&str, &[Value<'_>], &str, &str); 6] = [
            (insert, params![1, "b", 2, 2, "y"], "clients", "id"),
            (insert, params![2, "a", 2, 2, "y"], "clients", "name"),
            (insert, params![2, "b", 1, 1, "y"], "clients", "user_id"),
            (insert, params![2, "b", 2, 2, "X"], "clients", "address"),
            ("INSERT INTO texts (id) VALUES ($1)", params!["t"], "texts", "id"),
            ("INSERT INTO pairs (a, b) VALUES ($1, $2)", params![1, 2], "pairs", "b"),
        ];
        for (sql, params, table, column) in cases {
            let conflict = Error::Conflict { table: table.into(), column: column.into() };
            assert_eq!(write(&db, sql, params).await, Err(conflict));
        }
        let update = "UPDATE clients SET name = $1 WHERE id = $2";
        write(&db, insert, params![3, "c", 3, 3, "z"]).await.unwrap();
        let conflict = Error::Conflict { table: "clients".into(), column: "name".into() };
        assert_eq!(write(&db, update, params!["a", 3]).await, Err(conflict));
    })
    .await;
}

#[tokio::test]
async fn tells_other_refusals_from_conflicts() {
    const SQL: &str = "
        CREATE TABLE teams (id BIGINT PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''));
        CREATE TABLE members (id BIGINT PRIMARY KEY, team_id BIGINT REFERENCES teams (id));
    ";
    both(|db| async move {
        make(&db, SQL).await;
        let team = "INSERT INTO teams (id, name) VALUES ($1, $2)";
        let member = "INSERT INTO members (id, team_id) VALUES ($1, $2)";
        let orphan = write(&db, member, params![1, 1]).await;
        assert!(matches!(orphan, Err(Error::Missing { .. })), "{orphan:?}");
        write(&db, team, params![1, "a"]).await.unwrap();
        write(&db, member, params![1, 1]).await.unwrap();
        let needed = write(&db, "DELETE FROM teams WHERE id = $1", params![1]).await;
        assert!(matches!(needed, Err(Error::Missing { .. })), "{needed:?}");
        assert!(is_broken(&write(&db, team, params![2, Value::Null]).await));
        assert!(is_broken(&write(&db, team, params![2, ""]).await));
    })
    .await;
}
