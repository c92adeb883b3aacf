//! The house rules, so that the plan of ARCHITECTURE.md stays true.
//!
//! Checks of text and metadata alone: no server, no database, done in a moment. A rule that is
//! broken says where. Rules are changed for everybody or not at all; lists of exceptions only
//! shrink.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a rule that cannot read what it judges has failed"
)]
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "files of ours are named in lower case; any other spelling should not be taken for one"
)]

mod arrows;
mod client_rows;
mod events;
mod headers;
mod licences;
mod map;
mod migrations;
mod neighbours;
mod people_rows;
mod routes;
mod row_tables;
mod rows;
mod rust;
mod sizes;
mod tree;
mod walls;
mod words;

/// Fails with every line of `broken`, under the rule it breaks.
#[track_caller]
fn holds(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n{} broken:\n  {}\n", broken.len(), broken.join("\n  "));
}
