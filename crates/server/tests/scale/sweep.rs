//! The sweep beside somebody who writes: how long a request waits for it, at most.

use std::sync::Arc;

use domain::Stopwatch;
use domain::audit::{self, Object};
use mandate::jobs;

use crate::harness::{expired, servers};

/// Seconds that a request may wait for its turn.
const LIMIT: f64 = 0.020;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it makes 3,000,000 rows and measures; it needs a release build and a quiet machine"]
async fn a_sweep_of_300_000_rows_of_each_kind_holds_nobody_up_for_20_milliseconds() {
    let count = std::env::var("MANDATE_TEST_EXPIRED").ok().and_then(|n| n.parse().ok());
    let mut slow = Vec::new();
    for server in servers().await {
        let server = Arc::new(server);
        expired::fill(&server, count.unwrap_or(300_000)).await;
        let sweeper = Arc::clone(&server);
        let sweeping = tokio::spawn(async move { jobs::sweep(&sweeper.app).await.unwrap() });
        let (call, object) = (server.operator(), Object::new("test", "x", "x"));
        let (mut longest, mut turns) = (0_f64, 0_u32);
        while !sweeping.is_finished() {
            let watch = Stopwatch::start();
            let mut work = server.instance.begin().await.unwrap();
            longest = longest.max(watch.seconds());
            turns += 1;
            audit::record(&mut work, &call, "test.wrote", &object, &[]).await.unwrap();
            work.commit().await.unwrap();
        }
        let swept = sweeping.await.unwrap();
        let line = format!(
            "{}: {} rows swept, a transaction of the sweep {:.1} ms at most; {turns} turns beside it, \
             waited for {:.1} ms at most",
            server.engine,
            swept.rows,
            swept.longest.as_secs_f64() * 1_000.0,
            longest * 1_000.0,
        );
        println!("{line}");
        if longest > LIMIT {
            slow.push(line);
        }
    }
    assert!(slow.is_empty(), "too slow:\n{}", slow.join("\n"));
}
