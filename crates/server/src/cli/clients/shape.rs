//! A client as the terminal shows it: the contract's JSON, or named lines.

use domain::clients::{Client, Warning};
use protocol::duration;
use serde_json::{Value, json};

use super::super::text;

/// The contract's object, whole.
pub(super) fn client(client: &Client) -> Value {
    let mut object = client.snapshot();
    object["risk"] = json!(client.risk);
    object["created_at"] = text::instant(client.created_at).into();
    object["created_by"] = client.created_by.as_str().into();
    object["updated_at"] = text::instant(client.updated_at).into();
    object["updated_by"] = client.updated_by.as_str().into();
    object["last_used_at"] = text::json_instant(client.last_used_at);
    object
}

/// What to know of the person it acts for.
pub(super) fn warning(warning: &Warning) -> Value {
    json!({ "code": warning.code, "detail": warning.detail, "since": text::json_instant(warning.since) })
}

/// The settings people look for first; `--json` has them all.
pub(super) fn details(client: &Client) -> String {
    let words = |values: Vec<&'static str>| text::list(&values);
    let lifetime = |seconds: i64| duration::spell(u64::try_from(seconds).unwrap_or_default());
    let places = if client.reaches_all_teams() {
        "every team of its organization".to_owned()
    } else {
        text::list(
            &[client.restricted_organizations.as_slice(), client.restricted_teams.as_slice()]
                .concat(),
        )
    };
    let mut lines = vec![
        ("client_id", client.id.to_string()),
        ("name", client.name.clone()),
        ("description", client.description.clone()),
        ("type", client.kind.as_str().to_owned()),
        ("enabled", text::yes(client.enabled)),
        ("system", text::yes(client.is_system)),
        ("organization", client.organization.clone().unwrap_or_else(|| "–".into())),
        ("owner team", client.owner_team.clone().unwrap_or_else(|| "–".into())),
        ("confidential", text::yes(client.confidential)),
        ("grants", words(client.grant_types.iter().map(|grant| grant.as_str()).collect())),
        ("redirect URIs", text::list(&client.redirect_uris)),
        ("scopes", client.scopes.to_string()),
        ("access", client.access.as_str().to_owned()),
        ("reaches", places),
        (
            "context user",
            client.context_user.as_ref().map_or_else(|| "–".into(), ToString::to_string),
        ),
        ("trusted IPs", text::list(&client.trusted_ips.lines())),
        ("PKCE", client.pkce.as_str().to_owned()),
        (
            "access token",
            format!(
                "{}, {}",
                client.access_token_format.as_str(),
                lifetime(client.access_token_lifetime)
            ),
        ),
        ("refresh token", lifetime(client.refresh_token_lifetime)),
        ("risk", client.risk.score.to_string()),
        ("created", format!("{} by {}", text::instant(client.created_at), client.created_by)),
        ("updated", format!("{} by {}", text::instant(client.updated_at), client.updated_by)),
        ("last used", text::instant_or(client.last_used_at, "never")),
    ];
    lines.extend(client.risk.reasons.iter().map(|reason| ("", format!("! {}", reason.sentence()))));
    lines.retain(|(_, value)| !value.is_empty());
    text::details(&lines)
}

/// A value of a field in a table of changes.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) => text::list(&items.iter().map(self::value).collect::<Vec<_>>()),
        other => other.to_string(),
    }
}
