//! The ceiling: nobody gives a client more than they have themselves.
//!
//! Pure. It looks at the greatest rights the client could ever use, before and after, because who
//! takes over a client by its redirect URI or its secret takes over those.

use super::Client;
use super::words::GrantType;
use crate::Refusal;
use crate::access::{Authority, PERMISSIONS, Reach, definition};

/// May this authority make the client what it is to be, or lay hands on its credentials?
///
/// Who may do everything everywhere passes, and so does the operator. For others each scope that
/// is the name of a permission must be one they hold where the client is. What acts for the
/// person who signs in (`as_user:…`) never exceeds that person; what acts for a context user may
/// act for the actor alone.
///
/// # Errors
/// `Forbidden` that names the missing permission.
pub fn allows(
    authority: &Authority,
    before: Option<&Client>,
    after: &Client,
) -> Result<(), Refusal> {
    let all = |p: &crate::access::Definition| authority.reach(p.name) == Some(Reach::Everywhere);
    if authority.is_operator() || PERMISSIONS.iter().all(all) {
        return Ok(());
    }
    before.into_iter().chain([after]).try_for_each(|client| one(authority, client))
}

fn one(authority: &Authority, client: &Client) -> Result<(), Refusal> {
    let acts_for_itself = client.allows(GrantType::ClientCredentials);
    let missing = |scope: &str, because: &str| {
        Err(Refusal::Forbidden { missing: scope.to_owned(), because: because.to_owned() })
    };
    if let Some(user) = &client.context_user
        && Some(user) != authority.actor.user.as_ref()
    {
        let because =
            "Its tokens act for another person. You can make a client act for yourself only.";
        return missing("user:update", because);
    }
    for scope in client.scopes.iter() {
        let as_user = scope.starts_with("as_user:");
        if as_user && acts_for_itself && client.context_user.is_none() {
            return missing(scope, "It would reach whatever the client itself is bound to.");
        }
        if definition(scope).is_some() && !holds(authority, scope, client) {
            return missing(scope, "The client could do what you may not do yourself.");
        }
    }
    Ok(())
}

/// Does the actor hold it everywhere the client is at home?
fn holds(authority: &Authority, permission: &str, client: &Client) -> bool {
    match authority.reach(permission) {
        None => false,
        Some(Reach::Everywhere) => true,
        Some(Reach::Places { organizations, teams }) => {
            client.organization.as_ref().is_some_and(|id| organizations.contains(id))
                || client.owner_team.as_ref().is_some_and(|id| teams.contains(id))
        }
    }
}

/// Does the change touch what the ceiling guards? Words, contacts, pausing and shorter lifetimes
/// do not: whoever may edit a client may do those.
pub(super) fn concerns(before: &Client, after: &Client) -> bool {
    let harmless = Client {
        name: before.name.clone(),
        description: before.description.clone(),
        contacts: before.contacts.clone(),
        logo_uri: before.logo_uri.clone(),
        enabled: before.enabled || after.enabled,
        access_token_lifetime: before.access_token_lifetime.max(after.access_token_lifetime),
        refresh_token_lifetime: before.refresh_token_lifetime.max(after.refresh_token_lifetime),
        ..after.clone()
    };
    harmless.snapshot() != before.snapshot()
}
