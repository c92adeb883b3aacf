//! The ceiling: nobody gives a client more than they have themselves, nor takes over one that has
//! more.
//!
//! It looks at the greatest rights the client could ever use, before and after, because who takes
//! over a client by its redirect URI or its secret takes over those. Whoever may do everything
//! everywhere passes, and so does the operator; the rights of anybody else are those of the token or
//! session that acts, already narrowed by its scopes and its preset.
//!
//! Ordered checks of each of the two: does the client belong to a place of the actor → does it act
//! for somebody else → may the actor do what each of its scopes is for → would it act for whoever
//! signs in without asking them → does the actor hold, place by place, all that it holds.

use std::collections::BTreeMap;

use super::words::GrantType;
use super::{Client, greatest};
use crate::access::{self, Authority, May, PERMISSIONS, Permission, Reach, Rights};
use crate::{Fault, Refusal, Work, teams};

/// May the actor make the client what it is to be, or lay hands on its credentials?
///
/// # Errors
/// `Forbidden` that names the missing permission.
pub(crate) async fn allows<P: Permission>(
    work: &mut Work,
    may: &May<P>,
    before: Option<&Client>,
    after: &Client,
) -> Result<(), Refusal> {
    let authority = may.authority();
    let all = |p: &access::Definition| authority.reach(p.name) == Some(Reach::Everywhere);
    if authority.is_operator() || PERMISSIONS.iter().all(all) {
        return Ok(());
    }
    for client in before.into_iter().chain([after]) {
        at_home(may, client)?;
        acts_for(authority, client)?;
        scopes(work, authority, client).await?;
        own(work, authority, client).await?;
    }
    Ok(())
}

fn missing(permission: &str, because: &str) -> Refusal {
    Refusal::Forbidden { missing: permission.to_owned(), because: because.to_owned() }
}

/// A client of the whole instance is for those who manage clients everywhere: its people are
/// everybody's.
fn at_home<P: Permission>(may: &May<P>, client: &Client) -> Result<(), Refusal> {
    if client.organization.is_some() || may.reach() == &Reach::Everywhere {
        return Ok(());
    }
    Err(missing(P::NAME, "The client is one of the whole instance; you hold this in some places."))
}

/// A context user is oneself; anybody else is for who may do everything.
fn acts_for(authority: &Authority, client: &Client) -> Result<(), Refusal> {
    match &client.context_user {
        Some(user) if Some(user) != authority.actor.user.as_ref() => {
            let because =
                "Its tokens act for another person. You can make a client act for yourself only.";
            Err(missing("user:update", because))
        }
        _ => Ok(()),
    }
}

/// Each scope that is the name of a permission must be one the actor holds where the client is at
/// home: of those that administrators defined only for a client that acts for itself, because for
/// a person they never exceed the person.
async fn scopes(work: &mut Work, authority: &Authority, client: &Client) -> Result<(), Refusal> {
    let acts_for_itself = client.allows(GrantType::ClientCredentials);
    let is_silent = client.has_redirects() && !client.require_consent;
    for scope in client.scopes.iter() {
        if scope.starts_with("as_user:") {
            if acts_for_itself && client.context_user.is_none() {
                let because = "It would reach whatever the client itself is bound to.";
                return Err(missing(scope, because));
            }
            if is_silent {
                let because = "It would act for whoever signs in without asking them.";
                return Err(missing(scope, because));
            }
            continue;
        }
        let is_built_in = access::definition(scope).is_some();
        let counts = is_built_in
            || ((acts_for_itself || is_silent) && access::is_permission(work, scope).await?);
        if counts && !holds(authority, scope, client) {
            return Err(missing(scope, "The client could do what you may not do yourself."));
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

/// What the client holds by its own bindings or through its context user, place by place.
async fn own(work: &mut Work, authority: &Authority, client: &Client) -> Result<(), Refusal> {
    if !client.allows(GrantType::ClientCredentials) {
        return Ok(());
    }
    let rights = greatest::own_rights(work, client).await?;
    let homes = homes(work, &rights).await?;
    match authority.rights.lacks(&rights, &homes) {
        None => Ok(()),
        Some(permission) => {
            let because = "The client may do this in a place where you may not.";
            Err(missing(permission, because))
        }
    }
}

/// The organizations of the teams that the rights name.
async fn homes(work: &mut Work, rights: &Rights) -> Result<BTreeMap<String, String>, Fault> {
    let mut homes = BTreeMap::new();
    for id in rights.teams.keys() {
        if let Some(team) = teams::find_team(work, id).await? {
            homes.insert(team.id, team.organization);
        }
    }
    Ok(homes)
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
