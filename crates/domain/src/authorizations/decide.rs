//! From a signed-in person to a code: the dispatcher's rules.
//!
//! Login and consent pages only change stored state and come back here; [`super::step`] alone
//! says what is next.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::error::{Code, Error};
use protocol::prompt::Prompt;
use protocol::redirect_uri::RedirectUri;
use protocol::scope::Scopes;

use super::begin::still_offered;
use super::implicit;
use super::state::{Answer, Consented, Given, Identified, Pending, Refused};
use super::step::{Facts, Step, next_step};
use super::store;
use crate::access::Access;
use crate::accounts::User;
use crate::audit::{self, Object};
use crate::clients::{self, Client, TeamSelection};
use crate::consents::{self, Consent};
use crate::sessions::Session;
use crate::teams::{self, Team};
use crate::{Call, Fault, Kind, Plain, SessionId, Work, keys};

/// Seconds a code may be redeemed in.
pub(super) const CODE_LIFETIME: i64 = 60;

/// What the browser is to do now.
#[derive(Debug)]
pub enum Decision {
    /// Show the login page; the request stays sealed in the browser.
    SignIn,
    /// Show the consent page of this stored request (its public id).
    Consent(String),
    /// Go back to the client with what it asked for.
    Done(Box<Answer>),
    /// Go back to the client with an error.
    Refused(Box<Refused>),
    /// The client may not ask this any more: nothing proves where an answer may go.
    Withdrawn,
    /// The same request was answered at the same moment, by another browser window.
    Taken,
}

/// Which teams the person may choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamChoice {
    /// No team is touched, or there is only one possible: nothing to ask.
    None(Vec<Team>),
    /// Exactly one of these.
    Single(Vec<Team>),
    /// One or more of these.
    Multiple(Vec<Team>),
}

/// What the consent page asks.
#[derive(Debug)]
pub struct ConsentQuestion {
    /// The public id of the stored request.
    pub id: String,
    /// Who asks.
    pub client: Arc<Client>,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Everything that is asked.
    pub scopes: Scopes,
    /// What is new since the last time; equal to `scopes` the first time.
    pub new_scopes: Scopes,
    /// The teams to choose from.
    pub teams: TeamChoice,
    /// The teams chosen last time.
    pub chosen_before: Vec<String>,
}

/// What the person answered.
#[derive(Debug, Clone)]
pub enum Choice {
    /// Yes, for these teams.
    Allow {
        /// Ids of teams.
        teams: Vec<String>,
    },
    /// No.
    Deny,
}

/// Decides what comes next for a request and the browser's session, and does it.
///
/// # Errors
/// When the database cannot answer.
pub async fn decide(
    work: &mut Work,
    call: &Call,
    pending: Pending,
    signed_in: Option<(&Session, &User)>,
) -> Result<Decision, Fault> {
    let Some(client) = clients::find(work, pending.client.as_str()).await?.filter(|c| c.enabled)
    else {
        let error = Error::new(Code::UnauthorizedClient, "The application was switched off.");
        return Ok(Decision::Refused(Box::new(pending.refused(error))));
    };
    if !still_offered(work.instance.policy(), &client, &pending) {
        return Ok(Decision::Withdrawn);
    }
    let remembered = match signed_in {
        Some((_, user)) => consents::find(work, &user.id, pending.client.as_str()).await?,
        None => None,
    };
    let choice = match signed_in {
        Some((_, user)) => team_choice(work, &client, user, &pending.scopes).await?,
        None => TeamChoice::None(Vec::new()),
    };
    let hinted = hinted(work, call.now, &pending).await?;
    let facts = Facts {
        prompts: &pending.request.prompts,
        max_age: pending.request.max_age.map(i64::from),
        expects_another: hinted
            .is_some_and(|sub| signed_in.is_some_and(|(_, user)| user.id.as_str() != sub)),
        signed_in_for_this: signed_in.is_some_and(|(session, _)| {
            Some(session.id) != pending.begun_in && session.authenticated_at >= pending.begun_at
        }),
        now: call.now,
        authenticated_at: signed_in.map(|(session, _)| session.authenticated_at),
        is_remembered: remembered.as_ref().is_some_and(|c| covers(c, &pending, &choice)),
        may_be_silent: is_assured(&client, &pending.redirect_uri),
        requires_consent: client.require_consent,
        must_choose_team: !matches!(choice, TeamChoice::None(_)),
    };
    match (next_step(&facts), signed_in) {
        (Step::Refuse(error), _) => Ok(Decision::Refused(Box::new(pending.refused(error)))),
        (Step::SignIn, _) | (_, None) => Ok(Decision::SignIn),
        (Step::Consent, Some((session, _))) => {
            let identified = pending.identified(session);
            let id = store::insert_identified(work, &identified, call.now).await?;
            Ok(Decision::Consent(work.instance.vault.public_id(id)?))
        }
        (Step::Issue, Some((_, user)))
            if facts.is_remembered
                && !consents::hold(work, &user.id, client.id.as_str()).await? =>
        {
            // Withdrawn in this very moment: decide anew.
            Box::pin(decide(work, call, pending.clone(), signed_in)).await
        }
        (Step::Issue, Some((session, user))) => {
            let teams = match (&choice, remembered) {
                (TeamChoice::None(only), _) => only.iter().map(|team| team.id.clone()).collect(),
                (_, Some(consent)) => consent.teams,
                _ => Vec::new(),
            };
            let scopes = pending.scopes.clone();
            let identified = pending.identified(session);
            let consented = identified.consented(scopes, teams, call.now);
            issue(work, call, None, consented, (&client, user)).await
        }
    }
}

/// Whom the client expects: the person of an ID token that was issued to it before.
async fn hinted(work: &mut Work, now: i64, pending: &Pending) -> Result<Option<String>, Fault> {
    let Some(hint) = &pending.request.id_token_hint else { return Ok(None) };
    let claims = keys::verify(work, now, "JWT", hint).await?;
    let text = |name: &str| claims.as_ref()?.get(name)?.as_str().map(str::to_owned);
    Ok(text("sub").filter(|_| text("aud").as_deref() == Some(pending.client.as_str())))
}

/// May a remembered consent stand in? Only where the redirect proves who gets the code:
/// confidential clients, and https redirects (RFC 8252 §8.6).
fn is_assured(client: &Client, redirect_uri: &str) -> bool {
    let is_https = redirect_uri.starts_with("https://");
    let registered = RedirectUri::register(redirect_uri, client.confidential);
    let is_native = registered.is_ok_and(|uri| uri.is_loopback() || uri.is_private_use());
    client.confidential || (is_https && !is_native)
}

/// Is what is asked now the same as before, or less?
fn covers(consent: &Consent, pending: &Pending, choice: &TeamChoice) -> bool {
    let same_or_less = pending.scopes.is_subset(&consent.scopes)
        && pending.resources.iter().all(|id| consent.resources.contains(id));
    let teams_stand = match choice {
        TeamChoice::None(_) => true,
        TeamChoice::Single(teams) | TeamChoice::Multiple(teams) => {
            !consent.teams.is_empty()
                && consent.teams.iter().all(|id| teams.iter().any(|t| t.id == *id))
        }
    };
    same_or_less && teams_stand
}

/// Teams the person belongs to and the client may reach, as far as the scopes touch teams at all.
pub(super) async fn team_choice(
    work: &mut Work,
    client: &Client,
    user: &User,
    scopes: &Scopes,
) -> Result<TeamChoice, Fault> {
    let touches_teams = scopes.iter().any(|scope| scope.contains(':'));
    if !touches_teams {
        return Ok(TeamChoice::None(Vec::new()));
    }
    let mut possible = teams::teams_of_user(work, &user.id).await?;
    possible.retain(|team| client.reaches(&team.id, &team.organization));
    Ok(match (possible.len(), client.team_selection) {
        (0 | 1, _) => TeamChoice::None(possible),
        (_, TeamSelection::Single) => TeamChoice::Single(possible),
        (_, TeamSelection::Multiple) => TeamChoice::Multiple(possible),
    })
}

/// The question of a stored request, for the browser session that it belongs to.
///
/// # Errors
/// When the database cannot answer.
pub async fn question(
    work: &mut Work,
    now: i64,
    id: &str,
    (session, user): (&Session, &User),
) -> Result<Option<ConsentQuestion>, Fault> {
    let Some((_, identified)) = identified(work, now, id, session.id).await? else {
        return Ok(None);
    };
    let pending = identified.pending;
    let Some(client) = clients::find(work, pending.client.as_str()).await?.filter(|c| c.enabled)
    else {
        return Ok(None);
    };
    let before = consents::find(work, &user.id, pending.client.as_str()).await?;
    let teams = team_choice(work, &client, user, &pending.scopes).await?;
    let known = before.as_ref().map(|consent| consent.scopes.clone()).unwrap_or_default();
    Ok(Some(ConsentQuestion {
        id: id.into(),
        redirect_uri: pending.redirect_uri,
        new_scopes: pending.scopes.difference(&known),
        scopes: pending.scopes,
        teams,
        chosen_before: before.map(|consent| consent.teams).unwrap_or_default(),
        client,
    }))
}

async fn identified(
    work: &mut Work,
    now: i64,
    id: &str,
    session: SessionId,
) -> Result<Option<(i64, Identified)>, Fault> {
    let Some(row) = work.instance.vault.row_id(id) else { return Ok(None) };
    Ok(store::find_identified(work, row, session, now).await?.map(|identified| (row, identified)))
}

/// A stored request as it was before its person was known, for somebody else to sign in to: whoever
/// is signed in now does not satisfy it any more. `None` when it is not this session's.
///
/// # Errors
/// When the database cannot answer.
pub async fn for_somebody_else(
    work: &mut Work,
    now: i64,
    id: &str,
    session: &Session,
) -> Result<Option<Pending>, Fault> {
    let Some((_, identified)) = identified(work, now, id, session.id).await? else {
        return Ok(None);
    };
    let mut pending = identified.pending;
    pending.begun_in = Some(session.id);
    pending.request.prompts = pending.request.prompts.with(Prompt::SelectAccount);
    pending.request.login_hint = None;
    Ok(Some(pending))
}

/// Takes the person's answer and stores it; the dispatcher goes on from there. `false` when the
/// request is not there any more, belongs to another browser, was answered already, or the answer
/// names teams that were not offered.
///
/// # Errors
/// When the database cannot take it.
pub async fn answer(
    work: &mut Work,
    call: &Call,
    id: &str,
    (session, user): (&Session, &User),
    choice: Choice,
) -> Result<bool, Fault> {
    let Some((row, identified)) = identified(work, call.now, id, session.id).await? else {
        return Ok(false);
    };
    let Some(client) = clients::find(work, identified.pending.client.as_str()).await? else {
        return Ok(false);
    };
    let object = Object::new("client", client.id.as_str(), &client.name);
    let Choice::Allow { teams } = choice else {
        audit::record_refusal(work, call, "consent.denied", &object, &[]).await?;
        return store::set_refused(work, row, "denied").await;
    };
    let Some(teams) =
        chosen(team_choice(work, &client, user, &identified.pending.scopes).await?, teams)
    else {
        return Ok(false);
    };
    if teams.is_empty() && !client.reaches_all_teams() {
        return store::set_refused(work, row, "teamless").await;
    }
    let (scopes, resources) =
        (identified.pending.scopes.clone(), identified.pending.resources.clone());
    let asked = (&scopes, resources.as_slice(), teams.as_slice());
    consents::remember(work, call, (&user.id, client.id.as_str()), asked).await?;
    let change = audit::Change {
        field: "scopes".into(),
        before: serde_json::Value::Null,
        after: scopes.to_string().into(),
    };
    audit::record(work, call, "consent.given", &object, &[change]).await?;
    store::set_consented(work, row, &identified.consented(scopes, teams, call.now)).await
}

/// Goes on with a request that the person of this session has answered. `None` when there is none.
///
/// # Errors
/// When the database cannot take it.
pub async fn resume(
    work: &mut Work,
    call: &Call,
    id: &str,
    (session, user): (&Session, &User),
) -> Result<Option<Decision>, Fault> {
    let Some(row) = work.instance.vault.row_id(id) else { return Ok(None) };
    if let Some((word, identified)) = store::delete_refused(work, row, session.id).await? {
        let sentence = if word == "denied" {
            "The person did not agree."
        } else {
            "The person belongs to no team that this application may use."
        };
        let error = Error::new(Code::AccessDenied, sentence);
        return Ok(Some(Decision::Refused(Box::new(identified.pending.refused(error)))));
    }
    let Some(consented) = store::find_consented(work, row, session.id, call.now).await? else {
        return Ok(None);
    };
    let client = clients::find(work, consented.identified.pending.client.as_str()).await?;
    let Some(client) = client.filter(|client| client.enabled) else { return Ok(None) };
    if !still_offered(work.instance.policy(), &client, &consented.identified.pending) {
        return Ok(Some(Decision::Withdrawn));
    }
    issue(work, call, Some(row), consented, (&client, user)).await.map(Some)
}

/// The chosen teams, if each was offered and their number fits.
fn chosen(offered: TeamChoice, chosen: Vec<String>) -> Option<Vec<String>> {
    let (offered, fits): (_, fn(usize) -> bool) = match offered {
        TeamChoice::None(only) => return Some(only.into_iter().map(|team| team.id).collect()),
        TeamChoice::Single(teams) => (teams, |n| n == 1),
        TeamChoice::Multiple(teams) => (teams, |n| n >= 1),
    };
    let names: BTreeSet<_> = offered.iter().map(|team| team.id.as_str()).collect();
    let unique: BTreeSet<_> = chosen.into_iter().collect();
    let all_offered = unique.iter().all(|id| names.contains(id.as_str()));
    (all_offered && fits(unique.len())).then(|| unique.into_iter().collect())
}

/// `Consented` → `Issued`: the code goes out. The implicit grant has nothing to redeem: its tokens do.
async fn issue(
    work: &mut Work,
    call: &Call,
    row: Option<i64>,
    consented: Consented,
    (client, user): (&Client, &User),
) -> Result<Decision, Fault> {
    let pending = &consented.identified.pending;
    if pending.request.response_type.is_implicit() {
        return implicit::issue(work, call, row, consented, (client, user)).await;
    }
    let (redirect_uri, mode) = (pending.redirect_uri.clone(), pending.request.response_mode);
    let state = pending.request.state.clone();
    let issued = consented.issued(client.epoch, user.epoch);
    let expires_at = call.now + CODE_LIFETIME;
    let id = match row {
        None => store::insert_issued(work, &issued, expires_at).await?,
        Some(row) if store::set_issued(work, row, &issued, expires_at).await? => row,
        Some(_) => return Ok(Decision::Taken),
    };
    let vault = &work.instance.vault;
    let code = Plain::new(vault.make(Kind::Code, id, vault.draw()?, b"")?);
    let given = Given::Code(code);
    Ok(Decision::Done(Box::new(Answer { redirect_uri, mode, state, given })))
}

/// The most a token of this client may do, in the consent page's words.
pub fn writes(access: Access, scopes: &Scopes) -> bool {
    access == Access::Full
        && scopes.iter().any(|scope| scope == "as_user:write" || scope.contains(':'))
}
