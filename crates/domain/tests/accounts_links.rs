//! One-time links: set-up, invitation and password reset, twice, late, and at once (K11, L12).
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use domain::accounts::{self, LinkPurpose, NewUser, Patch, User};
use domain::sessions::SignIn;
use domain::{Plain, Refusal};
use people::{BEGINNING, PASSWORD, World, may, worlds};

const DAY: i64 = 86_400;

fn root() -> NewUser {
    let password = Some(Plain::new(PASSWORD));
    NewUser { email: "root@example.com".into(), display_name: "Root".into(), password }
}

async fn setup_link(world: &World) -> Plain {
    let mut work = world.work().await;
    let link = accounts::setup_link(&mut work, &world.call()).await.unwrap();
    work.commit().await.unwrap();
    link
}

async fn purpose(world: &World, link: &Plain) -> Option<LinkPurpose> {
    accounts::peek_link(&mut world.instance.read(), link, world.clock.now()).await.unwrap()
}

async fn accept(world: &World, link: &Plain) -> Result<accounts::User, Refusal> {
    accounts::choose_password(&world.instance, &world.call(), link, &Plain::new(PASSWORD)).await
}

#[tokio::test]
async fn refuses_a_set_up_link_twice_late_or_forged() {
    for world in worlds().await {
        let (link, other) = (setup_link(&world).await, setup_link(&world).await);
        assert!(link.reveal().starts_with("mlk_"));
        assert_eq!(purpose(&world, &link).await, Some(LinkPurpose::Setup));

        world.clock.step(DAY);
        assert_eq!(purpose(&world, &link).await, None);
        let late = accounts::setup(&world.instance, &world.call(), &link, root()).await;
        assert!(matches!(late, Err(Refusal::NotFound)), "{late:?}");

        world.clock.step(-DAY);
        for forged in
            ["", "mlk_", &format!("{}x", link.reveal()), &link.reveal().replace("mlk_", "mss_")]
        {
            let forged = Plain::new(forged);
            let refused = accounts::setup(&world.instance, &world.call(), &forged, root()).await;
            assert!(matches!(refused, Err(Refusal::NotFound)), "{refused:?}");
        }
        let without = NewUser { password: None, ..root() };
        let refused = accounts::setup(&world.instance, &world.call(), &link, without).await;
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");

        let user = accounts::setup(&world.instance, &world.call(), &link, root()).await.unwrap();
        assert!(world.authority(&user).await.rights.everywhere("settings:manage"));
        for used in [link, other] {
            let twice = accounts::setup(&world.instance, &world.call(), &used, root()).await;
            assert!(matches!(twice, Err(Refusal::NotFound)), "{twice:?}");
        }
        let closed = accounts::setup_link(&mut world.work().await, &world.call()).await;
        assert!(matches!(closed, Err(Refusal::Conflict { .. })), "{closed:?}");
        world.signed_in("root@example.com").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_set_ups_at_once_one_wins() {
    for world in worlds().await {
        let (one, two) = (setup_link(&world).await, setup_link(&world).await);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..6 {
            let (instance, call) = (world.instance.clone(), world.call());
            let link = if n % 2 == 0 { one.clone() } else { two.clone() };
            let new = NewUser { email: format!("root{n}@example.com"), ..root() };
            tasks.spawn(async move { accounts::setup(&instance, &call, &link, new).await });
        }
        let done = tasks.join_all().await.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, 1, "{}", world.engine());
        assert_eq!(world.actions().await, ["user.created", "binding.created"]);
    }
}

#[tokio::test]
async fn refuses_an_invitation_twice_or_late() {
    for world in worlds().await {
        let (ann, link) = world.invited("ann@example.com").await;
        assert!(!ann.has_password);
        assert_eq!(purpose(&world, &link).await, Some(LinkPurpose::Invitation(ann.id.clone())));

        world.clock.step(7 * DAY);
        assert!(matches!(accept(&world, &link).await, Err(Refusal::NotFound)));
        world.clock.step(-1);
        let weak = Plain::new("ann@example.com");
        let refused = accounts::choose_password(&world.instance, &world.call(), &link, &weak).await;
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");
        let user = accept(&world, &link).await.unwrap();
        assert!(user.has_password);
        assert!(matches!(accept(&world, &link).await, Err(Refusal::NotFound)));
        world.signed_in("ann@example.com").await;

        let trail = world.trail().await;
        let event = trail.iter().find(|event| event.action == "user.invitation_accepted").unwrap();
        assert_eq!(event.actor.user, Some(ann.id));
        assert!(!format!("{trail:?}").contains("mlk_"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_uses_of_an_invitation_at_once_one_wins() {
    for world in worlds().await {
        let (_, link) = world.invited("ann@example.com").await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..4 {
            let (instance, call, link) = (world.instance.clone(), world.call(), link.clone());
            let password = Plain::new(format!("{PASSWORD} {n}"));
            tasks.spawn(async move {
                accounts::choose_password(&instance, &call, &link, &password).await
            });
        }
        let done = tasks.join_all().await.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, 1, "{}", world.engine());
    }
}

#[tokio::test]
async fn a_new_invitation_ends_the_one_before() {
    for world in worlds().await {
        let (ann, old) = world.invited("ann@example.com").await;
        let mut work = world.work().await;
        let new = accounts::invite(&mut work, &world.call(), &may(), &ann.id).await.unwrap();
        work.commit().await.unwrap();
        assert!(matches!(accept(&world, &old).await, Err(Refusal::NotFound)));
        accept(&world, &new).await.unwrap();
        let again = accounts::invite(&mut world.work().await, &world.call(), &may(), &ann.id).await;
        assert!(matches!(again, Err(Refusal::Conflict { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn refuses_the_invitation_of_somebody_disabled_or_deleted() {
    for world in worlds().await {
        let (ann, to_ann) = world.invited("ann@example.com").await;
        let (bob, to_bob) = world.invited("bob@example.com").await;
        let mut work = world.work().await;
        accounts::disable(&mut work, &world.call(), &may(), &ann.id, None).await.unwrap();
        accounts::delete(&mut work, &world.call(), &may(), &bob.id).await.unwrap();
        work.commit().await.unwrap();
        for link in [to_ann, to_bob] {
            assert!(matches!(accept(&world, &link).await, Err(Refusal::NotFound)));
        }
    }
}

const ANOTHER: &str = "eleven green umbrellas at noon";

async fn reset_link(world: &World, user: &User) -> Result<Plain, Refusal> {
    let mut work = world.work().await;
    let link = accounts::reset_link(&mut work, &world.call(), &may(), &user.id).await?;
    work.commit().await?;
    Ok(link)
}

async fn reset(world: &World, link: &Plain) -> Result<User, Refusal> {
    accounts::choose_password(&world.instance, &world.call(), link, &Plain::new(ANOTHER)).await
}

#[tokio::test]
async fn a_reset_ends_every_session_and_the_old_password_and_works_once_within_a_day() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (_, cookie) = world.signed_in("ann@example.com").await;
        let link = reset_link(&world, &ann).await.unwrap();
        assert_eq!(purpose(&world, &link).await, Some(LinkPurpose::Reset(ann.id.clone())));
        assert!(world.resumed(&cookie).await.is_some(), "a link alone changes nothing");

        world.clock.step(DAY);
        assert!(matches!(reset(&world, &link).await, Err(Refusal::NotFound)), "late");
        world.clock.step(-1);
        let weak = Plain::new("ann@example.com");
        let refused = accounts::choose_password(&world.instance, &world.call(), &link, &weak).await;
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");
        world.clock.step(1 - DAY);
        let after = reset(&world, &link).await.unwrap();
        assert_eq!(after.epoch, ann.epoch + 1);
        assert!(matches!(reset(&world, &link).await, Err(Refusal::NotFound)), "twice");
        assert!(world.resumed(&cookie).await.is_none(), "{}", world.engine());
        let call = world.call();
        let old = world.sign_in(&call, "ann@example.com", PASSWORD).await;
        assert!(matches!(old, SignIn::Refused), "{old:?}");
        let new = world.sign_in(&call, "ann@example.com", ANOTHER).await;
        assert!(matches!(new, SignIn::Done { .. }), "{new:?}");

        let trail = world.trail().await;
        let made = trail.iter().find(|event| event.action == "user.reset_link_made").unwrap();
        assert_eq!(made.object.id, ann.id.as_str());
        let used = trail.iter().find(|event| event.action == "user.password_reset").unwrap();
        assert_eq!(used.actor.user, Some(ann.id));
        assert!(!format!("{trail:?}").contains("mlk_"));
    }
}

#[tokio::test]
async fn refuses_a_reset_of_somebody_without_a_password_disabled_or_of_another_source() {
    for world in worlds().await {
        let (eve, invitation) = world.invited("eve@example.com").await;
        let ann = world.person("ann@example.com").await;
        let why_not = async |user: &User| match reset_link(&world, user).await {
            Err(Refusal::Conflict { message, .. }) => message,
            other => panic!("{other:?}"),
        };
        assert!(why_not(&eve).await.contains("Invite them instead"));
        accept(&world, &invitation).await.unwrap();
        reset_link(&world, &eve).await.unwrap();

        let mut work = world.work().await;
        accounts::disable(&mut work, &world.call(), &may(), &ann.id, None).await.unwrap();
        work.commit().await.unwrap();
        assert!(why_not(&ann).await.contains("Enable them first"));

        let mut tx = world.database().await.begin().await.unwrap();
        tx.execute("UPDATE users SET source = 'upstream'", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(why_not(&eve).await.contains("not kept here"));
    }
}

#[tokio::test]
async fn a_link_ends_with_a_newer_one_another_address_another_password_or_being_disabled() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (session, _) = world.signed_in("ann@example.com").await;
        let (call, update) = (world.call(), may());

        let first = reset_link(&world, &ann).await.unwrap();
        let second = reset_link(&world, &ann).await.unwrap();
        assert_eq!(purpose(&world, &first).await, None, "a newer one");

        let mut work = world.work().await;
        let name = Patch { display_name: Some("Ann Other".into()), ..Patch::default() };
        accounts::change(&mut work, &call, &update, (&ann.id, None), &name).await.unwrap();
        work.commit().await.unwrap();
        assert!(purpose(&world, &second).await.is_some(), "another name is no other person");
        let mut work = world.work().await;
        let email = Patch { email: Some("ann@new.example".into()), ..Patch::default() };
        accounts::change(&mut work, &call, &update, (&ann.id, None), &email).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(purpose(&world, &second).await, None, "another address");

        let third = reset_link(&world, &ann).await.unwrap();
        let (old, new) = (Plain::new(PASSWORD), Plain::new(ANOTHER));
        domain::sessions::change_password(&world.instance, &call, &session, &old, &new)
            .await
            .unwrap();
        assert_eq!(purpose(&world, &third).await, None, "another password");

        let fourth = reset_link(&world, &ann).await.unwrap();
        let mut work = world.work().await;
        accounts::lock(&mut work, &call, &update, &ann.id, None).await.unwrap();
        accounts::enable(&mut work, &call, &update, &ann.id, None).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(purpose(&world, &fourth).await, None, "locked");
    }
}

#[tokio::test]
async fn sweeps_only_links_that_are_over() {
    for world in worlds().await {
        let link = setup_link(&world).await;
        world.invited("ann@example.com").await;
        let mut work = world.work().await;
        assert_eq!(accounts::sweep_links(&mut work, BEGINNING + DAY - 1, 10).await.unwrap(), 0);
        assert_eq!(accounts::sweep_links(&mut work, BEGINNING + DAY, 10).await.unwrap(), 1);
        work.commit().await.unwrap();
        assert_eq!(purpose(&world, &link).await, None);
    }
}
