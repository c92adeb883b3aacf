//! Creating, changing, pausing: every rule about settings, by its refusal.

use std::sync::Arc;

use domain::clients::{self, Draft};
use domain::{Policy, Refusal};
use serde_json::{Value, json};

use crate::fixture::{instances, instances_with};
use crate::{audited, change, create, said, service, web, with};

#[tokio::test]
async fn makes_a_client_from_its_name_and_type_alone() {
    for house in instances().await {
        let made = create(&house, web("Web")).await.unwrap();
        assert!(made.secret.unwrap().reveal().starts_with("mcs_"));
        let id = made.object.id.as_str().to_owned();
        let shown = clients::show(&mut house.read(), &house.may(), &id).await.unwrap();
        assert_eq!(shown.snapshot(), made.object.snapshot(), "{}", house.engine());
        assert_eq!(shown.created_by, "test@house");
        assert_eq!(audited(&house, &id).await, ["client.created"]);

        let public =
            create(&house, with(web("Public"), json!({"confidential": false}))).await.unwrap();
        assert!(public.secret.is_none());
    }
}

#[tokio::test]
async fn keeps_every_field_as_it_was_given() {
    for house in instances().await {
        let organization = house.organization("Acme").await;
        let team = house.team(&organization, "Platform").await;
        let given = json!({
            "client_id": "every.field-1", "organization": organization, "owner_team": team,
            "client_name": "Every field", "description": "All of it", "contacts": ["ops@example.com"],
            "logo_uri": "https://cdn.example.com/logo.svg", "verified": true, "type": "custom", "enabled": false,
            "confidential": true, "auth_methods": ["client_secret_post"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "redirect_uris": ["https://z.example.com/cb", "https://a.example.com/cb"],
            "post_logout_redirect_uris": ["https://z.example.com/bye"],
            "scopes": ["openid", "scim:read"], "default_scopes": ["openid"],
            "default_resource": "https://id.example/api/v1", "access": "read_only",
            "team_selection": "multiple", "team_restrictions": {"organizations": [], "teams": [team]},
            "require_consent": false, "pkce": "optional", "refresh_without_pkce": true,
            "access_token_lifetime": 600, "access_token_format": "jwt", "refresh_token_lifetime": 86400,
            "refresh_token_idle_lifetime": 3600, "refresh_rotation": "keep", "refresh_overlap": 0,
            "id_token_signed_response_alg": "EdDSA", "context_user": null,
            "continue_without_context_user": false, "trusted_ips": ["10.0.0.0/8", "192.0.2.7"],
            "trusted_ips_mode": "observe", "token_issuance": "reuse", "max_active_tokens": 5,
            "token_requests_per_second": 50, "claims": {"tier": {"level": 3}},
        });
        let made = create(&house, given.clone()).await.unwrap();
        let shown =
            clients::show(&mut house.read(), &house.may(), made.object.id.as_str()).await.unwrap();
        let shown = shown.snapshot();
        for (field, value) in given.as_object().unwrap() {
            assert_eq!(&shown[field], value, "{field} on {}", house.engine());
        }
        assert_eq!(shown["response_types"], json!(["code"]));
        assert_eq!(
            shown.as_object().unwrap().len(),
            given.as_object().unwrap().len() + 2,
            "plus is_system and this"
        );
    }
}

#[tokio::test]
async fn lets_a_client_hold_legacy_grants_where_the_operator_allows_them() {
    let policy = Policy { legacy_password: true, legacy_implicit: true, ..Policy::default() };
    let house = instances_with(policy).await.remove(0);
    let password = with(service("P"), json!({"grant_types": ["password"], "scopes": ["openid"]}));
    assert_eq!(said(create(&house, password).await), "accepted");
    let implicit = with(web("I"), json!({"grant_types": ["implicit"]}));
    assert!(
        said(create(&house, implicit.clone()).await)
            .starts_with("grant_types: Implicit: public clients only.")
    );
    assert_eq!(
        said(create(&house, with(implicit, json!({"confidential": false}))).await),
        "accepted"
    );
}

#[tokio::test]
async fn asks_for_a_confirmation_of_full_access_with_long_tokens() {
    for house in instances().await {
        let risky = with(web("Risky"), json!({"access": "full", "access_token_lifetime": 3_601}));
        assert!(
            said(create(&house, risky.clone()).await)
                .starts_with("confirm_high_risk: Full access with access tokens")
        );
        let hour = with(web("Hour"), json!({"access": "full", "access_token_lifetime": 3_600}));
        assert_eq!(said(create(&house, hour).await), "accepted");
        let made = create(&house, with(risky, json!({"confirm_high_risk": true}))).await.unwrap();
        let id = made.object.id.as_str();
        // Confirmed once, it can be edited; made longer, it must be confirmed again.
        assert_eq!(said(change(&house, id, json!({"description": "edited"})).await), "accepted");
        assert!(
            said(change(&house, id, json!({"access_token_lifetime": 7_200})).await)
                .starts_with("confirm_high_risk")
        );
        let confirmed = json!({"access_token_lifetime": 7_200, "confirm_high_risk": true});
        assert_eq!(said(change(&house, id, confirmed).await), "accepted");
    }
}

#[tokio::test]
async fn keeps_a_client_inside_its_organization() {
    for house in instances().await {
        let (acme, other) = (house.organization("Acme").await, house.organization("Other").await);
        let (ours, theirs) = (house.team(&acme, "A").await, house.team(&other, "B").await);
        let of_acme =
            |name: &str, more: Value| with(with(web(name), json!({"organization": acme})), more);
        let refusal = said(create(&house, of_acme("1", json!({"owner_team": theirs}))).await);
        assert!(refusal.starts_with("owner_team: The team"), "{refusal}");
        let limits =
            json!({"team_restrictions": {"organizations": [other], "teams": [theirs, ours]}});
        let refusal = said(create(&house, of_acme("1", limits)).await);
        assert_eq!(refusal.lines().count(), 2, "{refusal}");
        let limits = json!({"team_restrictions": {"organizations": [acme], "teams": [ours]}, "owner_team": ours});
        assert_eq!(said(create(&house, of_acme("1", limits)).await), "accepted");
    }
}

#[tokio::test]
async fn takes_a_context_user_or_own_roles_never_both() {
    for house in instances().await {
        let person = house.person("ann@example.com").await;
        let made =
            create(&house, with(service("S"), json!({"context_user": person}))).await.unwrap();
        assert_eq!(made.object.context_user.as_ref(), Some(&person));
        let bound = create(&house, service("Bound")).await.unwrap();
        let id = bound.object.id.as_str();
        let mut work = house.begin().await;
        let place = domain::access::Place::Instance;
        domain::access::bind(&mut work, 1, id, domain::access::AUDITOR, &place).await.unwrap();
        work.commit().await.unwrap();
        let refusal = said(change(&house, id, json!({"context_user": person})).await);
        assert!(
            refusal.starts_with("context_user: The client is bound to roles of its own."),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn refuses_a_name_twice_in_one_organization_however_it_is_written() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        create(&house, web("Backend Service")).await.unwrap();
        let twice = said(create(&house, web("ｂackend  SERVICE")).await);
        assert_eq!(
            twice,
            "client_name: Another client of the instance has this name.",
            "{}",
            house.engine()
        );
        let elsewhere = with(web("Backend Service"), json!({"organization": acme}));
        assert_eq!(said(create(&house, elsewhere).await), "accepted");
        // Moving it there collides, too.
        let other =
            with(web("backend service"), json!({"organization": house.organization("B").await}));
        let id = create(&house, other).await.unwrap().object.id.as_str().to_owned();
        let moved = said(change(&house, &id, json!({"organization": acme})).await);
        assert_eq!(moved, "client_name: Another client of this organization has this name.");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lets_one_of_twenty_concurrent_creates_of_a_name_win() {
    for house in instances().await {
        let house = Arc::new(house);
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let house = Arc::clone(&house);
                let name = if n % 2 == 0 { "Race" } else { "RACE" };
                tokio::spawn(async move { said(create(&house, web(name)).await) })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        outcomes.sort();
        assert_eq!(outcomes[0], "accepted", "{}", house.engine());
        assert!(
            outcomes[1..].iter().all(|o| o.starts_with("client_name: Another client")),
            "{outcomes:?}"
        );
    }
}

#[tokio::test]
async fn answers_a_repeated_idempotency_key_with_the_same_client_and_no_secret() {
    for house in instances().await {
        let ask = async |draft: Value, key: &str| {
            let mut work = house.begin().await;
            let draft = Draft::read(&draft).unwrap();
            let made =
                clients::create(&mut work, &house.call(), &house.may(), draft, Some(key)).await?;
            work.commit().await?;
            Ok::<_, Refusal>((made.object.id.as_str().to_owned(), made.secret.is_some()))
        };
        let (first, shown) = ask(web("Once"), "k-1").await.unwrap();
        assert!(shown);
        assert_eq!(
            ask(web("Once"), "k-1").await.unwrap(),
            (first.clone(), false),
            "{}",
            house.engine()
        );
        assert!(said(ask(web("Once"), "k-2").await).starts_with("client_name: Another client"));
        assert!(said(ask(web("Other"), "with space").await).starts_with("Idempotency-Key: "));
        // A refused create claims nothing.
        assert!(ask(web(""), "k-3").await.is_err());
        assert!(ask(web("Third"), "k-3").await.unwrap().1);
        // A day later the key means nothing any more.
        house.clock.step(86_401);
        assert_ne!(ask(web("Later"), "k-1").await.unwrap().0, first);
    }
}

#[tokio::test]
async fn changes_what_the_patch_names_and_nothing_else() {
    for house in instances().await {
        let made = create(
            &house,
            with(web("App"), json!({"description": "old", "access_token_lifetime": 600})),
        )
        .await;
        let before = made.unwrap().object;
        house.clock.step(60);
        let patch = json!({"description": "new", "access_token_lifetime": null, "claims": {"tier": "gold"}});
        let changed = change(&house, before.id.as_str(), patch).await.unwrap();
        let fields: Vec<_> = changed
            .changes
            .iter()
            .map(|c| format!("{}: {} → {}", c.field, c.before, c.after))
            .collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(fields.join("\n"), @r#"
            access_token_lifetime: 600 → 3600
            claims: {} → {"tier":"gold"}
            description: "old" → "new"
            "#);
        }
        assert_eq!(changed.after.updated_at, before.updated_at + 60);
        assert_eq!(changed.after.epoch, before.epoch, "live tokens stay");
        assert!(changed.after.version > before.version);
        assert_eq!(audited(&house, before.id.as_str()).await, ["client.created", "client.updated"]);
        // Nothing different: nothing written.
        let same = change(&house, before.id.as_str(), json!({"description": "new"})).await.unwrap();
        assert_eq!((same.changes.len(), same.after.version), (0, changed.after.version));
    }
}

#[tokio::test]
async fn refuses_a_patch_that_would_leave_the_client_wrong() {
    for house in instances().await {
        let id = create(&house, with(web("App"), json!({"access": "full"})))
            .await
            .unwrap()
            .object
            .id
            .as_str()
            .to_owned();
        for (patch, want) in [
            (json!({"client_id": "other-id"}), "client_id: An id is never changed."),
            (
                json!({"client_secret": "s".repeat(40)}),
                "client_secret: A secret is changed by rotation",
            ),
            (json!({"redirect_uris": []}), "redirect_uris: "),
            (json!({"redirect_uris": null}), "redirect_uris: "),
            (
                json!({"access": "read_only"}),
                "scopes: A read-only client can hold no scope that writes: `as_user:write`.",
            ),
            (
                json!({"grant_types": ["client_credentials"]}),
                "redirect_uris: Only clients with the authorization code",
            ),
            (json!({"is_system": true}), "is_system: The server sets this field"),
            (json!({"no_such": null}), "no_such: A client has no such field."),
            (json!("text"), ": A JSON object is needed."),
        ] {
            let got = said(change(&house, &id, patch.clone()).await);
            assert!(got.lines().any(|line| line.starts_with(want)), "{patch}: {got}");
        }
        // The object as it was read, sent back, is no change.
        let shown = clients::show(&mut house.read(), &house.may(), &id).await.unwrap();
        let mut whole = shown.snapshot();
        whole.as_object_mut().unwrap().retain(|field, _| Draft::FIELDS.contains(&field.as_str()));
        assert_eq!(change(&house, &id, whole).await.unwrap().changes, []);
    }
}

#[tokio::test]
async fn becomes_public_without_its_secret() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let id = made.object.id.as_str();
        let changed = change(&house, id, json!({"confidential": false})).await.unwrap();
        let methods: Vec<_> = changed.after.auth_methods.iter().map(|m| m.as_str()).collect();
        assert_eq!(methods, ["none"]);
        let again = change(&house, id, json!({"confidential": true})).await.unwrap();
        let candidate = made.secret.as_ref().unwrap().reveal();
        let verdict =
            clients::secrets::verify(&house.read(), &again.after, candidate, house.clock.now());
        assert!(matches!(verdict, clients::secrets::Verdict::Retired { .. }), "{verdict:?}");
    }
}

#[tokio::test]
async fn refuses_a_change_of_a_stale_version_and_says_the_current_one() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap().object;
        let id = made.id.as_str();
        let now = change(&house, id, json!({"description": "a"})).await.unwrap().after.version;
        let mut work = house.begin().await;
        let patch = json!({"description": "b"});
        let stale = (&patch, Some(made.version));
        let refusal = clients::change(&mut work, &house.call(), &house.may(), id, stale).await;
        assert!(
            matches!(refusal, Err(Refusal::Stale { current }) if current == now),
            "{refusal:?}"
        );
        let current = (&patch, Some(now));
        assert!(clients::change(&mut work, &house.call(), &house.may(), id, current).await.is_ok());
    }
}
