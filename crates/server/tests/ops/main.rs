//! The server as its operators see it: figures, deployment, rolling restarts.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test without its server has failed"
)]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../cli/machine.rs"]
#[expect(dead_code, reason = "the machine of the command line can do more than is needed here")]
mod machine;

mod metrics;
