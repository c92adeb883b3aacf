//! The trail at a million entries: every filter of its list, and the whole of it as a table.
//!
//! Not run with the others: `cargo test --release -p mandate --test scale trail -- --ignored
//! --nocapture`. `MANDATE_TEST_EVENTS` makes it another number.

use std::sync::Arc;

use db::Value;
use domain::audit::Filter;
use domain::{Actor, Call, Stopwatch, audit};
use mandate::web::trail::Table;

use crate::harness::{START, Server, servers};
use crate::{LIMITS, timed_calls};

const BATCH: i64 = 5_000;
const PEOPLE: i64 = 500;
const CLIENTS: i64 = 2_000;
const ACTIONS: [&str; 6] = [
    "client.updated",
    "user.signed_in",
    "consent.given",
    "grant.created",
    "token.revoked",
    "user.sign_in_failed",
];
/// What an index or the order of the trail answers.
const QUERIES: [&str; 13] = [
    "",
    "limit=200",
    "actor=usr_7",
    "actor=nobody",
    "action=consent.given",
    "action=settings.updated",
    "object_kind=client&object_id=client-77",
    "outcome=refused",
    "category=access",
    "category=identity",
    "person=usr_7",
    "category=authentication&outcome=refused&from=2027-01-08T00%3A00%3A00Z",
    "from=2027-01-01T00%3A00%3A00Z&to=2027-01-02T00%3A00%3A00Z",
];

/// Two filters of which each fits many and both together none: told, and held to nothing.
const TOGETHER: [&str; 2] = [
    "outcome=refused&action=client.updated",
    "actor=usr_7&action=token.revoked&object_kind=client",
];

async fn fill(server: &Server, count: i64) {
    let database = server.database().await;
    let columns = [
        "id",
        "at",
        "actor_user",
        "actor_client",
        "address",
        "action",
        "object_kind",
        "object_id",
        "object_name",
        "changes",
        "outcome",
        "request_id",
        "count",
    ];
    let changes = r#"[{"field":"access_token_lifetime","before":3600,"after":1800}]"#;
    for first in (1..=count).step_by(usize::try_from(BATCH).unwrap()) {
        let numbers: Vec<i64> = (first..=count.min(first + BATCH - 1)).collect();
        let words: Vec<[String; 4]> = numbers
            .iter()
            .map(|n| {
                let (user, client) = (n * 7_919 % PEOPLE, n * 104_729 % CLIENTS);
                let request = format!("request-{n}");
                [
                    format!("usr_{user}"),
                    format!("client-{client}"),
                    format!("Client {client}"),
                    request,
                ]
            })
            .collect();
        let rows: Vec<Vec<Value<'_>>> = numbers
            .iter()
            .zip(&words)
            .map(|(n, [user, client, name, request])| {
                let action = ACTIONS[usize::try_from(n % 6).unwrap()];
                let outcome = if n % 6 == 5 { "refused" } else { "success" };
                // Below every id that is given from now on, and over the last 200 days.
                let (id, at) = (Value::Int(*n), Value::Int(START - (count - n) * 17));
                let (user, client, name) =
                    (Value::Text(user), Value::Text(client), Value::Text(name));
                vec![
                    id,
                    at,
                    user,
                    client,
                    "203.0.113.7".into(),
                    action.into(),
                    "client".into(),
                    client,
                    name,
                    changes.into(),
                    outcome.into(),
                    Value::Text(request),
                    Value::Int(1),
                ]
            })
            .collect();
        let mut tx = database.begin().await.unwrap();
        tx.insert_many("audit_events", &columns, &rows).await.unwrap();
        tx.commit().await.unwrap();
    }
    if server.engine == "postgres" {
        let mut tx = database.begin().await.unwrap();
        tx.execute("ANALYZE", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Kibibytes of memory that this process holds.
fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or_default()
}

/// The whole trail as a table, piece by piece: its lines, and by how much memory grew meanwhile.
async fn whole(server: &Arc<Server>) -> (usize, i64) {
    let call = Call { actor: Actor::operator("test@host"), ..server.operator() };
    let mut table = Table::taken(&server.instance, &call, Filter::default()).await.unwrap();
    let (mut lines, before, mut most) = (0, memory(), 0);
    while let Some(piece) = table.next().await.unwrap() {
        lines += piece.lines().count();
        most = most.max(memory() - before);
    }
    (lines, most)
}

#[tokio::test]
#[ignore = "it writes a million entries and measures; it needs a release build and a quiet machine"]
async fn every_page_of_a_million_entries_is_there_in_50_milliseconds() {
    let count = std::env::var("MANDATE_TEST_EVENTS").ok().and_then(|n| n.parse().ok());
    let count: i64 = count.unwrap_or(1_000_000);
    let mut slow = Vec::new();
    for server in servers().await {
        let server = Arc::new(server);
        fill(&server, count).await;
        println!("{count} entries on {}: median and worst", server.engine);
        let path = |query: &str| (format!("/api/v1/audit-events?{query}"), false);
        timed_calls(&server, &QUERIES.map(path), &mut slow).await;
        timed_calls(&server, &TOGETHER.map(path), &mut Vec::new()).await;
        // THE-38: a week of it is as quick as a page; 90 days may take a moment.
        let counted = |query: &str| (format!("/api/v1/audit-events/overview{query}"), false);
        timed_calls(&server, &["", "?person=usr_7"].map(counted), &mut slow).await;
        let quarter = "?from=2026-10-18T00:00:00Z&to=2027-01-16T00:00:00Z";
        timed_calls(&server, &[counted(quarter)], &mut Vec::new()).await;
        let watch = Stopwatch::start();
        let (lines, grown) = whole(&server).await;
        println!(
            "{:10} {lines} lines as a table: {:.1} s, memory grew by {grown} KiB",
            server.engine,
            watch.seconds()
        );
        assert!(i64::try_from(lines).unwrap() > count, "{lines}");
        assert!(grown < 64 * 1024, "{grown} KiB");
        let watch = Stopwatch::start();
        let sealed = audit::seal(&server.instance).await.unwrap();
        println!("{:10} {sealed} sealed: {:.1} s", server.engine, watch.seconds());
        let watch = Stopwatch::start();
        let verdict = audit::verify(&mut server.instance.read(), None).await.unwrap();
        println!("{:10} verified: {:.1} s", server.engine, watch.seconds());
        assert_eq!(verdict.wrong, 0);
    }
    let what = "a page of the trail";
    assert!(slow.is_empty(), "{what} took more than {} ms:\n{}", LIMITS.0, slow.join("\n"));
}
