//! How each engine means to find entries of the trail where many do not fit: in an index that holds
//! only those that do. Asked of the engine itself, over 5,000 entries, so that no clock is needed.

use std::sync::Arc;

use super::seal::{COUNTED, first_open};
use super::store::{ABOUT, BY, ORDER, wanted};
use super::{Filter, seal};
use crate::id::Ids;
use crate::listing::plan;
use crate::{Chance, Clock, Instance, MasterKeys, Opening, Policy};

const START: i64 = 1_800_000_000;
const ENTRIES: i64 = 5_000;
const COLUMNS: [&str; 11] = [
    "id",
    "at",
    "actor_user",
    "actor_client",
    "action",
    "object_kind",
    "object_id",
    "object_name",
    "changes",
    "outcome",
    "request_id",
];

/// People at one application, and one entry in a hundred by a service for itself; all of it sealed.
async fn filled(uri: &str) -> Arc<Instance> {
    let chance = Chance::seeded(7);
    let (master_keys, _) = MasterKeys::generate(&chance).unwrap();
    let opening = Opening {
        database: uri.to_owned(),
        master_keys,
        issuer: "https://id.example".into(),
        policy: Policy::default(),
        clock: Clock::stepped(START),
        chance,
    };
    let instance = Instance::open(opening).await.unwrap();
    let mut work = instance.begin().await.unwrap();
    for n in 1..=ENTRIES {
        let (user, other) = (format!("usr_{}", n % 50), format!("usr_{}", n % 70));
        let (user, client) = match n % 100 {
            7 => (None, "service"),
            _ => (Some(&user), "app"),
        };
        let at = START - ENTRIES + n;
        let id = Ids::first_of(at);
        let values = db::params![
            id,
            at,
            user,
            client,
            "user.updated",
            "user",
            other,
            "",
            "[]",
            "success",
            "r"
        ];
        let names = COLUMNS.join(", ");
        let sql = format!(
            "INSERT INTO audit_events ({names}, count)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)"
        );
        work.tx.execute(&sql, values).await.unwrap();
    }
    for id in ["app", "service"] {
        let sql = "INSERT INTO deleted_clients (id, deleted_at) VALUES ($1, $2)";
        work.tx.execute(sql, db::params![id, START]).await.unwrap();
    }
    work.commit().await.unwrap();
    seal(&instance).await.unwrap();
    let mut work = instance.begin().await.unwrap();
    work.tx.execute("ANALYZE", &[]).await.unwrap();
    work.commit().await.unwrap();
    instance
}

/// Is it found in this index, and not by a walk through others?
fn assert_off(index: &str, plan: &str, what: &str) {
    let walks = plan.contains("Seq Scan") || plan.contains("pkey") || plan.contains("SCAN");
    assert!(plan.contains(index) && !walks, "{what}:\n{plan}");
}

#[tokio::test]
async fn what_few_entries_fit_is_read_off_an_index_of_those() {
    for database in db::testing::databases().await {
        let instance = filled(database.uri()).await;
        let mut work = instance.read();
        for (side, index) in [(BY, "audit_events_user_idx"), (ABOUT, "audit_events_object_idx")] {
            let list = wanted(&mut work, &Filter::default(), Some((side, "usr_7"))).await.unwrap();
            let plan = list.plan(&mut work, ORDER, 51).await;
            assert_off(index, &plan, side);
        }
        for client in ["app", "service"] {
            let filter = Filter { actor: Some(client.into()), ..Filter::default() };
            let list = wanted(&mut work, &filter, None).await.unwrap();
            let plan = list.plan(&mut work, ORDER, 51).await;
            assert_off("audit_events_own_idx", &plan, client);
        }
        let minute = START - START % 60;
        let plan = plan(&mut work, &first_open(), db::params![COUNTED, minute]).await;
        // One engine has it from the index of segments too, in the same order.
        let index = if plan.contains("open_idx") { "open_idx" } else { "segment_idx" };
        assert_off(index, &plan, "what is open");
    }
}
