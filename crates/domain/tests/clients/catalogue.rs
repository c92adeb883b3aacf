//! Scopes and resources: what is built in, what may be added, what cannot vanish.

use domain::resources::{self, NewResource};
use domain::scopes::{self, NewScope, ScopeKind};
use domain::{Refusal, access};
use protocol::scope::Scopes;
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{change, create, said, service, with};

async fn add_scope(house: &House, new: NewScope) -> Result<scopes::Scope, Refusal> {
    let mut work = house.begin().await;
    let made = scopes::create(&mut work, &house.call(), &house.may(), new).await?;
    work.commit().await?;
    Ok(made)
}

async fn drop_scope(house: &House, name: &str) -> Result<(), Refusal> {
    let mut work = house.begin().await;
    scopes::delete(&mut work, &house.call(), &house.may(), name).await?;
    Ok(work.commit().await?)
}

async fn add_resource(house: &House, new: NewResource) -> Result<resources::Resource, Refusal> {
    let mut work = house.begin().await;
    let made = resources::create(&mut work, &house.call(), &house.may(), new).await?;
    work.commit().await?;
    Ok(made)
}

fn orders(kind: ScopeKind) -> NewScope {
    NewScope {
        name: "orders:read".into(),
        kind,
        description: "See your orders".into(),
        resource: None,
    }
}

fn shop() -> NewResource {
    NewResource {
        identifier: "https://shop.example/api".into(),
        name: "Shop".into(),
        introspecting_clients: vec![],
    }
}

#[tokio::test]
async fn knows_a_scope_for_every_permission() {
    for house in instances().await {
        let listed = scopes::list(&mut house.read()).await.unwrap();
        for permission in access::PERMISSIONS {
            let scope = listed.iter().find(|s| s.name == permission.name).unwrap();
            assert_eq!(scope.kind.as_str(), permission.effect.as_str(), "{}", scope.name);
            assert!(scope.is_system && !scope.is_offered());
        }
        let offered: Vec<_> =
            listed.iter().filter(|s| s.is_offered()).map(|s| s.name.as_str()).collect();
        assert_eq!(
            offered,
            ["as_user:read", "as_user:write", "email", "offline_access", "openid", "profile"]
        );
    }
}

#[tokio::test]
async fn tells_the_kinds_of_known_scopes_and_leaves_out_the_others() {
    for house in instances().await {
        add_scope(&house, orders(ScopeKind::Write)).await.unwrap();
        let asked =
            Scopes::parse("openid orders:read nope:read as_user:write sync:profile:read").unwrap();
        let kinds = scopes::find_kinds(&mut house.read(), &asked).await.unwrap();
        let kinds: Vec<_> =
            kinds.into_iter().map(|(name, kind)| format!("{name} {}", kind.as_str())).collect();
        assert_eq!(
            kinds,
            [
                "as_user:write write",
                "openid identity",
                "orders:read write",
                "sync:profile:read read"
            ]
        );
    }
}

#[tokio::test]
async fn refuses_a_scope_that_people_could_not_understand_or_that_is_there() {
    for house in instances().await {
        add_scope(&house, orders(ScopeKind::Read)).await.unwrap();
        let named = |name: &str| NewScope { name: name.into(), ..orders(ScopeKind::Read) };
        for (new, want) in [
            (named("orders"), "name: `resource:action`"),
            (named(":read"), "name: `resource:action`"),
            (named("a b:read"), "name: `resource:action`"),
            (named("a\0:read"), "name: `resource:action`"),
            (named(&format!("{}:r", "a".repeat(100))), "name: `resource:action`"),
            (named("user:read"), "name: This name is built in."),
            (named("as_user:delete"), "name: This name is built in."),
            (named("orders:read"), "name: There is a scope of this name already."),
            (
                NewScope { name: "x:y".into(), ..orders(ScopeKind::Identity) },
                "kind: `read` or `write`",
            ),
            (
                NewScope { description: " ".into(), ..named("x:y") },
                "description: Say what it allows",
            ),
            (
                NewScope { resource: Some("res_x".into()), ..named("x:y") },
                "resource: There is no such resource.",
            ),
        ] {
            let got = said(add_scope(&house, new).await);
            assert!(got.starts_with(want), "{want}: {got} on {}", house.engine());
        }
    }
}

#[tokio::test]
async fn a_scope_in_use_cannot_vanish() {
    for house in instances().await {
        add_scope(&house, orders(ScopeKind::Read)).await.unwrap();
        let draft = with(service("S"), json!({"scopes": ["orders:read"]}));
        let id = create(&house, draft).await.unwrap().object.id.as_str().to_owned();
        assert_eq!(scopes::count_holders(&mut house.read(), "orders:read").await.unwrap(), 1);
        let refusal = said(drop_scope(&house, "orders:read").await);
        assert_eq!(refusal, "conflict: 1 clients may ask for this scope. Take it from them first.");
        change(&house, &id, json!({"scopes": []})).await.unwrap();
        drop_scope(&house, "orders:read").await.unwrap();
        assert!(matches!(drop_scope(&house, "orders:read").await, Err(Refusal::NotFound)));
        assert_eq!(
            said(drop_scope(&house, "openid").await),
            "conflict: Built-in scopes cannot be deleted."
        );
    }
}

#[tokio::test]
async fn knows_its_own_two_resources() {
    for house in instances().await {
        for (id, identifier) in [
            (resources::USERINFO, "https://id.example/oauth2/userinfo"),
            (resources::API, "https://id.example/api/v1"),
        ] {
            let found = resources::find_by_identifier(&mut house.read(), identifier)
                .await
                .unwrap()
                .unwrap();
            assert_eq!((found.id.as_str(), found.is_system), (id, true));
            assert_eq!(resources::find(&mut house.read(), id).await.unwrap(), Some(found));
        }
        for other in ["https://id.example/api/v1/", "https://ID.example/api/v1", "", "a\0b"] {
            assert!(
                resources::find_by_identifier(&mut house.read(), other).await.unwrap().is_none(),
                "{other:?}"
            );
        }
    }
}

#[tokio::test]
async fn lets_only_its_own_clients_introspect_a_resource() {
    for house in instances().await {
        let server =
            create(&house, service("Shop server")).await.unwrap().object.id.as_str().to_owned();
        let made = NewResource { introspecting_clients: vec![server.clone()], ..shop() };
        let made = add_resource(&house, made).await.unwrap();
        let may = async |client: &str, ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            resources::may_introspect(&mut house.read(), client, &ids).await.unwrap()
        };
        assert!(may(&server, &[&made.id]).await);
        assert!(may(&server, &["userinfo", &made.id]).await);
        assert!(!may(&server, &["userinfo"]).await);
        assert!(!may(&server, &[]).await);
        assert!(!may("mandate-admin", &[&made.id]).await);
        let listed = resources::list(&mut house.read(), &house.may()).await.unwrap();
        assert_eq!(listed.iter().find(|r| r.id == made.id), Some(&made));
    }
}

#[tokio::test]
async fn refuses_a_resource_that_is_none_is_there_or_is_in_use() {
    for house in instances().await {
        let made = add_resource(&house, shop()).await.unwrap();
        let called = |identifier: &str| NewResource { identifier: identifier.into(), ..shop() };
        let served = |client: &str| NewResource {
            introspecting_clients: vec![client.into()],
            ..called("https://a.example")
        };
        for (new, want) in [
            (called("shop"), "identifier: "),
            (called("https://a.example/#x"), "identifier: "),
            (
                called("https://shop.example/api"),
                "identifier: There is a resource with this identifier already.",
            ),
            (
                NewResource { name: String::new(), ..called("https://a.example") },
                "name: A name is needed",
            ),
            (served("nobody"), "introspecting_clients: There is no client `nobody`."),
            (served("a\0b"), "introspecting_clients: There is no client"),
            (served("mandate-cli"), "introspecting_clients: `mandate-cli` is public"),
        ] {
            let got = said(add_resource(&house, new).await);
            assert!(got.starts_with(want), "{want}: {got}");
        }
        let draft = with(service("S"), json!({"default_resource": "https://shop.example/api"}));
        let id = create(&house, draft).await.unwrap().object.id.as_str().to_owned();
        let drop_resource = async |id: &str| {
            let mut work = house.begin().await;
            resources::delete(&mut work, &house.call(), &house.may(), id).await?;
            work.commit().await?;
            Ok::<_, Refusal>(())
        };
        assert!(
            said(drop_resource(&made.id).await)
                .starts_with("conflict: Scopes belong to this resource")
        );
        change(&house, &id, json!({"default_resource": null})).await.unwrap();
        assert_eq!(said(drop_resource(&made.id).await), "accepted");
        assert_eq!(
            said(drop_resource("api").await),
            "conflict: Built-in resources cannot be deleted."
        );
        assert!(matches!(drop_resource("a\0b").await, Err(Refusal::NotFound)));
    }
}
