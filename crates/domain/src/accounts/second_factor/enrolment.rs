//! Setting a second factor up: a seed that the person's app is shown, stored only once a code of it
//! was typed. Until then it travels through the browser, sealed here and bound to it by the door.

use serde::{Deserialize, Serialize};

use super::codes::{RecoveryCodes, digits};
use super::totp::Seed;
use super::{store, throttle};
use crate::accounts::User;
use crate::accounts::store::set_changed;
use crate::audit::{self, Change};
use crate::{Call, Fault, Instance, UserId, Work};

/// For what the vault seals it.
const PURPOSE: &str = "second factor enrolment";

/// A second factor that is being set up.
#[derive(Debug, Clone)]
pub struct Enrolment {
    user: UserId,
    seed: Seed,
    /// The one that it takes the place of.
    replaces: Option<i64>,
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Carried {
    user: UserId,
    seed: [u8; 20],
    replaces: Option<i64>,
}

/// A second factor whose app was seen to make the right codes.
#[derive(Debug)]
pub(in crate::accounts) struct Enrolled {
    enrolment: Enrolment,
    step: i64,
    codes: RecoveryCodes,
}

impl Enrolment {
    /// A fresh seed for this person.
    pub(in crate::accounts) fn draw(
        instance: &Instance,
        user: &UserId,
        replaces: Option<i64>,
    ) -> Result<Self, Fault> {
        Ok(Self { user: user.clone(), seed: Seed::draw(&instance.chance)?, replaces })
    }

    /// As text that tells nothing.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn seal(&self, instance: &Instance) -> Result<String, Fault> {
        let (user, seed, replaces) = (self.user.clone(), *self.seed.bytes(), self.replaces);
        let json = serde_json::to_vec(&Carried { user, seed, replaces });
        let json = json.map_err(|e| Fault::Broken(e.to_string()))?;
        instance.vault.seal_text(PURPOSE, &json)
    }

    /// What [`Enrolment::seal`] made; `None` for anything else.
    pub fn open(instance: &Instance, text: &str) -> Option<Self> {
        let json = instance.vault.open_text(PURPOSE, text)?;
        let Carried { user, seed, replaces } = serde_json::from_slice(&json).ok()?;
        Some(Self { user, seed: Seed::of(&seed).ok()?, replaces })
    }

    /// What an app reads from a picture. Holds the seed.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn uri(&self, instance: &Instance, email: &str) -> Result<String, Fault> {
        let issuer = instance.issuer();
        let host = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        self.seed.uri(host, email)
    }

    /// What somebody types who has no camera. It is the seed.
    pub fn key(&self) -> String {
        self.seed.spelled()
    }

    /// Does it take the place of another?
    pub fn is_replacement(&self) -> bool {
        self.replaces.is_some()
    }

    /// The app was seen to make the right codes, if `typed` is one of them and this is theirs.
    pub(in crate::accounts) fn proven(
        self,
        instance: &Instance,
        (user, typed): (&UserId, &str),
        now: i64,
    ) -> Result<Option<Enrolled>, Fault> {
        let step = self.seed.step_of(&digits(typed), now)?.filter(|_| self.user == *user);
        let Some(step) = step else { return Ok(None) };
        let codes = RecoveryCodes::draw(instance)?;
        Ok(Some(Enrolled { enrolment: self, step, codes }))
    }
}

impl Enrolled {
    /// Puts it in place with its recovery codes. `false` where the person got or lost one
    /// meanwhile; the work must then be dropped.
    pub async fn store(&self, work: &mut Work, call: &Call, user: &User) -> Result<bool, Fault> {
        let Self { enrolment: Enrolment { seed, replaces, .. }, step, codes } = self;
        // Whoever is signing in by the password alone at this moment is told to begin again.
        set_changed(work, &user.id).await?;
        let made = (seed, *step, call.now);
        let is_stored = match replaces {
            None => store::insert(work, &user.id, made).await?,
            Some(before) => store::replace(work, &user.id, made, *before).await?,
        };
        if !is_stored {
            return Ok(false);
        }
        codes.store(work, &user.id, seed).await?;
        throttle::remember(work, call, &user.id).await?;
        let action = if replaces.is_some() {
            "user.second_factor_replaced"
        } else {
            "user.second_factor_added"
        };
        let changes = [Change::made("kind", "totp")];
        audit::record(work, call, action, &user.as_object(), &changes).await?;
        Ok(true)
    }

    /// The recovery codes that came with it.
    pub fn recovery_codes(&self) -> &RecoveryCodes {
        &self.codes
    }
}
