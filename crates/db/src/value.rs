//! The five kinds of value that travel to and from a database, and how Rust types become one.
//!
//! Refuses to know floating point, dates and JSON: instants are seconds, JSON is text.

use std::fmt;

/// A parameter of a statement, or a cell of a row, borrowed.
///
/// Its `Debug` shows the kind and never the content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL `NULL`; fits a column of every type.
    Null,
    /// `BOOLEAN`.
    Bool(bool),
    /// `BIGINT` (and the narrower integers, if the number fits).
    Int(i64),
    /// `TEXT`. Must not contain a NUL character.
    Text(&'a str),
    /// `BYTEA`.
    Bytes(&'a [u8]),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Value::Null => "Null",
            Value::Bool(_) => "Bool(_)",
            Value::Int(_) => "Int(_)",
            Value::Text(_) => "Text(_)",
            Value::Bytes(_) => "Bytes(_)",
        })
    }
}

/// The same, owned.
enum Owned {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Owned {
    fn new(value: Value<'_>) -> Owned {
        match value {
            Value::Null => Owned::Null,
            Value::Bool(value) => Owned::Bool(value),
            Value::Int(value) => Owned::Int(value),
            Value::Text(text) => Owned::Text(text.to_owned()),
            Value::Bytes(bytes) => Owned::Bytes(bytes.to_owned()),
        }
    }

    fn borrow(&self) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Bool(value) => Value::Bool(*value),
            Owned::Int(value) => Value::Int(*value),
            Owned::Text(text) => Value::Text(text),
            Owned::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// A statement with its values, for a thread or a task other than the caller's.
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    params: Vec<Owned>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str, params: &[Value<'_>]) -> Statement {
        Statement { sql, params: params.iter().map(|value| Owned::new(*value)).collect() }
    }

    pub(crate) fn params(&self) -> Vec<Value<'_>> {
        self.params.iter().map(Owned::borrow).collect()
    }
}

/// A type that can be a parameter. Implement it, rather than `From`, for your own ids and enums:
/// then they, references to them and options of them all work in [`params!`](crate::params).
pub trait AsValue {
    /// This, as a value that borrows from it.
    fn as_value(&self) -> Value<'_>;
}

impl AsValue for Value<'_> {
    fn as_value(&self) -> Value<'_> {
        *self
    }
}

impl AsValue for bool {
    fn as_value(&self) -> Value<'_> {
        Value::Bool(*self)
    }
}

impl AsValue for i64 {
    fn as_value(&self) -> Value<'_> {
        Value::Int(*self)
    }
}

impl AsValue for i32 {
    fn as_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl AsValue for u32 {
    fn as_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl AsValue for str {
    fn as_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl AsValue for String {
    fn as_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl AsValue for [u8] {
    fn as_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl AsValue for Vec<u8> {
    fn as_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<const N: usize> AsValue for [u8; N] {
    fn as_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<T: AsValue> AsValue for Option<T> {
    fn as_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, AsValue::as_value)
    }
}

impl<T: AsValue + ?Sized> AsValue for &T {
    fn as_value(&self) -> Value<'_> {
        (**self).as_value()
    }
}

impl<'a, T: AsValue + ?Sized> From<&'a T> for Value<'a> {
    fn from(value: &'a T) -> Value<'a> {
        value.as_value()
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The parameters of a statement, in the order of `$1`, `$2`, …: `params![id, now, name.as_str()]`.
///
/// Each expression is borrowed and becomes a [`Value`], so owned locals, references and options
/// all do. A type of your own takes part by [`AsValue`].
#[macro_export]
macro_rules! params {
    () => { (&[] as &[$crate::Value<'_>]) };
    ($($value:expr),+ $(,)?) => {
        (&[$($crate::Value::from(&$value)),+] as &[$crate::Value<'_>])
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[Value<'_>]) -> Vec<String> {
        values
            .iter()
            .map(|value| match value {
                Value::Null => "null".to_owned(),
                Value::Bool(value) => value.to_string(),
                Value::Int(value) => value.to_string(),
                Value::Text(value) => format!("{value:?}"),
                Value::Bytes(value) => format!("{value:?}"),
            })
            .collect()
    }

    #[test]
    fn takes_owned_borrowed_and_optional_values() {
        let (text, bytes, number) = (String::from("a"), vec![1_u8], 7_i64);
        let (some, none): (Option<String>, Option<i64>) = (Some("b".into()), None);
        let borrowed: &String = &text;
        assert_eq!(
            seen(params![
                text,
                &text,
                borrowed,
                text.as_str(),
                "lit",
                some,
                some.as_deref(),
                none,
                number,
                &number,
                3,
                true,
                bytes,
                &bytes,
                bytes.as_slice(),
                [2_u8; 2],
                Value::Int(9),
                Some([1_u8, 2]),
                text.len().to_string(),
            ]),
            [
                "\"a\"", "\"a\"", "\"a\"", "\"a\"", "\"lit\"", "\"b\"", "\"b\"", "null", "7", "7",
                "3", "true", "[1]", "[1]", "[1]", "[2, 2]", "9", "[1, 2]", "\"1\"",
            ]
        );
        assert!(params![].is_empty());
    }

    #[test]
    fn converts_what_the_rows_of_insert_many_hold() {
        let (text, none) = (String::from("a"), None::<String>);
        let row: Vec<Value<'_>> = vec![
            1_i64.into(),
            (&text).into(),
            "b".into(),
            (&none).into(),
            Some("c").into(),
            None::<i64>.into(),
            false.into(),
            (&[1_u8, 2]).into(),
        ];
        assert_eq!(seen(&row), ["1", "\"a\"", "\"b\"", "null", "\"c\"", "null", "false", "[1, 2]"]);
    }

    #[test]
    fn takes_a_type_of_its_callers() {
        struct Id(i64);
        impl AsValue for Id {
            fn as_value(&self) -> Value<'_> {
                Value::Int(self.0)
            }
        }
        let (id, borrowed, some) = (Id(1), &Id(2), Some(Id(3)));
        let optional: Option<&Id> = some.as_ref();
        assert_eq!(
            seen(params![id, borrowed, some, optional, &optional]),
            ["1", "2", "3", "3", "3"]
        );
        assert_eq!(Value::from(&id), Value::Int(1));
    }

    #[test]
    fn never_shows_the_content() {
        assert_eq!(format!("{:?}", params!["secret", 7]), "[Text(_), Int(_)]");
    }
}
