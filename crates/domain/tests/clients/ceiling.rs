//! Nobody gives a client more than they have, nor sees what is not theirs.

use domain::access::{Authority, May, PERMISSIONS, Place};
use domain::clients::{self, ListQuery};
use domain::{Actor, Refusal, UserId};
use serde_json::{Value, json};

use crate::fixture::{House, administrator, instances, manager_of, team_manager_of};
use crate::{create, create_by, said, service, web, with};

const MANAGER: &[&str] = &[
    "oauth_client:read",
    "oauth_client:create",
    "oauth_client:update",
    "oauth_client:rotate",
    "oauth_client:delete",
];

async fn change_by(
    house: &House,
    authority: &Authority,
    id: &str,
    patch: Value,
) -> Result<(), Refusal> {
    let mut work = house.begin().await;
    let may: May<_> = authority.may()?;
    let call = house.call_of(authority.actor.clone());
    clients::change(&mut work, &call, &may, id, (&patch, None)).await?;
    Ok(work.commit().await?)
}

async fn rotate_by(
    house: &House,
    authority: &Authority,
    id: &str,
    name: &str,
) -> Result<(), Refusal> {
    let mut work = house.begin().await;
    let rotation = clients::secrets::Rotation { confirm_name: name.into(), ..Default::default() };
    let call = house.call_of(authority.actor.clone());
    clients::secrets::rotate(&mut work, &call, &authority.may()?, id, rotation).await?;
    Ok(work.commit().await?)
}

#[tokio::test]
async fn refuses_a_client_that_may_do_what_its_maker_may_not() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        let ann = house.person("ann@example.com").await;
        let manager = manager_of(&ann, &acme, MANAGER);
        let draft = |name: &str, scopes: Value| {
            with(service(name), json!({"organization": acme, "scopes": scopes}))
        };
        let refusal = said(create_by(&house, &manager, draft("S", json!(["scim:read"]))).await);
        assert!(refusal.starts_with("forbidden, scim:read: "), "{refusal}");
        let own = draft("S", json!(["oauth_client:read"]));
        assert_eq!(said(create_by(&house, &manager, own).await), "accepted");
        // What acts for who signs in never exceeds them.
        let app = with(web("App"), json!({"organization": acme}));
        assert_eq!(said(create_by(&house, &manager, app).await), "accepted");
        // What acts for itself with every right it is bound to does.
        let bound = draft("T", json!(["as_user:read"]));
        assert!(
            said(create_by(&house, &manager, bound).await).starts_with("forbidden, as_user:read")
        );
    }
}

#[tokio::test]
async fn refuses_to_take_over_a_wider_client_by_its_secret_or_its_settings() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        let manager = manager_of(&house.person("ann@example.com").await, &acme, MANAGER);
        let wide = with(service("Wide"), json!({"organization": acme, "scopes": ["user:read"]}));
        let id = create(&house, wide).await.unwrap().object.id.as_str().to_owned();
        let refusal = said(rotate_by(&house, &manager, &id, "Wide").await);
        assert!(refusal.starts_with("forbidden, user:read"), "{refusal}");
        for patch in [
            json!({"trusted_ips": ["198.51.100.1"]}),
            json!({"scopes": ["user:read", "oauth_client:read"]}),
            json!({"scopes": []}),
            json!({"access_token_lifetime": 7200}),
            json!({"claims": {"a": 1}}),
        ] {
            let refusal = said(change_by(&house, &manager, &id, patch.clone()).await);
            assert!(refusal.starts_with("forbidden, user:read"), "{patch}: {refusal}");
        }
        // Words, a shorter life and pausing are theirs; enabling it again is not.
        for patch in [
            json!({"description": "x"}),
            json!({"access_token_lifetime": 60}),
            json!({"enabled": false}),
        ] {
            assert_eq!(said(change_by(&house, &manager, &id, patch).await), "accepted");
        }
        assert!(
            said(change_by(&house, &manager, &id, json!({"enabled": true})).await)
                .starts_with("forbidden")
        );
    }
}

#[tokio::test]
async fn lets_a_client_act_for_its_maker_but_not_for_somebody_else() {
    for house in instances().await {
        let (ann, bob) =
            (house.person("ann@example.com").await, house.person("bob@example.com").await);
        let acme = house.organization("Acme").await;
        let manager = manager_of(&ann, &acme, MANAGER);
        let of = |name: &str, user: &UserId| {
            let more =
                json!({"organization": acme, "context_user": user, "scopes": ["as_user:read"]});
            with(service(name), more)
        };
        assert_eq!(said(create_by(&house, &manager, of("A", &ann)).await), "accepted");
        let refusal = said(create_by(&house, &manager, of("B", &bob)).await);
        assert!(refusal.contains("You can make a client act for yourself only."), "{refusal}");
        let all: Vec<&str> = PERMISSIONS.iter().map(|p| p.name).collect();
        assert_eq!(
            said(create_by(&house, &administrator(&ann, &all), of("B", &bob)).await),
            "accepted"
        );
    }
}

#[tokio::test]
async fn hides_the_clients_of_other_places() {
    for house in instances().await {
        let (acme, other) = (house.organization("Acme").await, house.organization("Other").await);
        let (ours, theirs) = (house.team(&acme, "Ours").await, house.team(&acme, "Theirs").await);
        let ann = house.person("ann@example.com").await;
        let of = |name: &str, organization: &str, team: &str| {
            with(web(name), json!({"organization": organization, "owner_team": team}))
        };
        let mine = create(&house, of("Mine", &acme, &ours)).await.unwrap().object;
        let next_door = create(&house, of("Next door", &acme, &theirs)).await.unwrap().object;
        create(&house, with(web("Far"), json!({"organization": other}))).await.unwrap();

        let names = async |authority: &Authority| {
            let may = authority.may().unwrap();
            let page = clients::list(&mut house.read(), &may, &ListQuery::default()).await.unwrap();
            page.items.into_iter().map(|item| item.name).collect::<Vec<_>>()
        };
        let team_manager = team_manager_of(&ann, &ours, MANAGER);
        assert_eq!(names(&team_manager).await, ["Mine"], "{}", house.engine());
        assert_eq!(names(&manager_of(&ann, &acme, MANAGER)).await, ["Mine", "Next door"]);

        let see = async |id: &str| {
            clients::show(&mut house.read(), &team_manager.may().unwrap(), id).await
        };
        assert!(see(mine.id.as_str()).await.is_ok());
        assert!(matches!(see(next_door.id.as_str()).await, Err(Refusal::NotFound)));
        let id = next_door.id.as_str();
        assert!(matches!(
            change_by(&house, &team_manager, id, json!({})).await,
            Err(Refusal::NotFound)
        ));
        assert!(matches!(
            rotate_by(&house, &team_manager, id, "Next door").await,
            Err(Refusal::NotFound)
        ));
        let mut work = house.begin().await;
        let may = team_manager.may().unwrap();
        let gone = clients::delete(&mut work, &house.call(), &may, id, "Next door").await;
        assert!(matches!(gone, Err(Refusal::NotFound)));
        drop(work);
        // A client cannot be moved out of reach either.
        let moved =
            change_by(&house, &team_manager, mine.id.as_str(), json!({"owner_team": theirs})).await;
        assert!(
            said(moved).starts_with("forbidden, oauth_client:update: You hold it in other places")
        );
    }
}

#[tokio::test]
async fn a_manager_of_one_place_makes_clients_there_without_naming_it() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        let team = house.team(&acme, "Ours").await;
        let ann = house.person("ann@example.com").await;
        let made = create_by(&house, &team_manager_of(&ann, &team, MANAGER), web("A"))
            .await
            .unwrap()
            .object;
        assert_eq!(
            (made.organization.as_deref(), made.owner_team.as_deref()),
            (Some(&*acme), Some(&*team))
        );
        let made =
            create_by(&house, &manager_of(&ann, &acme, MANAGER), web("B")).await.unwrap().object;
        assert_eq!(
            (made.organization.as_deref(), made.owner_team.as_deref()),
            (Some(&*acme), None)
        );
        let other = house.organization("Other").await;
        let elsewhere = with(web("C"), json!({"organization": other}));
        let refusal = said(create_by(&house, &manager_of(&ann, &acme, MANAGER), elsewhere).await);
        assert!(refusal.starts_with("forbidden, oauth_client:create"), "{refusal}");
    }
}

#[tokio::test]
async fn only_managers_of_the_whole_instance_vouch() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        let manager = manager_of(&house.person("ann@example.com").await, &acme, MANAGER);
        let vouched = with(web("A"), json!({"verified": true}));
        assert!(said(create_by(&house, &manager, vouched).await).contains("can vouch for one"));
        let id = create_by(&house, &manager, web("A")).await.unwrap().object.id.as_str().to_owned();
        let refusal = said(change_by(&house, &manager, &id, json!({"verified": true})).await);
        assert!(refusal.contains("can vouch for one"), "{refusal}");
    }
}

#[tokio::test]
async fn refuses_who_holds_the_permission_nowhere() {
    let house = instances().await.remove(0);
    let nobody = Authority::new(Actor::nobody(), domain::access::Rights::default());
    assert_eq!(
        said(create_by(&house, &nobody, web("A")).await),
        "forbidden, oauth_client:create: "
    );
}

#[tokio::test]
async fn refuses_to_bind_a_role_to_a_client_that_may_do_what_the_binder_may_not() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        let ann = house.person("ann@example.com").await;
        let team = house.team(&acme, "Ours").await;
        let manager = manager_of(&ann, &acme, &["role:manage", "role:read", "team:read"]);
        let of = |name: &str, scopes: Value| {
            with(service(name), json!({"organization": acme, "scopes": scopes}))
        };
        let narrow = create(&house, of("Narrow", json!(["role:read"]))).await.unwrap();
        let wide = create(&house, of("Wide", json!(["role:read", "user:read"]))).await.unwrap();
        let (narrow, wide) = (&narrow.object.id, &wide.object.id);
        let new = domain::roles::NewRole {
            name: "Reader of roles".into(),
            description: String::new(),
            permissions: vec!["role:read".into()],
        };
        let mut work = house.begin().await;
        let role = domain::roles::create(&mut work, &house.call(), &house.may(), new).await;
        work.commit().await.unwrap();
        let role = role.unwrap().role.id;
        let bind = async |authority: &Authority, subject: &str| {
            let mut work = house.begin().await;
            let new = domain::roles::NewBinding {
                subject: subject.to_owned(),
                role: role.clone(),
                place: Place::Team(team.clone()),
            };
            let call = house.call_of(authority.actor.clone());
            let made = domain::roles::bind(&mut work, &call, &authority.may()?, new).await?;
            work.commit().await?;
            Ok::<_, Refusal>(made.id)
        };
        assert!(bind(&manager, narrow.as_str()).await.is_ok(), "{}", house.engine());
        let refusal = said(bind(&manager, wide.as_str()).await);
        assert!(refusal.starts_with("forbidden, user:read: The client could do"), "{refusal}");
        let bound = bind(&Authority::operator("host"), wide.as_str()).await.unwrap();
        // What it holds is as little theirs to take away.
        let mut work = house.begin().await;
        let may = manager.may().unwrap();
        let taken = domain::roles::unbind(&mut work, &house.call(), &may, &bound).await;
        assert!(said(taken).starts_with("forbidden, user:read"));
    }
}
