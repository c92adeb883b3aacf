//! What a form of a client holds: read from a client, or from what somebody typed; written as the
//! settings of the contract. Pure; decides nothing that `domain::clients` decides.

use domain::FieldError;
use domain::clients::{Client, GrantType, typed_lifetime};
use serde_json::{Map, Value, json};

use super::more::{Given, More};
use super::words;
use crate::web::form::Fields;

/// The fields as they stand in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub client_id: String,
    pub client_name: String,
    pub description: String,
    pub contacts: String,
    pub organization: String,
    pub owner_team: String,
    pub confidential: bool,
    pub grants: Vec<String>,
    pub pkce: String,
    pub team_selection: String,
    pub organizations: Vec<String>,
    pub teams: Vec<String>,
    pub access: String,
    pub scopes: Vec<String>,
    /// An e-mail address or the id of a person.
    pub context_user: String,
    pub require_consent: bool,
    pub access_token_lifetime: String,
    pub access_token_format: String,
    pub refresh_token_lifetime: String,
    pub trusted_ips: String,
    pub redirect_uris: String,
    pub post_logout_redirect_uris: String,
    pub confirm_high_risk: bool,
    /// What few clients need.
    pub more: More,
}

/// Which fields the form showed: those that were not shown are not to be changed.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own, not a state")]
pub(super) struct Shown {
    /// A choice of organizations.
    pub organization: bool,
    /// A choice of owner teams.
    pub owner_team: bool,
    /// The picker of places.
    pub places: bool,
    /// Whether the client may be vouched for.
    pub verified: bool,
}

impl Typed {
    /// The form of a client as it is. The context user is spelled by the caller.
    pub fn of(client: &Client) -> Self {
        Self {
            client_id: client.id.to_string(),
            client_name: client.name.clone(),
            description: client.description.clone(),
            contacts: client.contacts.join("\n"),
            organization: client.organization.clone().unwrap_or_default(),
            owner_team: client.owner_team.clone().unwrap_or_default(),
            confidential: client.confidential,
            grants: client.grant_types.iter().map(|it| it.as_str().to_owned()).collect(),
            pkce: client.pkce.as_str().into(),
            team_selection: client.team_selection.as_str().into(),
            organizations: client.restricted_organizations.clone(),
            teams: client.restricted_teams.clone(),
            access: client.access.as_str().into(),
            scopes: client.scopes.iter().map(str::to_owned).collect(),
            context_user: client.context_user.as_ref().map(ToString::to_string).unwrap_or_default(),
            require_consent: client.require_consent,
            access_token_lifetime: words::duration(client.access_token_lifetime),
            access_token_format: client.access_token_format.as_str().into(),
            refresh_token_lifetime: words::duration(client.refresh_token_lifetime),
            trusted_ips: client.trusted_ips.lines().join("\n"),
            redirect_uris: client.redirect_uris.join("\n"),
            post_logout_redirect_uris: client.post_logout_redirect_uris.join("\n"),
            confirm_high_risk: false,
            more: More::of(client),
        }
    }

    /// What somebody typed.
    pub fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).replace("\r\n", "\n");
        Self {
            client_id: text("client_id"),
            client_name: text("client_name"),
            description: text("description"),
            contacts: text("contacts"),
            organization: text("organization"),
            owner_team: text("owner_team"),
            confidential: fields.text("confidential") != "false",
            grants: fields.all("grant_types"),
            pkce: text("pkce"),
            team_selection: text("team_selection"),
            organizations: fields.all("team_restrictions.organizations"),
            teams: fields.all("team_restrictions.teams"),
            access: text("access"),
            scopes: fields.all("scopes"),
            context_user: text("context_user"),
            require_consent: fields.ticked("require_consent"),
            access_token_lifetime: text("access_token_lifetime"),
            access_token_format: text("access_token_format"),
            refresh_token_lifetime: text("refresh_token_lifetime"),
            trusted_ips: text("trusted_ips"),
            redirect_uris: text("redirect_uris"),
            post_logout_redirect_uris: text("post_logout_redirect_uris"),
            confirm_high_risk: fields.ticked("confirm_high_risk"),
            more: More::read(fields),
        }
    }

    /// Is this grant ticked?
    pub fn has(&self, grant: GrantType) -> bool {
        self.grants.iter().any(|it| it == grant.as_str())
    }

    /// Do people sign in to it?
    pub fn has_redirects(&self) -> bool {
        self.has(GrantType::AuthorizationCode) || self.has(GrantType::Implicit)
    }

    /// The settings in the words of the contract, and which of them could not be read. Sections
    /// that do not concern the ticked grants are out of sight and count as empty.
    pub fn settings(&self, shown: Shown) -> (Map<String, Value>, Vec<FieldError>) {
        let mut settings = Map::new();
        let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        let code = self.has_redirects();
        set("client_name", json!(self.client_name));
        set("description", json!(self.description));
        set("contacts", json!(lines(&self.contacts)));
        if shown.organization {
            set("organization", perhaps(&self.organization));
        }
        if shown.owner_team {
            set("owner_team", perhaps(&self.owner_team));
        }
        set("confidential", json!(self.confidential));
        set("grant_types", json!(self.grants_in_sight()));
        if shown.places {
            let limits = json!({ "organizations": self.organizations, "teams": self.teams });
            set("team_restrictions", limits);
        }
        set("access", json!(self.access));
        set("scopes", json!(self.scopes));
        let context_user =
            if self.has(GrantType::ClientCredentials) { self.context_user.as_str() } else { "" };
        set("context_user", perhaps(context_user));
        set("access_token_format", json!(self.access_token_format));
        set("trusted_ips", json!(lines(&self.trusted_ips)));
        let uris = |text| if code { lines(text) } else { Vec::new() };
        set("redirect_uris", json!(uris(self.redirect_uris.as_str())));
        set("post_logout_redirect_uris", json!(uris(self.post_logout_redirect_uris.as_str())));
        if code {
            set("pkce", json!(if self.confidential { self.pkce.as_str() } else { "required" }));
            set("team_selection", json!(self.team_selection));
            set("require_consent", json!(self.require_consent));
        }
        let mut errors = self.read_durations(&mut settings);
        let given = Given {
            code,
            refresh: self.grants_in_sight().contains(&GrantType::RefreshToken.as_str()),
            service: self.has(GrantType::ClientCredentials),
            confidential: self.confidential,
            acts_as: !context_user.trim().is_empty(),
            vouches: shown.verified,
            scopes: &self.scopes,
        };
        errors.extend(self.more.settings(given, &mut settings));
        (settings, errors)
    }

    /// The ticked grants; a refresh token belongs to a person's grant.
    fn grants_in_sight(&self) -> Vec<&str> {
        let refreshes = self.has(GrantType::AuthorizationCode) || self.has(GrantType::Password);
        let refresh = GrantType::RefreshToken.as_str();
        self.grants.iter().map(String::as_str).filter(|it| *it != refresh || refreshes).collect()
    }

    fn read_durations(&self, settings: &mut Map<String, Value>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut durations = vec![("access_token_lifetime", &self.access_token_lifetime)];
        if self.grants_in_sight().contains(&GrantType::RefreshToken.as_str()) {
            durations.push(("refresh_token_lifetime", &self.refresh_token_lifetime));
        }
        for (field, text) in durations {
            match typed_lifetime(text) {
                Ok(value) => {
                    settings.insert(field.to_owned(), value);
                }
                Err(message) => errors.push(FieldError { field: field.into(), message }),
            }
        }
        errors
    }
}

/// Those settings that differ from what is stored: a merge patch. Sets are compared as sets.
pub(super) fn patch(settings: Map<String, Value>, stored: &Value) -> Map<String, Value> {
    let is_same = |name: &str, value: &Value| match stored.get(name) {
        Some(stored) if matches!(name, "scopes" | "default_scopes" | "grant_types") => {
            sorted(stored) == sorted(value)
        }
        Some(Value::Object(stored)) if name == "team_restrictions" => {
            stored.iter().all(|(name, stored)| {
                value.get(name).is_some_and(|value| sorted(stored) == sorted(value))
            })
        }
        Some(stored) => stored == value,
        None => value.is_null(),
    };
    settings.into_iter().filter(|(name, value)| !is_same(name, value)).collect()
}

fn sorted(value: &Value) -> Vec<&str> {
    let mut items: Vec<&str> =
        value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// One entry a line; blank lines are none.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn perhaps(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() { Value::Null } else { json!(text) }
}

#[cfg(test)]
mod tests {
    use domain::clients::Draft;

    use super::*;

    const ALL: Shown = Shown { organization: true, owner_team: true, places: true, verified: true };

    fn typed(draft: &Value) -> Typed {
        Typed::of(&Draft::read(draft).unwrap().sketch())
    }

    #[test]
    fn a_form_that_nobody_touched_changes_nothing() {
        for draft in [
            json!({"client_name": "a", "redirect_uris": ["https://a.example/cb"], "contacts": ["x", "y"]}),
            json!({"type": "service", "trusted_ips": ["10.0.0.0/8", "::1"], "context_user": "usr_1"}),
            json!({"confidential": false, "grant_types": ["authorization_code", "refresh_token"],
                   "refresh_token_lifetime": 5400, "access_token_lifetime": 61,
                   "team_restrictions": {"teams": ["b", "a"]}, "scopes": ["openid", "a:b"]}),
        ] {
            let client = Draft::read(&draft).unwrap().sketch();
            let (settings, errors) = Typed::of(&client).settings(ALL);
            assert_eq!(errors, []);
            assert_eq!(patch(settings, &client.snapshot()), Map::new(), "{draft}");
        }
    }

    #[test]
    fn changes_only_what_is_different() {
        let client = Draft::read(&json!({"client_name": "a"})).unwrap().sketch();
        let typed = Typed { client_name: "b".into(), ..Typed::of(&client) };
        let patch = patch(typed.settings(ALL).0, &client.snapshot());
        assert_eq!(Value::Object(patch), json!({"client_name": "b"}));
    }

    #[test]
    fn what_is_out_of_sight_counts_as_empty() {
        let service = Typed {
            grants: vec!["client_credentials".into(), "refresh_token".into()],
            redirect_uris: "https://a.example/cb".into(),
            refresh_token_lifetime: "nonsense".into(),
            ..typed(&json!({"client_name": "a"}))
        };
        let (settings, errors) = service.settings(ALL);
        assert_eq!(errors, []);
        assert_eq!(settings["redirect_uris"], json!([]));
        assert_eq!(settings["grant_types"], json!(["client_credentials"]));
        let app = Typed { context_user: "usr_1".into(), ..typed(&json!({})) };
        assert_eq!(app.settings(ALL).0["context_user"], Value::Null);
    }

    #[test]
    fn what_was_not_shown_is_not_touched() {
        let (settings, _) = typed(&json!({})).settings(Shown::default());
        for field in ["organization", "owner_team", "team_restrictions"] {
            assert!(!settings.contains_key(field), "{field}");
        }
    }

    #[test]
    fn durations_are_refused_in_words() {
        let form = Typed { access_token_lifetime: "1.5 h".into(), ..typed(&json!({})) };
        let (settings, errors) = form.settings(ALL);
        assert_eq!(errors[0].field, "access_token_lifetime");
        assert_eq!(errors[0].message, "Write whole numbers, such as 1 h 30 m instead of 1.5 h.");
        assert!(!settings.contains_key("access_token_lifetime"));
    }
}
