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

#[path = "../durability/wire.rs"]
#[expect(dead_code, reason = "only what is needed of it")]
mod wire;

mod deploy;
mod metrics;
mod restore;
mod rolling;
mod secrets;
mod traces;
mod upgrade;
