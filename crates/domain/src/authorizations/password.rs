//! The legacy resource owner password grant (RFC 6749 §4.3): whoever has the password has the
//! authority, within the client's limits.
//!
//! Ordered checks: a team the client may use → client and person still as they were → tokens.
//! Nobody is asked, so consent, teams and prompts have no page: the client gets every team it may
//! reach, or must be one that lets a person act in several. It refuses to know how often somebody
//! may try; `accounts` counts that together with every sign-in.

use protocol::error::{Code, Error};
use protocol::scope::Scopes;

use super::decide::{TeamChoice, team_choice};
use crate::accounts::{Amr, User};
use crate::audit::{self, Change, Object};
use crate::clients::Client;
use crate::tokens::{self, NewGrant, Personal};
use crate::{Actor, Call, Fault, Work};

/// Tokens for a person who has just proved who they are with their password, for scopes and
/// resources that were checked against the client.
///
/// # Errors
/// `Ok(Err(invalid_grant))` with the exact reason; or a fault.
pub async fn by_password(
    work: &mut Work,
    call: &Call,
    client: &Client,
    (user, amr): (&User, Amr),
    (scopes, resources): (&Scopes, &[String]),
) -> Result<Result<Personal, Error>, Fault> {
    let teams = match team_choice(work, client, user, scopes).await? {
        TeamChoice::None(teams) | TeamChoice::Multiple(teams) => teams,
        TeamChoice::Single(teams) => {
            let sentence = "This application may act in one team at a time, and the password grant cannot ask in which.";
            let error = Error::new(Code::InvalidGrant, sentence)
                .because("team_selection is single and the person belongs to several teams that the client may use")
                .expected("team_selection multiple, or a restriction to one team")
                .received(format!("{} possible teams", teams.len()));
            return Ok(Err(error));
        }
    };
    if teams.is_empty() && !client.reaches_all_teams() {
        let sentence = "The person belongs to no team that this application may use.";
        return Ok(Err(Error::new(Code::InvalidGrant, sentence)));
    }
    let teams: Vec<String> = teams.into_iter().map(|team| team.id).collect();
    let new = NewGrant {
        client: client.id.as_str(),
        user: &user.id,
        scopes,
        resources,
        teams: &teams,
        authenticated_at: call.now,
        amr,
        consented_at: call.now,
        expires_at: call.now + client.access_token_lifetime,
    };
    let given = tokens::issue_personal(work, call, client, &new, user.epoch).await?;
    let Some(given) = given else {
        let error = Error::new(Code::InvalidGrant, "The application or the person was stopped.");
        return Ok(Err(error.because("client or person ended while the token was issued")));
    };
    if given.is_new {
        let client_id = Some(client.id.clone());
        let by = Actor { user: Some(user.id.clone()), client: client_id, operator: None };
        let object = Object::new("client", client.id.as_str(), &client.name);
        let changes =
            [Change::made("scopes", scopes.to_string()), Change::made("grant_type", "password")];
        audit::record(work, &call.by(by), "grant.created", &object, &changes).await?;
    }
    Ok(Ok(given))
}
