//! The list of clients at its full size: 100,000 of them, every filter and every order, by real
//! requests to the API and to the console.
//!
//! Not run with the others, because only an optimised program on a quiet machine says something:
//! `cargo test --release -p mandate --test scale -- --ignored --nocapture`. `MANDATE_TEST_CLIENTS`
//! makes it another number. The throw-away PostgreSQL of the tests has 16 MB of buffers; what a
//! real one takes is measured on one with the usual 128 MB or more (`MANDATE_TEST_POSTGRES`). That
//! the statements behind it keep their plans is tested in `domain`, at every run.
#![expect(clippy::unwrap_used, reason = "a test that has no answer has failed")]

mod deeds;
#[path = "../harness/mod.rs"]
mod harness;
mod people;
mod process;
mod sweep;
mod trail;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use domain::Stopwatch;

use harness::{ADMIN_EMAIL, Browser, Server, servers};

/// Times each request is sent; the median counts.
const TIMES: usize = 7;
/// Milliseconds that a page may take, and one that searches.
const LIMITS: (f64, f64) = (50.0, 100.0);

/// What is asked of the API, and whether it searches.
const QUERIES: &[(&str, bool)] = &[
    ("", false),
    ("sort=created&descending=true", false),
    ("sort=last_used&descending=true", false),
    ("sort=last_used", false),
    ("sort=risk&descending=true", false),
    ("limit=200", false),
    ("enabled=false", false),
    ("enabled=true&sort=risk&descending=true", false),
    ("type=service", false),
    ("type=custom&sort=created", false),
    ("access=full&sort=risk&descending=true", false),
    ("grant=client_credentials", false),
    ("grant=authorization_code&sort=last_used&descending=true", false),
    ("scope=openid", false),
    ("scope=openid&sort=risk&descending=true", false),
    ("scope=scim%3Aread", false),
    ("scope=no%3Asuch", false),
    ("team=team_7", false),
    ("owner_team=team_7", false),
    ("owner_team=team_7&sort=risk&descending=true", false),
    ("organization=org_3", false),
    ("organization=org_3&sort=last_used", false),
    ("all_teams=true", false),
    ("all_teams=false", false),
    ("unused_days=90", false),
    ("unused_days=90&sort=risk&descending=true", false),
    ("secret_expiring_days=30", false),
    ("secret_expiring_days=30&sort=last_used&descending=true", false),
    ("enabled=false&access=full&type=service&scope=openid&unused_days=90", false),
    ("q=client", true),
    ("q=client&sort=risk&descending=true", true),
    ("q=client&sort=last_used&descending=true", true),
    ("q=harbour", true),
    ("q=client+77", true),
    ("q=77777", true),
    ("q=no-such-client-anywhere", true),
    ("q=app", true),
    ("q=app-7", true),
    ("q=app-777.example.com", true),
    ("q=cli_77777", true),
    ("q=e", true),
    ("q=client&scope=openid&enabled=true", true),
    ("q=zz&scope=openid", true),
];

/// The same of the console's page.
const PAGES: &[(&str, bool)] = &[
    ("", false),
    ("sort=risk", false),
    ("sort=used", false),
    ("scope=openid&sort=risk", false),
    ("status=unused", false),
    ("team=all", false),
    ("q=client&sort=risk", true),
    ("q=no-such-client-anywhere", true),
];

/// Milliseconds of each of several requests, sorted.
async fn timed<F: Future<Output = u16>>(ask: impl Fn() -> F, what: &str) -> Vec<f64> {
    let mut taken = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let watch = Stopwatch::start();
        let status = ask().await;
        taken.push(watch.seconds() * 1_000.0);
        assert_eq!(status, 200, "{what}");
    }
    taken.sort_by(f64::total_cmp);
    taken
}

fn told(engine: &str, what: &str, searches: bool, taken: &[f64], slow: &mut Vec<String>) {
    let (median, worst) = (taken[taken.len() / 2], taken[taken.len() - 1]);
    let limit = if searches { LIMITS.1 } else { LIMITS.0 };
    let line = format!("{engine:10} {what:75} {median:8.1} ms {worst:8.1} ms");
    println!("{line}");
    if median > limit {
        slow.push(line);
    }
}

/// Calls of the API by who may do everything, each path several times.
async fn timed_calls(server: &Arc<Server>, paths: &[(String, bool)], slow: &mut Vec<String>) {
    let bearer = server.admin_client().own_token().await.text("access_token");
    for (path, searches) in paths {
        let ask = || async {
            let request = Request::get(path).header("authorization", format!("Bearer {bearer}"));
            server.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
        };
        let taken = timed(ask, path).await;
        told(server.engine, path, *searches, &taken, slow);
    }
}

async fn by_api(server: &Arc<Server>, slow: &mut Vec<String>) {
    let paths: Vec<_> = QUERIES
        .iter()
        .map(|(query, searches)| (format!("/api/v1/clients?{query}"), *searches))
        .collect();
    timed_calls(server, &paths, slow).await;
    let bearer = server.admin_client().own_token().await.text("access_token");
    let mut next = Some(String::new());
    for page in 0..40 {
        let Some(cursor) = next else { break };
        let path = format!("/api/v1/clients?limit=200&sort=risk&descending=true&cursor={cursor}");
        let request = Request::get(&path).header("authorization", format!("Bearer {bearer}"));
        let watch = Stopwatch::start();
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        if page == 39 {
            let what = "page 40 of 200 by risk";
            told(server.engine, what, false, &[watch.seconds() * 1_000.0], slow);
        }
        next = answer.json()["next_cursor"].as_str().map(str::to_owned);
    }
}

/// Pages of the console, each several times.
async fn timed_pages(browser: &mut Browser, paths: &[(String, bool)], slow: &mut Vec<String>) {
    for (path, searches) in paths {
        let mut taken = Vec::new();
        for _ in 0..TIMES {
            let watch = Stopwatch::start();
            let answer = browser.get(path).await;
            taken.push(watch.seconds() * 1_000.0);
            assert_eq!(answer.status, 200, "{path}");
        }
        taken.sort_by(f64::total_cmp);
        told(browser.server.engine, path, *searches, &taken, slow);
    }
}

async fn by_console(server: &Arc<Server>, slow: &mut Vec<String>) {
    let mut browser: Browser = server.browser();
    browser.sign_in(ADMIN_EMAIL).await;
    let paths =
        PAGES.iter().map(|(query, searches)| (format!("/console/clients?{query}"), *searches));
    timed_pages(&mut browser, &paths.collect::<Vec<_>>(), slow).await;
}

#[tokio::test]
#[ignore = "it makes 100,000 clients and measures; it needs a release build and a quiet machine"]
async fn every_page_of_100_000_clients_is_there_in_50_milliseconds() {
    let count = std::env::var("MANDATE_TEST_CLIENTS").ok().and_then(|n| n.parse().ok());
    let count = count.unwrap_or(100_000);
    let mut slow = Vec::new();
    for server in servers().await {
        let server = Arc::new(server);
        people::fill(&server, count).await;
        println!("{} clients on {}: median and worst of {TIMES}", count, server.engine);
        by_api(&server, &mut slow).await;
        by_console(&server, &mut slow).await;
    }
    assert!(slow.is_empty(), "too slow:\n{}", slow.join("\n"));
}
