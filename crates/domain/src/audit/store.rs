//! Audit entries in the database. There is no update and no delete here.

use super::{Change, Event, Filter, Object};
use crate::listing::Listing;
use crate::{Actor, Call, ClientId, Fault, UserId, Work};

pub(super) async fn insert(
    work: &mut Work,
    call: &Call,
    (action, outcome): (&str, &str),
    object: &Object,
    changes: &[Change],
) -> Result<(), Fault> {
    let changes = serde_json::to_string(changes).map_err(|e| Fault::Broken(e.to_string()))?;
    let id = work.instance.ids.next();
    let address = call.address.map(|_| call.address_text());
    let actor = &call.actor;
    let (user, client) = (actor.user.as_ref(), actor.client.as_ref());
    let sql = "INSERT INTO audit_events (id, at, actor_user, actor_client, actor_operator, address, action,
                 object_kind, object_id, object_name, changes, outcome, request_id, count)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)";
    let params = db::params![
        id,
        call.now,
        user,
        client,
        actor.operator,
        address,
        action,
        object.kind,
        object.id,
        object.name,
        changes,
        outcome,
        call.request_id
    ];
    work.tx.execute(sql, params).await?;
    Ok(())
}

pub(super) const COLUMNS: &str = "id, at, actor_user, actor_client, actor_operator, address, action, object_kind, \
                       object_id, object_name, changes, outcome, request_id, count";

/// Entries that fit the filter, newest first.
///
/// # Errors
/// When the database cannot answer.
pub async fn list(work: &mut Work, filter: &Filter) -> Result<Vec<Event>, Fault> {
    let mut list = Listing::of(&format!("SELECT {COLUMNS} FROM audit_events"));
    filter.narrow(work, &mut list).await?;
    let rows = list.first(work, "id DESC", filter.limit).await?;
    rows.iter().map(read).collect()
}

/// Some of the clients that act for this person by themselves.
pub(super) async fn list_clients_in_context(
    work: &mut Work,
    user: &str,
    limit: i64,
) -> Result<Vec<Object>, Fault> {
    let sql = "SELECT id, name FROM clients WHERE context_user = $1 ORDER BY id LIMIT $2";
    let rows = work.tx.query(sql, db::params![user, limit]).await?;
    let client =
        |row: &db::Row| Ok(Object::new("client", row.get::<String>(0)?, row.get::<String>(1)?));
    rows.iter().map(client).collect()
}

/// One entry.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, id: i64) -> Result<Option<Event>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM audit_events WHERE id = $1");
    work.tx.query_one(&sql, db::params![id]).await?.as_ref().map(read).transpose()
}

fn read(row: &db::Row) -> Result<Event, Fault> {
    let changes: String = row.get(10)?;
    Ok(Event {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: Actor {
            user: row.get::<Option<String>>(2)?.map(UserId::new),
            client: row.get::<Option<String>>(3)?.map(ClientId::new),
            operator: row.get(4)?,
        },
        address: row.get::<Option<String>>(5)?.unwrap_or_else(|| "-".into()),
        action: row.get(6)?,
        object: Object { kind: row.get(7)?, id: row.get(8)?, name: row.get(9)? },
        changes: serde_json::from_str(&changes).map_err(|e| Fault::Broken(e.to_string()))?,
        outcome: row.get(11)?,
        request_id: row.get(12)?,
        count: row.get(13)?,
    })
}
