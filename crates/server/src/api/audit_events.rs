//! `/audit-events` and `/clients/{id}/audit-events`: who did what, as JSON or as a table; and how
//! much of it there was.
//!
//! A table holds exactly what the filter shows, however much that is: it is written while it is
//! read, page by page. That somebody took one is itself an entry.

use domain::access::{May, Reach, ReadAudit, ReadClients};
use domain::audit::{self, Category, Event, Filter, Outcome};
use domain::{Refusal, clients};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::conditions::WantsCsv;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::{Answer, Failed};
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Values};
use crate::web::{tallies, trail};

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
            ("/audit-events/overview", "countAuditEvents"),
            "Count what happened, by outcome, category and action",
            overview,
        )
        .note(
            "Needs `audit:read` at the instance. The last seven days unless it says when; 90 days at most. \
             Like events that are kept in one entry count as often as they happened.",
        )
        .answers(200, Shape::One("AuditOverview"), "The counts."),
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

const ACTION: Parameter =
    Parameter::query("action", Type::Text, "Only this, such as `client.updated`.");
const OUTCOME: Parameter =
    Parameter::query("outcome", Type::Word(&["success", "refused"]), "Only what ended so.");
const PERSON: Parameter = Parameter::query(
    "person",
    Type::Text,
    "Only by or about this person: an id or e-mail address. A failed sign-in is about them.",
);
const CATEGORY: Parameter = Parameter::query(
    "category",
    Type::Word(&["access", "authentication", "identity", "notifications", "system"]),
    "Only actions of this category.",
);
const FROM: Parameter = Parameter::query("from", Type::Text, "From this instant on (RFC 3339).");
const TO: Parameter = Parameter::query("to", Type::Text, "Before this instant (RFC 3339).");
const ACTOR: Parameter = Parameter::query(
    "actor",
    Type::Text,
    "Only of this actor: the id or e-mail address of a person, the id of a client that acted for itself, or \
     an operator (`name@host`).",
);

/// A stretch of a trail; whose, is said elsewhere.
fn stretch(values: &mut Values) -> Filter {
    let before = values.text("cursor").and_then(|text| {
        let id = text.parse().ok().filter(|id| *id > 0);
        id.or_else(|| {
            values.refuse("cursor", "This cursor is not one of ours; leave it out to begin again.")
        })
    });
    Filter {
        actor: values.text("actor"),
        action: values.text("action"),
        outcome: values.word("outcome", Outcome::parse),
        from: values.instant("from"),
        until: values.instant("to"),
        before,
        limit: values.number("limit").unwrap_or(50),
        ..Filter::default()
    }
}

/// A stretch of the trail of one object.
struct Stretch(Filter);

impl FromQuery for Stretch {
    const PARAMETERS: &'static [Parameter] = &[ACTOR, ACTION, OUTCOME, FROM, TO, LIMIT, CURSOR];

    fn take(values: &mut Values) -> Self {
        Self(stretch(values))
    }
}

/// A stretch of the whole trail.
struct Trail(Filter);

impl FromQuery for Trail {
    const PARAMETERS: &'static [Parameter] = &[
        ACTOR,
        PERSON,
        CATEGORY,
        Parameter::query(
            "client_id",
            Type::Text,
            "Only what was done with a token of this client.",
        ),
        Parameter::query(
            "object_kind",
            Type::Text,
            "Only of objects of this kind, such as `client`.",
        ),
        Parameter::query("object_id", Type::Text, "Only of the object of this kind and id."),
        ACTION,
        OUTCOME,
        FROM,
        TO,
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let client = values.text("client_id");
        let (kind, object) = match (values.text("object_kind"), values.text("object_id")) {
            (Some(kind), Some(id)) => (None, Some((kind, id))),
            (kind, None) => (kind, None),
            (None, Some(_)) => {
                let why = "An id alone is no object: name its kind too.";
                (None, values.refuse("object_kind", why))
            }
        };
        let (person, category) = (values.text("person"), values.word("category", Category::parse));
        Self(Filter { client, kind, object, person, category, ..stretch(values) })
    }
}

/// What is counted.
struct Counted(Filter);

impl FromQuery for Counted {
    const PARAMETERS: &'static [Parameter] = &[PERSON, FROM, TO];

    fn take(values: &mut Values) -> Self {
        Self(Filter {
            person: values.text("person"),
            from: values.instant("from"),
            until: values.instant("to"),
            ..Filter::default()
        })
    }
}

/// The trail as a whole is for who holds the right everywhere.
fn everywhere(to: &Allowed<ReadAudit>) -> Result<(), Failed> {
    if to.may.reach() == &Reach::Everywhere {
        return Ok(());
    }
    let why = "You hold it in some places only; the trail of a single client may be open to you.";
    Err(Failed::forbidden("audit:read", why))
}

async fn overview(to: Allowed<ReadAudit>, Query(Counted(filter)): Query<Counted>) -> Answer {
    everywhere(&to)?;
    let counted = audit::overview(&mut to.read(), to.call.now, &filter).await?;
    Ok(Reply::ok(tallies::shape(&counted)).send())
}

async fn list(
    to: Allowed<ReadAudit>,
    WantsCsv(csv): WantsCsv,
    Query(Trail(filter)): Query<Trail>,
) -> Answer {
    everywhere(&to)?;
    answer(&to, filter, csv).await
}

async fn list_of_client(
    to: Allowed<ReadAudit>,
    Id(id): Id,
    WantsCsv(csv): WantsCsv,
    Query(Stretch(filter)): Query<Stretch>,
) -> Answer {
    if to.may.reach() != &Reach::Everywhere {
        let may: May<ReadClients> = to.may.authority().may()?;
        let client = clients::show(&mut to.read(), &may, &id).await?;
        if !to.may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
            return Err(Refusal::NotFound.into());
        }
    }
    answer(&to, Filter { object: Some(("client".into(), id)), ..filter }, csv).await
}

async fn answer(to: &Allowed<ReadAudit>, filter: Filter, csv: bool) -> Answer {
    if csv {
        return Ok(trail::export(&to.app.instance, &to.call, filter).await?);
    }
    let one_more = Filter { limit: filter.limit + 1, ..filter };
    let mut events = audit::list(&mut to.read(), &one_more).await?;
    let wanted = usize::try_from(one_more.limit - 1).unwrap_or_default();
    let more = events.len() > wanted;
    events.truncate(wanted);
    let next_cursor = events.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Reply::page(events.iter().map(shown).collect(), next_cursor).send())
}
