//! Running one statement on a PostgreSQL connection: typing the values, reading the rows.
//!
//! Refuses to know transactions: whoever calls this decides on which connection.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::task::Poll;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::failure;
use crate::row::{Cell, Row};
use crate::value::Statement;
use crate::{Error, Value};

type Cause = Box<dyn StdError + Sync + Send>;

/// Runs a statement and returns its rows, `most` at most.
pub(super) async fn query(
    connection: &ClientWrapper,
    sql: &str,
    params: &[Value<'_>],
    most: usize,
) -> Result<Vec<Row>, Error> {
    let statement =
        connection.prepare_cached(sql).await.map_err(|error| failure::explain(&error))?;
    let rows = connection
        .query(&statement, &pointers(params))
        .await
        .map_err(|error| failure::explain(&error))?;
    rows.iter().take(most).map(row).collect()
}

/// Runs a statement and returns how many rows it touched.
pub(super) async fn execute(
    connection: &ClientWrapper,
    sql: &str,
    params: &[Value<'_>],
) -> Result<u64, Error> {
    let statement =
        connection.prepare_cached(sql).await.map_err(|error| failure::explain(&error))?;
    connection
        .execute(&statement, &pointers(params))
        .await
        .map_err(|error| failure::explain(&error))
}

/// Runs statements as one transaction, in one round trip: all is sent before the first is answered.
/// Where one fails, the server rolls back at the `COMMIT`, and its error is returned.
pub(super) async fn perform(
    connection: &ClientWrapper,
    statements: &[&Statement],
) -> Result<Vec<u64>, Error> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        let ready = connection.prepare_cached(statement.sql).await;
        prepared.push((ready.map_err(|error| failure::explain(&error))?, statement.params()));
    }
    let all = prepared.iter().map(|(statement, params)| async move {
        connection.execute(statement, &pointers(params)).await
    });
    // Polled in this order, and so sent in this order.
    let (begun, touched, committed) = tokio::join!(
        biased;
        connection.batch_execute("BEGIN READ WRITE"),
        in_order(all),
        connection.batch_execute("COMMIT"),
    );
    begun.map_err(Error::unavailable)?;
    let touched: Result<Vec<u64>, _> = touched.into_iter().collect();
    let touched = touched.map_err(|error| failure::explain(&error))?;
    committed.map_err(|error| failure::of_commit(&error))?;
    Ok(touched)
}

/// Waits for all. The first poll of each comes in their order.
async fn in_order<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in pending.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

fn pointers<'p>(params: &'p [Value<'p>]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    /// The type is the one the statement wants; an integer must fit into it.
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Cause> {
        let misfit = || Cause::from(format!("{self:?} does not fit {wanted}"));
        match (self, wanted) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Bool(value), &Type::BOOL) => value.to_sql(wanted, out),
            (Value::Int(value), &Type::INT8) => value.to_sql(wanted, out),
            (Value::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(wanted, out),
            (Value::Int(value), &Type::INT2) => i16::try_from(*value)?.to_sql(wanted, out),
            (Value::Text(value), _) if <&str as ToSql>::accepts(wanted) => {
                value.to_sql(wanted, out)
            }
            (Value::Bytes(value), &Type::BYTEA) => value.to_sql(wanted, out),
            _ => Err(misfit()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn row(row: &tokio_postgres::Row) -> Result<Row, Error> {
    let cells = (0..row.len())
        .map(|index| row.try_get::<_, Option<Cell>>(index).map(|cell| cell.unwrap_or(Cell::Null)))
        .collect::<Result<Vec<Cell>, _>>()
        .map_err(|error| failure::explain(&error))?;
    Ok(Row::new(cells))
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Cell, Cause> {
        Ok(match *kind {
            Type::BOOL => Cell::Bool(bool::from_sql(kind, raw)?),
            Type::INT8 => Cell::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Cell::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Cell::Int(i16::from_sql(kind, raw)?.into()),
            Type::BYTEA => Cell::Bytes(<&[u8]>::from_sql(kind, raw)?.to_owned()),
            _ => Cell::Text(String::from_sql(kind, raw)?),
        })
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::BOOL | Type::INT8 | Type::INT4 | Type::INT2 | Type::BYTEA)
            || <&str as FromSql>::accepts(kind)
    }
}
