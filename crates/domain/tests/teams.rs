//! Organizations, teams and members: names, reach, ceilings, and changes that count at once.
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use domain::access::{
    self, AUDITOR, Authority, MEMBER, ManageTeams, PLATFORM_ADMINISTRATOR, Place, ReadTeams, Rights,
};
use domain::teams::{self, Leaving, ListQuery, Organization, Team};
use domain::{Actor, Refusal, Work};
use people::{World, may, worlds};

async fn organization(world: &World, work: &mut Work, name: &str) -> Organization {
    teams::create_organization(work, &world.call(), &may(), name).await.unwrap()
}

async fn team(world: &World, work: &mut Work, organization: &Organization, name: &str) -> Team {
    teams::create_team(work, &world.call(), &may(), &organization.id, name).await.unwrap()
}

fn field(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::Invalid(errors) => &errors[0].field,
        other => panic!("{other:?}"),
    }
}

/// The members on the first page.
async fn members(work: &mut Work, team: &str) -> Vec<teams::Member> {
    let page = teams::list_members(work, &may(), team, &ListQuery::default()).await;
    page.unwrap().items
}

#[tokio::test]
async fn refuses_one_name_twice_in_one_place() {
    for world in worlds().await {
        let call = world.call();
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let other = organization(&world, &mut work, "Other").await;
        team(&world, &mut work, &acme, "Backend").await;
        team(&world, &mut work, &other, "Backend").await;
        work.commit().await.unwrap();
        let twice =
            teams::create_organization(&mut world.work().await, &call, &may(), " ACME ").await;
        assert_eq!(field(&twice.unwrap_err()), "name");
        let twice =
            teams::create_team(&mut world.work().await, &call, &may(), &acme.id, "backEnd").await;
        assert_eq!(field(&twice.unwrap_err()), "name");
        let nowhere =
            teams::create_team(&mut world.work().await, &call, &may(), "org_x", "Team").await;
        assert_eq!(field(&nowhere.unwrap_err()), "organization");
        let empty = teams::create_organization(&mut world.work().await, &call, &may(), " ").await;
        assert_eq!(field(&empty.unwrap_err()), "name");
    }
}

#[tokio::test]
async fn renames_under_the_version_that_was_read() {
    for world in worlds().await {
        let (call, manage) = (world.call(), may::<ManageTeams>());
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let ours = team(&world, &mut work, &acme, "Ours").await;
        let acme =
            teams::rename_organization(&mut work, &call, &manage, (&acme.id, Some(1)), "Acme 2")
                .await
                .unwrap();
        let stale =
            teams::rename_organization(&mut work, &call, &manage, (&acme.id, Some(1)), "Acme 3")
                .await;
        assert!(matches!(stale, Err(Refusal::Stale { current: 2 })), "{stale:?}");
        let ours = teams::rename_team(&mut work, &call, &manage, (&ours.id, None), "Ours 2")
            .await
            .unwrap();
        assert_eq!(teams::find_team(&mut work, &ours.id).await.unwrap().unwrap(), ours);
        assert_eq!(teams::find_organization(&mut work, &acme.id).await.unwrap().unwrap(), acme);
        let stale =
            teams::rename_team(&mut work, &call, &manage, (&ours.id, Some(1)), "Ours 3").await;
        assert!(matches!(stale, Err(Refusal::Stale { current: 2 })), "{stale:?}");
        work.commit().await.unwrap();
        let renamed: Vec<_> =
            world.trail().await.into_iter().filter(|e| e.action.ends_with("updated")).collect();
        assert_eq!(renamed.len(), 2);
        assert_eq!(renamed[1].changes[0].after, "Ours 2");
    }
}

#[tokio::test]
async fn membership_counts_from_the_next_statement_on() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let call = world.call();
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let [one, two] = [
            team(&world, &mut work, &acme, "One").await,
            team(&world, &mut work, &acme, "Two").await,
        ];
        let names = async |work: &mut Work| -> Vec<String> {
            teams::teams_of_user(work, &ann.id)
                .await
                .unwrap()
                .into_iter()
                .map(|team| team.name)
                .collect()
        };
        assert!(names(&mut work).await.is_empty());
        for role in [MEMBER, MEMBER, AUDITOR] {
            teams::add_member(&mut work, &call, &may(), (&two.id, &ann.id), role).await.unwrap();
        }
        assert_eq!(names(&mut work).await, ["Two"]);
        let found = members(&mut work, &two.id).await;
        assert_eq!((found.len(), found[0].roles.len()), (1, 2));

        access::bind(
            &mut work,
            call.now,
            ann.id.as_str(),
            MEMBER,
            &Place::Organization(acme.id.clone()),
        )
        .await
        .unwrap();
        assert_eq!(names(&mut work).await, ["One", "Two"]);
        team(&world, &mut work, &acme, "Three").await;
        assert_eq!(names(&mut work).await, ["One", "Three", "Two"], "later teams too");

        teams::remove_member(&mut work, &call, &may(), &two.id, &ann.id).await.unwrap();
        assert!(members(&mut work, &two.id).await.is_empty());
        let again = teams::remove_member(&mut work, &call, &may(), &one.id, &ann.id).await;
        assert!(matches!(again, Err(Refusal::NotFound)), "{again:?}");
        work.commit().await.unwrap();
        let added = world
            .actions()
            .await
            .into_iter()
            .filter(|action| action == "team.member_added")
            .count();
        assert_eq!(added, 2, "the same role again is no change");
    }
}

#[tokio::test]
async fn refuses_members_and_roles_that_do_not_exist() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let ours = team(&world, &mut work, &acme, "Ours").await;
        let nobody = domain::UserId::new("usr_x");
        for (user, role, wrong) in [(&nobody, MEMBER, "user"), (&ann.id, "role_x", "role")] {
            let refusal =
                teams::add_member(&mut work, &world.call(), &may(), (&ours.id, user), role).await;
            assert_eq!(field(&refusal.unwrap_err()), wrong);
        }
    }
}

#[tokio::test]
async fn nobody_gives_more_than_they_have_or_sees_what_is_not_theirs() {
    for world in worlds().await {
        let (ann, bob) =
            (world.person("ann@example.com").await, world.person("bob@example.com").await);
        let call = world.call();
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let ours = team(&world, &mut work, &acme, "Ours").await;
        let theirs = team(&world, &mut work, &acme, "Theirs").await;
        work.commit().await.unwrap();
        // Somebody who manages this team and may do nothing else.
        let held = ["team:manage", "team:read"].map(str::to_owned).into();
        let rights = Rights { teams: [(ours.id.clone(), held)].into(), ..Rights::default() };
        let authority = Authority::new(Actor::user(ann.id.clone()), rights);
        let (manage, read) =
            (authority.may::<ManageTeams>().unwrap(), authority.may::<ReadTeams>().unwrap());
        let mut work = world.work().await;
        teams::add_member(&mut work, &call, &manage, (&ours.id, &bob.id), MEMBER).await.unwrap();
        for role in [PLATFORM_ADMINISTRATOR, AUDITOR] {
            let beyond =
                teams::add_member(&mut work, &call, &manage, (&ours.id, &bob.id), role).await;
            assert!(matches!(beyond, Err(Refusal::Forbidden { .. })), "{beyond:?}");
        }
        for refused in [
            teams::add_member(&mut work, &call, &manage, (&theirs.id, &bob.id), MEMBER).await,
            teams::remove_member(&mut work, &call, &manage, &theirs.id, &bob.id).await,
            teams::delete_team(&mut work, &call, &manage, &theirs.id, Leaving::WithMembers).await,
            teams::rename_team(&mut work, &call, &manage, (&theirs.id, None), "Mine")
                .await
                .map(drop),
            teams::list_members(&mut work, &read, &theirs.id, &ListQuery::default())
                .await
                .map(drop),
        ] {
            assert!(matches!(refused, Err(Refusal::NotFound)), "{refused:?}");
        }
        let refused = teams::create_team(&mut work, &call, &manage, &acme.id, "New").await;
        assert_eq!(field(&refused.unwrap_err()), "organization");
        for refused in [
            teams::create_organization(&mut work, &call, &manage, "New").await.map(drop),
            teams::delete_organization(&mut work, &call, &manage, &acme.id).await,
        ] {
            assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{refused:?}");
        }
        let seen = teams::list_teams(&mut work, &read, &ListQuery::default()).await.unwrap();
        assert_eq!(seen.items.into_iter().map(|team| team.name).collect::<Vec<_>>(), ["Ours"]);
        let seen =
            teams::list_organizations(&mut work, &read, &ListQuery::default()).await.unwrap();
        assert_eq!(seen.items.len(), 1);
    }
}

#[tokio::test]
async fn refuses_to_delete_what_is_in_use() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (call, manage) = (world.call(), may::<ManageTeams>());
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let ours = team(&world, &mut work, &acme, "Ours").await;
        teams::add_member(&mut work, &call, &manage, (&ours.id, &ann.id), MEMBER).await.unwrap();
        let refused = teams::delete_organization(&mut work, &call, &manage, &acme.id).await;
        assert!(
            matches!(&refused, Err(Refusal::Conflict { ids, .. }) if *ids == [ours.id.clone()]),
            "{refused:?}"
        );
        let refused =
            teams::delete_team(&mut work, &call, &manage, &ours.id, Leaving::Refused).await;
        assert!(matches!(refused, Err(Refusal::Conflict { .. })), "{refused:?}");
        teams::delete_team(&mut work, &call, &manage, &ours.id, Leaving::WithMembers)
            .await
            .unwrap();
        assert!(teams::teams_of_user(&mut work, &ann.id).await.unwrap().is_empty());
        let holdings = access::holdings_of(&mut work, ann.id.as_str()).await.unwrap();
        assert!(holdings.places.is_empty(), "no binding is left behind");
        teams::delete_organization(&mut work, &call, &manage, &acme.id).await.unwrap();
        let gone = teams::delete_organization(&mut work, &call, &manage, &acme.id).await;
        assert!(matches!(gone, Err(Refusal::NotFound)), "{gone:?}");
    }
}

/// A restriction to a team that is gone must not turn into no restriction.
#[tokio::test]
async fn refuses_to_delete_a_team_that_a_client_names() {
    for world in worlds().await {
        let (call, manage) = (world.call(), may::<ManageTeams>());
        let mut work = world.work().await;
        let acme = organization(&world, &mut work, "Acme").await;
        let [owner, reached, free] = [
            team(&world, &mut work, &acme, "Owner").await,
            team(&world, &mut work, &acme, "Reached").await,
            team(&world, &mut work, &acme, "Free").await,
        ];
        work.commit().await.unwrap();
        let client = serde_json::json!({
            "client_name": "app", "type": "user_authorized", "organization": acme.id, "owner_team": owner.id,
            "team_restrictions": { "organizations": [], "teams": [reached.id] },
            "redirect_uris": ["https://app.example.com/callback"],
        });
        let client = world.client(client).await;
        let mut work = world.work().await;
        for team in [&owner, &reached] {
            let refused =
                teams::delete_team(&mut work, &call, &manage, &team.id, Leaving::WithMembers).await;
            let names_it =
                matches!(&refused, Err(Refusal::Conflict { ids, .. }) if *ids == [client.clone()]);
            assert!(names_it, "{refused:?}");
        }
        teams::delete_team(&mut work, &call, &manage, &free.id, Leaving::Refused).await.unwrap();
    }
}

#[tokio::test]
async fn lists_by_page_name_and_organization() {
    for world in worlds().await {
        let mut work = world.work().await;
        let (acme, other) = (
            organization(&world, &mut work, "Acme").await,
            organization(&world, &mut work, "Other").await,
        );
        for n in 0..5 {
            team(&world, &mut work, &acme, &format!("Team {n}")).await;
        }
        team(&world, &mut work, &other, "Team 0").await;
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let query = ListQuery { cursor, limit: 2, ..ListQuery::default() };
            let page = teams::list_teams(&mut work, &may(), &query).await.unwrap();
            seen.extend(page.items.into_iter().map(|team| team.name));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["Team 0", "Team 0", "Team 1", "Team 2", "Team 3", "Team 4"]);
        for (q, organization, found) in [
            (Some("TEAM 0"), None, 2),
            (Some("team"), Some(acme.id.clone()), 5),
            (Some("%"), None, 0),
        ] {
            let query = ListQuery { q: q.map(str::to_owned), organization, ..ListQuery::default() };
            assert_eq!(
                teams::list_teams(&mut work, &may(), &query).await.unwrap().items.len(),
                found,
                "{q:?}"
            );
        }
        let query = ListQuery { cursor: Some("nonsense".into()), ..ListQuery::default() };
        let refusal = teams::list_teams(&mut work, &may(), &query).await.unwrap_err();
        assert_eq!(field(&refusal), "cursor");
    }
}
