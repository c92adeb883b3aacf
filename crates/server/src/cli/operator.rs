//! The operator's desk: an opened instance, and who sits there.
//!
//! Whoever can read the database and the master key needs no further right; what they do is
//! audited as `name@host`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::access::{Authority, May, Permission};
use domain::accounts::User;
use domain::{Actor, Call, Chance, Clock, Instance, Opening, Plain, Work};

use super::{Failure, log};
use crate::config::{Config, KeyFile, Mail, master_keys};
use crate::mail::{self, Delivery, Mailer, Wanted};
use crate::urls::Urls;
use crate::whereabouts::Whereabouts;

/// Where the operator's verbs are carried out.
pub struct Desk {
    /// The rules and the rows.
    pub instance: Arc<Instance>,
    mail: Option<Mail>,
    geoip_database: Option<PathBuf>,
    name: String,
}

impl Desk {
    /// Opens a database that is there already.
    ///
    /// # Errors
    /// A sentence: there is none, or key or issuer do not fit.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        if config.database.is_new() {
            let sentence = format!(
                "There is no database yet ({}). `mandate serve` makes one, and `mandate migrate`; or set MANDATE_DATABASE.",
                config.database
            );
            return Err(Failure::Refused(sentence));
        }
        let instance = open(config, KeyFile::Expect).await?;
        let (mail, geoip_database) = (config.mail.clone(), config.geoip_database.clone());
        Ok(Self { instance, mail, geoip_database, name: name() })
    }

    /// The desk at an instance that is open.
    pub fn at(instance: Arc<Instance>) -> Self {
        Self { instance, mail: None, geoip_database: None, name: name() }
    }

    /// The operator's call, now.
    ///
    /// # Errors
    /// When there are no random bytes for its id.
    pub fn call(&self) -> Result<Call, Failure> {
        Ok(Call {
            now: self.instance.clock().now(),
            actor: Actor::operator(self.name.as_str()),
            address: None,
            via: None,
            request_id: format!("cli-{}", self.instance.vault().random_text::<12>()?),
        })
    }

    /// The proof of a permission.
    ///
    /// # Errors
    /// None: the operator may do everything.
    pub fn may<P: Permission>(&self) -> Result<May<P>, Failure> {
        Ok(Authority::operator(self.name.as_str()).may()?)
    }

    /// Mails the one-time link of somebody to them, where mail is set up.
    pub async fn mail_link(&self, call: &Call, link: (&User, &Plain)) -> Delivery {
        let mailer = match self.mail.as_ref().map(Mailer::new).transpose() {
            Ok(mailer) => mailer,
            Err(sentence) => {
                tracing::warn!("{sentence}");
                return Delivery::Failed;
            }
        };
        let urls = Urls::new(self.instance.issuer());
        mail::deliver((mailer.as_ref(), &urls), call, link, Wanted::ByAdministrator).await
    }

    /// The database that knows where an address is, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn whereabouts(&self) -> Result<Option<Whereabouts>, Failure> {
        let path = self.geoip_database.as_deref();
        path.map(Whereabouts::open).transpose().map_err(Failure::refused)
    }

    /// Begins a unit of work.
    ///
    /// # Errors
    /// When the database cannot take writes now.
    pub async fn begin(&self) -> Result<Work, Failure> {
        Ok(self.instance.begin().await?)
    }

    /// Reads outside of any transaction.
    pub fn read(&self) -> Work {
        self.instance.read()
    }
}

/// Opens the instance that the settings name.
///
/// # Errors
/// A sentence: the database cannot be opened, or key or issuer do not fit.
pub async fn open(config: &Config, missing: KeyFile) -> Result<Arc<Instance>, Failure> {
    log::begin(config);
    Ok(Instance::open(opening(config, missing)?).await?)
}

/// Opens it on a standby of the database, which takes no writes.
///
/// # Errors
/// As [`open`]; the schema is not that of this version.
pub async fn open_standby(config: &Config, bound: Duration) -> Result<Arc<Instance>, Failure> {
    Ok(Instance::open_standby(opening(config, KeyFile::Expect)?, bound).await?)
}

fn opening(config: &Config, missing: KeyFile) -> Result<Opening, Failure> {
    Ok(Opening {
        database: config.database.uri().to_owned(),
        master_keys: master_keys(config, missing)?,
        issuer: config.issuer.clone(),
        policy: config.policy.clone(),
        clock: Clock::Machine,
        chance: Chance::System,
    })
}

/// `name@host`, as the machine knows them; what the environment says counts only where the
/// machine says nothing.
fn name() -> String {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = user().or_else(|| environment("USER")).unwrap_or_else(|| "operator".into());
    let host = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
    let host = host.or_else(|| environment("HOSTNAME")).unwrap_or_else(|| "localhost".into());
    format!("{user}@{host}")
}

#[cfg(unix)]
fn user() -> Option<String> {
    let id = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").ok()?).to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let named = named
        .filter(|parts| parts.get(2) == Some(&id.as_str()))
        .find_map(|parts| parts.first().copied());
    Some(named.map_or(id.clone(), str::to_owned))
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}
