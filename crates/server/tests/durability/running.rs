//! The binary as a process, ended by `kill -9`, and the simplest client of it.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness;
use crate::wire::{Wire, member};

/// The secret of the Admin Client, where the binary makes the database.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A free address on loopback.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port")
}

/// The binary, ended by `kill -9`.
pub struct Running {
    pub child: Child,
    pub address: SocketAddr,
}

impl Running {
    pub fn start(uri: &str, address: SocketAddr) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mandate"));
        command.arg("serve");
        Self::of(command, uri, address)
    }

    /// The binary as this command starts it.
    pub fn of(command: Command, uri: &str, address: SocketAddr) -> Self {
        Self::with(command, &[], uri, address)
    }

    /// The same with more settings.
    pub fn with(
        mut command: Command,
        settings: &[(&str, &str)],
        uri: &str,
        address: SocketAddr,
    ) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let child = command
            .env_clear()
            .env("PATH", path)
            .env("MANDATE_DATABASE", uri)
            .env("MANDATE_LISTEN", address.to_string())
            .env("MANDATE_ISSUER", harness::ISSUER)
            .env("MANDATE_MASTER_KEY", harness::master_key())
            .env("MANDATE_BOOTSTRAP_CLIENT_SECRET", SECRET)
            .env("MANDATE_LOG", "off")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let running = Self { child, address };
        // Where many were killed, a start waits until the first of their numbers is free.
        assert!(running.becomes(200, Duration::from_secs(150)), "the server did not become ready");
        running
    }

    /// Does `/readyz` answer so within this time?
    pub fn becomes(&self, status: u16, within: Duration) -> bool {
        let (mut wire, began) = (Wire::new(self.address), now());
        while began.elapsed() < within {
            if wire.get("/readyz").is_some_and(|(answered, _)| answered == status) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub fn desk(&self) -> Desk {
        Desk { wire: Wire::new(self.address), basic: admin_basic() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }
}

/// How long a fault may last is measured on the machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the processes under test run on the machine's clock"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// The Basic header of the Admin Client.
pub fn admin_basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("mandate-admin:{SECRET}")))
}

/// The Admin Client on one connection.
pub struct Desk {
    wire: Wire,
    basic: String,
}

/// What became of a request that may be refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    Done(T),
    /// 503 with `Retry-After`.
    Later,
    /// No whole answer.
    Silence,
}

impl Desk {
    /// A token; any answer but a token or an orderly refusal fails the test.
    pub fn token(&mut self) -> Outcome<String> {
        let answer = self.wire.post("/oauth2/token", &self.basic, "grant_type=client_credentials");
        self.judged(answer, |body| member(body, "access_token").expect("a token"))
    }

    pub fn revoke(&mut self, token: &str) -> Outcome<()> {
        let answer = self.wire.post("/oauth2/revoke", &self.basic, &format!("token={token}"));
        self.judged(answer, |_| ())
    }

    /// Is the token alive?
    pub fn is_active(&mut self, token: &str) -> Outcome<bool> {
        let answer = self.wire.post("/oauth2/introspect", &self.basic, &format!("token={token}"));
        self.judged(answer, |body| body.contains("\"active\":true"))
    }

    fn judged<T>(&self, answer: Option<(u16, String)>, read: impl FnOnce(&str) -> T) -> Outcome<T> {
        match answer {
            Some((200, body)) => Outcome::Done(read(&body)),
            Some((503, body)) => {
                assert!(self.wire.retry_after.is_some(), "503 without Retry-After: {body}");
                Outcome::Later
            }
            None => Outcome::Silence,
            Some(other) => panic!("neither done nor refused in order: {other:?}"),
        }
    }

    /// Waits until tokens are given again.
    pub fn heals(&mut self, within: Duration) {
        let began = now();
        while !matches!(self.token(), Outcome::Done(_)) {
            assert!(began.elapsed() < within, "it does not heal by itself");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything that was acknowledged is there.
    pub fn knows(&mut self, tokens: &[String]) {
        assert!(!tokens.is_empty(), "nothing was acknowledged");
        for token in tokens {
            assert_eq!(self.is_active(token), Outcome::Done(true), "an acknowledged token is lost");
        }
    }
}
