//! One instance of Mandate: one issuer, one database, one set of master keys.
//!
//! The composition root of this crate. It owns what outlives a request (the database, the vault,
//! the id generator, the caches that prove themselves current) and opens units of work. It holds
//! no rule.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::id::Ids;
use crate::{
    Chance, Clock, Fault, MasterKeys, Vault, Work, access, accounts, audit, clients, keys,
    migrations, node, refusals, sessions, settings, tokens,
};

/// What an instance is opened with.
pub struct Opening {
    /// Where the rows are: a URI that alone picks the engine.
    pub database: String,
    /// The master keys, newest first.
    pub master_keys: MasterKeys,
    /// The public URL, byte for byte the `issuer`.
    pub issuer: String,
    /// What the operator's configuration allows.
    pub policy: Policy,
    /// Where instants come from.
    pub clock: Clock,
    /// Where random bytes come from.
    pub chance: Chance,
}

/// What the operator's configuration allows; changed only by a restart.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Policy {
    /// May clients hold the resource owner password grant?
    pub legacy_password: bool,
    /// May clients hold the implicit grant?
    pub legacy_implicit: bool,
    /// Are the paths and shapes of Reltio served?
    pub profile_reltio: bool,
    /// Are the paths and shapes of Relativity served?
    pub profile_relativity: bool,
    /// Full access with an access token lifetime above this many seconds must be confirmed.
    pub high_risk_lifetime: i64,
    /// Seconds after which a browser session ends, used or not.
    pub session_lifetime: i64,
    /// Seconds without a request after which a browser session ends.
    pub session_idle_lifetime: i64,
    /// May a client make itself another secret by one of its own?
    pub self_rotation: bool,
    /// Risks that no client may newly have, nor keep when it is changed.
    pub risk_limits: Vec<clients::risk::Reason>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            legacy_password: false,
            legacy_implicit: false,
            profile_reltio: false,
            profile_relativity: false,
            high_risk_lifetime: 3600,
            session_lifetime: 12 * 3600,
            session_idle_lifetime: 2 * 3600,
            self_rotation: true,
            risk_limits: Vec::new(),
        }
    }
}

/// One running instance.
pub struct Instance {
    pub(crate) db: db::Db,
    pub(crate) vault: Vault,
    pub(crate) ids: Ids,
    held: Mutex<Option<node::Held>>,
    pub(crate) chance: Chance,
    pub(crate) client_cache: clients::Cache,
    pub(crate) role_cache: access::RoleCache,
    pub(crate) sealer: audit::Sealer,
    pub(crate) signing_keys: keys::Cache,
    pub(crate) passwords: accounts::HashingPool,
    pub(crate) pending_refusals: refusals::Pending,
    pub(crate) token_marks: tokens::Marks,
    pub(crate) token_rates: tokens::Rates,
    pub(crate) session_marks: sessions::Marks,
    issuer: String,
    policy: Policy,
    clock: Clock,
    /// How old what a standby shows may be, where this is one.
    standby: Option<Duration>,
}

impl Instance {
    /// Opens the database, brings its schema up to date, and checks that the master key and the
    /// issuer are those it was made with.
    ///
    /// # Errors
    /// A sentence for the operator: the database, the key or the issuer does not fit.
    pub async fn open(opening: Opening) -> Result<Arc<Self>, Fault> {
        let db = db::Db::open(&opening.database).await?;
        db.migrate(migrations::ALL).await?;
        let vault = Vault::new(&opening.master_keys, opening.chance.clone())?;
        settings::check(&db, &vault, &opening.issuer).await?;
        Self::assembled(opening, (db, vault), None)
    }

    /// Opens a standby of the database, which takes no writes. What is older than `bound` is not
    /// answered from it: see [`Instance::fresh`].
    ///
    /// # Errors
    /// A sentence for the operator: the database, its schema, the key or the issuer does not fit.
    pub async fn open_standby(opening: Opening, bound: Duration) -> Result<Arc<Self>, Fault> {
        let db = db::Db::open(&opening.database).await?;
        db.check(migrations::ALL).await?;
        let vault = Vault::new(&opening.master_keys, opening.chance.clone())?;
        settings::compare(&db, &vault, &opening.issuer).await?;
        Self::assembled(opening, (db, vault), Some(bound))
    }

    fn assembled(
        opening: Opening,
        (db, vault): (db::Db, Vault),
        standby: Option<Duration>,
    ) -> Result<Arc<Self>, Fault> {
        let visiting = node::visiting(&opening.chance)?;
        Ok(Arc::new(Self {
            standby,
            ids: Ids::new(opening.clock.clone(), visiting),
            held: Mutex::default(),
            db,
            vault,
            chance: opening.chance,
            client_cache: clients::Cache::default(),
            role_cache: access::RoleCache::default(),
            sealer: audit::Sealer::default(),
            signing_keys: keys::Cache::default(),
            passwords: accounts::HashingPool::new(),
            pending_refusals: refusals::Pending::default(),
            token_marks: tokens::Marks::default(),
            token_rates: tokens::Rates::default(),
            session_marks: sessions::Marks::default(),
            issuer: opening.issuer,
            policy: opening.policy,
            clock: opening.clock,
        }))
    }

    /// A reader outside any transaction: each statement sees the latest commit.
    pub fn read(self: &Arc<Self>) -> Work {
        Work::new(Arc::clone(self), self.db.read())
    }

    /// Begins a unit of work that may write.
    ///
    /// # Errors
    /// When the database cannot take writes now.
    pub async fn begin(self: &Arc<Self>) -> Result<Work, Fault> {
        Ok(Work::new(Arc::clone(self), self.db.begin().await?))
    }

    /// Can the database take writes now? On a standby: is it [`fresh`](Self::fresh)?
    ///
    /// # Errors
    /// When it cannot.
    pub async fn ready(&self) -> Result<(), Fault> {
        if self.is_standby() { self.fresh().await } else { Ok(self.db.ping().await?) }
    }

    /// Is this opened on a standby, which takes no writes?
    pub fn is_standby(&self) -> bool {
        self.standby.is_some()
    }

    /// Is what is read from now on no older than the bound of a standby? Always so elsewhere. By the
    /// clocks of the two database servers: what they differ by adds to the bound.
    ///
    /// # Errors
    /// `Unavailable` with the age, when it is older or its age is not known.
    pub async fn fresh(&self) -> Result<(), Fault> {
        let Some(bound) = self.standby else { return Ok(()) };
        let late = match self.db.replay().await? {
            db::Replay::Primary => return Ok(()),
            db::Replay::Behind { milliseconds } => {
                let age = Duration::from_millis(milliseconds.unsigned_abs());
                if age <= bound {
                    return Ok(());
                }
                format!("has heard of no commit for {} s", age.as_secs())
            }
            db::Replay::Unknown => "has heard of no commit since it was started".into(),
        };
        Err(Fault::Unavailable(format!(
            "the standby {late}; at most {} s are allowed",
            bound.as_secs()
        )))
    }

    /// How many statements this node ran since it opened the database.
    pub fn statements(&self) -> u64 {
        self.db.statements()
    }

    /// Copies the database, online, to a file at `to`. The master key is never in it.
    ///
    /// # Errors
    /// When the engine cannot, or the file cannot be written.
    pub async fn backup(&self, to: &std::path::Path) -> Result<(), Fault> {
        Ok(self.db.backup(to).await?)
    }

    /// What is counted and measured of the database.
    pub fn database_figures(&self) -> &db::Figures {
        self.db.figures()
    }

    /// How crowded the database is now.
    pub fn database_load(&self) -> db::Load {
        self.db.load()
    }

    /// Bytes that the database takes on the disk.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn database_size(&self) -> Result<u64, Fault> {
        Ok(self.db.size().await?)
    }

    pub(crate) fn held_number(&self) -> Option<node::Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_held_number(&self, held: Option<node::Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// The name of the database engine, for people.
    pub fn engine(&self) -> &'static str {
        self.db.engine()
    }

    /// The public URL, byte for byte.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the configuration allows.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What seals and checks under the master key.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Where instants come from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The identifier of the built-in resource of the management API.
    pub fn api_resource(&self) -> String {
        format!("{}/api/v1", self.issuer.trim_end_matches('/'))
    }

    /// The identifier of the built-in resource of userinfo.
    pub fn userinfo_resource(&self) -> String {
        format!("{}/oauth2/userinfo", self.issuer.trim_end_matches('/'))
    }
}
