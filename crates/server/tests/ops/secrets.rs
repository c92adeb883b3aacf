//! No secret is ever where it could be read: after a long conversation with every grant, each one
//! that was used is looked for in the log (everything that can be logged), the database, its
//! backup, the figures and the audit trail.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use mandate::app::{App as Application, Outfit};
use mandate::ops::metrics;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{
    self, ADMIN_EMAIL, ADMIN_SECRET, Answer, App, Browser, PASSWORD, Server, both,
};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Secrets by what they are.
#[derive(Default)]
struct Used(BTreeMap<String, String>);

impl Used {
    fn keep(&mut self, what: &str, secret: &str) -> String {
        assert!(secret.len() >= 12, "{what} is too short to be looked for: {secret}");
        self.0.insert(format!("{what} {}", self.0.len()), secret.to_owned());
        secret.to_owned()
    }

    /// Keeps every secret of a token answer.
    fn keep_tokens(&mut self, answer: &Answer) {
        let body = answer.json();
        for name in ["access_token", "refresh_token", "id_token"] {
            if let Some(secret) = body[name].as_str() {
                self.keep(name, secret);
            }
        }
    }

    /// Keeps what a browser is known by; its choice of a theme is no secret.
    fn keep_cookies(&mut self, browser: &Browser) {
        for (name, cookie) in browser.cookies.iter().filter(|(_, cookie)| cookie.len() >= 20) {
            self.keep(name, cookie);
        }
    }

    /// What of them is in here, as text or in the hexadecimal of a dump, whole or its middle.
    fn found_in(&self, haystack: &[u8]) -> Vec<&str> {
        let holds = |needle: &[u8]| haystack.windows(needle.len()).any(|part| part == needle);
        let is_there = |secret: &String| {
            let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or_default();
            let hex: String =
                secret.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
            let middle = &secret.as_bytes()[secret.len() / 3..][..10.min(secret.len() / 3).max(8)];
            holds(secret.as_bytes())
                || holds(hex.as_bytes())
                || (secret.len() > 30 && holds(middle))
        };
        self.0
            .iter()
            .filter(|(_, secret)| is_there(secret))
            .map(|(what, _)| what.as_str())
            .collect()
    }
}

async fn call(server: &Server, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json");
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// Clients with every grant, and everything that goes wrong with them.
async fn applications(server: &Arc<Server>, used: &mut Used) {
    let (web, service, native) =
        (server.web_app().await, server.service().await, server.native_app().await);
    for app in [&web, &service] {
        used.keep("client secret", app.secret.as_deref().unwrap());
        used.keep("basic", &app.basic()["Basic ".len()..]);
    }
    used.keep("verifier", &web.verifier);
    used.keep_tokens(&service.own_token().await);
    for app in [&web, &native] {
        let mut browser = server.browser();
        let code =
            used.keep("code", &app.code_in(&mut browser, &[("scope", "openid email")]).await);
        used.keep_cookies(&browser);
        let first = app.redeem(&code).await;
        used.keep_tokens(&first);
        let refresh = first.text("refresh_token");
        let second = app.refresh(&refresh).await;
        used.keep_tokens(&second);
        app.get_with("/oauth2/userinfo", &second.text("access_token")).await;
        app.introspect(&second.text("access_token")).await;
        // The overlap gives it again; after that it is theft.
        app.refresh(&refresh).await;
        server.clock.step(120);
        app.refresh(&refresh).await;
        app.redeem(&code).await;
        app.revoke(&second.text("access_token")).await;
    }
    let mut wrong: App = service.clone();
    wrong.secret = Some(used.keep("wrong secret", "mcs_a-wrong-secret-that-somebody-typed-in"));
    wrong.own_token().await;
    let body = format!(
        "grant_type=client_credentials&client_id=service&client_secret={}",
        wrong.secret.as_deref().unwrap()
    );
    server.send(harness::form("/oauth2/token", &[]).body(Body::from(body)).unwrap()).await;
    let foreign = used.keep("foreign token", "mat_this-token-is-of-somebody-else-altogether");
    service.introspect(&foreign).await;
    web.redeem(&used.keep("foreign code", "mcd_this-code-is-of-somebody-else-altogether")).await;
}

/// What people type and are given.
async fn people(server: &Arc<Server>, used: &mut Used) {
    used.keep("password", PASSWORD);
    let mut browser = server.browser();
    let page = browser.get("/login").await;
    let typed = used.keep("wrong password", "a-password-that-is-not-the-right-one");
    browser.submit(&page, "/login", &[("email", ADMIN_EMAIL), ("password", &typed)]).await;
    browser.sign_in(ADMIN_EMAIL).await;
    used.keep_cookies(&browser);
}

/// What administrators make: clients, secrets, invitations. Gives the token they did it with.
async fn administration(server: &Arc<Server>, used: &mut Used) -> String {
    used.keep("client secret", ADMIN_SECRET);
    let answer = server.admin_client().own_token().await;
    used.keep_tokens(&answer);
    let token = answer.text("access_token");
    let draft = json!({"client_name": "Made", "client_id": "made", "type": "service", "access_token_format": "jwt",
        "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"]});
    let made = call(server, &token, "POST", "/api/v1/clients", &draft).await;
    let secret = used.keep("client secret", &made.text("client_secret"));
    let client = server.client("made", Some(&secret));
    used.keep_tokens(&client.own_token().await);
    let rotation = json!({"confirm_name": "Made", "label": "next", "retire_previous_after": 0});
    let next = call(server, &token, "POST", "/api/v1/clients/made/secrets", &rotation).await;
    let body = next.json();
    let next = ["client_secret", "secret"].iter().find_map(|name| body[*name].as_str());
    used.keep("rotated secret", next.unwrap_or_else(|| panic!("no secret: {body}")));
    client.own_token().await;
    let person = json!({"email": "new@example.com", "display_name": "New"});
    let invited = call(server, &token, "POST", "/api/v1/users", &person).await;
    let link = invited.text("invitation_url");
    used.keep("invitation", link.split('=').next_back().unwrap());
    token
}

/// The bytes of the database itself: its files, or a dump in plain text.
fn database_bytes(server: &Server) -> Vec<u8> {
    if let Some(path) = server.database_uri().strip_prefix("sqlite:") {
        let wal = std::fs::read(format!("{path}-wal")).unwrap_or_default();
        return [std::fs::read(path).unwrap(), wal].concat();
    }
    let dump = crate::restore::tool("pg_dump");
    let told = Command::new(dump).args(["--dbname", server.database_uri()]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    told.stdout
}

#[tokio::test]
async fn no_secret_is_in_log_database_backup_figures_or_audit_trail() {
    both(|server| async move {
        let log = Log::default();
        let into = log.clone();
        let collecting = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || into.clone())
            .finish();
        let listening = tracing::subscriber::set_default(collecting);
        let mut used = Used::default();
        used.keep("master key", &harness::master_key());
        applications(&server, &mut used).await;
        people(&server, &mut used).await;
        let token = administration(&server, &mut used).await;
        server.sweep().await;
        drop(listening);

        let csv = Request::get("/api/v1/audit-events").header("accept", "text/csv");
        let csv = csv.header("authorization", format!("Bearer {token}")).body(Body::empty());
        let csv = server.send(csv.unwrap()).await;
        assert!(csv.body.contains("client.created"), "{}", csv.body);
        let outfit = Outfit { counts: true, ..Outfit::default() };
        let counted = Application::equipped(Arc::clone(&server.instance), Vec::new(), outfit);
        let page = Request::get("/metrics").body(Body::empty()).unwrap();
        let page = Answer::read(metrics::router(counted).oneshot(page).await.unwrap()).await;
        let name = format!("secrets-{}-{}.backup", std::process::id(), server.engine);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        server.instance.backup(&path).await.unwrap();
        let backup = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();

        let logged = log.0.lock().unwrap().clone();
        assert!(logged.len() > 1_000, "there is a log: {}", String::from_utf8_lossy(&logged));
        assert!(used.0.len() > 25, "{:?}", used.0.keys());
        for (place, bytes) in [
            ("the log", logged),
            ("the database", database_bytes(&server)),
            ("the backup", backup),
            ("the figures", page.body.into_bytes()),
            ("the audit trail", csv.body.into_bytes()),
        ] {
            assert!(!bytes.is_empty(), "{place} is empty");
            assert_eq!(used.found_in(&bytes), Vec::<&str>::new(), "in {place}");
        }
        // What is looked for would be found.
        assert_eq!(
            used.found_in(PASSWORD.as_bytes()),
            [used.0.iter().find(|(_, s)| *s == PASSWORD).unwrap().0.as_str()]
        );
    })
    .await;
}
