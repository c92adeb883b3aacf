//! The sealed trail: whatever is done to it behind our back, `verify` names it.
//!
//! Rows are altered, deleted, put in and exchanged by raw SQL, as whoever holds the database would.
#![expect(clippy::unwrap_used, reason = "a test without its trail has failed")]

#[expect(dead_code, reason = "these tests use a part of it")]
mod fixture;

use std::collections::BTreeSet;
use std::sync::Arc;

use db::params;
use domain::audit::{self, Filter, Object, Verdict, Wrong};
use domain::{Actor, Chance, Instance, MasterKeys, Opening, Policy, Work};
use fixture::{House, START, instances};

/// Another node on the same database.
async fn second_node(house: &House) -> Arc<Instance> {
    let (master_keys, _) = MasterKeys::generate(&Chance::seeded(7)).unwrap();
    Instance::open(Opening {
        database: house.database.uri().to_owned(),
        master_keys,
        issuer: "https://id.example".into(),
        policy: Policy::default(),
        clock: house.clock.clone(),
        chance: Chance::seeded(8),
    })
    .await
    .unwrap()
}

async fn record(work: &mut Work, house: &House, action: &str) {
    let object = Object::new("client", "app", "App");
    audit::record(work, &house.call(), action, &object, &[]).await.unwrap();
}

/// So many entries, sealed in segments of one each second.
async fn sealed(house: &House, seconds: usize, each: usize) {
    for _ in 0..seconds {
        let mut work = house.begin().await;
        for _ in 0..each {
            record(&mut work, house, "client.updated").await;
        }
        work.commit().await.unwrap();
        house.clock.step(1);
        audit::seal(&house.instance).await.unwrap();
    }
}

async fn verdict(house: &House) -> Verdict {
    audit::verify(&mut house.read(), None).await.unwrap()
}

/// What is wrong, and with which entry.
async fn wrong(house: &House) -> Vec<(Wrong, Option<i64>)> {
    verdict(house).await.findings.iter().map(|found| (found.wrong, found.entry)).collect()
}

/// Ids of a segment's entries, rising.
async fn entries(house: &House, segment: i64) -> Vec<i64> {
    let sql = "SELECT id FROM audit_events WHERE segment = $1 ORDER BY id";
    let rows = house.database().await.read().query(sql, params![segment]).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// Changes rows behind our back.
async fn meddle(house: &House, sql: &str, id: i64) {
    let mut tx = house.database().await.begin().await.unwrap();
    assert!(tx.execute(sql, params![id]).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_untouched_trail_is_intact_and_tells_what_is_not_sealed_yet() {
    for house in instances().await {
        sealed(&house, 3, 4).await;
        let mut work = house.begin().await;
        record(&mut work, &house, "client.updated").await;
        work.commit().await.unwrap();
        let verdict = verdict(&house).await;
        assert_eq!((verdict.wrong, verdict.segments, verdict.unsealed), (0, 3, 1), "{verdict:?}");
        // Those of the foundation are in the first segment.
        assert!(verdict.events > 12);
        let (number, head) = verdict.head.unwrap();
        assert_eq!((number, head.len()), (3, 64));
        let known = audit::verify(&mut house.read(), Some((3, &head))).await.unwrap();
        assert_eq!(known.wrong, 0);
        let foreign = audit::verify(&mut house.read(), Some((2, &head))).await.unwrap();
        assert_eq!(foreign.findings[0].wrong, Wrong::HeadUnknown);
    }
}

#[tokio::test]
async fn l08_names_each_entry_that_was_altered_in_whichever_column() {
    let columns = [
        "at = at + 1",
        "actor_user = 'usr_other'",
        "actor_client = 'other'",
        "actor_operator = NULL",
        "address = NULL",
        "action = 'client.created'",
        "object_kind = 'user'",
        "object_id = 'other'",
        "object_name = 'app'",
        "changes = '[ ]'",
        "outcome = 'refused'",
        "request_id = ''",
        "count = 2",
    ];
    for house in instances().await {
        sealed(&house, 2, columns.len()).await;
        let ids = entries(&house, 2).await;
        for (id, change) in ids.iter().zip(columns) {
            meddle(&house, &format!("UPDATE audit_events SET {change} WHERE id = $1"), *id).await;
        }
        let altered: Vec<_> = ids.iter().map(|id| (Wrong::Altered, Some(*id))).collect();
        assert_eq!(wrong(&house).await, altered);
    }
}

#[tokio::test]
async fn l08_names_entries_that_were_deleted_put_in_or_exchanged() {
    for house in instances().await {
        sealed(&house, 4, 3).await;
        let (gone, pair) = (entries(&house, 2).await[1], entries(&house, 3).await);
        meddle(&house, "DELETE FROM audit_events WHERE id = $1", gone).await;
        assert_eq!(wrong(&house).await, [(Wrong::Missing, Some(gone))]);

        let copy = "INSERT INTO audit_events (id, at, action, object_kind, object_id, object_name, changes,
                      outcome, request_id, count, segment)
                    SELECT id + 1, at, action, object_kind, object_id, object_name, changes, outcome,
                      request_id, count, segment FROM audit_events WHERE id = $1";
        let last = entries(&house, 4).await[2];
        meddle(&house, copy, last).await;
        let found = wrong(&house).await;
        assert_eq!(found[1..], [(Wrong::Inserted, Some(last + 1))], "{found:?}");

        // Two entries of one segment change places; one moves to another segment.
        let exchange =
            "UPDATE audit_events SET request_id = CASE WHEN id = $1 THEN 'a' ELSE 'b' END
                        WHERE segment = 3";
        meddle(&house, exchange, pair[0]).await;
        let found: BTreeSet<_> = wrong(&house).await.into_iter().collect();
        for id in &pair {
            assert!(found.contains(&(Wrong::Altered, Some(*id))), "{found:?}");
        }
        let moved = entries(&house, 1).await[0];
        meddle(&house, "UPDATE audit_events SET segment = 2 WHERE id = $1", moved).await;
        let found = wrong(&house).await;
        assert!(found.contains(&(Wrong::Missing, Some(moved))), "{found:?}");
        assert!(found.contains(&(Wrong::Inserted, Some(moved))), "{found:?}");
    }
}

#[tokio::test]
async fn l08_names_segments_that_were_altered_removed_or_emptied() {
    for (sql, expected) in [
        ("UPDATE audit_segments SET events = events + 1 WHERE number = $1", Wrong::SegmentAltered),
        ("UPDATE audit_segments SET previous = root WHERE number = $1", Wrong::ChainBroken),
        ("UPDATE audit_segments SET hash = root WHERE number = $1", Wrong::ChainBroken),
        ("UPDATE audit_segments SET digests = NULL WHERE number = $1", Wrong::SegmentAltered),
        ("DELETE FROM audit_segments WHERE number = $1", Wrong::SegmentMissing),
        ("UPDATE audit_segments SET removed_at = 1 WHERE number = $1", Wrong::SegmentEmptied),
        ("DELETE FROM audit_events WHERE segment = $1", Wrong::Missing),
    ] {
        for house in instances().await {
            sealed(&house, 3, 2).await;
            meddle(&house, sql, 2).await;
            let found = verdict(&house).await.findings;
            assert!(found.iter().any(|found| found.wrong == expected), "{sql}: {found:?}");
        }
    }
}

#[tokio::test]
async fn an_entry_committed_late_under_an_earlier_id_is_sealed_later() {
    for house in instances().await.into_iter().filter(|house| house.engine() == "postgres") {
        sealed(&house, 1, 1).await;
        let mut late = house.begin().await;
        record(&mut late, &house, "client.deleted").await;
        sealed(&house, 2, 2).await;
        late.commit().await.unwrap();
        assert_eq!(verdict(&house).await.unsealed, 1);
        house.clock.step(1);
        assert_eq!(audit::seal(&house.instance).await.unwrap(), 1);
        let verdict = verdict(&house).await;
        assert_eq!((verdict.wrong, verdict.segments, verdict.unsealed), (0, 4, 0), "{verdict:?}");
        assert!(entries(&house, 4).await[0] < entries(&house, 2).await[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_two_sealing_nodes_at_once_leave_one_whole_chain() {
    const EACH: usize = 40;
    for house in instances().await {
        let other = Arc::new(second_node(&house).await);
        let mut tasks = tokio::task::JoinSet::new();
        for (n, instance) in
            [&house.instance, &other, &house.instance, &other].into_iter().enumerate()
        {
            let (instance, call) = (Arc::clone(instance), house.call());
            let clock = house.clock.clone();
            tasks.spawn(async move {
                for _ in 0..EACH {
                    if n < 2 {
                        let mut work = instance.begin().await.unwrap();
                        let object = Object::new("client", "app", "App");
                        audit::record(&mut work, &call, "client.updated", &object, &[])
                            .await
                            .unwrap();
                        work.commit().await.unwrap();
                    } else {
                        clock.step(2);
                        audit::seal(&instance).await.unwrap();
                    }
                }
            });
        }
        tasks.join_all().await;
        house.clock.step(60);
        audit::seal(&house.instance).await.unwrap();
        let filter =
            Filter { action: Some("client.updated".into()), limit: 1000, ..Filter::default() };
        assert_eq!(audit::list(&mut house.read(), &filter).await.unwrap().len(), 2 * EACH);
        let verdict = verdict(&house).await;
        assert_eq!((verdict.wrong, verdict.unsealed), (0, 0), "{}: {verdict:?}", house.engine());
    }
}

#[tokio::test]
async fn of_two_nodes_one_leads_until_it_is_gone_for_some_seconds() {
    for house in instances().await {
        let other = second_node(&house).await;
        sealed(&house, 1, 1).await;
        let mut work = house.begin().await;
        record(&mut work, &house, "client.updated").await;
        work.commit().await.unwrap();
        assert_eq!(audit::seal(&other).await.unwrap(), 0);
        house.clock.step(5);
        assert_eq!(audit::seal(&other).await.unwrap(), 1);
        // A clock that is set back does not stop it.
        house.clock.step(-3600);
        let mut work = house.begin().await;
        record(&mut work, &house, "client.updated").await;
        work.commit().await.unwrap();
        assert_eq!(audit::seal(&house.instance).await.unwrap(), 1);
        assert_eq!(verdict(&house).await.wrong, 0);
    }
}

#[tokio::test]
async fn failures_that_are_still_counted_are_sealed_after_their_minute() {
    for house in instances().await {
        let call = house.call_of(Actor::nobody());
        let object = Object::new("user", "unknown_x", "");
        let mut work = house.begin().await;
        audit::record_refusal(&mut work, &call, "user.sign_in_failed", &object, &[]).await.unwrap();
        work.commit().await.unwrap();
        audit::seal(&house.instance).await.unwrap();
        assert_eq!(verdict(&house).await.unsealed, 1);
        house.clock.step(60 - START.rem_euclid(60));
        assert_eq!(audit::seal(&house.instance).await.unwrap(), 1);
        assert_eq!(verdict(&house).await.unsealed, 0);
    }
}

#[tokio::test]
async fn retention_takes_whole_segments_from_the_oldest_on_and_the_rest_stays_verified() {
    for house in instances().await {
        sealed(&house, 3, 2).await;
        let head = verdict(&house).await.head.unwrap();
        house.clock.step(10 * 86_400);
        sealed(&house, 1, 2).await;
        let kept_from = START + 86_400;
        let (mut work, call) = (house.begin().await, house.call());
        let gone = audit::expire(&mut work, &call, kept_from, 100).await.unwrap();
        work.commit().await.unwrap();
        assert!(gone >= 6);
        let mut work = house.begin().await;
        assert_eq!(audit::expire(&mut work, &call, kept_from, 100).await.unwrap(), 0);
        drop(work);
        house.clock.step(1);
        audit::seal(&house.instance).await.unwrap();
        let known = Some((head.0, head.1.as_str()));
        let verdict = audit::verify(&mut house.read(), known).await.unwrap();
        assert_eq!((verdict.wrong, verdict.removed, verdict.segments), (0, 3, 5), "{verdict:?}");
        let filter = Filter { limit: 100, ..Filter::default() };
        let left = audit::list(&mut house.read(), &filter).await.unwrap();
        let actions: Vec<_> = left.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions, ["audit.expired", "client.updated", "client.updated"]);
        // What comes back into a segment that retention took is found, too.
        meddle(&house, "UPDATE audit_events SET segment = 1 WHERE id = $1", left[2].id).await;
        let found = wrong(&house).await;
        assert!(found.contains(&(Wrong::Inserted, Some(left[2].id))), "{found:?}");
    }
}
