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
pub(super) fn confirmation(
    client: &Client,
    before: Option<&Client>,
    policy: &Policy,
) -> Option<FieldError> {
    let is_high = |c: &Client| {
        c.access == Access::Full && c.access_token_lifetime > policy.high_risk_lifetime
    };
    let confirmed = before
        .is_some_and(|b| is_high(b) && b.access_token_lifetime >= client.access_token_lifetime);
    (is_high(client) && !confirmed).then(|| FieldError {
        field: "confirm_high_risk".into(),
        message: format!(
            "Full access with access tokens that live {}, more than {}: whoever gets hold of one can change \
             and delete things for that long. Confirm it, shorten the lifetime, or choose read-only access.",
            spelled(client.access_token_lifetime),
            spelled(policy.high_risk_lifetime)
        ),
    })
}

fn spelled(seconds: i64) -> String {
    protocol::duration::spell(u64::try_from(seconds).unwrap_or_default())
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
    wrong.0.extend(
        client.contacts.iter().take(20).find_map(|c| FoldedName::parse("contacts", c).err()),
    );
    if let Some(uri) = &client.logo_uri {
        match RedirectUri::register(uri, true) {
            Ok(_) if uri.starts_with("https://") => {}
            Ok(_) => wrong.field("logo_uri", "A logo is fetched by https only."),
            Err(why) => wrong.field("logo_uri", why.to_string()),
        }
    }
}

fn credentials(client: &Client, wrong: &mut Wrong) {
    let methods = &client.auth_methods;
    if client.confidential {
        let message = "A confidential client proves itself: `client_secret_basic` or `client_secret_post`, not `none`.";
        let proves = !methods.is_empty() && !methods.contains(&AuthMethod::None);
        wrong.unless(proves, "auth_methods", message);
    } else {
        let message = "A public client holds no secret: its one method is `none`.";
        wrong.unless(methods.iter().eq([&AuthMethod::None]), "auth_methods", message);
        let message =
            "A public client must use PKCE: nothing else ties a code to who asked for it.";
        wrong.unless(client.pkce == Pkce::Required, "pkce", message);
        let message = "A public client gets refresh tokens only with PKCE.";
        wrong.unless(!client.refresh_without_pkce, "refresh_without_pkce", message);
        let message = "The refresh tokens of a public client are replaced at each use.";
        wrong.unless(
            client.refresh_rotation == RefreshRotation::Rotate,
            "refresh_rotation",
            message,
        );
    }
}

fn grants(client: &Client, before: Option<&Client>, policy: &Policy, wrong: &mut Wrong) {
    const FIELD: &str = "grant_types";
    wrong.unless(!client.grant_types.is_empty(), FIELD, "Choose at least one grant.");
    let has = |grant| client.allows(grant);
    for (grant, name) in
        [(GrantType::ClientCredentials, "Client credentials"), (GrantType::Password, "Password")]
    {
        if has(grant) && !client.confidential {
            wrong.field(
                FIELD,
                format!("{name}: confidential clients only, because the secret is the proof."),
            );
        }
    }
    if has(GrantType::Implicit) && client.confidential {
        wrong.field(FIELD, "Implicit: public clients only.");
    }
    if has(GrantType::RefreshToken)
        && !has(GrantType::AuthorizationCode)
        && !has(GrantType::Password)
    {
        wrong.field(
            FIELD,
            "Refresh tokens come with the authorization code or the password grant only.",
        );
    }
    for (grant, allowed) in [
        (GrantType::Password, policy.legacy_password),
        (GrantType::Implicit, policy.legacy_implicit),
    ] {
        let held = before.is_some_and(|before| before.allows(grant));
        if has(grant) && !allowed && !held {
            let name = grant.as_str();
            wrong.field(
                FIELD,
                format!(
                    "The legacy grant `{name}` is switched off on this server (legacy_grants)."
                ),
            );
        }
    }
}

fn redirects(client: &Client, wrong: &mut Wrong) {
    let (code, uris) = (client.has_redirects(), &client.redirect_uris);
    if code && uris.is_empty() {
        wrong.field(
            "redirect_uris",
            "The authorization code and implicit grants need at least one redirect URI.",
        );
    }
    for (field, uris) in
        [("redirect_uris", uris), ("post_logout_redirect_uris", &client.post_logout_redirect_uris)]
    {
        if !code && !uris.is_empty() {
            wrong.field(
                field,
                "Only clients with the authorization code or implicit grant have redirect URIs.",
            );
        }
        wrong.unless(uris.len() <= 100, field, "At most 100 URIs.");
        for uri in uris.iter().take(100) {
            if let Err(why) = RedirectUri::register(uri, client.confidential) {
                let shown: String =
                    uri.chars().take(200).filter(|c| !crate::text::is_invisible(*c)).collect();
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
        let writes: Vec<&str> =
            client.scopes.iter().filter(|s| kind(s) == Some(ScopeKind::Write)).collect();
        if !writes.is_empty() {
            let writes = quoted(&writes);
            wrong.field(
                "scopes",
                format!("A read-only client can hold no scope that writes: {writes}."),
            );
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
    let writes: Vec<&str> =
        client.default_scopes.iter().filter(|s| kind(s) == Some(ScopeKind::Write)).collect();
    if !writes.is_empty() {
        let writes = quoted(&writes);
        wrong.field(
            "default_scopes",
            format!("What is not asked for never writes: {writes} must be asked for."),
        );
    }
    if let Some(resource) = &client.default_resource
        && !facts.has_resource
    {
        wrong.field(
            "default_resource",
            format!("There is no resource with the identifier {}.", quoted(&[resource])),
        );
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
            wrong.field(
                field,
                format!("The team {} is not of the client's organization.", quoted(&[id])),
            );
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
            wrong.field(
                "team_restrictions",
                format!("There is no such organization: {}.", quoted(&[id])),
            );
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
        wrong.unless(
            !client.continue_without_context_user,
            "continue_without_context_user",
            message,
        );
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
        let shown: String =
            name.chars().take(80).filter(|c| !crate::text::is_invisible(*c)).collect();
        format!("`{shown}`")
    };
    let shown: Vec<String> = names.iter().take(10).map(clean).collect();
    match names.len().checked_sub(10) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The rules themselves are tested with the doors' words in `tests/clients`; here: that no
/// combination slips through.
#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::super::Draft;
    use super::super::presets::complete;
    use super::*;

    fn facts() -> Facts {
        let kinds = [
            "openid",
            "scim:read",
            "scim:write",
            "as_user:read",
            "as_user:write",
            "email",
            "profile",
        ];
        let kind = |name: &str| crate::scopes::built_in_kind(name).unwrap();
        Facts {
            scope_kinds: kinds.into_iter().map(|name| (name.to_owned(), kind(name))).collect(),
            organizations: ["org_a".to_owned()].into(),
            teams: [
                ("team_a".to_owned(), "org_a".to_owned()),
                ("team_b".to_owned(), "org_b".to_owned()),
            ]
            .into(),
            has_context_user: true,
            ..Facts::default()
        }
    }

    /// One of the values that a field may be given, right and wrong ones.
    fn settings() -> impl Strategy<Value = Value> {
        let fields: Vec<(&str, Vec<Value>)> = vec![
            ("client_name", vec![json!("a"), json!("a"), json!("")]),
            ("confidential", vec![json!(true), json!(false)]),
            ("auth_methods", vec![json!(["none"]), json!(["client_secret_basic"]), json!([])]),
            (
                "grant_types",
                vec![
                    json!(["authorization_code"]),
                    json!(["client_credentials"]),
                    json!(["refresh_token"]),
                    json!([]),
                    json!(["authorization_code", "refresh_token"]),
                    json!(["authorization_code", "client_credentials"]),
                    json!(["implicit"]),
                    json!(["password"]),
                ],
            ),
            (
                "redirect_uris",
                vec![json!(["https://a.example/cb"]), json!([]), json!(["http://a.example/cb"])],
            ),
            ("access", vec![json!("full"), json!("read_only")]),
            (
                "scopes",
                vec![json!(["openid"]), json!(["openid", "scim:write"]), json!(["x:y"]), json!([])],
            ),
            ("default_scopes", vec![json!(["openid"]), json!(["scim:write"]), json!([])]),
            ("organization", vec![json!("org_a"), json!("org_b")]),
            ("team_restrictions", vec![json!({"teams": ["team_a"]}), json!({"teams": ["team_b"]})]),
            ("pkce", vec![json!("optional"), json!("required")]),
            ("refresh_rotation", vec![json!("keep")]),
            ("refresh_without_pkce", vec![json!(true)]),
            ("context_user", vec![json!("usr_a")]),
            ("continue_without_context_user", vec![json!(true)]),
            ("access_token_lifetime", vec![json!(59), json!(60), json!(86_400), json!(86_401)]),
            ("refresh_token_idle_lifetime", vec![json!(60), json!(700_000)]),
            ("max_active_tokens", vec![json!(0), json!(200)]),
        ];
        let choices: Vec<_> = fields
            .into_iter()
            .map(|(name, values)| {
                let value = proptest::option::weighted(0.2, proptest::sample::select(values));
                value.prop_map(move |value| (name.to_owned(), value))
            })
            .collect();
        choices.prop_map(|fields| {
            let good = json!({"client_name": "a", "redirect_uris": ["https://a.example/cb"], "scopes": ["openid"]});
            let chosen = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
            Value::Object(good.as_object().cloned().unwrap_or_default().into_iter().chain(chosen).collect::<Map<_, _>>())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, max_global_rejects: 50_000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_accepted_keeps_every_promise(draft in settings()) {
            let (client, errors) = complete(&Draft::read(&draft).unwrap());
            let facts = facts();
            prop_assume!(errors.is_empty() && check(&client, None, &facts).is_empty());
            let has = |grant| client.allows(grant);
            prop_assert!(!has(GrantType::Password) && !has(GrantType::Implicit), "switched off");
            prop_assert_eq!(client.has_redirects(), !client.redirect_uris.is_empty());
            prop_assert_eq!(client.confidential, !client.auth_methods.contains(&AuthMethod::None));
            if !client.confidential {
                prop_assert!(client.pkce == Pkce::Required && !has(GrantType::ClientCredentials));
                prop_assert!(client.refresh_rotation == RefreshRotation::Rotate && !client.refresh_without_pkce);
            }
            let writes = |scopes: &protocol::scope::Scopes| {
                scopes.iter().any(|scope| facts.scope_kinds[scope] == ScopeKind::Write)
            };
            prop_assert!(client.access == Access::Full || !writes(&client.scopes));
            prop_assert!(client.default_scopes.is_subset(&client.scopes) && !writes(&client.default_scopes));
            prop_assert!(client.context_user.is_none() || has(GrantType::ClientCredentials));
            prop_assert!((60..=86_400).contains(&client.access_token_lifetime));
            if let Some(home) = &client.organization {
                prop_assert!(client.restricted_teams.iter().all(|team| &facts.teams[team] == home));
            }
        }

        /// What was accepted reads back from its own snapshot as the same client.
        #[test]
        fn a_snapshot_describes_the_client_whole(draft in settings()) {
            let (client, errors) = complete(&Draft::read(&draft).unwrap());
            prop_assume!(errors.is_empty());
            let mut settings = client.snapshot();
            settings.as_object_mut().unwrap().retain(|name, _| Draft::FIELDS.contains(&name.as_str()));
            let (again, errors) = complete(&Draft::read(&settings).unwrap());
            prop_assert_eq!(errors, vec![]);
            prop_assert_eq!(again.snapshot(), client.snapshot());
        }

        #[test]
        fn no_text_makes_it_panic(name in any::<String>(), text in any::<String>(), number in any::<i64>()) {
            let draft = json!({
                "client_name": name, "description": text, "contacts": [text], "logo_uri": text, "scopes": [name],
                "redirect_uris": [text], "trusted_ips": [name], "claims": {name.clone(): text},
                "access_token_lifetime": number, "refresh_token_idle_lifetime": number, "refresh_overlap": number,
            });
            let (client, _) = complete(&Draft::read(&draft).unwrap());
            check(&client, None, &facts());
        }
    }
}
