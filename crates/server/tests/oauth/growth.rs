//! Growth: under a constant load of every grant the number of rows of each kind comes to rest, and
//! stays there.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Policy;
use mandate::jobs::{KINDS, sweep_some};
use serde_json::json;

use crate::harness::{ADMIN_EMAIL, App, Browser, PASSWORD, Server, both, both_with, expired};

/// What only ever grows, and says so: the trail, until retention takes whole segments of it.
const ENDLESS: [&str; 3] = ["audit_events", "audit_segments", "schema_migrations"];

/// The rows of each table.
async fn counted(server: &Server) -> BTreeMap<String, i64> {
    let schema = include_str!("../../../../schema.sql");
    let tables = schema.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
    let tables = tables.filter_map(|line| line.split_whitespace().next());
    let database = server.database().await;
    let mut counts = BTreeMap::new();
    for table in tables.filter(|table| !ENDLESS.contains(table)) {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let row = database.read().query_one(&sql, &[]).await.unwrap().unwrap();
        counts.insert(table.to_owned(), row.get(0).unwrap());
    }
    counts
}

struct Load {
    service: App,
    reuses: App,
    web: App,
    trusted: App,
    script: App,
    refresh: String,
}

impl Load {
    async fn new(server: &Arc<Server>, browser: &mut Browser) -> Self {
        let short = json!({ "access_token_lifetime": 300, "refresh_token_lifetime": 3600 });
        let make = async |id: &str, more: serde_json::Value| {
            let mut draft = json!({
                "client_id": id, "client_name": id, "type": "custom", "scopes": ["openid"],
                "default_scopes": ["openid"],
            });
            for part in [&short, &more] {
                draft.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            }
            server.register(draft).await
        };
        let own = json!({ "grant_types": ["client_credentials"], "default_scopes": [], "max_active_tokens": 3 });
        let reuse = json!({ "grant_types": ["client_credentials"], "token_issuance": "reuse" });
        let code = json!({ "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"] });
        let password =
            json!({ "grant_types": ["password", "refresh_token"], "token_issuance": "reuse" });
        let implicit = json!({ "grant_types": ["implicit"], "confidential": false, "redirect_uris": ["https://app.example/cb"] });
        let web = make("web", code).await;
        let code = web.code_in(browser, &[]).await;
        let refresh = web.redeem(&code).await.text("refresh_token");
        Self {
            service: make("service", own).await,
            reuses: make("reuses", reuse).await,
            trusted: make("trusted", password).await,
            script: make("script", implicit).await,
            web,
            refresh,
        }
    }

    /// One round of every grant.
    async fn round(&mut self, browser: &mut Browser) {
        self.service.own_token().await;
        assert_eq!(self.reuses.own_token().await.verdict(), "200");
        let code = self.web.code_in(browser, &[]).await;
        let given = self.web.redeem(&code).await;
        let next = self.web.refresh(&self.refresh).await;
        self.refresh = if next.verdict() == "200" {
            next.text("refresh_token")
        } else {
            given.text("refresh_token")
        };
        let fields =
            [("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD)];
        assert_eq!(self.trusted.token(&fields).await.verdict(), "200");
        let fields = [
            ("response_type", "id_token token"),
            ("nonce", "n"),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let back = browser.get(&self.script.authorize_path(&fields)).await;
        let back = if back.location().starts_with('/') {
            browser.authorize(&self.script.authorize_path(&fields), ADMIN_EMAIL).await
        } else {
            back
        };
        assert!(back.location().contains("#access_token="), "{} {}", back.location(), back.body);
    }
}

#[tokio::test]
async fn every_kind_of_row_comes_to_rest_under_constant_load() {
    let policy = Policy { legacy_password: true, legacy_implicit: true, ..Policy::default() };
    both_with(policy, |server| async move {
        let mut browser = server.browser();
        browser.sign_in(ADMIN_EMAIL).await;
        let mut load = Load::new(&server, &mut browser).await;
        let mut at_rest = BTreeMap::<String, (i64, i64)>::new();
        // The longest life is a refresh family's hour and the access token it may give at its end;
        // then one more hour, counted every five minutes.
        for minute in (0..150).step_by(5) {
            load.round(&mut browser).await;
            server.clock.step(300);
            server.sweep().await;
            if minute >= 85 {
                for (table, rows) in counted(&server).await {
                    let seen = at_rest.entry(table).or_insert((rows, rows));
                    *seen = (seen.0.min(rows), seen.1.max(rows));
                }
            }
        }
        for (table, (least, most)) in &at_rest {
            assert!(
                most - least <= 2,
                "{table} went from {least} to {most} rows in an hour at rest"
            );
        }
        assert!(at_rest["access_tokens"].1 < 40 && at_rest["grants"].1 < 60, "{at_rest:?}");
        // Nothing asks any more: all that had an end is gone.
        server.clock.step(2 * 86_400);
        server.sweep().await;
        let after = counted(&server).await;
        for table in [
            "access_tokens",
            "refresh_families",
            "grants",
            "grant_teams",
            "authorizations",
            "reused_tokens",
            "sessions",
            "idempotency_keys",
        ] {
            assert_eq!(after[table], 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_sweep_takes_idempotency_keys() {
    both_with(Policy::default(), |server| async move {
        let token = server.admin_client().own_token().await.text("access_token");
        let draft = json!({ "client_name": "Once", "type": "service", "grant_types": ["client_credentials"], "scopes": ["user:read"] });
        let request = axum::http::Request::post("/api/v1/clients")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "once");
        let made = server.send(request.body(axum::body::Body::from(draft.to_string())).unwrap()).await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.body);
        assert_eq!(counted(&server).await["idempotency_keys"], 1);
        server.clock.step(86_399);
        server.sweep().await;
        assert_eq!(counted(&server).await["idempotency_keys"], 1, "for a day");
        server.clock.step(1);
        server.sweep().await;
        assert_eq!(counted(&server).await["idempotency_keys"], 0);
    })
    .await;
}

/// Whoever writes beside the sweep waits for one batch at most, so none takes more than it is told:
/// how long the longest is, is measured by `scale`.
#[tokio::test]
async fn a_batch_of_the_sweep_is_of_one_kind_and_no_larger_than_it_is_told() {
    both(|server| async move {
        expired::fill(&server, 250).await;
        let call = server.operator();
        let mut swept = 0;
        for kind in KINDS {
            let mut batches = Vec::new();
            while batches.last() != Some(&0) {
                let before = counted(&server).await;
                let mut work = server.instance.begin().await.unwrap();
                let gone = sweep_some(&mut work, &call, kind, 100).await.unwrap();
                work.commit().await.unwrap();
                batches.push(gone);
                let after = counted(&server).await;
                let touched = before.keys().filter(|table| after[*table] < before[*table]);
                let touched: Vec<&str> = touched.map(String::as_str).collect();
                let alone = touched.len() <= 1 || touched == ["grant_teams", "grants"];
                assert!(alone, "{kind:?}: {touched:?}");
            }
            let full = batches == [100, 100, 50, 0];
            assert!(full || batches == [0], "{kind:?}: {batches:?}");
            swept += u32::from(full);
        }
        assert_eq!(swept, 9, "every kind there was");
    })
    .await;
}
