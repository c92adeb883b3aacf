//! Whom a client's own token acts for, and what the state of that person does to it (REL-8,
//! REL-33, RLT-31); claims that a client adds (REL-43); what hangs on a client.

use std::sync::Arc;

use domain::access::{Authority, CreateUsers, DeleteUsers, UpdateClients, UpdateUsers};
use domain::accounts::{self, NewUser};
use domain::tokens::{self, Impact};
use domain::{Refusal, UserId, clients};
use serde_json::{Value, json};

use crate::harness::{App, Server, both};

async fn person(server: &Server, email: &str) -> UserId {
    let may = Authority::operator("test@host").may::<CreateUsers>().unwrap();
    let new = NewUser { email: email.into(), display_name: "Robo".into(), password: None };
    let made = accounts::create(&server.instance, &server.operator(), &may, new).await.unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let may = Authority::operator("test@host").may::<UpdateUsers>().unwrap();
    accounts::enable(&mut work, &server.operator(), &may, &made.0.id, None).await.unwrap();
    work.commit().await.unwrap();
    made.0.id
}

async fn set_active(server: &Server, id: &UserId, active: bool) {
    let may = Authority::operator("test@host").may::<UpdateUsers>().unwrap();
    let mut work = server.instance.begin().await.unwrap();
    let call = server.operator();
    if active {
        accounts::enable(&mut work, &call, &may, id, None).await.unwrap();
    } else {
        accounts::disable(&mut work, &call, &may, id, None).await.unwrap();
    }
    work.commit().await.unwrap();
}

async fn change(app: &App, patch: Value) {
    let may = Authority::operator("test@host").may::<UpdateClients>().unwrap();
    let mut work = app.server.instance.begin().await.unwrap();
    let call = app.server.operator();
    clients::change(&mut work, &call, &may, &app.id, (&patch, None)).await.unwrap();
    work.commit().await.unwrap();
}

async fn service(server: &Arc<Server>, id: &str, settings: Value) -> App {
    let mut draft = json!({
        "client_id": id, "client_name": id, "type": "service",
        "grant_types": ["client_credentials"], "scopes": ["oauth_client:read"],
    });
    draft.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    server.register(draft).await
}

#[tokio::test]
async fn rel08_a_token_acts_for_the_context_user_and_says_who_acts() {
    both(|server| async move {
        let robo = person(&server, "robo@example.com").await;
        for format in ["opaque", "jwt"] {
            let settings = json!({ "context_user": robo, "access_token_format": format });
            let app = service(&server, format, settings).await;
            let token = app.own_token().await.text("access_token");
            let told = app.introspect(&token).await;
            assert_eq!(told["sub"], robo.as_str());
            assert_eq!(told["act"], json!({ "sub": format }));
            assert_eq!(told["username"], "robo@example.com");
            if format == "jwt" {
                let claims = crate::token::claims(&token);
                assert_eq!((&claims["sub"], &claims["act"]), (&told["sub"], &told["act"]));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rlt31_without_a_person_the_client_itself_is_shown() {
    both(|server| async move {
        let app = service(&server, "bare", json!({})).await;
        let told = app.introspect(&app.own_token().await.text("access_token")).await;
        assert_eq!((&told["sub"], &told["username"]), (&json!("bare"), &json!("bare")));
        assert_eq!((told.get("act"), told.get("auth_time")), (None, None));
    })
    .await;
}

#[tokio::test]
async fn rel33_the_state_of_the_context_user_counts_at_once_unless_told_to_go_on() {
    both(|server| async move {
        // continue?, then: a new token while disabled, the old one while disabled and afterwards,
        // the new one afterwards.
        let rows =
            [(false, "400 invalid_grant", false, false, false), (true, "200", true, false, true)];
        for (goes_on, verdict, old_meanwhile, old_later, new_later) in rows {
            let email = format!("robo-{goes_on}@example.com");
            let robo = person(&server, &email).await;
            let id = format!("service-{goes_on}");
            let settings =
                json!({ "context_user": robo, "continue_without_context_user": goes_on });
            let app = service(&server, &id, settings).await;
            let old = app.own_token().await.text("access_token");
            assert!(app.is_active(&old).await);
            set_active(&server, &robo, false).await;
            let asked = app.own_token().await;
            assert_eq!(asked.verdict(), verdict, "{id}");
            assert_eq!(app.is_active(&old).await, old_meanwhile, "{id}: the old one meanwhile");
            set_active(&server, &robo, true).await;
            assert_eq!(app.is_active(&old).await, old_later, "{id}: the old one later");
            let new = asked.text("access_token");
            assert_eq!(app.is_active(&new).await, new_later, "{id}: the new one later");
            assert_eq!(app.own_token().await.verdict(), "200", "{id}: all is well again");
        }
    })
    .await;
}

#[tokio::test]
async fn rel08_nobody_is_deleted_while_a_client_acts_for_them() {
    both(|server| async move {
        let (robo, other) =
            (person(&server, "robo@example.com").await, person(&server, "o@example.com").await);
        let app = service(&server, "acts", json!({ "context_user": robo })).await;
        let may = Authority::operator("test@host").may::<DeleteUsers>().unwrap();
        let delete = async || {
            let mut work = server.instance.begin().await.unwrap();
            let outcome = accounts::delete(&mut work, &server.operator(), &may, &robo).await;
            work.commit().await.unwrap();
            outcome
        };
        let token = app.own_token().await.text("access_token");
        match delete().await {
            Err(Refusal::Conflict { ids, .. }) => assert_eq!(ids, ["acts"]),
            other => panic!("{other:?}"),
        }
        // A token never passes from one person to another.
        change(&app, json!({ "context_user": other })).await;
        assert!(!app.is_active(&token).await);
        delete().await.unwrap();
        let told = app.introspect(&app.own_token().await.text("access_token")).await;
        assert_eq!(told["sub"], other.as_str());
    })
    .await;
}

#[tokio::test]
async fn rel43_extra_claims_are_in_tokens_and_introspection_and_never_a_registered_one() {
    both(|server| async move {
        // As if the server had learnt to write these after they were stored.
        let forged =
            r#"{"tier":"gold","limits":[1,2],"sub":"usr_x","act":{"sub":"y"},"auth_time":1}"#;
        for format in ["opaque", "jwt"] {
            let settings = json!({
                "access_token_format": format, "claims": { "tier": "gold", "limits": [1, 2] },
            });
            let app = service(&server, format, settings).await;
            let database = server.database().await;
            let mut tx = database.begin().await.unwrap();
            let sql = "UPDATE clients SET claims = $1, version = version + 1 WHERE id = $2";
            assert_eq!(tx.execute(sql, db::params![forged, format]).await.unwrap(), 1);
            tx.commit().await.unwrap();
            let token = app.own_token().await.text("access_token");
            let mut told = vec![app.introspect(&token).await];
            if format == "jwt" {
                told.push(crate::token::claims(&token));
            }
            for told in told {
                assert_eq!((&told["tier"], &told["limits"]), (&json!("gold"), &json!([1, 2])));
                assert_eq!(told["sub"], format);
                assert_eq!((told.get("act"), told.get("auth_time")), (None, None));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rlt25_counts_what_hangs_on_a_client_and_nothing_dead() {
    both(|server| async move {
        let count = async |app: &App| {
            let now = server.clock.now();
            tokens::impact(&mut server.instance.read(), &app.id, now).await.unwrap()
        };
        let service = server.service().await;
        let own = service.own_token().await.text("access_token");
        service.own_token().await;
        let impact = |living_tokens, users, refresh_families| Impact {
            living_tokens,
            users,
            refresh_families,
        };
        assert_eq!(count(&service).await, impact(2, 0, 0));
        service.revoke(&own).await;
        assert_eq!(count(&service).await, impact(1, 0, 0));

        let web = server.web_app().await;
        assert_eq!(count(&web).await, Impact::default());
        let first = web.sign_in(&[]).await;
        web.sign_in(&[]).await;
        assert_eq!(count(&web).await, impact(2, 1, 2), "one person, twice");
        web.revoke(&first.text("refresh_token")).await;
        assert_eq!(count(&web).await, impact(1, 1, 1));
        server.clock.step(3600);
        assert_eq!(count(&web).await, impact(0, 1, 1), "the refresh token lives on");
        change(&web, json!({ "enabled": false })).await;
        assert_eq!(count(&web).await, Impact::default(), "a pause ends all");
    })
    .await;
}
