//! Whole clients, many at once, in as many statements as one takes.

use std::collections::HashMap;
use std::sync::Arc;

use db::Value;

use super::store::{self, Sets};
use super::{Client, ListQuery, list, secrets};
use crate::access::{May, ReadClients};
use crate::teams::Page;
use crate::{Fault, Refusal, Work};

/// The page of [`list`] with every setting of each client.
///
/// # Errors
/// As [`list`].
pub async fn list_whole(
    work: &mut Work,
    may: &May<ReadClients>,
    query: &ListQuery,
) -> Result<Page<Arc<Client>>, Refusal> {
    let page = list(work, may, query).await?;
    let ids: Vec<&str> = page.items.iter().map(|item| item.id.as_str()).collect();
    let items = of(work, &ids).await?;
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// These clients, in this order; one that is gone meanwhile is left out.
pub(super) async fn of(work: &mut Work, ids: &[&str]) -> Result<Vec<Arc<Client>>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let (named, params) =
        (numbers.join(", "), ids.iter().map(|id| Value::Text(id)).collect::<Vec<_>>());
    let mut rows = HashMap::new();
    for row in work.tx.query(&store::select(&format!("id IN ({named})")), &params).await? {
        let client = store::read(&row)?;
        rows.insert(client.id.as_str().to_owned(), client);
    }
    let sql = format!(
        "SELECT client_id, field, value FROM client_sets WHERE client_id IN ({named})
         ORDER BY client_id, field, position"
    );
    let mut sets: HashMap<String, Sets> = HashMap::new();
    for row in work.tx.query(&sql, &params).await? {
        let of_client = sets.entry(row.get(0)?).or_default();
        of_client.entry(row.get(1)?).or_default().push(row.get(2)?);
    }
    let mut stored = secrets::list_stored_of(work, &named, &params).await?;
    let versions = versions(work, &named, &params).await?;
    let mut clients = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(mut client) = rows.remove(*id) else { continue };
        store::take_sets(&mut client, sets.remove(*id).unwrap_or_default());
        client.secrets = stored.remove(*id).unwrap_or_default();
        // Outside a transaction each statement sees the latest commit: one came between.
        if versions.get(*id) == Some(&client.version) {
            clients.push(Arc::new(client));
        } else {
            clients.extend(store::find_shared(work, id).await?);
        }
    }
    Ok(clients)
}

async fn versions(
    work: &mut Work,
    named: &str,
    params: &[Value<'_>],
) -> Result<HashMap<String, i64>, Fault> {
    let sql = format!("SELECT id, version FROM clients WHERE id IN ({named})");
    let rows = work.tx.query(&sql, params).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
