//! "View as curl": the call of the management API that does what a form does. Pure; no call holds a
//! secret, and the token is a variable of the shell.

use domain::clients::Client;
use serde_json::{Value, json};

use super::snippets::quoted;
use crate::urls::Urls;
use crate::web::views::Snippet;

/// A call, before it is spelled.
struct Call<'a> {
    /// What it does, in words.
    label: &'a str,
    /// The scope that the token needs.
    scope: &'a str,
    method: &'a str,
    path: String,
    body: Option<&'a Value>,
    /// The version it is made over, for who wants to notice that somebody else saved.
    version: Option<i64>,
}

/// Registering a client with these settings.
pub(super) fn create(urls: &Urls, settings: &Value) -> Snippet {
    let call = Call {
        label: "Create this client by the API",
        scope: "oauth_client:create",
        method: "POST",
        path: "/clients".into(),
        body: Some(settings),
        version: None,
    };
    spell(urls, &call)
}

/// Changing these settings of a client.
pub(super) fn change(urls: &Urls, client: &Client, patch: &Value) -> Snippet {
    let call = Call {
        label: "Save this by the API",
        scope: "oauth_client:update",
        method: "PATCH",
        path: path_of(client, ""),
        body: Some(patch),
        version: Some(client.version),
    };
    spell(urls, &call)
}

/// A new secret beside the living ones.
pub(super) fn rotate(urls: &Urls, client: &Client) -> Snippet {
    let body = json!({
        "confirm_name": client.name, "label": "", "retire_previous_after": 86_400, "revoke_tokens": false,
    });
    let call = Call {
        label: "Rotate the secret by the API",
        scope: "oauth_client:rotate",
        method: "POST",
        path: path_of(client, "/secrets"),
        body: Some(&body),
        version: None,
    };
    spell(urls, &call)
}

/// Everything that stops a client: the switch, the end of its tokens, its own end.
pub(super) fn endings(urls: &Urls, client: &Client) -> Vec<Snippet> {
    let switch = json!({ "enabled": !client.enabled });
    let name = form_urlencoded::Serializer::new(String::new())
        .append_pair("confirm_name", &client.name)
        .finish();
    let call =
        |label, scope, method, path, body| Call { label, scope, method, path, body, version: None };
    let switch_label = if client.enabled { "Disable" } else { "Enable" };
    let calls = [
        call(switch_label, "oauth_client:update", "PATCH", path_of(client, ""), Some(&switch)),
        call("Revoke all tokens", "token:revoke", "POST", path_of(client, "/revoke-tokens"), None),
        call("Delete", "oauth_client:delete", "DELETE", path_of(client, &format!("?{name}")), None),
    ];
    calls.iter().map(|call| spell(urls, call)).collect()
}

fn path_of(client: &Client, rest: &str) -> String {
    format!("/clients/{}{rest}", client.id)
}

fn spell(urls: &Urls, call: &Call<'_>) -> Snippet {
    let mut lines = vec![
        format!(
            "# TOKEN: an access token for {}/api/v1 with the scope {}",
            urls.issuer(),
            call.scope
        ),
        format!(
            "curl -s -X {} {}",
            call.method,
            quoted(&urls.absolute(&format!("/api/v1{}", call.path)))
        ),
        "  -H \"Authorization: Bearer $TOKEN\"".into(),
    ];
    if let Some(version) = call.version {
        lines.push(format!("  -H 'If-Match: \"{version}\"'"));
    }
    if let Some(body) = call.body {
        lines.push("  -H 'Content-Type: application/json'".into());
        let body = serde_json::to_string_pretty(body).unwrap_or_default();
        lines.push(format!("  -d {}", quoted(&body)));
    }
    let (comment, call_lines) = lines.split_at(1);
    let code = format!("{}\n{}", comment.concat(), call_lines.join(" \\\n"));
    Snippet { label: call.label.into(), code }
}

#[cfg(test)]
mod tests {
    use domain::clients::Draft;

    use super::*;

    fn client() -> Client {
        let draft =
            json!({"client_id": "notes", "client_name": "Ada's & Ben's", "type": "service"});
        Draft::read(&draft).unwrap().sketch()
    }

    #[test]
    fn a_change_is_a_merge_patch_over_the_version_that_was_read() {
        let urls = Urls::new("https://id.example.com");
        let patch = json!({"description": "it's ours"});
        insta::assert_snapshot!(change(&urls, &client(), &patch).code, @r#"
        # TOKEN: an access token for https://id.example.com/api/v1 with the scope oauth_client:update
        curl -s -X PATCH 'https://id.example.com/api/v1/clients/notes' \
          -H "Authorization: Bearer $TOKEN" \
          -H 'If-Match: "0"' \
          -H 'Content-Type: application/json' \
          -d '{
          "description": "it'\''s ours"
        }'
        "#);
    }

    #[test]
    fn a_name_is_typed_in_the_address_too() {
        let urls = Urls::new("https://id.example.com");
        let delete = &endings(&urls, &client())[2].code;
        assert!(
            delete.contains(
                "'https://id.example.com/api/v1/clients/notes?confirm_name=Ada%27s+%26+Ben%27s'"
            ),
            "{delete}"
        );
    }

    #[test]
    fn no_call_holds_a_secret() {
        let urls = Urls::new("https://id.example.com");
        let mut all = endings(&urls, &client());
        all.push(rotate(&urls, &client()));
        for call in all {
            assert!(!call.code.contains("mcs_") && call.code.contains("$TOKEN"), "{}", call.code);
        }
    }
}
