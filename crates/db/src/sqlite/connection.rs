//! Opening SQLite connections: where the file is, and how each kind of connection is tuned.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failure;
use crate::{Error, copy};

/// How long opening waits for another process that holds the file.
const OPENING: Duration = Duration::from_secs(5);

/// Every commit is on disk before it is answered (`synchronous=FULL`). The log is cut back to
/// 64 MiB after a burst. 8 MiB of pages are kept, allocated as they are used.
const WRITING: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
    PRAGMA journal_size_limit = 67108864;
";

/// Readers see the file through a memory map and keep few pages of their own.
const READING: &str = "
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -1024;
    PRAGMA mmap_size = 1073741824;
";

/// Statements a connection keeps prepared.
const PREPARED: usize = 256;

/// Where the database file is.
#[derive(Clone, Debug)]
pub(super) struct Place(PathBuf);

impl Place {
    /// Reads the part of the URI after `sqlite:`, with or without `//` before an absolute path.
    pub(super) fn parse(rest: &str) -> Result<Place, Error> {
        let path = match rest.strip_prefix("//") {
            Some(absolute) if absolute.starts_with('/') => absolute,
            _ => rest,
        };
        if path.is_empty() || path.starts_with(':') {
            return Err(Error::Unsupported(
                "a SQLite URI must name a file, as in sqlite:mandate-data/mandate.db",
            ));
        }
        if path.contains('?') || path.contains('#') {
            return Err(Error::Unsupported("a SQLite URI takes no options"));
        }
        Ok(Place(PathBuf::from(path)))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

/// Makes the directory and the file, readable by their owner only, unless they are there. SQLite
/// gives its log files the mode of the file.
pub(super) fn create(place: &Place) -> Result<(), Error> {
    if let Some(directory) = place.0.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        private_directory(directory)
            .map_err(|error| cannot("the directory can't be made", directory, &error))?;
    }
    match copy::private_file(&place.0) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("the file can't be made", &place.0, &error)),
    }
}

fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The connection that writes. It never waits for a lock by itself once it is open: waiting is
/// done without blocking the thread.
pub(super) fn for_writing(place: &Place) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(place, flags, WRITING)?;
    // A file that may only be read is opened all the same, and would refuse the first write.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(Error::unavailable)? {
        let path = place.0.display();
        return Err(Error::Unavailable(format!("{path} can't be written: it is read-only")));
    }
    connection.busy_timeout(Duration::ZERO).map_err(Error::unavailable)?;
    Ok(connection)
}

/// A connection for one thread that reads.
pub(super) fn for_reading(place: &Place) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(place, flags, READING)
}

fn open(place: &Place, flags: OpenFlags, pragmas: &str) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(&place.0, flags).map_err(|error| {
        Error::Unavailable(format!("{} can't be opened: {error}", place.0.display()))
    })?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.busy_timeout(OPENING).and_then(|()| connection.execute_batch(pragmas)).map_err(
        |error| match failure::explain(&connection, &error) {
            Error::Unavailable(reason) => {
                Error::Unavailable(format!("{}: {reason}", place.0.display()))
            }
            other => Error::Broken(format!("{}: {other}", place.0.display())),
        },
    )?;
    Ok(connection)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{what}: {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_path_of_a_uri() {
        let cases = [
            ("mandate-data/mandate.db", "mandate-data/mandate.db"),
            ("/var/lib/mandate.db", "/var/lib/mandate.db"),
            ("///var/lib/mandate.db", "/var/lib/mandate.db"),
        ];
        for (rest, path) in cases {
            assert_eq!(Place::parse(rest).unwrap().path(), Path::new(path), "{rest}");
        }
    }

    #[test]
    fn refuses_memory_and_options() {
        for rest in ["", ":memory:", "a.db?mode=ro", "a.db#x"] {
            assert!(matches!(Place::parse(rest), Err(Error::Unsupported(_))), "{rest}");
        }
    }
}
