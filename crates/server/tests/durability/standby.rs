//! A server on a standby of the database answers what tokens mean while the standby is fresh, never an
//! old truth, and nothing else.

use std::process::Command;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::running::{Outcome, Running, admin_basic, free_address, now};
use crate::wire::Wire;

fn started(with: &[(&str, &str)], uri: &str) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mandate"));
    command.arg("serve");
    Running::with(command, with, uri, free_address())
}

/// Waits until `is` so, and says how long that took.
fn within(limit: Duration, what: &str, mut is: impl FnMut() -> bool) -> Duration {
    let began = now();
    while !is() {
        assert!(began.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}

#[test]
fn a_standby_tells_what_tokens_mean_and_never_an_old_truth() {
    let Some(primary) = Cluster::make("primary", None) else { return };
    primary.start();
    let writer = started(&[("MANDATE_STANDBY_HEARTBEAT", "on")], &primary.uri());
    let Some(copy) = Cluster::standby_of(&primary, "standby") else { return };
    copy.start();
    let reader = started(&[("MANDATE_STANDBY", "3 s")], &copy.uri());
    let (mut here, mut there) = (writer.desk(), reader.desk());
    let Outcome::Done(token) = here.token() else { panic!("no token") };
    let Outcome::Done(other) = here.token() else { panic!("no token") };
    let soon = Duration::from_secs(10);
    within(soon, "the token is known", || there.is_active(&token) == Outcome::Done(true));

    // What it cannot do, it says, and whom to ask.
    let mut wire = Wire::new(reader.address);
    for (path, status) in [
        ("/healthz", 200),
        ("/oauth2/jwks", 200),
        ("/.well-known/oauth-authorization-server", 200),
        ("/console", 503),
        ("/api/v1/clients", 503),
        ("/oauth2/authorize", 503),
    ] {
        let (answered, body) = wire.get(path).expect("an answer");
        assert_eq!(answered, status, "{path}: {body}");
        assert!(status == 200 || body.contains("ask https://mandate.test"), "{path}: {body}");
    }
    assert_eq!(there.token(), Outcome::Later);
    let revoked = wire.post("/oauth2/revoke", &admin_basic(), &format!("token={token}"));
    assert_eq!(revoked.map(|(status, _)| status), Some(503));
    // A wrong secret is one, though nothing can count it there: Basic of `mandate-admin:wrong`.
    let wrong = "Basic bWFuZGF0ZS1hZG1pbjp3cm9uZw==";
    for _ in 0..8 {
        let answer = wire.post("/oauth2/introspect", wrong, &format!("token={token}"));
        assert_eq!(answer.map(|(status, _)| status), Some(401));
    }

    // The primary lies idle for longer than the bound: its heartbeat is enough.
    let began = now();
    while began.elapsed() < Duration::from_secs(5) {
        assert_eq!(there.is_active(&token), Outcome::Done(true), "idle");
        std::thread::sleep(Duration::from_millis(100));
    }

    // A revocation shows within the bound.
    assert_eq!(here.revoke(&token), Outcome::Done(()));
    let took = within(Duration::from_secs(3), "the revocation is known", || {
        there.is_active(&token) != Outcome::Done(true)
    });
    println!("a revocation showed after {took:?}");
    assert_eq!(there.is_active(&token), Outcome::Done(false));

    // A standby that stands still is asked no more once the bound is over, whatever it would say.
    copy.sql("SELECT pg_wal_replay_pause()");
    assert_eq!(here.revoke(&other), Outcome::Done(()));
    let began = now();
    let took = within(soon, "it notices", || there.is_active(&other) == Outcome::Later);
    assert!(took < Duration::from_secs(5), "{took:?}");
    while began.elapsed() < Duration::from_secs(6) {
        assert!(there.is_active(&other) != Outcome::Done(false), "it cannot know");
        if began.elapsed() > Duration::from_secs(4) {
            assert_eq!(there.is_active(&other), Outcome::Later, "an old truth");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(reader.becomes(503, soon), "and it is not ready");
    copy.sql("SELECT pg_wal_replay_resume()");
    within(soon, "it heals", || there.is_active(&other) == Outcome::Done(false));
    assert!(reader.becomes(200, soon));

    // The primary is gone: the standby answers for as long as its bound, and no longer.
    primary.kill();
    within(soon, "it notices", || there.is_active(&other) == Outcome::Later);
}
