//! Many rows in one statement: each column travels as one array.
//!
//! The text depends on the kinds of the columns only, not on the number of rows, so it stays
//! prepared. A column that is `Null` in every row has no kind and is written as `NULL`.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::ToSql;

use super::failure;
use crate::{Error, Value};

/// The rows, turned into columns.
pub(super) struct Insert<'v> {
    sql: String,
    arrays: Vec<Array<'v>>,
}

enum Array<'v> {
    Bools(Vec<Option<bool>>),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<&'v str>>),
    Bytes(Vec<Option<&'v [u8]>>),
}

impl<'v> Insert<'v> {
    pub(super) fn new(
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value<'v>>],
    ) -> Result<Insert<'v>, Error> {
        let mut arrays = Vec::with_capacity(columns.len());
        let (mut fields, mut names, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..columns.len() {
            let column: Vec<Value<'v>> =
                rows.iter().map(|row| row.get(index).copied().unwrap_or(Value::Null)).collect();
            let Some(array) = Array::of(&column)? else {
                fields.push("NULL".to_owned());
                continue;
            };
            fields.push(format!("c{index}"));
            names.push(format!("c{index}"));
            sources.push(format!("${}::{}[]", arrays.len() + 1, array.kind()));
            arrays.push(array);
        }
        let source = if arrays.is_empty() {
            format!("generate_series(1, {})", rows.len())
        } else {
            format!("unnest({}) AS given ({})", sources.join(", "), names.join(", "))
        };
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {source}",
            columns.join(", "),
            fields.join(", ")
        );
        Ok(Insert { sql, arrays })
    }

    pub(super) async fn run(&self, connection: &ClientWrapper) -> Result<u64, Error> {
        let explain = |error| failure::explain(&error);
        let statement = connection.prepare_cached(&self.sql).await.map_err(explain)?;
        let params: Vec<&(dyn ToSql + Sync)> = self.arrays.iter().map(Array::as_param).collect();
        connection.execute(&statement, &params).await.map_err(explain)
    }
}

impl<'v> Array<'v> {
    /// The array of a column; `None` when all of it is `Null`.
    fn of(column: &[Value<'v>]) -> Result<Option<Array<'v>>, Error> {
        let gather = |array: Option<Array<'v>>| {
            array
                .map(Some)
                .ok_or_else(|| Error::broken("the values of one column are of different kinds"))
        };
        match column.iter().find(|value| !matches!(value, Value::Null)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(_)) => gather(
                each(column, |value| if let Value::Bool(v) = value { Some(v) } else { None })
                    .map(Array::Bools),
            ),
            Some(Value::Int(_)) => gather(
                each(column, |value| if let Value::Int(v) = value { Some(v) } else { None })
                    .map(Array::Ints),
            ),
            Some(Value::Text(_)) => gather(
                each(column, |value| if let Value::Text(v) = value { Some(v) } else { None })
                    .map(Array::Texts),
            ),
            Some(Value::Bytes(_)) => gather(
                each(column, |value| if let Value::Bytes(v) = value { Some(v) } else { None })
                    .map(Array::Bytes),
            ),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Array::Bools(_) => "boolean",
            Array::Ints(_) => "bigint",
            Array::Texts(_) => "text",
            Array::Bytes(_) => "bytea",
        }
    }

    fn as_param(&self) -> &(dyn ToSql + Sync) {
        match self {
            Array::Bools(values) => values,
            Array::Ints(values) => values,
            Array::Texts(values) => values,
            Array::Bytes(values) => values,
        }
    }
}

/// Unwraps each value, keeping `Null` apart; `None` when one is of another kind.
fn each<'v, T>(
    column: &[Value<'v>],
    unwrap: impl Fn(Value<'v>) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    column
        .iter()
        .map(|value| match value {
            Value::Null => Some(None),
            value => unwrap(*value).map(Some),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_one_text_for_any_number_of_rows() {
        let rows = |count: i64| -> Vec<Vec<Value<'static>>> {
            (0..count).map(|id| vec![id.into(), Value::Null, "a".into()]).collect()
        };
        let columns = ["id", "team", "name"];
        let one = Insert::new("clients", &columns, &rows(1)).unwrap();
        assert_eq!(
            one.sql,
            "INSERT INTO clients (id, team, name) SELECT c0, NULL, c2 \
             FROM unnest($1::bigint[], $2::text[]) AS given (c0, c2)"
        );
        assert_eq!(one.sql, Insert::new("clients", &columns, &rows(9)).unwrap().sql);
    }

    #[test]
    fn refuses_a_column_of_two_kinds() {
        let rows = [vec![Value::Int(1)], vec![Value::Text("1")]];
        assert!(matches!(Insert::new("t", &["a"], &rows), Err(Error::Broken(_))));
    }
}
