//! The variable part of a statement: conditions and the values they name, collected one by one.
//!
//! Text from outside becomes a parameter, never SQL.

use db::Value;

/// Conditions joined by AND, and their parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    conditions: Vec<String>,
    values: Vec<Owned>,
}

#[derive(Debug, Clone)]
enum Owned {
    Text(String),
    Int(i64),
}

impl Statement {
    /// Adds a condition.
    pub fn and(&mut self, condition: &str) {
        self.conditions.push(condition.to_owned());
    }

    /// Adds a text; returns its `$N`.
    pub fn text(&mut self, text: String) -> String {
        self.values.push(Owned::Text(text));
        format!("${}", self.values.len())
    }

    /// Adds a number; returns its `$N`.
    pub fn int(&mut self, number: i64) -> String {
        self.values.push(Owned::Int(number));
        format!("${}", self.values.len())
    }

    /// Is nothing filtered?
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// ` WHERE …`, or nothing.
    pub fn conditions(&self) -> String {
        if self.conditions.is_empty() {
            return String::new();
        }
        format!(" WHERE {}", self.conditions.join(" AND "))
    }

    /// The parameters.
    pub fn values(&self) -> Vec<Value<'_>> {
        self.values
            .iter()
            .map(|owned| match owned {
                Owned::Text(text) => Value::Text(text),
                Owned::Int(number) => Value::Int(*number),
            })
            .collect()
    }
}
