//! Lifetimes of a client: one table through the API, the console and the command line, on one server.
//! The same value is taken or refused at every door, in the same words.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::cast::{admin, complaints, send};
use crate::harness::{Answer, Browser, ISSUER, Server, both, master_key};
use crate::machine::Machine;

const PATH: &str = "/console/clients/web-app/settings";
const DAY: i64 = 86_400;

const WHOLE: &str = "A whole number is needed.";
const ACCESS: &str = "An access token lives 60 seconds to 24 hours (60 to 86,400 seconds).";
const REFRESH: &str = "A refresh token lives 1 hour to 365 days (3,600 to 31,536,000 seconds).";
const OVERLAP: &str = "The overlap is 0 to 120 seconds.";
const IDLE: &str =
    "The idle limit is 60 seconds at least and no longer than the refresh token lives.";

/// A field, what is typed, and what stands against it; nothing: it is taken.
const TABLE: [(&str, &str, Option<&str>); 33] = [
    ("access_token_lifetime", "0", Some(ACCESS)),
    ("access_token_lifetime", "-1", Some(ACCESS)),
    ("access_token_lifetime", "59", Some(ACCESS)),
    ("access_token_lifetime", "60", None),
    ("access_token_lifetime", "86400", None),
    ("access_token_lifetime", "86401", Some(ACCESS)),
    ("access_token_lifetime", "9223372036854775807", Some(ACCESS)),
    ("access_token_lifetime", "9223372036854775808", Some(WHOLE)),
    ("access_token_lifetime", "99999999999999999999", Some(WHOLE)),
    ("access_token_lifetime", "1.5", Some(WHOLE)),
    ("access_token_lifetime", "3600.0", Some(WHOLE)),
    ("refresh_token_lifetime", "0", Some(REFRESH)),
    ("refresh_token_lifetime", "-3600", Some(REFRESH)),
    ("refresh_token_lifetime", "3599", Some(REFRESH)),
    ("refresh_token_lifetime", "3600", None),
    ("refresh_token_lifetime", "31536000", None),
    ("refresh_token_lifetime", "31536001", Some(REFRESH)),
    ("refresh_token_lifetime", "1e300", Some(WHOLE)),
    ("refresh_token_lifetime", "3600.5", Some(WHOLE)),
    ("refresh_overlap", "-1", Some(OVERLAP)),
    ("refresh_overlap", "0", None),
    ("refresh_overlap", "120", None),
    ("refresh_overlap", "121", Some(OVERLAP)),
    ("refresh_overlap", "99999999999999999999", Some(WHOLE)),
    ("refresh_overlap", "0.5", Some(WHOLE)),
    ("refresh_token_idle_lifetime", "0", Some(IDLE)),
    ("refresh_token_idle_lifetime", "-1", Some(IDLE)),
    ("refresh_token_idle_lifetime", "59", Some(IDLE)),
    ("refresh_token_idle_lifetime", "60", None),
    ("refresh_token_idle_lifetime", "604800", None),
    ("refresh_token_idle_lifetime", "604801", Some(IDLE)),
    ("refresh_token_idle_lifetime", "99999999999999999999", Some(WHOLE)),
    ("refresh_token_idle_lifetime", "60.5", Some(WHOLE)),
];

/// The three doors to one client.
struct Doors {
    server: Arc<Server>,
    bearer: String,
    browser: Browser,
    machine: Machine,
}

impl Doors {
    async fn of(server: Arc<Server>) -> Self {
        server.web_app().await;
        let bearer = server.admin_client().own_token().await.text("access_token");
        let browser = admin(&server).await;
        let mut machine = Machine::new();
        machine.set("MANDATE_DATABASE", server.database_uri());
        machine.set("MANDATE_MASTER_KEY", &master_key());
        machine.set("MANDATE_ISSUER", ISSUER);
        Self { server, bearer, browser, machine }
    }

    async fn api(&self, method: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri("/api/v1/clients/web-app")
            .header("authorization", format!("Bearer {}", self.bearer))
            .header("content-type", "application/json");
        self.server.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn stored(&self) -> Value {
        self.api("GET", String::new()).await.json()
    }

    async fn reset(&self, patch: Value) {
        let answer = self.api("PATCH", patch.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// What the API says against these members of a patch: `field: words`.
    async fn by_api(&self, members: &[(&str, &str)]) -> Vec<String> {
        let members: Vec<_> = members.iter().map(|(n, v)| format!("\"{n}\": {v}")).collect();
        let answer = self.api("PATCH", format!("{{{}}}", members.join(", "))).await;
        let problem = answer.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        assert_eq!(answer.status == 200, errors.is_empty(), "{}", answer.body);
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        errors.iter().map(|it| format!("{}: {}", text(it, "field"), text(it, "detail"))).collect()
    }

    /// The same of the form.
    async fn by_console(&mut self, fields: &[(&str, &str)]) -> Vec<String> {
        let page = self.browser.get(PATH).await;
        let answer = send(&mut self.browser, &page, PATH, fields).await;
        let wrong = complaints(&answer);
        assert_eq!(answer.status == 303, wrong.is_empty(), "{}", answer.body);
        wrong
    }

    /// The same of the command line.
    fn by_cli(&self, words: &str) -> Vec<String> {
        let answer = self.machine.run(&format!("clients update web-app {words}"));
        if answer.code == 0 {
            return Vec::new();
        }
        answer.refused().lines().map(str::to_owned).collect()
    }
}

/// REL-9, COR-17, COR-19.
#[tokio::test]
async fn rel9_cor17_cor19_every_door_takes_and_refuses_the_same_lifetimes_in_the_same_words() {
    both(|server| async move {
        let mut doors = Doors::of(server).await;
        for (field, typed, refused) in TABLE {
            let want: Vec<String> =
                refused.iter().map(|words| format!("{field}: {words}")).collect();
            for door in ["api", "console", "cli"] {
                let said = match door {
                    "api" => doors.by_api(&[(field, typed)]).await,
                    "console" => doors.by_console(&[(field, typed)]).await,
                    _ => doors.by_cli(&format!("--set {field}={typed}")),
                };
                assert_eq!(said, want, "{door}: {field} {typed}");
                if refused.is_none() {
                    let stored = doors.stored().await[field].clone();
                    assert_eq!(stored.to_string(), typed, "{door}: {field}");
                }
                doors.reset(json!({ field: null })).await;
            }
        }
    })
    .await;
}

/// COR-20: the same warning beyond 90 days, whoever looks; at 30 nothing.
#[tokio::test]
async fn cor20_every_door_warns_of_a_refresh_token_of_more_than_90_days() {
    both(|server| async move {
        let mut doors = Doors::of(server).await;
        let words = "Its refresh tokens live longer than 90 days.";
        for (seconds, warned) in
            [(30 * DAY, false), (30 * DAY + 1, false), (90 * DAY, false), (90 * DAY + 1, true)]
        {
            let typed = seconds.to_string();
            assert_eq!(doors.by_console(&[("refresh_token_lifetime", &typed)]).await, [""; 0]);
            let shown = doors.stored().await;
            assert_eq!(shown["refresh_token_lifetime"], seconds);
            assert_eq!(shown["risk"].to_string().contains(words), warned, "api: {seconds}");
            let page = doors.browser.get("/console/clients/web-app").await;
            assert_eq!(page.body.contains(words), warned, "console: {seconds}");
            let told = doors.machine.run("clients show web-app").ok();
            assert_eq!(told.contains(words), warned, "cli: {seconds}");
        }
    })
    .await;
}

/// COR-20, COR-23: full access for longer than an hour is said twice, at every door.
#[tokio::test]
async fn cor20_cor23_every_door_asks_to_confirm_full_access_with_a_long_access_token() {
    both(|server| async move {
        let mut doors = Doors::of(server).await;
        let long = "3601";
        let mut said = Vec::new();
        for door in ["api", "console", "cli"] {
            for confirmed in [false, true] {
                let words = match door {
                    "api" => {
                        let sure = if confirmed { "true" } else { "false" };
                        let members = [
                            ("access", "\"full\""),
                            ("access_token_lifetime", long),
                            ("confirm_high_risk", sure),
                        ];
                        doors.by_api(&members).await
                    }
                    "console" => {
                        let mut fields = vec![("access", "full"), ("access_token_lifetime", long)];
                        fields.extend(confirmed.then_some(("confirm_high_risk", "true")));
                        doors.by_console(&fields).await
                    }
                    _ => {
                        let sure = if confirmed { " --confirm-high-risk" } else { "" };
                        let set = format!("--access full --set access_token_lifetime={long}{sure}");
                        doors.by_cli(&set)
                    }
                };
                if confirmed {
                    assert_eq!(words, [""; 0], "{door}");
                    assert_eq!(doors.stored().await["access"], "full", "{door}");
                } else {
                    assert_eq!(doors.stored().await["access"], "read_only", "{door}");
                    said.push(words);
                }
            }
            doors.reset(json!({ "access": null, "access_token_lifetime": null })).await;
        }
        assert!(said[0][0].starts_with("confirm_high_risk: Full access with"), "{said:?}");
        assert!(said.iter().all(|words| *words == said[0]), "{said:?}");
    })
    .await;
}
