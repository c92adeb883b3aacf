//! The legacy resource owner password grant: RLT-3, RLT-8, RLT-21, RLT-27, RLT-29, THE-17, REL-6.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use domain::Policy;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::policy::api;
use crate::harness::phone::Phone;
use crate::harness::{ADMIN_EMAIL, Answer, App, PASSWORD, Server, both, both_with, encode, form};

fn on() -> Policy {
    Policy { legacy_password: true, ..Policy::default() }
}

/// A trusted first-party application that asks for the password itself.
async fn trusted(server: &Arc<Server>, settings: Value) -> App {
    let mut draft = json!({
        "client_id": "trusted", "client_name": "Trusted", "type": "custom",
        "grant_types": ["password", "refresh_token"],
        "scopes": ["openid", "email", "as_user:read"], "team_selection": "multiple",
    });
    draft.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    server.register(draft).await
}

async fn ask(app: &App, username: &str, password: &str) -> Answer {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    app.token(&fields).await
}

#[tokio::test]
async fn rlt3_rlt27_exchanges_name_and_password_for_tokens() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        let answer = ask(&app, ADMIN_EMAIL, PASSWORD).await;
        assert_eq!(answer.verdict(), "200", "{}", answer.body);
        assert_eq!(
            (answer.text("token_type"), answer.json()["expires_in"].clone()),
            ("Bearer".into(), json!(3600))
        );
        assert_eq!(answer.text("scope"), "as_user:read email openid", "all the client holds");
        assert!(answer.text("refresh_token").starts_with("mrt_"));
        assert!(answer.text("id_token").starts_with("eyJ"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let meaning = app.introspect(&answer.text("access_token")).await;
        assert_eq!((&meaning["active"], &meaning["username"]), (&json!(true), &json!(ADMIN_EMAIL)));
        let fields = [
            ("grant_type", "password"),
            ("username", " ADA@Example.com"),
            ("password", PASSWORD),
            ("scope", "email"),
        ];
        assert_eq!(
            app.token(&fields).await.text("scope"),
            "email",
            "any spelling, a narrower scope"
        );
        let beyond = [fields[0], fields[1], fields[2], ("scope", "oauth_client:read")];
        assert_eq!(app.token(&beyond).await.verdict(), "400 invalid_scope");
    })
    .await;
}

#[tokio::test]
async fn rlt29_refreshes_what_a_password_gave() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({ "refresh_rotation": "keep" })).await;
        let first = ask(&app, ADMIN_EMAIL, PASSWORD).await;
        let refresh = first.text("refresh_token");
        let next = app.refresh(&refresh).await;
        assert_eq!((next.verdict(), next.text("refresh_token")), ("200".into(), refresh.clone()));
        assert_ne!(next.text("access_token"), first.text("access_token"));
        app.revoke(&refresh).await;
        assert!(!app.is_active(&first.text("access_token")).await, "and ends with it");
    })
    .await;
}

#[tokio::test]
async fn rlt3_gives_no_refresh_token_to_a_client_without_that_grant() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({ "grant_types": ["password"] })).await;
        let answer = ask(&app, ADMIN_EMAIL, PASSWORD).await;
        assert_eq!(answer.verdict(), "200");
        assert!(answer.json().get("refresh_token").is_none());
    })
    .await;
}

#[tokio::test]
async fn rlt8_rlt21_gives_the_living_tokens_again_to_the_same_person() {
    both_with(on(), |server| async move {
        for format in ["opaque", "jwt"] {
            let id = format!("reuses-{format}");
            let settings = json!({
                "client_id": id, "client_name": id, "token_issuance": "reuse", "access_token_format": format,
            });
            let app = trusted(&server, settings).await;
            let first = ask(&app, ADMIN_EMAIL, PASSWORD).await;
            server.clock.step(3000);
            let again = ask(&app, "ADA@EXAMPLE.COM", PASSWORD).await;
            assert_eq!(again.text("access_token"), first.text("access_token"), "{format}");
            assert_eq!(again.text("refresh_token"), first.text("refresh_token"), "{format}");
            assert_eq!(again.json()["expires_in"], 600, "the time it has left");
            let fields = [
                ("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD), ("scope", "email"),
            ];
            let narrower = app.token(&fields).await;
            assert_ne!(narrower.text("access_token"), first.text("access_token"), "another scope");
            server.clock.step(600);
            let new = ask(&app, ADMIN_EMAIL, PASSWORD).await;
            assert_ne!(new.text("access_token"), first.text("access_token"));
            assert_eq!(new.json()["expires_in"], 3600);
            app.revoke(&new.text("refresh_token")).await;
            let after = ask(&app, ADMIN_EMAIL, PASSWORD).await;
            assert!(app.is_active(&after.text("access_token")).await, "never a dead one again");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rlt21_ten_at_once_on_two_nodes_get_one_token() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({ "token_issuance": "reuse" })).await;
        let there = App { server: Arc::new(server.second_node().await), ..app.clone() };
        // The address is known from here on, so that many right passwords at once are no attack.
        assert_eq!(ask(&app, ADMIN_EMAIL, PASSWORD).await.verdict(), "200");
        server.clock.step(3600);
        let mut asking = JoinSet::new();
        for n in 0..4 {
            let app = if n % 2 == 0 { app.clone() } else { there.clone() };
            asking.spawn(async move {
                let answer = ask(&app, ADMIN_EMAIL, PASSWORD).await;
                assert_eq!(answer.verdict(), "200", "{}", answer.body);
                (answer.text("access_token"), answer.text("refresh_token"))
            });
        }
        let distinct: HashSet<_> = asking.join_all().await.into_iter().collect();
        assert_eq!(distinct.len(), 1, "{distinct:?}");
    })
    .await;
}

#[tokio::test]
async fn rlt3_answers_an_unknown_name_and_a_wrong_password_alike() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        let mut bodies = HashSet::new();
        for (name, password) in [
            (ADMIN_EMAIL, "not this one, not this one"),
            ("nobody@example.com", PASSWORD),
            ("no address at all", PASSWORD),
            (ADMIN_EMAIL, "x"),
        ] {
            let answer = ask(&app, name, password).await;
            assert_eq!(answer.verdict(), "400 invalid_grant", "{name}");
            let id = answer.text("error_id");
            assert!(id.starts_with("err_"), "{}", answer.body);
            bodies.insert(answer.body.replace(&id, ""));
        }
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        let fields = [("grant_type", "password"), ("username", ADMIN_EMAIL)];
        assert_eq!(app.token(&fields).await.verdict(), "400 invalid_request");
    })
    .await;
}

#[tokio::test]
async fn rlt3_counts_guesses_together_with_the_sign_in_page_over_every_spelling() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        for (n, name) in
            ["ada@example.com", "ADA@example.com", " Ada@Example.COM "].iter().enumerate()
        {
            assert_eq!(
                ask(&app, name, &format!("guess number {n} of a stranger")).await.verdict(),
                "400 invalid_grant"
            );
        }
        let mut browser = server.browser();
        let page = browser.get("/login").await;
        for n in 0..3 {
            let fields =
                [("email", ADMIN_EMAIL), ("password", &*format!("another guess number {n}"))];
            browser.submit(&page, "/login", &fields).await;
        }
        let refused = ask(&app, ADMIN_EMAIL, "one guess more of a stranger").await;
        assert_eq!(refused.verdict(), "429 rate_limited", "{}", refused.body);
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!(wait > 0 && refused.text("error_id").starts_with("err_"));
        // The owner comes from elsewhere, and in here once the wait is over.
        let fields =
            [("grant_type", "password"), ("username", ADMIN_EMAIL), ("password", PASSWORD)];
        let request = form("/oauth2/token", &fields).header("authorization", app.basic());
        let home: SocketAddr = "198.51.100.7:4000".parse().unwrap();
        let answer =
            server.send_from(home, request.body(Body::from(encode(&fields))).unwrap()).await;
        assert_eq!(answer.verdict(), "200", "never locked out: {}", answer.body);
        server.clock.step(wait);
        assert_eq!(ask(&app, ADMIN_EMAIL, PASSWORD).await.verdict(), "200");
    })
    .await;
}

#[tokio::test]
async fn rlt3_right_passwords_are_never_counted_against_anybody() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        for _ in 0..12 {
            assert_eq!(ask(&app, ADMIN_EMAIL, PASSWORD).await.verdict(), "200");
        }
    })
    .await;
}

#[tokio::test]
async fn the17_is_unsupported_unadvertised_and_cannot_be_held_while_off() {
    both(|server| async move {
        let service = server.service().await;
        assert_eq!(ask(&service, ADMIN_EMAIL, PASSWORD).await.verdict(), "400 unsupported_grant_type");
        let metadata = server.get("/.well-known/oauth-authorization-server").await.json();
        assert!(!metadata["grant_types_supported"].to_string().contains("password"));
        let admin = server.admin_client();
        let token = admin.own_token().await.text("access_token");
        let draft = json!({ "client_name": "Old", "type": "custom", "grant_types": ["password"], "scopes": ["openid"] });
        let request = axum::http::Request::post("/api/v1/clients")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let answer = server.send(request.body(Body::from(draft.to_string())).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 400);
        assert!(answer.body.contains("switched off on this server"), "{}", answer.body);
    })
    .await;
    both_with(on(), |server| async move {
        let metadata = server.get("/.well-known/openid-configuration").await.json();
        assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!("password")));
        let service = server.service().await;
        assert_eq!(ask(&service, ADMIN_EMAIL, PASSWORD).await.verdict(), "400 unauthorized_client");
    })
    .await;
}

#[tokio::test]
async fn the17_a_holder_is_refused_once_the_switch_is_off() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        let before = ask(&app, ADMIN_EMAIL, PASSWORD).await;
        let off =
            App { server: Arc::new(server.restarted(Policy::default()).await), ..app.clone() };
        assert_eq!(ask(&off, ADMIN_EMAIL, PASSWORD).await.verdict(), "400 unsupported_grant_type");
        let refused = off.refresh(&before.text("refresh_token")).await;
        assert_eq!(refused.verdict(), "400 unsupported_grant_type", "what it gave goes with it");
        assert_eq!(
            app.refresh(&before.text("refresh_token")).await.verdict(),
            "200",
            "nothing was lost"
        );
    })
    .await;
}

/// Somebody with a second factor signs in where a code can be asked for.
#[tokio::test]
async fn the36_a_second_factor_is_nothing_that_this_grant_asks_for() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        let fields = [("grant_type", "state_token"), ("state_token", "x"), ("totp", "123456")];
        assert_eq!(app.token(&fields).await.verdict(), "400 unsupported_grant_type");
        let phone = Phone::of_the_administrator(&server).await;
        let refused = ask(&app, ADMIN_EMAIL, PASSWORD).await;
        assert_eq!(refused.verdict(), "400 invalid_grant");
        let why = "This account signs in with a second factor, which this grant cannot ask for.";
        assert!(refused.text("error_description").starts_with(why), "{}", refused.body);
        let wrong = ask(&app, ADMIN_EMAIL, "not her password at all").await;
        assert!(!wrong.body.contains("second factor"), "only after the right password");
        for _ in 0..12 {
            let refused = ask(&app, ADMIN_EMAIL, PASSWORD).await;
            assert_eq!(refused.verdict(), "400 invalid_grant", "a right password is not counted");
        }
        let together = format!("{PASSWORD}{}", phone.code(&server));
        assert_eq!(ask(&app, ADMIN_EMAIL, &together).await.verdict(), "400 invalid_grant");
    })
    .await;
}

/// THE-36: a sign-in policy counts here as on the sign-in page.
#[tokio::test]
async fn the_36_refuses_whom_a_sign_in_policy_denies_and_tells_the_operator_which() {
    both_with(on(), |server| async move {
        let app = trusted(&server, json!({})).await;
        let grace =
            json!({ "email": "grace@example.com", "display_name": "Grace", "password": PASSWORD });
        let grace = api(&server, "POST", "/users", grace).await.text("id");
        assert_eq!(ask(&app, "grace@example.com", PASSWORD).await.verdict(), "200");
        let policy = json!({ "name": "Ashore", "priority": 7, "access": "deny", "users": [grace] });
        assert_eq!(api(&server, "POST", "/sign-in-policies", policy).await.status.as_u16(), 201);
        let answer = ask(&app, "grace@example.com", PASSWORD).await;
        assert_eq!(answer.verdict(), "400 invalid_grant");
        assert!(answer.body.contains("This account may not sign in."), "{}", answer.body);
        assert!(!answer.body.contains("Ashore"));
        let id = answer.text("error_id");
        let may = domain::access::Authority::operator("test@host").may().unwrap();
        let kept = domain::refusals::find(&mut server.instance.read(), &may, &id).await;
        let kept = kept.unwrap().unwrap();
        assert!(kept.note.contains("“Ashore”"), "{}", kept.note);
        let wrong = ask(&app, "grace@example.com", "not her password at all").await;
        assert!(!wrong.body.contains("may not sign in"), "only after the right password");
    })
    .await;
}
