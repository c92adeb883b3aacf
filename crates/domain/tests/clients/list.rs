//! The list: every filter, every order, page by page, and no page repeats or loses a client.

use std::collections::BTreeSet;

use domain::access::Access;
use domain::clients::{self, ClientType, GrantType, ListQuery, Sort, Summary};
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{create, said, service, web, with};

async fn names(house: &House, query: ListQuery) -> Vec<String> {
    pages(house, query).await.into_iter().map(|item| item.name).collect()
}

/// Everything, page after page; without the system clients.
async fn pages(house: &House, mut query: ListQuery) -> Vec<Summary> {
    query.now = house.clock.now();
    let mut items = Vec::new();
    loop {
        let page = clients::list(&mut house.read(), &house.may(), &query).await.unwrap();
        items.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            items.retain(|item: &Summary| !item.is_system);
            return items;
        }
    }
}

fn by_name() -> ListQuery {
    ListQuery::default()
}

#[tokio::test]
async fn finds_by_name_by_exact_id_and_by_redirect_host() {
    for house in instances().await {
        for (name, id, uri) in [
            ("Backend Service", "backend-1", "https://api.acme.example/cb"),
            ("100% legal_tax", "legal", "https://shop.example/cb"),
            ("Frontend", "front", "http://127.0.0.1:9000/cb"),
            ("Mobile", "mobile", "com.acme.app:/cb"),
        ] {
            create(&house, json!({"client_name": name, "client_id": id, "redirect_uris": [uri]}))
                .await
                .unwrap();
        }
        for (q, want) in [
            ("backend", vec!["Backend Service"]),
            ("END", vec!["Backend Service", "Frontend"]),
            ("ｂackend  service", vec!["Backend Service"]),
            ("backend-1", vec!["Backend Service"]),
            ("backend-", vec![]),
            ("api.acme", vec!["Backend Service"]),
            ("API.ACME.example", vec!["Backend Service"]),
            ("https://shop.example/other", vec!["100% legal_tax"]),
            ("127.0.0.1", vec!["Frontend"]),
            ("0%", vec!["100% legal_tax"]),
            ("l_t", vec!["100% legal_tax"]),
            ("%", vec!["100% legal_tax"]),
            ("' OR 1=1 --", vec![]),
            ("a\0b", vec![]),
            ("  ", vec!["100% legal_tax", "Backend Service", "Frontend", "Mobile"]),
        ] {
            let found = names(&house, ListQuery { q: Some(q.into()), ..by_name() }).await;
            assert_eq!(found, want, "{q:?} on {}", house.engine());
        }
    }
}

#[tokio::test]
async fn filters_by_each_field_and_by_all_together() {
    for house in instances().await {
        let acme = house.organization("Acme").await;
        let team = house.team(&acme, "Platform").await;
        let limited = json!({
            "organization": acme, "owner_team": team, "team_restrictions": {"teams": [team]}, "access": "full",
            "confidential": false,
        });
        create(&house, with(web("Limited"), limited)).await.unwrap();
        create(&house, with(web("Open"), json!({"organization": acme, "enabled": false})))
            .await
            .unwrap();
        create(&house, with(service("Robot"), json!({"scopes": ["scim:read"]}))).await.unwrap();
        let whole = json!({"team_restrictions": {"organizations": [acme]}});
        create(&house, with(web("Whole organization"), whole)).await.unwrap();
        let filter = |change: fn(&mut ListQuery)| {
            let mut query = by_name();
            change(&mut query);
            query
        };
        for (query, want) in [
            (filter(|q| q.enabled = Some(false)), vec!["Open"]),
            (filter(|q| q.enabled = Some(true)), vec!["Limited", "Robot", "Whole organization"]),
            (filter(|q| q.kind = Some(ClientType::Service)), vec!["Robot"]),
            (filter(|q| q.access = Some(Access::Full)), vec!["Limited"]),
            (filter(|q| q.grant = Some(GrantType::ClientCredentials)), vec!["Robot"]),
            (filter(|q| q.scope = Some("scim:read".into())), vec!["Robot"]),
            (filter(|q| q.scope = Some("none:such".into())), vec![]),
            (filter(|q| q.all_teams = Some(true)), vec!["Open", "Robot"]),
            (filter(|q| q.all_teams = Some(false)), vec!["Limited", "Whole organization"]),
            (ListQuery { team: Some(team.clone()), ..by_name() }, vec!["Limited"]),
            (ListQuery { owner_team: Some(team.clone()), ..by_name() }, vec!["Limited"]),
            (ListQuery { organization: Some(acme.clone()), ..by_name() }, vec!["Limited", "Open"]),
            (
                ListQuery { organization: Some(acme.clone()), enabled: Some(true), ..by_name() },
                vec!["Limited"],
            ),
        ] {
            assert_eq!(names(&house, query.clone()).await, want, "{query:?} on {}", house.engine());
        }
    }
}

#[tokio::test]
async fn shows_what_the_page_needs() {
    for house in instances().await {
        let made = create(&house, with(web("App"), json!({"scopes": ["openid", "email"]})))
            .await
            .unwrap()
            .object;
        let ends = house.clock.now() + 86_400;
        for expires_at in [None, Some(ends + 5), Some(ends)] {
            let mut work = house.begin().await;
            let rotation = clients::secrets::Rotation {
                confirm_name: "App".into(),
                expires_at,
                ..Default::default()
            };
            clients::secrets::rotate(
                &mut work,
                &house.call(),
                &house.may(),
                made.id.as_str(),
                rotation,
            )
            .await
            .unwrap();
            work.commit().await.unwrap();
        }
        let item = pages(&house, by_name()).await.remove(0);
        assert_eq!((item.secrets, item.secret_expires_at), (4, Some(ends)));
        assert_eq!(
            (item.all_teams, item.scopes),
            (true, vec!["email".to_owned(), "openid".to_owned()])
        );
        assert_eq!(item.grant_types, [GrantType::AuthorizationCode]);
        let expiring = |days| ListQuery { secret_expiring_days: Some(days), ..by_name() };
        assert_eq!(names(&house, expiring(1)).await, ["App"]);
        assert_eq!(names(&house, expiring(0)).await, [""; 0]);
        house.clock.step(86_400);
        assert_eq!(pages(&house, by_name()).await[0].secrets, 3);
    }
}

#[tokio::test]
async fn sorts_in_both_directions_with_never_used_ones_last() {
    for house in instances().await {
        for name in ["b", "A", "c", "D"] {
            house.clock.step(10);
            let client = create(&house, service(name)).await.unwrap().object;
            if name != "c" && name != "D" {
                clients::mark_used(&house.read(), &house.call(), &client, None);
            }
        }
        clients::flush(&house.instance).await.unwrap();
        for (sort, descending, want) in [
            (Sort::Name, false, ["A", "b", "c", "D"]),
            (Sort::Name, true, ["D", "c", "b", "A"]),
            (Sort::Created, false, ["b", "A", "c", "D"]),
            (Sort::Created, true, ["D", "c", "A", "b"]),
        ] {
            let found = names(&house, ListQuery { sort, descending, limit: 3, ..by_name() }).await;
            assert_eq!(found, want, "{sort:?} {descending} on {}", house.engine());
        }
        for (descending, want) in [(false, ["b", "A"]), (true, ["A", "b"])] {
            let query = ListQuery { sort: Sort::LastUsed, descending, limit: 1, ..by_name() };
            let found = names(&house, query).await;
            assert_eq!((&found[..2], found.len()), (&want.map(str::to_owned)[..], 4));
        }
        let unused = ListQuery { unused_days: Some(90), ..by_name() };
        assert!(names(&house, unused.clone()).await.is_empty());
        house.clock.step(91 * 86_400);
        assert_eq!(names(&house, unused).await.len(), 4);
    }
}

#[tokio::test]
async fn every_order_and_page_size_gives_each_client_once() {
    for house in instances().await {
        for n in 0..23 {
            let risky = if n % 3 == 0 { json!({"access": "full"}) } else { json!({}) };
            let client =
                create(&house, with(service(&format!("S{n:02}")), risky)).await.unwrap().object;
            if n % 4 == 0 {
                clients::mark_used(&house.read(), &house.call(), &client, None);
            }
        }
        clients::flush(&house.instance).await.unwrap();
        for sort in [Sort::Name, Sort::Created, Sort::LastUsed, Sort::Risk] {
            for (descending, limit) in [(false, 1), (true, 2), (false, 7), (true, 23), (false, 200)]
            {
                let found = names(&house, ListQuery { sort, descending, limit, ..by_name() }).await;
                let distinct: BTreeSet<_> = found.iter().collect();
                assert_eq!(
                    (found.len(), distinct.len()),
                    (23, 23),
                    "{sort:?} {descending} {limit}"
                );
            }
        }
    }
}

/// Few matches are gathered and sorted, many are met along the order; a rare member is looked up,
/// a common one is tried client by client. All four ways must agree.
#[tokio::test]
async fn finds_the_same_however_many_match() {
    const NUMBERS: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <";
    for house in instances().await {
        let uri = json!({"redirect_uris": ["https://rare.example/cb"]});
        create(&house, with(web("Copied"), json!({"client_id": "copied"}))).await.unwrap();
        create(&house, with(web("Kept"), uri)).await.unwrap();
        let by_scope = || ListQuery { scope: Some("openid".into()), limit: 200, ..by_name() };
        let by_host = || ListQuery { q: Some("app.example".into()), limit: 200, ..by_name() };
        assert_eq!(names(&house, by_scope()).await, ["Copied", "Kept"]);
        assert_eq!(names(&house, by_host()).await, ["Copied"]);

        // 20,001 members of one client make the member common without making the match so.
        let mut tx = house.database().await.begin().await.unwrap();
        for (field, value) in [("scope", "openid"), ("redirect_host", "app.example.com")] {
            let sql = format!(
                "INSERT INTO client_sets (client_id, field, position, value) {NUMBERS} 20001)
                 SELECT 'copied', '{field}', i + 100, '{value}' FROM n"
            );
            tx.execute(&sql, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(names(&house, by_scope()).await, ["Copied", "Kept"], "{}", house.engine());
        assert_eq!(names(&house, by_host()).await, ["Copied"]);

        // 2,100 more matches.
        let mut tx = house.database().await.begin().await.unwrap();
        let columns = "organization_id, organization_key, description, verified, type, enabled, is_system, \
            confidential, access, team_selection, require_consent, pkce, refresh_without_pkce, \
            access_token_lifetime, access_token_format, refresh_token_lifetime, refresh_rotation, refresh_overlap, \
            id_token_signed_response_alg, continue_without_context_user, trusted_ips_mode, token_issuance, claims, \
            risk_score, risk_reasons, epoch, version, created_at, created_by, updated_at, updated_by";
        let sql = format!(
            "INSERT INTO clients (id, number, name, name_key, {columns}) {NUMBERS} 2100)
             SELECT 'copy-' || i, i, 'Copy ' || i, 'copy ' || i, {columns} FROM n, clients WHERE id = 'copied'"
        );
        tx.execute(&sql, &[]).await.unwrap();
        let sql = format!(
            "INSERT INTO client_sets (client_id, field, position, value) {NUMBERS} 2100)
             SELECT 'copy-' || i, f.field, 0, f.value FROM n,
               (SELECT DISTINCT field, value FROM client_sets
                WHERE client_id = 'copied' AND value IN ('openid', 'app.example.com')) AS f"
        );
        tx.execute(&sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(names(&house, by_scope()).await.len(), 2_102, "{}", house.engine());
        assert_eq!(names(&house, by_host()).await.len(), 2_101, "{}", house.engine());
        let rare = ListQuery { q: Some("rare.example".into()), ..by_scope() };
        assert_eq!(names(&house, rare).await, ["Kept"]);
        let one = ListQuery { q: Some("copy 1234".into()), ..by_scope() };
        assert_eq!(names(&house, one).await, ["Copy 1234"]);
    }
}

#[tokio::test]
async fn refuses_a_cursor_of_another_list() {
    let house = instances().await.remove(0);
    let ask = async |query: ListQuery| clients::list(&mut house.read(), &house.may(), &query).await;
    let cursor = ask(ListQuery { limit: 1, ..by_name() }).await.unwrap().next_cursor;
    assert!(cursor.is_some());
    let refused = "cursor: This cursor belongs to no list in this order.";
    let by_risk = ListQuery { sort: Sort::Risk, cursor: cursor.clone(), ..by_name() };
    assert_eq!(said(ask(by_risk).await), refused);
    assert_eq!(said(ask(ListQuery { descending: true, cursor, ..by_name() }).await), refused);
    for bad in ["", "x", "WyJuYW1lIl0", "!!!"] {
        assert_eq!(
            said(ask(ListQuery { cursor: Some(bad.into()), ..by_name() }).await),
            refused,
            "{bad:?}"
        );
    }
    for limit in [-1, 201, i64::MAX] {
        assert_eq!(said(ask(ListQuery { limit, ..by_name() }).await), "limit: 1 to 200.");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    /// Hostile words in every text filter find nothing or something, and never fail.
    #[test]
    fn survives_every_word(words in proptest::collection::vec(any::<String>(), 40), days in any::<i64>()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let house = instances().await.remove(0);
            for word in words {
                let text = Some(word);
                for query in [
                    ListQuery { q: text.clone(), unused_days: Some(days), ..by_name() },
                    ListQuery { scope: text.clone(), secret_expiring_days: Some(days), ..by_name() },
                    ListQuery { team: text.clone(), ..by_name() },
                    ListQuery { owner_team: text.clone(), organization: text.clone(), ..by_name() },
                ] {
                    clients::list(&mut house.read(), &house.may(), &query).await.unwrap();
                }
                let cursor = ListQuery { cursor: text, ..by_name() };
                let _ = clients::list(&mut house.read(), &house.may(), &cursor).await;
            }
        });
    }
}
