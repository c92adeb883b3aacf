//! `/audit-events` and `/clients/{id}/audit-events`: who did what, as JSON or as a table.
//!
//! A table holds exactly what the filter shows, however much that is: it is written while it is
//! read, page by page. That somebody took one is itself an entry.

use domain::access::{May, Reach, ReadAudit, ReadClients};
use domain::audit::{self, Event, Filter};
use domain::{Refusal, clients};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::conditions::WantsCsv;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::{Answer, Failed};
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Values};
use crate::web::trail;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Verb::Get,
            ("/audit-events", "listAuditEvents"),
            "Read the audit trail",
            list,
        )
        .note("Needs `audit:read` at the instance. Taking the table is itself an entry.")
        .answers(
            200,
            Shape::Page("AuditEvent"),
            "The newest first; with `Accept: text/csv` all of them.",
        ),
        Operation::new(
            Verb::Get,
            ("/clients/{id}/audit-events", "listAuditEventsOfClient"),
            "Read the audit trail of a client",
            list_of_client,
        )
        .note("Deleted clients too, for who holds `audit:read` at the instance.")
        .answers(
            200,
            Shape::Page("AuditEvent"),
            "The newest first; with `Accept: text/csv` all of them.",
        ),
    ]
}

/// From where; nothing for the machine itself.
fn address(event: &Event) -> Option<&str> {
    Some(event.address.as_str()).filter(|address| *address != "-")
}

fn shown(event: &Event) -> Value {
    json!({
        "id": event.id.to_string(),
        "at": instant(event.at),
        "actor": {
            "user": event.actor.user,
            "client_id": event.actor.client,
            "address": address(event),
            "operator": event.actor.operator,
        },
        "action": event.action,
        "object": event.object,
        "changes": event.changes,
        "outcome": event.outcome,
        "request_id": event.request_id,
        "count": event.count,
    })
}

/// A stretch of a trail.
struct Stretch {
    before: Option<i64>,
    limit: i64,
}

impl FromQuery for Stretch {
    const PARAMETERS: &'static [Parameter] = &[LIMIT, CURSOR];

    fn take(values: &mut Values) -> Self {
        let before = values.text("cursor").and_then(|text| {
            let id = text.parse().ok().filter(|id| *id > 0);
            id.or_else(|| {
                values.refuse(
                    "cursor",
                    "This cursor is not one of ours; leave it out to begin again.",
                )
            })
        });
        Self { before, limit: values.number("limit").unwrap_or(50) }
    }
}

/// A stretch of the whole trail, or of that of one object.
struct Trail {
    stretch: Stretch,
    object: Option<(String, String)>,
}

impl FromQuery for Trail {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query(
            "object_kind",
            Type::Text,
            "Only of this object: its kind, such as `client`.",
        ),
        Parameter::query("object_id", Type::Text, "Only of this object: its id."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let object = match (values.text("object_kind"), values.text("object_id")) {
            (Some(kind), Some(id)) => Some((kind, id)),
            (None, None) => None,
            (Some(_), None) => {
                values.refuse("object_id", "A kind alone is no object: name its id too.")
            }
            (None, Some(_)) => {
                values.refuse("object_kind", "An id alone is no object: name its kind too.")
            }
        };
        Self { stretch: Stretch::take(values), object }
    }
}

async fn list(
    to: Allowed<ReadAudit>,
    WantsCsv(csv): WantsCsv,
    Query(trail): Query<Trail>,
) -> Answer {
    if to.may.reach() != &Reach::Everywhere {
        let why =
            "You hold it in some places only; the trail of a single client may be open to you.";
        return Err(Failed::forbidden("audit:read", why));
    }
    answer(&to, trail.object, trail.stretch, csv).await
}

async fn list_of_client(
    to: Allowed<ReadAudit>,
    Id(id): Id,
    WantsCsv(csv): WantsCsv,
    Query(stretch): Query<Stretch>,
) -> Answer {
    if to.may.reach() != &Reach::Everywhere {
        let may: May<ReadClients> = to.may.authority().may()?;
        let client = clients::show(&mut to.read(), &may, &id).await?;
        if !to.may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
            return Err(Refusal::NotFound.into());
        }
    }
    answer(&to, Some(("client".into(), id)), stretch, csv).await
}

async fn answer(
    to: &Allowed<ReadAudit>,
    object: Option<(String, String)>,
    stretch: Stretch,
    csv: bool,
) -> Answer {
    if csv {
        let filter = Filter { object, before: stretch.before, limit: 0 };
        return Ok(trail::export(&to.app.instance, &to.call, filter).await?);
    }
    let filter = Filter { object, before: stretch.before, limit: stretch.limit + 1 };
    let mut events = audit::list(&mut to.read(), &filter).await?;
    let wanted = usize::try_from(stretch.limit).unwrap_or_default();
    let more = events.len() > wanted;
    events.truncate(wanted);
    let next_cursor = events.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Reply::page(events.iter().map(shown).collect(), next_cursor).send())
}
