//! Presets: what a client is when its draft leaves a field out.
//!
//! Pure. Nothing dangerous is filled in: read-only, PKCE required, no refresh token, one hour.
//! Whether the whole may stand is `check`'s; here only single values are read.

use std::collections::BTreeSet;

use protocol::scope::{self, Scopes};
use serde_json::{Map, Value};

use super::draft::Draft;
use super::words::{
    AuthMethod, ClientType, GrantType, Pkce, RefreshRotation, TeamSelection, TokenFormat,
    TokenIssuance, TrustedIpsMode,
};
use super::{Client, Risk, SIGNING_ALGORITHMS, trusted_ips};
use crate::access::Access;
use crate::{ClientId, FieldError};

/// Seconds an access token lives unless said otherwise.
pub(super) const ACCESS_LIFETIME: i64 = 3_600;
/// Seconds a refresh token family lives unless said otherwise.
pub(super) const REFRESH_LIFETIME: i64 = 7 * 86_400;
/// Seconds in which the previous refresh token gives the same successor.
const OVERLAP: i64 = 30;

/// What a directory synchronization needs; the middle one has two colons.
const SYNC_SCOPES: [&str; 5] =
    ["scim:read", "scim:write", "sync:profile:read", "connector:read", "connector:write"];
const IDENTITY_SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// The client that a draft describes, without number, instants and secrets, and what could not be
/// read.
pub(super) fn complete(draft: &Draft) -> (Client, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut client = template(draft);
    if let Some(names) = &draft.scopes {
        client.scopes = read_scopes("scopes", names, &mut errors);
    }
    client.default_scopes = match &draft.default_scopes {
        Some(names) => read_scopes("default_scopes", names, &mut errors),
        None => template_defaults(&client.scopes),
    };
    match trusted_ips::List::parse(draft.trusted_ips.as_deref().unwrap_or_default()) {
        Ok(list) => client.trusted_ips = list,
        Err(wrong) => errors.extend(wrong),
    }
    let restrictions = draft.team_restrictions.clone().unwrap_or_default();
    client.restricted_organizations = once_each(Some(&restrictions.organizations));
    client.restricted_teams = once_each(Some(&restrictions.teams));
    client.redirect_uris = once_each(draft.redirect_uris.as_deref());
    client.post_logout_redirect_uris = once_each(draft.post_logout_redirect_uris.as_deref());
    client.contacts = once_each(draft.contacts.as_deref());
    client.name = trimmed(draft.name.as_deref());
    client.description = trimmed(draft.description.as_deref());
    client.logo_uri =
        draft.logo_uri.as_deref().map(str::trim).filter(|uri| !uri.is_empty()).map(Into::into);
    take_tokens(&mut client, draft);
    errors.extend(nul_errors(&client));
    (client, errors)
}

impl Draft {
    /// The client that this describes, with the defaults of its type filled in: what a form shows
    /// before anybody typed. Judged and stored by nobody.
    pub fn sketch(&self) -> Client {
        complete(self).0
    }
}

/// No text may hold a NUL character: no database keeps one.
fn nul_errors(client: &Client) -> Vec<FieldError> {
    fn has_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(has_nul),
            Value::Object(members) => {
                members.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
            }
            _ => false,
        }
    }
    let snapshot = client.snapshot();
    let fields = snapshot.as_object().into_iter().flatten().filter(|(_, value)| has_nul(value));
    fields
        .map(|(field, _)| FieldError { field: field.clone(), message: "No NUL characters.".into() })
        .collect()
}

/// Takes over what the draft says of tokens, consent and limits.
fn take_tokens(client: &mut Client, draft: &Draft) {
    take(&mut client.verified, draft.verified);
    take(&mut client.enabled, draft.enabled);
    take(&mut client.team_selection, draft.team_selection);
    take(&mut client.require_consent, draft.require_consent);
    take(&mut client.pkce, draft.pkce);
    take(&mut client.refresh_without_pkce, draft.refresh_without_pkce);
    take(&mut client.access_token_lifetime, draft.access_token_lifetime);
    take(&mut client.access_token_format, draft.access_token_format);
    take(&mut client.refresh_token_lifetime, draft.refresh_token_lifetime);
    take(&mut client.refresh_rotation, draft.refresh_rotation);
    take(&mut client.refresh_overlap, draft.refresh_overlap);
    take(&mut client.id_token_alg, draft.id_token_alg);
    take(&mut client.continue_without_context_user, draft.continue_without_context_user);
    take(&mut client.trusted_ips_mode, draft.trusted_ips_mode);
    take(&mut client.token_issuance, draft.token_issuance);
    take(&mut client.claims, draft.claims.clone());
    client.refresh_token_idle_lifetime = draft.refresh_token_idle_lifetime;
    client.context_user.clone_from(&draft.context_user);
    client.max_active_tokens = draft.max_active_tokens;
    client.token_requests_per_second = draft.token_requests_per_second;
    client.default_resource.clone_from(&draft.default_resource);
}

fn take<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

/// The client of the draft's type, access and grants, everything else at its default.
fn template(draft: &Draft) -> Client {
    let kind = draft.kind.unwrap_or_else(|| inferred(draft));
    let sync = kind == ClientType::SyncConnector;
    let access = draft.access.unwrap_or(if sync { Access::Full } else { Access::ReadOnly });
    let none_only = draft.auth_methods.as_deref() == Some(&[AuthMethod::None]);
    let confidential = draft.confidential.unwrap_or(!none_only);
    let grant_types = draft.grant_types.clone().map_or_else(|| grants(kind), BTreeSet::from_iter);
    let given_methods = draft.auth_methods.clone().map(BTreeSet::from_iter);
    Client {
        id: ClientId::new(draft.client_id.clone().unwrap_or_default()),
        number: 0,
        organization: draft.organization.clone(),
        owner_team: draft.owner_team.clone(),
        name: String::new(),
        description: String::new(),
        contacts: Vec::new(),
        logo_uri: None,
        verified: false,
        kind,
        enabled: true,
        is_system: false,
        confidential,
        auth_methods: given_methods.unwrap_or_else(|| auth_methods(confidential)),
        scopes: template_scopes(kind, access, &grant_types),
        grant_types,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        default_scopes: Scopes::default(),
        default_resource: None,
        access,
        team_selection: TeamSelection::Single,
        restricted_organizations: Vec::new(),
        restricted_teams: Vec::new(),
        require_consent: true,
        pkce: Pkce::Required,
        refresh_without_pkce: false,
        access_token_lifetime: ACCESS_LIFETIME,
        access_token_format: TokenFormat::Opaque,
        refresh_token_lifetime: REFRESH_LIFETIME,
        refresh_token_idle_lifetime: None,
        refresh_rotation: RefreshRotation::Rotate,
        refresh_overlap: OVERLAP,
        id_token_alg: SIGNING_ALGORITHMS[0],
        context_user: None,
        continue_without_context_user: false,
        trusted_ips: trusted_ips::List::default(),
        trusted_ips_mode: TrustedIpsMode::Enforce,
        token_issuance: TokenIssuance::AlwaysNew,
        max_active_tokens: None,
        token_requests_per_second: None,
        claims: Map::new(),
        risk: Risk::default(),
        epoch: 0,
        version: 0,
        created_at: 0,
        created_by: String::new(),
        updated_at: 0,
        updated_by: String::new(),
        last_used_at: None,
        secrets: Vec::new(),
    }
}

/// The type that a draft without one means.
fn inferred(draft: &Draft) -> ClientType {
    match draft.grant_types.as_deref() {
        None => ClientType::UserAuthorized,
        Some(grants) if grants.contains(&GrantType::AuthorizationCode) => {
            ClientType::UserAuthorized
        }
        Some(&[GrantType::ClientCredentials]) => ClientType::Service,
        Some(_) => ClientType::Custom,
    }
}

fn grants(kind: ClientType) -> BTreeSet<GrantType> {
    match kind {
        ClientType::UserAuthorized => BTreeSet::from([GrantType::AuthorizationCode]),
        ClientType::Service | ClientType::SyncConnector => {
            BTreeSet::from([GrantType::ClientCredentials])
        }
        ClientType::Custom => BTreeSet::new(),
    }
}

fn auth_methods(confidential: bool) -> BTreeSet<AuthMethod> {
    if confidential {
        BTreeSet::from([AuthMethod::SecretBasic, AuthMethod::SecretPost])
    } else {
        BTreeSet::from([AuthMethod::None])
    }
}

fn template_scopes(kind: ClientType, access: Access, grants: &BTreeSet<GrantType>) -> Scopes {
    let writes = access == Access::Full;
    match kind {
        ClientType::UserAuthorized => {
            let as_user =
                ["as_user:read", "as_user:write"].into_iter().take(if writes { 2 } else { 1 });
            IDENTITY_SCOPES.into_iter().chain(["offline_access"]).chain(as_user).collect()
        }
        ClientType::SyncConnector => {
            SYNC_SCOPES.into_iter().filter(|scope| writes || scope.ends_with(":read")).collect()
        }
        ClientType::Custom if grants.iter().any(|grant| *grant != GrantType::ClientCredentials) => {
            IDENTITY_SCOPES.into_iter().collect()
        }
        ClientType::Service | ClientType::Custom => Scopes::default(),
    }
}

/// Identity and read, never write, and never what outlives the person's presence.
fn template_defaults(scopes: &Scopes) -> Scopes {
    let wanted = |scope: &&str| IDENTITY_SCOPES.contains(scope) || *scope == "as_user:read";
    scopes.iter().filter(wanted).collect()
}

fn read_scopes(field: &str, names: &[String], errors: &mut Vec<FieldError>) -> Scopes {
    let (good, bad): (Vec<&str>, Vec<&str>) =
        names.iter().map(String::as_str).partition(|name| scope::is_token(name));
    for name in bad.iter().take(10) {
        let shown: String =
            name.chars().filter(|c| !crate::text::is_invisible(*c)).take(60).collect();
        let message =
            format!("`{shown}` is not the name of a scope: no spaces, quotes or backslashes.");
        errors.push(FieldError { field: field.into(), message });
    }
    let scopes: Scopes = good.into_iter().collect();
    if scopes.len() > scope::MAX_SCOPES || scopes.as_str().len() > scope::MAX_CHARACTERS {
        let message = format!(
            "At most {} scopes of {} characters together.",
            scope::MAX_SCOPES,
            scope::MAX_CHARACTERS
        );
        errors.push(FieldError { field: field.into(), message });
    }
    scopes
}

fn trimmed(text: Option<&str>) -> String {
    text.unwrap_or_default().trim().to_owned()
}

/// The items in their order; blank ones and repetitions fall away.
fn once_each(items: Option<&[String]>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let items = items.unwrap_or_default().iter().map(|item| item.trim());
    items.filter(|item| !item.is_empty() && seen.insert(*item)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn completed(draft: &serde_json::Value) -> serde_json::Value {
        let (client, errors) = complete(&Draft::read(draft).unwrap());
        assert_eq!(errors, []);
        client.snapshot()
    }

    #[test]
    fn fills_in_nothing_dangerous() {
        let client = completed(&json!({"client_name": "a"}));
        for (field, value) in [
            ("type", json!("user_authorized")),
            ("access", json!("read_only")),
            ("grant_types", json!(["authorization_code"])),
            ("pkce", json!("required")),
            ("require_consent", json!(true)),
            ("team_selection", json!("single")),
            ("scopes", json!(["as_user:read", "email", "offline_access", "openid", "profile"])),
            ("default_scopes", json!(["as_user:read", "email", "openid", "profile"])),
            ("access_token_lifetime", json!(3600)),
            ("refresh_token_lifetime", json!(604_800)),
            ("confidential", json!(true)),
            ("verified", json!(false)),
        ] {
            assert_eq!(client[field], value, "{field}");
        }
    }

    #[test]
    fn writes_only_under_full_access() {
        let full = completed(&json!({"access": "full"}));
        assert!(full["scopes"].as_array().unwrap().contains(&json!("as_user:write")));
        assert!(!full["default_scopes"].as_array().unwrap().contains(&json!("as_user:write")));
    }

    #[test]
    fn a_sync_connector_has_its_five_scopes() {
        let sync = completed(&json!({"type": "sync_connector"}));
        assert_eq!(sync["access"], "full");
        assert_eq!(sync["scopes"].as_array().unwrap().len(), 5);
        let reader = completed(&json!({"type": "sync_connector", "access": "read_only"}));
        assert_eq!(reader["scopes"], json!(["connector:read", "scim:read", "sync:profile:read"]));
    }

    #[test]
    fn infers_the_type_from_the_grants() {
        for (grants, kind) in [
            (json!(["client_credentials"]), "service"),
            (json!(["authorization_code", "refresh_token"]), "user_authorized"),
            (json!(["password"]), "custom"),
        ] {
            assert_eq!(completed(&json!({"grant_types": grants}))["type"], kind, "{grants}");
        }
    }

    #[test]
    fn takes_none_as_the_only_method_for_a_public_client() {
        assert_eq!(completed(&json!({"auth_methods": ["none"]}))["confidential"], false);
        assert_eq!(completed(&json!({"confidential": false}))["auth_methods"], json!(["none"]));
    }
}
