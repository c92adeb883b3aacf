//! Values of the contract as people read them: in the audit trail and where two versions of a
//! client meet. Ids become names; durations and instants become words.

use domain::access::SYSTEM_ROLES;
use domain::{Fault, Work};
use protocol::duration;
use serde_json::Value;

use super::names::Names;
use super::views::Change;
use crate::web::views::When;

/// One field before and after, in words.
pub(super) async fn change(
    work: &mut Work,
    names: &mut Names,
    (field, before, after): (&str, &Value, &Value),
) -> Result<Change, Fault> {
    Ok(Change {
        field: label(field),
        before: value(work, names, (field, before)).await?,
        after: value(work, names, (field, after)).await?,
    })
}

/// `access_token_lifetime` as "Access token lifetime".
pub(super) fn label(field: &str) -> String {
    let field = match field {
        "client_name" => "name",
        "kind" | "type" => "type",
        "client_id" => "client ID",
        "is_system" => "system client",
        "auth_methods" => "authentication",
        "logo_uri" => "logo",
        "pkce" => "PKCE",
        "refresh_without_pkce" => "refresh without PKCE",
        "id_token_signed_response_alg" => "ID token algorithm",
        other => other,
    };
    let words =
        field.replace(['_', '.'], " ").replace("uris", "addresses").replace("ips", "addresses");
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

async fn value(
    work: &mut Work,
    names: &mut Names,
    (field, value): (&str, &Value),
) -> Result<String, Fault> {
    match (field, value) {
        (_, Value::Null) => Ok(String::new()),
        ("organization", Value::String(id)) => names.organization(work, id).await,
        ("owner_team", Value::String(id)) => names.team(work, id).await,
        ("context_user" | "user" | "because_of", Value::String(id)) => names.actor(work, id).await,
        ("role", Value::String(id)) => Ok(role(id)),
        ("team_restrictions", Value::Object(_)) => places(work, names, value).await,
        ("place", Value::Object(_)) => place(work, names, value).await,
        ("users" | "teams" | "roles", Value::Array(ids)) if !ids.is_empty() => {
            named(work, names, (field, ids)).await
        }
        ("member", Value::Object(_)) => member(work, names, value).await,
        _ => Ok(plain(field, value)),
    }
}

/// A built-in role by name; another goes by its id.
fn role(id: &str) -> String {
    let known = SYSTEM_ROLES.iter().find(|role| role.id == id);
    known.map_or_else(|| id.to_owned(), |role| role.name.to_owned())
}

/// Where a role is held.
async fn place(work: &mut Work, names: &mut Names, value: &Value) -> Result<String, Fault> {
    Ok(match (value["organization"].as_str(), value["team"].as_str()) {
        (Some(id), _) => format!("all of {}", names.organization(work, id).await?),
        (_, Some(id)) => format!("team {}", names.team(work, id).await?),
        _ => "everywhere".to_owned(),
    })
}

/// Several people, teams or roles by name.
async fn named(
    work: &mut Work,
    names: &mut Names,
    (kind, ids): (&str, &[Value]),
) -> Result<String, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids.iter().filter_map(Value::as_str) {
        found.push(match kind {
            "users" => names.actor(work, id).await?,
            "teams" => names.team(work, id).await?,
            _ => role(id),
        });
    }
    Ok(found.join(", "))
}

/// Who came to a team or left it.
async fn member(work: &mut Work, names: &mut Names, value: &Value) -> Result<String, Fault> {
    let who = match value["email"].as_str() {
        Some(email) => email.to_owned(),
        None => names.actor(work, value["user"].as_str().unwrap_or_default()).await?,
    };
    Ok(value["role"].as_str().map_or_else(|| who.clone(), |id| format!("{who}, {}", role(id))))
}

async fn places(work: &mut Work, names: &mut Names, value: &Value) -> Result<String, Fault> {
    let ids = |kind: &str| value[kind].as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for id in ids("organizations").iter().filter_map(Value::as_str) {
        found.push(format!("all of {}", names.organization(work, id).await?));
    }
    for id in ids("teams").iter().filter_map(Value::as_str) {
        found.push(names.team(work, id).await?);
    }
    Ok(if found.is_empty() { "every team".into() } else { found.join(", ") })
}

/// A value that names nobody.
fn plain(field: &str, value: &Value) -> String {
    let is_lifetime = field.ends_with("_lifetime")
        || field.ends_with("_overlap")
        || field == "retire_previous_after";
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::Number(number) if is_lifetime => {
            number.as_u64().map_or_else(|| number.to_string(), duration::spell)
        }
        Value::Number(number) if field.ends_with("_at") => {
            number.as_i64().map_or_else(|| number.to_string(), |at| When::exact(at).text)
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => {
            items.iter().map(|it| plain(field, it)).collect::<Vec<_>>().join(", ")
        }
        Value::Object(members) if members.is_empty() => "none".into(),
        Value::Object(members) => {
            let told = members.iter().filter(|(_, value)| !value.is_null());
            let told = told.map(|(name, value)| format!("{name} {}", plain(name, value)));
            told.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_read_as_words() {
        for (field, value, want) in [
            ("access_token_lifetime", json!(3600), "1 hour"),
            ("enabled", json!(false), "no"),
            ("scopes", json!(["openid", "email"]), "openid, email"),
            ("contacts", json!([]), "none"),
            ("expires_at", json!(1_795_269_900), "21 Nov 2026, 14:05 UTC"),
            ("max_active_tokens", json!(20), "20"),
            ("secrets", json!({"hint": "mcs_a…b", "retired_at": null}), "hint mcs_a…b"),
            ("refresh_token_lifetime", json!(-1), "-1"),
        ] {
            assert_eq!(plain(field, &value), want, "{field}");
        }
    }

    #[test]
    fn fields_have_names() {
        for (field, want) in [
            ("client_name", "Name"),
            ("redirect_uris", "Redirect addresses"),
            ("trusted_ips", "Trusted addresses"),
            ("access_token_lifetime", "Access token lifetime"),
            ("", ""),
        ] {
            assert_eq!(label(field), want);
        }
    }
}
