//! `/audit-events` and `/clients/{id}/audit-events`: who did what, as JSON or as a table.
//!
//! A table holds exactly what the filter shows, however much that is: it is written while it is
//! read, page by page. That somebody took one is itself an entry.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::access::{May, Reach, ReadAudit, ReadClients};
use domain::audit::{self, Event, Filter, Object};
use domain::{Fault, Instance, Refusal, UserId, Work, accounts, clients};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::conditions::WantsCsv;
use super::csv;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::{Answer, Failed};
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Values};

/// Rows read at once for a table.
const BATCH: i64 = 500;

/// What a table begins with: the columns people know (REL-36), then the rest.
const COLUMNS: [&str; 14] = [
    "User Name",
    "Action",
    "Timestamp",
    "Client",
    "Operator",
    "Address",
    "Object Kind",
    "Object ID",
    "Object Name",
    "Outcome",
    "Count",
    "Changes",
    "Request ID",
    "ID",
];

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
        let filter = Filter { object, before: stretch.before, limit: BATCH };
        record_export(to, &filter).await?;
        return Ok(table(Arc::clone(&to.app.instance), filter));
    }
    let filter = Filter { object, before: stretch.before, limit: stretch.limit + 1 };
    let mut events = audit::list(&mut to.read(), &filter).await?;
    let wanted = usize::try_from(stretch.limit).unwrap_or_default();
    let more = events.len() > wanted;
    events.truncate(wanted);
    let next_cursor = events.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Reply::page(events.iter().map(shown).collect(), next_cursor).send())
}

async fn record_export(to: &Allowed<ReadAudit>, filter: &Filter) -> Result<(), Fault> {
    let (kind, id) = filter.object.clone().unwrap_or_else(|| ("audit".into(), "all".into()));
    let mut work = to.app.instance.begin().await?;
    audit::record(&mut work, &to.call, "audit.exported", &Object::new(&kind, id, ""), &[]).await?;
    work.commit().await
}

/// A table that is read while it is sent.
struct Rows(mpsc::Receiver<Result<Bytes, Fault>>);

impl HttpBody for Rows {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        self.0.poll_recv(context).map(|rows| rows.map(|rows| rows.map(Frame::data)))
    }
}

fn table(instance: Arc<Instance>, filter: Filter) -> Response {
    let (rows, received) = mpsc::channel(2);
    tokio::spawn(async move {
        if let Err(fault) = write(&instance, filter, &rows).await {
            tracing::error!(%fault, "an export was cut short");
            // The connection breaks, so that nobody takes half a table for a whole one.
            let _ = rows.send(Err(fault)).await;
        }
    });
    let mut response = Response::new(Body::new(Rows(received)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
    );
    let file = HeaderValue::from_static("attachment; filename=\"audit-events.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, file);
    response
}

/// Ends early when the reader is gone.
async fn write(
    instance: &Arc<Instance>,
    mut filter: Filter,
    rows: &mpsc::Sender<Result<Bytes, Fault>>,
) -> Result<(), Fault> {
    let (mut work, mut names) = (instance.read(), HashMap::new());
    let mut text = csv::row(COLUMNS);
    loop {
        let events = audit::list(&mut work, &filter).await?;
        for event in &events {
            text += &line(&mut work, &mut names, event).await?;
        }
        if rows.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() || events.is_empty()
        {
            return Ok(());
        }
        filter.before = events.last().map(|event| event.id);
    }
}

async fn line(
    work: &mut Work,
    names: &mut HashMap<UserId, String>,
    event: &Event,
) -> Result<String, Fault> {
    let name = match &event.actor.user {
        Some(user) => user_name(work, names, user).await?,
        None => event.actor.name(),
    };
    let text = |value: Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let (at, changes) = (text(instant(event.at)), json!(event.changes).to_string());
    let (count, id) = (event.count.to_string(), event.id.to_string());
    let client = event.actor.client.as_ref().map_or("", |client| client.as_str());
    let operator = event.actor.operator.as_deref().unwrap_or_default();
    let object = &event.object;
    Ok(csv::row([
        name.as_str(),
        &event.action,
        &at,
        client,
        operator,
        address(event).unwrap_or_default(),
        &object.kind,
        &object.id,
        &object.name,
        &event.outcome,
        &count,
        &changes,
        &event.request_id,
        &id,
    ]))
}

/// The e-mail address of a person, or the id of one who is gone.
async fn user_name(
    work: &mut Work,
    names: &mut HashMap<UserId, String>,
    user: &UserId,
) -> Result<String, Fault> {
    if let Some(name) = names.get(user) {
        return Ok(name.clone());
    }
    let found = accounts::find(work, user).await?;
    let name = found.map_or_else(|| user.as_str().to_owned(), |user| user.email);
    names.insert(user.clone(), name.clone());
    Ok(name)
}
