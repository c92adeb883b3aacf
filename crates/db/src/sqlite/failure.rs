//! What a SQLite error means: its code and sentence become one of our [`Error`]s.

use rusqlite::{Connection, ErrorCode, OptionalExtension, ffi};

use crate::Error;

/// Names the error. The connection is asked for the table when only an index is named.
pub(super) fn explain(connection: &Connection, error: &rusqlite::Error) -> Error {
    let (code, sentence) = match error {
        rusqlite::Error::SqliteFailure(code, sentence) => (code, sentence.as_deref()),
        rusqlite::Error::SqlInputError { error: code, msg, .. } => (code, Some(msg.as_str())),
        other => return Error::broken(other),
    };
    let sentence = sentence.unwrap_or("no further word from SQLite");
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => return conflict(connection, sentence),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            return Error::Missing { detail: sentence.to_owned() };
        }
        _ => {}
    }
    if passes(code.code) { Error::unavailable(sentence) } else { Error::broken(sentence) }
}

/// Whether another process holds the lock that was wanted.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Errors of the machine and not of the program: they end without a new binary.
fn passes(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted
    )
}

/// Reads `UNIQUE constraint failed: clients.team_id, clients.name` or `…: index 'clients_x_key'`.
fn conflict(connection: &Connection, sentence: &str) -> Error {
    let named = sentence.rsplit_once(": ").map_or("", |(_, named)| named);
    if let Some(index) = named.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        return of_index(connection, index);
    }
    let last = named.rsplit_once(", ").map_or(named, |(_, last)| last);
    match last.split_once('.') {
        Some((table, column)) => {
            Error::Conflict { table: table.to_owned(), column: column.to_owned() }
        }
        None => Error::broken(sentence),
    }
}

fn of_index(connection: &Connection, index: &str) -> Error {
    let table = connection
        .query_row("SELECT tbl_name FROM sqlite_master WHERE name = ?1", [index], |row| {
            row.get::<_, String>(0)
        })
        .optional();
    match table {
        Ok(Some(table)) => {
            let column = crate::error::guarded(index, &table);
            Error::Conflict { column, table }
        }
        _ => Error::Broken(format!("the unique index {index} refused a row")),
    }
}
