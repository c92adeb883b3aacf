//! The ceiling over people: nobody stops or becomes somebody who may do more than they do.
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use domain::access::{
    self, Authority, DeleteUsers, PLATFORM_ADMINISTRATOR, Place, Rights, SECURITY_ADMINISTRATOR,
    UpdateUsers,
};
use domain::accounts::{self, NetworksPatch, Patch, Status, User};
use domain::trusted_ips::Mode;
use domain::{Actor, Refusal};
use people::{World, may, worlds};

/// Everything that could be done to somebody, each in a work that is dropped (disable, lock, enable,
/// where they sign in, delete where that may be asked, address, invite, reset): what is missing.
async fn missing(world: &World, authority: &Authority, user: &User) -> Vec<Option<String>> {
    let (call, id) = (world.call(), &user.id);
    let update = authority.may::<UpdateUsers>().unwrap();
    let delete = authority.may::<DeleteUsers>();
    let told = |outcome: Result<(), Refusal>| match outcome {
        Ok(()) | Err(Refusal::Conflict { .. }) => None,
        Err(Refusal::Forbidden { missing, because }) if !because.is_empty() => Some(missing),
        Err(other) => panic!("{other:?}"),
    };
    let email = Patch { email: Some("mine@example.com".into()), ..Patch::default() };
    let lines = Some(vec!["192.0.2.0/24".to_owned()]);
    let networks = NetworksPatch { trusted_ips: lines, mode: Some(Mode::Observe) };
    let mut all = Vec::new();
    for status in [Status::Disabled, Status::Locked, Status::Active] {
        let mut work = world.work().await;
        let outcome = match status {
            Status::Disabled => accounts::disable(&mut work, &call, &update, id, None).await,
            Status::Locked => accounts::lock(&mut work, &call, &update, id, None).await,
            Status::Active => accounts::enable(&mut work, &call, &update, id, None).await,
        };
        all.push(told(outcome.map(drop)));
    }
    {
        let mut work = world.work().await;
        let limited = accounts::set_networks(&mut work, &call, &update, (id, &networks)).await;
        all.push(told(limited.map(drop)));
    }
    if let Ok(delete) = delete {
        let mut work = world.work().await;
        all.push(told(accounts::delete(&mut work, &call, &delete, id).await));
    }
    {
        let mut work = world.work().await;
        let moved = accounts::change(&mut work, &call, &update, (id, None), &email).await;
        all.push(told(moved.map(drop)));
    }
    {
        let mut work = world.work().await;
        all.push(told(accounts::invite(&mut work, &call, &update, id).await.map(drop)));
    }
    let mut work = world.work().await;
    all.push(told(accounts::reset_link(&mut work, &call, &update, id).await.map(drop)));
    all
}

#[tokio::test]
async fn a_security_administrator_does_nothing_to_a_platform_administrator() {
    for world in worlds().await {
        let [root, sec, ann] = [
            world.person("root@example.com").await,
            world.person("sec@example.com").await,
            world.person("ann@example.com").await,
        ];
        world.bind(&root, PLATFORM_ADMINISTRATOR, Place::Instance).await;
        world.bind(&sec, SECURITY_ADMINISTRATOR, Place::Instance).await;
        let authority = world.authority(&sec).await;
        let all = missing(&world, &authority, &root).await;
        assert_eq!(all, vec![Some("settings:manage".to_owned()); 8], "{}", world.engine());
        assert_eq!(missing(&world, &authority, &sec).await, vec![None; 8], "an equal");
        assert_eq!(missing(&world, &authority, &ann).await, vec![None; 8], "somebody lesser");
        let root_may = world.authority(&root).await;
        assert_eq!(missing(&world, &root_may, &sec).await, vec![None; 8]);

        // A name says nothing about who may come in.
        let mut work = world.work().await;
        let name = Patch { display_name: Some("Root".into()), ..Patch::default() };
        let update = authority.may().unwrap();
        let (call, about) = (world.call(), (&root.id, None));
        let named = accounts::change(&mut work, &call, &update, about, &name).await;
        assert!(named.is_ok(), "{named:?}");
    }
}

#[tokio::test]
async fn a_right_in_one_place_counts_there() {
    for world in worlds().await {
        let (ann, sec) =
            (world.person("ann@example.com").await, world.person("sec@example.com").await);
        let mut work = world.work().await;
        let (call, manage) = (world.call(), may());
        let home =
            domain::teams::create_organization(&mut work, &call, &manage, "Acme").await.unwrap();
        let team =
            domain::teams::create_team(&mut work, &call, &manage, &home.id, "Ours").await.unwrap();
        work.commit().await.unwrap();
        world.bind(&ann, PLATFORM_ADMINISTRATOR, Place::Team(team.id.clone())).await;
        world.bind(&sec, SECURITY_ADMINISTRATOR, Place::Instance).await;
        let authority = world.authority(&sec).await;
        assert_eq!(
            missing(&world, &authority, &ann).await,
            vec![Some("settings:manage".into()); 8]
        );
        world.bind(&sec, PLATFORM_ADMINISTRATOR, Place::Organization(home.id)).await;
        let authority = world.authority(&sec).await;
        assert_eq!(missing(&world, &authority, &ann).await, vec![None; 8], "it covers its teams");
    }
}

#[tokio::test]
async fn a_narrow_token_may_stop_an_equal_and_never_become_them() {
    for world in worlds().await {
        let (ann, sec) =
            (world.person("ann@example.com").await, world.person("sec@example.com").await);
        world.bind(&ann, access::CLIENT_MANAGER, Place::Instance).await;
        world.bind(&sec, SECURITY_ADMINISTRATOR, Place::Instance).await;
        let rights = Rights { instance: ["user:update".to_owned()].into(), ..Rights::default() };
        let narrow = Authority::new(Actor::user(sec.id.clone()), rights);
        let all = missing(&world, &narrow, &ann).await;
        let (stopping, becoming) = all.split_at(4);
        assert_eq!(stopping, vec![None; 4]);
        assert_eq!(becoming, vec![Some("oauth_client:create".to_owned()); 3]);
    }
}
