//! The protocol as a conversation, one file an endpoint, on both engines.

#[path = "../harness/mod.rs"]
mod harness;

mod token;
