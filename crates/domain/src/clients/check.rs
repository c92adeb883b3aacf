//! Every rule about a client's settings, as one pure judgement of the whole.
//!
//! Each refusal names its field and quotes the rule; all are collected, so that a form is filled
//! in once. What must be known of other rooms comes in as [`Facts`].

use std::collections::{BTreeMap, BTreeSet};

use protocol::redirect_uri::RedirectUri;

use super::words::{AuthMethod, GrantType, Pkce, RefreshRotation};
use super::{Client, limits};
use crate::access::Access;
use crate::scopes::ScopeKind;
use crate::text::{FoldedName, free_text};
use crate::{FieldError, Policy};

/// What the judgement needs to know of the rest of the instance.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// What the operator's configuration allows.
    pub policy: Policy,
    /// The kind of each scope that exists, among those the client names.
    pub scope_kinds: BTreeMap<String, ScopeKind>,
    /// The organizations that exist, among those the client names.
    pub organizations: BTreeSet<String>,
    /// The teams that exist, among those the client names, and their organizations.
    pub teams: BTreeMap<String, String>,
    /// Is there a person of the context user's id?
    pub has_context_user: bool,
    /// Is there a resource of the default resource's identifier?
    pub has_resource: bool,
    /// Is the client itself bound to a role?
    pub has_bindings: bool,
}

/// What is wrong with the client; `before` is what it was, if it was.
pub(super) fn check(client: &Client, before: Option<&Client>, facts: &Facts) -> Vec<FieldError> {
    let mut wrong = Wrong(Vec::new());
    words(client, &mut wrong);
    credentials(client, &mut wrong);
    grants(client, before, &facts.policy, &mut wrong);
    redirects(client, &mut wrong);
    scopes(client, facts, &mut wrong);
    places(client, facts, &mut wrong);
    context_user(client, facts, &mut wrong);
    limits::check(client, &mut wrong);
    wrong.0
}

/// Full access with long access tokens, which nobody may get without having said so: newly, or
/// for longer than before.
pub(super) fn confirmation(client: &Client, before: Option<&Client>, policy: &Policy) -> Option<FieldError> {
    let is_high = |c: &Client| c.access == Access::Full && c.access_token_lifetime > policy.high_risk_lifetime;
    let confirmed = before.is_some_and(|b| is_high(b) && b.access_token_lifetime >= client.access_token_lifetime);
    (is_high(client) && !confirmed).then(|| FieldError {
        field: "confirm_high_risk".into(),
        message: format!(
            "Full access with access tokens that live {} seconds, more than {}: whoever gets hold of one can change \
             and delete things for that long. Confirm it, shorten the lifetime, or choose read-only access.",
            client.access_token_lifetime, policy.high_risk_lifetime
        ),
    })
}

/// The refusals so far.
pub(super) struct Wrong(Vec<FieldError>);

impl Wrong {
    /// Notes one.
    pub fn field(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Notes one unless the rule holds.
    pub fn unless(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.field(field, message);
        }
    }
}

fn words(client: &Client, wrong: &mut Wrong) {
    wrong.0.extend(FoldedName::parse("client_name", &client.name).err());
    wrong.0.extend(free_text("description", &client.description, 2_000).err());
    wrong.unless(client.contacts.len() <= 20, "contacts", "At most 20 contacts.");
    wrong.0.extend(client.contacts.iter().take(20).find_map(|c| FoldedName::parse("contacts", c).err()));
    if let Some(uri) = &client.logo_uri {
        match RedirectUri::register(uri, true) {
            Ok(_) if uri.starts_with("https://") => {}
            Ok(_) => wrong.field("logo_uri", "A logo is fetched by https only."),
            Err(why) => wrong.field("logo_uri", why.to_string()),
        }
    }
}

fn credentials(client: &Client, wrong: &mut Wrong) {
    let only_none = client.auth_methods.iter().eq([&AuthMethod::None]);
    let message = match client.confidential {
        true => "A confidential client proves itself: `client_secret_basic` or `client_secret_post`, not `none`.",
        false => "A public client holds no secret: its one method is `none`.",
    };
    let fits = match client.confidential {
        true => !client.auth_methods.is_empty() && !client.auth_methods.contains(&AuthMethod::None),
        false => only_none,
    };
    wrong.unless(fits, "auth_methods", message);
    if !client.confidential {
        let message = "A public client must use PKCE: nothing else ties a code to who asked for it.";
        wrong.unless(client.pkce == Pkce::Required, "pkce", message);
        let message = "A public client gets refresh tokens only with PKCE.";
        wrong.unless(!client.refresh_without_pkce, "refresh_without_pkce", message);
        let message = "The refresh tokens of a public client are replaced at each use.";
        wrong.unless(client.refresh_rotation == RefreshRotation::Rotate, "refresh_rotation", message);
    }
}

fn grants(client: &Client, before: Option<&Client>, policy: &Policy, wrong: &mut Wrong) {
    const FIELD: &str = "grant_types";
    wrong.unless(!client.grant_types.is_empty(), FIELD, "Choose at least one grant.");
    let has = |grant| client.allows(grant);
    for (grant, name) in [(GrantType::ClientCredentials, "Client credentials"), (GrantType::Password, "Password")] {
        if has(grant) && !client.confidential {
            wrong.field(FIELD, format!("{name}: confidential clients only, because the secret is the proof."));
        }
    }
    if has(GrantType::Implicit) && client.confidential {
        wrong.field(FIELD, "Implicit: public clients only.");
    }
    if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) && !has(GrantType::Password) {
        wrong.field(FIELD, "Refresh tokens come with the authorization code or the password grant only.");
    }
    for (grant, allowed) in
        [(GrantType::Password, policy.legacy_password), (GrantType::Implicit, policy.legacy_implicit)]
    {
        let held = before.is_some_and(|before| before.allows(grant));
        if has(grant) && !allowed && !held {
            let name = grant.as_str();
            wrong.field(FIELD, format!("The legacy grant `{name}` is switched off on this server (legacy_grants)."));
        }
    }
}

fn redirects(client: &Client, wrong: &mut Wrong) {
    let (code, uris) = (client.has_redirects(), &client.redirect_uris);
    if code && uris.is_empty() {
        wrong.field("redirect_uris", "The authorization code and implicit grants need at least one redirect URI.");
    }
    for (field, uris) in [("redirect_uris", uris), ("post_logout_redirect_uris", &client.post_logout_redirect_uris)] {
        if !code && !uris.is_empty() {
            wrong.field(field, "Only clients with the authorization code or implicit grant have redirect URIs.");
        }
        wrong.unless(uris.len() <= 100, field, "At most 100 URIs.");
        for uri in uris.iter().take(100) {
            if let Err(why) = RedirectUri::register(uri, client.confidential) {
                let shown: String = uri.chars().take(200).filter(|c| !crate::text::is_invisible(*c)).collect();
                wrong.field(field, format!("`{shown}`: {why}"));
            }
        }
    }
}

fn scopes(client: &Client, facts: &Facts, wrong: &mut Wrong) {
    let kind = |scope: &str| facts.scope_kinds.get(scope).copied();
    let unknown: Vec<&str> = client.scopes.iter().filter(|scope| kind(scope).is_none()).collect();
    if !unknown.is_empty() {
        wrong.field("scopes", format!("There is no such scope: {}.", quoted(&unknown)));
    }
    if client.access == Access::ReadOnly {
        let writes: Vec<&str> = client.scopes.iter().filter(|s| kind(s) == Some(ScopeKind::Write)).collect();
        if !writes.is_empty() {
            let writes = quoted(&writes);
            wrong.field("scopes", format!("A read-only client can hold no scope that writes: {writes}."));
        }
    }
    let signs_people_in = client.has_redirects() || client.allows(GrantType::Password);
    if signs_people_in && client.scopes.is_empty() {
        wrong.field("scopes", "An application that people sign in to needs at least one scope.");
    }
    let beyond = client.default_scopes.difference(&client.scopes);
    if !beyond.is_empty() {
        let beyond = quoted(&beyond.iter().collect::<Vec<_>>());
        wrong.field("default_scopes", format!("Not among the client's scopes: {beyond}."));
    }
    let writes: Vec<&str> = client.default_scopes.iter().filter(|s| kind(s) == Some(ScopeKind::Write)).collect();
    if !writes.is_empty() {
        let writes = quoted(&writes);
        wrong.field("default_scopes", format!("What is not asked for never writes: {writes} must be asked for."));
    }
    if let Some(resource) = &client.default_resource
        && !facts.has_resource
    {
        wrong.field("default_resource", format!("There is no resource with the identifier {}.", quoted(&[resource])));
    }
}

fn places(client: &Client, facts: &Facts, wrong: &mut Wrong) {
    let home = client.organization.as_deref();
    if home.is_some_and(|id| !facts.organizations.contains(id)) {
        wrong.field("organization", "There is no such organization.");
    }
    let mut team = |field: &str, id: &str| match facts.teams.get(id) {
        None => wrong.field(field, format!("There is no such team: {}.", quoted(&[id]))),
        Some(of) if home.is_some_and(|home| home != of) => {
            wrong.field(field, format!("The team {} is not of the client's organization.", quoted(&[id])));
        }
        Some(_) => {}
    };
    if let Some(owner) = &client.owner_team {
        team("owner_team", owner);
    }
    for id in client.restricted_teams.iter().take(500) {
        team("team_restrictions", id);
    }
    for id in client.restricted_organizations.iter().take(500) {
        if !facts.organizations.contains(id) {
            wrong.field("team_restrictions", format!("There is no such organization: {}.", quoted(&[id])));
        } else if home.is_some_and(|home| home != id) {
            wrong.field("team_restrictions", "A client cannot reach beyond its own organization.");
        }
    }
    let count = client.restricted_organizations.len() + client.restricted_teams.len();
    wrong.unless(count <= 500, "team_restrictions", "At most 500 organizations and teams.");
}

fn context_user(client: &Client, facts: &Facts, wrong: &mut Wrong) {
    const FIELD: &str = "context_user";
    if client.context_user.is_none() {
        let message = "Without a context user there is nobody to continue without.";
        wrong.unless(!client.continue_without_context_user, "continue_without_context_user", message);
        return;
    }
    let message = "A context user belongs to the client credentials grant: other grants act for who signs in.";
    wrong.unless(client.allows(GrantType::ClientCredentials), FIELD, message);
    wrong.unless(facts.has_context_user, FIELD, "There is no such person.");
    let message = "The client is bound to roles of its own. It acts for a context user or for itself, never both.";
    wrong.unless(!facts.has_bindings, FIELD, message);
}

/// `a`, `b` and 3 more.
fn quoted(names: &[&str]) -> String {
    let clean = |name: &&str| -> String {
        let shown: String = name.chars().take(80).filter(|c| !crate::text::is_invisible(*c)).collect();
        format!("`{shown}`")
    };
    let shown: Vec<String> = names.iter().take(10).map(clean).collect();
    match names.len().checked_sub(10) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}
