//! The settings that few clients need: read from a client or from a form, written as the settings
//! of the contract, shown as the closed part of the form. Pure.

use domain::FieldError;
use domain::clients::{Client, RefreshRotation, TokenIssuance, TrustedIpsMode, typed_lifetime};
use serde_json::{Map, Value, json};

use super::words;
use crate::console::views::MoreSettings;
use crate::web::form::Fields;
use crate::web::views::{Choice, Errors};

/// What ID tokens may be signed with, the default first.
const ALGORITHMS: [&str; 4] = ["RS256", "ES256", "EdDSA", "PS256"];

/// The fields as they stand in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct More {
    logo_uri: String,
    verified: bool,
    default_scopes: String,
    default_resource: String,
    id_token_alg: String,
    refresh_rotation: String,
    refresh_overlap: String,
    refresh_token_idle_lifetime: String,
    refresh_without_pkce: bool,
    continue_without_context_user: bool,
    trusted_ips_mode: String,
    token_issuance: String,
    max_active_tokens: String,
    token_requests_per_second: String,
    claims: String,
}

/// What the rest of the form says that matters here.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a tick of its own, not a state")]
pub(super) struct Given<'a> {
    /// Do people sign in to it?
    pub code: bool,
    /// Does it get refresh tokens?
    pub refresh: bool,
    /// Does it work on its own?
    pub service: bool,
    /// Does it hold a secret?
    pub confidential: bool,
    /// Does it act as somebody?
    pub acts_as: bool,
    /// May this person vouch for a client?
    pub vouches: bool,
    /// The ticked scopes.
    pub scopes: &'a [String],
}

impl More {
    /// Of a client as it is.
    pub fn of(client: &Client) -> Self {
        let seconds = |it: Option<i64>| it.map(words::duration).unwrap_or_default();
        let number = |it: Option<i64>| it.map(|n| n.to_string()).unwrap_or_default();
        let claims = if client.claims.is_empty() {
            String::new()
        } else {
            serde_json::to_string_pretty(&client.claims).unwrap_or_default()
        };
        Self {
            logo_uri: client.logo_uri.clone().unwrap_or_default(),
            verified: client.verified,
            default_scopes: client.default_scopes.iter().collect::<Vec<_>>().join(" "),
            default_resource: client.default_resource.clone().unwrap_or_default(),
            id_token_alg: client.id_token_alg.as_str().into(),
            refresh_rotation: client.refresh_rotation.as_str().into(),
            refresh_overlap: words::duration(client.refresh_overlap),
            refresh_token_idle_lifetime: seconds(client.refresh_token_idle_lifetime),
            refresh_without_pkce: client.refresh_without_pkce,
            continue_without_context_user: client.continue_without_context_user,
            trusted_ips_mode: client.trusted_ips_mode.as_str().into(),
            token_issuance: client.token_issuance.as_str().into(),
            max_active_tokens: number(client.max_active_tokens),
            token_requests_per_second: number(client.token_requests_per_second),
            claims,
        }
    }

    /// What somebody typed.
    pub fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).replace("\r\n", "\n");
        Self {
            logo_uri: text("logo_uri"),
            verified: fields.ticked("verified"),
            default_scopes: text("default_scopes"),
            default_resource: text("default_resource"),
            id_token_alg: text("id_token_signed_response_alg"),
            refresh_rotation: text("refresh_rotation"),
            refresh_overlap: text("refresh_overlap"),
            refresh_token_idle_lifetime: text("refresh_token_idle_lifetime"),
            refresh_without_pkce: fields.ticked("refresh_without_pkce"),
            continue_without_context_user: fields.ticked("continue_without_context_user"),
            trusted_ips_mode: text("trusted_ips_mode"),
            token_issuance: text("token_issuance"),
            max_active_tokens: text("max_active_tokens"),
            token_requests_per_second: text("token_requests_per_second"),
            claims: text("claims"),
        }
    }

    /// Adds these settings to the others, and says which could not be read. What is out of sight
    /// is left alone, or off where it would contradict the rest.
    pub fn settings(&self, given: Given<'_>, settings: &mut Map<String, Value>) -> Vec<FieldError> {
        let mut reader = Reader { settings, errors: Vec::new() };
        reader.set("logo_uri", perhaps(&self.logo_uri));
        if given.vouches {
            reader.set("verified", json!(self.verified));
        }
        reader.set("default_resource", perhaps(&self.default_resource));
        if given.code {
            let named = self.default_scopes.split_whitespace();
            let held = named.filter(|name| given.scopes.iter().any(|scope| scope == name));
            reader.set("default_scopes", json!(held.collect::<Vec<_>>()));
            reader.set("id_token_signed_response_alg", json!(self.id_token_alg));
        }
        if given.refresh {
            reader.duration("refresh_overlap", &self.refresh_overlap);
            reader.duration("refresh_token_idle_lifetime", &self.refresh_token_idle_lifetime);
        }
        let is_old = given.refresh && given.confidential;
        reader.set("refresh_without_pkce", json!(is_old && self.refresh_without_pkce));
        let rotation = RefreshRotation::Rotate.as_str();
        let rotation = if is_old { self.refresh_rotation.as_str() } else { rotation };
        reader.set("refresh_rotation", json!(rotation));
        let goes_on = given.acts_as && self.continue_without_context_user;
        reader.set("continue_without_context_user", json!(goes_on));
        reader.set("trusted_ips_mode", json!(self.trusted_ips_mode));
        reader.set("token_issuance", json!(self.token_issuance));
        let most = if given.service { self.max_active_tokens.as_str() } else { "" };
        reader.number("max_active_tokens", most);
        reader.number("token_requests_per_second", &self.token_requests_per_second);
        reader.claims(&self.claims);
        reader.errors
    }

    /// As it is shown.
    pub fn shown(&self, vouches: bool, errors: &Errors) -> MoreSettings {
        let fields = [
            "logo_uri",
            "verified",
            "default_scopes",
            "default_resource",
            "id_token_signed_response_alg",
            "refresh_rotation",
            "refresh_overlap",
            "refresh_token_idle_lifetime",
            "refresh_without_pkce",
            "continue_without_context_user",
            "trusted_ips_mode",
            "token_issuance",
            "max_active_tokens",
            "token_requests_per_second",
            "claims",
        ];
        MoreSettings {
            logo_uri: self.logo_uri.clone(),
            verified: vouches.then_some(self.verified),
            default_scopes: self.default_scopes.clone(),
            default_resource: self.default_resource.clone(),
            id_token_alg: ALGORITHMS.map(|it| choice(it, it, "", &self.id_token_alg)).to_vec(),
            refresh_rotation: rotations(&self.refresh_rotation),
            refresh_overlap: self.refresh_overlap.clone(),
            refresh_token_idle_lifetime: self.refresh_token_idle_lifetime.clone(),
            refresh_without_pkce: self.refresh_without_pkce,
            continue_without_context_user: self.continue_without_context_user,
            trusted_ips_mode: modes(&self.trusted_ips_mode),
            token_issuance: issuances(&self.token_issuance),
            max_active_tokens: self.max_active_tokens.clone(),
            token_requests_per_second: self.token_requests_per_second.clone(),
            claims: self.claims.clone(),
            open: fields.iter().any(|field| errors.of(field).is_some()),
        }
    }
}

/// Writes settings, and gathers what could not be read.
struct Reader<'a> {
    settings: &'a mut Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn set(&mut self, field: &str, value: Value) {
        self.settings.insert(field.to_owned(), value);
    }

    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    fn duration(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            return self.set(field, Value::Null);
        }
        match typed_lifetime(text) {
            Ok(value) => self.set(field, value),
            Err(why) => self.wrong(field, why),
        }
    }

    fn number(&mut self, field: &str, text: &str) {
        match text.trim() {
            "" => self.set(field, Value::Null),
            text => match text.parse::<i64>() {
                Ok(number) => self.set(field, json!(number)),
                Err(_) => self.wrong(field, "A whole number is needed."),
            },
        }
    }

    fn claims(&mut self, text: &str) {
        match text.trim() {
            "" => self.set("claims", json!({})),
            text => match serde_json::from_str::<Map<String, Value>>(text) {
                Ok(claims) => self.set("claims", Value::Object(claims)),
                Err(_) => {
                    self.wrong("claims", "A JSON object is needed, such as {\"tier\": \"gold\"}.");
                }
            },
        }
    }
}

fn perhaps(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn choice(value: &str, label: &str, hint: &str, chosen: &str) -> Choice {
    Choice {
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        chosen: value == chosen,
        refused: None,
    }
}

fn rotations(chosen: &str) -> Vec<Choice> {
    let (rotate, keep) = (RefreshRotation::Rotate.as_str(), RefreshRotation::Keep.as_str());
    vec![
        choice(
            rotate,
            "It is replaced",
            "A stolen one is noticed. Always so for public clients.",
            chosen,
        ),
        choice(keep, "It stays the same", "For software that cannot store a new one.", chosen),
    ]
}

fn modes(chosen: &str) -> Vec<Choice> {
    let (enforce, observe) = (TrustedIpsMode::Enforce.as_str(), TrustedIpsMode::Observe.as_str());
    vec![
        choice(enforce, "Is refused", "", chosen),
        choice(observe, "Is served and recorded", "To see who would be shut out.", chosen),
    ]
}

fn issuances(chosen: &str) -> Vec<Choice> {
    let (new, reuse) = (TokenIssuance::AlwaysNew.as_str(), TokenIssuance::Reuse.as_str());
    vec![
        choice(new, "A token of its own", "", chosen),
        choice(reuse, "The living one", "With the time it has left.", chosen),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Given<'static> = Given {
        code: true,
        refresh: true,
        service: true,
        confidential: true,
        acts_as: true,
        vouches: true,
        scopes: &[],
    };

    fn read(more: &More, given: Given<'_>) -> (Map<String, Value>, Vec<FieldError>) {
        let mut settings = Map::new();
        let errors = more.settings(given, &mut settings);
        (settings, errors)
    }

    #[test]
    fn says_what_cannot_be_read_all_at_once() {
        let more = More {
            refresh_overlap: "soon".into(),
            max_active_tokens: "1.5".into(),
            token_requests_per_second: "many".into(),
            claims: "[1]".into(),
            ..More::default()
        };
        let fields: Vec<String> = read(&more, ALL).1.into_iter().map(|it| it.field).collect();
        assert_eq!(
            fields,
            ["refresh_overlap", "max_active_tokens", "token_requests_per_second", "claims"]
        );
    }

    #[test]
    fn what_is_out_of_sight_contradicts_nothing() {
        let more = More {
            refresh_rotation: "keep".into(),
            refresh_without_pkce: true,
            continue_without_context_user: true,
            max_active_tokens: "7".into(),
            default_scopes: "openid gone".into(),
            ..More::default()
        };
        let scopes = ["openid".to_owned()];
        let public =
            Given { confidential: false, service: false, acts_as: false, scopes: &scopes, ..ALL };
        let (settings, errors) = read(&more, public);
        assert_eq!(errors, []);
        assert_eq!(settings["refresh_rotation"], "rotate");
        assert_eq!(settings["refresh_without_pkce"], false);
        assert_eq!(settings["continue_without_context_user"], false);
        assert_eq!(settings["max_active_tokens"], Value::Null);
        assert_eq!(settings["default_scopes"], json!(["openid"]));
    }

    #[test]
    fn nobody_vouches_who_cannot() {
        let (settings, _) =
            read(&More { verified: true, ..More::default() }, Given { vouches: false, ..ALL });
        assert!(!settings.contains_key("verified"));
    }
}
