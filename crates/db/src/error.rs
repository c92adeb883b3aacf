//! What can go wrong, in words that fit both engines.
//!
//! Refuses to know HTTP statuses and form fields: the caller maps each kind once.

/// Why a statement, a commit or the opening of a database failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A unique constraint refused the row. Names the table and the last column of the
    /// constraint, as in `{table}_{column}_key`.
    #[error("{table}.{column} is taken")]
    Conflict {
        /// Table of the constraint.
        table: String,
        /// Its last column, or the middle of its name if it guards an expression.
        column: String,
    },
    /// A foreign key refused the change: the row it points to is not there, or is still needed.
    #[error("a row that this one belongs to is missing or still in use: {detail}")]
    Missing {
        /// What the engine says of it. For the log only: SQLite does not name the constraint.
        detail: String,
    },
    /// The database can't serve this now: busy, locked, full, read-only, connection lost, no
    /// connection free in time. Nothing is acknowledged; trying again later is right.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database was migrated by a newer binary than this one.
    #[error("the database is at migration {database}, this binary knows only {binary}")]
    Newer {
        /// Highest migration in the database.
        database: u32,
        /// Highest migration this binary knows.
        binary: u32,
    },
    /// This engine does not offer what was asked for, or the URI can't be understood.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A mistake in the program or a damaged database.
    #[error("the database refused: {0}")]
    Broken(String),
}

impl Error {
    pub(crate) fn broken(reason: impl std::fmt::Display) -> Error {
        Error::Broken(reason.to_string())
    }

    pub(crate) fn unavailable(reason: impl std::fmt::Display) -> Error {
        Error::Unavailable(reason.to_string())
    }
}

/// What a unique constraint guards, from its name: `clients_name_key` on `clients` guards `name`.
pub(crate) fn guarded(constraint: &str, table: &str) -> String {
    let rest = constraint.strip_prefix(table).unwrap_or(constraint);
    let rest = rest.strip_prefix('_').unwrap_or(rest);
    rest.strip_suffix("_key").unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_constraint_guards_from_its_name() {
        let cases = [
            ("clients_name_key", "clients", "name"),
            ("oauth_clients_team_id_key", "oauth_clients", "team_id"),
            ("clients_lower_name_key", "clients", "lower_name"),
            ("odd", "clients", "odd"),
        ];
        for (constraint, table, column) in cases {
            assert_eq!(guarded(constraint, table), column, "{constraint}");
        }
    }
}
