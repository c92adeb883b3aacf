//! Faults: what went wrong that is nobody's mistake at the other end.
//!
//! A fault never explains itself to the caller; the door logs it under the request id.

/// A request could not be carried out, through no fault of the caller.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// The database cannot serve now; the same request may succeed later (503).
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A unique value is taken. Rules map it to the field it belongs to.
    #[error("{table}.{column} is taken")]
    Conflict {
        /// The table whose constraint refused.
        table: String,
        /// The column that has to be unique.
        column: String,
    },
    /// A row that this one belongs to went away a moment ago, or came to be needed (409, or 503 where
    /// the caller cannot know of it: the next try is refused, or served, for a reason it can read).
    #[error("something this depends on changed meanwhile: {0}")]
    Gone(String),
    /// A bug, or a damaged store (500).
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    /// May the same request succeed later?
    pub fn may_heal(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Gone(_))
    }

    /// Is this the unique constraint of `table` on `column`?
    pub fn is_conflict(&self, on_table: &str, on_column: &str) -> bool {
        matches!(self, Self::Conflict { table, column } if table == on_table && column == on_column)
    }
}

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Conflict { table, column } => Self::Conflict { table, column },
            db::Error::Unavailable(why) => Self::Unavailable(why),
            db::Error::Missing { detail } => Self::Gone(detail),
            other => Self::Broken(other.to_string()),
        }
    }
}
