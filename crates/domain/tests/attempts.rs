//! Counted attempts: the ladder, parallel claims, forgetting.
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use domain::attempts::{self, Claim, Ladder};
use people::{BEGINNING, World, worlds};

const LADDER: Ladder = Ladder { free: 2, cap: 10, window: 100 };

async fn claim(world: &World, now: i64) -> Claim {
    let mut work = world.work().await;
    let claim = attempts::claim(&mut work, "s", now, &LADDER).await.unwrap();
    work.commit().await.unwrap();
    claim
}

#[tokio::test]
async fn the_statement_follows_the_ladder() {
    for world in worlds().await {
        let mut now = BEGINNING;
        for failures in 1..9 {
            assert_eq!(claim(&world, now).await, Claim::Counted { failures });
            let wait = LADDER.wait(failures);
            if wait > 0 {
                let almost = now + wait - 1;
                assert_eq!(
                    claim(&world, almost).await,
                    Claim::Wait { seconds: 1 },
                    "after {failures}"
                );
            }
            now += wait;
        }
        // Waiting was not counted, and a window without failures forgets them all.
        assert_eq!(claim(&world, now + LADDER.window).await, Claim::Counted { failures: 1 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_claims_are_counted_one_by_one() {
    for world in worlds().await {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let instance = world.instance.clone();
            tasks.spawn(async move {
                let mut work = instance.begin().await.unwrap();
                let claim = attempts::claim(&mut work, "s", BEGINNING, &LADDER).await.unwrap();
                work.commit().await.unwrap();
                matches!(claim, Claim::Counted { .. })
            });
        }
        let counted = tasks.join_all().await.into_iter().filter(|counted| *counted).count();
        assert_eq!(counted, 3, "{}", world.engine());
    }
}

#[tokio::test]
async fn counts_forgets_refunds_and_remembers() {
    for world in worlds().await {
        let mut work = world.work().await;
        let work = &mut work;
        for failures in 1..=7 {
            let claim =
                attempts::claim(work, "a", BEGINNING + failures * 10, &LADDER).await.unwrap();
            assert_eq!(claim, Claim::Counted { failures });
        }
        let last = BEGINNING + 70;
        assert_eq!(attempts::wait(work, "a", last, &Ladder::USUAL).await.unwrap(), Some(2));
        assert_eq!(attempts::wait(work, "a", last + 2, &Ladder::USUAL).await.unwrap(), None);
        attempts::refund(work, "a").await.unwrap();
        assert_eq!(attempts::wait(work, "a", last, &Ladder::USUAL).await.unwrap(), Some(1));
        assert_eq!(attempts::wait(work, "b", last, &Ladder::USUAL).await.unwrap(), None);
        attempts::forget(work, "a").await.unwrap();
        assert_eq!(attempts::wait(work, "a", last, &Ladder::USUAL).await.unwrap(), None);

        attempts::remember(work, "a", BEGINNING, BEGINNING + 500).await.unwrap();
        assert!(attempts::is_remembered(work, "a", BEGINNING + 499).await.unwrap());
        assert!(!attempts::is_remembered(work, "a", BEGINNING + 500).await.unwrap());
        // A failure does not shorten what is remembered.
        attempts::claim(work, "a", BEGINNING, &LADDER).await.unwrap();
        assert!(attempts::is_remembered(work, "a", BEGINNING + 499).await.unwrap());
    }
}

#[tokio::test]
async fn sweeps_only_what_is_over() {
    for world in worlds().await {
        let mut work = world.work().await;
        for (subject, window) in [("old", 10), ("new", 1000)] {
            let ladder = Ladder { free: 5, cap: 1, window };
            attempts::claim(&mut work, subject, BEGINNING, &ladder).await.unwrap();
        }
        assert_eq!(attempts::sweep(&mut work, BEGINNING + 10, 10).await.unwrap(), 1);
        assert_eq!(attempts::sweep(&mut work, BEGINNING + 10, 10).await.unwrap(), 0);
        assert!(attempts::is_remembered(&mut work, "new", BEGINNING + 10).await.unwrap());
    }
}
