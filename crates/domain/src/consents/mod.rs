//! Remembered consent: what a person once allowed an application.
//!
//! An object of its own (scopes, resources, teams, version of the text), so that the same or less
//! is not asked again and more shows only what is new. Withdrawing it ends every grant.

use protocol::scope::Scopes;

use crate::audit::{self, Object};
use crate::{Call, Fault, UserId, Work, tokens};

/// The version of the consent page's promises. Raising it asks everybody again.
pub const TEXT_VERSION: i64 = 1;

/// What was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The scopes.
    pub scopes: Scopes,
    /// Ids of resources.
    pub resources: Vec<String>,
    /// Ids of teams.
    pub teams: Vec<String>,
    /// When.
    pub consented_at: i64,
}

/// What `user` allowed `client` under the present text; `None` where nothing.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, user: &UserId, client: &str) -> Result<Option<Consent>, Fault> {
    let sql = "SELECT scopes, resources, teams, consented_at FROM consents
               WHERE user_id = $1 AND client_id = $2 AND text_version = $3";
    let Some(row) = work.tx.query_one(sql, db::params![user, client, TEXT_VERSION]).await? else {
        return Ok(None);
    };
    let list = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    Ok(Some(Consent {
        scopes: tokens::stored_scopes(&row.get::<String>(0)?)?,
        resources: list(row.get(1)?),
        teams: list(row.get(2)?),
        consented_at: row.get(3)?,
    }))
}

/// Waits for whoever withdraws the same consent, and says whether it still stands; it then does so
/// until the end of the work.
///
/// # Errors
/// When the database cannot answer.
pub async fn hold(work: &mut Work, user: &UserId, client: &str) -> Result<bool, Fault> {
    let sql =
        "UPDATE consents SET text_version = text_version WHERE user_id = $1 AND client_id = $2";
    Ok(work.tx.execute(sql, db::params![user, client]).await? == 1)
}

/// Remembers what was allowed now, beside what was allowed before. The teams are those chosen now.
///
/// # Errors
/// When the database cannot take it.
pub async fn remember(
    work: &mut Work,
    call: &Call,
    (user, client): (&UserId, &str),
    (scopes, resources, teams): (&Scopes, &[String], &[String]),
) -> Result<(), Fault> {
    let before = find(work, user, client).await?;
    let (mut all_scopes, mut all_resources) = (scopes.clone(), resources.to_vec());
    if let Some(before) = before {
        all_scopes = all_scopes.union(&before.scopes);
        all_resources.extend(before.resources.into_iter().filter(|id| !resources.contains(id)));
    }
    let sql = "INSERT INTO consents (user_id, client_id, scopes, resources, teams, text_version, consented_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes,
                 resources = excluded.resources, teams = excluded.teams,
                 text_version = excluded.text_version, consented_at = excluded.consented_at";
    let (scopes, resources, teams) =
        (all_scopes.to_string(), all_resources.join(" "), teams.join(" "));
    let params = db::params![user, client, scopes, resources, teams, TEXT_VERSION, call.now];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Forgets the consent and ends every grant it led to. Returns how many grants ended.
///
/// # Errors
/// When the database cannot take it.
pub async fn withdraw(
    work: &mut Work,
    call: &Call,
    user: &UserId,
    client: &str,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
    work.tx.execute(sql, db::params![user, client]).await?;
    let ended = tokens::end_grants_of(work, user, client).await?;
    audit::record(work, call, "consent.withdrawn", &Object::new("client", client, client), &[])
        .await?;
    Ok(ended)
}
