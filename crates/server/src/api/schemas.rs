//! The JSON schemas of the API: the shapes of the contract.
//!
//! Every object lists all its members and admits no other; the tests hold real answers against
//! them.

mod clients;
mod oversight;

use domain::trusted_ips::Mode;
use serde_json::{Map, Value, json};

/// A name and its schema.
type Member = (&'static str, Value);

/// Every schema under its name.
pub(super) fn all() -> Vec<Member> {
    let mut all = clients::all();
    all.extend(people_and_places());
    all.extend(roles());
    all.extend(rights());
    all.extend(policy());
    all.extend(oversight::all());
    all.extend(oversight::sign_in_policies());
    all
}

/// A page of items.
pub(super) fn page(item: Value) -> Value {
    object(vec![("items", list(item)), ("next_cursor", nullable(text()))], vec![])
}

/// What is known of tokens and of where a person may sign in from.
fn policy() -> Vec<Member> {
    vec![
        ("Ended", object(vec![("ended", number(0, i64::MAX))], vec![("dry_run", flag())])),
        ("TrustedIps", object(observed_networks(), vec![])),
        ("ChangedTrustedIps", object(networks(), vec![("dry_run", flag())])),
        ("TrustedIpsPatch", object(vec![], networks())),
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

/// Where a person may sign in from.
fn networks() -> Vec<Member> {
    let modes = words(Mode::ALL.iter().map(|mode| mode.as_str()));
    vec![("trusted_ips", texts()), ("trusted_ips_mode", modes)]
}

/// The same, with those who would be refused.
fn observed_networks() -> Vec<Member> {
    let observed = vec![
        ("address", text()),
        ("seen", number(1, i64::MAX)),
        ("first_at", instant()),
        ("last_at", instant()),
        ("via", described(nullable(text()), "Whose word the address is; null: the connection's.")),
    ];
    let mut members = networks();
    members.extend([("observed", list(object(observed, vec![]))), ("proposed", texts())]);
    members
}

/// How often spent refresh tokens came again.
fn replayed() -> Vec<Member> {
    vec![
        ("count", number(0, i64::MAX)),
        ("last_at", nullable(instant())),
        ("last_address", nullable(text())),
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
            ("second_factor", described(flag(), "Do they prove themselves by codes, too?")),
        ]
    };
    let second_factor = object(
        vec![
            ("kind", words(["totp"].into_iter())),
            ("created_at", instant()),
            ("last_used_at", nullable(instant())),
            ("recovery_codes", described(whole(), "That were not used yet.")),
        ],
        vec![],
    );
    let organization = || vec![("id", text()), ("name", text())];
    let team = || vec![("id", text()), ("organization", text()), ("name", text())];
    let dry_run = || vec![("dry_run", flag())];
    let password =
        json!({ "type": ["string", "null"], "minLength": 15, "maxLength": 128, "writeOnly": true });
    let link = || described(text(), "Leads them to choose a password; works once, for seven days.");
    let mail = || {
        let words = words(["sent", "failed", "off"].into_iter());
        described(words, "Was the link mailed to them? `off` where the server sends no mail.")
    };
    let reset = described(text(), "Leads them to choose another password; works once, for a day.");
    vec![
        ("SecondFactor", second_factor),
        ("User", object(user(), vec![])),
        (
            "CreatedUser",
            object(user(), vec![("invitation_url", link()), ("mail", mail()), ("dry_run", flag())]),
        ),
        ("ChangedUser", object(user(), dry_run())),
        (
            "Invitation",
            object(
                vec![("user", text()), ("expires_at", instant())],
                vec![("invitation_url", link()), ("mail", mail()), ("dry_run", flag())],
            ),
        ),
        (
            "PasswordResetLink",
            object(
                vec![("user", text()), ("expires_at", instant())],
                vec![("password_reset_url", reset), ("mail", mail()), ("dry_run", flag())],
            ),
        ),
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

fn new_binding() -> Value {
    let needed = vec![("subject", text()), ("role", text()), ("place", place())];
    object(needed, vec![("revoke_tokens", nullable(flag()))])
}

fn roles() -> Vec<Member> {
    vec![
        ("Role", object(role(), vec![])),
        ("CreatedRole", object(role(), vec![("dry_run", flag())])),
        (
            "ChangedRole",
            object(role(), vec![("revoked_clients", number(0, i64::MAX)), ("dry_run", flag())]),
        ),
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
                vec![
                    ("name", text()),
                    ("description", text()),
                    ("permissions", texts()),
                    ("revoke_tokens", nullable(flag())),
                ],
            ),
        ),
    ]
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
        ("Binding", object(binding(), vec![])),
        ("CreatedBinding", object(binding(), vec![("dry_run", flag())])),
        ("NewBinding", new_binding()),
        ("Scope", object(scope(), vec![])),
        ("CreatedScope", object(scope(), vec![("dry_run", flag())])),
        (
            "NewScope",
            object(
                vec![("name", text()), ("kind", words(["read", "write"].into_iter()))],
                vec![("description", nullable(text())), ("resource", nullable(text()))],
            ),
        ),
        (
            "ScopePatch",
            object(
                vec![],
                vec![
                    ("kind", words(["read", "write"].into_iter())),
                    ("description", text()),
                    ("resource", nullable(text())),
                ],
            ),
        ),
        (
            "ResourcePatch",
            object(
                vec![],
                vec![("identifier", text()), ("name", text()), ("introspecting_clients", texts())],
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

/// What became of one field.
fn change() -> Value {
    object(vec![("field", text()), ("before", json!({})), ("after", json!({}))], vec![])
}

/// An object of these members, and no other.
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

/// Text.
fn text() -> Value {
    json!({ "type": "string" })
}

/// An instant, RFC 3339.
fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// `true` or `false`.
fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number.
fn whole() -> Value {
    json!({ "type": "integer" })
}

/// A whole number within bounds.
fn number(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// One of these words.
fn words<'a>(words: impl Iterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.collect::<Vec<_>>() })
}

/// A list.
fn list(item: Value) -> Value {
    let mut schema = json!({ "type": "array" });
    schema["items"] = item;
    schema
}

/// A list of texts.
fn texts() -> Value {
    list(text())
}

/// With a sentence.
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
