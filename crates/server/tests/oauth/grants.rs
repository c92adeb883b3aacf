//! Every combination of grant, kind of client and policy, and the answer that is promised for it.
//!
//! One table: the test walks it on both engines, and `docs/grants.md` is written from it
//! (`UPDATE_DOCS=1 cargo test -p mandate --test oauth -- grants`).

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use domain::Policy;
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, App, Browser, PASSWORD, Server, servers_with};

/// What a client asks for.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Own,
    Code,
    CodeWithoutPkce,
    Refresh,
    Password,
    Token,
    IdToken,
    Unknown,
}
use Asks::{Code, CodeWithoutPkce, IdToken, Own, Password, Refresh, Token, Unknown};

impl Asks {
    fn told(self) -> &'static str {
        match self {
            Own => "`client_credentials`",
            Code => "`authorization_code` with PKCE",
            CodeWithoutPkce => "`authorization_code` without PKCE",
            Refresh => "`refresh_token`",
            Password => "`password`",
            Token => "`response_type=token`",
            IdToken => "`response_type=id_token`",
            Unknown => "any other `grant_type`",
        }
    }
}

/// Which client asks.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Holds code, refresh and client credentials, and a secret.
    Confidential,
    /// The same and password.
    Trusted,
    /// Holds code and refresh, and no secret.
    Public,
    /// Holds implicit, and no secret.
    Script,
}
use Kind::{Confidential, Public, Script, Trusted};

impl Kind {
    fn told(self) -> &'static str {
        match self {
            Confidential => "confidential: code, refresh, client credentials",
            Trusted => "confidential: the same and password",
            Public => "public: code, refresh",
            Script => "public: implicit",
        }
    }

    fn draft(self, id: &str) -> Value {
        let mut draft = json!({
            "client_id": id, "client_name": id, "type": "custom", "scopes": ["openid", "email"],
            "default_scopes": ["openid"], "redirect_uris": ["https://app.example/cb"],
        });
        let (confidential, grants) = match self {
            Confidential => {
                (true, json!(["authorization_code", "refresh_token", "client_credentials"]))
            }
            Trusted => (
                true,
                json!(["authorization_code", "refresh_token", "client_credentials", "password"]),
            ),
            Public => (false, json!(["authorization_code", "refresh_token"])),
            Script => (false, json!(["implicit"])),
        };
        draft["confidential"] = json!(confidential);
        draft["grant_types"] = grants;
        draft
    }
}

/// Under a server with or without the legacy grants.
struct Block {
    title: &'static str,
    legacy: bool,
    rows: &'static [(Kind, Asks, &'static str)],
}

const ALL: &str = "access, refresh, ID token";

const BLOCKS: &[Block] = &[
    Block {
        title: "Without legacy grants, which is how a server starts",
        legacy: false,
        rows: &[
            (Confidential, Own, "access token"),
            (Confidential, Code, ALL),
            (Confidential, CodeWithoutPkce, "redirected: invalid_request"),
            (Confidential, Refresh, ALL),
            (Confidential, Password, "400 unsupported_grant_type"),
            (Confidential, Token, "redirected: unsupported_response_type"),
            (Confidential, IdToken, "redirected: unsupported_response_type"),
            (Confidential, Unknown, "400 unsupported_grant_type"),
            (Public, Own, "400 unauthorized_client"),
            (Public, Code, ALL),
            (Public, CodeWithoutPkce, "redirected: invalid_request"),
            (Public, Refresh, ALL),
            (Public, Password, "400 unsupported_grant_type"),
            (Public, Token, "redirected: unsupported_response_type"),
            (Public, IdToken, "redirected: unsupported_response_type"),
            (Public, Unknown, "400 unsupported_grant_type"),
        ],
    },
    Block {
        title: "With `legacy_grants = [\"password\", \"implicit\"]`",
        legacy: true,
        rows: &[
            (Confidential, Own, "access token"),
            (Confidential, Code, ALL),
            (Confidential, CodeWithoutPkce, "redirected: invalid_request"),
            (Confidential, Refresh, ALL),
            (Confidential, Password, "400 unauthorized_client"),
            (Confidential, Token, "redirected: unauthorized_client"),
            (Confidential, IdToken, "redirected: unauthorized_client"),
            (Trusted, Own, "access token"),
            (Trusted, Code, ALL),
            (Trusted, Refresh, ALL),
            (Trusted, Password, ALL),
            (Trusted, Token, "redirected: unauthorized_client"),
            (Trusted, Unknown, "400 unsupported_grant_type"),
            (Public, Own, "400 unauthorized_client"),
            (Public, Code, ALL),
            (Public, CodeWithoutPkce, "redirected: invalid_request"),
            (Public, Refresh, ALL),
            (Public, Password, "400 unauthorized_client"),
            (Public, Token, "redirected: unauthorized_client"),
            (Script, Own, "400 unauthorized_client"),
            (Script, Code, "redirected: unauthorized_client"),
            (Script, Password, "400 unauthorized_client"),
            (Script, Token, "access token"),
            (Script, IdToken, "ID token"),
            (Script, Unknown, "400 unsupported_grant_type"),
        ],
    },
];

/// A setting of the client beside the kind, as a merge patch of its draft.
struct Setting {
    told: &'static str,
    patch: &'static str,
    /// How often it asks; the last answer counts.
    times: usize,
    asks: Asks,
    more: &'static [(&'static str, &'static str)],
    answer: &'static str,
}

const fn setting(
    told: &'static str,
    patch: &'static str,
    asks: Asks,
    answer: &'static str,
) -> Setting {
    Setting { told, patch, times: 1, asks, more: &[], answer }
}

const SETTINGS: &[Setting] = &[
    setting("`pkce: optional`", r#"{"pkce":"optional"}"#, CodeWithoutPkce, "access, ID token"),
    setting(
        "`pkce: optional`, `refresh_without_pkce`",
        r#"{"pkce":"optional","refresh_without_pkce":true}"#,
        CodeWithoutPkce,
        ALL,
    ),
    setting("`enabled: false`", r#"{"enabled":false}"#, Own, "401 invalid_client"),
    setting(
        "`trusted_ips` without its address",
        r#"{"trusted_ips":["192.0.2.0/24"]}"#,
        Own,
        "400 invalid_client",
    ),
    setting(
        "the same for a refresh",
        r#"{"trusted_ips":["192.0.2.0/24"]}"#,
        Refresh,
        "400 invalid_client",
    ),
    setting(
        "the same with `trusted_ips_mode: observe`",
        r#"{"trusted_ips":["192.0.2.0/24"],"trusted_ips_mode":"observe"}"#,
        Own,
        "access token",
    ),
    setting(
        "`trusted_ips` with its address",
        r#"{"trusted_ips":["127.0.0.0/8"]}"#,
        Own,
        "access token",
    ),
    Setting {
        times: 2,
        ..setting(
            "`max_active_tokens: 1`, the second time",
            r#"{"max_active_tokens":1}"#,
            Own,
            "429 too_many_tokens",
        )
    },
    Setting {
        times: 2,
        ..setting(
            "the same with `token_issuance: reuse`",
            r#"{"max_active_tokens":1,"token_issuance":"reuse"}"#,
            Own,
            "access token",
        )
    },
    Setting {
        times: 2,
        ..setting(
            "`token_requests_per_second: 1`, the second time",
            r#"{"token_requests_per_second":1}"#,
            Own,
            "429 rate_limited",
        )
    },
    Setting {
        more: &[("scope", "profile")],
        ..setting("a `scope` it does not hold", "{}", Own, "400 invalid_scope")
    },
    Setting {
        more: &[("scope", "profile")],
        ..setting("a refresh beyond what was granted", "{}", Refresh, "400 invalid_scope")
    },
    Setting {
        more: &[("resource", "https://nobody.example")],
        ..setting("a `resource` nobody knows", "{}", Own, "400 invalid_target")
    },
    setting(
        "`auth_methods` without the one it uses",
        r#"{"auth_methods":["client_secret_post"]}"#,
        Own,
        "401 invalid_client",
    ),
    setting("`refresh_rotation: keep`", r#"{"refresh_rotation":"keep"}"#, Refresh, ALL),
    setting("`access_token_format: jwt`", r#"{"access_token_format":"jwt"}"#, Own, "access token"),
];

/// The page, written from the table.
fn page() -> String {
    let mut page = "# Which grant gives what

<!-- Written from crates/server/tests/oauth/grants.rs; `UPDATE_DOCS=1 cargo test -p mandate --test oauth -- grants` writes it anew. -->

Every combination of grant, kind of client and policy with the answer that is promised for it. A test walks this very
table on both engines. A refusal carries an `error_id`, under which the console shows what was expected and what came; a
redirected one is found under the client's activity.
"
    .to_owned();
    for block in BLOCKS {
        let _ =
            write!(page, "\n## {}\n\n| client | asks for | answer |\n|---|---|---|\n", block.title);
        for (kind, asks, answer) in block.rows {
            let _ = writeln!(page, "| {} | {} | {answer} |", kind.told(), asks.told());
        }
    }
    page += "\n## What a setting of the client changes\n\nFor a confidential client that holds code, refresh and client credentials, asking from `127.0.0.1`.\n\n| setting | asks for | answer |\n|---|---|---|\n";
    for setting in SETTINGS {
        let _ =
            writeln!(page, "| {} | {} | {} |", setting.told, setting.asks.told(), setting.answer);
    }
    page += "\nThe legacy grants and what they cost: `legacy_grants` in [the settings](config.md). `state_token`, the second step of the\npassword grant with a second factor, is part of [the profile of Reltio](profile-reltio.md) and of nothing else.\n";
    page
}

#[test]
fn docs_grants_is_written_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grants.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/grants.md is another: write it anew with UPDATE_DOCS=1");
}

/// What an answer comes down to, in the words of the table.
fn summed_up(answer: &crate::harness::Answer) -> String {
    if answer.status.is_redirection() {
        let (_, back) = answer.location().split_once(['?', '#']).unwrap_or_default();
        let value = |name: &str| {
            form_urlencoded::parse(back.as_bytes())
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.into_owned())
        };
        if let Some(error) = value("error") {
            return format!("redirected: {error}");
        }
        assert!(value("refresh_token").is_none());
        return match (value("access_token"), value("id_token")) {
            (Some(_), None) => "access token".into(),
            (None, Some(_)) => "ID token".into(),
            other => format!("{other:?} {}", answer.location()),
        };
    }
    if answer.verdict() != "200" {
        return answer.verdict();
    }
    let body = answer.json();
    let has = |name: &str| body.get(name).is_some();
    match (has("access_token"), has("refresh_token"), has("id_token")) {
        (true, true, true) => ALL.into(),
        (true, false, true) => "access, ID token".into(),
        (true, false, false) => "access token".into(),
        other => format!("{other:?}"),
    }
}

/// Asks once, whatever it takes to get that far.
async fn ask(
    app: &App,
    browser: &mut Browser,
    (asks, more): (Asks, &[(&str, &str)]),
    refresh: Option<&str>,
) -> crate::harness::Answer {
    let token = async |fields: &[(&str, &str)]| {
        let all: Vec<_> = fields.iter().chain(more).copied().collect();
        app.token(&all).await
    };
    match asks {
        Own => token(&[("grant_type", "client_credentials")]).await,
        Password => {
            token(&[("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD)])
                .await
        }
        Unknown => token(&[("grant_type", "urn:example:other")]).await,
        Refresh => {
            token(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.unwrap_or("mrt_none")),
            ])
            .await
        }
        Token | IdToken => {
            let response_type = if asks == Token { "token" } else { "id_token" };
            let fields = [
                ("response_type", response_type),
                ("nonce", "n"),
                ("code_challenge", ""),
                ("code_challenge_method", ""),
            ];
            browser.authorize(&app.authorize_path(&fields), ADMIN_EMAIL).await
        }
        Code | CodeWithoutPkce => {
            let bare = [("code_challenge", ""), ("code_challenge_method", "")];
            let fields: &[(&str, &str)] = if asks == Code { &[] } else { &bare };
            let back = browser.authorize(&app.authorize_path(fields), ADMIN_EMAIL).await;
            let Some(code) = back.returned("code") else { return back };
            let verifier = app.verifier.clone();
            let mut fields = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
            if asks == Code {
                fields.push(("code_verifier", verifier.as_str()));
            }
            token(&fields).await
        }
    }
}

/// A refusal explains itself to the operator: under its `error_id`, or under the client.
async fn explained(server: &Server, client: &str, answer: &crate::harness::Answer) -> bool {
    mandate::jobs::flush(&server.app).await.unwrap();
    let database = server.database().await;
    let id = serde_json::from_str::<Value>(&answer.body)
        .ok()
        .and_then(|b| b["error_id"].as_str().map(str::to_owned));
    let (sql, key) = match id {
        Some(id) => ("SELECT COUNT(*) FROM refusals WHERE id = $1 AND description <> ''", id),
        None => (
            "SELECT COUNT(*) FROM refusals WHERE client_id = $1 AND description <> ''",
            client.to_owned(),
        ),
    };
    let row = database.read().query_one(sql, db::params![key]).await.unwrap().unwrap();
    row.get::<i64>(0).unwrap() > 0
}

async fn walk(server: &Arc<Server>, legacy: bool) {
    let mut browser = server.browser();
    browser.sign_in(ADMIN_EMAIL).await;
    let block = BLOCKS.iter().find(|block| block.legacy == legacy).unwrap();
    for (n, (kind, asks, promised)) in block.rows.iter().enumerate() {
        let id = format!("row-{n}");
        let app = server.register(kind.draft(&id)).await;
        let refresh = match asks {
            Refresh => Some(ask(&app, &mut browser, (Code, &[]), None).await.text("refresh_token")),
            _ => None,
        };
        let answer = ask(&app, &mut browser, (*asks, &[]), refresh.as_deref()).await;
        let place = format!("{} / {} / {}: {}", block.title, kind.told(), asks.told(), answer.body);
        assert_eq!(summed_up(&answer), *promised, "{place}");
        if promised.contains('_') {
            assert!(explained(server, &id, &answer).await, "unexplained: {place}");
        }
    }
}

#[tokio::test]
async fn every_grant_of_every_client_gives_the_promised_answer_without_legacy_grants() {
    for server in servers_with(Policy::default()).await {
        walk(&Arc::new(server), false).await;
    }
}

#[tokio::test]
async fn every_grant_of_every_client_gives_the_promised_answer_with_legacy_grants() {
    let policy = Policy { legacy_password: true, legacy_implicit: true, ..Policy::default() };
    for server in servers_with(policy).await {
        walk(&Arc::new(server), true).await;
    }
}

#[tokio::test]
async fn every_setting_of_a_client_changes_the_answer_as_promised() {
    for server in servers_with(Policy::default()).await {
        let server = Arc::new(server);
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        for (n, setting) in SETTINGS.iter().enumerate() {
            let id = format!("set-{n}");
            let app = server.register(Confidential.draft(&id)).await;
            let refresh = match setting.asks {
                Refresh => {
                    Some(ask(&app, &mut browser, (Code, &[]), None).await.text("refresh_token"))
                }
                _ => None,
            };
            let patch: Value = serde_json::from_str(setting.patch).unwrap();
            super::policy::change(&app, patch).await;
            let mut last = None;
            for _ in 0..setting.times {
                last = Some(
                    ask(&app, &mut browser, (setting.asks, setting.more), refresh.as_deref()).await,
                );
            }
            let answer = last.unwrap();
            assert_eq!(summed_up(&answer), setting.answer, "{}: {}", setting.told, answer.body);
            if setting.answer.contains('_') {
                assert!(explained(&server, &id, &answer).await, "unexplained: {}", setting.told);
            }
        }
    }
}
