//! `/organizations` and `/teams`.

use axum::http::Method;
use domain::access::{AUDITOR, Place};
use serde_json::json;

use crate::harness::both;
use crate::talk::{Caller, fields, ids};

#[tokio::test]
async fn makes_renames_and_deletes_organizations_and_teams() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let acme = admin.post("/organizations", json!({ "name": "Acme" })).await;
        assert_eq!(acme.status, 201, "{}", acme.body);
        let at_acme = format!("/organizations/{}", acme.text("id"));
        assert_eq!(acme.location(), format!("https://mandate.test/api/v1{at_acme}"));
        assert_eq!(
            fields(&admin.post("/organizations", json!({ "name": "ACME" })).await),
            ["name"]
        );
        assert_eq!(fields(&admin.post("/organizations", json!({})).await), ["name"]);

        let new = json!({ "organization": acme.text("id"), "name": "Blue" });
        assert_eq!(admin.post("/teams?dry_run=true", new.clone()).await.status, 200);
        let blue = admin.post("/teams", new.clone()).await;
        assert_eq!(blue.status, 201, "nothing was left of the rehearsal: {}", blue.body);
        assert_eq!(fields(&admin.post("/teams", new).await), ["name"]);
        let nowhere = json!({ "organization": "org_none", "name": "Blue" });
        assert_eq!(fields(&admin.post("/teams", nowhere).await), ["organization"]);

        let at_blue = format!("/teams/{}", blue.text("id"));
        let etag = blue.header("etag").to_owned();
        let renamed = admin
            .call(Method::PATCH, &at_blue, &[("if-match", &etag)], Some(json!({ "name": "Azure" })))
            .await;
        assert_eq!(
            (renamed.status.as_u16(), renamed.text("name")),
            (200, "Azure".into()),
            "{}",
            renamed.body
        );
        let stale = admin
            .call(Method::PATCH, &at_blue, &[("if-match", &etag)], Some(json!({ "name": "Navy" })))
            .await;
        assert_eq!(stale.status, 412);
        assert_eq!(
            ids(
                &admin.get(&format!("/teams?organization={}&q=azu", acme.text("id"))).await,
                "name"
            ),
            ["Azure"]
        );

        let held = admin.delete(&at_acme).await;
        assert_eq!(
            (held.status.as_u16(), held.json()["ids"].clone()),
            (409, json!([blue.text("id")]))
        );
        assert_eq!(admin.delete(&at_blue).await.status, 204);
        assert_eq!(admin.delete(&format!("{at_acme}?dry_run=true")).await.status, 200);
        assert_eq!(admin.delete(&at_acme).await.status, 204);
        assert_eq!(admin.get(&at_acme).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn who_reads_one_team_sees_it_and_the_name_of_its_organization() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let mut teams = Vec::new();
        for organization in ["Acme", "Borealis"] {
            let organization =
                admin.post("/organizations", json!({ "name": organization })).await.text("id");
            let team =
                admin.post("/teams", json!({ "organization": organization, "name": "Blue" })).await;
            teams.push((organization, team.text("id")));
        }
        let place = Place::Team(teams[0].1.clone());
        let reader = Caller::service(&server, "reader", &["team:read"], (AUDITOR, place)).await;
        assert_eq!(ids(&reader.get("/teams").await, "id"), [teams[0].1.clone()]);
        assert_eq!(ids(&reader.get("/organizations").await, "id"), [teams[0].0.clone()]);
        for (n, status) in [(0, 200), (1, 404)] {
            assert_eq!(reader.get(&format!("/teams/{}", teams[n].1)).await.status, status);
            assert_eq!(reader.get(&format!("/organizations/{}", teams[n].0)).await.status, status);
        }
    })
    .await;
}
