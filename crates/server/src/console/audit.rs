//! `/console/audit`: who did what, everywhere, with the values before and after; and the same as
//! a file. The trail of one client is a tab of that client.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use domain::access::ReadAudit;
use domain::audit::{self, Event, Filter};
use domain::{Fault, Refusal, Work};

use super::names::Names;
use super::query::Query;
use super::views::{AuditEntry, AuditList};
use super::visitor::{Answer, Visitor};
use super::{clients, deeds};
use crate::app::App;
use crate::web::trail;
use crate::web::views::Link;

/// Entries on a page.
const PAGE: usize = 50;
const LIST: &str = "/console/audit";

/// The pages of this noun.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/audit", get(list))
        .route("/audit.csv", get(export))
        .route("/audit/{entry}", get(entry))
}

async fn list(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<ReadAudit>()?;
    let mut work = visitor.app.instance.read();
    let before = query.get("cursor").and_then(|cursor| cursor.parse().ok());
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut events = audit::list(&mut work, &Filter { before, limit, ..Filter::default() }).await?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(events.len());
    for event in &events {
        rows.push(row(&mut work, &mut names, event).await?);
    }
    let page = AuditList {
        frame: visitor.frame("Audit", &query),
        rows,
        single: false,
        export: Some(Link { label: "Export to file (CSV)".into(), href: format!("{LIST}.csv") }),
        first: query.first(),
        next: events.last().filter(|_| more).map(|last| query.at(&last.id.to_string())),
    };
    Ok(visitor.render(&page))
}

async fn entry(visitor: Visitor, Path(id): Path<i64>) -> Answer {
    visitor.may_everywhere::<ReadAudit>()?;
    let mut work = visitor.app.instance.read();
    let event = audit::find(&mut work, id).await?.ok_or(Refusal::NotFound)?;
    let page = AuditList {
        frame: visitor.frame("Audit", &Query::default()),
        rows: vec![row(&mut work, &mut Names::default(), &event).await?],
        single: true,
        export: None,
        first: Some(LIST.into()),
        next: None,
    };
    Ok(visitor.render(&page))
}

async fn export(visitor: Visitor) -> Answer {
    visitor.may_everywhere::<ReadAudit>()?;
    let filter = Filter::default();
    Ok(trail::export(&visitor.app.instance, visitor.call(), filter).await?)
}

async fn row(work: &mut Work, names: &mut Names, event: &Event) -> Result<AuditEntry, Fault> {
    let object = &event.object;
    let row = deeds::row(work, names, (event, format!("{LIST}/{}", event.id))).await?;
    let href = match object.kind.as_str() {
        "client" => Some(clients::page_of(&object.id, "")),
        "user" => Some(format!("/console/users/{}", object.id)),
        _ => None,
    };
    let name = if object.name.is_empty() { &object.id } else { &object.name };
    Ok(AuditEntry {
        row,
        object: name.clone(),
        object_kind: object.kind.clone(),
        object_href: href.filter(|_| !event.action.ends_with(".deleted")),
        refused: event.outcome != "success",
        count: u64::try_from(event.count).unwrap_or(1),
    })
}
