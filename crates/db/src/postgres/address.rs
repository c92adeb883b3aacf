//! Reading a PostgreSQL URI: what tokio-postgres knows, and the TLS options it does not.
//!
//! Nothing read here ever shows the password.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::Error;

/// Where to connect, and whom to trust there.
pub(super) struct Address {
    pub(super) config: Config,
    /// Certificates that the server's must come from (`sslmode=verify-full`).
    pub(super) trust: Option<PathBuf>,
    /// For people: the URI without password and options.
    pub(super) name: String,
}

const UNREADABLE: Error = Error::Unsupported(
    "the PostgreSQL URI can't be read: it goes postgres://user:password@host:port/database",
);

impl Address {
    /// Takes `sslmode` `disable`, `prefer` (the default), `require` and `verify-full`; the last
    /// needs `sslrootcert`. As everywhere with PostgreSQL, only `verify-full` checks whose
    /// certificate it is.
    pub(super) fn parse(uri: &str) -> Result<Address, Error> {
        let (place, options) = uri.split_once('?').unwrap_or((uri, ""));
        let (mut mode, mut trust, mut rest) = ("prefer", None, Vec::new());
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", value)) => trust = Some(PathBuf::from(unescape(value)?)),
                _ => rest.push(option),
            }
        }
        let uri =
            if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        let mut config: Config = uri.parse().map_err(|_| UNREADABLE)?;
        let (mode, trust) = match (mode, trust) {
            ("disable", _) => (SslMode::Disable, None),
            ("prefer", _) => (SslMode::Prefer, None),
            ("require", _) => (SslMode::Require, None),
            ("verify-full", Some(trust)) => (SslMode::Require, Some(trust)),
            ("verify-full", None) => {
                return Err(Error::Unsupported(
                    "sslmode=verify-full needs sslrootcert, a file of PEM certificates",
                ));
            }
            _ => {
                return Err(Error::Unsupported(
                    "sslmode must be disable, prefer, require or verify-full",
                ));
            }
        };
        config.ssl_mode(if is_local(&config) { SslMode::Disable } else { mode });
        patience(&mut config);
        let name = name(&config);
        Ok(Address { config, trust, name })
    }
}

/// As with every PostgreSQL client there is no TLS on a socket of the same machine.
fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)))
}

/// A peer that went away without a word is noticed within a minute.
fn patience(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    config.keepalives_idle(Duration::from_secs(30));
    // What is sent and not confirmed: without this a cut network is noticed after a quarter of an hour.
    config.tcp_user_timeout(Duration::from_secs(10));
    if config.get_application_name().is_none() {
        config.application_name("mandate");
    }
}

fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => String::new(),
    };
    let port = config.get_ports().first().map_or(String::new(), |port| format!(":{port}"));
    let user = config.get_user().map_or(String::new(), |user| format!("{user}@"));
    format!("postgres://{user}{host}{port}/{}", config.get_dbname().unwrap_or_default())
}

/// Undoes percent-encoding.
fn unescape(text: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(UNREADABLE);
        };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| UNREADABLE)?);
    }
    String::from_utf8(bytes).map_err(|_| UNREADABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_place_without_the_password() {
        let cases = [
            ("postgres://ann:secret@db.test:6432/mandate", "postgres://ann@db.test:6432/mandate"),
            ("postgresql://db.test/mandate?sslmode=require", "postgres://db.test:5432/mandate"),
            ("postgres://ann@/mandate?host=%2Frun%2Fpg&port=5", "postgres://ann@/run/pg:5/mandate"),
        ];
        for (uri, name) in cases {
            assert_eq!(Address::parse(uri).unwrap().name, name, "{uri}");
        }
    }

    #[test]
    fn honours_sslmode() {
        let cases = [
            ("", SslMode::Prefer, None),
            ("?sslmode=disable", SslMode::Disable, None),
            ("?sslmode=prefer", SslMode::Prefer, None),
            ("?connect_timeout=3&sslmode=require", SslMode::Require, None),
            ("?sslmode=verify-full&sslrootcert=%2Fca.pem", SslMode::Require, Some("/ca.pem")),
        ];
        for (options, mode, trust) in cases {
            let address = Address::parse(&format!("postgres://db.test/mandate{options}")).unwrap();
            assert_eq!(address.config.get_ssl_mode(), mode, "{options}");
            assert_eq!(address.trust, trust.map(PathBuf::from), "{options}");
        }
        let local = Address::parse("postgres:///mandate?host=%2Frun").unwrap();
        assert_eq!(local.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn refuses_what_it_cannot_honour_without_showing_the_password() {
        for rest in [
            "db.test/mandate?sslmode=verify-full",
            "db.test/mandate?sslmode=verify-ca",
            "db.test/mandate?nonsense=1",
            "db.test:port/mandate",
            "db.test/mandate?sslmode=verify-full&sslrootcert=%2",
        ] {
            let refusal = Address::parse(&format!("postgres://ann:secret@{rest}")).err();
            assert!(matches!(refusal, Some(Error::Unsupported(_))), "{rest}: {refusal:?}");
            assert!(!format!("{refusal:?}").contains("secret"), "{rest}");
        }
    }
}
