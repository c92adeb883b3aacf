//! The JSON schemas of the API: the shapes of the contract.
//!
//! Every object lists all its members and admits no other; the tests hold real answers against
//! them.

mod oversight;

use domain::clients::{
    AuthMethod, ClientType, GrantType, Pkce, RefreshRotation, TeamSelection, TokenFormat,
    TokenIssuance, TrustedIpsMode,
};
use serde_json::{Map, Value, json};

type Member = (&'static str, Value);

/// Every schema under its name.
pub(super) fn all() -> Vec<Member> {
    let mut all = clients();
    all.extend(people_and_places());
    all.extend(rights());
    all.extend(policy());
    all.extend(oversight::all());
    all
}

/// A page of items.
pub(super) fn page(item: Value) -> Value {
    object(vec![("items", list(item)), ("next_cursor", nullable(text()))], vec![])
}

fn clients() -> Vec<Member> {
    let readable = || {
        let mut members = settings();
        members.extend(identity());
        members
    };
    let mut given = settings();
    given.extend([
        ("client_id", text()),
        ("client_secret", json!({ "type": "string", "minLength": 32, "writeOnly": true })),
        ("confirm_high_risk", json!({ "type": "boolean", "writeOnly": true })),
        ("revoke_tokens", json!({ "type": "boolean", "writeOnly": true })),
    ]);
    let left_out = |members: Vec<Member>| -> Vec<Member> {
        members.into_iter().map(|(name, schema)| (name, nullable(schema))).collect()
    };
    let mut patched = settings();
    patched.extend([
        ("client_id", text()),
        ("confirm_high_risk", json!({ "type": "boolean", "writeOnly": true })),
        ("revoke_tokens", json!({ "type": "boolean", "writeOnly": true })),
    ]);
    let (name, others): (Vec<_>, Vec<_>) =
        given.into_iter().partition(|(name, _)| *name == "client_name");
    let created = vec![
        ("client_secret", described(text(), "The secret of a confidential client, this once.")),
        ("secret_already_shown", flag()),
        ("dry_run", flag()),
    ];
    let changed = vec![("changes", list(change())), ("dry_run", flag())];
    vec![
        ("Client", object(readable(), vec![])),
        ("NewClient", object(name, left_out(others))),
        ("ClientPatch", object(vec![], left_out(patched))),
        ("CreatedClient", object(readable(), created)),
        ("ChangedClient", object(readable(), changed)),
        (
            "Selection",
            object(
                vec![(
                    "client_ids",
                    json!({
                        "type": "array", "items": text(), "minItems": 1, "maxItems": 500,
                    }),
                )],
                vec![],
            ),
        ),
        ("Deleted", object(vec![("deleted", number(1, 500))], vec![("dry_run", flag())])),
        ("Secret", object(secret(), vec![])),
        ("CreatedSecret", object(secret(), vec![("client_secret", text()), ("dry_run", flag())])),
        (
            "NewSecret",
            object(
                vec![("confirm_name", described(text(), "The name of the client, exactly."))],
                vec![
                    ("label", nullable(text())),
                    ("expires_at", nullable(instant())),
                    (
                        "retire_previous_after",
                        nullable(described(
                            json!({ "type": "integer", "minimum": 0, "maximum": 31_536_000, "default": 86_400 }),
                            "Every other living secret ends after so many seconds at the latest; null: none does.",
                        )),
                    ),
                    ("revoke_tokens", nullable(flag())),
                ],
            ),
        ),
    ]
}

/// What is known of tokens and of where a person may sign in from.
fn policy() -> Vec<Member> {
    vec![
        ("Ended", object(vec![("ended", number(0, i64::MAX))], vec![("dry_run", flag())])),
        ("TrustedIps", object(vec![("trusted_ips", texts())], vec![("dry_run", flag())])),
        (
            "TokenStatistics",
            object(
                vec![
                    ("living_access_tokens", number(0, i64::MAX)),
                    ("living_refresh_tokens", number(0, i64::MAX)),
                    ("max_active_tokens", nullable(number(1, 200))),
                    ("retries", object(replayed(), vec![])),
                    ("suspected_theft", object(replayed(), vec![])),
                ],
                vec![],
            ),
        ),
    ]
}

/// How often spent refresh tokens came again.
fn replayed() -> Vec<Member> {
    vec![
        ("count", number(0, i64::MAX)),
        ("last_at", nullable(instant())),
        ("last_address", nullable(text())),
    ]
}

/// What may be set of a client.
fn settings() -> Vec<Member> {
    let restrictions = object(vec![("organizations", texts()), ("teams", texts())], vec![]);
    let grants: Vec<_> = GrantType::ALL.iter().map(|grant| grant.as_str()).collect();
    let methods: Vec<_> = AuthMethod::ALL.iter().map(|method| method.as_str()).collect();
    vec![
        ("organization", nullable(text())),
        ("owner_team", nullable(text())),
        ("client_name", json!({ "type": "string", "minLength": 1, "maxLength": 200 })),
        ("description", text()),
        ("contacts", texts()),
        ("logo_uri", nullable(text())),
        ("verified", flag()),
        ("type", words(ClientType::ALL.iter().map(|word| word.as_str()))),
        ("enabled", flag()),
        ("confidential", flag()),
        ("auth_methods", list(words(methods.into_iter()))),
        ("grant_types", list(words(grants.into_iter()))),
        ("redirect_uris", texts()),
        ("post_logout_redirect_uris", texts()),
        ("scopes", texts()),
        ("default_scopes", texts()),
        ("default_resource", nullable(text())),
        ("access", words(["read_only", "full"].into_iter())),
        ("team_selection", words(TeamSelection::ALL.iter().map(|word| word.as_str()))),
        ("team_restrictions", restrictions),
        ("require_consent", flag()),
        ("pkce", words(Pkce::ALL.iter().map(|word| word.as_str()))),
        ("refresh_without_pkce", flag()),
        ("access_token_lifetime", number(60, 86_400)),
        ("access_token_format", words(TokenFormat::ALL.iter().map(|word| word.as_str()))),
        ("refresh_token_lifetime", number(3600, 31_536_000)),
        ("refresh_token_idle_lifetime", nullable(whole())),
        ("refresh_rotation", words(RefreshRotation::ALL.iter().map(|word| word.as_str()))),
        ("refresh_overlap", number(0, 120)),
        ("id_token_signed_response_alg", words(["RS256", "ES256", "EdDSA", "PS256"].into_iter())),
        ("context_user", nullable(text())),
        ("continue_without_context_user", flag()),
        ("trusted_ips", texts()),
        ("trusted_ips_mode", words(TrustedIpsMode::ALL.iter().map(|word| word.as_str()))),
        ("token_issuance", words(TokenIssuance::ALL.iter().map(|word| word.as_str()))),
        ("max_active_tokens", nullable(number(1, 200))),
        ("token_requests_per_second", nullable(whole())),
        ("claims", json!({ "type": "object" })),
    ]
}

/// What the server says of a client besides.
fn identity() -> Vec<Member> {
    let reason = object(vec![("code", text()), ("points", whole()), ("detail", text())], vec![]);
    vec![
        ("client_id", text()),
        ("is_system", flag()),
        ("response_types", texts()),
        ("risk", object(vec![("score", number(0, 100)), ("reasons", list(reason))], vec![])),
        ("created_at", instant()),
        ("created_by", text()),
        ("updated_at", instant()),
        ("updated_by", text()),
        ("last_used_at", nullable(instant())),
    ]
}

fn secret() -> Vec<Member> {
    vec![
        ("id", text()),
        ("label", text()),
        ("hint", described(text(), "How it begins and ends: enough to recognise it.")),
        ("state", words(["alive", "expired", "retired"].into_iter())),
        ("created_at", instant()),
        ("created_by", text()),
        ("expires_at", nullable(instant())),
        ("retired_at", nullable(instant())),
        ("last_used_at", nullable(instant())),
        ("last_used_address", nullable(text())),
        (
            "late_used_at",
            described(nullable(instant()), "When somebody last tried it after its end."),
        ),
        ("late_used_address", nullable(text())),
    ]
}

fn people_and_places() -> Vec<Member> {
    let user = || {
        vec![
            ("id", text()),
            ("email", text()),
            ("display_name", text()),
            ("status", words(["active", "disabled", "locked"].into_iter())),
            ("source", words(["local", "directory", "upstream"].into_iter())),
            ("created_at", instant()),
            ("last_sign_in_at", nullable(instant())),
        ]
    };
    let organization = || vec![("id", text()), ("name", text())];
    let team = || vec![("id", text()), ("organization", text()), ("name", text())];
    let dry_run = || vec![("dry_run", flag())];
    let password =
        json!({ "type": ["string", "null"], "minLength": 15, "maxLength": 128, "writeOnly": true });
    let link = described(text(), "Leads them to choose a password; works once, for seven days.");
    vec![
        ("User", object(user(), vec![])),
        ("CreatedUser", object(user(), vec![("invitation_url", link), ("dry_run", flag())])),
        ("ChangedUser", object(user(), dry_run())),
        (
            "NewUser",
            object(vec![("email", text()), ("display_name", text())], vec![("password", password)]),
        ),
        (
            "UserPatch",
            object(
                vec![],
                vec![
                    ("email", text()),
                    ("display_name", text()),
                    ("status", words(["active", "disabled", "locked"].into_iter())),
                ],
            ),
        ),
        ("Organization", object(organization(), vec![])),
        ("CreatedOrganization", object(organization(), dry_run())),
        ("Name", object(vec![("name", text())], vec![])),
        ("Team", object(team(), vec![])),
        ("CreatedTeam", object(team(), dry_run())),
        ("NewTeam", object(vec![("organization", text()), ("name", text())], vec![])),
        ("DryRun", object(vec![("dry_run", json!({ "const": true }))], vec![])),
    ]
}

fn role() -> Vec<Member> {
    vec![
        ("id", text()),
        ("name", text()),
        ("description", text()),
        ("permissions", texts()),
        ("is_system", flag()),
    ]
}

fn binding() -> Vec<Member> {
    vec![("id", text()), ("subject", text()), ("role", text()), ("place", place())]
}

/// Exactly one of the three kinds of places.
fn place() -> Value {
    let one = |name, value| object(vec![(name, value)], vec![]);
    let instance = one("instance", json!({ "const": true }));
    json!({ "oneOf": [instance, one("organization", text()), one("team", text())] })
}

fn rights() -> Vec<Member> {
    let scope = || {
        vec![
            ("name", text()),
            ("kind", words(["identity", "read", "write"].into_iter())),
            ("description", text()),
            ("resource", nullable(text())),
            ("is_system", flag()),
        ]
    };
    let resource = || {
        vec![
            ("id", text()),
            ("identifier", text()),
            ("name", text()),
            ("introspecting_clients", texts()),
            ("is_system", flag()),
        ]
    };
    vec![
        ("Role", object(role(), vec![])),
        ("CreatedRole", object(role(), vec![("dry_run", flag())])),
        (
            "NewRole",
            object(
                vec![("name", text()), ("permissions", texts())],
                vec![("description", nullable(text()))],
            ),
        ),
        (
            "RolePatch",
            object(
                vec![],
                vec![("name", text()), ("description", text()), ("permissions", texts())],
            ),
        ),
        ("Binding", object(binding(), vec![])),
        ("CreatedBinding", object(binding(), vec![("dry_run", flag())])),
        (
            "NewBinding",
            object(vec![("subject", text()), ("role", text()), ("place", place())], vec![]),
        ),
        ("Scope", object(scope(), vec![])),
        ("CreatedScope", object(scope(), vec![("dry_run", flag())])),
        (
            "NewScope",
            object(
                vec![("name", text()), ("kind", words(["read", "write"].into_iter()))],
                vec![("description", nullable(text())), ("resource", nullable(text()))],
            ),
        ),
        ("Resource", object(resource(), vec![])),
        ("CreatedResource", object(resource(), vec![("dry_run", flag())])),
        (
            "NewResource",
            object(
                vec![("identifier", text()), ("name", text())],
                vec![("introspecting_clients", nullable(texts()))],
            ),
        ),
    ]
}

fn problem() -> Value {
    let error = object(vec![("field", text()), ("detail", text())], vec![]);
    object(
        vec![
            ("type", text()),
            ("title", text()),
            ("status", number(400, 599)),
            ("detail", text()),
            ("error_id", text()),
        ],
        vec![
            ("errors", list(error)),
            ("permission", described(text(), "The permission that is missing.")),
            ("ids", described(texts(), "The objects in the way.")),
            ("current_etag", described(text(), "What `If-Match` would have had to say.")),
        ],
    )
}

fn change() -> Value {
    object(vec![("field", text()), ("before", json!({})), ("after", json!({}))], vec![])
}

fn object(required: Vec<Member>, optional: Vec<Member>) -> Value {
    let names: Vec<_> = required.iter().map(|(name, _)| *name).collect();
    let members = required.into_iter().chain(optional);
    let members: Map<String, Value> =
        members.map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut schema =
        json!({ "type": "object", "properties": members, "additionalProperties": false });
    if !names.is_empty() {
        schema["required"] = names.into();
    }
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn whole() -> Value {
    json!({ "type": "integer" })
}

fn number(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.collect::<Vec<_>>() })
}

fn list(item: Value) -> Value {
    let mut schema = json!({ "type": "array" });
    schema["items"] = item;
    schema
}

fn texts() -> Value {
    list(text())
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

/// The same, or null.
fn nullable(mut schema: Value) -> Value {
    if let Some(name) = schema["type"].as_str().map(str::to_owned) {
        schema["type"] = json!([name, "null"]);
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::clients::Draft;

    use super::*;

    /// The names that the rules read and the names that are documented are the same.
    #[test]
    fn documents_every_field_that_a_client_can_be_given() {
        let all = all();
        let new = &all.iter().find(|(name, _)| *name == "NewClient").unwrap().1;
        let documented: BTreeSet<&str> =
            new["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(documented, Draft::FIELDS.iter().copied().collect());
    }

    #[test]
    fn no_name_is_given_twice() {
        let all = all();
        assert_eq!(all.iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len(), all.len());
    }
}
