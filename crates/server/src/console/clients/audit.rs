//! `GET /console/clients/{client}/audit`: every action on a client with the values before and
//! after (REL-22), each at an address of its own, and all of them as a file (REL-23).

use axum::extract::Path;
use domain::access::ReadAudit;
use domain::audit::{self, Filter};
use domain::clients::Client;
use domain::{Refusal, Work};

use super::head::{self, Tab};
use super::page_of;
use crate::console::deeds;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::ClientAudit;
use crate::console::visitor::{Answer, Halt, Visitor};
use crate::web::trail;
use crate::web::views::Link;

/// Entries on a page.
const PAGE: usize = 50;

/// The tab.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = find(&visitor, &mut work, &id).await?;
    let before = query.get("cursor").and_then(|cursor| cursor.parse().ok());
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut events = audit::list(&mut work, &Filter { before, limit, ..of(&client) }).await?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(events.len());
    for event in &events {
        let href = page_of(client.id.as_str(), &format!("audit/{}", event.id));
        rows.push(deeds::row(&mut work, &mut names, (event, href)).await?);
    }
    let page = ClientAudit {
        frame: visitor.frame("Clients", &query),
        client: head::head(&visitor, &mut work, &client, Tab::Audit).await?,
        rows,
        single: false,
        export: Some(Link {
            label: "Export to file (CSV)".into(),
            href: page_of(client.id.as_str(), "audit.csv"),
        }),
        first: query.first(),
        next: events.last().filter(|_| more).map(|last| query.at(&last.id.to_string())),
    };
    Ok(visitor.render(&page))
}

/// One entry.
pub(super) async fn entry(visitor: Visitor, Path((id, entry)): Path<(String, i64)>) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = find(&visitor, &mut work, &id).await?;
    let event = audit::find(&mut work, entry).await?;
    let event = event.filter(|it| it.object.kind == "client" && it.object.id == client.id.as_str());
    let event = event.ok_or(Refusal::NotFound)?;
    let href = page_of(client.id.as_str(), &format!("audit/{}", event.id));
    let row = deeds::row(&mut work, &mut Names::default(), (&event, href)).await?;
    let page = ClientAudit {
        frame: visitor.frame("Clients", &Query::default()),
        client: head::head(&visitor, &mut work, &client, Tab::Audit).await?,
        rows: vec![row],
        single: true,
        export: None,
        first: Some(page_of(client.id.as_str(), "audit")),
        next: None,
    };
    Ok(visitor.render(&page))
}

/// All of them as a file.
pub(super) async fn export(visitor: Visitor, Path(id): Path<String>) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = find(&visitor, &mut work, &id).await?;
    Ok(trail::export(&visitor.app.instance, visitor.call(), of(&client)).await?)
}

fn of(client: &Client) -> Filter {
    Filter { object: Some(("client".into(), client.id.to_string())), ..Filter::default() }
}

async fn find(
    visitor: &Visitor,
    work: &mut Work,
    id: &str,
) -> Result<std::sync::Arc<Client>, Halt> {
    let may = visitor.may::<ReadAudit>()?;
    let client = head::find(visitor, work, id).await?;
    if may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
        return Ok(client);
    }
    Err(visitor.halt(Refusal::NotFound))
}
