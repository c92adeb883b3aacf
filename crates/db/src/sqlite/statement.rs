//! Running one statement on a SQLite connection: binding, stepping, reading the rows.
//!
//! Refuses to know transactions: whoever calls this decides on which connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use super::failure;
use crate::row::{Cell, Row};
use crate::{Error, Value};

/// Runs a statement and returns its rows, `most` at most.
pub(super) fn query(
    connection: &Connection,
    sql: &str,
    params: &[Value<'_>],
    most: usize,
) -> Result<Vec<Row>, Error> {
    let mut statement = prepare(connection, sql)?;
    bind(&mut statement, params)?;
    collect(&mut statement, most).map_err(|stop| stop.explain(connection))
}

/// The same on a connection for reading: refuses a statement that would write.
pub(super) fn query_only(
    connection: &Connection,
    sql: &str,
    params: &[Value<'_>],
    most: usize,
) -> Result<Vec<Row>, Error> {
    let mut statement = prepare(connection, sql)?;
    if !statement.readonly() {
        return Err(Error::broken("a statement that writes needs a transaction"));
    }
    bind(&mut statement, params)?;
    collect(&mut statement, most).map_err(|stop| stop.explain(connection))
}

/// Runs a statement to its end and returns how many rows it touched.
pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    params: &[Value<'_>],
) -> Result<u64, Error> {
    let mut statement = prepare(connection, sql)?;
    bind(&mut statement, params)?;
    // `changes` keeps the count of the last INSERT, UPDATE or DELETE across other statements.
    let before = connection.total_changes();
    let mut rows = statement.raw_query();
    while rows.next().map_err(|error| failure::explain(connection, &error))?.is_some() {}
    drop(rows);
    Ok(if connection.total_changes() == before { 0 } else { connection.changes() })
}

/// Runs several statements that take no parameters.
pub(super) fn batch(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.execute_batch(sql).map_err(|error| failure::explain(connection, &error))
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
) -> Result<rusqlite::CachedStatement<'c>, Error> {
    connection.prepare_cached(sql).map_err(|error| failure::explain(connection, &error))
}

/// Binds by the digits of `$N`. To SQLite `$1` is a name, numbered by first appearance, so
/// binding by position would swap the values of `SET a = $2 WHERE id = $1`.
fn bind(statement: &mut Statement<'_>, params: &[Value<'_>]) -> Result<(), Error> {
    let count = statement.parameter_count();
    if count != params.len() {
        return Err(Error::Broken(format!(
            "the statement has {count} parameters but was given {}",
            params.len()
        )));
    }
    for position in 1..=count {
        let number = statement
            .parameter_name(position)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|digits| digits.parse::<usize>().ok());
        let Some(value) =
            number.and_then(|number| number.checked_sub(1)).and_then(|index| params.get(index))
        else {
            return Err(Error::broken("parameters must be written $1, $2, … without a gap"));
        };
        statement.raw_bind_parameter(position, value).map_err(Error::broken)?;
    }
    Ok(())
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// Why reading rows stopped: the engine failed, or a cell is of no kind of ours.
enum Stop {
    Engine(rusqlite::Error),
    Cell(&'static str),
}

impl Stop {
    fn explain(self, connection: &Connection) -> Error {
        match self {
            Stop::Engine(error) => failure::explain(connection, &error),
            Stop::Cell(reason) => Error::broken(reason),
        }
    }
}

fn collect(statement: &mut Statement<'_>, most: usize) -> Result<Vec<Row>, Stop> {
    let width = statement.column_count();
    let mut answer = Vec::new();
    let mut rows = statement.raw_query();
    while answer.len() < most {
        let Some(row) = rows.next().map_err(Stop::Engine)? else { break };
        let mut cells = Vec::with_capacity(width);
        for index in 0..width {
            cells.push(cell(row.get_ref(index).map_err(Stop::Engine)?)?);
        }
        answer.push(Row::new(cells));
    }
    Ok(answer)
}

fn cell(value: ValueRef<'_>) -> Result<Cell, Stop> {
    match value {
        ValueRef::Null => Ok(Cell::Null),
        ValueRef::Integer(value) => Ok(Cell::Int(value)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Cell::Text(text.to_owned())),
            Err(_) => Err(Stop::Cell("a text in the database is not UTF-8")),
        },
        ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes.to_owned())),
        ValueRef::Real(_) => Err(Stop::Cell("a floating-point number was read")),
    }
}
