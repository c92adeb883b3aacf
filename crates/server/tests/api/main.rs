//! The management API as a conversation, one file a noun, on both engines.
//!
//! Every answer of every test is held against the published document (`document`).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test whose answer is not there has failed"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod audit_events;
mod audit_overview;
mod ceiling;
mod client_secrets;
mod clients;
mod context_user;
mod document;
mod guard;
mod hostile;
mod mail;
mod oversight;
mod own_secrets;
mod places;
mod rights;
mod risk_limits;
mod roles;
mod rows;
mod schema;
mod second_factors;
mod sign_in_policies;
mod talk;
mod trail;
mod trusted_ips;
mod users;
