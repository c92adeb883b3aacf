//! The ceiling as an attack: somebody who may manage a team's clients tries to get through one of
//! them what they may not do themselves.

use std::sync::Arc;

use axum::http::Method;
use domain::access::{CLIENT_MANAGER, Place, SECURITY_ADMINISTRATOR};
use serde_json::{Value, json};

use crate::harness::{ADMIN_EMAIL, Server, both};
use crate::talk::{Caller, fields};

const MANAGES: [&str; 5] = [
    "oauth_client:read",
    "oauth_client:create",
    "oauth_client:update",
    "oauth_client:rotate",
    "oauth_client:delete",
];

/// An organization with two teams; everybody here manages clients of the first.
struct Acme {
    admin: Caller,
    id: String,
    blue: String,
    green: String,
}

impl Acme {
    async fn new(server: &Arc<Server>) -> Self {
        let admin = Caller::admin(server).await;
        let id = admin.post("/organizations", json!({ "name": "Acme" })).await.text("id");
        let team = async |name: &str| {
            admin.post("/teams", json!({ "organization": id, "name": name })).await.text("id")
        };
        let (blue, green) = (team("Blue").await, team("Green").await);
        Self { admin, id, blue, green }
    }

    fn draft(&self, id: &str, more: &Value) -> Value {
        let mut draft = json!({
            "client_id": id, "client_name": id, "organization": self.id, "owner_team": self.blue,
        });
        draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        draft
    }

    /// A client of the blue team, made by the administrator; its path.
    async fn client(&self, id: &str, more: Value) -> String {
        let made = self.admin.post("/clients", self.draft(id, &more)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        format!("/clients/{id}")
    }

    async fn bind(&self, subject: &str, role: &str, place: Value) {
        let body = json!({ "subject": subject, "role": role, "place": place });
        let made = self.admin.post("/bindings", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }

    /// A person who manages the blue team's clients, through a client with full access.
    async fn person(&self, server: &Arc<Server>) -> Caller {
        let new = json!({ "email": "mina@example.com", "display_name": "Mina", "password": "a long enough password for her" });
        let made = self.admin.post("/users", new).await;
        assert_eq!(made.status, 201, "{}", made.body);
        self.bind(&made.text("id"), CLIENT_MANAGER, json!({ "team": self.blue })).await;
        Caller::acting_for(server, "mina@example.com", "full").await
    }

    /// The same rights as a client of its own.
    async fn service(&self, server: &Arc<Server>) -> Caller {
        let place = Place::Team(self.blue.clone());
        Caller::service(server, "manager", &MANAGES, (CLIENT_MANAGER, place)).await
    }

    /// What may do more than the manager by its scopes, by a binding elsewhere, or by its person.
    async fn wider(&self) -> Vec<(String, String)> {
        let service = |scopes: Value| {
            json!({
                "type": "custom", "grant_types": ["client_credentials", "authorization_code"], "access": "full",
                "scopes": scopes, "redirect_uris": ["https://app.example/cb"], "trusted_ips": ["203.0.113.7"],
            })
        };
        let by_scope = self.client("by-scope", service(json!(["user:read"]))).await;
        let elsewhere = self.client("elsewhere", service(json!(["oauth_client:read"]))).await;
        self.bind("elsewhere", CLIENT_MANAGER, json!({ "team": self.green })).await;
        let wholly = self.client("wholly", service(json!(["oauth_client:read"]))).await;
        self.bind("wholly", CLIENT_MANAGER, json!({ "organization": self.id })).await;
        let ada = self.admin.get(&format!("/users?q={ADMIN_EMAIL}")).await.json();
        let mut by_person = service(json!(["as_user:read", "as_user:write"]));
        by_person["context_user"] = ada["items"][0]["id"].clone();
        let by_person = self.client("by-person", by_person).await;
        [
            (by_scope, "user:read"),
            (elsewhere, "oauth_client:read"),
            (wholly, "oauth_client:read"),
            (by_person, "user:update"),
        ]
        .map(|(path, missing)| (path, missing.to_owned()))
        .into()
    }
}

/// 403 naming the permission, tried only or not, and nothing changed.
async fn refused(
    acme: &Acme,
    actor: &Caller,
    (method, path, body): (Method, &str, Value),
    missing: &str,
) {
    let client = path.split('/').take(3).collect::<Vec<_>>().join("/");
    let before = acme.admin.get(&client).await;
    for path in [path.to_owned(), format!("{path}?dry_run=true")] {
        let answer = actor.call(method.clone(), &path, &[], Some(body.clone())).await;
        assert_eq!(answer.status, 403, "{method} {path} {body}: {}", answer.body);
        assert_eq!(answer.text("permission"), missing, "{method} {path} {body}: {}", answer.body);
    }
    let after = acme.admin.get(&client).await;
    assert_eq!((before.status, before.header("etag")), (after.status, after.header("etag")));
}

#[tokio::test]
async fn refuses_to_take_over_a_wider_client_by_any_of_its_settings() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        let wider = acme.wider().await;
        for actor in [acme.service(&server).await, acme.person(&server).await] {
            for (path, missing) in &wider {
                for patch in [
                    json!({ "redirect_uris": ["https://app.example/cb", "https://evil.example/cb"] }),
                    json!({ "trusted_ips": [] }),
                    json!({ "trusted_ips_mode": "observe" }),
                    json!({ "team_restrictions": { "teams": [acme.green] } }),
                    json!({ "scopes": ["openid"] }),
                    json!({ "access": "read_only", "scopes": ["openid"] }),
                    json!({ "access_token_lifetime": 3601, "confirm_high_risk": true }),
                    json!({ "require_consent": false }),
                    json!({ "pkce": "optional" }),
                    json!({ "claims": { "role": "admin" } }),
                ] {
                    refused(&acme, &actor, (Method::PATCH, path, patch), missing).await;
                }
                let secrets = format!("{path}/secrets");
                let name = path.rsplit('/').next().unwrap();
                let rotation = json!({ "confirm_name": name });
                refused(&acme, &actor, (Method::POST, &secrets, rotation), missing).await;
                // Words, a shorter life and stopping it are theirs; starting it again is not.
                for patch in [
                    json!({ "description": "watched by Mina" }),
                    json!({ "access_token_lifetime": 60 }),
                    json!({ "enabled": false }),
                ] {
                    let answer = actor.patch(path, patch).await;
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
                let on = json!({ "enabled": true });
                refused(&acme, &actor, (Method::PATCH, path, on.clone()), missing).await;
                assert_eq!(acme.admin.patch(path, on).await.status, 200);
                let longer = json!({ "access_token_lifetime": 3600 });
                assert_eq!(acme.admin.patch(path, longer).await.status, 200);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn refuses_to_widen_a_client_beyond_ones_own_rights() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        let own = acme.client("own", json!({ "type": "service", "access": "full" })).await;
        acme.bind("own", SECURITY_ADMINISTRATOR, json!({ "team": acme.blue })).await;
        let code = acme
            .client("code", json!({ "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "as_user:read"] }))
            .await;
        for actor in [acme.service(&server).await, acme.person(&server).await] {
            for (path, patch, missing) in [
                (&own, json!({ "scopes": ["user:read"] }), "user:read"),
                // Every binding of the client would be reached.
                (&own, json!({ "scopes": ["as_user:read"] }), "as_user:read"),
                // A type that gains the grant by which it acts for itself.
                (&code, json!({ "type": "custom", "grant_types": ["authorization_code", "client_credentials"] }), "as_user:read"),
                // Whoever signs in would not be asked.
                (&code, json!({ "require_consent": false }), "as_user:read"),
                (&code, json!({ "owner_team": acme.green }), "oauth_client:update"),
                (&code, json!({ "owner_team": null }), "oauth_client:update"),
                (&code, json!({ "organization": null, "owner_team": null }), "oauth_client:update"),
                (&code, json!({ "organization": null }), "oauth_client:update"),
                (&code, json!({ "verified": true }), "oauth_client:update"),
            ] {
                refused(&acme, &actor, (Method::PATCH, path, patch), missing).await;
            }
            let manages = actor.patch(&own, json!({ "scopes": ["oauth_client:read"] })).await;
            assert_eq!(manages.status, 200, "what they may do themselves in this very team: {}", manages.body);
            assert_eq!(acme.admin.patch(&own, json!({ "scopes": [] })).await.status, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn refuses_a_new_client_that_would_do_what_its_maker_may_not() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        let other = acme.admin.post("/organizations", json!({ "name": "Other" })).await.text("id");
        let ada = acme.admin.get(&format!("/users?q={ADMIN_EMAIL}")).await.json();
        for (n, actor) in [acme.service(&server).await, acme.person(&server).await].into_iter().enumerate() {
            for (more, missing) in [
                (json!({ "type": "service", "scopes": ["user:read"] }), "user:read"),
                (json!({ "type": "service", "access": "full", "scopes": ["oauth_client:read", "role:manage"] }), "role:manage"),
                (json!({ "type": "sync_connector" }), "connector:read"),
                (json!({ "type": "service", "context_user": ada["items"][0]["id"] }), "user:update"),
                (json!({ "redirect_uris": ["https://evil.example/cb"], "scopes": ["user:read"] }), "user:read"),
                (json!({ "redirect_uris": ["https://evil.example/cb"], "scopes": ["as_user:read"], "require_consent": false }), "as_user:read"),
                (json!({ "type": "service", "organization": other, "owner_team": null }), "oauth_client:create"),
                (json!({ "type": "service", "owner_team": acme.green }), "oauth_client:create"),
            ] {
                for path in ["/clients", "/clients?dry_run=true"] {
                    let answer = actor.post(path, acme.draft("new", &more)).await;
                    assert_eq!((answer.status.as_u16(), answer.text("permission")), (403, missing.into()), "{more}: {}", answer.body);
                }
                assert_eq!(acme.admin.get("/clients/new").await.status, 404);
            }
            let outside = json!({ "type": "service", "team_restrictions": { "organizations": [other] } });
            assert_eq!(fields(&actor.post("/clients", acme.draft("new", &outside)).await), ["team_restrictions"]);
            let fits = json!({ "redirect_uris": ["https://app.example/cb"], "scopes": ["openid", "as_user:read"] });
            let made = actor.post("/clients", acme.draft(&format!("fits-{n}"), &fits)).await;
            assert_eq!(made.status, 201, "what acts for who signs in, and asks them: {}", made.body);
        }
    })
    .await;
}

#[tokio::test]
async fn permissions_that_administrators_defined_count_like_built_in_ones() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        for (name, kind) in [("orders:write", "write"), ("orders:read", "read")] {
            let scope = json!({ "name": name, "kind": kind, "description": "Orders" });
            assert_eq!(acme.admin.post("/scopes", scope).await.status, 201);
        }
        let role = json!({ "name": "Clerk", "permissions": ["orders:write"] });
        let role = acme.admin.post("/roles", role).await.text("id");
        let actor = acme.service(&server).await;
        let service = |scope: &str| json!({ "type": "service", "access": "full", "scopes": [scope] });
        let answer = actor.post("/clients", acme.draft("clerk", &service("orders:write"))).await;
        assert_eq!((answer.status.as_u16(), answer.text("permission")), (403, "orders:write".into()), "{}", answer.body);
        // No role allows the other: it gives nothing and is everybody's.
        assert_eq!(actor.post("/clients", acme.draft("reader", &service("orders:read"))).await.status, 201);
        // For a person it never exceeds the person.
        let code = json!({ "redirect_uris": ["https://app.example/cb"], "access": "full", "scopes": ["openid", "orders:write"] });
        assert_eq!(actor.post("/clients", acme.draft("code", &code)).await.status, 201);

        // A client that was bound to it cannot be taken over by its secret.
        let clerk = acme.client("bound", service("orders:write")).await;
        acme.bind("bound", &role, json!({ "team": acme.green })).await;
        refused(&acme, &actor, (Method::POST, &format!("{clerk}/secrets"), json!({ "confirm_name": "bound" })), "orders:write").await;
    })
    .await;
}

#[tokio::test]
async fn a_token_makes_no_client_that_may_do_more_than_the_token() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        let ada = acme.admin.get(&format!("/users?q={ADMIN_EMAIL}")).await.json();
        let ada = ada["items"][0]["id"].clone();
        let narrowed = json!({
            "client_id": "narrow", "client_name": "narrow", "type": "service", "access": "full",
            "scopes": MANAGES, "context_user": ada,
        });
        let app = server.register(narrowed).await;
        let narrow = Caller::new(&server, &app.own_token().await.text("access_token"));
        // The person may do everything, but this token may not, nor what it makes for the person.
        for more in [
            json!({ "scopes": ["user:read"] }),
            json!({ "scopes": ["user:read"], "context_user": ada }),
            json!({ "scopes": ["as_user:read"], "context_user": ada }),
        ] {
            let mut draft = json!({ "client_name": "new", "type": "service" });
            draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let answer = narrow.post("/clients", draft).await;
            assert_eq!(answer.status, 403, "{more}: {}", answer.body);
        }
        let same = json!({ "client_name": "same", "type": "service", "scopes": ["oauth_client:read"], "context_user": ada });
        assert_eq!(narrow.post("/clients", same).await.status, 201);
        // A read-only preset changes nothing at all.
        let looks = Caller::read_only_admin(&server).await;
        let own = acme.client("own", json!({ "type": "service" })).await;
        for (method, path, body) in [
            (Method::POST, "/clients".to_owned(), json!({ "client_name": "new", "type": "service" })),
            (Method::PATCH, own.clone(), json!({ "description": "x" })),
            (Method::POST, format!("{own}/secrets"), json!({ "confirm_name": "own" })),
        ] {
            assert_eq!(looks.call(method, &path, &[], Some(body)).await.status, 403, "{path}");
        }
        // Nor does a client that acts for itself become one that acts for somebody.
        acme.bind("own", CLIENT_MANAGER, json!({ "team": acme.blue })).await;
        let person = acme.person(&server).await;
        let me = person.get("/me").await.json()["user"]["id"].clone();
        assert_eq!(fields(&person.patch(&own, json!({ "context_user": me })).await), ["context_user"]);
    })
    .await;
}

#[tokio::test]
async fn binds_no_stronger_role_to_a_client() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        acme.client(
            "own",
            json!({ "type": "service", "access": "full", "scopes": ["settings:manage"] }),
        )
        .await;
        let place = Place::Organization(acme.id.clone());
        let scopes = ["role:read", "role:manage", "oauth_client:read"];
        let actor =
            Caller::service(&server, "roles", &scopes, (SECURITY_ADMINISTRATOR, place)).await;
        for (role, missing) in [
            ("role_platform_administrator", None),
            (SECURITY_ADMINISTRATOR, None),
            (CLIENT_MANAGER, Some("oauth_client:delete")),
        ] {
            let body = json!({ "subject": "own", "role": role, "place": { "team": acme.blue } });
            let answer = actor.post("/bindings", body).await;
            assert_eq!(answer.status, 403, "{}", answer.body);
            assert!(
                missing.is_none_or(|missing| answer.text("permission") == missing)
                    || !answer.text("permission").is_empty()
            );
        }
        let everywhere =
            json!({ "subject": "own", "role": "role_member", "place": { "instance": true } });
        assert!(matches!(actor.post("/bindings", everywhere).await.status.as_u16(), 400 | 403));
    })
    .await;
}

#[tokio::test]
async fn many_at_once_are_held_to_the_same() {
    both(|server| async move {
        let acme = Acme::new(&server).await;
        let ours = acme.client("ours", json!({ "type": "service" })).await;
        let theirs = json!({ "client_id": "theirs", "client_name": "theirs", "type": "service", "organization": acme.id, "owner_team": acme.green });
        assert_eq!(acme.admin.post("/clients", theirs).await.status, 201);
        let actor = acme.service(&server).await;
        for path in ["/clients/bulk-delete", "/clients/bulk-delete?dry_run=true"] {
            let answer = actor.post(path, json!({ "client_ids": ["ours", "theirs"] })).await;
            assert_eq!((answer.status.as_u16(), answer.json()["ids"].clone()), (409, json!(["theirs"])));
        }
        assert_eq!(acme.admin.get(&ours).await.status, 200, "all or none");
        assert_eq!(actor.post("/clients/bulk-delete", json!({ "client_ids": ["ours"] })).await.status, 200);
    })
    .await;
}
