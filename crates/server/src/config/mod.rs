//! What the operator decided: read once, at the start, from the environment and `mandate.toml`.
//!
//! One table of settings (`table`) makes the readers (`sources`) and the manual (`document`); the
//! values are judged in `check`. All mistakes are told at once. Knows nothing of what the settings
//! do to the rules.

mod address;
mod check;
mod database;
mod document;
mod issuer;
mod mail;
mod master_key;
mod sources;
mod table;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use domain::{Plain, Policy};
use ipnet::IpNet;

use crate::foundation::Bootstrap;

pub use database::Database;
pub use document::markdown;
pub use mail::Mail;
pub use master_key::{KeyFile, master_keys};
pub use sources::Sources;
pub use table::{SETTINGS, Setting, Shape};

/// Every setting, judged. Secrets have no `Debug`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses to answer on, without repetition.
    pub listen: Vec<SocketAddr>,
    /// The public URL, byte for byte.
    pub issuer: String,
    /// Where everything is kept.
    pub database: Database,
    /// The master keys as given, known to be well formed; none: the file beside the database.
    pub master_key: Option<Plain>,
    /// What is brought for the first start.
    pub bootstrap: Bootstrap,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What the rules are told.
    pub policy: Policy,
    /// Serve https itself.
    pub tls: Option<Tls>,
    /// How mail is sent, where it is.
    pub mail: Option<Mail>,
    /// The database that knows where an address is.
    pub geoip_database: Option<PathBuf>,
    /// Where `/metrics` is.
    pub metrics_listen: Option<SocketAddr>,
    /// Where spans go.
    pub otel_endpoint: Option<Uri>,
    /// How long requests are still taken after the end was announced.
    pub drain_delay: Duration,
    /// How old what a standby of the database shows may be, where this server reads one.
    pub standby: Option<Duration>,
    /// Is something written every second, so that standbys know how fresh they are?
    pub standby_heartbeat: bool,
    /// Which log lines are written.
    pub log: String,
    /// How they are written.
    pub log_format: LogFormat,
    /// The file of settings, where a secret stands in it.
    pub secret_file: Option<PathBuf>,
}

/// Certificate and key, both PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Who reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines.
    Json,
}

impl Config {
    /// Reads and judges every setting.
    ///
    /// # Errors
    /// Every mistake, a sentence each.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let values = sources::Values::read(sources, &mut mistakes);
        let config = check::judged(&values, &mut mistakes);
        config.filter(|_| mistakes.0.is_empty()).ok_or(mistakes)
    }

    /// The port of an issuer on a loopback host, which nothing but this server can answer.
    pub fn loopback_port(&self) -> Option<u16> {
        issuer::loopback_port(&self.issuer)
    }
}

/// What is wrong with the settings: where, and a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    pub(super) fn add(&mut self, place: &impl fmt::Display, sentence: &str) {
        self.0.push(format!("{place}: {sentence}"));
    }
}

impl From<String> for Mistakes {
    fn from(sentence: String) -> Self {
        Self(vec![sentence])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Mistakes {}
