//! A client's own tokens: the living one again, no more than the quota, no faster than the rate.
//!
//! RLT-21 to RLT-23 and RLT-26, on both engines and on two nodes.

use std::collections::HashSet;
use std::sync::Arc;

use domain::access::{Authority, UpdateClients};
use domain::clients;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{App, Server, both};

/// A service with these settings over the ordinary ones.
async fn service(server: &Arc<Server>, settings: Value) -> App {
    let mut draft = json!({
        "client_id": "service", "client_name": "Service", "type": "service",
        "grant_types": ["client_credentials"], "scopes": ["oauth_client:read", "user:read"],
    });
    draft.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    server.register(draft).await
}

async fn change(app: &App, patch: Value) {
    let may = Authority::operator("test@host").may::<UpdateClients>().unwrap();
    let mut work = app.server.instance.begin().await.unwrap();
    let call = app.server.operator();
    clients::change(&mut work, &call, &may, &app.id, (&patch, None)).await.unwrap();
    work.commit().await.unwrap();
}

/// Asks for a token for these scopes: its text and what it has left.
async fn token(app: &App, scope: &str) -> (String, i64) {
    let answer = app.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
    assert_eq!(answer.verdict(), "200", "{}", answer.body);
    (answer.text("access_token"), answer.json()["expires_in"].as_i64().unwrap())
}

/// The same client at another node of the same database.
async fn elsewhere(app: &App) -> App {
    App { server: Arc::new(app.server.second_node().await), ..app.clone() }
}

/// The verdicts of this many requests at once, half of them at each node.
async fn at_once(nodes: [&App; 2], requests: usize) -> Vec<(String, String)> {
    let mut asking = JoinSet::new();
    for n in 0..requests {
        let app = nodes[n % 2].clone();
        asking.spawn(async move {
            let answer = app.own_token().await;
            (answer.verdict(), answer.text("access_token"))
        });
    }
    asking.join_all().await
}

#[tokio::test]
async fn rlt21_gives_the_living_token_again_with_the_time_it_has_left() {
    both(|server| async move {
        for format in ["opaque", "jwt"] {
            let id = format!("reuses-{format}");
            let settings = json!({
                "client_id": id, "client_name": id, "token_issuance": "reuse",
                "access_token_format": format,
            });
            let app = service(&server, settings).await;
            let (first, lives) = token(&app, "oauth_client:read user:read").await;
            assert_eq!(lives, 3600);
            server.clock.step(3000);
            let again = token(&app, "user:read oauth_client:read").await;
            assert_eq!(again, (first.clone(), 600), "{format}");
            let there = elsewhere(&app).await;
            assert_eq!(token(&there, "oauth_client:read user:read").await, again, "{format}");
            server.clock.step(600);
            assert!(!app.is_active(&first).await);
            let (new, lives) = token(&app, "oauth_client:read user:read").await;
            assert_eq!((new == first, lives), (false, 3600), "{format}");
            assert!(app.is_active(&new).await);
        }
    })
    .await;
}

#[tokio::test]
async fn rlt21_gives_no_token_again_for_another_scope_format_or_client() {
    both(|server| async move {
        let app = service(&server, json!({ "token_issuance": "reuse" })).await;
        let other = json!({
            "client_id": "other", "client_name": "Other", "token_issuance": "reuse",
        });
        let other = service(&server, other).await;
        let mut given = HashSet::new();
        for (app, scope) in
            [(&app, "oauth_client:read"), (&app, "user:read"), (&other, "user:read")]
        {
            let (text, _) = token(app, scope).await;
            assert_eq!(token(app, scope).await.0, text, "the same again");
            assert!(given.insert(text), "{scope} got the token of another request");
        }
        change(&app, json!({ "access_token_format": "jwt" })).await;
        let (jwt, _) = token(&app, "user:read").await;
        assert!(jwt.starts_with("eyJ") && given.insert(jwt), "another format is another token");
        change(&app, json!({ "token_issuance": "always_new" })).await;
        for _ in 0..2 {
            assert!(given.insert(token(&app, "user:read").await.0), "always a new one");
        }
    })
    .await;
}

#[tokio::test]
async fn rlt21_stores_no_text_of_a_token_it_gives_again() {
    both(|server| async move {
        let app = service(&server, json!({ "token_issuance": "reuse" })).await;
        let (opaque, _) = token(&app, "user:read").await;
        change(&app, json!({ "access_token_format": "jwt" })).await;
        let (jwt, _) = token(&app, "user:read").await;
        let sql = "SELECT seed, COALESCE(sealed, seed) FROM reused_tokens ORDER BY token_id";
        let rows = server.database().await.read().query(sql, db::params![]).await.unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            for column in 0..2 {
                let bytes: Vec<u8> = row.get(column).unwrap();
                for text in [&opaque, &jwt] {
                    let part = &text.as_bytes()[..20];
                    assert!(!bytes.windows(part.len()).any(|window| window == part));
                }
            }
        }
        server.clock.step(3600);
        server.sweep().await;
        let rows = server.database().await.read().query(sql, db::params![]).await.unwrap();
        assert!(rows.is_empty(), "the sweep takes what gives nothing again");
    })
    .await;
}

#[tokio::test]
async fn rlt21_never_gives_a_dead_token_again() {
    both(|server| async move {
        let app = service(&server, json!({ "token_issuance": "reuse" })).await;
        let (first, _) = token(&app, "user:read").await;
        app.revoke(&first).await;
        let (second, _) = token(&app, "user:read").await;
        assert_ne!(second, first, "revoked");
        change(&app, json!({ "enabled": false })).await;
        change(&app, json!({ "enabled": true })).await;
        let (third, _) = token(&app, "user:read").await;
        assert!(third != second && third != first, "ended by a pause");
        assert!(app.is_active(&third).await && !app.is_active(&second).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rlt21_one_token_for_fifty_at_once_on_two_nodes() {
    both(|server| async move {
        let settings = json!({ "token_issuance": "reuse", "max_active_tokens": 1 });
        let app = service(&server, settings).await;
        let there = elsewhere(&app).await;
        let answers = at_once([&app, &there], 50).await;
        let distinct: HashSet<_> = answers.iter().collect();
        assert_eq!(distinct.len(), 1, "{distinct:?}");
        assert!(app.is_active(&answers[0].1).await);
    })
    .await;
}

#[tokio::test]
async fn rlt23_refuses_one_token_more_than_the_quota_until_the_first_expires() {
    both(|server| async move {
        let app = service(&server, json!({ "max_active_tokens": 2 })).await;
        token(&app, "user:read").await;
        server.clock.step(600);
        let (second, _) = token(&app, "user:read").await;
        let refused = app.own_token().await;
        assert_eq!(refused.verdict(), "429 too_many_tokens");
        assert_eq!(refused.header("retry-after"), "3000");
        let why = refused.text("error_description");
        assert!(why.contains("max_active_tokens") && why.contains("3000 seconds"), "{why}");
        assert!(refused.text("error_id").starts_with("err_"));
        // A revoked token frees its place at once, an expired one in its second.
        app.revoke(&second).await;
        token(&app, "user:read").await;
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
        server.clock.step(2999);
        assert_eq!(app.own_token().await.header("retry-after"), "1");
        server.clock.step(1);
        token(&app, "user:read").await;
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
        // What a pause ended holds no place.
        change(&app, json!({ "enabled": false })).await;
        change(&app, json!({ "enabled": true })).await;
        token(&app, "user:read").await;
        token(&app, "user:read").await;
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
    })
    .await;
}

#[tokio::test]
async fn rlt23_counts_tokens_from_before_there_was_a_quota() {
    both(|server| async move {
        let app = service(&server, json!({})).await;
        for _ in 0..3 {
            token(&app, "user:read").await;
        }
        change(&app, json!({ "max_active_tokens": 3 })).await;
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
        change(&app, json!({ "max_active_tokens": 5 })).await;
        token(&app, "user:read").await;
        token(&app, "user:read").await;
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
        change(&app, json!({ "max_active_tokens": 4 })).await;
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
        server.clock.step(3600);
        for _ in 0..4 {
            token(&app, "user:read").await;
        }
        assert_eq!(app.own_token().await.verdict(), "429 too_many_tokens");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rlt23_two_hundred_at_once_on_two_nodes_leave_exactly_five() {
    both(|server| async move {
        let app = service(&server, json!({ "max_active_tokens": 5 })).await;
        let there = elsewhere(&app).await;
        for round in 0..2 {
            let answers = at_once([&app, &there], 200).await;
            let count = |verdict: &str| answers.iter().filter(|(v, _)| v == verdict).count();
            let counts = (count("200"), count("429 too_many_tokens"));
            assert_eq!(counts, (5, 195), "round {round}: {answers:?}");
            for (_, text) in answers.iter().filter(|(verdict, _)| verdict == "200") {
                assert!(there.is_active(text).await);
            }
            // The second round takes the places of dead tokens over.
            server.clock.step(3600);
        }
    })
    .await;
}

#[tokio::test]
async fn rlt26_refuses_one_request_more_than_the_rate_until_the_next_second() {
    both(|server| async move {
        let app = service(&server, json!({ "token_requests_per_second": 3 })).await;
        for _ in 0..3 {
            assert_eq!(app.own_token().await.verdict(), "200");
        }
        let refused = app.own_token().await;
        assert_eq!(refused.verdict(), "429 rate_limited");
        assert_eq!(refused.header("retry-after"), "1");
        let why = refused.text("error_description");
        assert!(why.contains("token_requests_per_second") && why.contains('3'), "{why}");
        assert!(refused.text("error_id").starts_with("err_"));
        // Who does not prove to be the client uses up none of its share.
        server.clock.step(1);
        let stranger = App { secret: Some("wrong".into()), ..app.clone() };
        for _ in 0..3 {
            assert_eq!(stranger.own_token().await.verdict(), "401 invalid_client");
        }
        assert_eq!(app.own_token().await.verdict(), "200");
    })
    .await;
}
