//! The built binary, as an operator and a script use it: a directory, some variables, words.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot have its machine has failed"
)]

mod catalogue;
mod clients;
mod https;
mod machine;
mod mail;
mod nginx;
mod outfit;
mod people;
mod rights;
mod serving;
mod store;
