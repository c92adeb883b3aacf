//! The living tokens of a client, for those who watch over it: counted, listed, ended.
//!
//! What is alive here is what [`super::find_live`] would find: the same epochs are compared.

use protocol::scope::Scopes;

use super::end_grant;
use super::grants::stored_scopes;
use crate::access::{May, ReadTokens, RevokeTokens};
use crate::audit::{self, Change, Object};
use crate::clients::Client;
use crate::{Call, Fault, GrantId, Refusal, UserId, Work};

/// One living token.
#[derive(Debug, Clone)]
pub struct Living {
    /// Its name in lists, and their cursor: tells neither order nor volume.
    pub public_id: String,
    /// A refresh token, or an access token?
    pub is_refresh: bool,
    /// Whom it acts for.
    pub user: Option<UserId>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The chosen teams, by name.
    pub teams: Vec<String>,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
    /// When it was last used, to a minute.
    pub last_used_at: Option<i64>,
}

/// How many tokens of a client are alive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Access tokens.
    pub access: i64,
    /// Refresh tokens.
    pub refresh: i64,
    /// When the last access token ends.
    pub until: Option<i64>,
}

/// From rows of access tokens to who they serve; `$1` is the client's number, `$2` now.
const ACCESS: &str = "FROM access_tokens t
    JOIN clients c ON c.number = t.client_number
    LEFT JOIN grants g ON g.id = t.grant_id
    LEFT JOIN users u ON u.id = COALESCE(g.user_id, c.context_user)
    WHERE t.client_number = $1 AND t.expires_at > $2 AND c.enabled AND c.epoch = t.client_epoch
      AND (t.grant_id IS NULL OR g.epoch = t.grant_epoch)
      AND CASE
        WHEN t.user_epoch IS NULL THEN t.grant_id IS NULL
        WHEN u.status = 'active' THEN u.epoch = t.user_epoch
        ELSE t.grant_id IS NULL AND u.status = 'disabled' AND c.continue_without_context_user
      END";

/// The same of refresh families; `$1` is the client's id, `$2` now.
const REFRESH: &str = "FROM refresh_families f
    JOIN grants g ON g.id = f.grant_id
    JOIN clients c ON c.id = g.client_id
    JOIN users u ON u.id = g.user_id
    WHERE g.client_id = $1 AND f.expires_at > $2 AND c.enabled AND u.status = 'active'
      AND c.epoch = f.client_epoch AND u.epoch = f.user_epoch AND g.epoch = f.grant_epoch
      AND (c.refresh_token_idle_lifetime IS NULL
           OR f.rotated_at + c.refresh_token_idle_lifetime >= $2)";

/// Counts what is alive.
///
/// # Errors
/// When the database cannot answer.
pub async fn count_of_client(work: &mut Work, client: &Client, now: i64) -> Result<Count, Fault> {
    let sql = format!("SELECT COUNT(*), MAX(t.expires_at) {ACCESS}");
    let row = work.tx.query_one(&sql, db::params![client.number, now]).await?;
    let (access, until) = match row {
        Some(row) => (row.get(0)?, row.get(1)?),
        None => (0, None),
    };
    let sql = format!("SELECT COUNT(*) {REFRESH}");
    let row = work.tx.query_one(&sql, db::params![client.id, now]).await?;
    let refresh = row.map(|row| row.get(0)).transpose()?.unwrap_or_default();
    Ok(Count { access, refresh, until })
}

/// Living access tokens, newest first, after the one with the public id `after`; on the first page
/// the refresh tokens stand above them. At most `limit` of each.
///
/// # Errors
/// `NotFound` where the proof does not cover the client.
pub async fn list_of_client(
    work: &mut Work,
    may: &May<ReadTokens>,
    client: &Client,
    (now, after, limit): (i64, Option<&str>, i64),
) -> Result<Vec<Living>, Refusal> {
    if !may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
        return Err(Refusal::NotFound);
    }
    let before = after.and_then(|public| work.instance.vault.row_id(public));
    let mut found = Vec::new();
    if before.is_none() {
        let sql = format!(
            "SELECT f.id, u.id, g.scopes, f.created_at, f.expires_at, f.rotated_at, g.id {REFRESH}
             ORDER BY f.id DESC LIMIT $3"
        );
        let rows = work.tx.query(&sql, db::params![client.id, now, limit]).await?;
        for row in &rows {
            found.push(read(work, row, true).await?);
        }
    }
    let sql = format!(
        "SELECT t.id, u.id, t.scopes, t.issued_at, t.expires_at, t.last_used_at, t.grant_id {ACCESS}
           AND t.id < $3 ORDER BY t.id DESC LIMIT $4"
    );
    let before = before.unwrap_or(i64::MAX);
    for row in &work.tx.query(&sql, db::params![client.number, now, before, limit]).await? {
        found.push(read(work, row, false).await?);
    }
    Ok(found)
}

async fn read(work: &mut Work, row: &db::Row, is_refresh: bool) -> Result<Living, Fault> {
    let id: i64 = row.get(0)?;
    let grant: Option<i64> = row.get(6)?;
    let mut teams = Vec::new();
    if let Some(grant) = grant {
        let sql = "SELECT t.name FROM grant_teams gt JOIN teams t ON t.id = gt.team_id
                   WHERE gt.grant_id = $1 ORDER BY t.name_key";
        for team in &work.tx.query(sql, db::params![grant]).await? {
            teams.push(team.get(0)?);
        }
    }
    Ok(Living {
        public_id: work.instance.vault.public_id(id)?,
        is_refresh,
        user: row.get::<Option<String>>(1)?.map(UserId::new),
        scopes: stored_scopes(&row.get::<String>(2)?)?,
        teams,
        issued_at: row.get(3)?,
        expires_at: row.get(4)?,
        last_used_at: row.get(5)?,
    })
}

/// Ends one token of this client by its public id: an access token alone, a refresh token with
/// everything its grant gave.
///
/// # Errors
/// `NotFound` where the proof does not cover the client, or the token is none of it.
pub async fn revoke_of_client(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    client: &Client,
    public_id: &str,
) -> Result<(), Refusal> {
    if !may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
        return Err(Refusal::NotFound);
    }
    let id = work.instance.vault.row_id(public_id).ok_or(Refusal::NotFound)?;
    let sql = "DELETE FROM access_tokens WHERE id = $1 AND client_number = $2";
    if work.tx.execute(sql, db::params![id, client.number]).await? == 0 {
        let sql = "SELECT g.id FROM refresh_families f JOIN grants g ON g.id = f.grant_id
                   WHERE f.id = $1 AND g.client_id = $2";
        let row = work.tx.query_one(sql, db::params![id, client.id]).await?;
        let grant: i64 = row.ok_or(Refusal::NotFound)?.get(0)?;
        end_grant(work, GrantId(grant)).await?;
    }
    let before = serde_json::json!(public_id);
    let changes = [Change { field: "token".into(), before, after: serde_json::Value::Null }];
    let object = Object::new("client", client.id.as_str(), &client.name);
    audit::record(work, call, "token.revoked", &object, &changes).await?;
    Ok(())
}
