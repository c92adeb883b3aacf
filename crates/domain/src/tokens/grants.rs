//! Grants: one authorization of a client by a person, with its scopes, resources and teams.
//!
//! A grant lives as long as something it gave may still be used. Ending it adds one to its epoch
//! (everything it gave is dead at once) and lets the sweep take the row.

use protocol::scope::Scopes;

use crate::accounts::Amr;
use crate::{Fault, GrantId, Instance, UserId, Work};

/// A grant as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its row.
    pub id: GrantId,
    /// To whom.
    pub client: String,
    /// By whom.
    pub user: UserId,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// Ids of the resources it may be used at; empty means userinfo alone.
    pub resources: Vec<String>,
    /// Everything issued under another epoch is dead.
    pub epoch: i64,
    /// When the person proved who they are.
    pub authenticated_at: i64,
    /// By what they proved it.
    pub amr: Amr,
    /// When the person agreed.
    pub consented_at: i64,
    /// When the last thing it gave ends.
    pub expires_at: i64,
}

impl Grant {
    /// The name by which pages and the API call it: tells neither order nor volume.
    ///
    /// # Errors
    /// When the id cannot be enciphered.
    pub fn public_id(&self, instance: &Instance) -> Result<String, Fault> {
        instance.vault.public_id(self.id.0)
    }
}

/// The grant behind a public name; whether there is one is for the store to say.
pub fn grant_by_public_id(instance: &Instance, public: &str) -> Option<GrantId> {
    instance.vault.row_id(public).map(GrantId)
}

/// What a new grant is made of.
#[derive(Debug, Clone)]
pub struct NewGrant<'a> {
    /// To whom.
    pub client: &'a str,
    /// By whom.
    pub user: &'a UserId,
    /// What it may be used for at most.
    pub scopes: &'a Scopes,
    /// Ids of resources.
    pub resources: &'a [String],
    /// Ids of the chosen teams.
    pub teams: &'a [String],
    /// When the person proved who they are.
    pub authenticated_at: i64,
    /// By what they proved it.
    pub amr: Amr,
    /// When the person agreed.
    pub consented_at: i64,
    /// When the first thing it gives ends.
    pub expires_at: i64,
}

/// A grant with what a person wants to see of it.
#[derive(Debug, Clone)]
pub struct GrantSummary {
    /// The grant.
    pub grant: Grant,
    /// The shown name of the client.
    pub client_name: String,
    /// Names of the chosen teams.
    pub teams: Vec<String>,
    /// When one of its tokens was last used, to a few seconds.
    pub last_used_at: Option<i64>,
}

/// Stores a new grant.
///
/// # Errors
/// When the database cannot take it.
pub async fn insert_grant(work: &mut Work, new: &NewGrant<'_>) -> Result<Grant, Fault> {
    let id = work.instance.ids.next();
    let sql =
        "INSERT INTO grants (id, client_id, user_id, scopes, resources, epoch, authenticated_at,
                 consented_at, expires_at, amr) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9)";
    let (scopes, resources) = (new.scopes.to_string(), new.resources.join(" "));
    let (authenticated_at, consented_at, expires_at) =
        (new.authenticated_at, new.consented_at, new.expires_at);
    let params = db::params![
        id,
        new.client,
        new.user,
        scopes,
        resources,
        authenticated_at,
        consented_at,
        expires_at,
        *new.amr.as_str()
    ];
    work.tx.execute(sql, params).await?;
    for team in new.teams {
        let sql = "INSERT INTO grant_teams (grant_id, team_id) VALUES ($1, $2)";
        work.tx.execute(sql, db::params![id, team]).await?;
    }
    Ok(Grant {
        id: GrantId(id),
        client: new.client.into(),
        user: new.user.clone(),
        scopes: new.scopes.clone(),
        resources: new.resources.to_vec(),
        epoch: 0,
        authenticated_at: new.authenticated_at,
        amr: new.amr,
        consented_at: new.consented_at,
        expires_at: new.expires_at,
    })
}

pub(super) const KEEP_UNTIL: &str =
    "UPDATE grants SET expires_at = $2 WHERE id = $1 AND expires_at < $2";

/// Lets a grant live at least until `expires_at`.
///
/// # Errors
/// When the database cannot take it.
pub async fn keep_until(work: &mut Work, id: GrantId, expires_at: i64) -> Result<(), Fault> {
    work.tx.execute(KEEP_UNTIL, db::params![id, expires_at]).await?;
    Ok(())
}

pub(super) const COLUMNS: &str = "g.id, g.client_id, g.user_id, g.scopes, g.resources, g.epoch, \
                                  g.authenticated_at, g.consented_at, g.expires_at, g.amr";
/// How many [`COLUMNS`] there are.
pub(super) const COLUMN_COUNT: usize = 10;

/// A grant by its row.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_grant(work: &mut Work, id: GrantId) -> Result<Option<Grant>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM grants g WHERE g.id = $1");
    work.tx.query_one(&sql, db::params![id]).await?.as_ref().map(|row| read(row, 0)).transpose()
}

/// The grants of a person that can still act now, newest first: something they gave is alive.
///
/// # Errors
/// When the database cannot answer.
pub async fn grants_of_user(
    work: &mut Work,
    user: &UserId,
    now: i64,
) -> Result<Vec<GrantSummary>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS}, c.name,
           (SELECT max(t.last_used_at) FROM access_tokens t WHERE t.grant_id = g.id)
         FROM grants g JOIN clients c ON c.id = g.client_id JOIN users u ON u.id = g.user_id
         WHERE g.user_id = $1 AND g.expires_at > $2 AND (
           EXISTS (SELECT 1 FROM access_tokens t WHERE t.grant_id = g.id AND t.expires_at > $2
             AND t.client_epoch = c.epoch AND t.user_epoch = u.epoch AND t.grant_epoch = g.epoch)
           OR EXISTS (SELECT 1 FROM refresh_families f WHERE f.grant_id = g.id AND f.expires_at > $2
             AND f.client_epoch = c.epoch AND f.user_epoch = u.epoch AND f.grant_epoch = g.epoch))
         ORDER BY g.id DESC"
    );
    let rows = work.tx.query(&sql, db::params![user, now]).await?;
    let mut summaries = Vec::with_capacity(rows.len());
    for row in rows {
        let grant = read(&row, 0)?;
        let sql = "SELECT t.name FROM grant_teams gt JOIN teams t ON t.id = gt.team_id
                   WHERE gt.grant_id = $1 ORDER BY t.name_key";
        let teams = work.tx.query(sql, db::params![grant.id]).await?;
        summaries.push(GrantSummary {
            grant,
            client_name: row.get(COLUMN_COUNT)?,
            last_used_at: row.get(COLUMN_COUNT + 1)?,
            teams: teams.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?,
        });
    }
    Ok(summaries)
}

pub(super) fn read(row: &db::Row, at: usize) -> Result<Grant, Fault> {
    let scopes: String = row.get(at + 3)?;
    let resources: String = row.get(at + 4)?;
    Ok(Grant {
        id: GrantId(row.get(at)?),
        client: row.get(at + 1)?,
        user: UserId::new(row.get::<String>(at + 2)?),
        scopes: stored_scopes(&scopes)?,
        resources: resources.split_whitespace().map(str::to_owned).collect(),
        epoch: row.get(at + 5)?,
        authenticated_at: row.get(at + 6)?,
        consented_at: row.get(at + 7)?,
        expires_at: row.get(at + 8)?,
        amr: Amr::parse(&row.get::<String>(at + 9)?),
    })
}

/// Scopes as we stored them.
pub(crate) fn stored_scopes(text: &str) -> Result<Scopes, Fault> {
    Scopes::parse(text)
        .map_err(|_| Fault::Broken(format!("stored scopes are not scopes: {text:?}")))
}

/// What tokens leave behind when their time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// Access tokens.
    AccessTokens,
    /// Refresh token families.
    RefreshFamilies,
    /// Requests on their way to a code, and codes.
    Authorizations,
    /// Grants, with the teams they name.
    Grants,
    /// Which tokens were to be given again.
    ReusedTokens,
}

/// Removes some of what has expired, at most `limit` rows, and says how many; call again while it
/// removes any.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, remains: Remains, now: i64, limit: i64) -> Result<u64, Fault> {
    let table = match remains {
        Remains::AccessTokens => "access_tokens",
        Remains::RefreshFamilies => "refresh_families",
        Remains::Authorizations => "authorizations",
        Remains::Grants => "grants",
        Remains::ReusedTokens => return super::reuse::sweep(work, now, limit).await,
    };
    let sql = format!(
        "DELETE FROM {table} WHERE id IN
           (SELECT id FROM {table} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)"
    );
    Ok(work.tx.execute(&sql, db::params![now, limit]).await?)
}
