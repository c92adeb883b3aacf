//! The JSON schemas of clients and their secrets.

use domain::clients::{
    AuthMethod, ClientType, GrantType, Pkce, RefreshRotation, TeamSelection, TokenFormat,
    TokenIssuance, TrustedIpsMode,
};
use serde_json::json;

use super::{
    Member, change, described, flag, instant, list, nullable, number, object, text, texts, whole,
    words,
};

/// Every schema of these nouns under its name.
pub(super) fn all() -> Vec<Member> {
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
        warnings(),
    ];
    let changed = vec![("changes", list(change())), ("dry_run", flag()), warnings()];
    vec![
        ("Client", object(readable(), vec![warnings()])),
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
                rotation(),
            ),
        ),
        ("OwnSecret", object(vec![], [rotation(), credentials()].concat())),
    ]
}

/// How a secret is added, and what becomes of the others.
fn rotation() -> Vec<Member> {
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
    ]
}

/// How a client proves itself in the body, where it does not by HTTP Basic.
fn credentials() -> Vec<Member> {
    vec![("client_id", text()), ("client_secret", json!({ "type": "string", "writeOnly": true }))]
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

/// What to know of the person it acts for.
fn warnings() -> Member {
    let codes = [
        "context_user_disabled",
        "context_user_locked",
        "context_user_administrator",
        "context_user_lost_role",
    ];
    let warning = object(
        vec![
            ("code", words(codes.into_iter())),
            ("detail", text()),
            ("since", nullable(instant())),
        ],
        vec![],
    );
    let told = "What to know of the context user; not in lists.";
    ("warnings", described(list(warning), told))
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
