//! The audit trail as a table (REL-36): exactly what a filter shows, however much that is. It is
//! written while it is read, page by page, and that somebody took it is itself an entry.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::audit::{self, Event, Filter, Object};
use domain::{Call, Fault, Instance, UserId, Work, accounts};
use http_body::Frame;
use tokio::sync::mpsc;

use super::csv;

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

/// The entries that fit the filter, whatever its limit, as a file to save.
///
/// # Errors
/// When the entry that tells of it cannot be written.
pub async fn export(
    instance: &Arc<Instance>,
    call: &Call,
    filter: Filter,
) -> Result<Response, Fault> {
    Ok(sent(Table::taken(instance, call, filter).await?))
}

/// A table while it is read: a few hundred rows at a time, whatever it holds in all.
pub struct Table {
    work: Work,
    names: HashMap<UserId, String>,
    filter: Filter,
    is_begun: bool,
    is_over: bool,
}

impl Table {
    /// Notes in the trail that somebody takes what the filter shows, and begins to read it.
    ///
    /// # Errors
    /// When the entry that tells of it cannot be written.
    pub async fn taken(
        instance: &Arc<Instance>,
        call: &Call,
        filter: Filter,
    ) -> Result<Self, Fault> {
        let (kind, id) = filter.object.clone().unwrap_or_else(|| ("audit".into(), "all".into()));
        let mut work = instance.begin().await?;
        let object = Object::new(&kind, id, "");
        audit::record(&mut work, call, "audit.exported", &object, &filter.told()).await?;
        work.commit().await?;
        Ok(Self {
            work: instance.read(),
            names: HashMap::new(),
            filter: Filter { limit: BATCH, ..filter },
            is_begun: false,
            is_over: false,
        })
    }

    /// The next rows, the head before the first; `None` after the last.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn next(&mut self) -> Result<Option<String>, Fault> {
        if self.is_over {
            return Ok(None);
        }
        let mut text = if self.is_begun { String::new() } else { csv::row(COLUMNS) };
        self.is_begun = true;
        let events = audit::list(&mut self.work, &self.filter).await?;
        for event in &events {
            text += &line(&mut self.work, &mut self.names, event).await?;
        }
        self.is_over = events.len() < usize::try_from(BATCH).unwrap_or_default();
        self.filter.before = events.last().map(|event| event.id);
        Ok(Some(text))
    }
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

fn sent(table: Table) -> Response {
    let (rows, received) = mpsc::channel(2);
    tokio::spawn(async move {
        if let Err(fault) = write(table, &rows).await {
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
async fn write(mut table: Table, rows: &mpsc::Sender<Result<Bytes, Fault>>) -> Result<(), Fault> {
    while let Some(text) = table.next().await? {
        if rows.send(Ok(Bytes::from(text))).await.is_err() {
            break;
        }
    }
    Ok(())
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
    let at = jiff::Timestamp::from_second(event.at).map(|at| at.to_string()).unwrap_or_default();
    let changes = serde_json::to_string(&event.changes).unwrap_or_default();
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
        Some(event.address.as_str()).filter(|it| *it != "-").unwrap_or_default(),
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
