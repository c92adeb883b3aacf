//! What a transaction promises, on both engines.
#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

use std::time::Duration;

use db::testing::{TestDb, both};
use db::{Db, Error, Migration, Tx, params};

const INSERT: &str = "INSERT INTO things (id, name) VALUES ($1, $2)";

async fn make(db: &Db) {
    let sql = "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE)";
    db.migrate(&[Migration { number: 1, name: "things", sql }]).await.unwrap();
}

async fn insert(tx: &mut Tx, id: i64) -> Result<u64, Error> {
    tx.execute(INSERT, params![id, id.to_string()]).await
}

async fn ids(mut tx: Tx) -> Vec<i64> {
    let rows = tx.query("SELECT id FROM things ORDER BY id", params![]).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

fn is_refused<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Broken(_)))
}

#[tokio::test]
async fn shows_a_change_after_its_commit_only() {
    both(|db| async move {
        make(&db).await;
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        let own = tx.query_one("SELECT count(*) FROM things", params![]).await.unwrap().unwrap();
        assert_eq!(own.get(0), Ok(1_i64));
        assert!(ids(db.read()).await.is_empty());
        tx.commit().await.unwrap();
        assert_eq!(ids(db.read()).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn rolls_back_what_is_dropped() {
    both(|db| async move {
        make(&db).await;
        for _ in 0..40 {
            let mut tx = db.begin().await.unwrap();
            insert(&mut tx, 1).await.unwrap();
            drop(tx);
        }
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, 2).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids(db.read()).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn refuses_everything_after_an_error() {
    both(|db| async move {
        make(&db).await;
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        let conflict = Error::Conflict { table: "things".into(), column: "id".into() };
        assert_eq!(insert(&mut tx, 1).await, Err(conflict));
        assert!(is_refused(&insert(&mut tx, 2).await));
        assert!(is_refused(&tx.query("SELECT id FROM things", params![]).await));
        assert!(is_refused(&tx.insert_many("things", &["id"], &[]).await));
        assert!(is_refused(&tx.commit().await));

        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, 3).await.unwrap();
        assert!(is_refused(&tx.query("SELECT $1", params![]).await));
        assert!(is_refused(&tx.commit().await));
        assert!(ids(db.read()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn keeps_the_errors_of_one_from_the_others() {
    both(|db| async move {
        make(&db).await;
        let mut tasks = Vec::new();
        for id in 0..60_i64 {
            let db = db.clone();
            tasks.push(tokio::spawn(async move {
                let mut tx = db.begin().await?;
                insert(&mut tx, id).await?;
                if id % 3 == 1 {
                    // Fails after it has already written.
                    tx.execute(INSERT, params![1000 + id, id.to_string()]).await?;
                }
                if id % 3 == 2 {
                    return Ok(false);
                }
                tx.commit().await.map(|()| true)
            }));
        }
        for (id, task) in tasks.into_iter().enumerate() {
            let verdict = task.await.unwrap();
            match id % 3 {
                0 => assert_eq!(verdict, Ok(true), "{id}"),
                1 => assert!(matches!(verdict, Err(Error::Conflict { .. })), "{id} {verdict:?}"),
                _ => assert_eq!(verdict, Ok(false), "{id}"),
            }
        }
        let kept: Vec<i64> = (0..60).filter(|id| id % 3 == 0).collect();
        assert_eq!(ids(db.read()).await, kept);
    })
    .await;
}

/// More transactions at once than PostgreSQL has connections, and than SQLite puts in one batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn makes_three_hundred_at_once_durable() {
    for test in db::testing::databases().await {
        let db = test.db().clone();
        make(&db).await;
        let tasks: Vec<_> = (0..300_i64)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.begin().await?;
                    insert(&mut tx, id).await?;
                    tx.commit().await?;
                    // Its own change must be there once commit has answered.
                    let sql = "SELECT name FROM things WHERE id = $1";
                    Ok::<bool, Error>(db.read().query_one(sql, params![id]).await?.is_some())
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(true), "{}", test.name());
        }
        drop(db);
        let again = Db::open(test.uri()).await.unwrap();
        assert_eq!(ids(again.read()).await, (0..300).collect::<Vec<i64>>(), "{}", test.name());
    }
}

#[tokio::test]
async fn ends_a_transaction_whose_statement_was_given_up() {
    let Some(test) = TestDb::postgres().await else { return };
    let db = test.db();
    make(db).await;
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    let nap = tx.query("SELECT pg_sleep(0.3)::text", params![]);
    assert!(tokio::time::timeout(Duration::from_millis(50), nap).await.is_err());
    assert!(is_refused(&insert(&mut tx, 2).await));
    assert!(is_refused(&tx.commit().await));
    assert!(ids(db.read()).await.is_empty());
}

#[tokio::test]
async fn heals_after_the_server_ended_its_connections() {
    const END: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let Some(test) = TestDb::postgres().await else { return };
    let db = test.db();
    make(db).await;
    let other = Db::open(test.uri()).await.unwrap();

    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    other.read().query(END, params![]).await.unwrap();
    let lost = insert(&mut tx, 2).await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, 3).await.unwrap();
    other.read().query(END, params![]).await.unwrap();
    let lost = tx.commit().await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");

    assert_eq!(db.ping().await, Ok(()));
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, 4).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(db.read()).await, [4]);
}

#[tokio::test]
async fn tells_when_no_connection_is_free() {
    let Some(test) = TestDb::postgres().await else { return };
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(test.db().begin().await.unwrap());
    }
    let refused = test.db().begin().await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{:?}", refused.err());
    held.clear();
    assert_eq!(test.db().ping().await, Ok(()));
}

#[tokio::test]
async fn performs_one_statement_as_a_transaction_of_its_own() {
    both(|db| async move {
        make(&db).await;
        assert_eq!(db.perform(INSERT, params![1, "one"]).await, Ok(1));
        assert_eq!(ids(db.read()).await, [1]);
        let none = db.perform("UPDATE things SET name = $2 WHERE id = $1", params![9, "x"]).await;
        assert_eq!(none, Ok(0));
    })
    .await;
}

#[tokio::test]
async fn refuses_a_performed_statement_alone_and_goes_on() {
    both(|db| async move {
        make(&db).await;
        db.perform(INSERT, params![1, "one"]).await.unwrap();
        let conflict = Error::Conflict { table: "things".into(), column: "id".into() };
        for _ in 0..20 {
            assert_eq!(db.perform(INSERT, params![1, "again"]).await, Err(conflict.clone()));
        }
        let two = "INSERT INTO things (id, name) VALUES ($1, $2), ($1, 'twice')";
        assert_eq!(db.perform(two, params![2, "two"]).await, Err(conflict), "all of it or nothing");
        let nul = db.perform(INSERT, params![3, "\0"]).await;
        assert!(is_refused(&nul), "{nul:?}");
        db.perform(INSERT, params![4, "four"]).await.unwrap();
        assert_eq!(ids(db.read()).await, [1, 4]);
    })
    .await;
}

#[tokio::test]
async fn performs_beside_transactions_without_losing_either() {
    both(|db| async move {
        make(&db).await;
        let alone =
            |db: Db, id: i64| async move { db.perform(INSERT, params![id, id.to_string()]).await };
        let mut tasks = tokio::task::JoinSet::new();
        for id in 0..120 {
            let db = db.clone();
            tasks.spawn(async move {
                match id % 4 {
                    0 => {
                        let mut tx = db.begin().await?;
                        insert(&mut tx, id).await?;
                        tx.commit().await?;
                    }
                    1 => {
                        // Given up: what was done in it is undone, and nothing else.
                        let mut tx = db.begin().await?;
                        insert(&mut tx, id).await?;
                    }
                    _ => {
                        alone(db, id).await?;
                    }
                }
                Ok::<_, Error>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        let kept: Vec<i64> = (0..120).filter(|id| id % 4 != 1).collect();
        assert_eq!(ids(db.read()).await, kept);
    })
    .await;
}

#[tokio::test]
async fn gives_each_of_many_statements_that_go_together_its_own_answer() {
    both(|db| async move {
        make(&db).await;
        db.perform(INSERT, params![1000, "taken"]).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..300_i64 {
            let db = db.clone();
            // Every tenth wants what is taken; every seventh touches nothing.
            tasks.spawn(async move {
                let touched = match (n % 10, n % 7) {
                    (0, _) => db.perform(INSERT, params![1000, "mine"]).await,
                    (_, 0) => db.perform("DELETE FROM things WHERE id = $1", params![-n]).await,
                    _ => db.perform(INSERT, params![n, n.to_string()]).await,
                };
                (n, touched)
            });
        }
        let conflict = Error::Conflict { table: "things".into(), column: "id".into() };
        let mut kept = vec![1000];
        while let Some(done) = tasks.join_next().await {
            let (n, touched) = done.unwrap();
            match (n % 10, n % 7) {
                (0, _) => assert_eq!(touched, Err(conflict.clone()), "{n}"),
                (_, 0) => assert_eq!(touched, Ok(0), "{n}"),
                _ => {
                    assert_eq!(touched, Ok(1), "{n}");
                    kept.push(n);
                }
            }
        }
        kept.sort_unstable();
        assert_eq!(ids(db.read()).await, kept);
    })
    .await;
}

const RENAME: &str = "UPDATE things SET name = $2 WHERE id = $1";

#[tokio::test]
async fn performs_several_statements_in_order_or_none_of_them() {
    both(|db| async move {
        make(&db).await;
        let told = db
            .perform_all(&[
                (RENAME, params![1, "too early"]),
                (INSERT, params![1, "one"]),
                (RENAME, params![1, "renamed"]),
            ])
            .await;
        assert_eq!(told, Ok(vec![0, 1, 1]));
        let undone =
            db.perform_all(&[(RENAME, params![1, "undone"]), (INSERT, params![1, "taken"])]).await;
        assert_eq!(undone, Err(Error::Conflict { table: "things".into(), column: "id".into() }));
        let nul = db.perform_all(&[(INSERT, params![2, "two"]), (INSERT, params![3, "\0"])]).await;
        assert!(is_refused(&nul), "{nul:?}");
        let name = db.read().query_one("SELECT name FROM things WHERE id = $1", params![1]).await;
        assert_eq!(name.unwrap().unwrap().get::<String>(0), Ok("renamed".into()));
        assert_eq!(ids(db.read()).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn several_statements_go_beside_those_of_others_and_fail_alone() {
    both(|db| async move {
        make(&db).await;
        db.perform(INSERT, params![1000, "taken"]).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..200_i64 {
            let db = db.clone();
            // Every fifth fails at its second statement; every third is a transaction of a task.
            tasks.spawn(async move {
                let second = if n % 5 == 0 { 1000 } else { n + 2000 };
                let outcome = if n % 3 == 0 {
                    let mut tx = db.begin().await.unwrap();
                    insert(&mut tx, n).await.unwrap();
                    insert(&mut tx, n + 2000).await.unwrap();
                    tx.commit().await.map(|()| 2)
                } else {
                    let names = [n.to_string(), (n + 2000).to_string()];
                    let (one, two) = (params![n, names[0]], params![second, names[1]]);
                    db.perform_all(&[(INSERT, one), (INSERT, two)])
                        .await
                        .map(|touched| touched.iter().sum())
                };
                (n, outcome)
            });
        }
        let mut kept = vec![1000];
        while let Some(done) = tasks.join_next().await {
            let (n, outcome) = done.unwrap();
            if n % 5 == 0 && n % 3 != 0 {
                assert!(matches!(outcome, Err(Error::Conflict { .. })), "{n}: {outcome:?}");
            } else {
                assert_eq!(outcome, Ok(2_u64), "{n}");
                kept.extend([n, n + 2000]);
            }
        }
        kept.sort_unstable();
        assert_eq!(ids(db.read()).await, kept);
    })
    .await;
}

#[tokio::test]
async fn a_statement_nobody_waits_for_any_more_harms_no_other() {
    both(|db| async move {
        make(&db).await;
        for round in 0..20_i64 {
            let mut tasks = Vec::new();
            for n in 0..20 {
                let (db, id) = (db.clone(), round * 100 + n);
                tasks.push(tokio::spawn(async move {
                    db.perform(INSERT, params![id, id.to_string()]).await
                }));
            }
            tokio::task::yield_now().await;
            for (n, task) in tasks.into_iter().enumerate() {
                if n % 2 == 0 {
                    task.abort();
                } else {
                    assert_eq!(task.await.unwrap(), Ok(1), "{round} {n}");
                }
            }
        }
        let kept = ids(db.read()).await;
        for id in (0..20).flat_map(|round| (1..20).step_by(2).map(move |n| round * 100 + n)) {
            assert!(kept.contains(&id), "{id}");
        }
    })
    .await;
}
