//! A copy of a SQLite database while it is in use.
//!
//! `VACUUM INTO` reads one moment of the database and blocks nobody. The copy appears under its
//! name only when it is whole and on disk.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::connection::{self, Place};
use super::statement;
use crate::{Error, Value};

/// Writes the copy. Refuses to replace a file.
pub(super) fn write(place: &Place, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::Broken(format!("{} is there already", to.display())));
    }
    let part = part(to);
    let written =
        copy(place, &part).and_then(|()| publish(&part, to).map_err(|error| failed(&error)));
    if written.is_err() {
        // What is left of it is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}

fn part(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn copy(place: &Place, part: &Path) -> Result<(), Error> {
    connection::private_file(part).map_err(|error| failed(&error))?;
    let Some(target) = part.to_str() else {
        return Err(Error::Unsupported("the path of a backup must be UTF-8"));
    };
    let connection = connection::for_reading(place)?;
    statement::query(&connection, "VACUUM INTO $1", &[Value::Text(target)], 1).map(drop)
}

/// SQLite does not sync the copy by itself.
fn publish(part: &Path, to: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, to)?;
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn failed(error: &io::Error) -> Error {
    Error::Unavailable(format!("the backup can't be written: {error}"))
}
