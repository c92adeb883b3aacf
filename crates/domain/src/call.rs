//! A call: who asks, from where, at which instant, under which request id.
//!
//! A door makes one for each request; every rule and every audit record reads it.

use std::net::{IpAddr, Ipv6Addr};

use crate::{ClientId, UserId};

/// Everything a rule may know about the moment and the asker.
#[derive(Debug, Clone)]
pub struct Call {
    /// Seconds since 1970. The same for the whole request.
    pub now: i64,
    /// Who acts.
    pub actor: Actor,
    /// The address the request came from, proxies resolved. None for the operator's own terminal.
    pub address: Option<IpAddr>,
    /// How that address was found. None: the connection itself came from there.
    pub via: Option<Via>,
    /// Joins the log, the audit trail and the answer.
    pub request_id: String,
}

/// Whose word an address is, where it is not that of the connection itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via {
    /// The header that names it.
    pub header: &'static str,
    /// The trusted proxy that sent the header.
    pub proxy: IpAddr,
}

impl std::fmt::Display for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of the trusted proxy {}", self.header, self.proxy)
    }
}

/// Who acts: a person, a client, a person through a client, or the operator of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The person, if any.
    pub user: Option<UserId>,
    /// The OAuth client whose token acts, if any.
    pub client: Option<ClientId>,
    /// `name@host` of a person at the machine itself, or the name of a job.
    pub operator: Option<String>,
}

impl Actor {
    /// Somebody not yet known.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// A person.
    pub fn user(user: UserId) -> Self {
        Self { user: Some(user), ..Self::default() }
    }

    /// The operator of the machine.
    pub fn operator(name: impl Into<String>) -> Self {
        Self { operator: Some(name.into()), ..Self::default() }
    }

    /// One line for columns like `created_by`: the person, else the client, else the operator.
    pub fn name(&self) -> String {
        let user = self.user.as_ref().map(super::id::UserId::as_str);
        let client = self.client.as_ref().map(super::id::ClientId::as_str);
        user.or(client).or(self.operator.as_deref()).unwrap_or("nobody").to_owned()
    }
}

impl Call {
    /// The same call, made by `actor`.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Whom the address counts for when attempts are counted: itself, or its /64, since one
    /// household has all of that. `-` where there is none.
    pub fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "-".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                format!("{}/64", Ipv6Addr::from_bits(prefix))
            }
        }
    }

    /// The address as text, `-` where there is none.
    pub fn address_text(&self) -> String {
        self.address.map_or_else(|| "-".to_owned(), |a| a.to_canonical().to_string())
    }
}
