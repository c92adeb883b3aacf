//! What the four products let an administrator do with a client, row by row, as far as no other test
//! of this binary shows it. The list of all rows is in `house/client_rows.rs`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::both;
use crate::talk::{Caller, fields, ids};

/// THE-5, REL-17: five clients are there from the start, each marked as one of the system.
#[tokio::test]
async fn the05_rel17_the_default_clients_are_there_and_marked() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let page = admin.get("/clients").await.json();
        let told: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| (c["client_id"].as_str().unwrap(), &c["confidential"], &c["grant_types"]))
            .collect();
        let (own, person) =
            (json!(["client_credentials"]), json!(["authorization_code", "refresh_token"]));
        let (yes, no) = (json!(true), json!(false));
        assert_eq!(
            told,
            [
                ("mandate-admin", &yes, &own),
                ("mandate-cli", &no, &person),
                ("mandate-desktop", &no, &person),
                ("mandate-mobile", &no, &person),
                ("mandate-sync", &yes, &own),
            ]
        );
        assert!(page["items"].as_array().unwrap().iter().all(|c| c["is_system"] == true));
        // THE-6: they can be edited; REL-21: they cannot be deleted.
        assert_eq!(
            admin.patch("/clients/mandate-sync", json!({ "description": "ours" })).await.status,
            200
        );
        assert_eq!(
            admin.delete("/clients/mandate-sync?confirm_name=Sync%20Service%20Client").await.status,
            409
        );
    })
    .await;
}

/// COR-12, COR-14, COR-16 to COR-19, THE-16, REL-5, REL-10: what holds where nobody chose.
#[tokio::test]
async fn cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let draft = json!({ "client_name": "New", "redirect_uris": ["https://app.example/cb"] });
        let made = admin.post("/clients", draft).await.json();
        for (field, chosen) in [
            ("type", json!("user_authorized")),
            ("enabled", json!(true)),
            ("confidential", json!(true)),
            ("auth_methods", json!(["client_secret_basic", "client_secret_post"])),
            ("grant_types", json!(["authorization_code"])),
            ("response_types", json!(["code"])),
            ("scopes", json!(["as_user:read", "email", "offline_access", "openid", "profile"])),
            ("default_scopes", json!(["as_user:read", "email", "openid", "profile"])),
            ("access", json!("read_only")),
            ("team_selection", json!("single")),
            ("team_restrictions", json!({ "organizations": [], "teams": [] })),
            ("require_consent", json!(true)),
            ("pkce", json!("required")),
            ("access_token_lifetime", json!(3600)),
            ("refresh_token_lifetime", json!(604_800)),
            ("access_token_format", json!("opaque")),
            ("trusted_ips", json!([])),
            ("context_user", Value::Null),
        ] {
            assert_eq!(made[field], chosen, "{field}");
        }
    })
    .await;
}

/// REL-16, REL-18, REL-19, THE-18, THE-19, COR-24: what is shown after it was made, and what never is.
#[tokio::test]
async fn rel16_rel18_rel19_the18_ids_and_secrets_are_generated_and_told_once() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let (mut seen, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        for n in 0..20 {
            let made = admin.create_client(&format!("generated {n}")).await;
            assert!(seen.insert(made.text("client_id")) && secrets.insert(made.text("client_secret")));
        }
        let id = seen.first().unwrap();
        let read = admin.get(&format!("/clients/{id}")).await.json();
        for field in ["enabled", "grant_types", "redirect_uris", "access_token_lifetime", "is_system", "client_id", "created_at", "updated_at"] {
            assert!(!read[field].is_null(), "{field}");
        }
        assert!(read.get("client_secret").is_none());
        let public = json!({ "client_name": "public", "confidential": false, "redirect_uris": ["http://127.0.0.1/cb"] });
        let made = admin.post("/clients", public).await;
        assert_eq!((made.status.as_u16(), made.json().get("client_secret").cloned()), (201, None), "a public one has none");
    })
    .await;
}

/// THE-7 to THE-9, THE-31, THE-32: the preset of a sync connector, and full control of a custom client.
#[tokio::test]
async fn the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let made = admin.post("/clients", json!({ "client_name": "Sync", "type": "sync_connector" })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.json()["grant_types"], json!(["client_credentials"]));
        let five = json!(["connector:read", "connector:write", "scim:read", "scim:write", "sync:profile:read"]);
        assert_eq!(made.json()["scopes"], five);
        let named = ids(&admin.get("/scopes").await, "name");
        for scope in five.as_array().unwrap() {
            assert!(named.iter().any(|name| scope == name), "{scope}");
        }
        let token = server
            .client(&made.text("client_id"), Some(&made.text("client_secret")))
            .token(&[("grant_type", "client_credentials"), ("scope", "sync:profile:read")])
            .await;
        assert_eq!((token.status.as_u16(), token.text("scope")), (200, "sync:profile:read".into()), "two colons are one name");
        let custom = json!({
            "client_name": "Custom", "type": "custom", "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
            "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "scim:read"],
        });
        let made = admin.post("/clients", custom).await;
        assert_eq!((made.status.as_u16(), made.json()["grant_types"].as_array().unwrap().len()), (201, 3), "THE-4: several grants");
    })
    .await;
}

/// THE-13, THE-14, THE-15, THE-17, THE-22: grants and scopes that a client may hold.
#[tokio::test]
async fn the13_the15_refuses_no_grant_an_unknown_one_and_scopes_that_are_none() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let with = |more: Value| {
            let mut draft = json!({ "client_name": "New", "redirect_uris": ["https://app.example/cb"] });
            draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            draft
        };
        for (more, field) in [
            (json!({ "grant_types": [] }), "grant_types"),
            (json!({ "grant_types": ["magic"] }), "grant_types"),
            (json!({ "grant_types": ["refresh_token"], "redirect_uris": [] }), "grant_types"),
            (json!({ "grant_types": ["password", "authorization_code"] }), "grant_types"),
            (json!({ "grant_types": ["implicit"], "confidential": false }), "grant_types"),
            (json!({ "grant_types": ["client_credentials", "authorization_code"], "confidential": false }), "grant_types"),
            (json!({ "scopes": [] }), "scopes"),
            (json!({ "scopes": ["no:such"] }), "scopes"),
            (json!({ "scopes": ["as_user:write"] }), "scopes"),
            (json!({ "response_types": ["token"] }), "response_types"),
        ] {
            let wrong = fields(&admin.post("/clients", with(more.clone())).await);
            assert!(wrong.iter().any(|named| named == field), "{more}: {wrong:?}");
        }
        let both = with(json!({ "grant_types": ["authorization_code", "refresh_token"] }));
        let made = admin.post("/clients", both).await;
        assert_eq!((made.status.as_u16(), made.json()["response_types"].clone()), (201, json!(["code"])), "{}", made.body);
    })
    .await;
}

/// REL-5, COR-34: no token for a client that is switched off, and none comes back.
#[tokio::test]
async fn rel05_cor34_a_client_that_is_switched_off_gets_nothing_and_its_tokens_stay_dead() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = server.service().await;
        let before = app.own_token().await.text("access_token");
        let off = admin.patch("/clients/service", json!({ "enabled": false })).await;
        assert_eq!((off.status.as_u16(), off.json()["enabled"].clone()), (200, json!(false)));
        assert_eq!(app.own_token().await.verdict(), "401 invalid_client");
        assert_eq!(Caller::new(&server, &before).get("/me").await.status, 401);
        assert_eq!(admin.patch("/clients/service", json!({ "enabled": true })).await.status, 200);
        assert_eq!(app.own_token().await.verdict(), "200", "without registering again");
        assert_eq!(
            Caller::new(&server, &before).get("/me").await.status,
            401,
            "an old token stays dead"
        );
        assert_eq!(
            ids(&admin.get("/clients?enabled=false").await, "client_id"),
            Vec::<String>::new()
        );
    })
    .await;
}

/// REL-11: a refresh token comes with PKCE only, unless the client says otherwise.
#[tokio::test]
async fn rel11_no_refresh_token_without_pkce() {
    both(|server| async move {
        let draft = |more: bool| {
            json!({
                "client_id": format!("web-{more}"), "client_name": format!("Web {more}"), "pkce": "optional", "refresh_without_pkce": more,
                "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": ["https://app.example/cb"], "scopes": ["openid"],
            })
        };
        for more in [false, true] {
            let web = server.register(draft(more)).await;
            let code = web.code(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
            let uri = web.redirect_uri.clone();
            let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", uri.as_str())];
            let answer = web.token(&fields).await;
            assert_eq!(answer.verdict(), "200", "{}", answer.body);
            assert_eq!(answer.json().get("refresh_token").is_some(), more);
            assert!(!web.sign_in(&[]).await.text("refresh_token").is_empty(), "with PKCE it comes");
        }
    })
    .await;
}

/// COR-15, COR-30, COR-32: limited to places, found by them, and told from those that reach all.
#[tokio::test]
async fn cor15_cor30_cor32_the_list_tells_and_finds_where_a_client_reaches() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let organization = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = admin.post("/teams", json!({ "organization": organization, "name": "Blue" })).await.text("id");
        for (id, restrictions) in [
            ("everywhere", json!({})),
            ("wholly", json!({ "organizations": [organization] })),
            ("one-team", json!({ "teams": [team] })),
        ] {
            let draft = json!({
                "client_id": id, "client_name": id, "type": "service", "organization": organization,
                "team_restrictions": restrictions, "scopes": if id == "one-team" { json!(["scim:read"]) } else { json!([]) },
            });
            let made = admin.post("/clients", draft).await;
            assert_eq!(made.status, 201, "{}", made.body);
        }
        let found = async |query: &str| {
            let query = format!("/clients?organization={organization}&{query}");
            ids(&admin.get(&query).await, "client_id")
        };
        assert_eq!(found("all_teams=true").await, ["everywhere"]);
        assert_eq!(found("all_teams=false").await, ["one-team", "wholly"]);
        assert_eq!(found(&format!("team={team}")).await, ["one-team"]);
        assert_eq!(found("scope=scim:read").await, ["one-team"]);
        assert_eq!(found("scope=no:such").await, Vec::<String>::new());
    })
    .await;
}

/// REL-15: a change of the trusted addresses counts from the very next request on.
#[tokio::test]
async fn rel15_trusted_addresses_count_from_the_next_request_on() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let app = server.service().await;
        for (lines, verdict) in [
            (json!(["203.0.113.7"]), "400 invalid_client"),
            (json!(["127.0.0.0/8"]), "200"),
            (json!([]), "200"),
        ] {
            let changed = admin.patch("/clients/service", json!({ "trusted_ips": lines })).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
            assert_eq!(app.own_token().await.verdict(), verdict, "{lines}");
        }
    })
    .await;
}
