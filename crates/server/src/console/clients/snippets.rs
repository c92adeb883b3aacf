//! Text to paste: the credentials in the shapes people keep them in, and code that gets a token
//! from this very server. Pure; the libraries are those of the interop runs.

use domain::clients::{AuthMethod, Client, GrantType};

use crate::urls::Urls;
use crate::web::views::Snippet;

/// Stands where the secret belongs once it cannot be shown any more.
const DOTS: &str = "mcs_…";

/// The credentials as `.env`, JSON, Kubernetes Secret, and a `curl` that works at once.
pub(super) fn to_keep(urls: &Urls, client: &Client, secret: Option<&str>) -> Vec<Snippet> {
    let (issuer, id) = (urls.issuer(), client.id.as_str());
    let pairs: Vec<(&str, &str)> = [("ISSUER", issuer), ("CLIENT_ID", id)]
        .into_iter()
        .chain(secret.map(|secret| ("CLIENT_SECRET", secret)))
        .collect();
    let env: Vec<String> =
        pairs.iter().map(|(name, value)| format!("OAUTH_{name}={}", dotenv(value))).collect();
    let json: serde_json::Map<String, serde_json::Value> =
        pairs.iter().map(|(name, value)| (name.to_lowercase(), (*value).into())).collect();
    let data: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("  {name}: {}", serde_json::Value::from(*value)))
        .collect();
    let kubernetes = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\ntype: Opaque\nstringData:\n{}",
        kubernetes_name(id),
        data.join("\n")
    );
    vec![
        snippet("curl", curl(urls, client, secret)),
        snippet(".env", env.join("\n")),
        snippet("JSON", serde_json::to_string_pretty(&json).unwrap_or_default()),
        snippet("Kubernetes Secret", kubernetes),
    ]
}

/// Code that gets a token: curl, Python, Node.
pub(super) fn to_use(urls: &Urls, client: &Client) -> Vec<Snippet> {
    vec![
        snippet("curl", curl(urls, client, None)),
        snippet("Python (Authlib)", python(urls, client)),
        snippet("Node (openid-client)", node(urls, client)),
    ]
}

fn snippet(label: &str, code: String) -> Snippet {
    Snippet { label: label.into(), code }
}

fn curl(urls: &Urls, client: &Client, secret: Option<&str>) -> String {
    let token = quoted(&urls.absolute("/oauth2/token"));
    let proof = curl_proof(client, secret.unwrap_or(DOTS));
    if client.allows(GrantType::ClientCredentials) {
        return format!("curl -s {token} \\\n  {proof} \\\n  -d grant_type=client_credentials");
    }
    let Some(redirect) = client.redirect_uris.first() else {
        return "# This client cannot get a token yet: it has no redirect address.".into();
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", client.id.as_str())
        .append_pair("redirect_uri", redirect)
        .append_pair("scope", client.scopes.as_str())
        .append_pair("state", "1")
        .append_pair("code_challenge_method", "S256")
        .finish();
    let authorize = urls.absolute("/oauth2/authorize");
    format!(
        "verifier=$(openssl rand -hex 32)\n\
         challenge=$(printf %s \"$verifier\" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')\n\
         \n\
         # 1. Open this address and sign in. It leads to your redirect address with ?code=…\n\
         echo \"{authorize}?{query}&code_challenge=$challenge\"\n\
         \n\
         # 2. Put that code in here within a minute.\n\
         curl -s {token} \\\n  {proof} \\\n  -d grant_type=authorization_code \\\n  -d code_verifier=\"$verifier\" \\\n  \
         --data-urlencode redirect_uri={} \\\n  --data-urlencode code='the code'",
        quoted(redirect)
    )
}

fn curl_proof(client: &Client, secret: &str) -> String {
    let id = client.id.as_str();
    if !client.confidential {
        return format!("-d client_id={}", quoted(id));
    }
    if client.auth_methods.contains(&AuthMethod::SecretBasic) {
        return format!("-u {}", quoted(&format!("{id}:{secret}")));
    }
    format!(
        "--data-urlencode client_id={} \\\n  --data-urlencode client_secret={}",
        quoted(id),
        quoted(secret)
    )
}

fn python(urls: &Urls, client: &Client) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let (id, token) = (text(client.id.as_str()), text(&urls.absolute("/oauth2/token")));
    let head = "# pip install authlib requests\nfrom authlib.integrations.requests_client import OAuth2Session";
    let method = if !client.confidential {
        "none"
    } else if client.auth_methods.contains(&AuthMethod::SecretBasic) {
        "client_secret_basic"
    } else {
        "client_secret_post"
    };
    let secret = if client.confidential {
        ", client_secret=os.environ[\"OAUTH_CLIENT_SECRET\"]"
    } else {
        ""
    };
    let os = if client.confidential { "import os\n" } else { "" };
    if client.allows(GrantType::ClientCredentials) {
        return format!(
            "{head}\n{os}\nsession = OAuth2Session({id}{secret},\n    token_endpoint_auth_method=\"{method}\")\n\
             token = session.fetch_token({token}, grant_type=\"client_credentials\")\nprint(token[\"access_token\"])"
        );
    }
    format!(
        "{head}\nfrom authlib.common.security import generate_token\n{os}\n\
         session = OAuth2Session({id}{secret},\n    token_endpoint_auth_method=\"{method}\", code_challenge_method=\"S256\",\n    \
         redirect_uri={}, scope={})\nverifier = generate_token(48)\n\
         url, state = session.create_authorization_url(\n    {}, code_verifier=verifier)\nprint(\"Open\", url)\n\
         token = session.fetch_token({token},\n    authorization_response=input(\"It led to: \"), code_verifier=verifier)\n\
         print(token[\"access_token\"])",
        text(client.redirect_uris.first().map_or("", String::as_str)),
        text(client.scopes.as_str()),
        text(&urls.absolute("/oauth2/authorize")),
    )
}

fn node(urls: &Urls, client: &Client) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let proof = if !client.confidential {
        "undefined, oauth.None()"
    } else if client.auth_methods.contains(&AuthMethod::SecretBasic) {
        "undefined, oauth.ClientSecretBasic(process.env.OAUTH_CLIENT_SECRET)"
    } else {
        "undefined, oauth.ClientSecretPost(process.env.OAUTH_CLIENT_SECRET)"
    };
    let options =
        if urls.is_https() { "" } else { ",\n  { execute: [oauth.allowInsecureRequests] }" };
    let head = format!(
        "// npm install openid-client\nimport * as oauth from 'openid-client'\n\n\
         const config = await oauth.discovery(new URL({}),\n  {}, {proof}{options})",
        text(urls.issuer()),
        text(client.id.as_str())
    );
    if client.allows(GrantType::ClientCredentials) {
        return format!(
            "{head}\nconst tokens = await oauth.clientCredentialsGrant(config)\nconsole.log(tokens.access_token)"
        );
    }
    format!(
        "{head}\nconst verifier = oauth.randomPKCECodeVerifier()\n\
         const url = oauth.buildAuthorizationUrl(config, {{\n  redirect_uri: {},\n  scope: {},\n  \
         code_challenge: await oauth.calculatePKCECodeChallenge(verifier),\n  code_challenge_method: 'S256',\n}})\n\
         console.log('Open', url.href)\n\n\
         // `returned` is the whole address that the browser came back to.\n\
         const tokens = await oauth.authorizationCodeGrant(config, new URL(returned),\n  {{ pkceCodeVerifier: verifier }})",
        text(client.redirect_uris.first().map_or("", String::as_str)),
        text(client.scopes.as_str()),
    )
}

/// A word for a POSIX shell that means itself.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A value of an `.env` file: bare where it can be, else in quotes that expand nothing.
fn dotenv(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-~:/@%+=".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

/// An id as the name of a Kubernetes object (RFC 1123).
fn kubernetes_name(id: &str) -> String {
    let name: String = id
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(56)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "oauth-client".into() } else { format!("oauth-{name}") }
}

#[cfg(test)]
mod tests {
    use domain::clients::Draft;
    use serde_json::json;

    use super::*;

    fn client(draft: &serde_json::Value) -> Client {
        Draft::read(draft).unwrap().sketch()
    }

    #[test]
    fn a_shell_takes_no_secret_for_a_command() {
        let service = client(&json!({"client_id": "billing", "type": "service"}));
        let urls = Urls::new("https://id.example.com");
        let curl = curl(&urls, &service, Some("a'$(reboot)`x`\\;b"));
        insta::assert_snapshot!(curl, @r"
        curl -s 'https://id.example.com/oauth2/token' \
          -u 'billing:a'\''$(reboot)`x`\;b' \
          -d grant_type=client_credentials
        ");
    }

    #[test]
    fn a_public_client_is_given_no_place_for_a_secret() {
        let app = client(&json!({
            "client_id": "cli", "confidential": false, "scopes": ["openid"],
            "redirect_uris": ["http://127.0.0.1/cb?a=b&c=d"],
        }));
        for snippet in to_use(&Urls::new("http://localhost:8080"), &app) {
            assert!(!snippet.code.to_lowercase().contains("secret"), "{}", snippet.code);
            assert!(snippet.code.contains("localhost:8080"), "{}", snippet.code);
        }
    }

    #[test]
    fn names_fit_where_they_go() {
        assert_eq!(kubernetes_name("My_App.v2"), "oauth-my-app-v2");
        assert_eq!(kubernetes_name("..."), "oauth-client");
        assert_eq!(dotenv("mcs_aB-9"), "mcs_aB-9");
        assert_eq!(dotenv("a b#c$d"), "'a b#c$d'");
    }
}
