//! `GET /console/clients/{client}/activity`: what it got and what it was refused. Both are read
//! from what is kept anyway: living tokens, and the refusals of the last days.

use axum::extract::Path;
use domain::access::{ReadAudit, ReadTokens};
use domain::clients::Client;
use domain::{Work, refusals, tokens};

use super::head::{self, Tab};
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{ActivityRow, ClientActivity};
use crate::console::visitor::{Answer, Halt, Visitor};
use crate::web::views::When;

/// At most so many of each.
const MOST: i64 = 50;

/// The tab.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let mut rows = refused(&visitor, &mut work, &client).await?;
    rows.extend(granted(&visitor, &mut work, &client).await?);
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let page = ClientActivity {
        frame: visitor.frame("Clients", &query),
        client: head::head(&visitor, &mut work, &client, Tab::Activity).await?,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        first: None,
        next: None,
    };
    Ok(visitor.render(&page))
}

type Dated = Vec<(i64, ActivityRow)>;

async fn refused(visitor: &Visitor, work: &mut Work, client: &Client) -> Result<Dated, Halt> {
    let may = visitor.may::<ReadAudit>()?;
    if !may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
        return Err(visitor.halt(domain::Refusal::NotFound));
    }
    let found = refusals::list(work, &may, Some(client.id.as_str()), MOST).await?;
    let row = |entry: &refusals::Entry| ActivityRow {
        at: When::relative(entry.at, visitor.now()),
        what: entry.description.clone(),
        granted: false,
        answer: entry.code.clone(),
        count: 1,
        address: entry.address.clone(),
        person: None,
        refusal: Some(format!("/console/errors/{}", entry.id)),
    };
    Ok(found.iter().map(|entry| (entry.at, row(entry))).collect())
}

async fn granted(visitor: &Visitor, work: &mut Work, client: &Client) -> Result<Dated, Halt> {
    let Ok(may) = visitor.authority.may::<ReadTokens>() else { return Ok(Vec::new()) };
    if !may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
        return Ok(Vec::new());
    }
    let found = tokens::list_of_client(work, &may, client, (visitor.now(), None, MOST)).await?;
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(found.len());
    for token in found {
        let person = match &token.user {
            Some(user) => Some(names.actor(work, user.as_str()).await?),
            None => None,
        };
        let what = if token.is_refresh { "Got a refresh token" } else { "Got an access token" };
        rows.push((
            token.issued_at,
            ActivityRow {
                at: When::relative(token.issued_at, visitor.now()),
                what: what.into(),
                granted: true,
                answer: "alive".into(),
                count: 1,
                address: String::new(),
                person,
                refusal: None,
            },
        ));
    }
    Ok(rows)
}
