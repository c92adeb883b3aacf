//! Browser sessions: begun, found again, ended (K05, K06, K07).
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use domain::access::{self, CLIENT_MANAGER, Place, ReadTokens, RevokeTokens};
use domain::sessions::{self, ListQuery, SignIn};
use domain::{Plain, Refusal, accounts};
use people::{BEGINNING, FIREFOX, PASSWORD, World, may, worlds};

const HOUR: i64 = 3600;
const NEW_PASSWORD: &str = "nine blue herons on a tin roof";

async fn end(world: &World, session: &sessions::Session) {
    let mut work = world.work().await;
    sessions::end(&mut work, &world.call(), session.id).await.unwrap();
    work.commit().await.unwrap();
}

/// K05
#[tokio::test]
async fn signing_in_always_begins_another_session() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let (one, first) = world.signed_in("ann@example.com").await;
        let (two, second) = world.signed_in("ann@example.com").await;
        assert!(one.id != two.id && first != second);
        assert!(first.reveal().starts_with("mss_"));
        let (session, user) = world.resumed(&second).await.unwrap();
        assert_eq!((session.id, user.email.as_str()), (two.id, "ann@example.com"));
        assert_eq!((session.address.as_str(), session.user_agent.as_str()), ("192.0.2.1", FIREFOX));
        assert_ne!(
            one.public_id(&world.instance).unwrap(),
            two.public_id(&world.instance).unwrap()
        );
        let public = two.public_id(&world.instance).unwrap();
        assert_eq!(sessions::by_public_id(&world.instance, &public), Some(two.id));
        assert_eq!(sessions::by_public_id(&world.instance, "no such name"), None);
    }
}

#[tokio::test]
async fn refuses_cookies_that_were_not_made_here() {
    for world in worlds().await {
        let (_, link) = world.invited("bob@example.com").await;
        world.person("ann@example.com").await;
        let (session, cookie) = world.signed_in("ann@example.com").await;
        let mut flipped = cookie.reveal().to_owned();
        let last = if flipped.pop() == Some('A') { 'B' } else { 'A' };
        flipped.push(last);
        let other_kind = link.reveal().replace("mlk_", "mss_");
        let public = session.public_id(&world.instance).unwrap();
        for forged in [
            "",
            "mss_",
            &flipped,
            &other_kind,
            &public,
            &format!("mss_{public}"),
            &"mss_".repeat(1000),
        ] {
            assert!(world.resumed(&Plain::new(forged)).await.is_none(), "{forged}");
        }
    }
}

/// K06
#[tokio::test]
async fn refuses_a_session_that_was_ended() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let (session, cookie) = world.signed_in("ann@example.com").await;
        end(&world, &session).await;
        assert!(world.resumed(&cookie).await.is_none());
        end(&world, &session).await;
        let ended =
            world.actions().await.into_iter().filter(|action| action == "session.ended").count();
        assert_eq!(ended, 1);
    }
}

/// K06
#[tokio::test]
async fn refuses_the_sessions_of_somebody_disabled_even_after_enabling() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (_, cookie) = world.signed_in("ann@example.com").await;
        let (call, update) = (world.call(), may());
        let mut work = world.work().await;
        accounts::disable(&mut work, &call, &update, &ann.id, None).await.unwrap();
        work.commit().await.unwrap();
        assert!(world.resumed(&cookie).await.is_none());
        let mut work = world.work().await;
        accounts::enable(&mut work, &call, &update, &ann.id, None).await.unwrap();
        work.commit().await.unwrap();
        assert!(world.resumed(&cookie).await.is_none());
        let listed =
            sessions::list_of_user(&mut world.instance.read(), &ann.id, BEGINNING).await.unwrap();
        assert!(listed.is_empty());
        assert!(matches!(
            world.sign_in(&call, "ann@example.com", PASSWORD).await,
            SignIn::Done { .. }
        ));

        let mut work = world.work().await;
        accounts::delete(&mut work, &call, &may(), &ann.id).await.unwrap();
        work.commit().await.unwrap();
        assert!(world.resumed(&cookie).await.is_none());
    }
}

#[tokio::test]
async fn refuses_a_session_idle_for_two_hours_or_older_than_twelve() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let (_, cookie) = world.signed_in("ann@example.com").await;
        world.clock.step(2 * HOUR - 1);
        assert!(world.resumed(&cookie).await.is_some());
        world.clock.step(1);
        assert!(world.resumed(&cookie).await.is_none(), "looking is not using");

        let (_, cookie) = world.signed_in("ann@example.com").await;
        for _ in 0..11 {
            world.clock.step(HOUR);
            let (session, _) = world.resumed(&cookie).await.unwrap();
            sessions::touch(&world.instance, &session, world.clock.now());
            sessions::flush(&world.instance).await.unwrap();
            assert_eq!(world.resumed(&cookie).await.unwrap().0.last_active_at, world.clock.now());
        }
        world.clock.step(HOUR - 1);
        assert!(world.resumed(&cookie).await.is_some());
        world.clock.step(1);
        assert!(world.resumed(&cookie).await.is_none());
    }
}

/// K07, F07
#[tokio::test]
async fn changing_the_password_asks_the_old_one_and_ends_other_sessions() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (_, there) = world.signed_in("ann@example.com").await;
        let (session, here) = world.signed_in("ann@example.com").await;
        let change = async |old: &str, new: &str| {
            let (old, new) = (Plain::new(old), Plain::new(new));
            sessions::change_password(&world.instance, &world.call(), &session, &old, &new).await
        };
        for (old, new, field) in [
            ("not the password I had", NEW_PASSWORD, "old_password"),
            (PASSWORD, "password", "password"),
            (PASSWORD, PASSWORD, "password"),
        ] {
            match change(old, new).await {
                Err(Refusal::Invalid(errors)) => assert_eq!(errors[0].field, field),
                other => panic!("{other:?}"),
            }
        }
        world.clock.step(5);
        change(PASSWORD, NEW_PASSWORD).await.unwrap();
        assert!(world.resumed(&there).await.is_none());
        let (session, user) = world.resumed(&here).await.unwrap();
        assert_eq!((user.epoch, session.authenticated_at), (ann.epoch + 1, BEGINNING + 5));
        let call = world.call();
        assert!(matches!(world.sign_in(&call, "ann@example.com", PASSWORD).await, SignIn::Refused));
        assert!(matches!(
            world.sign_in(&call, "ann@example.com", NEW_PASSWORD).await,
            SignIn::Done { .. }
        ));
        let trail = world.trail().await;
        assert!(trail.iter().any(|event| event.action == "user.password_changed"));
        assert!(!format!("{trail:?}").contains("herons"));
    }
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_the_password() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let (session, _) = world.signed_in("ann@example.com").await;
        let (new, call) = (Plain::new(NEW_PASSWORD), world.call());
        let mut throttled = 0;
        for n in 0..20 {
            let old = Plain::new(format!("a guess at the password {n}"));
            let refusal = sessions::change_password(&world.instance, &call, &session, &old, &new)
                .await
                .unwrap_err();
            throttled += usize::from(refusal.to_string().contains("Too many"));
        }
        assert_eq!(throttled, 14);
        assert!(matches!(
            world.sign_in(&call, "ann@example.com", PASSWORD).await,
            SignIn::Throttled { .. }
        ));
    }
}

#[tokio::test]
async fn a_person_ends_their_own_sessions_alone() {
    for world in worlds().await {
        let (ann, bob) =
            (world.person("ann@example.com").await, world.person("bob@example.com").await);
        let (session, cookie) = world.signed_in("ann@example.com").await;
        let (newest, _) = world.signed_in("ann@example.com").await;
        let mut work = world.work().await;
        let listed = sessions::list_of_user(&mut work, &ann.id, BEGINNING).await.unwrap();
        assert_eq!(listed.iter().map(|s| s.id).collect::<Vec<_>>(), [newest.id, session.id]);
        let theirs = sessions::end_of_user(&mut work, &world.call(), &bob.id, session.id).await;
        assert!(matches!(theirs, Err(Refusal::NotFound)), "{theirs:?}");
        sessions::end_of_user(&mut work, &world.call(), &ann.id, session.id).await.unwrap();
        work.commit().await.unwrap();
        assert!(world.resumed(&cookie).await.is_none());
    }
}

#[tokio::test]
async fn administrators_see_and_revoke_every_session() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        world.person("bob@example.com").await;
        let (session, cookie) = world.signed_in("ann@example.com").await;
        world.signed_in("bob@example.com").await;
        let mut work = world.work().await;
        let (read, now) = (may::<ReadTokens>(), BEGINNING);
        let first = ListQuery { limit: 1, ..ListQuery::default() };
        let page = sessions::list(&mut work, &read, &first, now).await.unwrap();
        assert_eq!(page.items[0].1.email, "bob@example.com");
        let second = ListQuery { cursor: page.next_cursor, ..first };
        let page = sessions::list(&mut work, &read, &second, now).await.unwrap();
        assert_eq!((page.items[0].1.email.as_str(), page.next_cursor), ("ann@example.com", None));
        for (q, found) in [("ANN", 1), ("192.0.2.", 2), ("10.", 0)] {
            let query = ListQuery { q: Some(q.into()), ..ListQuery::default() };
            assert_eq!(
                sessions::list(&mut work, &read, &query, now).await.unwrap().items.len(),
                found,
                "{q}"
            );
        }
        sessions::revoke(&mut work, &world.call(), &may(), session.id).await.unwrap();
        let twice = sessions::revoke(&mut work, &world.call(), &may(), session.id).await;
        assert!(matches!(twice, Err(Refusal::NotFound)), "{twice:?}");
        work.commit().await.unwrap();
        assert!(world.resumed(&cookie).await.is_none());

        // Whoever manages the clients of a team has nothing to do with browsers.
        world.bind(&ann, CLIENT_MANAGER, Place::Team("team_x".into())).await;
        let authority = world.authority(&ann).await;
        let mut work = world.work().await;
        let read: access::May<ReadTokens> = authority.may().unwrap();
        let refused = sessions::list(&mut work, &read, &ListQuery::default(), now).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{refused:?}");
        let revoke: access::May<RevokeTokens> = authority.may().unwrap();
        let refused = sessions::revoke(&mut work, &world.call(), &revoke, session.id).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn sweeps_only_sessions_that_are_over() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        world.signed_in("ann@example.com").await;
        let mut work = world.work().await;
        assert_eq!(sessions::sweep(&mut work, BEGINNING + 12 * HOUR - 1, 10).await.unwrap(), 0);
        assert_eq!(sessions::sweep(&mut work, BEGINNING + 12 * HOUR, 10).await.unwrap(), 1);
    }
}
