//! `GET /console/clients/{client}/tokens`: what is alive, and its end.

use axum::extract::Path;
use domain::access::{ReadTokens, RevokeTokens};
use domain::tokens::{self, Living, Replayed, Replays};
use domain::{Fault, Work, clients};

use super::head::{self, Tab};
use super::page_of;
use crate::console::done::done;
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::{ClientTokens, Replay, TokenRow};
use crate::console::visitor::{Answer, Posted, Visitor};
use crate::web::views::When;

/// Tokens on a page.
const PAGE: usize = 50;

/// The tab.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let may = visitor.may::<ReadTokens>()?;
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    let may_revoke = visitor.lacks_at::<RevokeTokens>(organization, team).is_none();
    let asked = (visitor.now(), query.get("cursor"), i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    let found = tokens::list_of_client(&mut work, &may, &client, asked).await;
    let found = found.map_err(|refusal| visitor.halt(refusal))?;
    let (refresh, mut access): (Vec<Living>, Vec<Living>) =
        found.into_iter().partition(|token| token.is_refresh);
    let more = access.len() > PAGE;
    access.truncate(PAGE);
    let next = access.last().filter(|_| more).map(|last| query.at(&last.public_id));
    let mut names = Names::default();
    let mut rows = Vec::new();
    for token in refresh.iter().take(PAGE).chain(&access) {
        let row = row(&mut work, &mut names, (token, visitor.now())).await?;
        let path = format!("tokens/{}/revoke", token.public_id);
        let revoke = may_revoke.then(|| page_of(client.id.as_str(), &path));
        rows.push(TokenRow { revoke, ..row });
    }
    let replays = tokens::replays(&mut work, &client).await?;
    let page = ClientTokens {
        replays: replayed(&replays, visitor.now()),
        frame: visitor.frame("Clients", &query),
        client: head::head(&visitor, &mut work, &client, Tab::Tokens).await?,
        rows,
        revoke_all: may_revoke.then(|| page_of(client.id.as_str(), "revoke-tokens")),
        first: query.first(),
        next,
    };
    Ok(visitor.render(&page))
}

/// What became of refresh tokens that were spent before; nothing where none ever came again.
fn replayed(replays: &Replays, now: i64) -> Vec<Replay> {
    let told = |label: &str, advice: &str, it: &Option<Replayed>| {
        it.as_ref().map(|it| Replay {
            label: label.into(),
            advice: advice.into(),
            count: it.seen,
            last: When::relative(it.last_at, now),
            address: it.last_address.clone(),
        })
    };
    let retries =
        "The previous refresh token came again within the overlap and got the same answer.";
    let thefts = "A spent refresh token came again too late: everything its grant gave was ended.";
    let both = [
        told("Retries", retries, &replays.retries),
        told("Suspected theft", thefts, &replays.thefts),
    ];
    both.into_iter().flatten().collect()
}

async fn row(
    work: &mut Work,
    names: &mut Names,
    (token, now): (&Living, i64),
) -> Result<TokenRow, Fault> {
    let person = match &token.user {
        Some(user) => Some(names.actor(work, user.as_str()).await?),
        None => None,
    };
    Ok(TokenRow {
        id: token.public_id.clone(),
        kind: if token.is_refresh { "Refresh token" } else { "Access token" }.into(),
        person,
        scopes: token.scopes.iter().map(str::to_owned).collect(),
        teams: token.teams.clone(),
        issued: When::relative(token.issued_at, now),
        last_used: token.last_used_at.map(|at| When::relative(at, now)),
        expires: When::relative(token.expires_at, now),
        revoke: None,
    })
}

/// Ends one token.
pub(super) async fn revoke(
    Path((id, token)): Path<(String, String)>,
    Posted { visitor, .. }: Posted,
) -> Answer {
    let may = visitor.may::<RevokeTokens>()?;
    let mut work = visitor.app.instance.begin().await?;
    let client = head::find(&visitor, &mut work, &id).await?;
    let call = visitor.call();
    let ended = tokens::revoke_of_client(&mut work, call, &may, &client, &token).await;
    ended.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(&page_of(&id, "tokens"), "token-revoked"))
}

/// Ends every token of the client.
pub(super) async fn revoke_all(Path(id): Path<String>, Posted { visitor, .. }: Posted) -> Answer {
    let may = visitor.may::<RevokeTokens>()?;
    let mut work = visitor.app.instance.begin().await?;
    let ended = clients::revoke_tokens(&mut work, visitor.call(), &may, &id).await;
    ended.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(&page_of(&id, ""), "tokens-revoked"))
}
