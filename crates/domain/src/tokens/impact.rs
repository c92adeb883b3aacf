//! What hangs on a client now: its living tokens, the people behind them, its refresh families.
//!
//! Counted by the same conditions by which a token is found alive, so that nobody is told of what
//! is dead. It refuses to know whether somebody is about to end it.

use super::live::LIVING;
use crate::{Fault, Work};

/// What would end with a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Impact {
    /// Living access tokens, its own and those of people.
    pub living_tokens: i64,
    /// People who would notice: behind a living token or refresh family.
    pub users: i64,
    /// Refresh families that could still be used.
    pub refresh_families: i64,
}

/// What must hold of a family `f` of grant `g` (beside its expiry) for it to be alive.
pub(super) const LIVING_FAMILY: &str = "c.enabled AND u.status = 'active' AND f.client_epoch = c.epoch \
     AND f.user_epoch = u.epoch AND f.grant_epoch = g.epoch \
     AND (c.refresh_token_idle_lifetime IS NULL OR f.rotated_at + c.refresh_token_idle_lifetime >= $2)";

/// Counts what the client with this id has alive at `now`; nothing for a client that is not there.
///
/// # Errors
/// When the database cannot answer.
pub async fn impact(work: &mut Work, client: &str, now: i64) -> Result<Impact, Fault> {
    let tokens = format!(
        "FROM clients c JOIN access_tokens t ON t.client_number = c.number
           LEFT JOIN grants g ON g.id = t.grant_id
           LEFT JOIN users u ON u.id = COALESCE(g.user_id, c.context_user)
         WHERE c.id = $1 AND t.expires_at > $2 AND {LIVING}"
    );
    let families = format!(
        "FROM clients c JOIN grants g ON g.client_id = c.id JOIN users u ON u.id = g.user_id
           JOIN refresh_families f ON f.grant_id = g.id
         WHERE c.id = $1 AND f.expires_at > $2 AND {LIVING_FAMILY}"
    );
    let sql = format!(
        "SELECT (SELECT count(*) {tokens}), (SELECT count(*) {families}),
           (SELECT count(*) FROM (SELECT g.user_id {tokens} AND g.user_id IS NOT NULL
                                  UNION SELECT g.user_id {families}) p)"
    );
    let Some(row) = work.tx.query_one(&sql, db::params![client, now]).await? else {
        return Ok(Impact::default());
    };
    Ok(Impact { living_tokens: row.get(0)?, refresh_families: row.get(1)?, users: row.get(2)? })
}

/// How many authorizations that may still act name this team.
///
/// # Errors
/// When the database cannot answer.
pub async fn grants_naming(work: &mut Work, team: &str, now: i64) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM grant_teams gt JOIN grants g ON g.id = gt.grant_id
               WHERE gt.team_id = $1 AND g.expires_at > $2";
    let row = work.tx.query_one(sql, db::params![team, now]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}
