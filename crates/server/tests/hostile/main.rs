//! The server as somebody hostile or unlucky meets it: what changes midway, what lies on the wire,
//! what the machine refuses. Names say the refusal; `A01…R07` are the rows of the security
//! checklist.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test without its server has failed"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod clock;
mod midway;
mod once;
mod outage;
mod proxies;
mod rows;
mod slow;
mod strangers;
