//! Where everything is kept, as far as the operator has to know: engine, place, never a password.

use std::fmt;
use std::path::{Path, PathBuf};

use domain::Plain;

/// A database URI that names an engine we have.
#[derive(Clone)]
pub struct Database {
    uri: Plain,
    place: Place,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Server(String),
}

impl Database {
    /// The URI of a database in a file of its own.
    pub fn file_uri(path: &Path) -> String {
        format!("sqlite:{}", path.display())
    }

    /// Reads the URI. Whether there is anything at its end is found out by opening it.
    ///
    /// # Errors
    /// A sentence that does not repeat it.
    pub fn parse(uri: &str) -> Result<Self, String> {
        let of = |place| Ok(Self { uri: Plain::new(uri), place });
        if let Some(path) = uri.strip_prefix("sqlite:") {
            let path = if path.starts_with("///") { &path[2..] } else { path };
            if path.is_empty() || path.starts_with(':') || path.contains(['?', '#']) {
                return Err(
                    "A file is needed, as in sqlite:mandate-data/mandate.db, without options."
                        .into(),
                );
            }
            return of(Place::File(path.into()));
        }
        let rest = uri.strip_prefix("postgres://").or_else(|| uri.strip_prefix("postgresql://"));
        let Some(rest) = rest else {
            return Err(
                "It has to begin with sqlite: or postgres://; that picks the engine.".into()
            );
        };
        of(Place::Server(without_password(rest)))
    }

    /// The URI, for opening it.
    pub fn uri(&self) -> &str {
        self.uri.reveal()
    }

    /// The engine, for people.
    pub fn engine(&self) -> &'static str {
        match self.place {
            Place::File(_) => "SQLite",
            Place::Server(_) => "PostgreSQL",
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Server(_) => None,
        }
    }

    /// Is there nothing yet? A server is never taken for empty.
    pub fn is_new(&self) -> bool {
        self.file().is_some_and(|path| std::fs::metadata(path).map_or(true, |file| file.len() == 0))
    }
}

/// User, host and name: what stands before the options and is no password.
fn without_password(rest: &str) -> String {
    let place = rest.split(['?', '#']).next().unwrap_or_default();
    // The last @, because a password that nobody escaped may hold one.
    let Some((who, whereabouts)) = place.rsplit_once('@') else { return place.to_owned() };
    let user = who.split(':').next().unwrap_or_default();
    format!("{user}@{whereabouts}")
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => write!(f, "SQLite, {}", path.display()),
            Place::Server(place) => write!(f, "PostgreSQL, {place}"),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place_and_never_the_password() {
        for (uri, shown) in [
            ("sqlite:mandate-data/mandate.db", "SQLite, mandate-data/mandate.db"),
            ("sqlite:///var/lib/mandate.db", "SQLite, /var/lib/mandate.db"),
            ("postgres://ann:tiger@db.test:6432/mandate", "PostgreSQL, ann@db.test:6432/mandate"),
            ("postgres://ann:ti@ger@db.test/mandate", "PostgreSQL, ann@db.test/mandate"),
            ("postgresql://db.test/mandate?password=tiger", "PostgreSQL, db.test/mandate"),
            ("postgres:///mandate?host=%2Frun", "PostgreSQL, /mandate"),
        ] {
            let database = Database::parse(uri).unwrap();
            assert_eq!(database.to_string(), shown, "{uri}");
            assert_eq!(database.uri(), uri);
            assert!(!format!("{database:?}").contains("tiger"));
        }
    }

    #[test]
    fn refuses_what_no_engine_opens_without_repeating_it() {
        for uri in [
            "",
            "mysql://a:tiger@b/c",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:tiger?mode=ro",
            "/tmp/tiger.db",
        ] {
            let sentence = Database::parse(uri).unwrap_err();
            assert!(!sentence.contains("tiger"), "{sentence}");
        }
    }
}
