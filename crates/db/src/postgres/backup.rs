//! A dump of a PostgreSQL database while it is in use, written by `pg_dump`.
//!
//! Its own tool knows every version of the server, reads one moment, and blocks nobody; a format of
//! ours would have to learn all of that. The password travels in the environment of that one
//! process, which only its user and root can read, and never in its arguments.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio_postgres::Config;

use crate::{Error, copy};

const ABSENT: Error = Error::Unsupported(
    "pg_dump is not on this machine; it comes with the client tools of PostgreSQL. Install those of \
     the server's version, or call pg_dump where they are",
);

/// Writes a dump in the custom format, for `pg_restore`. Refuses to replace a file.
pub(super) fn write(uri: &str, to: &Path) -> Result<(), Error> {
    let tool = tool().ok_or(ABSENT)?;
    let secret: Config = uri.parse().map_err(|_| Error::Unsupported("the URI can't be read"))?;
    copy::write_new(to, |part| {
        let mut dump = Command::new(&tool);
        dump.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
        dump.arg("--file").arg(part).arg("--dbname").arg(without_password(uri));
        if let Some(password) = secret.get_password() {
            dump.env("PGPASSWORD", std::ffi::OsStr::new(&*String::from_utf8_lossy(password)));
        }
        let ended = dump.stdin(Stdio::null()).stdout(Stdio::null()).output();
        let ended = ended.map_err(|error| {
            Error::Unavailable(format!("{} can't be started: {error}", tool.display()))
        })?;
        if ended.status.success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&ended.stderr);
        Err(Error::Unavailable(format!("pg_dump failed: {}", told.trim().replace('\n', " "))))
    })
}

/// `pg_dump` on the path, else where distributions put it, the newest first.
fn tool() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    let places = std::env::split_paths(&path).chain(versions.into_iter().rev());
    places.map(|place| place.join("pg_dump")).find(|tool| tool.is_file())
}

/// The URI with neither the password before the host nor one among the options.
fn without_password(uri: &str) -> String {
    let (place, options) = uri.split_once('?').unwrap_or((uri, ""));
    let (scheme, rest) = place.split_once("://").unwrap_or(("postgres", place));
    let place = match rest.rsplit_once('@') {
        Some((who, host)) => {
            format!("{scheme}://{}@{host}", who.split(':').next().unwrap_or_default())
        }
        None => place.to_owned(),
    };
    let kept: Vec<&str> = options
        .split('&')
        .filter(|option| !option.is_empty() && !option.starts_with("password="))
        .collect();
    if kept.is_empty() { place } else { format!("{place}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_hold_no_password() {
        for (uri, shown) in [
            ("postgres://ann:ti%40ger@db:5/m", "postgres://ann@db:5/m"),
            ("postgres://ann:ti@ger@db/m?sslmode=require", "postgres://ann@db/m?sslmode=require"),
            ("postgresql://db/m?user=ann&password=tiger", "postgresql://db/m?user=ann"),
            ("postgres:///m?host=%2Frun", "postgres:///m?host=%2Frun"),
        ] {
            assert_eq!(without_password(uri), shown);
        }
    }
}
