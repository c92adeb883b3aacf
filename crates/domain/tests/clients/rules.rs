//! Creating, changing, pausing: every rule about settings, by its refusal.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::clients::{self, Draft};
use domain::{Policy, Refusal};
use serde_json::{Value, json};

use crate::fixture::{House, instances, instances_with};
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

        let public = create(&house, with(web("Public"), json!({"confidential": false}))).await.unwrap();
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
        let shown = clients::show(&mut house.read(), &house.may(), made.object.id.as_str()).await.unwrap();
        let shown = shown.snapshot();
        for (field, value) in given.as_object().unwrap() {
            assert_eq!(&shown[field], value, "{field} on {}", house.engine());
        }
        assert_eq!(shown["response_types"], json!(["code"]));
        assert_eq!(shown.as_object().unwrap().len(), given.as_object().unwrap().len() + 2, "plus is_system and this");
    }
}

/// What is wrong with each draft, on an instance without legacy grants.
fn refused_drafts() -> Vec<(&'static str, Value, &'static str)> {
    let public = json!({"confidential": false});
    vec![
        // Names
        ("no name", web(""), "client_name: A name is needed: 1 to 200 characters."),
        ("201 letters", web(&"ж".repeat(201)), "client_name: A name has at most 200 characters."),
        ("a bidi mark", web("a\u{202E}b"), "client_name: A name cannot hold control characters or direction marks."),
        ("a NUL", web("a\0b"), "client_name: No NUL characters."),
        ("a bidi mark in the description", with(web("x"), json!({"description": "\u{202E}"})), "description: Control"),
        ("a plain http logo", with(web("x"), json!({"logo_uri": "http://localhost/l.png"})), "logo_uri: A logo is fetched by https only."),
        ("a script as logo", with(web("x"), json!({"logo_uri": "javascript:alert(1)"})), "logo_uri: "),
        ("21 contacts", with(web("x"), json!({"contacts": (0..21).map(|n| n.to_string()).collect::<Vec<_>>()})), "contacts: At most 20"),
        // Ids
        ("a short id", with(web("x"), json!({"client_id": "ab"})), "client_id: 3 to 128"),
        ("129 letters", with(web("x"), json!({"client_id": "a".repeat(129)})), "client_id: 3 to 128"),
        ("a slash", with(web("x"), json!({"client_id": "a/b/c"})), "client_id: 3 to 128"),
        ("a person's id", with(web("x"), json!({"client_id": "usr_1"})), "client_id: This id is reserved"),
        ("self", with(web("x"), json!({"client_id": "self"})), "client_id: This id is reserved"),
        ("bulk-delete", with(web("x"), json!({"client_id": "bulk-delete"})), "client_id: This id is reserved"),
        ("dots alone", with(web("x"), json!({"client_id": "..."})), "client_id: This id is reserved"),
        ("a taken id", with(web("x"), json!({"client_id": "mandate-admin"})), "client_id: This id is taken."),
        // Grants and confidentiality
        ("no grant", with(service("x"), json!({"grant_types": []})), "grant_types: Choose at least one grant."),
        ("credentials without a secret", with(service("x"), public.clone()), "grant_types: Client credentials: confidential clients only"),
        ("refresh alone", with(service("x"), json!({"grant_types": ["client_credentials", "refresh_token"]})), "grant_types: Refresh tokens come with"),
        ("a legacy grant", with(service("x"), json!({"grant_types": ["password"], "scopes": ["openid"]})), "grant_types: The legacy grant `password` is switched off"),
        ("confidential without a method", with(web("x"), json!({"auth_methods": ["none"], "confidential": true})), "auth_methods: A confidential client proves itself"),
        ("public with a method", with(web("x"), json!({"auth_methods": ["client_secret_basic"], "confidential": false})), "auth_methods: A public client holds no secret"),
        ("public without PKCE", with(with(web("x"), public.clone()), json!({"pkce": "optional"})), "pkce: A public client must use PKCE"),
        ("public, refresh without PKCE", with(with(web("x"), public.clone()), json!({"refresh_without_pkce": true})), "refresh_without_pkce: "),
        ("public keeps refresh tokens", with(with(web("x"), public.clone()), json!({"refresh_rotation": "keep"})), "refresh_rotation: "),
        ("public with a secret", with(with(web("x"), public), json!({"client_secret": "s".repeat(32)})), "client_secret: A public client has no secret."),
        ("a short secret", with(web("x"), json!({"client_secret": "s".repeat(31)})), "client_secret: A secret of your own has 32 to 512"),
        ("a blank secret", with(web("x"), json!({"client_secret": " ".repeat(40)})), "client_secret: A secret of your own has 32 to 512"),
        ("a false mcs_", with(web("x"), json!({"client_secret": format!("mcs_{}", "A".repeat(48))})), "client_secret: It begins like a secret of this server"),
        // Redirect URIs
        ("code without a URI", json!({"client_name": "x"}), "redirect_uris: The authorization code and implicit grants need"),
        ("a URI without code", with(service("x"), json!({"redirect_uris": ["https://a.example/cb"]})), "redirect_uris: Only clients with the authorization code"),
        ("a wildcard", with(web("x"), json!({"redirect_uris": ["https://*.example.com/cb"]})), "redirect_uris: `https://*.example.com/cb`: "),
        ("a fragment", with(web("x"), json!({"redirect_uris": ["https://a.example/cb#x"]})), "redirect_uris: `https://a.example/cb#x`: "),
        ("plain http", with(web("x"), json!({"redirect_uris": ["http://a.example/cb"]})), "redirect_uris: `http://a.example/cb`: "),
        ("a script", with(web("x"), json!({"redirect_uris": ["javascript:alert(1)"]})), "redirect_uris: `javascript:alert(1)`: "),
        ("a scheme without a dot", with(web("x"), json!({"redirect_uris": ["myapp:/cb"]})), "redirect_uris: `myapp:/cb`: "),
        ("101 URIs", with(web("x"), json!({"redirect_uris": (0..101).map(|n| format!("https://a.example/{n}")).collect::<Vec<_>>()})), "redirect_uris: At most 100 URIs."),
        // Scopes
        ("an unknown scope", with(web("x"), json!({"scopes": ["openid", "nope:read"]})), "scopes: There is no such scope: `nope:read`."),
        ("no scope name", with(web("x"), json!({"scopes": ["openid", "a b"]})), "scopes: `a b` is not the name of a scope"),
        ("read-only that writes", with(web("x"), json!({"scopes": ["openid", "as_user:write", "scim:write"]})), "scopes: A read-only client can hold no scope that writes: `as_user:write`, `scim:write`."),
        ("no scopes", with(web("x"), json!({"scopes": []})), "scopes: An application that people sign in to needs at least one scope."),
        ("a default beyond", with(web("x"), json!({"scopes": ["openid"], "default_scopes": ["openid", "email"]})), "default_scopes: Not among the client's scopes: `email`."),
        ("a default that writes", with(web("x"), json!({"access": "full", "scopes": ["openid", "as_user:write"], "default_scopes": ["as_user:write"]})), "default_scopes: What is not asked for never writes"),
        ("an unknown resource", with(web("x"), json!({"default_resource": "https://nowhere.example"})), "default_resource: There is no resource"),
        // Places
        ("an unknown organization", with(web("x"), json!({"organization": "org_x"})), "organization: There is no such organization."),
        ("an unknown team", with(web("x"), json!({"owner_team": "team_x"})), "owner_team: There is no such team: `team_x`."),
        ("an unknown limit", with(web("x"), json!({"team_restrictions": {"teams": ["team_x"]}})), "team_restrictions: There is no such team"),
        // Lifetimes
        ("59 seconds", with(web("x"), json!({"access_token_lifetime": 59})), "access_token_lifetime: An access token lives 60 seconds to 24 hours"),
        ("0 seconds", with(web("x"), json!({"access_token_lifetime": 0})), "access_token_lifetime: "),
        ("-1 seconds", with(web("x"), json!({"access_token_lifetime": -1})), "access_token_lifetime: "),
        ("a day and a second", with(web("x"), json!({"access_token_lifetime": 86_401})), "access_token_lifetime: "),
        ("the longest number", with(web("x"), json!({"access_token_lifetime": i64::MAX})), "access_token_lifetime: "),
        ("an overflow", with(web("x"), json!({"access_token_lifetime": 1e300})), "access_token_lifetime: A whole number is needed."),
        ("a fraction", with(web("x"), json!({"refresh_token_lifetime": 3600.5})), "refresh_token_lifetime: A whole number is needed."),
        ("59 minutes", with(web("x"), json!({"refresh_token_lifetime": 3_599})), "refresh_token_lifetime: A refresh token lives 1 hour to 365 days"),
        ("366 days", with(web("x"), json!({"refresh_token_lifetime": 366 * 86_400})), "refresh_token_lifetime: "),
        ("idle beyond", with(web("x"), json!({"refresh_token_lifetime": 7_200, "refresh_token_idle_lifetime": 7_201})), "refresh_token_idle_lifetime: "),
        ("overlap of 121", with(web("x"), json!({"refresh_overlap": 121})), "refresh_overlap: The overlap is 0 to 120 seconds."),
        // The person it acts for
        ("a context user on code", with(web("x"), json!({"context_user": "usr_x"})), "context_user: A context user belongs to the client credentials grant"),
        ("an unknown context user", with(service("x"), json!({"context_user": "usr_x"})), "context_user: There is no such person."),
        ("nobody to continue without", with(service("x"), json!({"continue_without_context_user": true})), "continue_without_context_user: "),
        // Limits
        ("201 tokens", with(service("x"), json!({"max_active_tokens": 201})), "max_active_tokens: 1 to 200"),
        ("no tokens", with(service("x"), json!({"max_active_tokens": 0})), "max_active_tokens: 1 to 200"),
        ("a limit on the wrong grant", with(web("x"), json!({"max_active_tokens": 5})), "max_active_tokens: A limit of living tokens belongs to"),
        ("rate 0", with(service("x"), json!({"token_requests_per_second": 0})), "token_requests_per_second: "),
        ("a forged claim", with(web("x"), json!({"claims": {"sub": "usr_admin"}})), "claims: The server itself writes these claims: sub."),
        ("5 kB of claims", with(web("x"), json!({"claims": {"x": "y".repeat(5_000)}})), "claims: At most 4,096 bytes"),
        ("host bits", with(web("x"), json!({"trusted_ips": ["10.0.0.5/8"]})), "trusted_ips: Line 1: `10.0.0.5/8` has bits set"),
        // Unknown fields
        ("an unknown field", with(web("x"), json!({"redirect_uri": "https://a.example"})), "redirect_uri: A client has no such field. Did you mean `redirect_uris`?"),
    ]
}

#[tokio::test]
async fn refuses_each_draft_with_the_rule_it_breaks_and_changes_nothing() {
    for house in instances().await {
        for (what, draft, want) in refused_drafts() {
            let got = said(create(&house, draft).await);
            assert!(got.lines().any(|line| line.starts_with(want)), "{what} on {}: {got}", house.engine());
        }
        let page = clients::list(&mut house.read(), &house.may(), &clients::ListQuery::default()).await.unwrap();
        assert_eq!(page.items.len(), 5, "only the system clients are there");
    }
}

#[tokio::test]
async fn names_every_wrong_field_at_once() {
    let house = instances().await.remove(0);
    let draft = json!({
        "client_name": " ", "access_token_lifetime": 5, "scopes": ["nope"], "pkce": "optional", "confidential": false,
    });
    insta::assert_snapshot!(said(create(&house, draft).await), @r"
    client_name: A name is needed: 1 to 200 characters.
    pkce: A public client must use PKCE: nothing else ties a code to who asked for it.
    redirect_uris: The authorization code and implicit grants need at least one redirect URI.
    scopes: There is no such scope: `nope`.
    access_token_lifetime: An access token lives 60 seconds to 24 hours (60 to 86,400 seconds).
    ");
}

#[tokio::test]
async fn lets_a_client_hold_legacy_grants_where_the_operator_allows_them() {
    let policy = Policy { legacy_password: true, legacy_implicit: true, ..Policy::default() };
    let house = instances_with(policy).await.remove(0);
    let password = with(service("P"), json!({"grant_types": ["password"], "scopes": ["openid"]}));
    assert_eq!(said(create(&house, password).await), "accepted");
    let implicit = with(web("I"), json!({"grant_types": ["implicit"]}));
    assert!(said(create(&house, implicit.clone()).await).starts_with("grant_types: Implicit: public clients only."));
    assert_eq!(said(create(&house, with(implicit, json!({"confidential": false}))).await), "accepted");
}

#[tokio::test]
async fn asks_for_a_confirmation_of_full_access_with_long_tokens() {
    for house in instances().await {
        let risky = with(web("Risky"), json!({"access": "full", "access_token_lifetime": 3_601}));
        assert!(said(create(&house, risky.clone()).await).starts_with("confirm_high_risk: Full access with access tokens"));
        let hour = with(web("Hour"), json!({"access": "full", "access_token_lifetime": 3_600}));
        assert_eq!(said(create(&house, hour).await), "accepted");
        let made = create(&house, with(risky, json!({"confirm_high_risk": true}))).await.unwrap();
        let id = made.object.id.as_str();
        // Confirmed once, it can be edited; made longer, it must be confirmed again.
        assert_eq!(said(change(&house, id, json!({"description": "edited"})).await), "accepted");
        assert!(said(change(&house, id, json!({"access_token_lifetime": 7_200})).await).starts_with("confirm_high_risk"));
        let confirmed = json!({"access_token_lifetime": 7_200, "confirm_high_risk": true});
        assert_eq!(said(change(&house, id, confirmed).await), "accepted");
    }
}

#[tokio::test]
async fn keeps_a_client_inside_its_organization() {
    for house in instances().await {
        let (acme, other) = (house.organization("Acme").await, house.organization("Other").await);
        let (ours, theirs) = (house.team(&acme, "A").await, house.team(&other, "B").await);
        let of_acme = |name: &str, more: Value| with(with(web(name), json!({"organization": acme})), more);
        let refusal = said(create(&house, of_acme("1", json!({"owner_team": theirs}))).await);
        assert!(refusal.starts_with("owner_team: The team"), "{refusal}");
        let limits = json!({"team_restrictions": {"organizations": [other], "teams": [theirs, ours]}});
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
        let made = create(&house, with(service("S"), json!({"context_user": person}))).await.unwrap();
        assert_eq!(made.object.context_user.as_ref(), Some(&person));
        let bound = create(&house, service("Bound")).await.unwrap();
        let id = bound.object.id.as_str();
        let mut work = house.begin().await;
        let place = domain::access::Place::Instance;
        domain::access::bind(&mut work, 1, id, domain::access::AUDITOR, &place).await.unwrap();
        work.commit().await.unwrap();
        let refusal = said(change(&house, id, json!({"context_user": person})).await);
        assert!(refusal.starts_with("context_user: The client is bound to roles of its own."), "{refusal}");
    }
}

#[tokio::test]
async fn refuses_a_name_twice_in_one_organization_however_it_is_written() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        create(&house, web("Backend Service")).await.unwrap();
        let twice = said(create(&house, web("ｂackend  SERVICE")).await);
        assert_eq!(twice, "client_name: Another client of the instance has this name.", "{}", house.engine());
        let elsewhere = with(web("Backend Service"), json!({"organization": acme}));
        assert_eq!(said(create(&house, elsewhere).await), "accepted");
        // Moving it there collides, too.
        let other = with(web("backend service"), json!({"organization": house.organization("B").await}));
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
        assert!(outcomes[1..].iter().all(|o| o.starts_with("client_name: Another client")), "{outcomes:?}");
    }
}

#[tokio::test]
async fn answers_a_repeated_idempotency_key_with_the_same_client_and_no_secret() {
    for house in instances().await {
        let ask = async |draft: Value, key: &str| {
            let mut work = house.begin().await;
            let draft = Draft::read(&draft).unwrap();
            let made = clients::create(&mut work, &house.call(), &house.may(), draft, Some(key)).await?;
            work.commit().await?;
            Ok::<_, Refusal>((made.object.id.as_str().to_owned(), made.secret.is_some()))
        };
        let (first, shown) = ask(web("Once"), "k-1").await.unwrap();
        assert!(shown);
        assert_eq!(ask(web("Once"), "k-1").await.unwrap(), (first.clone(), false), "{}", house.engine());
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
        let made = create(&house, with(web("App"), json!({"description": "old", "access_token_lifetime": 600}))).await;
        let before = made.unwrap().object;
        house.clock.step(60);
        let patch = json!({"description": "new", "access_token_lifetime": null, "claims": {"tier": "gold"}});
        let changed = change(&house, before.id.as_str(), patch).await.unwrap();
        let fields: Vec<_> =
            changed.changes.iter().map(|c| format!("{}: {} → {}", c.field, c.before, c.after)).collect();
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
        let id = create(&house, with(web("App"), json!({"access": "full"}))).await.unwrap().object.id.as_str().to_owned();
        for (patch, want) in [
            (json!({"client_id": "other-id"}), "client_id: An id is never changed."),
            (json!({"client_secret": "s".repeat(40)}), "client_secret: A secret is changed by rotation"),
            (json!({"redirect_uris": []}), "redirect_uris: "),
            (json!({"redirect_uris": null}), "redirect_uris: "),
            (json!({"access": "read_only"}), "scopes: A read-only client can hold no scope that writes: `as_user:write`."),
            (json!({"grant_types": ["client_credentials"]}), "redirect_uris: Only clients with the authorization code"),
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
        let verdict = clients::secrets::verify(&house.read(), &again.after, candidate, house.clock.now());
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
        assert!(matches!(refusal, Err(Refusal::Stale { current }) if current == now), "{refusal:?}");
        let current = (&patch, Some(now));
        assert!(clients::change(&mut work, &house.call(), &house.may(), id, current).await.is_ok());
    }
}

#[tokio::test]
async fn pauses_for_good_what_was_issued_and_resumes_the_client() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap().object;
        let id = made.id.as_str();
        let mut work = house.begin().await;
        let paused = clients::pause(&mut work, &house.call(), &house.may(), id, None).await.unwrap().after;
        assert_eq!((paused.enabled, paused.epoch), (false, made.epoch + 1));
        // Paused already: nothing more happens.
        let again = clients::pause(&mut work, &house.call(), &house.may(), id, None).await.unwrap();
        assert_eq!((again.changes.len(), again.after.epoch), (0, paused.epoch));
        let resumed = clients::resume(&mut work, &house.call(), &house.may(), id, None).await.unwrap().after;
        assert_eq!((resumed.enabled, resumed.epoch), (true, paused.epoch), "old tokens stay dead");
        clients::revoke_tokens(&mut work, &house.call(), &house.may(), id).await.unwrap();
        work.commit().await.unwrap();
        let want = ["client.created", "client.paused", "client.resumed", "client.tokens_revoked"];
        assert_eq!(audited(&house, id).await, want);
        let now = clients::find(&mut house.read(), id).await.unwrap().unwrap();
        assert_eq!(now.epoch, paused.epoch + 1);
    }
}

#[tokio::test]
async fn knows_no_client_of_an_id_with_a_nul() {
    for house in instances().await {
        for id in ["a\0b", "", "usr_x", "mandate-admin "] {
            assert!(clients::find(&mut house.read(), id).await.unwrap().is_none(), "{id:?}");
            let shown = clients::show(&mut house.read(), &house.may(), id).await;
            assert!(matches!(shown, Err(Refusal::NotFound)));
            assert!(matches!(change(&house, id, json!({})).await, Err(Refusal::NotFound)));
        }
    }
}

#[tokio::test]
async fn refuses_nul_in_every_text_field() {
    let house = instances().await.remove(0);
    for field in Draft::FIELDS {
        let given = with(web("x"), json!({*field: "a\0b"}));
        let list = with(web("x"), json!({*field: ["a\0b"]}));
        for draft in [given, list] {
            let outcome = create(&house, draft).await;
            assert!(matches!(outcome, Err(Refusal::Invalid(_))), "{field}: {}", said(outcome));
        }
    }
}

#[tokio::test]
async fn lays_down_the_system_clients_once() {
    for house in instances().await {
        change(&house, "mandate-cli", json!({"description": "edited"})).await.unwrap();
        let mut work = house.begin().await;
        clients::ensure_defaults(&mut work, &house.call()).await.unwrap();
        work.commit().await.unwrap();
        let page = clients::list(&mut house.read(), &house.may(), &clients::ListQuery::default()).await.unwrap();
        let ids: BTreeSet<_> = page.items.iter().map(|item| item.id.as_str()).collect();
        let want = ["mandate-admin", "mandate-cli", "mandate-desktop", "mandate-mobile", "mandate-sync"];
        assert_eq!(ids, BTreeSet::from(want));
        assert!(page.items.iter().all(|item| item.is_system && item.secrets == 0));
        for id in want {
            let shown = clients::show(&mut house.read(), &house.may(), id).await.unwrap();
            assert!(id != "mandate-cli" || shown.description == "edited");
            // Each is good by the rules for everybody's clients.
            assert_eq!(said(change(&house, id, json!({"description": "good"})).await), "accepted", "{id}");
        }
        let admin = clients::find(&mut house.read(), clients::ADMIN_CLIENT).await.unwrap().unwrap();
        assert!(admin.scopes.contains("tokens:introspect") && admin.scopes.contains("settings:manage"));
    }
}

#[tokio::test]
async fn takes_the_bootstrap_secret_only_while_there_is_none() {
    async fn give(house: &House, secret: &str) -> Result<bool, Refusal> {
        let mut work = house.begin().await;
        let secret = domain::Plain::new(secret);
        let took = clients::set_bootstrap_secret(&mut work, &house.call(), clients::ADMIN_CLIENT, secret).await?;
        work.commit().await?;
        Ok(took)
    }
    for house in instances().await {
        assert!(said(give(&house, "too short").await).starts_with("client_secret: A secret of your own"));
        assert!(give(&house, &"first".repeat(8)).await.unwrap());
        assert!(!give(&house, &"second".repeat(8)).await.unwrap());
        let admin = clients::find(&mut house.read(), clients::ADMIN_CLIENT).await.unwrap().unwrap();
        let verdict = |secret: String| clients::secrets::verify(&house.read(), &admin, &secret, house.clock.now());
        assert!(matches!(verdict("first".repeat(8)), clients::secrets::Verdict::Living { .. }));
        assert_eq!(verdict("second".repeat(8)), clients::secrets::Verdict::Wrong);
    }
}
