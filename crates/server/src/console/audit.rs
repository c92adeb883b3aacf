//! `/console/audit`: who did what, everywhere, with the values before and after; and the same as
//! a file of exactly what the page is narrowed to. The trail of one client is a tab of that client.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use domain::access::ReadAudit;
use domain::audit::{self, Event, Filter};
use domain::{Fault, Refusal, Work};

use super::names::Names;
use super::query::Query;
use super::roles::page_of as page_of_role;
use super::teams::{page_of_organization, page_of_team};
use super::views::{AuditEntry, AuditFilters, AuditList};
use super::visitor::{Answer, Visitor};
use super::{audit_filters, audit_overview, clients, deeds};
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
        .route("/audit/overview", get(audit_overview::show))
        .route("/audit/{entry}", get(entry))
}

async fn list(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<ReadAudit>()?;
    let mut work = visitor.app.instance.read();
    let filter = Filter {
        before: query.get("cursor").and_then(|cursor| cursor.parse().ok()),
        limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
        ..audit_filters::asked(&query)
    };
    let mut events = audit::list(&mut work, &filter).await?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(events.len());
    for event in &events {
        rows.push(row(&mut work, &mut names, event).await?);
    }
    let page = AuditList {
        frame: visitor.frame("Audit", &query),
        tabs: audit_overview::tabs("Entries"),
        rows,
        single: false,
        filters: audit_filters::shown(&query),
        export: Some(Link {
            label: "Export to file (CSV)".into(),
            href: query.at_path(&format!("{LIST}.csv")),
        }),
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
        tabs: Vec::new(),
        rows: vec![row(&mut work, &mut Names::default(), &event).await?],
        single: true,
        filters: AuditFilters::default(),
        export: None,
        first: Some(LIST.into()),
        next: None,
    };
    Ok(visitor.render(&page))
}

async fn export(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<ReadAudit>()?;
    let filter = audit_filters::asked(&query);
    Ok(trail::export(&visitor.app.instance, visitor.call(), filter).await?)
}

async fn row(work: &mut Work, names: &mut Names, event: &Event) -> Result<AuditEntry, Fault> {
    let object = &event.object;
    let row = deeds::row(work, names, (event, format!("{LIST}/{}", event.id))).await?;
    let href = match object.kind.as_str() {
        "client" => Some(clients::page_of(&object.id, "")),
        "user" => Some(format!("/console/users/{}", object.id)),
        "team" => Some(page_of_team(&object.id)),
        "organization" => Some(page_of_organization(&object.id)),
        "role" => Some(page_of_role(&object.id)),
        "sign_in_policy" => Some(super::policies::page_of(&object.id)),
        "settings" => Some("/console/settings".into()),
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
