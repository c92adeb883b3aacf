//! `GET /console/sessions`: living tokens by application, and their end, one or all of one
//! application.

use std::sync::Arc;

use axum::extract::Path;
use domain::access::{Access, ReadTokens, RevokeTokens};
use domain::tokens::{self, Connected, ConnectedQuery, GrantQuery, ListedToken, TokenQuery};
use domain::{Refusal, Work, clients};

use super::{APPS, narrowed, tabs};
use crate::console::clients::page_of as page_of_client;
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{AppGroup, AppTokenRow, ConnectedApps};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::form::Fields;
use crate::web::sealed;
use crate::web::views::When;

/// Applications on a page.
const PAGE: i64 = 20;
/// Tokens shown of each.
const TOKENS: i64 = 5;

/// The page.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may::<ReadTokens>()?;
    let mut work = visitor.app.instance.read();
    let person = narrowed(&visitor, &mut work, &query).await?;
    let wanted = ConnectedQuery {
        q: query.get("q").map(str::to_owned),
        user: query.get("user").map(str::to_owned),
        cursor: query.get("cursor").map(str::to_owned),
        limit: PAGE,
    };
    let now = visitor.now();
    let page = match tokens::connected(&mut work, &may, &wanted, now).await {
        // A cursor that is none of ours: the list begins again.
        Err(Refusal::Invalid(_)) => {
            let again = ConnectedQuery { cursor: None, ..wanted };
            tokens::connected(&mut work, &may, &again, now).await
        }
        other => other,
    };
    let page = page.map_err(|refusal| visitor.halt(refusal))?;
    let (mut names, mut groups) = (Names::default(), Vec::new());
    for app in &page.items {
        groups.push(group(&visitor, &mut work, &mut names, (app, query.get("user"))).await?);
    }
    let view = ConnectedApps {
        frame: visitor.frame("Active sessions", &query),
        tabs: tabs(&visitor, "Connected apps", query.get("user")),
        q: query.text("q"),
        user: query.text("user"),
        person,
        active: query.has_any(&["q"]),
        groups,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    };
    Ok(visitor.render(&view))
}

async fn group(
    visitor: &Visitor,
    work: &mut Work,
    names: &mut Names,
    (app, user): (&Connected, Option<&str>),
) -> Result<AppGroup, Halt> {
    let may = visitor.may::<ReadTokens>()?;
    let wanted = TokenQuery {
        client: Some(app.client.clone()),
        user: user.map(str::to_owned),
        limit: TOKENS,
        ..TokenQuery::default()
    };
    let found = tokens::list_tokens(work, &may, &wanted, visitor.now()).await;
    let found = found.map_err(|refusal| visitor.halt(refusal))?;
    let places = (app.organization.as_deref(), app.owner_team.as_deref());
    let revokes = visitor.lacks_at::<RevokeTokens>(places.0, places.1).is_none();
    let mut rows = Vec::new();
    for token in &found.items {
        rows.push(row(work, names, (token, visitor.now(), revokes)).await?);
    }
    Ok(AppGroup {
        name: app.name.clone(),
        id: app.client.clone(),
        href: page_of_client(&app.client, ""),
        more: found.next_cursor.map(|_| page_of_client(&app.client, "tokens")),
        rows,
        revoke_all: revokes.then(|| format!("{APPS}/apps/{}/revoke", app.client)),
    })
}

async fn row(
    work: &mut Work,
    names: &mut Names,
    (token, now, revokes): (&ListedToken, i64, bool),
) -> Result<AppTokenRow, Halt> {
    let person = match &token.user {
        Some(user) => Some(names.actor(work, user.as_str()).await?),
        None => None,
    };
    Ok(AppTokenRow {
        kind: if token.is_refresh { "Refresh token" } else { "Access token" }.into(),
        person,
        full: token.access == Access::Full,
        scopes: token.scopes.iter().map(str::to_owned).collect(),
        teams: token.teams.iter().map(|(_, name)| name.clone()).collect(),
        last_used: token.last_used_at.map(|at| When::relative(at, now)),
        expires: When::relative(token.expires_at, now),
        revoke: revokes.then(|| format!("{APPS}/tokens/{}/revoke", token.public_id)),
        id: token.public_id.clone(),
    })
}

/// Ends one token; a refresh token with everything its authorization gave.
pub(super) async fn revoke(
    Path(token): Path<String>,
    Posted { visitor, fields }: Posted,
) -> Answer {
    let may = visitor.may::<RevokeTokens>()?;
    let mut work = visitor.app.instance.begin().await?;
    let ended = tokens::revoke_token(&mut work, visitor.call(), &may, &token).await;
    ended.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(back(&fields, "token-revoked"))
}

/// Ends every token of an application; of one person alone where the page was about one.
pub(super) async fn revoke_all(
    Path(client): Path<String>,
    Posted { visitor, fields }: Posted,
) -> Answer {
    let may = visitor.may::<RevokeTokens>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    match fields.filled("user") {
        None => {
            let ended = clients::revoke_tokens(&mut work, visitor.call(), &may, &client).await;
            ended.map_err(|refusal| visitor.halt(refusal))?;
        }
        Some(user) => of_person(&visitor, &mut work, &client, user).await?,
    }
    work.commit().await?;
    Ok(back(&fields, "tokens-revoked"))
}

/// Everything that one person gave to the application.
async fn of_person(
    visitor: &Visitor,
    work: &mut Work,
    client: &str,
    user: &str,
) -> Result<(), Halt> {
    let (reads, may) = (visitor.may::<ReadTokens>()?, visitor.may::<RevokeTokens>()?);
    let wanted = GrantQuery {
        client: Some(client.to_owned()),
        user: Some(user.to_owned()),
        is_active: Some(true),
        limit: 200,
        ..GrantQuery::default()
    };
    // What is ended is active no more: each round sees what is left.
    loop {
        let found = tokens::list_grants(work, &reads, &wanted, visitor.now()).await;
        let found = found.map_err(|refusal| visitor.halt(refusal))?.items;
        if found.is_empty() {
            return Ok(());
        }
        for listed in found {
            let id = listed.grant.public_id(&visitor.app.instance)?;
            let ended = tokens::revoke_grant(work, visitor.call(), &may, &id).await;
            ended.map_err(|refusal| visitor.halt(refusal))?;
        }
    }
}

/// Back to the list as it was narrowed.
fn back(fields: &Fields, word: &'static str) -> axum::response::Response {
    match fields.filled("user") {
        Some(user) => {
            let path = sealed::link(APPS, "user", user);
            crate::web::page::see_other(&format!("{path}&done={word}"))
        }
        None => done(APPS, word),
    }
}
