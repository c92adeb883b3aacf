//! The console as conversations: an administrator, an auditor, a client manager, a stranger.
//! Names say the refusal; `A01…R07` are the rows of the security checklist.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that has no answer has failed")]

#[path = "../harness/mod.rs"]
mod harness;

mod audit;
mod cast;
mod ceiling;
mod create;
mod credentials;
mod endings;
mod guidance;
mod lifetimes;
mod list;
#[path = "../cli/machine.rs"]
#[expect(dead_code, reason = "a part of what the command line's own tests use")]
mod machine;
mod markup;
mod policies;
mod refusals;
mod roles;
mod scopes;
mod server_settings;
mod sessions;
mod settings;
mod teams;
mod trial;
mod undo;
mod users;
mod walls;
