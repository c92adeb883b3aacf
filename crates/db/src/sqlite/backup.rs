//! A copy of a SQLite database while it is in use.
//!
//! `VACUUM INTO` reads one moment of the database and blocks nobody.

use std::path::Path;

use super::connection::{self, Place};
use super::statement;
use crate::{Error, Value, copy};

/// Writes the copy. Refuses to replace a file.
pub(super) fn write(place: &Place, to: &Path) -> Result<(), Error> {
    copy::write_new(to, |part| {
        let Some(target) = part.to_str() else {
            return Err(Error::Unsupported("the path of a backup must be UTF-8"));
        };
        let connection = connection::for_reading(place)?;
        statement::query(&connection, "VACUUM INTO $1", &[Value::Text(target)], 1).map(drop)
    })
}
