//! A draft: what somebody asks a client to be. Every field may be left out.
//!
//! One reader for all doors: it refuses unknown fields by name and says of each value that does
//! not fit what would, all at once. Whether the values may stand together is `check`'s.

use protocol::duration;
use serde_json::{Map, Number, Value};

use super::words::{
    AuthMethod, ClientType, GrantType, Pkce, RefreshRotation, TeamSelection, TokenFormat,
    TokenIssuance, TrustedIpsMode,
};
use crate::access::Access;
use crate::{FieldError, Plain, Refusal, UserId};
use protocol::jose::Algorithm;

/// A value that can be read from JSON, or a sentence about what is needed instead.
pub(super) trait Readable: Sized {
    /// Reads it.
    fn read(value: &Value) -> Result<Self, String>;
}

/// Which places a client may reach; both empty: every team of its organization, later ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamRestrictions {
    /// Whole organizations.
    pub organizations: Vec<String>,
    /// Single teams.
    pub teams: Vec<String>,
}

/// Fields that the server sets; given back by who read the object and sends it whole.
const READ_ONLY: &[&str] = &[
    "is_system",
    "response_types",
    "risk",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "last_used_at",
    "warnings",
];

macro_rules! draft {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $name:literal,)*) => {
        /// What a client is asked to be. `None`: the default of its type.
        #[derive(Debug, Clone, Default)]
        pub struct Draft {
            $($(#[$doc])* pub $field: Option<$type>,)*
        }

        impl Draft {
            /// The names of the contract, in its order.
            pub const FIELDS: &[&str] = &[$($name,)*];

            /// Reads a JSON object. A null is a field left out.
            ///
            /// # Errors
            /// Every field that is unknown or of another kind, at once.
            pub fn read(value: &Value) -> Result<Self, Refusal> {
                let Some(object) = value.as_object() else {
                    return Err(Refusal::field("", "A JSON object is needed."));
                };
                let (mut draft, mut errors) = (Self::default(), Vec::new());
                for (name, value) in object {
                    match name.as_str() {
                        _ if value.is_null() && Self::FIELDS.contains(&name.as_str()) => {}
                        $($name => match <$type>::read(value) {
                            Ok(value) => draft.$field = Some(value),
                            Err(message) => errors.push(FieldError { field: $name.into(), message }),
                        },)*
                        other => errors.push(unknown(other)),
                    }
                }
                if errors.is_empty() { Ok(draft) } else { Err(Refusal::Invalid(errors)) }
            }
        }
    };
}

draft! {
    /// 3–128 of letters, digits, `.`, `_`, `-`; generated when left out. Only when creating.
    client_id: String = "client_id",
    /// A secret of the operator's own, at least 32 characters. Only when creating.
    client_secret: Plain = "client_secret",
    /// The organization it belongs to; none: the instance.
    organization: String = "organization",
    /// The team that looks after it.
    owner_team: String = "owner_team",
    /// Shown at consent.
    name: String = "client_name",
    /// What it is for.
    description: String = "description",
    /// Whom to ask: e-mail addresses or names.
    contacts: Vec<String> = "contacts",
    /// An https URI.
    logo_uri: String = "logo_uri",
    /// Has a platform administrator vouched for it?
    verified: bool = "verified",
    /// Fills the defaults.
    kind: ClientType = "type",
    /// May it get tokens at all?
    enabled: bool = "enabled",
    /// Does it hold a secret?
    confidential: bool = "confidential",
    /// How it proves itself.
    auth_methods: Vec<AuthMethod> = "auth_methods",
    /// What it may use.
    grant_types: Vec<GrantType> = "grant_types",
    /// Byte for byte.
    redirect_uris: Vec<String> = "redirect_uris",
    /// Where a person may be sent after signing out.
    post_logout_redirect_uris: Vec<String> = "post_logout_redirect_uris",
    /// The most it may ask for.
    scopes: Vec<String> = "scopes",
    /// What it gets when it asks for nothing.
    default_scopes: Vec<String> = "default_scopes",
    /// The audience when it names none.
    default_resource: String = "default_resource",
    /// The preset.
    access: Access = "access",
    /// One team or several.
    team_selection: TeamSelection = "team_selection",
    /// Which places it may reach.
    team_restrictions: TeamRestrictions = "team_restrictions",
    /// Is the person asked?
    require_consent: bool = "require_consent",
    /// Must requests carry a challenge?
    pkce: Pkce = "pkce",
    /// Refresh tokens also for code requests without PKCE?
    refresh_without_pkce: bool = "refresh_without_pkce",
    /// Seconds.
    access_token_lifetime: i64 = "access_token_lifetime",
    /// Opaque or JWT.
    access_token_format: TokenFormat = "access_token_format",
    /// Seconds, absolute.
    refresh_token_lifetime: i64 = "refresh_token_lifetime",
    /// Seconds without use.
    refresh_token_idle_lifetime: i64 = "refresh_token_idle_lifetime",
    /// Replaced at use?
    refresh_rotation: RefreshRotation = "refresh_rotation",
    /// Seconds in which the previous token gives the same successor.
    refresh_overlap: i64 = "refresh_overlap",
    /// Of ID tokens.
    id_token_alg: Algorithm = "id_token_signed_response_alg",
    /// The person whose permissions bound its own tokens.
    context_user: UserId = "context_user",
    /// Serve it also while that person is disabled?
    continue_without_context_user: bool = "continue_without_context_user",
    /// Addresses and ranges.
    trusted_ips: Vec<String> = "trusted_ips",
    /// Refuse or record.
    trusted_ips_mode: TrustedIpsMode = "trusted_ips_mode",
    /// New tokens or the living one.
    token_issuance: TokenIssuance = "token_issuance",
    /// Living client-credentials tokens at once.
    max_active_tokens: i64 = "max_active_tokens",
    /// Token requests a second.
    token_requests_per_second: i64 = "token_requests_per_second",
    /// Claims added to its tokens.
    claims: Map<String, Value> = "claims",
    /// "Yes, I mean it": full access with a long access token.
    confirm_high_risk: bool = "confirm_high_risk",
    /// Do the tokens it has end with this change? Only when changing.
    revoke_tokens: bool = "revoke_tokens",
}

/// A lifetime as somebody types it: "30 m", "90". Any other number is left as it is, so that the rules
/// say what is wrong with it in the same words at every door.
///
/// # Errors
/// The sentence for who typed it.
pub fn typed_lifetime(text: &str) -> Result<Value, String> {
    match duration::parse(text) {
        Ok(seconds) => Ok(seconds.into()),
        Err(why) => {
            let number = serde_json::from_str::<Number>(text.trim());
            number.map(Value::Number).map_err(|_| why.to_string())
        }
    }
}

impl<'de> serde::Deserialize<'de> for Draft {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).map_err(serde::de::Error::custom)
    }
}

fn unknown(name: &str) -> FieldError {
    let message = if READ_ONLY.contains(&name) {
        "The server sets this field; it cannot be given.".to_owned()
    } else {
        let near = Draft::FIELDS.iter().min_by_key(|known| distance(known, name));
        let near = near.filter(|known| distance(known, name) <= 3);
        near.map_or_else(
            || "A client has no such field.".to_owned(),
            |near| format!("A client has no such field. Did you mean `{near}`?"),
        )
    };
    FieldError { field: name.chars().take(64).collect(), message }
}

/// How many letters differ (Levenshtein), over at most 64 of them.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cheapest = (row[j] + 1).min(row[j + 1] + 1).min(diagonal + usize::from(x != *y));
            diagonal = std::mem::replace(&mut row[j + 1], cheapest);
        }
    }
    row[b.len()]
}

impl Readable for String {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "Text is needed.".into())
    }
}

impl Readable for Plain {
    fn read(value: &Value) -> Result<Self, String> {
        String::read(value).map(Self::new)
    }
}

impl Readable for UserId {
    fn read(value: &Value) -> Result<Self, String> {
        String::read(value).map(Self::new)
    }
}

impl Readable for bool {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "true or false is needed.".into())
    }
}

impl Readable for i64 {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_i64().ok_or_else(|| "A whole number is needed.".into())
    }
}

impl<T: Readable> Readable for Vec<T> {
    fn read(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or("A list is needed.")?;
        items.iter().map(T::read).collect()
    }
}

impl Readable for Map<String, Value> {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_object().cloned().ok_or_else(|| "A JSON object is needed.".into())
    }
}

impl Readable for Access {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some("read_only") => Ok(Self::ReadOnly),
            Some("full") => Ok(Self::Full),
            _ => Err("One of `read_only`, `full` is needed.".into()),
        }
    }
}

impl Readable for Algorithm {
    fn read(value: &Value) -> Result<Self, String> {
        let word = value.as_str().unwrap_or_default();
        let known = super::SIGNING_ALGORITHMS.iter().copied().find(|alg| alg.as_str() == word);
        known.ok_or_else(|| "One of `RS256`, `ES256`, `EdDSA`, `PS256` is needed.".into())
    }
}

impl Readable for TeamRestrictions {
    fn read(value: &Value) -> Result<Self, String> {
        const SHAPE: &str =
            "An object of `organizations` and `teams`, both lists of ids, is needed.";
        let object = value.as_object().ok_or(SHAPE)?;
        if object.keys().any(|key| key != "organizations" && key != "teams") {
            return Err(SHAPE.into());
        }
        let list =
            |key: &str| object.get(key).filter(|v| !v.is_null()).map_or(Ok(Vec::new()), Vec::read);
        let both =
            list("organizations").and_then(|organizations| Ok((organizations, list("teams")?)));
        both.map(|(organizations, teams)| Self { organizations, teams }).map_err(|_| SHAPE.into())
    }
}

/// Applies an RFC 7396 merge patch. A null takes the member away, so that it falls back to its
/// default.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(object) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refusal(value: &Value) -> String {
        let Err(Refusal::Invalid(errors)) = Draft::read(value) else { panic!("{value} was read") };
        errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn names_every_field_that_does_not_fit_at_once() {
        insta::assert_snapshot!(refusal(&json!({
            "client_nam": "x", "access_token_lifetime": 1.5, "refresh_token_lifetime": "7 d", "type": "web",
            "risk": {}, "scopes": "openid", "team_restrictions": {"groups": []}, "enabled": 1, "zebra": 0,
        })), @r"
        access_token_lifetime: A whole number is needed.
        client_nam: A client has no such field. Did you mean `client_name`?
        enabled: true or false is needed.
        refresh_token_lifetime: A whole number is needed.
        risk: The server sets this field; it cannot be given.
        scopes: A list is needed.
        team_restrictions: An object of `organizations` and `teams`, both lists of ids, is needed.
        type: One of `user_authorized`, `service`, `sync_connector`, `custom` is needed.
        zebra: A client has no such field.
        ");
        assert_eq!(
            refusal(&json!({"access_token_lifetime": 1e30})),
            "access_token_lifetime: A whole number is needed."
        );
        assert_eq!(refusal(&json!([1])), ": A JSON object is needed.");
    }

    #[test]
    fn takes_null_for_left_out_but_not_for_an_unknown_field() {
        assert!(Draft::read(&json!({"client_name": null, "max_active_tokens": null})).is_ok());
        assert!(Draft::read(&json!({"client_nam": null})).is_err());
    }

    #[test]
    fn keeps_a_given_secret_out_of_debug() {
        let draft = Draft::read(&json!({"client_secret": "0123456789"})).unwrap();
        assert!(!format!("{draft:?}").contains("0123456789"));
    }

    /// The examples of RFC 7396, appendix A, whose target is an object.
    #[test]
    fn merges_as_the_rfc_shows() {
        for (original, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let mut target = original;
            merge(&mut target, &patch);
            assert_eq!(target, result);
        }
    }

    proptest! {
        #[test]
        fn never_panics_on_a_name(name in any::<String>()) {
            let _ = unknown(&name);
        }
    }
}
