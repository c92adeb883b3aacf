//! R07: `kill -9` under load loses nothing that was acknowledged, and brings nothing back.
//!
//! The real binary, on each engine. Each round starts it, loads it with token requests, revocations
//! and refreshes on several connections, kills it in the middle, starts it again and asks about
//! every single answer it gave. `MANDATE_TEST_ROUNDS` sets the number of rounds (20).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that has no answer has failed")]

#[path = "../harness/mod.rs"]
mod harness;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{App, Server};
use wire::{Wire, member};

const LOADERS: usize = 6;

/// What one connection was told, and must still be true after the server died.
#[derive(Default)]
struct Told {
    alive: Vec<String>,
    revoked: Vec<String>,
    refresh: String,
    spent: Vec<String>,
}

/// The binary, ended by `kill -9`.
struct Running(Child);

impl Running {
    fn start(uri: &str, address: SocketAddr) -> Self {
        let running = Command::new(env!("CARGO_BIN_EXE_mandate"))
            .arg("serve")
            .env_clear()
            .env("MANDATE_DATABASE", uri)
            .env("MANDATE_LISTEN", address.to_string())
            .env("MANDATE_ISSUER", harness::ISSUER)
            .env("MANDATE_MASTER_KEY", harness::master_key())
            .env("MANDATE_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .map(Self)
            .expect("the binary starts");
        let mut wire = Wire::new(address);
        for _ in 0..2_000 {
            if wire.get("/readyz").is_some_and(|(status, _)| status == 200) {
                return running;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server did not become ready");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it is gone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r07_nothing_acknowledged_is_lost_and_nothing_ended_comes_back() {
    let rounds =
        std::env::var("MANDATE_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    for server in harness::servers().await {
        let engine = server.engine;
        let (uri, basic, refresh) = prepared(server).await;
        let acknowledged =
            tokio::task::block_in_place(|| survive(rounds, uri.uri(), &basic, refresh));
        println!("{engine}: {rounds} rounds, {acknowledged} acknowledged answers, none lost");
        assert!(acknowledged > rounds * 20, "there was hardly any load: {acknowledged}");
    }
}

/// A database with one client and a refresh token for each loader; the in-process server is gone.
async fn prepared(server: Server) -> (db::testing::TestDb, String, Vec<String>) {
    let server = Arc::new(server);
    let draft = serde_json::json!({
        "client_id": "loaded", "client_name": "Loaded", "type": "custom",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "oauth_client:read"],
        "default_scopes": ["openid"],
    });
    let app: App = server.register(draft).await;
    let mut browser = server.browser();
    let mut tokens = Vec::new();
    for _ in 0..LOADERS {
        let code = app.code_in(&mut browser, &[]).await;
        tokens.push(app.redeem(&code).await.text("refresh_token"));
    }
    let basic = app.basic();
    drop((app, browser));
    let database = Arc::into_inner(server).expect("nobody else holds the server").into_database();
    (database, basic, tokens)
}

fn survive(rounds: usize, uri: &str, basic: &str, refresh: Vec<String>) -> usize {
    let mut told: Vec<Told> =
        refresh.into_iter().map(|refresh| Told { refresh, ..Told::default() }).collect();
    let mut acknowledged = 0;
    for round in 0..rounds {
        let address = free_address();
        let running = Running::start(uri, address);
        let stop = AtomicBool::new(false);
        told = std::thread::scope(|scope| {
            let loaders: Vec<_> = told
                .into_iter()
                .map(|told| scope.spawn(|| load(address, basic, told, &stop)))
                .collect();
            // Not always at the same point of the server's life.
            std::thread::sleep(Duration::from_millis(60 + (round as u64 * 37) % 140));
            drop(running);
            stop.store(true, Ordering::SeqCst);
            loaders.into_iter().map(|loader| loader.join().expect("a loader ends")).collect()
        });
        let address = free_address();
        let _again = Running::start(uri, address);
        for told in &mut told {
            acknowledged += told.alive.len() + told.revoked.len() + told.spent.len();
            check(address, basic, told, round);
        }
    }
    let address = free_address();
    let _last = Running::start(uri, address);
    for told in &told {
        let mut wire = Wire::new(address);
        let body = format!(
            "grant_type=refresh_token&refresh_token={}",
            told.spent.first().expect("it was refreshed")
        );
        let (status, body) = wire.post("/oauth2/token", basic, &body).expect("an answer");
        assert_eq!(
            (status, member(&body, "error").as_deref()),
            (400, Some("invalid_grant")),
            "a spent token came back"
        );
    }
    acknowledged
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port")
}

/// Token, token, revocation, refresh, and so on until the server is dead.
fn load(address: SocketAddr, basic: &str, mut told: Told, stop: &AtomicBool) -> Told {
    let mut wire = Wire::new(address);
    while !stop.load(Ordering::SeqCst) {
        let Some((200, body)) = wire.post("/oauth2/token", basic, "grant_type=client_credentials")
        else {
            break;
        };
        told.alive.extend(member(&body, "access_token"));
        if told.alive.len().is_multiple_of(3) {
            let token = told.alive.swap_remove(told.alive.len() / 2);
            match wire.post("/oauth2/revoke", basic, &format!("token={token}")) {
                Some((200, _)) => told.revoked.push(token),
                // Nobody said whether it is revoked: either is right.
                _ => break,
            }
        }
        if told.alive.len().is_multiple_of(4) {
            let body = format!("grant_type=refresh_token&refresh_token={}", told.refresh);
            let Some((200, body)) = wire.post("/oauth2/token", basic, &body) else { break };
            let next = member(&body, "refresh_token").expect("a successor");
            told.spent.push(std::mem::replace(&mut told.refresh, next));
            told.alive.extend(member(&body, "access_token"));
        }
    }
    told
}

/// Every acknowledged answer still holds; then the lists begin anew, but for the refresh chain.
fn check(address: SocketAddr, basic: &str, told: &mut Told, round: usize) {
    let mut wire = Wire::new(address);
    let mut is_active = |token: &str| {
        let (status, body) =
            wire.post("/oauth2/introspect", basic, &format!("token={token}")).expect("an answer");
        assert_eq!(status, 200, "{body}");
        body.contains("\"active\":true")
    };
    for token in told.alive.drain(..) {
        assert!(is_active(&token), "round {round}: an acknowledged token is lost");
    }
    for token in told.revoked.drain(..) {
        assert!(!is_active(&token), "round {round}: a revoked token came back");
    }
    // The last answer may not have reached us; then this is the retry it is there for.
    let body = format!("grant_type=refresh_token&refresh_token={}", told.refresh);
    let (status, body) = wire.post("/oauth2/token", basic, &body).expect("an answer");
    assert_eq!(status, 200, "round {round}: an acknowledged rotation is lost: {body}");
    told.spent.push(std::mem::replace(
        &mut told.refresh,
        member(&body, "refresh_token").expect("a successor"),
    ));
    told.spent.truncate(1);
}
