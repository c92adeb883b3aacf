//! A row that was read, and how its cells become Rust types.
//!
//! Refuses to guess: a cell of another kind than asked for is [`Error::Broken`], never a default.

use crate::{Error, Value};

/// A cell, owned by its row.
#[derive(Clone)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row of an answer. Has no `Debug`: a row may hold what a log must not.
#[derive(Clone)]
pub struct Row {
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Row {
        Row { cells }
    }

    /// The cell at `index`, counted from 0.
    ///
    /// Fails as [`Error::Broken`] when there is no such cell or it is of another kind. SQLite
    /// keeps booleans as 0 and 1, so `bool` accepts these integers.
    pub fn get<T: FromCell>(&self, index: usize) -> Result<T, Error> {
        let value = self.value(index)?;
        T::from_cell(value).ok_or_else(|| {
            Error::Broken(format!(
                "column {index} holds {value:?}, which is no {}",
                std::any::type_name::<T>()
            ))
        })
    }

    /// The cell at `index`, counted from 0, borrowed from the row.
    pub fn value(&self, index: usize) -> Result<Value<'_>, Error> {
        match self.cells.get(index) {
            Some(Cell::Null) => Ok(Value::Null),
            Some(Cell::Bool(value)) => Ok(Value::Bool(*value)),
            Some(Cell::Int(value)) => Ok(Value::Int(*value)),
            Some(Cell::Text(value)) => Ok(Value::Text(value)),
            Some(Cell::Bytes(value)) => Ok(Value::Bytes(value)),
            None => Err(Error::Broken(format!(
                "there is no column {index}: the row has {}",
                self.cells.len()
            ))),
        }
    }
}

/// A type that a cell can become. Implement it for your own ids and enums to read them by
/// [`Row::get`].
pub trait FromCell: Sized {
    /// The value as this type; `None` when it is of another kind.
    fn from_cell(value: Value<'_>) -> Option<Self>;
}

impl FromCell for bool {
    fn from_cell(value: Value<'_>) -> Option<bool> {
        match value {
            Value::Bool(value) => Some(value),
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl FromCell for i64 {
    fn from_cell(value: Value<'_>) -> Option<i64> {
        match value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }
}

impl FromCell for u32 {
    fn from_cell(value: Value<'_>) -> Option<u32> {
        i64::from_cell(value)?.try_into().ok()
    }
}

impl FromCell for String {
    fn from_cell(value: Value<'_>) -> Option<String> {
        match value {
            Value::Text(value) => Some(value.to_owned()),
            _ => None,
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(value: Value<'_>) -> Option<Vec<u8>> {
        match value {
            Value::Bytes(value) => Some(value.to_owned()),
            _ => None,
        }
    }
}

impl<const N: usize> FromCell for [u8; N] {
    fn from_cell(value: Value<'_>) -> Option<[u8; N]> {
        match value {
            Value::Bytes(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(value: Value<'_>) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            value => T::from_cell(value).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row::new(vec![
            Cell::Int(1),
            Cell::Text("a".into()),
            Cell::Bytes(vec![1, 2]),
            Cell::Bool(true),
            Cell::Null,
            Cell::Int(-5),
        ])
    }

    #[test]
    fn gives_each_kind_as_its_type() {
        let row = row();
        assert_eq!(row.get::<i64>(0), Ok(1));
        assert_eq!(row.get::<u32>(0), Ok(1));
        assert_eq!(row.get::<bool>(0), Ok(true));
        assert_eq!(row.get::<String>(1), Ok("a".into()));
        assert_eq!(row.get::<Vec<u8>>(2), Ok(vec![1, 2]));
        assert_eq!(row.get::<[u8; 2]>(2), Ok([1, 2]));
        assert_eq!(row.get::<bool>(3), Ok(true));
        assert_eq!(row.get::<Option<i64>>(4), Ok(None));
        assert_eq!(row.get::<Option<i64>>(5), Ok(Some(-5)));
    }

    #[test]
    fn refuses_another_kind_and_a_missing_column() {
        let row = row();
        let refusals = [
            row.get::<String>(0).err(),
            row.get::<i64>(1).err(),
            row.get::<[u8; 3]>(2).err(),
            row.get::<i64>(3).err(),
            row.get::<String>(4).err(),
            row.get::<bool>(5).err(),
            row.get::<u32>(5).err(),
            row.get::<Option<String>>(5).err(),
            row.get::<i64>(6).err(),
        ];
        for refusal in refusals {
            assert!(matches!(refusal, Some(Error::Broken(_))), "{refusal:?}");
        }
    }
}
