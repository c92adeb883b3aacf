//! What a PostgreSQL error means: its SQLSTATE becomes one of our [`Error`]s.

use std::error::Error as StdError;

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::{DbError, SqlState};

use crate::Error;

/// Said when a statement writes where only reading is allowed.
pub(super) const READ_ONLY: &str = "PostgreSQL allows only reading";

/// Names an error of a statement.
pub(super) fn explain(error: &tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(refusal) => of_server(refusal),
        // Everything the driver finds wrong by itself before sending has a source of its own
        // kind; what is left is a connection that broke.
        None if is_connection(error) => Error::Unavailable(sentence(error)),
        None => Error::Broken(sentence(error)),
    }
}

/// A commit that the server refused was rolled back; one that got no answer may have happened.
pub(super) fn of_commit(error: &tokio_postgres::Error) -> Error {
    match explain(error) {
        Error::Broken(reason) => Error::Unavailable(reason),
        other => other,
    }
}

/// No connection could be had.
pub(super) fn of_pool(error: &PoolError) -> Error {
    match error {
        PoolError::Timeout(_) => Error::unavailable("no connection was free in time"),
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            Error::Unavailable(sentence(error))
        }
        other => Error::unavailable(other),
    }
}

fn of_server(refusal: &DbError) -> Error {
    let code = refusal.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return conflict(refusal);
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return Error::Missing { detail: refusal.message().to_owned() };
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return Error::unavailable(READ_ONLY);
    }
    if passes(code.code()) {
        Error::unavailable(refusal.message())
    } else {
        Error::broken(refusal.message())
    }
}

/// Errors of the machine and not of the program: they end without a new binary.
fn passes(code: &str) -> bool {
    // Connection, resources, operator's intervention, system; then serialization failure,
    // deadlock, lock not available, and an idle transaction that was ended.
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        || ["40001", "40P01", "55P03", "25P03"].contains(&code)
}

fn conflict(refusal: &DbError) -> Error {
    let (Some(table), Some(constraint)) = (refusal.table(), refusal.constraint()) else {
        return Error::broken(refusal.message());
    };
    let column = match refusal.detail().and_then(last_column) {
        Some(column) => column.to_owned(),
        None if constraint.ends_with("_pkey") => "id".to_owned(),
        None => crate::error::guarded(constraint, table),
    };
    Error::Conflict { table: table.to_owned(), column }
}

/// The last column in `Key (team_id, name)=(1, a) already exists.`, whatever the language around
/// it. `None` for an expression, as in `Key (lower(name))=(a)`.
fn last_column(detail: &str) -> Option<&str> {
    let (_, key) = detail.split_once('(')?;
    let (columns, _) = key.split_once(")=(")?;
    let plain =
        |column: &str| column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let last = columns.rsplit(", ").next()?;
    columns.split(", ").all(plain).then_some(last)
}

fn is_connection(error: &tokio_postgres::Error) -> bool {
    error.is_closed()
        || error.source().is_some_and(<dyn StdError>::is::<std::io::Error>)
        || error.to_string().starts_with("timeout")
        || error.to_string().starts_with("error connecting")
}

/// The sentence with its causes. Drivers keep passwords out of both.
fn sentence(error: &tokio_postgres::Error) -> String {
    let mut sentence = match error.as_db_error() {
        Some(refusal) => return refusal.message().to_owned(),
        None => error.to_string(),
    };
    let mut source = error.source();
    while let Some(cause) = source {
        sentence.push_str(": ");
        sentence.push_str(&cause.to_string());
        source = cause.source();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_last_column_in_any_language() {
        let cases = [
            ("Key (id)=(1) already exists.", Some("id")),
            ("Key (team_id, name)=(1, a) already exists.", Some("name")),
            ("Schlüssel »(team_id, name)=(1, a, b)« existiert bereits.", Some("name")),
            ("Key (name)=(x)=(y) already exists.", Some("name")),
            ("Key (lower(name))=(a) already exists.", None),
            ("Key (team_id, lower(name))=(1, a) already exists.", None),
            ("", None),
        ];
        for (detail, column) in cases {
            assert_eq!(last_column(detail), column, "{detail}");
        }
    }

    #[test]
    fn knows_what_passes_by_itself() {
        for code in ["08006", "53100", "53300", "57014", "57P01", "58030", "40001", "40P01"] {
            assert!(passes(code), "{code}");
        }
        for code in ["42601", "23502", "22021", "42P01", "25P02"] {
            assert!(!passes(code), "{code}");
        }
    }
}
