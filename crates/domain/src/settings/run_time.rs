//! What administrators set while the server runs: numbers that every node reads at each use, so
//! that a change counts in the next request wherever that arrives.
//!
//! What nobody set is as the configuration says. One row of version is compared and set, so that
//! of two changes at once one is told that it came late.

use std::collections::BTreeMap;

use super::{find, set};
use crate::access::{ManageSettings, May, Permission, Reach, ReadSettings};
use crate::audit::{self, Object, differences};
use crate::{Call, Fault, FieldError, Policy, Refusal, Work};

/// One setting: a whole number within bounds.
#[derive(Debug)]
pub struct Number {
    /// Its name in the contract.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// The least it may be.
    pub least: i64,
    /// The most it may be.
    pub most: i64,
    usual: fn(&Policy) -> i64,
}

const DAY: i64 = 86_400;

/// Seconds after which a browser session ends, used or not.
pub static SESSION_LIFETIME: Number = Number {
    name: "session_lifetime",
    description: "Everybody is signed out so many seconds after they signed in, active or not.",
    least: 300,
    most: 365 * DAY,
    usual: |policy| policy.session_lifetime,
};

/// Seconds without a request after which a browser session ends.
pub static SESSION_IDLE_LIFETIME: Number = Number {
    name: "session_idle_lifetime",
    description: "Whoever is inactive is signed out after so many seconds.",
    least: 60,
    most: 365 * DAY,
    usual: |policy| policy.session_idle_lifetime,
};

/// Does everybody whom no sign-in policy is for need a second factor?
pub static SECOND_FACTOR_REQUIRED: Number = Number {
    name: "second_factor_required",
    description: "Everybody whom no sign-in policy is for proves themselves by a code, too.",
    least: 0,
    most: 1,
    usual: |_| 0,
};

/// Days that entries of the audit trail are kept.
pub static AUDIT_RETENTION_DAYS: Number = Number {
    name: "audit_retention_days",
    description: "Entries of the audit trail are kept for so many days.",
    least: 1,
    most: 36_500,
    usual: |_| 400,
};

/// Every setting of this kind.
pub static NUMBERS: [&Number; 4] =
    [&SESSION_LIFETIME, &SESSION_IDLE_LIFETIME, &SECOND_FACTOR_REQUIRED, &AUDIT_RETENTION_DAYS];

/// The settings as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTime {
    set: BTreeMap<&'static str, i64>,
    usual: BTreeMap<&'static str, i64>,
    /// Rises with each change; the `ETag`.
    pub version: i64,
}

/// What is to change: a number, or `None` for what the configuration says.
pub type Patch = Vec<(&'static Number, Option<i64>)>;

impl Number {
    /// The setting of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        NUMBERS.into_iter().find(|number| number.name == name)
    }

    /// Is it on or off, 1 or 0? Told and taken as a boolean.
    pub fn is_switch(&self) -> bool {
        (self.least, self.most) == (0, 1)
    }

    /// A value of it in the words of the contract.
    pub fn told(&self, value: i64) -> serde_json::Value {
        if self.is_switch() { (value != 0).into() } else { value.into() }
    }

    /// What holds where nobody set it.
    pub fn usual(&self, policy: &Policy) -> i64 {
        (self.usual)(policy)
    }

    /// Its row.
    fn row(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    fn check(&self, value: i64) -> Option<FieldError> {
        let (least, most) = (self.least, self.most);
        let message = format!("A whole number from {least} to {most} is needed.");
        let is_bad = !(least..=most).contains(&value);
        is_bad.then(|| FieldError { field: self.name.into(), message })
    }
}

impl RunTime {
    /// What a setting is now.
    pub fn get(&self, number: &Number) -> i64 {
        let usual = self.usual.get(number.name).copied().unwrap_or(number.least);
        self.set.get(number.name).copied().unwrap_or(usual)
    }

    /// Is this switch on?
    pub fn is_on(&self, switch: &Number) -> bool {
        self.get(switch) != 0
    }

    /// Did somebody set it?
    pub fn is_set(&self, number: &Number) -> bool {
        self.set.contains_key(number.name)
    }

    fn told(&self) -> serde_json::Value {
        let told = |it: &'static Number| (it.name, it.told(self.get(it)));
        NUMBERS.into_iter().map(told).collect()
    }
}

/// Rows of this kind begin so.
const PREFIX: &str = "run_time.";
const VERSION: &str = "run_time.version";

/// A subquery for the number that `number` is set to, or NULL: for statements that must see it
/// as it is at that moment.
pub(crate) fn sql(number: &Number) -> String {
    format!("(SELECT CAST(value AS BIGINT) FROM settings WHERE name = '{}')", number.row())
}

/// The settings as they are now.
///
/// # Errors
/// When the database cannot answer.
pub async fn run_time(work: &mut Work) -> Result<RunTime, Fault> {
    let (mut set, mut version) = (BTreeMap::new(), 1);
    let sql = "SELECT name, value FROM settings WHERE name LIKE 'run\\_time.%' ESCAPE '\\'";
    for row in work.tx.query(sql, &[]).await? {
        let (name, value): (String, String) = (row.get(0)?, row.get(1)?);
        let value = value.parse().map_err(|_| Fault::Broken(format!("{name} is no number")))?;
        if name == VERSION {
            version = value;
        } else if let Some(number) = name.strip_prefix(PREFIX).and_then(Number::named) {
            set.insert(number.name, value);
        }
    }
    let policy = work.instance.policy();
    let usual = NUMBERS.into_iter().map(|number| (number.name, number.usual(policy))).collect();
    Ok(RunTime { set, usual, version })
}

/// The settings, for somebody who may see them.
///
/// # Errors
/// `Forbidden` where it is held in some places only.
pub async fn show(work: &mut Work, may: &May<ReadSettings>) -> Result<RunTime, Refusal> {
    everywhere(may)?;
    Ok(run_time(work).await?)
}

/// Changes settings, for every node from its next use on.
///
/// # Errors
/// `Invalid` naming each setting out of its bounds, `Stale` for another version, `Forbidden` where
/// the right is held in some places only.
pub async fn change(
    work: &mut Work,
    call: &Call,
    may: &May<ManageSettings>,
    if_version: Option<i64>,
    patch: &Patch,
) -> Result<RunTime, Refusal> {
    everywhere(may)?;
    let errors: Vec<_> =
        patch.iter().filter_map(|(number, value)| number.check((*value)?)).collect();
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    let before = run_time(work).await?;
    if if_version.is_some_and(|version| version != before.version) {
        return Err(Refusal::Stale { current: before.version });
    }
    let mut after = before.clone();
    for (number, value) in patch {
        match value {
            Some(value) => after.set.insert(number.name, *value),
            None => after.set.remove(number.name),
        };
    }
    if after == before {
        return Ok(before);
    }
    after.version = before.version + 1;
    if !set_version(work, before.version).await? {
        let current = run_time(work).await?.version;
        return Err(Refusal::Stale { current });
    }
    for (number, value) in patch {
        match value {
            Some(value) => set(&mut work.tx, &number.row(), &value.to_string()).await?,
            None => delete(work, &number.row()).await?,
        }
    }
    let changes = differences(&before.told(), &after.told());
    let object = Object::new("settings", "run_time", "Settings");
    audit::record(work, call, "settings.updated", &object, &changes).await?;
    Ok(after)
}

/// One more than `version`, if it is still that. Says whether it took.
async fn set_version(work: &mut Work, version: i64) -> Result<bool, Fault> {
    if find(&mut work.tx, VERSION).await?.is_none() {
        let sql =
            "INSERT INTO settings (name, value) VALUES ($1, '1') ON CONFLICT (name) DO NOTHING";
        work.tx.execute(sql, db::params![VERSION]).await?;
    }
    let sql = "UPDATE settings SET value = $2 WHERE name = $1 AND value = $3";
    let (next, version) = ((version + 1).to_string(), version.to_string());
    Ok(work.tx.execute(sql, db::params![VERSION, next, version]).await? == 1)
}

async fn delete(work: &mut Work, name: &str) -> Result<(), Fault> {
    work.tx.execute("DELETE FROM settings WHERE name = $1", db::params![name]).await?;
    Ok(())
}

/// Settings are those of the whole instance.
fn everywhere<P: Permission>(may: &May<P>) -> Result<(), Refusal> {
    if *may.reach() == Reach::Everywhere {
        return Ok(());
    }
    let because = "Settings are those of the whole instance, so this right must be held there.";
    Err(Refusal::Forbidden { missing: P::NAME.into(), because: because.into() })
}
