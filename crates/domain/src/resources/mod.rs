//! Resources: the servers that tokens are for (RFC 8707), each with its identifier URI and the
//! clients that may introspect for it.
//!
//! Two are built in: `userinfo` and the management `api` of this very server. An identifier is
//! compared byte for byte. This room refuses to know tokens.

mod changes;
mod rules;
mod store;

use crate::{Fault, Work};

pub use changes::{Patch, change};
pub use rules::{NewResource, create, delete};
pub use store::{find, find_by_identifier, identifier, list, may_introspect};

/// The id of the built-in resource `{issuer}/oauth2/userinfo`.
pub const USERINFO: &str = "userinfo";
/// The id of the built-in resource `{issuer}/api/v1`.
pub const API: &str = "api";

/// One resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// `res_…`, or the name of a built-in one.
    pub id: String,
    /// An absolute URI without a fragment: the audience of its tokens.
    pub identifier: String,
    /// Shown name.
    pub name: String,
    /// Built in: cannot be deleted.
    pub is_system: bool,
    /// The clients that may introspect tokens for it.
    pub introspecting_clients: Vec<String>,
    /// Rises with each change.
    pub version: i64,
}

/// Lays down the built-in resources under the issuer of this instance.
///
/// # Errors
/// When the database cannot take them.
pub async fn ensure_built_in(work: &mut Work, now: i64) -> Result<(), Fault> {
    let (userinfo, api) = (work.instance.userinfo_resource(), work.instance.api_resource());
    for (id, identifier, name) in [(USERINFO, userinfo, "UserInfo"), (API, api, "Management API")] {
        store::set_built_in(work, (id, &identifier, name), now).await?;
    }
    Ok(())
}
