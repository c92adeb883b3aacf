//! Many transactions, one commit: what SQLite's shared transaction must never do to its members.
#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use db::testing::TestDb;
use db::{Db, Error, Migration, Tx, params};
use proptest::prelude::*;
use tokio::task::JoinHandle;

const INSERT: &str = "INSERT INTO things (id, name) VALUES ($1, $2)";

async fn made() -> TestDb {
    let sql = "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE parts (id BIGINT PRIMARY KEY, thing BIGINT REFERENCES things (id))";
    TestDb::sqlite_from(&[Migration { number: 1, name: "things", sql }]).await
}

async fn insert(tx: &mut Tx, id: i64) -> Result<u64, Error> {
    tx.execute(INSERT, params![id, id.to_string()]).await
}

async fn write(db: Db, id: i64) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    insert(&mut tx, id).await?;
    tx.commit().await
}

async fn perform(db: Db, id: i64) -> Result<u64, Error> {
    db.perform(INSERT, params![id, id.to_string()]).await
}

async fn ids(db: &Db) -> Vec<i64> {
    let rows = db.read().query("SELECT id FROM things ORDER BY id", params![]).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// Runs the task until it waits in line.
async fn in_line<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    let task = tokio::spawn(task);
    tokio::task::yield_now().await;
    task
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

fn is_unavailable<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Unavailable(_)))
}

/// A hundred that wait while one writes must not be written each by itself.
async fn shares_one_commit<T, F>(one: impl Fn(Db, i64) -> F)
where
    T: std::fmt::Debug + Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let test = made().await;
    let db = test.db();
    let log = format!("{}-wal", test.uri().strip_prefix("sqlite:").unwrap());
    let mut first = db.begin().await.unwrap();
    insert(&mut first, 0).await.unwrap();
    let mut waiting = Vec::new();
    for id in 1..=100 {
        waiting.push(in_line(one(db.clone(), id)).await);
    }
    let before = std::fs::metadata(&log).unwrap().len();
    first.commit().await.unwrap();
    for task in waiting {
        task.await.unwrap().unwrap();
    }
    let pages = (std::fs::metadata(&log).unwrap().len() - before) / 4096;
    assert!(pages < 20, "{pages} pages were written; a commit for each would write 200");
    assert_eq!(ids(db).await, (0..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn shares_one_commit_among_those_who_wait() {
    shares_one_commit(write).await;
}

#[tokio::test]
async fn shares_one_commit_among_statements_that_are_alone() {
    shares_one_commit(perform).await;
}

#[tokio::test]
async fn keeps_the_rest_of_a_batch_when_one_statement_of_it_is_refused() {
    let test = made().await;
    let db = test.db();
    let mut first = db.begin().await.unwrap();
    insert(&mut first, 0).await.unwrap();
    let mut waiting = Vec::new();
    for id in [1, 2, 2, 3] {
        waiting.push(in_line(perform(db.clone(), id)).await);
    }
    first.commit().await.unwrap();
    let mut verdicts = Vec::new();
    for task in waiting {
        verdicts.push(task.await.unwrap().is_ok());
    }
    assert_eq!(verdicts, [true, true, false, true]);
    assert_eq!(ids(db).await, [0, 1, 2, 3]);
}

#[tokio::test]
async fn does_not_run_a_statement_that_was_given_up_in_line() {
    let test = made().await;
    let db = test.db();
    let mut first = db.begin().await.unwrap();
    insert(&mut first, 0).await.unwrap();
    let given_up = in_line(perform(db.clone(), 1)).await;
    given_up.abort();
    assert!(given_up.await.is_err());
    first.commit().await.unwrap();
    assert_eq!(perform(db.clone(), 2).await, Ok(1));
    assert_eq!(ids(db).await, [0, 2]);
}

#[tokio::test]
async fn tells_a_lone_statement_when_the_shared_commit_fails() {
    let test = made().await;
    let db = test.db();
    db.pragma("max_page_count = 1").await.unwrap();
    let full = db.perform(INSERT, params![1, "x".repeat(100_000)]).await;
    assert!(is_unavailable(&full), "{full:?}");
    assert_eq!(perform(db.clone(), 2).await, Ok(1));
    assert_eq!(ids(db).await, [2]);
}

#[tokio::test]
async fn performs_once_another_process_has_finished_writing() {
    let test = made().await;
    let (db, other) = (test.db(), Db::open(test.uri()).await.unwrap());
    let mut held = other.begin().await.unwrap();
    insert(&mut held, 1).await.unwrap();
    let waiting = in_line(perform(db.clone(), 2)).await;
    held.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(1));
    assert_eq!(ids(db).await, [1, 2]);
}

#[tokio::test]
async fn tells_every_member_when_the_shared_commit_fails() {
    let test = made().await;
    let db = test.db();
    let mut first = db.begin().await.unwrap();
    insert(&mut first, 1).await.unwrap();
    let orphan = in_line({
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            // A constraint that is checked at the end lets the commit itself fail.
            tx.query("PRAGMA defer_foreign_keys = ON", params![]).await?;
            tx.execute("INSERT INTO parts (id, thing) VALUES (1, 99)", params![]).await?;
            tx.commit().await
        }
    })
    .await;
    let last = in_line(write(db.clone(), 2)).await;
    for verdict in [first.commit().await, orphan.await.unwrap(), last.await.unwrap()] {
        assert!(is_unavailable(&verdict), "{verdict:?}");
    }
    assert!(ids(db).await.is_empty());
    assert_eq!(db.ping().await, Ok(()));
    assert_eq!(write(db.clone(), 3).await, Ok(()));
    assert_eq!(ids(db).await, [3]);
}

#[tokio::test]
async fn tells_every_member_when_a_full_disk_undoes_them_all_and_heals() {
    let test = made().await;
    let db = test.db();
    db.pragma("max_page_count = 1").await.unwrap();
    let mut first = db.begin().await.unwrap();
    insert(&mut first, 1).await.unwrap();
    let big = in_line({
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            tx.execute(INSERT, params![2, "x".repeat(100_000)]).await?;
            tx.commit().await
        }
    })
    .await;
    let after = in_line(write(db.clone(), 3)).await;
    for verdict in [first.commit().await, big.await.unwrap()] {
        let Err(Error::Unavailable(reason)) = verdict else { panic!("{verdict:?}") };
        assert!(reason.contains("full"), "{reason}");
    }
    assert_eq!(after.await.unwrap(), Ok(()), "it came after the loss, in a batch of its own");
    assert_eq!(ids(db).await, [3]);

    db.pragma("max_page_count = 100000").await.unwrap();
    assert_eq!(db.ping().await, Ok(()));
    assert_eq!(write(db.clone(), 4).await, Ok(()));
    assert_eq!(ids(db).await, [3, 4]);
}

#[tokio::test]
async fn is_unavailable_while_it_cannot_write_and_heals() {
    let test = made().await;
    let db = test.db();
    write(db.clone(), 1).await.unwrap();
    db.pragma("query_only = ON").await.unwrap();
    assert!(is_unavailable(&write(db.clone(), 2).await));
    assert!(is_unavailable(&db.ping().await));
    assert_eq!(ids(db).await, [1]);
    db.pragma("query_only = OFF").await.unwrap();
    assert_eq!(db.ping().await, Ok(()));
    assert_eq!(write(db.clone(), 3).await, Ok(()));
}

#[tokio::test]
async fn waits_for_another_process_but_not_for_ever() {
    let test = made().await;
    let (db, other) = (test.db(), Db::open(test.uri()).await.unwrap());
    let mut held = other.begin().await.unwrap();
    insert(&mut held, 1).await.unwrap();
    let short = in_line(write(db.clone(), 2)).await;
    held.commit().await.unwrap();
    assert_eq!(short.await.unwrap(), Ok(()));

    let held = other.begin().await.unwrap();
    tokio::time::pause();
    assert!(is_unavailable(&write(db.clone(), 3).await));
    assert!(is_unavailable(&db.ping().await));
    let refused = Db::open(test.uri()).await;
    assert!(
        matches!(&refused, Err(Error::Unavailable(reason)) if reason.contains("another process")),
        "{refused:?}"
    );
    tokio::time::resume();
    drop(held);
    assert_eq!(write(db.clone(), 4).await, Ok(()));
    assert_eq!(ids(db).await, [1, 2, 4]);
}

#[tokio::test]
async fn tells_the_line_when_one_writer_does_not_end() {
    let test = made().await;
    let held = test.db().begin().await.unwrap();
    tokio::time::pause();
    let (a, b) = tokio::join!(test.db().begin(), test.db().begin());
    assert!(is_unavailable(&a.map(drop)) && is_unavailable(&b.map(drop)));
    tokio::time::resume();
    drop(held);
    assert_eq!(test.db().ping().await, Ok(()));
}

/// The one whose turn it would be goes away; the one who is done still needs the commit.
#[tokio::test]
async fn does_not_strand_a_member_when_the_next_in_line_gives_up() {
    let test = made().await;
    let db = test.db();
    for handed_over in [false, true] {
        let mut first = db.begin().await.unwrap();
        insert(&mut first, i64::from(handed_over)).await.unwrap();
        let mut next = Box::pin(db.begin());
        assert!(poll_once(next.as_mut()).await.is_pending());
        let mut commit = pin!(first.commit());
        if handed_over {
            // The turn is now on its way to `next`.
            assert!(poll_once(commit.as_mut()).await.is_pending());
        }
        drop(next);
        let verdict = tokio::time::timeout(Duration::from_secs(5), commit).await;
        assert_eq!(verdict, Ok(Ok(())), "{handed_over}");
    }
    assert_eq!(ids(db).await, [0, 1]);
}

#[tokio::test]
async fn commits_for_a_member_that_does_not_wait_for_its_verdict() {
    let test = made().await;
    let db = test.db();
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    let mut commit = Box::pin(tx.commit());
    assert!(poll_once(commit.as_mut()).await.is_pending());
    drop(commit);
    assert_eq!(write(db.clone(), 2).await, Ok(()));
    assert_eq!(ids(db).await, [1, 2]);
}

/// What a task does with its turn, and after how many yields it gives up.
#[derive(Clone, Copy, Debug)]
enum Course {
    Commit,
    Drop,
    Fail,
    GiveUpWaiting(u8),
    GiveUpCommitting(u8),
}

fn course() -> impl Strategy<Value = Course> {
    prop_oneof![
        Just(Course::Commit),
        Just(Course::Drop),
        Just(Course::Fail),
        (0_u8..8).prop_map(Course::GiveUpWaiting),
        (0_u8..4).prop_map(Course::GiveUpCommitting),
    ]
}

async fn give_up<T>(after: u8, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        result = work => Some(result),
        () = async { for _ in 0..after { tokio::task::yield_now().await; } } => None,
    }
}

/// Whether the row must be there afterwards; `None` when either is right.
async fn take(db: Db, id: i64, course: Course) -> Option<bool> {
    let begun = match course {
        Course::GiveUpWaiting(after) => match give_up(after, db.begin()).await {
            Some(begun) => begun,
            None => return Some(false),
        },
        _ => db.begin().await,
    };
    let mut tx = begun.unwrap();
    insert(&mut tx, id).await.unwrap();
    match course {
        Course::Commit | Course::GiveUpWaiting(_) => {
            tx.commit().await.unwrap();
            Some(true)
        }
        Course::Drop => Some(false),
        Course::Fail => {
            assert!(matches!(insert(&mut tx, id).await, Err(Error::Conflict { .. })));
            Some(false)
        }
        Course::GiveUpCommitting(after) => match give_up(after, tx.commit()).await {
            Some(verdict) => {
                verdict.unwrap();
                Some(true)
            }
            None => None,
        },
    }
}

async fn run(courses: Vec<Course>) {
    let test = made().await;
    let db = test.db();
    let tasks: Vec<_> = (0_i64..)
        .zip(courses)
        .map(|(id, course)| tokio::spawn(take(db.clone(), id, course)))
        .collect();
    let mut expected = Vec::new();
    for task in tasks {
        let done = tokio::time::timeout(Duration::from_secs(8), task).await;
        expected.push(done.unwrap().unwrap());
    }
    // The other handle can write only if no shared transaction was left open.
    let other = Db::open(test.uri()).await.unwrap();
    assert_eq!(write(other, 1_000_000).await, Ok(()));
    assert_eq!(write(db.clone(), 1_000_001).await, Ok(()));
    let kept = ids(db).await;
    for (id, expected) in (0_i64..).zip(expected) {
        if let Some(expected) = expected {
            assert_eq!(kept.contains(&id), expected, "{id}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keeps_its_word_whoever_gives_up(courses in prop::collection::vec(course(), 1..60), threads in 1_usize..3) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(courses));
    }
}
