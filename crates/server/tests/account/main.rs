//! The pages of a person as conversations through HTTP, one file a page.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test without its cast has failed")]

#[path = "../harness/mod.rs"]
mod harness;

mod cast;

mod consent;
mod forgotten;
mod login;
mod logout;
mod one_time_links;
mod overview;
mod password;
mod second_factor;
mod walls;
mod whereabouts;
