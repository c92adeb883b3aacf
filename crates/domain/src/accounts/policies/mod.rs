//! Sign-in policies (THE-36): whether somebody may sign in, by what, and how long they stay.
//!
//! The policy of the highest priority that is for a person decides; where none is, the default,
//! which is the settings of the server. Asked only after the password was right, so that nobody
//! else learns that there is a policy, or such a person. Platform administrators are never denied:
//! nobody can lock everybody out, neither by a policy nor by a membership that brings one. It
//! refuses to know what a session is beyond how long it may last.

mod rules;
mod store;

use serde_json::{Value, json};

use super::User;
use crate::audit::{self, Change, Object};
use crate::{Call, Fault, UserId, Work, settings};

pub use rules::{Draft, ListQuery, Patch, applying_to, change, create, delete, list, show};

/// The id of the default, which is no row.
pub const DEFAULT: &str = "default";

/// What a policy says about signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They may.
    Allow,
    /// They may not.
    Deny,
}

impl Access {
    /// The stored word, which is the word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    /// The action behind a word, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Allow, Self::Deny].into_iter().find(|access| access.as_str() == text)
    }
}

/// What a policy asks besides the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// A code of whoever has set a second factor up.
    Optional,
    /// A code of everybody; whoever has no second factor sets one up when they sign in.
    Required,
}

impl Requirement {
    /// The stored word, which is the word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// The requirement behind a word, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Optional, Self::Required].into_iter().find(|demand| demand.as_str() == text)
    }
}

/// Where the people of a policy prove who they are (THE-35).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SignOnProfile {
    /// Here: their passwords are kept by this server. The built-in one.
    #[default]
    Local,
}

impl SignOnProfile {
    /// The stored word, which is the word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
        }
    }

    /// The profile behind a word, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        (text == Self::Local.as_str()).then_some(Self::Local)
    }
}

/// For whom a policy is: these people, and whoever belongs to one of these teams (by a role there
/// or at its organization) or holds one of these roles anywhere. Empty: for nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Ids of people, sorted.
    pub users: Vec<String>,
    /// Ids of teams, sorted.
    pub teams: Vec<String>,
    /// Ids of roles, sorted.
    pub roles: Vec<String>,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `pol_…`, or [`DEFAULT`].
    pub id: String,
    /// Shown name, unique.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// 1 to 1000, unique; the highest that is for a person decides. The default has 0.
    pub priority: i64,
    /// May they sign in?
    pub access: Access,
    /// Where they prove who they are.
    pub sign_on_profile: SignOnProfile,
    /// What is asked besides the password.
    pub second_factor: Requirement,
    /// Seconds after which a session ends, used or not; `None`: as the settings say.
    pub session_lifetime: Option<i64>,
    /// Seconds without a request after which a session ends; `None`: as the settings say.
    pub session_idle_lifetime: Option<i64>,
    /// For whom it is.
    pub assigned_to: Subjects,
    /// Rises with each change; the `ETag`.
    pub version: i64,
}

impl Policy {
    /// Is it the one that is for everybody whom no other is for?
    pub fn is_default(&self) -> bool {
        self.id == DEFAULT
    }

    /// What the audit trail compares, in the words of the contract.
    pub fn told(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "priority": self.priority,
            "access": self.access.as_str(),
            "sign_on_profile": self.sign_on_profile.as_str(),
            "second_factor": self.second_factor.as_str(),
            "session_lifetime": self.session_lifetime,
            "session_idle_lifetime": self.session_idle_lifetime,
            "users": self.assigned_to.users,
            "teams": self.assigned_to.teams,
            "roles": self.assigned_to.roles,
        })
    }

    fn as_object(&self) -> Object {
        Object::new("sign_in_policy", self.id.as_str(), self.name.as_str())
    }
}

/// The policy that decides about this person now; `None`: the default.
pub(super) async fn decide(work: &mut Work, id: &UserId) -> Result<Option<Policy>, Fault> {
    store::find_deciding(work, id).await
}

/// Does this policy, or the default, ask for a second factor?
pub(super) async fn requires_second_factor(
    work: &mut Work,
    policy: Option<&Policy>,
) -> Result<bool, Fault> {
    let demand = match policy {
        Some(policy) => policy.second_factor,
        None => default(work).await?.second_factor,
    };
    Ok(demand == Requirement::Required)
}

/// Records that a right password was refused by a policy.
pub(super) async fn record(
    work: &mut Work,
    call: &Call,
    user: &User,
    policy: &Policy,
) -> Result<(), Fault> {
    let changes = [Change::made("policy", policy.name.as_str())];
    audit::record_refusal(work, call, "user.policy_refused", &user.as_object(), &changes).await
}

/// The policy of everybody whom no other is for: the settings of the server.
async fn default(work: &mut Work) -> Result<Policy, Fault> {
    let set = settings::run_time(work).await?;
    Ok(Policy {
        id: DEFAULT.into(),
        name: "Default".into(),
        description: "For everybody whom no other policy is for: the settings of the server."
            .into(),
        priority: 0,
        access: Access::Allow,
        sign_on_profile: SignOnProfile::Local,
        second_factor: if set.is_on(&settings::SECOND_FACTOR_REQUIRED) {
            Requirement::Required
        } else {
            Requirement::Optional
        },
        session_lifetime: Some(set.get(&settings::SESSION_LIFETIME)),
        session_idle_lifetime: Some(set.get(&settings::SESSION_IDLE_LIFETIME)),
        assigned_to: Subjects::default(),
        version: set.version,
    })
}
