//! `GET` and `POST /consent`: may this application act for you?
//!
//! The page shows a stored request to the browser session it belongs to and to nobody else; the
//! answer is stored once, and the dispatcher goes on from there. Ordered checks of an answer: the
//! form is of this browser and session → the request waits for it → the teams were offered and
//! their number fits → stored by compare-and-set. Whoever is not the person goes on from here to a
//! sign-in that carries the request over.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Access;
use domain::accounts::User;
use domain::authorizations::{self, Choice as Answered, ConsentQuestion};
use domain::clients::{Client, GrantType};
use domain::scopes::{Scope, ScopeKind};
use domain::sessions::Session;
use domain::{Fault, Work, consents};
use protocol::duration;

use super::team_choice::{self, Picked};
use super::views::{Consent, Permission};
use super::{asking, login, query};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::{Fields, OwnForm};
use crate::web::page;
use crate::web::sealed::{self, AUTHORIZATION};
use crate::web::views::{Person, When};

/// The question.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(asked): RawQuery,
) -> Result<Response, Failure> {
    let Some(signed_in) = browser.signed_in() else { return Ok(login::expired()) };
    let id = query::value(asked.as_deref(), "request").unwrap_or_default();
    let mut work = app.instance.read();
    let found = authorizations::question(&mut work, browser.call.now, &id, signed_in).await?;
    let Some(question) = found else { return Ok(login::expired()) };
    let picked = Picked { teams: team_choice::carried(&question.chosen_before), q: None };
    let consent = view(&app, &browser, &mut work, (&question, signed_in.1), &picked).await?;
    let mut response = page::render(&consent);
    browser.remember(response.headers_mut());
    Ok(response)
}

/// "Not you?": the same request, for somebody else to sign in to.
pub(super) async fn somebody_else(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(asked): RawQuery,
) -> Result<Response, Failure> {
    let Some((session, _)) = browser.signed_in() else { return Ok(login::expired()) };
    let id = query::value(asked.as_deref(), "request").unwrap_or_default();
    let (mut work, now) = (app.instance.read(), browser.call.now);
    let found = authorizations::for_somebody_else(&mut work, now, &id, session).await?;
    let Some(pending) = found else { return Ok(login::expired()) };
    let sealed = sealed::seal(&app, &browser, AUTHORIZATION, &pending)?;
    Ok(page::see_other(&sealed::link("/login", "request", &sealed)))
}

/// The answer.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let Some(signed_in) = browser.signed_in() else { return Ok(login::expired()) };
    let id = fields.text("request");
    let decision = fields.text("decision");
    let answered = match decision {
        "allow" | "search" => {
            let mut work = app.instance.read();
            let now = browser.call.now;
            let found = authorizations::question(&mut work, now, id, signed_in).await?;
            let Some(question) = found else { return Ok(login::expired()) };
            let teams = fields.all("teams");
            let about = (&question, signed_in.1);
            if decision == "search" {
                let picked = Picked { teams, q: fields.filled("q").map(str::to_owned) };
                let consent = view(&app, &browser, &mut work, about, &picked).await?;
                return Ok(page::render(&consent));
            }
            if let Some(words) = team_choice::wrong(&question.teams, &teams) {
                let picked = Picked { teams, q: None };
                let consent = view(&app, &browser, &mut work, about, &picked).await?;
                let consent = Consent { teams_error: Some(words.into()), ..consent };
                return Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &consent));
            }
            Answered::Allow { teams }
        }
        "deny" => Answered::Deny,
        _ => return Ok(undecided(&fields)),
    };
    store(&app, &browser, id, signed_in, answered).await
}

/// Stores the answer; nothing of one that came second or too late.
async fn store(
    app: &App,
    browser: &Browser,
    id: &str,
    signed_in: (&Session, &User),
    answered: Answered,
) -> Result<Response, Failure> {
    let mut work = app.instance.begin().await?;
    if !authorizations::answer(&mut work, &browser.call, id, signed_in, answered).await? {
        return Ok(login::expired());
    }
    work.commit().await?;
    Ok(page::see_other(&sealed::link("/oauth2/authorize", "authorization", id)))
}

/// Neither yes nor no: the question again.
fn undecided(fields: &Fields) -> Response {
    page::see_other(&sealed::link("/consent", "request", fields.text("request")))
}

async fn view(
    app: &App,
    browser: &Browser,
    work: &mut Work,
    (question, user): (&ConsentQuestion, &User),
    picked: &Picked,
) -> Result<Consent, Fault> {
    let client = &question.client;
    let before = consents::find(work, &user.id, client.id.as_str()).await?;
    let mut described = asking::described(work, &question.scopes).await?;
    // A read-only application changes nothing, whatever it asks for.
    described.retain(|it| it.kind != ScopeKind::Write || client.access == Access::Full);
    let changes_nothing = described.iter().all(|it| it.kind != ScopeKind::Write);
    let is_wider = before.is_some() && !question.new_scopes.is_empty();
    let (new, known): (Vec<Scope>, Vec<Scope>) =
        described.into_iter().partition(|it| !is_wider || question.new_scopes.contains(&it.name));
    let of_kind = |kind| permissions(new.iter().filter(|it| it.kind == kind), is_wider);
    Ok(Consent {
        action: "/consent".into(),
        form_token: browser.form_token(app),
        request: question.id.clone(),
        application: client.name.clone(),
        host: asking::host_of(&question.redirect_uri),
        owner: asking::owner(work, client).await?,
        verified: client.verified,
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        allowed_before: before.as_ref().map(|consent| When::exact(consent.consented_at)),
        identity: of_kind(ScopeKind::Identity),
        read: of_kind(ScopeKind::Read),
        change: of_kind(ScopeKind::Write),
        changes_nothing,
        known: permissions(known.iter(), false),
        teams: team_choice::view(work, &question.teams, picked).await?,
        teams_error: None,
        lasts: lasts(client),
        switch_person: sealed::link("/consent/somebody-else", "request", &question.id),
    })
}

fn permissions<'a>(scopes: impl Iterator<Item = &'a Scope>, new: bool) -> Vec<Permission> {
    scopes
        .map(|scope| Permission { text: asking::sentence(scope), scope: scope.name.clone(), new })
        .collect()
}

/// How long the answer stands: as long as the application can stay connected without asking.
fn lasts(client: &Client) -> String {
    let refreshes = client.grant_types.contains(&GrantType::RefreshToken);
    let seconds =
        if refreshes { client.refresh_token_lifetime } else { client.access_token_lifetime };
    let spelt = duration::spell(u64::try_from(seconds).unwrap_or_default());
    format!("Lasts {spelt} at most, then it must ask again.")
}
