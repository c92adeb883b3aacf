//! Drop-in profiles: the scripts of the pages `docs/profile-*.md` run as they stand there, and
//! nothing of a profile is there while it is off. RLT-20, RLT-25, RLT-27, RLT-29, RLT-31, RLT-34,
//! RLT-35, RLT-50, RLT-51, RLT-52, RLT-53, RLT-56, RLT-57; REL-38, REL-40, REL-41, REL-42, REL-48,
//! REL-50; COR-50, COR-51, COR-52, COR-53, COR-62.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::access::{Authority, PLATFORM_ADMINISTRATOR, Place};
use domain::{Policy, access, teams};
use serde_json::{Value, json};

use crate::harness::{
    ADMIN_EMAIL, ADMIN_SECRET, Answer, ISSUER, PASSWORD, Server, both, both_with,
};

pub fn on() -> Policy {
    Policy {
        profile_reltio: true,
        profile_relativity: true,
        legacy_password: true,
        legacy_implicit: true,
        ..Policy::default()
    }
}

type Variables = BTreeMap<String, String>;

/// An organization with one team, to which the administrator belongs.
pub async fn organization(server: &Server) -> String {
    let authority = Authority::operator("test@host");
    let may = authority.may().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let call = server.operator();
    let made = teams::create_organization(&mut work, &call, &may, "Harbour").await.unwrap();
    let may = authority.may().unwrap();
    teams::create_team(&mut work, &call, &may, &made.id, "Orders").await.unwrap();
    let ada = domain::accounts::find_by_email(&mut work, ADMIN_EMAIL).await.unwrap().unwrap();
    let place = Place::Organization(made.id.clone());
    access::bind(&mut work, call.now, ada.id.as_str(), PLATFORM_ADMINISTRATOR, &place)
        .await
        .unwrap();
    work.commit().await.unwrap();
    made.id
}

fn variables(more: &[(&str, &str)]) -> Variables {
    let usual = [
        ("ISSUER", ISSUER),
        ("ADMIN_SECRET", ADMIN_SECRET),
        ("NAME", ADMIN_EMAIL),
        ("PASSWORD", PASSWORD),
    ];
    usual
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The words of a command line: quotes are taken off, `$NAME` is filled in but within `'…'`.
fn words(line: &str, variables: &Variables) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_word) = (Vec::new(), String::new(), ' ', false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' if quote == ' ' => (quote, is_word) = (c, true),
            c if c == quote && quote != ' ' => quote = ' ',
            '\\' if quote != '\'' => match rest.next() {
                Some('\n') | None => {}
                Some(c) => word.push(c),
            },
            '$' if quote != '\'' => {
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| c.is_ascii_uppercase() || *c == '_') {
                    name.push(c);
                }
                word += variables.get(&name).unwrap_or_else(|| panic!("${name} is not set"));
                is_word = true;
            }
            c if c.is_whitespace() && quote == ' ' => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            c => {
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// What `curl` does with these words.
async fn curl(server: &Server, words: &[String]) -> Answer {
    let (mut method, mut url, mut data, mut headers) = (None, "", Vec::new(), Vec::new());
    let mut rest = words.iter();
    assert_eq!(rest.next().map(String::as_str), Some("curl"));
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-s" => {}
            "-X" => method = rest.next().cloned(),
            "-u" => headers.push((
                "authorization".to_owned(),
                format!("Basic {}", STANDARD.encode(rest.next().unwrap())),
            )),
            "-H" => {
                let (name, value) = rest.next().unwrap().split_once(": ").unwrap();
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
            "-d" => data.push(rest.next().unwrap().clone()),
            "--data-urlencode" => {
                let (name, value) = rest.next().unwrap().split_once('=').unwrap();
                data.push(
                    form_urlencoded::Serializer::new(String::new())
                        .append_pair(name, value)
                        .finish(),
                );
            }
            word if word.starts_with('-') => panic!("curl {word} is not known here"),
            word => url = word,
        }
    }
    let usual = if data.is_empty() { "GET" } else { "POST" };
    let method = Method::from_bytes(method.as_deref().unwrap_or(usual).as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(url.strip_prefix(ISSUER).unwrap());
    if !data.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    server.send(request.body(Body::from(data.join("&"))).unwrap()).await
}

/// Does the answer hold everything that the page shows? `…` is any text.
fn holds(answer: &Value, shown: &Value) -> bool {
    match (answer, shown) {
        (Value::Object(answer), Value::Object(shown)) => {
            shown.iter().all(|(name, value)| answer.get(name).is_some_and(|a| holds(a, value)))
        }
        (Value::Array(answer), Value::Array(shown)) => {
            answer.len() == shown.len() && answer.iter().zip(shown).all(|(a, s)| holds(a, s))
        }
        (Value::String(text), Value::String(shown)) if shown == "…" => !text.is_empty(),
        (answer, shown) => answer == shown,
    }
}

/// Runs every block of a page in order.
async fn replay(server: &Server, page: &str, mut variables: Variables) -> Variables {
    let mut last = None;
    let mut compared = 0;
    for block in
        page.split("\n```").filter(|block| block.starts_with("sh\n") || block.starts_with("json\n"))
    {
        let (kind, text) = block.split_once('\n').unwrap();
        if kind == "json" {
            let filled = variables.iter().fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("${name}"), value)
            });
            let shown: Value =
                serde_json::from_str(&filled).unwrap_or_else(|e| panic!("{e}: {filled}"));
            let answer: Answer = last.take().expect("a command stands before its answer");
            assert!(holds(&answer.json(), &shown), "{text}\n{} {}", answer.status, answer.body);
            compared += 1;
            continue;
        }
        let assigned =
            text.split_once("=$(").filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase()));
        let (name, command) = assigned.map_or((None, text), |(name, rest)| (Some(name), rest));
        let (command, path) = command.split_once("| jq -r ").unwrap_or((command, ""));
        let answer = curl(server, &words(command, &variables)).await;
        if let Some(name) = name {
            let pointer = path.trim().trim_end_matches(')').replace('.', "/");
            let pointer = if pointer == "/" { "" } else { pointer.as_str() };
            let value = answer.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let value =
                value.unwrap_or_else(|| panic!("{text}\n{} {}", answer.status, answer.body));
            variables.insert(name.to_owned(), value);
        }
        last = Some(answer);
    }
    assert!(compared >= 5, "the page shows {compared} answers");
    variables
}

const RELTIO: &str = include_str!("../../../../docs/profile-reltio.md");
const RELATIVITY: &str = include_str!("../../../../docs/profile-relativity.md");
const CORALOGIX: &str = include_str!("../../../../docs/profile-coralogix.md");

#[tokio::test]
async fn reltio_page() {
    both_with(on(), |server| async move {
        let customer = organization(&server).await;
        replay(&server, RELTIO, variables(&[("CUSTOMER", &customer)])).await;
    })
    .await;
}

#[tokio::test]
async fn relativity_page() {
    both_with(on(), |server| async move {
        let after = replay(&server, RELATIVITY, variables(&[])).await;
        let secret = &after["SECRET"];
        assert!(
            secret.len() == 40
                && secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
    })
    .await;
}

#[tokio::test]
async fn coralogix_page() {
    both(|server| async move {
        organization(&server).await;
        let web = server.web_app().await;
        let refresh = web.sign_in(&[("scope", "openid profile")]).await.text("refresh_token");
        let secret = web.secret.clone().unwrap();
        replay(
            &server,
            CORALOGIX,
            variables(&[("APP", &web.id), ("SECRET", &secret), ("REFRESH", &refresh)]),
        )
        .await;
    })
    .await;
}

const PATHS: [&str; 9] = [
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/checkToken",
    "/oauth/sso",
    "/oauth/customers/instance/clients",
    "/Relativity/Identity/connect/token",
    "/Relativity/Identity/connect/authorize",
    "/Relativity/Identity/.well-known/openid-configuration",
    "/Relativity.REST/api/Relativity-Identity/v1/oauth2-clients",
];

#[tokio::test]
async fn nothing_of_a_profile_is_there_while_it_is_off() {
    both(|server| async move {
        for path in PATHS {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                let request =
                    Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
                assert_eq!(server.send(request).await.status.as_u16(), 404, "{method} {path}");
            }
        }
    })
    .await;
    let alone = Policy { profile_reltio: true, ..Policy::default() };
    both_with(alone, |server| async move {
        assert_eq!(server.get("/Relativity/Identity/connect/authorize").await.status.as_u16(), 404);
        assert_ne!(server.get("/oauth/sso").await.status.as_u16(), 404);
    })
    .await;
}

/// RLT-37: only a profile reads parameters from the query, and what stood there is kept nowhere.
#[tokio::test]
async fn rlt37_credentials_of_a_query_are_kept_nowhere() {
    both_with(on(), |server| async move {
        let secret = "a-wrong-secret-in-the-query-of-a-request";
        let path = format!("/oauth/token?grant_type=client_credentials&client_id=mandate-admin&client_secret={secret}");
        let request = Request::post(&path).body(Body::empty()).unwrap();
        let refused = server.send(request).await;
        assert_eq!(refused.verdict(), "401 invalid_client", "{}", refused.body);
        assert!(!refused.body.contains(secret));
        server.sweep().await;
        let rows = server.database().await.read().query("SELECT COALESCE(expected, '') || COALESCE(received, '') || note || description FROM refusals", db::params![]).await.unwrap();
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|row| !row.get::<String>(0).unwrap().contains(secret)));
        let native = Request::post("/oauth2/token?grant_type=client_credentials").body(Body::empty()).unwrap();
        assert_eq!(server.send(native).await.verdict(), "400 invalid_request", "never natively");
        let twice = Request::post("/oauth/token?grant_type=client_credentials")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", server.admin_client().basic())
            .body(Body::from("grant_type=client_credentials"))
            .unwrap();
        assert_eq!(server.send(twice).await.verdict(), "400 invalid_request", "not in both");
    })
    .await;
}

pub async fn managed(server: &Arc<Server>, method: &str, path: &str, body: Value) -> Answer {
    let token = server.admin_client().own_token().await.text("access_token");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn rlt36_sso_needs_a_state_and_leads_to_the_sign_in() {
    both_with(on(), |server| async move {
        let body = json!([{
            "clientId": "portal", "authorizedGrantTypes": ["authorization_code", "refresh_token"],
            "redirectUri": "https://app.example/cb", "clientAuthenticationMethods": ["client_secret_basic"],
        }]);
        let made = managed(&server, "POST", "/oauth/customers/instance/clients", body).await;
        assert_eq!(made.status.as_u16(), 200, "{}", made.body);
        let secret = made.json()[0]["clientSecret"].as_str().unwrap().to_owned();
        let query = "grant_type=code&client_id=portal&response_type=code&tenant_id=t&redirect_uri=https://app.example/cb";
        assert_eq!(server.get(&format!("/oauth/sso?{query}&state=")).await.status.as_u16(), 400);
        let back = server.browser().authorize(&format!("/oauth/sso?{query}&state=s-1"), ADMIN_EMAIL).await;
        let code = back.returned("code").unwrap_or_else(|| panic!("{} {}", back.location(), back.body));
        assert_eq!(back.returned("state").as_deref(), Some("s-1"));
        let path = format!("/oauth/token?grant_type=authorization_code&code={code}&redirect_uri=https://app.example/cb");
        let request = Request::post(path)
            .header("authorization", format!("Basic {}", STANDARD.encode(format!("portal:{secret}"))));
        let given = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(given.verdict(), "200", "{}", given.body);
        for kind in ["access_token", "refresh_token"] {
            assert!((1..=400).contains(&given.text(kind).len()), "{kind} stays within 400 characters");
        }
    })
    .await;
}

#[tokio::test]
async fn rlt50_several_clients_at_once_are_all_or_none() {
    both_with(on(), |server| async move {
        let one =
            json!({ "clientId": "first-one", "authorizedGrantTypes": ["client_credentials"] });
        let bad = json!({ "clientId": "x", "authorizedGrantTypes": ["client_credentials"] });
        let path = "/oauth/customers/instance/clients";
        let refused = managed(&server, "POST", path, json!([one, bad])).await;
        assert_eq!(refused.verdict(), "400 invalid_request", "{}", refused.body);
        assert_eq!(
            managed(&server, "GET", &format!("{path}/first-one"), json!(null))
                .await
                .status
                .as_u16(),
            404
        );
        assert_eq!(managed(&server, "POST", path, json!([one])).await.status.as_u16(), 200);
        let again = managed(&server, "POST", path, json!([one])).await;
        assert_eq!(again.verdict(), "400 invalid_request", "an id is unique across all customers");
        let bare = server.get(path).await;
        assert_eq!(
            (bare.status.as_u16(), bare.header("www-authenticate")),
            (401, "Bearer realm=\"Relativity.REST\"")
        );
        let elsewhere =
            managed(&server, "GET", "/oauth/customers/org_other/clients/first-one", json!(null))
                .await;
        assert_eq!(elsewhere.status.as_u16(), 404, "of another customer");
        let listed = managed(&server, "GET", path, json!(null)).await;
        assert!(
            !listed.body.contains("clientSecret") && listed.body.contains("first-one"),
            "RLT-52"
        );
    })
    .await;
}

/// RLT-53, RLT-54: the secret survives a replacement; roles or secret end the tokens, a name does not.
#[tokio::test]
async fn rlt54_another_role_list_or_secret_ends_the_tokens() {
    both_with(on(), |server| async move {
        let customer = organization(&server).await;
        let path = format!("/oauth/customers/{customer}/clients");
        let body = |roles: Value| json!({ "clientId": "sync", "authorizedGrantTypes": ["client_credentials"], "clientPermissions": { "roles": roles } });
        let made = managed(&server, "POST", &path, json!([body(json!({ "Auditor": [] }))])).await;
        let secret = made.json()[0]["clientSecret"].as_str().unwrap().to_owned();
        let app = server.client("sync", Some(&secret));
        let token = app.own_token().await.text("access_token");
        let mut renamed = body(json!({ "Auditor": [] }));
        renamed["clientName"] = json!("Another name");
        let path = format!("{path}/sync");
        assert_eq!(managed(&server, "PUT", &path, renamed).await.status.as_u16(), 200);
        assert!(app.is_active(&token).await, "a name ends nothing");
        assert_eq!(managed(&server, "PUT", &path, body(json!({ "Member": [] }))).await.status.as_u16(), 200);
        assert!(!app.is_active(&token).await, "other roles end them");
        let token = app.own_token().await.text("access_token");
        let mut another = body(json!({ "Member": [] }));
        another["clientSecret"] = json!("another-secret-of-more-than-thirty-two");
        assert_eq!(managed(&server, "PUT", &path, another).await.status.as_u16(), 200);
        assert_eq!(app.own_token().await.verdict(), "401 invalid_client");
        let app = server.client("sync", Some("another-secret-of-more-than-thirty-two"));
        assert!(!app.is_active(&token).await, "another secret ends them");
        assert_eq!(managed(&server, "PUT", &path, json!({ "clientSecret": "too-short" })).await.status.as_u16(), 400);
    })
    .await;
}

/// REL-8, REL-32, REL-44, REL-45, REL-46.
#[tokio::test]
async fn rel44_ids_are_chosen_once_and_secrets_never() {
    both_with(on(), |server| async move {
        let path = "/Relativity.REST/api/Relativity-Identity/v1/oauth2-clients";
        let body = |more: Value| {
            let mut body = json!({ "Name": "Reader", "Flow": "ClientCredentials", "ContextUser": ADMIN_EMAIL });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let made = managed(&server, "POST", path, body(json!({ "Secret": "mine" }))).await;
        assert_eq!(made.status.as_u16(), 200, "{}", made.body);
        let (id, secret) = (made.text("ID"), made.text("Secret"));
        let is_hex = |text: &str| text.bytes().all(|b| b"0123456789abcdef".contains(&b));
        assert_eq!((id.len(), secret.len()), (26, 40), "REL-45");
        assert!(is_hex(&id) && is_hex(&secret));
        let app = server.client(&id, Some(&secret));
        assert_eq!(app.own_token().await.verdict(), "200");
        for (more, field) in [
            (json!({ "ID": id, "Name": "Other" }), "client_id"),
            (json!({ "Flow": 1, "Name": "Other" }), "Flow"),
            (json!({ "ContextUser": null, "Name": "Other" }), "ContextUser"),
            (json!({ "Flow": "Code", "Name": "Other", "RedirectUris": ["https://a.example/"] }), "ContextUser"),
            (json!({ "AccessTokenLifetimeInMinutes": "x", "Name": "Other" }), "AccessTokenLifetimeInMinutes"),
            (json!({ "Claims": [{ "Type": "sub", "Value": "x" }], "Name": "Other" }), "claims"),
        ] {
            let refused = managed(&server, "POST", path, body(more.clone())).await;
            assert_eq!(refused.status.as_u16(), 400, "{more}");
            assert!(refused.body.contains(field), "{more} {}", refused.body);
        }
        let moved = body(json!({ "ID": id, "Flow": "ResourceOwner", "ContextUser": null }));
        assert_eq!(managed(&server, "PUT", path, moved).await.status.as_u16(), 400, "REL-32");
        let kept = managed(&server, "PUT", path, body(json!({ "ID": id, "Name": "Renamed" }))).await;
        assert_eq!((kept.text("Name"), app.own_token().await.verdict()), ("Renamed".into(), "200".into()));
        let renewed = managed(&server, "GET", &format!("{path}/{id}/regenerate-secret"), json!(null)).await;
        let renewed: String = serde_json::from_str(&renewed.body).unwrap();
        assert_eq!(app.own_token().await.verdict(), "401 invalid_client", "REL-48");
        assert_eq!(server.client(&id, Some(&renewed)).own_token().await.verdict(), "200");
        let implicit = json!({ "Name": "Script", "Flow": "Implicit", "RedirectUris": ["https://a.example/"] });
        let implicit = managed(&server, "POST", path, implicit).await;
        assert_eq!((implicit.status.as_u16(), implicit.json()["Secret"].clone()), (200, json!(null)), "REL-19");
        let listed = managed(&server, "GET", path, json!(null)).await;
        assert!(listed.json().as_array().unwrap().iter().all(|client| client["Secret"].is_null()));
    })
    .await;
}

#[tokio::test]
async fn rel39_an_authorization_request_by_the_other_path_is_the_same_request() {
    both_with(on(), |server| async move {
        let web = server.web_app().await;
        let path = web.authorize_path(&[("scope", "UserInfoAccess openid")]);
        let path = path.replace("/oauth2/authorize", "/Relativity/Identity/connect/authorize");
        let back = server.browser().authorize(&path, ADMIN_EMAIL).await;
        let given = web.redeem(&back.returned("code").unwrap()).await;
        assert_eq!(given.text("scope"), "openid");
        let token = given.text("access_token");
        let told = web.get_with("/Relativity/Identity/connect/userinfo", &token).await;
        assert!(told.json()["sub"].is_string());
        let fields = [("token", token.as_str())];
        assert_eq!(
            web.post("/Relativity/Identity/connect/introspect", &fields).await.json()["active"],
            true
        );
        assert_eq!(
            web.post("/Relativity/Identity/connect/revocation", &fields).await.verdict(),
            "200"
        );
        assert!(!web.is_active(&token).await);
    })
    .await;
}
