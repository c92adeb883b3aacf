//! Bad input to the rules of clients, row by row: each is refused with a field in words, and nothing
//! changes.

use axum::http::Method;
use domain::accounts;
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Answer, both};
use crate::talk::{Caller, fields, ids};

/// Everything a refusal could have changed: every client, and the newest entry of the trail.
async fn state(admin: &Caller) -> (String, Value) {
    let clients = admin.get("/clients?limit=200").await.body;
    let trail = admin.get("/audit-events?limit=1").await.json();
    (clients, trail["items"].clone())
}

/// A draft that is right, with what the row says over it.
fn web(more: &Value) -> Value {
    let mut draft = json!({
        "client_name": "Right", "redirect_uris": ["https://app.example/cb"], "contacts": ["ops"],
    });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    draft
}

/// Refused when created, when tried, and when an existing client is changed so; the field is named in
/// a sentence; nothing changed.
async fn refused(admin: &Caller, row: &str, more: &Value, field: &str) {
    let before = state(admin).await;
    let told = |answer: &Answer, how: &str| {
        let wrong = fields(answer);
        assert_eq!(answer.status, 400, "{row}, {how}: {}", answer.body);
        assert!(wrong.iter().any(|named| named == field), "{row}, {how}: {wrong:?}");
        let errors = answer.json()["errors"].clone();
        let sentence = errors.as_array().unwrap().iter().find(|e| e["field"] == field).unwrap();
        let sentence = sentence["detail"].as_str().unwrap();
        assert!(sentence.ends_with('.') && sentence.contains(' '), "{row}: {sentence}");
        assert!(!sentence.contains('\u{202E}') && !sentence.contains('\0'), "{row}: {sentence:?}");
    };
    told(&admin.post("/clients", web(more)).await, "created");
    told(&admin.post("/clients?dry_run=true", web(more)).await, "tried");
    told(&admin.patch("/clients/target", more.clone()).await, "changed");
    assert_eq!(state(admin).await, before, "{row}: something changed");
}

async fn prepared(server: &std::sync::Arc<crate::harness::Server>) -> Caller {
    let admin = Caller::admin(server).await;
    let target = json!({ "client_id": "target", "client_name": "Target" });
    let made = admin.post("/clients", web(&target)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    admin
}

/// REL-4, THE-10, COR-11: a name of 1 to 200 characters that hides nothing.
#[tokio::test]
async fn rel04_the10_cor11_refuses_names_that_are_empty_too_long_or_hide_something() {
    both(|server| async move {
        let admin = prepared(&server).await;
        for (row, name) in [
            ("0 characters", String::new()),
            ("spaces alone", "   ".into()),
            ("201 characters", "x".repeat(201)),
            ("201 characters of two bytes", "ж".repeat(201)),
            ("a line break", "a\nb".into()),
            ("a tabulator", "a\tb".into()),
            ("an escape", "a\u{1b}[31mb".into()),
            ("a delete", "a\u{7f}b".into()),
            ("right to left", "a\u{202E}b".into()),
            ("an isolate", "a\u{2066}b".into()),
            ("nothing to see", "\u{200B}".into()),
            ("a byte order mark", "\u{FEFF}a".into()),
        ] {
            refused(&admin, row, &json!({ "client_name": name }), "client_name").await;
        }
        for (n, name) in ["x".to_owned(), "я".repeat(200), "日本語の 🏔 Dienst".into(), "O'Brien & <Söhne>".into()]
            .into_iter()
            .enumerate()
        {
            let made = admin.post("/clients", web(&json!({ "client_name": name, "client_id": format!("good-{n}") }))).await;
            assert_eq!((made.status.as_u16(), made.text("client_name")), (201, name), "{}", made.body);
        }
    })
    .await;
}

/// REL-4: compared without case and as NFKC.
#[tokio::test]
async fn rel04_refuses_a_name_that_differs_in_case_width_or_spaces_only() {
    both(|server| async move {
        let admin = prepared(&server).await;
        let other = json!({ "client_id": "other", "client_name": "Backend Straße ﬁx" });
        assert_eq!(admin.post("/clients", web(&other)).await.status, 201);
        for name in ["backend straße ﬁx", "BACKEND STRAßE FIX", "Ｂackend  Straße fix", " Backend Straße ﬁx "] {
            refused(&admin, name, &json!({ "client_name": name }), "client_name").await;
        }
        let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let elsewhere = json!({ "client_name": "backend straße fix", "organization": organization });
        assert_eq!(admin.post("/clients", web(&elsewhere)).await.status, 201, "unique in its organization");
    })
    .await;
}

/// REL-4: exactly one of twenty at once wins, however it is written.
#[tokio::test]
async fn rel04_one_of_twenty_concurrent_creates_wins_however_the_name_is_written() {
    both(|server| async move {
        let admin = prepared(&server).await;
        let mut tries = tokio::task::JoinSet::new();
        for n in 0..20 {
            let admin = admin.clone();
            let name = ["Zwilling", "ZWILLING", "Ｚwilling", "zwilling "][n % 4];
            tries.spawn(async move { admin.post("/clients", web(&json!({ "client_name": name }))).await });
        }
        let answers = tries.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().filter(|answer| answer.status != 201).all(|answer| fields(answer) == ["client_name"]));
        assert_eq!(ids(&admin.get("/clients?q=zwilling").await, "client_name").len(), 1);
    })
    .await;
}

/// REL-7, THE-12, COR-21, and B02 to B08 of the security checklist, as they are registered.
#[tokio::test]
async fn rel07_the12_cor21_refuses_every_redirect_uri_that_runs_leaks_or_matches_too_much() {
    both(|server| async move {
        let admin = prepared(&server).await;
        for (row, uri) in [
            ("B03 userinfo", "https://app.example@evil.test/cb"),
            ("B03 userinfo after a port", "http://127.0.0.1:80@evil.test/"),
            ("B04 parent", "https://app.example/cb/../x"),
            ("B04 encoded parent", "https://app.example/%2e%2e/x"),
            ("B04 encoded twice", "https://app.example/%252e%252e/x"),
            ("B04 path parameter", "https://app.example/cb/..;/x"),
            ("B04 backslash", "https://app.example/a\\b"),
            ("B04 tabulator", "https://app.example/a\tb"),
            ("B06 javascript", "javascript:alert(1)"),
            ("B06 javascript in other case", "JaVaScRiPt:alert(1)"),
            ("B06 data", "data:text/html,<script>alert(1)</script>"),
            ("B06 plain http", "http://app.example/cb"),
            ("B06 plain http to a private address", "http://10.0.0.1/cb"),
            ("B06 a name that begins like loopback", "http://127.0.0.1.evil.test/cb"),
            ("B06 a scheme without a dot", "myapp:/cb"),
            ("B06 a file", "file:///etc/passwd"),
            ("B07 a fragment", "https://app.example/cb#x"),
            ("B07 an empty fragment", "https://app.example/cb#"),
            ("B07 a wildcard host", "https://*.example/cb"),
            ("B07 a wildcard path", "https://app.example/*"),
            ("relative", "/cb"),
            ("without a scheme", "//app.example/cb"),
            ("empty", ""),
            ("without a host", "https:///cb"),
            ("a space", "https://app.example/a b"),
            ("a line break", "https://app.example/a\nb"),
            ("right to left", "https://app.example/\u{202E}bc"),
        ] {
            refused(&admin, row, &json!({ "redirect_uris": ["https://app.example/cb", uri] }), "redirect_uris").await;
        }
        let many: Vec<String> = (0..101).map(|n| format!("https://app.example/{n}")).collect();
        refused(&admin, "101 of them", &json!({ "redirect_uris": many }), "redirect_uris").await;
        refused(&admin, "none for a code client", &json!({ "redirect_uris": [] }), "redirect_uris").await;
        let service = json!({ "type": "service", "grant_types": ["client_credentials"], "redirect_uris": ["https://app.example/cb"] });
        refused(&admin, "one for a service", &service, "redirect_uris").await;
        refused(&admin, "no list", &json!({ "redirect_uris": "https://app.example/cb" }), "redirect_uris").await;
        // COR-22: what the examples show is taken.
        let good = json!({
            "client_name": "Examples", "confidential": false, "redirect_uris": [
                "http://localhost:3000/callback", "http://127.0.0.1/callback", "http://[::1]/callback",
                "https://myapp.company.com/callback", "com.company.app:/callback", "https://staging.company.com/cb?env=1",
            ],
        });
        assert_eq!(admin.post("/clients", web(&good)).await.status, 201);
    })
    .await;
}

/// REL-12: addresses and ranges, one a line.
#[tokio::test]
async fn rel12_refuses_lines_that_are_no_address_and_ranges_that_lie() {
    both(|server| async move {
        let admin = prepared(&server).await;
        for (row, line) in [
            ("host bits in a range", "10.0.0.1/8"),
            ("host bits in an IPv6 range", "2001:db8::1/32"),
            ("a mapped range with host bits", "::ffff:10.0.0.1/104"),
            ("a prefix too long", "10.0.0.0/33"),
            ("an IPv6 prefix too long", "2001:db8::/129"),
            ("a name", "office.example.com"),
            ("a port", "10.0.0.1:443"),
            ("leading zeros", "010.0.0.1"),
            ("decimal", "3232235777"),
            ("a range by dash", "10.0.0.1-10.0.0.9"),
            ("empty", ""),
            ("markup", "<script>"),
        ] {
            refused(&admin, row, &json!({ "trusted_ips": ["203.0.113.7", line] }), "trusted_ips").await;
        }
        let line = |n: usize| format!("10.{}.{}.0/24", n / 256, n % 256);
        let lines: Vec<String> = (0..1_001).map(line).collect();
        refused(&admin, "1,001 lines", &json!({ "trusted_ips": lines }), "trusted_ips").await;
        let many = web(&json!({ "client_name": "Many", "trusted_ips": lines[..1_000] }));
        let made = admin.post("/clients", many).await;
        assert_eq!((made.status.as_u16(), made.json()["trusted_ips"].as_array().unwrap().len()), (201, 1_000));
        let kinds = ["203.0.113.7", "10.0.0.0/8", "2001:db8::/32", "2001:db8::1", "::ffff:192.0.2.1"];
        let made = admin.post("/clients", web(&json!({ "client_name": "Kinds", "trusted_ips": kinds }))).await;
        assert_eq!(made.status, 201, "{}", made.body);
    })
    .await;
}

/// REL-9, COR-17, COR-19: whole seconds within their range.
#[tokio::test]
async fn rel09_cor17_cor19_refuses_lifetimes_that_are_no_time_too_short_or_too_long() {
    both(|server| async move {
        let admin = prepared(&server).await;
        let huge: Value = serde_json::from_str("99999999999999999999").unwrap();
        for field in ["access_token_lifetime", "refresh_token_lifetime", "refresh_token_idle_lifetime", "refresh_overlap"] {
            for (row, value) in [
                ("negative", json!(-1)),
                ("the least there is", json!(i64::MIN)),
                ("the most there is", json!(i64::MAX)),
                ("more than fits", huge.clone()),
                ("fractional", json!(3600.5)),
                ("an exponent", json!(1e300)),
                ("a string", json!("3600")),
                ("words", json!("1 h")),
                ("a flag", json!(true)),
                ("a list", json!([3600])),
            ] {
                refused(&admin, &format!("{field} {row}"), &json!({ field: value }), field).await;
            }
        }
        for (field, value) in [
            ("access_token_lifetime", 0),
            ("access_token_lifetime", 59),
            ("access_token_lifetime", 86_401),
            ("refresh_token_lifetime", 0),
            ("refresh_token_lifetime", 3_599),
            ("refresh_token_lifetime", 31_536_001),
            ("refresh_token_idle_lifetime", 0),
            ("refresh_token_idle_lifetime", 604_801),
            ("refresh_overlap", 121),
        ] {
            refused(&admin, &format!("{field} {value}"), &json!({ field: value }), field).await;
        }
        for (access, refresh) in [(60, 3_600), (86_400, 31_536_000)] {
            let edge = json!({ "client_name": format!("Edge {access}"), "access_token_lifetime": access, "refresh_token_lifetime": refresh });
            assert_eq!(admin.post("/clients", web(&edge)).await.status, 201);
        }
    })
    .await;
}

/// REL-8: a context user belongs to the client credentials grant.
#[tokio::test]
async fn rel08_refuses_a_context_user_on_another_grant_or_of_nobody() {
    both(|server| async move {
        let admin = prepared(&server).await;
        let ada = accounts::find_by_email(&mut server.instance.read(), ADMIN_EMAIL).await.unwrap().unwrap().id;
        refused(&admin, "on a code client", &json!({ "context_user": ada }), "context_user").await;
        let service = json!({ "type": "service", "grant_types": ["client_credentials"], "redirect_uris": [], "context_user": "usr_nobody" });
        refused(&admin, "of nobody", &service, "context_user").await;
        let ignored = json!({ "continue_without_context_user": true });
        refused(&admin, "to do without one", &ignored, "continue_without_context_user").await;
    })
    .await;
}

/// COR-36: up to 500, all or none.
#[tokio::test]
async fn cor36_deletes_none_of_501_and_none_where_one_is_gone_or_of_the_system() {
    both(|server| async move {
        let admin = prepared(&server).await;
        let before = state(&admin).await;
        let many: Vec<String> = (0..501).map(|n| format!("cli_{n}")).collect();
        let path = "/clients/bulk-delete";
        for (row, ids, status) in [
            ("501", json!(many), 400),
            ("none", json!([]), 400),
            ("no list", json!("target"), 400),
            ("a number", json!([7]), 400),
            ("one is gone", json!(["target", "gone"]), 409),
            ("a system client", json!(["target", "mandate-cli"]), 409),
            ("markup", json!(["target", "<script>alert(1)</script>"]), 409),
        ] {
            for path in [path.to_owned(), format!("{path}?dry_run=true")] {
                let answer = admin.post(&path, json!({ "client_ids": ids })).await;
                assert_eq!(answer.status, status, "{row}: {}", answer.body);
                assert_eq!(state(&admin).await, before, "{row}");
            }
        }
        let answer = admin.post(path, json!({ "client_ids": ["target", "target", "target"] })).await;
        assert_eq!((answer.status.as_u16(), answer.json()["deleted"].clone()), (200, json!(1)), "named thrice is one");
    })
    .await;
}

/// COR-31 and REL-22: a change for another version than the one that was read changes nothing.
#[tokio::test]
async fn cor31_refuses_a_stale_version_and_changes_nothing() {
    both(|server| async move {
        let admin = prepared(&server).await;
        let before = state(&admin).await;
        for etag in ["\"1\"", "\"0\"", "W/\"1\"", "\"nonsense\""] {
            let patch = Some(json!({ "description": "late" }));
            let stale = admin.call(Method::PATCH, "/clients/target", &[("if-match", etag)], patch).await;
            assert_eq!(stale.status, 412, "{etag}");
        }
        assert_eq!(state(&admin).await, before);
    })
    .await;
}
