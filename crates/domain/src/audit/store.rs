//! Audit entries in the database. There is no update and no delete here.

use super::{Change, Event, Filter, Object};
use crate::listing::Listing;
use crate::{Actor, Call, ClientId, Fault, UserId, Work};

/// Entries written by one statement.
const AT_ONCE: usize = 500;

/// What is written of an entry; `count` is 1.
const WRITTEN: [&str; 14] = [
    "id",
    "at",
    "actor_user",
    "actor_client",
    "actor_operator",
    "address",
    "action",
    "object_kind",
    "object_id",
    "object_name",
    "changes",
    "outcome",
    "request_id",
    "count",
];

/// What is told alike of every object.
struct Told<'a> {
    call: &'a Call,
    address: Option<String>,
    action: &'a str,
    outcome: &'a str,
    changes: String,
}

impl<'a> Told<'a> {
    fn of(
        call: &'a Call,
        (action, outcome): (&'a str, &'a str),
        changes: &[Change],
    ) -> Result<Self, Fault> {
        let changes = serde_json::to_string(changes).map_err(|e| Fault::Broken(e.to_string()))?;
        let address = call.address.map(|_| call.address_text());
        Ok(Self { call, address, action, outcome, changes })
    }

    /// The entry about `object`, in the order of [`WRITTEN`].
    fn values<'b>(&'b self, id: i64, object: &'b Object) -> Vec<db::Value<'b>> {
        let (call, actor) = (self.call, &self.call.actor);
        vec![
            id.into(),
            call.now.into(),
            (&actor.user).into(),
            (&actor.client).into(),
            (&actor.operator).into(),
            (&self.address).into(),
            self.action.into(),
            (&object.kind).into(),
            (&object.id).into(),
            (&object.name).into(),
            (&self.changes).into(),
            self.outcome.into(),
            (&call.request_id).into(),
            1_i64.into(),
        ]
    }
}

pub(super) async fn insert(
    work: &mut Work,
    call: &Call,
    what: (&str, &str),
    object: &Object,
    changes: &[Change],
) -> Result<(), Fault> {
    let told = Told::of(call, what, changes)?;
    let id = work.instance.ids.next();
    let sql = "INSERT INTO audit_events (id, at, actor_user, actor_client, actor_operator, address, action,
                 object_kind, object_id, object_name, changes, outcome, request_id, count)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    work.tx.execute(sql, &told.values(id, object)).await?;
    Ok(())
}

/// One entry for each object; action, outcome and changes are the same.
pub(super) async fn insert_each(
    work: &mut Work,
    call: &Call,
    what: (&str, &str),
    objects: &[Object],
    changes: &[Change],
) -> Result<(), Fault> {
    let told = Told::of(call, what, changes)?;
    for some in objects.chunks(AT_ONCE) {
        let ids = &work.instance.ids;
        let rows: Vec<_> = some.iter().map(|object| told.values(ids.next(), object)).collect();
        work.tx.insert_many("audit_events", &WRITTEN, &rows).await?;
    }
    Ok(())
}

pub(super) const COLUMNS: &str = "id, at, actor_user, actor_client, actor_operator, address, action, object_kind, \
                       object_id, object_name, changes, outcome, request_id, count";

/// Entries that fit the filter, newest first.
///
/// # Errors
/// When the database cannot answer.
pub async fn list(work: &mut Work, filter: &Filter) -> Result<Vec<Event>, Fault> {
    let Some(person) = filter.person(work).await? else {
        return list_side(work, filter, None).await;
    };
    // Each side off its own index: either of both at once is sorted, or looked for in all there is.
    let mut found = list_side(work, filter, Some((BY, &person))).await?;
    found.extend(list_side(work, filter, Some((ABOUT, &person))).await?);
    found.sort_unstable_by_key(|event| std::cmp::Reverse(event.id));
    found.dedup_by_key(|event| event.id);
    found.truncate(usize::try_from(filter.limit).unwrap_or_default());
    Ok(found)
}

/// What a person did, and what was done to them.
pub(super) const BY: &str = "actor_user =";
pub(super) const ABOUT: &str = "object_kind = 'user' AND object_id =";

async fn list_side(
    work: &mut Work,
    filter: &Filter,
    side: Option<(&str, &str)>,
) -> Result<Vec<Event>, Fault> {
    let list = wanted(work, filter, side).await?;
    let rows = list.first(work, ORDER, filter.limit).await?;
    rows.iter().map(read).collect()
}

/// The newest first.
pub(super) const ORDER: &str = "id DESC";

/// Entries that fit, and of one side of a person alone where it is given.
pub(super) async fn wanted(
    work: &mut Work,
    filter: &Filter,
    side: Option<(&str, &str)>,
) -> Result<Listing, Fault> {
    let mut list = Listing::of(&format!("SELECT {COLUMNS} FROM audit_events"));
    if let Some((side, person)) = side {
        let person = list.text(person);
        list.and(&format!("{side} {person}"));
    }
    filter.narrow(work, &mut list).await?;
    Ok(list)
}

/// The clients that act for this person by themselves.
pub(super) async fn list_clients_in_context(
    work: &mut Work,
    user: &str,
) -> Result<Vec<Object>, Fault> {
    let sql = "SELECT id, name FROM clients WHERE context_user = $1 ORDER BY id";
    let rows = work.tx.query(sql, db::params![user]).await?;
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
