//! `GET /account`: who I am, which applications act for me, which services act as me without being
//! asked, where I am signed in.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::accounts::second_factor;
use domain::clients::Acting;
use domain::sessions::{self, Session};
use domain::tokens::{self, GrantSummary, ListedToken};
use domain::{Actor, Fault, Work, access, accounts, clients, teams};

use super::endings::Done;
use super::views::{BrowserSession, ConnectedApp, ConnectedGrant, Deputy, GrantToken, Overview};
use super::{asking, query};
use crate::app::App;
use crate::web::browser::SignedIn;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::views::{Person, When};

/// Teams that the page names.
const TEAMS: usize = 20;
/// Services that the page shows.
const SERVICES: i64 = 20;

/// The account of whoever is signed in.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    RawQuery(asked): RawQuery,
) -> Result<Response, Failure> {
    let (user, now) = (&signed_in.user, signed_in.browser.call.now);
    let mut work = app.instance.read();
    let done = query::value(asked.as_deref(), "done");
    let own_teams = teams::teams_of_user(&mut work, &user.id).await?;
    let grants = tokens::grants_of_user(&mut work, &user.id, now).await?;
    let living = tokens::tokens_of_user(&mut work, &user.id, now).await?;
    let (acting, all_acting) = clients::acting_for(&mut work, &user.id, SERVICES).await?;
    let overview = Overview {
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        more_teams: u64::try_from(own_teams.len().saturating_sub(TEAMS)).unwrap_or_default(),
        teams: own_teams.into_iter().take(TEAMS).map(|team| team.name).collect(),
        form_token: signed_in.browser.form_token(&app),
        done: done.as_deref().and_then(Done::sentence).map(str::to_owned),
        console: may_manage(&mut work, user.id.as_str()).await?,
        second_factor: second_factor::find(&mut work, &user.id)
            .await?
            .map(|it| (When::relative(it.created_at, now), it.recovery_codes)),
        apps: apps(&app, &mut work, (grants, &living), now).await?,
        revoke_all_apps: "/account/apps/revoke".into(),
        more_services: (all_acting - SERVICES).max(0).unsigned_abs(),
        services: services(&mut work, &acting, now).await?,
        sessions: browsers(&app, &mut work, &signed_in).await?,
        revoke_other_sessions: "/account/sessions/end-others".into(),
    };
    let mut response = page::render(&overview);
    signed_in.browser.remember(response.headers_mut());
    Ok(response)
}

/// Does the person hold any permission of management, anywhere?
async fn may_manage(work: &mut Work, user: &str) -> Result<bool, Fault> {
    let holdings = access::holdings_of(work, user).await?;
    Ok(holdings.held.iter().any(|held| access::definition(&held.permission).is_some()))
}

/// The grants by application, the latest first.
async fn apps(
    app: &App,
    work: &mut Work,
    (grants, tokens): (Vec<GrantSummary>, &[ListedToken]),
    now: i64,
) -> Result<Vec<ConnectedApp>, Fault> {
    let mut apps: Vec<(String, ConnectedApp)> = Vec::new();
    for summary in grants {
        let id = summary.grant.client.clone();
        let shown = connected_grant(app, work, (&summary, tokens), now).await?;
        if let Some((_, app)) = apps.iter_mut().find(|(client, _)| *client == id) {
            app.grants.push(shown);
            continue;
        }
        let client = clients::find(work, &id).await?;
        let connected = ConnectedApp {
            name: summary.client_name,
            host: client.as_ref().map(|it| asking::hosts_of(&it.redirect_uris)).unwrap_or_default(),
            verified: client.is_some_and(|it| it.verified),
            revoke_all: format!("/account/apps/{id}/revoke"),
            grants: vec![shown],
        };
        apps.push((id, connected));
    }
    Ok(apps.into_iter().map(|(_, app)| app).collect())
}

async fn connected_grant(
    app: &App,
    work: &mut Work,
    (summary, tokens): (&GrantSummary, &[ListedToken]),
    now: i64,
) -> Result<ConnectedGrant, Fault> {
    let grant = &summary.grant;
    let described = asking::described(work, &grant.scopes).await?;
    let id = grant.public_id(&app.instance)?;
    let own = tokens.iter().filter(|token| token.grant.as_ref() == Some(&id));
    let tokens = own.map(|token| grant_token(token, now)).collect();
    Ok(ConnectedGrant {
        revoke: format!("/account/grants/{id}/revoke"),
        id,
        may: described.iter().map(asking::sentence).collect(),
        teams: summary.teams.clone(),
        allowed: When::relative(grant.consented_at, now),
        last_used: summary.last_used_at.map(|at| When::relative(at, now)),
        expires: Some(When::exact(grant.expires_at)),
        tokens,
    })
}

fn grant_token(token: &ListedToken, now: i64) -> GrantToken {
    GrantToken {
        kind: if token.is_refresh { "Refresh token" } else { "Access token" },
        revoke: format!("/account/tokens/{}/revoke", token.public_id),
        id: token.public_id.clone(),
        last_used: token.last_used_at.map(|at| When::relative(at, now)),
        expires: When::relative(token.expires_at, now),
    }
}

/// What acts as the person without having asked them. Only an administrator ends it.
async fn services(work: &mut Work, acting: &[Acting], now: i64) -> Result<Vec<Deputy>, Fault> {
    let mut shown = Vec::new();
    for Acting { client, chosen } in acting {
        let described = asking::described(work, &client.scopes).await?;
        let chosen = match chosen {
            Some((at, actor)) => Some((who(work, actor).await?, When::relative(*at, now))),
            None => None,
        };
        shown.push(Deputy {
            name: client.name.clone(),
            id: client.id.to_string(),
            paused: !client.enabled,
            may: described.iter().map(asking::sentence).collect(),
            chosen,
            registered: When::relative(client.created_at, now),
            last_used: client.last_used_at.map(|at| When::relative(at, now)),
            ask: asking::owner(work, client).await?,
        });
    }
    Ok(shown)
}

/// Who acted, by name.
async fn who(work: &mut Work, actor: &Actor) -> Result<String, Fault> {
    let person = match &actor.user {
        Some(id) => accounts::find(work, id).await?,
        None => None,
    };
    let client = match &actor.client {
        Some(id) if person.is_none() => clients::find(work, id.as_str()).await?,
        _ => None,
    };
    let name = person.map(|it| it.display_name).or_else(|| client.map(|it| it.name.clone()));
    Ok(name.unwrap_or_else(|| "the operator of this server".into()))
}

/// Where the person is signed in, this browser first.
async fn browsers(
    app: &App,
    work: &mut Work,
    signed_in: &SignedIn,
) -> Result<Vec<BrowserSession>, Fault> {
    let (now, this) = (signed_in.browser.call.now, signed_in.session.id);
    let mut found = sessions::list_of_user(work, &signed_in.user.id, now).await?;
    found.sort_by_key(|session| (session.id != this, -session.last_active_at));
    let shown = |session: &Session| {
        let (browser, device) = sessions::describe(&session.user_agent);
        let current = session.id == this;
        // Marks are written some seconds late, and this very request is one.
        let last_active = if current { now } else { session.last_active_at };
        Ok(BrowserSession {
            revoke: format!("/account/sessions/{}/end", session.public_id(&app.instance)?),
            browser,
            device,
            address: session.address.clone(),
            place: app.place_of(&session.address).unwrap_or_else(|| "Place unknown".into()),
            last_active: When::relative(last_active, now),
            expires: When::relative(session.expires_at, now),
            current,
        })
    };
    found.iter().map(shown).collect()
}
