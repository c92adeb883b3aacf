//! R07: `kill -9` under load loses nothing that was acknowledged, and brings nothing back.
//!
//! Each round starts the binary, loads it on several connections with everything that is
//! acknowledged (token requests, revocations, rotations, the use of codes, changes of clients and
//! their audit records), kills it in the middle, starts it again and asks about every single answer
//! it gave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::Clock;

use crate::harness::{self, App, Browser, Server};
use crate::running::{Running, free_address};
use crate::wire::{Wire, member};

const LOADERS: usize = 6;
/// Codes that each connection may use in a round.
const CODES: usize = 3;

/// What one connection was told, and must still be true after the server died.
#[derive(Default)]
struct Told {
    /// The client that this connection changes.
    own: String,
    alive: Vec<String>,
    revoked: Vec<String>,
    refresh: String,
    spent: Vec<String>,
    /// Codes to use, and those that were used, with the token they gave.
    codes: Vec<String>,
    used: Vec<(String, String)>,
    /// The last change that was sent, and those that were acknowledged in this round.
    sent: u32,
    changed: Vec<u32>,
}

/// Whoever can make codes: the same database, in this process, while the binary is dead.
struct Maker {
    server: Arc<Server>,
    app: App,
    browser: Browser,
}

impl Maker {
    async fn prepared(server: Server) -> (Self, Vec<Told>) {
        let server = Arc::new(server);
        keep_time(&server);
        let draft = serde_json::json!({
            "client_id": "loaded", "client_name": "Loaded", "type": "custom",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "oauth_client:read"],
            "default_scopes": ["openid"],
        });
        let app = server.register(draft).await;
        let mut browser = server.browser();
        let mut told = Vec::new();
        for n in 0..LOADERS {
            let own = format!("own-{n}");
            let draft = serde_json::json!({
                "client_id": own, "client_name": own, "type": "service",
                "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
            });
            server.register(draft).await;
            let code = app.code_in(&mut browser, &[]).await;
            let refresh = app.redeem(&code).await.text("refresh_token");
            told.push(Told { own, refresh, ..Told::default() });
        }
        (Self { server, app, browser }, told)
    }

    async fn make_codes(&mut self, told: &mut [Told]) {
        keep_time(&self.server);
        for told in told {
            told.codes.clear();
            for _ in 0..CODES {
                told.codes.push(self.app.code_in(&mut self.browser, &[]).await);
            }
        }
    }
}

/// The clock of the harness stands; the binary's does not.
fn keep_time(server: &Server) {
    server.clock.step(Clock::Machine.now() - server.clock.now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r07_nothing_acknowledged_is_lost_and_nothing_ended_comes_back() {
    let rounds =
        std::env::var("MANDATE_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    for server in harness::servers().await {
        let engine = server.engine;
        let (maker, told) = Maker::prepared(server).await;
        let counted = survive(rounds, maker, told).await;
        println!("{engine}: {rounds} rounds, acknowledged and kept: {counted:?}");
        assert!(
            counted.iter().all(|(_, n)| *n >= rounds),
            "there was hardly any load: {counted:?}"
        );
    }
}

/// Waits until so many answers were given, which is never at the same point of the server's life.
fn wait_for(answers: &AtomicUsize, many: usize) {
    for _ in 0..20_000 {
        if answers.load(Ordering::SeqCst) >= many {
            return;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Acknowledged answers by kind.
type Counted = [(&'static str, usize); 5];

async fn survive(rounds: usize, mut maker: Maker, mut told: Vec<Told>) -> Counted {
    let (basic, admin) = (maker.app.basic(), maker.server.admin_client().basic());
    let verifier = maker.app.verifier.clone();
    let uri = maker.server.database_uri().to_owned();
    let voice = Voice { basic, admin, verifier };
    let mut counted =
        [("tokens", 0), ("revocations", 0), ("rotations", 0), ("codes", 0), ("changes", 0)];
    for round in 0..rounds {
        maker.make_codes(&mut told).await;
        tokio::task::block_in_place(|| {
            let running = Running::start(&uri, free_address());
            let (address, stop) = (running.address, AtomicBool::new(false));
            let answers = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for told in &mut told {
                    scope.spawn(|| voice.load(address, told, (&stop, &answers)));
                }
                wait_for(&answers, 40 + (round * 37) % 90);
                drop(running);
                stop.store(true, Ordering::SeqCst);
            });
            let again = Running::start(&uri, free_address());
            for told in &mut told {
                let of_round = [
                    told.alive.len(),
                    told.revoked.len(),
                    told.spent.len(),
                    told.used.len(),
                    told.changed.len(),
                ];
                for (sum, n) in counted.iter_mut().zip(of_round) {
                    sum.1 += n;
                }
                voice.check(again.address, told, round);
            }
        });
    }
    let last = Running::start(&uri, free_address());
    for told in &told {
        let spent = told.spent.first().expect("it was refreshed");
        let body = format!("grant_type=refresh_token&refresh_token={spent}");
        let answer = Wire::new(last.address).post("/oauth2/token", &voice.basic, &body);
        let (status, body) = answer.expect("an answer");
        let verdict = (status, member(&body, "error"));
        assert_eq!(verdict, (400, Some("invalid_grant".into())), "a spent token came back");
    }
    counted
}

/// Who speaks to the server: the client under load, and the Admin Client.
struct Voice {
    basic: String,
    admin: String,
    verifier: String,
}

impl Voice {
    /// Everything in turn, until the server is dead.
    fn load(
        &self,
        address: SocketAddr,
        told: &mut Told,
        (stop, answers): (&AtomicBool, &AtomicUsize),
    ) {
        let mut wire = Wire::new(address);
        let own = "grant_type=client_credentials";
        let bearer = wire.post("/oauth2/token", &self.admin, own);
        let Some((200, body)) = bearer else { return };
        let bearer = format!("Bearer {}", member(&body, "access_token").expect("a token"));
        for turn in 1.. {
            let is_told = match turn % 6 {
                _ if stop.load(Ordering::SeqCst) => None,
                1 => self.revoke(&mut wire, told),
                2 => self.refresh(&mut wire, told),
                3 => self.redeem(&mut wire, told),
                4 => change(&mut wire, &bearer, told),
                _ => self.take(&mut wire, told),
            };
            if is_told.is_none() {
                return;
            }
            answers.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn take(&self, wire: &mut Wire, told: &mut Told) -> Option<()> {
        let answer = wire.post("/oauth2/token", &self.basic, "grant_type=client_credentials");
        let (200, body) = answer? else { return None };
        told.alive.extend(member(&body, "access_token"));
        Some(())
    }

    /// When nobody says whether it is revoked, either is right: then it is on no list.
    fn revoke(&self, wire: &mut Wire, told: &mut Told) -> Option<()> {
        let Some(token) = told.alive.pop() else { return Some(()) };
        let answer = wire.post("/oauth2/revoke", &self.basic, &format!("token={token}"));
        let (200, _) = answer? else { return None };
        told.revoked.push(token);
        Some(())
    }

    fn refresh(&self, wire: &mut Wire, told: &mut Told) -> Option<()> {
        let body = format!("grant_type=refresh_token&refresh_token={}", told.refresh);
        let (200, body) = wire.post("/oauth2/token", &self.basic, &body)? else { return None };
        let next = member(&body, "refresh_token").expect("a successor");
        told.spent.push(std::mem::replace(&mut told.refresh, next));
        told.alive.extend(member(&body, "access_token"));
        Some(())
    }

    fn redeem(&self, wire: &mut Wire, told: &mut Told) -> Option<()> {
        let Some(code) = told.codes.pop() else { return Some(()) };
        let (200, body) = wire.post("/oauth2/token", &self.basic, &self.exchange(&code))? else {
            return None;
        };
        told.used.push((code, member(&body, "access_token").expect("a token")));
        Some(())
    }

    fn exchange(&self, code: &str) -> String {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "https://app.example/cb"),
            ("code_verifier", &self.verifier),
        ];
        harness::encode(&fields)
    }

    /// Every acknowledged answer still holds; then the lists begin anew, but for the refresh chain.
    fn check(&self, address: SocketAddr, told: &mut Told, round: usize) {
        let mut wire = Wire::new(address);
        for token in told.alive.drain(..) {
            assert!(self.is_active(&mut wire, &token), "round {round}: a token is lost");
        }
        for token in told.revoked.drain(..) {
            assert!(!self.is_active(&mut wire, &token), "round {round}: a revoked token came back");
        }
        for (code, token) in told.used.drain(..) {
            assert!(
                self.is_active(&mut wire, &token),
                "round {round}: the token of a code is lost"
            );
            let answer = wire.post("/oauth2/token", &self.basic, &self.exchange(&code));
            let (status, body) = answer.expect("an answer");
            let verdict = (status, member(&body, "error"));
            assert_eq!(
                verdict,
                (400, Some("invalid_grant".into())),
                "round {round}: a code came back"
            );
        }
        self.check_changes(&mut wire, told, round);
        // The last answer may not have reached us; then this is the retry it is there for.
        let body = format!("grant_type=refresh_token&refresh_token={}", told.refresh);
        let (status, body) = wire.post("/oauth2/token", &self.basic, &body).expect("an answer");
        assert_eq!(status, 200, "round {round}: an acknowledged rotation is lost: {body}");
        let next = member(&body, "refresh_token").expect("a successor");
        told.spent.push(std::mem::replace(&mut told.refresh, next));
        told.spent.truncate(1);
    }

    fn is_active(&self, wire: &mut Wire, token: &str) -> bool {
        let answer = wire.post("/oauth2/introspect", &self.basic, &format!("token={token}"));
        let (status, body) = answer.expect("an answer");
        assert_eq!(status, 200, "{body}");
        body.contains("\"active\":true")
    }

    /// The client is as it was changed last, and each change is in its audit trail.
    fn check_changes(&self, wire: &mut Wire, told: &mut Told, round: usize) {
        let Some(last) = told.changed.last().copied() else { return };
        let own = "grant_type=client_credentials";
        let (_, body) = wire.post("/oauth2/token", &self.admin, own).expect("an answer");
        let bearer = format!("Bearer {}", member(&body, "access_token").expect("a token"));
        let path = format!("/api/v1/clients/{}", told.own);
        let (_, body) = wire.send(("GET", &path), &bearer, ("", "")).expect("an answer");
        let description = member(&body, "description").expect("a description");
        let number = description.strip_prefix("change ").and_then(|n| n.parse().ok()).unwrap_or(0);
        assert!(
            (last..=told.sent).contains(&number),
            "round {round}: a change is lost: {number} < {last}"
        );
        let path = format!("{path}/audit-events?limit=100");
        let (status, trail) = wire.send(("GET", &path), &bearer, ("", "")).expect("an answer");
        assert_eq!(status, 200, "{trail}");
        for n in told.changed.drain(..) {
            let after = format!("\"change {n}\"");
            assert!(trail.contains(&after), "round {round}: an audit record is lost: {after}");
        }
    }
}

fn change(wire: &mut Wire, bearer: &str, told: &mut Told) -> Option<()> {
    told.sent += 1;
    let body = format!("{{\"description\":\"change {}\"}}", told.sent);
    let path = format!("/api/v1/clients/{}", told.own);
    let answer = wire.send(("PATCH", &path), bearer, ("application/json", &body));
    let (200, _) = answer? else { return None };
    told.changed.push(told.sent);
    Some(())
}

/// A server that was killed keeps its number until its lease ends, for nobody can be sure that it is
/// dead. Where all are kept, a start waits for the first and then serves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r07_a_start_waits_for_a_number_while_killed_servers_keep_them_all() {
    for server in harness::servers().await {
        let mut tx = server.database().await.begin().await.unwrap();
        for number in 0..128 {
            let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, 'killed', $2)";
            let (name, until) = (format!("node/{number}"), Clock::Machine.now() + 5);
            tx.execute(sql, db::params![name, until]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let uri = server.database_uri().to_owned();
        tokio::task::block_in_place(|| {
            let began = crate::running::now();
            let running = Running::start(&uri, free_address());
            let waited = began.elapsed();
            assert!(waited > Duration::from_secs(3), "{}: after {waited:?}", server.engine);
            let answer = Wire::new(running.address).get("/readyz");
            assert_eq!(answer.map(|(status, _)| status), Some(200));
        });
    }
}
