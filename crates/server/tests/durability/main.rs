//! What was acknowledged stays, and what cannot be done is refused, whatever happens to the process,
//! to the database, to its disk and to the network. The real binary, and real faults.
//!
//! `MANDATE_TEST_ROUNDS` sets the number of rounds of `kill -9` on each engine (20). What the machine
//! does not allow (network namespaces, mounts) is skipped aloud; `MANDATE_TEST_REQUIRE=netns,mounts`
//! makes that a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that has no answer has failed")]

#[path = "../harness/mod.rs"]
mod harness;
mod wire;

mod apart;
mod cluster;
mod disk;
mod kill;
mod locked;
mod running;
mod server_gone;
mod standby;

/// Says that this is skipped; fails where `MANDATE_TEST_REQUIRE` names it.
fn skipped(name: &str, why: &str) {
    let required = std::env::var("MANDATE_TEST_REQUIRE").unwrap_or_default();
    assert!(!required.contains(name), "MANDATE_TEST_REQUIRE asks for {name}: {why}");
    eprintln!("skipped for want of {name}: {why}");
}

/// May this process mount file systems and make network namespaces?
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
