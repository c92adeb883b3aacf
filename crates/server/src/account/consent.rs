//! `GET` and `POST /consent`: may this application act for you?
//!
//! The page shows a stored request to the browser session it belongs to and to nobody else; the
//! answer is stored once, and the dispatcher goes on from there. Ordered checks of an answer: the
//! form is of this browser and session → the request waits for it → the teams were offered and
//! their number fits → stored by compare-and-set.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Access;
use domain::accounts::User;
use domain::authorizations::{self, Choice as Answered, ConsentQuestion, TeamChoice as Offered};
use domain::clients::{Client, GrantType};
use domain::scopes::{Scope, ScopeKind};
use domain::sessions::Session;
use domain::teams::{self, Team};
use domain::{Fault, Work, consents};
use protocol::duration;

use super::views::{Consent, Permission, TeamChoice};
use super::{asking, login, query};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::{Fields, OwnForm};
use crate::web::page;
use crate::web::sealed;
use crate::web::views::{Choice, Person, When};

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
    let chosen = question.chosen_before.clone();
    let consent = view(&app, &browser, &mut work, (&question, signed_in.1), &chosen).await?;
    let mut response = page::render(&consent);
    browser.remember(response.headers_mut());
    Ok(response)
}

/// The answer.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let Some(signed_in) = browser.signed_in() else { return Ok(login::expired()) };
    let id = fields.text("request");
    let answered = match fields.text("decision") {
        "allow" => {
            let mut work = app.instance.read();
            let now = browser.call.now;
            let found = authorizations::question(&mut work, now, id, signed_in).await?;
            let Some(question) = found else { return Ok(login::expired()) };
            let teams = fields.all("teams");
            if let Some(words) = wrong_choice(&question.teams, &teams) {
                let about = (&question, signed_in.1);
                let consent = view(&app, &browser, &mut work, about, &teams).await?;
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

/// What is wrong with a choice of teams, for the person.
fn wrong_choice(offered: &Offered, chosen: &[String]) -> Option<&'static str> {
    let chosen: BTreeSet<_> = chosen.iter().map(String::as_str).collect();
    let (teams, is_single) = match offered {
        Offered::None(_) => return None,
        Offered::Single(teams) => (teams, true),
        Offered::Multiple(teams) => (teams, false),
    };
    let offered: BTreeSet<_> = teams.iter().map(|team| team.id.as_str()).collect();
    if !chosen.is_subset(&offered) {
        return Some("One of these teams is not open to this application any more. Choose again.");
    }
    match (is_single, chosen.len()) {
        (true, 1) => None,
        (true, 0) => Some("Choose the team this application may act for."),
        (true, _) => Some("Choose one team only: this application acts for one at a time."),
        (false, 0) => Some("Choose at least one team this application may act for."),
        (false, _) => None,
    }
}

async fn view(
    app: &App,
    browser: &Browser,
    work: &mut Work,
    (question, user): (&ConsentQuestion, &User),
    chosen: &[String],
) -> Result<Consent, Fault> {
    let client = &question.client;
    let before = consents::find(work, &user.id, client.id.as_str()).await?;
    let described = asking::described(work, &question.scopes).await?;
    let of_kind = |kind| permissions(&described, kind, question, before.is_some());
    let may_change = client.access == Access::Full;
    Ok(Consent {
        action: "/consent".into(),
        form_token: browser.form_token(app),
        request: question.id.clone(),
        application: client.name.clone(),
        host: asking::host_of(&question.redirect_uri),
        owner: owner(work, client).await?,
        verified: client.verified,
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        allowed_before: before.as_ref().map(|consent| When::exact(consent.consented_at)),
        identity: of_kind(ScopeKind::Identity),
        read: of_kind(ScopeKind::Read),
        change: if may_change { of_kind(ScopeKind::Write) } else { Vec::new() },
        teams: team_choice(work, &question.teams, chosen).await?,
        teams_error: None,
        lasts: lasts(client),
        switch_person: "/logout".into(),
    })
}

fn permissions(
    described: &[Scope],
    kind: ScopeKind,
    question: &ConsentQuestion,
    asked_before: bool,
) -> Vec<Permission> {
    let wanted = described.iter().filter(|scope| scope.kind == kind);
    wanted
        .map(|scope| Permission {
            text: asking::sentence(scope),
            scope: scope.name.clone(),
            new: asked_before && question.new_scopes.contains(&scope.name),
        })
        .collect()
}

/// Who is responsible: the organization of the client, and whom to ask.
async fn owner(work: &mut Work, client: &Client) -> Result<Option<String>, Fault> {
    let organization = match &client.organization {
        Some(id) => teams::find_organization(work, id).await?.map(|it| it.name),
        None => None,
    };
    let contacts = client.contacts.join(", ");
    Ok(match (organization, contacts.is_empty()) {
        (Some(name), true) => Some(name),
        (Some(name), false) => Some(format!("{name} ({contacts})")),
        (None, false) => Some(contacts),
        (None, true) => None,
    })
}

async fn team_choice(
    work: &mut Work,
    offered: &Offered,
    chosen: &[String],
) -> Result<TeamChoice, Fault> {
    Ok(match offered {
        Offered::None(only) => {
            only.first().map_or(TeamChoice::None, |team| TeamChoice::One(team.name.clone()))
        }
        Offered::Single(teams) => TeamChoice::Single(choices(work, teams, chosen).await?),
        Offered::Multiple(teams) => TeamChoice::Multiple(choices(work, teams, chosen).await?),
    })
}

/// The teams by name, each with its organization where there are several.
async fn choices(work: &mut Work, teams: &[Team], chosen: &[String]) -> Result<Vec<Choice>, Fault> {
    let ids: BTreeSet<_> = teams.iter().map(|team| team.organization.as_str()).collect();
    let mut organizations = std::collections::BTreeMap::new();
    if ids.len() > 1 {
        for id in ids {
            let name = teams::find_organization(work, id).await?.map(|it| it.name);
            organizations.insert(id, name.unwrap_or_default());
        }
    }
    let hint = |team: &Team| organizations.get(team.organization.as_str()).cloned();
    let choice = |team: &Team| Choice {
        value: team.id.clone(),
        label: team.name.clone(),
        hint: hint(team).unwrap_or_default(),
        chosen: chosen.contains(&team.id),
        refused: None,
    };
    Ok(teams.iter().map(choice).collect())
}

/// How long the answer stands: as long as the application can stay connected without asking.
fn lasts(client: &Client) -> String {
    let refreshes = client.grant_types.contains(&GrantType::RefreshToken);
    let seconds =
        if refreshes { client.refresh_token_lifetime } else { client.access_token_lifetime };
    let spelt = duration::spell(u64::try_from(seconds).unwrap_or_default());
    format!("Lasts {spelt} at most, then it must ask again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams(ids: &[&str]) -> Vec<Team> {
        let team = |id: &&str| Team {
            id: (*id).into(),
            organization: "org_a".into(),
            name: (*id).into(),
            version: 1,
            created_at: 0,
        };
        ids.iter().map(team).collect()
    }

    #[test]
    fn a_choice_is_among_the_offered_and_of_the_right_number() {
        let none = Offered::None(teams(&["a"]));
        let single = Offered::Single(teams(&["a", "b"]));
        let multiple = Offered::Multiple(teams(&["a", "b"]));
        for (offered, chosen, fits) in [
            (&none, &[][..], true),
            (&none, &["x"][..], true),
            (&single, &["a"][..], true),
            (&single, &["a", "a"][..], true),
            (&single, &[][..], false),
            (&single, &["a", "b"][..], false),
            (&single, &["x"][..], false),
            (&multiple, &["a"][..], true),
            (&multiple, &["b", "a"][..], true),
            (&multiple, &[][..], false),
            (&multiple, &["a", "x"][..], false),
            (&multiple, &[""][..], false),
        ] {
            let chosen: Vec<_> = chosen.iter().map(|id| (*id).to_owned()).collect();
            let wrong = wrong_choice(offered, &chosen);
            assert_eq!(wrong.is_none(), fits, "{offered:?} {chosen:?}: {wrong:?}");
        }
    }
}
