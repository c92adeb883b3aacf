//! People and administrators: creating, changing, disabling, deleting, and who is left.

mod people;

use domain::access::{
    self, AUDITOR, Authority, PLATFORM_ADMINISTRATOR, Place, ReadUsers, UpdateUsers,
};
use domain::accounts::{self, ListQuery, NewUser, Patch, Status, User};
use domain::{Plain, Refusal};
use people::{PASSWORD, World, may, worlds};

fn fields(refusal: &Refusal) -> Vec<&str> {
    match refusal {
        Refusal::Invalid(errors) => errors.iter().map(|error| error.field.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

fn new(email: &str, name: &str, password: Option<&str>) -> NewUser {
    NewUser { email: email.into(), display_name: name.into(), password: password.map(Plain::new) }
}

async fn disable(world: &World, user: &User) -> Result<User, Refusal> {
    let mut work = world.work().await;
    let user = accounts::disable(&mut work, &world.call(), &may(), &user.id, None).await?;
    work.commit().await?;
    Ok(user)
}

async fn delete(world: &World, user: &User) -> Result<(), Refusal> {
    let mut work = world.work().await;
    accounts::delete(&mut work, &world.call(), &may(), &user.id).await?;
    Ok(work.commit().await?)
}

#[tokio::test]
async fn refuses_all_wrong_fields_at_once() {
    for world in worlds().await {
        let call = world.call();
        let refusal =
            accounts::create(&world.instance, &call, &may(), new("no", "", Some("short"))).await;
        assert_eq!(fields(&refusal.unwrap_err()), ["email", "display_name", "password"]);
        let own = new("annabelle.winter@example.com", "Ann", Some("annabelle.winter1"));
        let refusal = accounts::create(&world.instance, &call, &may(), own).await;
        assert_eq!(fields(&refusal.unwrap_err()), ["password"]);
        assert!(world.trail().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_one_address_twice_even_at_once() {
    for world in worlds().await {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..10 {
            let (instance, call) = (world.instance.clone(), world.call());
            tasks.spawn(async move {
                let email = if n % 2 == 0 { "ann@example.com" } else { "ANN@EXAMPLE.com" };
                accounts::create(&instance, &call, &may(), new(email, "Ann", None)).await
            });
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
            1,
            "{}",
            world.engine()
        );
        for refusal in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(fields(&refusal), ["email"]);
        }
        assert_eq!(world.actions().await, ["user.created"]);
    }
}

#[tokio::test]
async fn changes_names_under_the_version_that_was_read() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        world.person("bob@example.com").await;
        let mut work = world.work().await;
        let (call, update) = (world.call(), may::<UpdateUsers>());
        let patch = Patch { display_name: Some("Ann Other".into()), ..Patch::default() };
        let stale = accounts::change(&mut work, &call, &update, (&ann.id, Some(7)), &patch).await;
        assert!(matches!(stale, Err(Refusal::Stale { current: 1 })), "{stale:?}");
        let after =
            accounts::change(&mut work, &call, &update, (&ann.id, Some(1)), &patch).await.unwrap();
        assert_eq!(
            (after.display_name.as_str(), after.version, after.epoch),
            ("Ann Other", 2, ann.epoch)
        );
        let same =
            accounts::change(&mut work, &call, &update, (&ann.id, None), &patch).await.unwrap();
        assert_eq!(same.version, 2, "nothing differs");
        work.commit().await.unwrap();

        let mut work = world.work().await;
        let patch = Patch { email: Some("BOB@example.com".into()), ..Patch::default() };
        let taken = accounts::change(&mut work, &call, &update, (&ann.id, None), &patch).await;
        assert_eq!(fields(&taken.unwrap_err()), ["email"]);
        drop(work);
        let trail = world.trail().await;
        let event = trail.last().unwrap();
        assert_eq!((event.action.as_str(), event.changes.len()), ("user.updated", 1));
        assert_eq!(
            (&event.changes[0].before, &event.changes[0].after),
            (&"Name of ann@example.com".into(), &"Ann Other".into())
        );
    }
}

#[tokio::test]
async fn disabling_ends_an_epoch_and_enabling_does_not_bring_it_back() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let disabled = disable(&world, &ann).await.unwrap();
        assert_eq!((disabled.status, disabled.epoch), (Status::Disabled, ann.epoch + 1));
        assert_eq!(disable(&world, &ann).await.unwrap().epoch, disabled.epoch, "once is enough");
        let mut work = world.work().await;
        let enabled =
            accounts::enable(&mut work, &world.call(), &may(), &ann.id, Some(2)).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!((enabled.status, enabled.epoch), (Status::Active, disabled.epoch));
        assert_eq!(world.actions().await, ["user.created", "user.disabled", "user.enabled"]);
    }
}

#[tokio::test]
async fn a_person_created_again_is_somebody_else() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        world.bind(&ann, AUDITOR, Place::Instance).await;
        delete(&world, &ann).await.unwrap();
        assert!(matches!(delete(&world, &ann).await, Err(Refusal::NotFound)));
        let again = world.person("ann@example.com").await;
        assert_ne!(ann.id, again.id);
        let mut work = world.instance.read();
        for id in [&ann.id, &again.id] {
            let holdings = access::holdings_of(&mut work, id.as_str()).await.unwrap();
            assert_eq!(access::effective(&holdings, None), access::Rights::default());
        }
    }
}

#[tokio::test]
async fn refuses_to_delete_somebody_for_whom_a_client_acts() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let client = serde_json::json!({
            "client_name": "nightly", "type": "service", "context_user": ann.id, "scopes": ["user:read"],
        });
        let client = world.client(client).await;
        let refused = delete(&world, &ann).await;
        assert!(
            matches!(&refused, Err(Refusal::Conflict { ids, .. }) if *ids == [client]),
            "{refused:?}"
        );
        disable(&world, &ann).await.unwrap();
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    for world in worlds().await {
        let (ann, bob) =
            (world.person("ann@example.com").await, world.person("bob@example.com").await);
        let (eve, _) = world.invited("eve@example.com").await;
        world.bind(&ann, PLATFORM_ADMINISTRATOR, Place::Instance).await;
        // Somebody who cannot sign in yet does not count, nor does a right in one place.
        world.bind(&eve, PLATFORM_ADMINISTRATOR, Place::Instance).await;
        world.bind(&bob, PLATFORM_ADMINISTRATOR, Place::Team("team_x".into())).await;
        assert!(matches!(disable(&world, &ann).await, Err(Refusal::Conflict { .. })));
        assert!(matches!(delete(&world, &ann).await, Err(Refusal::Conflict { .. })));
        disable(&world, &eve).await.unwrap();

        world.bind(&bob, PLATFORM_ADMINISTRATOR, Place::Instance).await;
        disable(&world, &ann).await.unwrap();
        assert!(matches!(delete(&world, &bob).await, Err(Refusal::Conflict { .. })));
        delete(&world, &ann).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_administrators_cannot_remove_each_other_at_once() {
    for world in worlds().await {
        let pair = [world.person("ann@example.com").await, world.person("bob@example.com").await];
        for user in &pair {
            world.bind(user, PLATFORM_ADMINISTRATOR, Place::Instance).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for user in pair {
            let (instance, call) = (world.instance.clone(), world.call());
            tasks.spawn(async move {
                let mut work = instance.begin().await.unwrap();
                accounts::disable(&mut work, &call, &may(), &user.id, None).await?;
                Ok::<_, Refusal>(work.commit().await?)
            });
        }
        let done = tasks.join_all().await.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, 1, "{}", world.engine());
    }
}

#[tokio::test]
async fn lists_by_page_name_and_status() {
    for world in worlds().await {
        for n in 0..7 {
            world.clock.step(i64::from(n % 2));
            world.invited(&format!("user{n}@example.com")).await;
        }
        let ann = world.person("ann_100%@example.com").await;
        disable(&world, &ann).await.unwrap();

        let mut work = world.instance.read();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let query = ListQuery { cursor, limit: 3, ..ListQuery::default() };
            let page = accounts::list(&mut work, &may::<ReadUsers>(), &query).await.unwrap();
            seen.extend(page.items.into_iter().map(|user| user.email));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 8, "{seen:?}");
        assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 8);

        for (q, status, found) in [
            (Some("USER3"), None, 1),
            (Some("name of"), None, 1),
            (Some("_100%"), None, 1),
            (Some("%"), None, 1),
            (Some("\\"), None, 0),
            (None, Some(Status::Disabled), 1),
            (Some("user"), Some(Status::Disabled), 0),
        ] {
            let query = ListQuery { q: q.map(str::to_owned), status, ..ListQuery::default() };
            let page = accounts::list(&mut work, &may::<ReadUsers>(), &query).await.unwrap();
            assert_eq!(page.items.len(), found, "{q:?} {status:?}");
        }
        let query = ListQuery { cursor: Some("nonsense".into()), ..ListQuery::default() };
        let refusal = accounts::list(&mut work, &may::<ReadUsers>(), &query).await.unwrap_err();
        assert_eq!(fields(&refusal), ["cursor"]);
    }
}

#[tokio::test]
async fn a_reader_of_one_team_sees_its_people_alone() {
    for world in worlds().await {
        let mut work = world.work().await;
        let (call, manage) = (world.call(), may());
        let acme =
            domain::teams::create_organization(&mut work, &call, &manage, "Acme").await.unwrap();
        let ours =
            domain::teams::create_team(&mut work, &call, &manage, &acme.id, "Ours").await.unwrap();
        let theirs = domain::teams::create_team(&mut work, &call, &manage, &acme.id, "Theirs")
            .await
            .unwrap();
        work.commit().await.unwrap();
        let [ann, bob, cat] = [
            world.person("ann@example.com").await,
            world.person("bob@example.com").await,
            world.person("cat@example.com").await,
        ];
        world.bind(&ann, AUDITOR, Place::Team(ours.id.clone())).await;
        world.bind(&bob, access::MEMBER, Place::Team(theirs.id.clone())).await;
        world.bind(&cat, AUDITOR, Place::Organization(acme.id.clone())).await;

        let see = async |authority: Authority| {
            let read = authority.may::<ReadUsers>().unwrap();
            let mut work = world.instance.read();
            let page = accounts::list(&mut work, &read, &ListQuery::default()).await.unwrap();
            let mut emails: Vec<_> = page.items.into_iter().map(|user| user.email).collect();
            emails.sort();
            let shown = accounts::show(&mut work, &read, &bob.id).await.is_ok();
            (emails.join(" "), shown)
        };
        assert_eq!(see(world.authority(&ann).await).await, ("ann@example.com".into(), false));
        let all = "ann@example.com bob@example.com cat@example.com";
        assert_eq!(see(world.authority(&cat).await).await, (all.into(), true));
        assert_eq!(see(Authority::operator("tests")).await, (all.into(), true));

        world.bind(&ann, PLATFORM_ADMINISTRATOR, Place::Team(ours.id)).await;
        let update = world.authority(&ann).await.may::<UpdateUsers>().unwrap();
        let refusal =
            accounts::disable(&mut world.work().await, &call, &update, &ann.id, None).await;
        assert!(matches!(refusal, Err(Refusal::Forbidden { .. })), "{refusal:?}");
    }
}

#[tokio::test]
async fn the_first_administrator_comes_once() {
    for world in worlds().await {
        let (instance, call) = (&world.instance, world.call());
        assert!(!accounts::has_administrator(&mut instance.read()).await.unwrap());
        let first = async |email: &str, password: &str| {
            accounts::first_administrator(instance, &call, email, "Root", Plain::new(password))
                .await
        };
        assert_eq!(fields(&first("root@example.com", "password").await.unwrap_err()), ["password"]);
        let user = first("root@example.com", PASSWORD).await.unwrap();
        assert!(accounts::has_administrator(&mut instance.read()).await.unwrap());
        assert!(world.authority(&user).await.rights.everywhere("settings:manage"));
        assert!(matches!(
            first("other@example.com", PASSWORD).await,
            Err(Refusal::Conflict { .. })
        ));
        assert_eq!(world.actions().await, ["user.created", "binding.created"]);
    }
}
