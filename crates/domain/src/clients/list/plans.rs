//! How each engine means to carry out the statements of the list: no order sorts the table, and no
//! filter that has an index reads all of it. Asked of the engine itself, over 5,000 clients, so that
//! no clock is needed.

use db::Value;

use super::paging::{Cursor, begin_at, gathered, met, stretches};
use super::statement::Statement;
use super::{ListQuery, Sort, filters};
use crate::{Chance, Clock, Instance, MasterKeys, Opening, Policy};

const CLIENTS: i64 = 5_000;
const NUMBERS: &[&str] = &[
    "number",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_overlap",
    "risk_score",
    "epoch",
    "version",
    "created_at",
    "updated_at",
    "last_used_at",
];
const TEXTS: &[&str] = &[
    "id",
    "organization_key",
    "name",
    "name_key",
    "description",
    "type",
    "access",
    "team_selection",
    "pkce",
    "access_token_format",
    "refresh_rotation",
    "id_token_signed_response_alg",
    "trusted_ips_mode",
    "token_issuance",
    "claims",
    "risk_reasons",
    "created_by",
    "updated_by",
];
const FLAGS: &[&str] = &[
    "verified",
    "enabled",
    "is_system",
    "confidential",
    "require_consent",
    "refresh_without_pkce",
    "continue_without_context_user",
];

async fn filled(uri: &str) -> std::sync::Arc<Instance> {
    let chance = Chance::seeded(7);
    let (master_keys, _) = MasterKeys::generate(&chance).unwrap();
    let opening = Opening {
        database: uri.to_owned(),
        master_keys,
        issuer: "https://id.example".into(),
        policy: Policy::default(),
        clock: Clock::stepped(1_800_000_000),
        chance,
    };
    let instance = Instance::open(opening).await.unwrap();
    let mut work = instance.begin().await.unwrap();
    let ids: Vec<String> = (0..CLIENTS).map(|n| format!("client-{n}")).collect();
    let rows: Vec<Vec<Value<'_>>> = ids
        .iter()
        .zip(0..)
        .map(|(id, n)| {
            let numbers = NUMBERS.iter().map(|_| Value::Int(n));
            let texts = TEXTS.iter().map(|_| Value::Text(id));
            numbers.chain(texts).chain(FLAGS.iter().map(|_| Value::Bool(n % 2 == 0))).collect()
        })
        .collect();
    let columns = [NUMBERS, TEXTS, FLAGS].concat();
    work.tx.insert_many("clients", &columns, &rows).await.unwrap();
    let sets: Vec<Vec<Value<'_>>> = ids
        .iter()
        .zip(0..)
        .map(|(id, n)| {
            let scope = if n % 1_000 == 0 { "rare:read" } else { "openid" };
            vec![Value::Text(id), "scope".into(), Value::Int(0), scope.into()]
        })
        .collect();
    work.tx
        .insert_many("client_sets", &["client_id", "field", "position", "value"], &sets)
        .await
        .unwrap();
    work.tx.execute("ANALYZE", &[]).await.unwrap();
    work.commit().await.unwrap();
    instance
}

async fn plan(instance: &std::sync::Arc<Instance>, sql: &str, values: &[Value<'_>]) -> String {
    crate::listing::plan(&mut instance.read(), sql, values).await
}

fn sorts(plan: &str) -> bool {
    plan.contains("TEMP B-TREE FOR ORDER BY") || plan.contains("Sort Key")
}

fn orders() -> Vec<(Sort, bool, &'static str)> {
    let by = [
        (Sort::Name, "clients_list_idx"),
        (Sort::Created, "clients_created_idx"),
        (Sort::LastUsed, "clients_used_idx"),
        (Sort::Risk, "clients_risk_idx"),
    ];
    by.into_iter().flat_map(|(sort, index)| [(sort, false, index), (sort, true, index)]).collect()
}

#[tokio::test]
async fn every_order_is_read_off_its_index_page_after_page() {
    for database in db::testing::databases().await {
        let instance = filled(database.uri()).await;
        for (sort, descending, index) in orders() {
            for cursor in [None, Some("[\"{sort}\",{descending},{value},\"client-77\"]")] {
                let query = ListQuery { sort, descending, ..ListQuery::default() };
                let cursor = cursor.map(|text| {
                    use base64::Engine;
                    let value = if sort == Sort::Name { "\"client-77\"" } else { "77" };
                    let text = text.replace("{sort}", sort.as_str());
                    let text = text
                        .replace("{descending}", &descending.to_string())
                        .replace("{value}", value);
                    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
                    Cursor::read(&query, &text).unwrap()
                });
                let mut filter = Statement::default();
                let stretch = stretches(&query, cursor.as_ref()).remove(0);
                let order = begin_at(&mut filter, &query, &stretch);
                let sql = met(&filter.conditions(), &order, 51);
                let plan = plan(&instance, &sql, &filter.values()).await;
                assert!(
                    plan.contains(index) && !sorts(&plan),
                    "{} {descending} on {}:\n{plan}",
                    sort.as_str(),
                    database.name()
                );
            }
        }
    }
}

#[tokio::test]
async fn what_few_clients_hold_is_looked_up_and_nothing_else_is_read() {
    for database in db::testing::databases().await {
        let instance = filled(database.uri()).await;
        let query =
            ListQuery { scope: Some("rare:read".into()), sort: Sort::Risk, ..ListQuery::default() };
        let mut filter = Statement::default();
        filters::settings(&mut instance.read(), &mut filter, &query).await.unwrap();
        let order = begin_at(&mut filter, &query, &stretches(&query, None).remove(0));
        let sql = gathered(&filter.conditions(), &order, 51);
        let plan = plan(&instance, &sql, &filter.values()).await;
        assert!(plan.contains("client_sets_value_idx"), "on {}:\n{plan}", database.name());
        let reads_all = plan.contains("Seq Scan on clients") || plan.contains("SCAN c\n");
        assert!(!reads_all, "on {}:\n{plan}", database.name());
    }
}
