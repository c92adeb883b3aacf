//! Deleting: one with its name typed, many together or none.

use domain::{Refusal, clients};
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{audited, create, said, service, with};

async fn delete(house: &House, id: &str, name: &str) -> Result<(), Refusal> {
    let mut work = house.begin().await;
    clients::delete(&mut work, &house.call(), &house.may(), id, name).await?;
    Ok(work.commit().await?)
}

async fn delete_many(house: &House, ids: &[String]) -> Result<usize, Refusal> {
    let mut work = house.begin().await;
    let count = clients::delete_many(&mut work, &house.call(), &house.may(), ids).await?;
    work.commit().await?;
    Ok(count)
}

async fn services(house: &House, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(create(house, service(name)).await.unwrap().object.id.as_str().to_owned());
    }
    ids
}

async fn exists(house: &House, id: &str) -> bool {
    clients::find(&mut house.read(), id).await.unwrap().is_some()
}

#[tokio::test]
async fn deletes_only_with_the_name_typed_exactly() {
    for house in instances().await {
        let id = services(&house, &["Billing"]).await.remove(0);
        for name in ["", "billing", "Billing ", "mandate-admin"] {
            assert!(
                said(delete(&house, &id, name).await).starts_with("confirm_name: Type the name"),
                "{name:?}"
            );
        }
        delete(&house, &id, "Billing").await.unwrap();
        assert!(!exists(&house, &id).await);
        assert_eq!(audited(&house, &id).await, ["client.created", "client.deleted"]);
        assert!(matches!(delete(&house, &id, "Billing").await, Err(Refusal::NotFound)));
    }
}

#[tokio::test]
async fn never_gives_the_id_of_a_deleted_client_again_but_its_name() {
    for house in instances().await {
        let draft = with(service("Billing"), json!({"client_id": "billing"}));
        create(&house, draft.clone()).await.unwrap();
        delete(&house, "billing", "Billing").await.unwrap();
        let again = said(create(&house, draft).await);
        assert_eq!(
            again,
            "client_id: A client of this id was deleted. An id is never given again."
        );
        assert_eq!(said(create(&house, service("Billing")).await), "accepted");
    }
}

#[tokio::test]
async fn refuses_to_delete_a_system_client() {
    for house in instances().await {
        let refusal = said(delete(&house, "mandate-cli", "Mandate CLI").await);
        assert!(refusal.starts_with("conflict: System clients cannot be deleted"), "{refusal}");
        let mut ids = services(&house, &["A"]).await;
        ids.push("mandate-cli".into());
        let refusal = said(delete_many(&house, &ids).await);
        assert!(refusal.ends_with("Nothing was deleted. mandate-cli"), "{refusal}");
        assert!(exists(&house, &ids[0]).await && exists(&house, "mandate-cli").await);
    }
}

#[tokio::test]
async fn deletes_many_all_or_nothing() {
    for house in instances().await {
        let ids = services(&house, &["A", "B", "C"]).await;
        delete(&house, &ids[1], "B").await.unwrap();
        let refusal = said(delete_many(&house, &ids).await);
        assert_eq!(
            refusal,
            format!(
                "conflict: Some of these clients are gone already. Nothing was deleted. {}",
                ids[1]
            )
        );
        assert!(
            exists(&house, &ids[0]).await && exists(&house, &ids[2]).await,
            "{}",
            house.engine()
        );
        // An id named twice is one.
        let twice = [ids[0].clone(), ids[2].clone(), ids[0].clone()];
        assert_eq!(delete_many(&house, &twice).await.unwrap(), 2);
        assert!(!exists(&house, &ids[0]).await && !exists(&house, &ids[2]).await);
        assert_eq!(audited(&house, &ids[0]).await, ["client.created", "client.deleted"]);
    }
}

#[tokio::test]
async fn refuses_501_and_none() {
    let house = instances().await.remove(0);
    let many: Vec<String> = (0..501).map(|n| format!("client-{n}")).collect();
    assert_eq!(said(delete_many(&house, &many).await), "client_ids: 1 to 500 clients at once.");
    assert_eq!(said(delete_many(&house, &[]).await), "client_ids: 1 to 500 clients at once.");
    // 500 are looked for, and found missing.
    assert!(
        said(delete_many(&house, &many[..500]).await)
            .starts_with("conflict: Some of these clients are gone")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_overlapping_deletes_never_lock_each_other_out() {
    for house in instances().await {
        let names: Vec<String> = (0..30).map(|n| format!("S{n}")).collect();
        let ids = services(&house, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let backwards: Vec<String> = ids.iter().rev().cloned().collect();
        let (a, b) = tokio::join!(delete_many(&house, &ids), delete_many(&house, &backwards));
        let outcomes = [said(a), said(b)];
        assert_eq!(outcomes.iter().filter(|o| *o == "accepted").count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().any(|o| o.starts_with("conflict: Some of these")), "{outcomes:?}");
    }
}
