//! Signing in: who is told what (K01), how often one may try (K02), and what the trail keeps.
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use domain::accounts;
use domain::sessions::SignIn;
use people::{PASSWORD, World, may, worlds};

/// Seconds to wait, where an attempt was throttled.
fn wait(outcome: &SignIn) -> Option<i64> {
    match outcome {
        SignIn::Throttled { retry_after } => Some(*retry_after),
        _ => None,
    }
}

fn is_done(outcome: &SignIn) -> bool {
    matches!(outcome, SignIn::Done { .. })
}

async fn disable(world: &World, email: &str) {
    let mut work = world.work().await;
    let user = accounts::find_by_email(&mut work, email).await.unwrap().unwrap();
    accounts::disable(&mut work, &world.call(), &may(), &user.id, None).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn lets_the_right_password_in_under_every_spelling() {
    for world in worlds().await {
        let user = world.person("ann@example.com").await;
        for typed in ["ann@example.com", " Ann@Example.COM ", "ann＠example.com"] {
            assert!(is_done(&world.sign_in(&world.call(), typed, PASSWORD).await), "{typed}");
        }
        let mut work = world.instance.read();
        let found = accounts::find(&mut work, &user.id).await.unwrap().unwrap();
        assert_eq!((found.last_sign_in_at, found.epoch), (Some(world.clock.now()), user.epoch));
        assert_eq!(world.actions().await.last().unwrap(), "user.signed_in");
    }
}

/// K01
#[tokio::test]
async fn tells_nobody_why_it_refuses() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        world.person("dis@example.com").await;
        disable(&world, "dis@example.com").await;
        world.invited("new@example.com").await;
        for (email, password) in [
            ("ann@example.com", "another password of length"),
            ("nobody@example.com", PASSWORD),
            ("dis@example.com", PASSWORD),
            ("new@example.com", PASSWORD),
            ("new@example.com", ""),
            ("", ""),
            ("no address at all", PASSWORD),
        ] {
            let outcome = world.sign_in(&world.call(), email, password).await;
            assert!(matches!(outcome, SignIn::Refused), "{email}: {outcome:?}");
        }
    }
}

/// K01: an unknown account costs a hash too.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this test is about how long an answer takes")]
async fn takes_its_time_for_people_who_do_not_exist() {
    let world = worlds().await.remove(0);
    let known = ["ann@example.com", "ben@example.com", "cat@example.com"];
    for email in known {
        world.person(email).await;
    }
    // The fastest of several tries, for as long as a busy machine blurs them.
    let mut fastest = [u128::MAX; 2];
    for round in 0..15 {
        let unknown = format!("nobody{round}@example.com");
        for (n, email) in [known[round % 3], unknown.as_str()].into_iter().enumerate() {
            let address = format!("192.0.2.{}", 10 * round + n);
            let begun = std::time::Instant::now();
            world.sign_in(&world.call_from(&address), email, "another password of length").await;
            fastest[n] = fastest[n].min(begun.elapsed().as_micros());
        }
        let [known, unknown] = fastest;
        if round > 1 && unknown * 3 > known * 2 && known * 3 > unknown * 2 {
            return;
        }
    }
    panic!("{} µs for somebody known, {} µs for nobody", fastest[0], fastest[1]);
}

/// K02
#[tokio::test]
async fn refuses_to_be_tried_again_and_again() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let mut judged = 0;
        for n in 0..200 {
            let typed = ["ann@example.com", "ANN@example.com", "ann＠example.com"][n % 3];
            let outcome =
                world.sign_in(&world.call(), typed, &format!("wrong password {n:08}")).await;
            judged += usize::from(wait(&outcome).is_none());
        }
        assert_eq!(judged, 6, "five are free, the sixth makes the next wait");
        let retry_after = wait(&world.sign_in(&world.call(), "ann@example.com", PASSWORD).await);
        assert_eq!(retry_after, Some(1));
        world.clock.step(1);
        assert!(is_done(&world.sign_in(&world.call(), "ann@example.com", PASSWORD).await));
        // Signing in cleared the count.
        for _ in 0..5 {
            let outcome =
                world.sign_in(&world.call(), "ann@example.com", "wrong again and again").await;
            assert!(matches!(outcome, SignIn::Refused), "{outcome:?}");
        }
    }
}

/// K02
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_wrong_passwords_are_throttled_together() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..60 {
            let (instance, call) = (world.instance.clone(), world.call());
            tasks.spawn(async move {
                let password = domain::Plain::new(format!("wrong password {n:08}"));
                domain::sessions::sign_in(&instance, &call, "ann@example.com", &password, "")
                    .await
                    .unwrap()
            });
        }
        let outcomes = tasks.join_all().await;
        let judged = outcomes.iter().filter(|outcome| matches!(outcome, SignIn::Refused)).count();
        assert_eq!(judged, 6, "{}", world.engine());
        assert!(outcomes.iter().all(|outcome| !is_done(outcome)));
        let trail = world.trail().await;
        let failed = trail.iter().filter(|event| event.action == "user.sign_in_failed");
        assert_eq!(failed.map(|event| event.count).collect::<Vec<_>>(), [6]);
    }
}

/// K02: strangers everywhere do not lock out somebody who signed in from here before.
#[tokio::test]
async fn never_locks_the_rightful_owner_out() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let home = world.call_from("198.51.100.7");
        assert!(is_done(&world.sign_in(&home, "ann@example.com", PASSWORD).await));
        let mut judged = 0;
        for n in 0..80 {
            let stranger = world.call_from(&format!("203.0.113.{n}"));
            let outcome =
                world.sign_in(&stranger, "ann@example.com", "not the right password").await;
            judged += usize::from(wait(&outcome).is_none());
        }
        assert_eq!(judged, 51, "addresses alone do not multiply the guesses");
        assert!(is_done(&world.sign_in(&home, "ann@example.com", PASSWORD).await));
        // Others are not touched by what happens to this account.
        world.person("bob@example.com").await;
        assert!(is_done(
            &world.sign_in(&world.call_from("203.0.113.1"), "bob@example.com", PASSWORD).await
        ));
    }
}

#[tokio::test]
async fn slows_an_address_that_tries_everybody() {
    let world = worlds().await.remove(0);
    let call = world.call_from("2001:db8::1");
    let mut judged = 0;
    for n in 0..110 {
        let outcome =
            world.sign_in(&call, &format!("user{n}@example.com"), "the same for everybody").await;
        judged += usize::from(wait(&outcome).is_none());
    }
    assert_eq!(judged, 101);
    let neighbour = world.call_from("2001:db8::ffff");
    assert!(
        wait(&world.sign_in(&neighbour, "x@example.com", "the same for everybody").await).is_some()
    );
    let other = world.call_from("2001:db8:0:1::1");
    assert!(
        wait(&world.sign_in(&other, "x@example.com", "the same for everybody").await).is_none()
    );
}

#[tokio::test]
async fn the_trail_counts_failures_by_account_address_and_minute() {
    for world in worlds().await {
        let user = world.person("ann@example.com").await;
        let fail = async |address: &str, email: &str| {
            world.sign_in(&world.call_from(address), email, "hunter2 hunter2 hunter2").await;
        };
        for _ in 0..3 {
            fail("192.0.2.1", "ann@example.com").await;
        }
        fail("192.0.2.2", "ann@example.com").await;
        fail("192.0.2.1", "nobody@example.com").await;
        fail("192.0.2.1", "typed my password here").await;
        world.clock.step(60);
        fail("192.0.2.1", "ann@example.com").await;

        let trail = world.trail().await;
        let failed: Vec<_> =
            trail.iter().filter(|event| event.action == "user.sign_in_failed").collect();
        let seen: Vec<_> =
            failed.iter().map(|e| (e.address.as_str(), e.object.name.as_str(), e.count)).collect();
        assert_eq!(
            seen,
            [
                ("192.0.2.1", "ann@example.com", 3),
                ("192.0.2.2", "ann@example.com", 1),
                ("192.0.2.1", "nobody@example.com", 1),
                ("192.0.2.1", "", 1),
                ("192.0.2.1", "ann@example.com", 1),
            ]
        );
        assert_eq!(failed[0].object.id, user.id.as_str());
        assert!(failed.iter().all(|event| event.outcome == "refused"));
        let all = format!("{trail:?}");
        assert!(
            !all.contains("hunter2") && !all.contains("typed my") && !all.contains(PASSWORD),
            "{all}"
        );
    }
}

#[tokio::test]
async fn refuses_somebody_disabled_between_password_and_session() {
    for world in worlds().await {
        world.person("ann@example.com").await;
        let (call, password) = (world.call(), domain::Plain::new(PASSWORD));
        let right =
            accounts::authenticate(&world.instance, &call, "ann@example.com", &password).await;
        let Ok(accounts::Authentication::Right(verified)) = right else { panic!("{right:?}") };
        disable(&world, "ann@example.com").await;
        let mut work = world.work().await;
        assert!(accounts::settle(&mut work, &call, &verified).await.unwrap().is_none());
    }
}
