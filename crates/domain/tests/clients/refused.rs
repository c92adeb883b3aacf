//! Drafts that are refused, each with the rule it breaks.

use domain::Refusal;
use domain::clients::{self, Draft};
use serde_json::{Value, json};

use crate::fixture::instances;
use crate::{change, create, said, service, web, with};

/// What it is, the draft, and how the refusal begins.
type Case = (&'static str, Value, &'static str);

/// Every case, for an instance without legacy grants.
fn refused_drafts() -> Vec<Case> {
    [
        wrong_names(),
        wrong_ids(),
        wrong_grants(),
        wrong_credentials(),
        wrong_redirects(),
        wrong_scopes(),
        wrong_places(),
        wrong_lifetimes(),
        wrong_context_users(),
        wrong_limits(),
        unknown_fields(),
    ]
    .concat()
}

fn wrong_names() -> Vec<Case> {
    vec![
        ("no name", web(""), "client_name: A name is needed: 1 to 200 characters."),
        ("201 letters", web(&"ж".repeat(201)), "client_name: A name has at most 200 characters."),
        (
            "a bidi mark",
            web("a\u{202E}b"),
            "client_name: A name cannot hold control characters or direction marks.",
        ),
        ("a NUL", web("a\0b"), "client_name: No NUL characters."),
        (
            "a bidi mark in the description",
            with(web("x"), json!({"description": "\u{202E}"})),
            "description: Control",
        ),
        (
            "a plain http logo",
            with(web("x"), json!({"logo_uri": "http://localhost/l.png"})),
            "logo_uri: A logo is fetched by https only.",
        ),
        (
            "a script as logo",
            with(web("x"), json!({"logo_uri": "javascript:alert(1)"})),
            "logo_uri: ",
        ),
        (
            "21 contacts",
            with(web("x"), json!({"contacts": (0..21).map(|n| n.to_string()).collect::<Vec<_>>()})),
            "contacts: At most 20",
        ),
    ]
}

fn wrong_ids() -> Vec<Case> {
    vec![
        ("a short id", with(web("x"), json!({"client_id": "ab"})), "client_id: 3 to 128"),
        (
            "129 letters",
            with(web("x"), json!({"client_id": "a".repeat(129)})),
            "client_id: 3 to 128",
        ),
        ("a slash", with(web("x"), json!({"client_id": "a/b/c"})), "client_id: 3 to 128"),
        (
            "a person's id",
            with(web("x"), json!({"client_id": "usr_1"})),
            "client_id: This id is reserved",
        ),
        ("self", with(web("x"), json!({"client_id": "self"})), "client_id: This id is reserved"),
        (
            "bulk-delete",
            with(web("x"), json!({"client_id": "bulk-delete"})),
            "client_id: This id is reserved",
        ),
        (
            "dots alone",
            with(web("x"), json!({"client_id": "..."})),
            "client_id: This id is reserved",
        ),
        (
            "a taken id",
            with(web("x"), json!({"client_id": "mandate-admin"})),
            "client_id: This id is taken.",
        ),
    ]
}

fn wrong_grants() -> Vec<Case> {
    let public = json!({"confidential": false});
    vec![
        (
            "no grant",
            with(service("x"), json!({"grant_types": []})),
            "grant_types: Choose at least one grant.",
        ),
        (
            "credentials without a secret",
            with(service("x"), public.clone()),
            "grant_types: Client credentials: confidential clients only",
        ),
        (
            "refresh alone",
            with(service("x"), json!({"grant_types": ["client_credentials", "refresh_token"]})),
            "grant_types: Refresh tokens come with",
        ),
        (
            "a legacy grant",
            with(service("x"), json!({"grant_types": ["password"], "scopes": ["openid"]})),
            "grant_types: The legacy grant `password` is switched off",
        ),
    ]
}

fn wrong_credentials() -> Vec<Case> {
    let public = json!({"confidential": false});
    vec![
        (
            "confidential without a method",
            with(web("x"), json!({"auth_methods": ["none"], "confidential": true})),
            "auth_methods: A confidential client proves itself",
        ),
        (
            "public with a method",
            with(web("x"), json!({"auth_methods": ["client_secret_basic"], "confidential": false})),
            "auth_methods: A public client holds no secret",
        ),
        (
            "public without PKCE",
            with(with(web("x"), public.clone()), json!({"pkce": "optional"})),
            "pkce: A public client must use PKCE",
        ),
        (
            "public, refresh without PKCE",
            with(with(web("x"), public.clone()), json!({"refresh_without_pkce": true})),
            "refresh_without_pkce: ",
        ),
        (
            "public keeps refresh tokens",
            with(with(web("x"), public.clone()), json!({"refresh_rotation": "keep"})),
            "refresh_rotation: ",
        ),
        (
            "public with a secret",
            with(with(web("x"), public), json!({"client_secret": "s".repeat(32)})),
            "client_secret: A public client has no secret.",
        ),
        (
            "a short secret",
            with(web("x"), json!({"client_secret": "s".repeat(31)})),
            "client_secret: A secret of your own has 32 to 512",
        ),
        (
            "a blank secret",
            with(web("x"), json!({"client_secret": " ".repeat(40)})),
            "client_secret: A secret of your own has 32 to 512",
        ),
        (
            "a false mcs_",
            with(web("x"), json!({"client_secret": format!("mcs_{}", "A".repeat(48))})),
            "client_secret: It begins like a secret of this server",
        ),
    ]
}

fn wrong_redirects() -> Vec<Case> {
    vec![
        (
            "code without a URI",
            json!({"client_name": "x"}),
            "redirect_uris: The authorization code and implicit grants need",
        ),
        (
            "a URI without code",
            with(service("x"), json!({"redirect_uris": ["https://a.example/cb"]})),
            "redirect_uris: Only clients with the authorization code",
        ),
        (
            "a wildcard",
            with(web("x"), json!({"redirect_uris": ["https://*.example.com/cb"]})),
            "redirect_uris: `https://*.example.com/cb`: ",
        ),
        (
            "a fragment",
            with(web("x"), json!({"redirect_uris": ["https://a.example/cb#x"]})),
            "redirect_uris: `https://a.example/cb#x`: ",
        ),
        (
            "plain http",
            with(web("x"), json!({"redirect_uris": ["http://a.example/cb"]})),
            "redirect_uris: `http://a.example/cb`: ",
        ),
        (
            "a script",
            with(web("x"), json!({"redirect_uris": ["javascript:alert(1)"]})),
            "redirect_uris: `javascript:alert(1)`: ",
        ),
        (
            "a scheme without a dot",
            with(web("x"), json!({"redirect_uris": ["myapp:/cb"]})),
            "redirect_uris: `myapp:/cb`: ",
        ),
        (
            "101 URIs",
            with(
                web("x"),
                json!({"redirect_uris": (0..101).map(|n| format!("https://a.example/{n}")).collect::<Vec<_>>()}),
            ),
            "redirect_uris: At most 100 URIs.",
        ),
    ]
}

fn wrong_scopes() -> Vec<Case> {
    vec![
        (
            "an unknown scope",
            with(web("x"), json!({"scopes": ["openid", "nope:read"]})),
            "scopes: There is no such scope: `nope:read`.",
        ),
        (
            "no scope name",
            with(web("x"), json!({"scopes": ["openid", "a b"]})),
            "scopes: `a b` is not the name of a scope",
        ),
        (
            "read-only that writes",
            with(web("x"), json!({"scopes": ["openid", "as_user:write", "scim:write"]})),
            "scopes: A read-only client can hold no scope that writes: `as_user:write`, `scim:write`.",
        ),
        (
            "no scopes",
            with(web("x"), json!({"scopes": []})),
            "scopes: An application that people sign in to needs at least one scope.",
        ),
        (
            "a default beyond",
            with(web("x"), json!({"scopes": ["openid"], "default_scopes": ["openid", "email"]})),
            "default_scopes: Not among the client's scopes: `email`.",
        ),
        (
            "a default that writes",
            with(
                web("x"),
                json!({"access": "full", "scopes": ["openid", "as_user:write"], "default_scopes": ["as_user:write"]}),
            ),
            "default_scopes: What is not asked for never writes",
        ),
        (
            "an unknown resource",
            with(web("x"), json!({"default_resource": "https://nowhere.example"})),
            "default_resource: There is no resource",
        ),
    ]
}

fn wrong_places() -> Vec<Case> {
    vec![
        (
            "an unknown organization",
            with(web("x"), json!({"organization": "org_x"})),
            "organization: There is no such organization.",
        ),
        (
            "an unknown team",
            with(web("x"), json!({"owner_team": "team_x"})),
            "owner_team: There is no such team: `team_x`.",
        ),
        (
            "an unknown limit",
            with(web("x"), json!({"team_restrictions": {"teams": ["team_x"]}})),
            "team_restrictions: There is no such team",
        ),
    ]
}

fn wrong_lifetimes() -> Vec<Case> {
    vec![
        (
            "59 seconds",
            with(web("x"), json!({"access_token_lifetime": 59})),
            "access_token_lifetime: An access token lives 60 seconds to 24 hours",
        ),
        (
            "0 seconds",
            with(web("x"), json!({"access_token_lifetime": 0})),
            "access_token_lifetime: ",
        ),
        (
            "-1 seconds",
            with(web("x"), json!({"access_token_lifetime": -1})),
            "access_token_lifetime: ",
        ),
        (
            "a day and a second",
            with(web("x"), json!({"access_token_lifetime": 86_401})),
            "access_token_lifetime: ",
        ),
        (
            "the longest number",
            with(web("x"), json!({"access_token_lifetime": i64::MAX})),
            "access_token_lifetime: ",
        ),
        (
            "an overflow",
            with(web("x"), json!({"access_token_lifetime": 1e300})),
            "access_token_lifetime: A whole number is needed.",
        ),
        (
            "a fraction",
            with(web("x"), json!({"refresh_token_lifetime": 3600.5})),
            "refresh_token_lifetime: A whole number is needed.",
        ),
        (
            "59 minutes",
            with(web("x"), json!({"refresh_token_lifetime": 3_599})),
            "refresh_token_lifetime: A refresh token lives 1 hour to 365 days",
        ),
        (
            "366 days",
            with(web("x"), json!({"refresh_token_lifetime": 366 * 86_400})),
            "refresh_token_lifetime: ",
        ),
        (
            "idle beyond",
            with(
                web("x"),
                json!({"refresh_token_lifetime": 7_200, "refresh_token_idle_lifetime": 7_201}),
            ),
            "refresh_token_idle_lifetime: ",
        ),
        (
            "overlap of 121",
            with(web("x"), json!({"refresh_overlap": 121})),
            "refresh_overlap: The overlap is 0 to 120 seconds.",
        ),
    ]
}

fn wrong_context_users() -> Vec<Case> {
    vec![
        (
            "a context user on code",
            with(web("x"), json!({"context_user": "usr_x"})),
            "context_user: A context user belongs to the client credentials grant",
        ),
        (
            "an unknown context user",
            with(service("x"), json!({"context_user": "usr_x"})),
            "context_user: There is no such person.",
        ),
        (
            "nobody to continue without",
            with(service("x"), json!({"continue_without_context_user": true})),
            "continue_without_context_user: ",
        ),
    ]
}

fn wrong_limits() -> Vec<Case> {
    vec![
        (
            "201 tokens",
            with(service("x"), json!({"max_active_tokens": 201})),
            "max_active_tokens: 1 to 200",
        ),
        (
            "no tokens",
            with(service("x"), json!({"max_active_tokens": 0})),
            "max_active_tokens: 1 to 200",
        ),
        (
            "a limit on the wrong grant",
            with(web("x"), json!({"max_active_tokens": 5})),
            "max_active_tokens: A limit of living tokens belongs to",
        ),
        (
            "rate 0",
            with(service("x"), json!({"token_requests_per_second": 0})),
            "token_requests_per_second: ",
        ),
        (
            "a forged claim",
            with(web("x"), json!({"claims": {"sub": "usr_admin"}})),
            "claims: The server itself writes these claims: sub.",
        ),
        (
            "5 kB of claims",
            with(web("x"), json!({"claims": {"x": "y".repeat(5_000)}})),
            "claims: At most 4,096 bytes",
        ),
        (
            "host bits",
            with(web("x"), json!({"trusted_ips": ["10.0.0.5/8"]})),
            "trusted_ips: Line 1: `10.0.0.5/8` has bits set",
        ),
    ]
}

fn unknown_fields() -> Vec<Case> {
    vec![(
        "an unknown field",
        with(web("x"), json!({"redirect_uri": "https://a.example"})),
        "redirect_uri: A client has no such field. Did you mean `redirect_uris`?",
    )]
}

#[tokio::test]
async fn refuses_each_draft_with_the_rule_it_breaks_and_changes_nothing() {
    for house in instances().await {
        for (what, draft, want) in refused_drafts() {
            let got = said(create(&house, draft).await);
            assert!(
                got.lines().any(|line| line.starts_with(want)),
                "{what} on {}: {got}",
                house.engine()
            );
        }
        let page = clients::list(&mut house.read(), &house.may(), &clients::ListQuery::default())
            .await
            .unwrap();
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
