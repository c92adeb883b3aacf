//! Everybody's tokens and grants, for those who watch over clients: listed, ended.
//!
//! A proof that reaches some places sees what clients of those places hold; of others nobody
//! learns anything. What is alive here is what [`super::find_live`] would find.

use std::collections::BTreeMap;

use protocol::scope::Scopes;

use super::end_grant;
use super::grants::{self, Grant, stored_scopes};
use super::live::LIVING;
use crate::access::{Access, May, Reach, ReadTokens, RevokeTokens};
use crate::audit::{self, Change, Object};
use crate::listing::Listing;
use crate::teams::{Page, cursor};
use crate::{Call, ClientId, Fault, GrantId, Refusal, UserId, Work};

/// Which tokens are wanted, newest first.
#[derive(Debug, Clone, Default)]
pub struct TokenQuery {
    /// Only of this client.
    pub client: Option<String>,
    /// Only those that act for this person.
    pub user: Option<String>,
    /// Only refresh tokens, or only access tokens.
    pub is_refresh: Option<bool>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

/// Which grants are wanted, newest first.
#[derive(Debug, Clone, Default)]
pub struct GrantQuery {
    /// Only to this client.
    pub client: Option<String>,
    /// Only by this person.
    pub user: Option<String>,
    /// Only those that can still act, or only those that cannot.
    pub is_active: Option<bool>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

/// A team by id and shown name.
pub type NamedTeam = (String, String);

/// A living token.
#[derive(Debug, Clone)]
pub struct ListedToken {
    /// Its name in lists: tells neither order nor volume.
    pub public_id: String,
    /// A refresh token, or an access token?
    pub is_refresh: bool,
    /// Whom it was issued to.
    pub client: ClientId,
    /// The preset of that client, now.
    pub access: Access,
    /// Whom it acts for.
    pub user: Option<UserId>,
    /// The public id of the grant it serves.
    pub grant: Option<String>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The chosen teams.
    pub teams: Vec<NamedTeam>,
    /// Ids of the resources it is for; empty means userinfo alone.
    pub resources: Vec<String>,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
    /// When it was last used, to a minute.
    pub last_used_at: Option<i64>,
    row: i64,
    grant_row: Option<i64>,
}

/// A grant.
#[derive(Debug, Clone)]
pub struct ListedGrant {
    /// The grant.
    pub grant: Grant,
    /// The chosen teams.
    pub teams: Vec<NamedTeam>,
    /// Can something it gave still act?
    pub is_active: bool,
}

/// A refresh family that can still be used; `$1` is now.
const FAMILY: &str = "f.expires_at > $1 AND c.enabled AND u.status = 'active' AND c.epoch = f.client_epoch
     AND u.epoch = f.user_epoch AND g.epoch = f.grant_epoch
     AND (c.refresh_token_idle_lifetime IS NULL OR f.rotated_at + c.refresh_token_idle_lifetime >= $1)";

/// A page of living tokens, newest first.
///
/// # Errors
/// `Invalid` for a cursor that is not ours.
pub async fn list_tokens(
    work: &mut Work,
    may: &May<ReadTokens>,
    query: &TokenQuery,
    now: i64,
) -> Result<Page<ListedToken>, Refusal> {
    let (before, limit) = (before(work, query.cursor.as_deref())?, cursor::limit(query.limit));
    let mut found = Vec::new();
    if query.is_refresh != Some(true) {
        found.extend(access_tokens(work, may.reach(), query, (now, before, limit)).await?);
    }
    if query.is_refresh != Some(false) {
        found.extend(refresh_tokens(work, may.reach(), query, (now, before, limit)).await?);
    }
    found.sort_by_key(|token| std::cmp::Reverse(token.row));
    let mut page = Page::cut(found, limit, |token| token.public_id.clone());
    let teams = teams_of(work, page.items.iter().filter_map(|token| token.grant_row)).await?;
    for token in &mut page.items {
        let chosen = token.grant_row.and_then(|grant| teams.get(&grant));
        token.teams = chosen.cloned().unwrap_or_default();
    }
    Ok(page)
}

/// The living tokens of what a person allowed, newest first; not more than 200.
///
/// # Errors
/// When the database cannot answer.
pub async fn tokens_of_user(
    work: &mut Work,
    user: &UserId,
    now: i64,
) -> Result<Vec<ListedToken>, Fault> {
    let query = TokenQuery { user: Some(user.to_string()), ..TokenQuery::default() };
    let (everywhere, bounds) = (Reach::Everywhere, (now, i64::MAX, 200));
    let mut found = access_tokens(work, &everywhere, &query, bounds).await?;
    found.extend(refresh_tokens(work, &everywhere, &query, bounds).await?);
    // What a service got whose context user this is was allowed by nobody here.
    found.retain(|token| token.grant_row.is_some());
    found.sort_by_key(|token| std::cmp::Reverse(token.row));
    found.truncate(200);
    Ok(found)
}

async fn access_tokens(
    work: &mut Work,
    reach: &Reach,
    query: &TokenQuery,
    (now, before, limit): (i64, i64, i64),
) -> Result<Vec<ListedToken>, Fault> {
    let mut list = Listing::of(
        "SELECT t.id, c.id, c.access, u.id, t.scopes, t.audience, t.issued_at, t.expires_at, t.last_used_at,
           t.grant_id
         FROM access_tokens t JOIN clients c ON c.number = t.client_number
         LEFT JOIN grants g ON g.id = t.grant_id
         LEFT JOIN users u ON u.id = COALESCE(g.user_id, c.context_user)",
    );
    list.int(now);
    list.and("t.expires_at > $1");
    list.and(LIVING);
    if let Some(user) = &query.user {
        let user = list.text(user);
        list.and(&format!(
            "(t.grant_id IN (SELECT id FROM grants WHERE user_id = {user}) OR (t.grant_id IS NULL
               AND t.client_number IN (SELECT number FROM clients WHERE context_user = {user})))"
        ));
    }
    narrow(&mut list, "t.id", (reach, query.client.as_deref(), before));
    let rows = list.page(work, "t.id DESC", limit).await?;
    rows.iter().map(|row| read(work, row, false)).collect()
}

async fn refresh_tokens(
    work: &mut Work,
    reach: &Reach,
    query: &TokenQuery,
    (now, before, limit): (i64, i64, i64),
) -> Result<Vec<ListedToken>, Fault> {
    let mut list = Listing::of(
        "SELECT f.id, c.id, c.access, u.id, g.scopes, g.resources, f.created_at, f.expires_at, f.rotated_at, g.id
         FROM refresh_families f JOIN grants g ON g.id = f.grant_id
         JOIN clients c ON c.id = g.client_id JOIN users u ON u.id = g.user_id",
    );
    list.int(now);
    list.and(FAMILY);
    if let Some(user) = &query.user {
        let user = list.text(user);
        list.and(&format!("g.user_id = {user}"));
    }
    narrow(&mut list, "f.id", (reach, query.client.as_deref(), before));
    let rows = list.page(work, "f.id DESC", limit).await?;
    rows.iter().map(|row| read(work, row, true)).collect()
}

fn read(work: &Work, row: &db::Row, is_refresh: bool) -> Result<ListedToken, Fault> {
    let (id, grant_row): (i64, Option<i64>) = (row.get(0)?, row.get(9)?);
    let vault = &work.instance.vault;
    Ok(ListedToken {
        public_id: vault.public_id(id)?,
        is_refresh,
        client: ClientId::new(row.get::<String>(1)?),
        access: Access::parse(&row.get::<String>(2)?),
        user: row.get::<Option<String>>(3)?.map(UserId::new),
        grant: grant_row.map(|grant| vault.public_id(grant)).transpose()?,
        scopes: stored_scopes(&row.get::<String>(4)?)?,
        teams: Vec::new(),
        resources: row.get::<String>(5)?.split_whitespace().map(str::to_owned).collect(),
        issued_at: row.get(6)?,
        expires_at: row.get(7)?,
        last_used_at: row.get(8)?,
        row: id,
        grant_row,
    })
}

/// A page of grants, newest first. One that ended is there until the sweep takes it.
///
/// # Errors
/// `Invalid` for a cursor that is not ours.
pub async fn list_grants(
    work: &mut Work,
    may: &May<ReadTokens>,
    query: &GrantQuery,
    now: i64,
) -> Result<Page<ListedGrant>, Refusal> {
    let (before, limit) = (before(work, query.cursor.as_deref())?, cursor::limit(query.limit));
    // The person may be gone; then nothing can act.
    let is_active = format!(
        "g.expires_at > $1 AND c.enabled AND u.status = 'active' AND (EXISTS
           (SELECT 1 FROM access_tokens t WHERE t.grant_id = g.id AND t.expires_at > $1
              AND t.client_epoch = c.epoch AND t.user_epoch = u.epoch AND t.grant_epoch = g.epoch)
           OR EXISTS (SELECT 1 FROM refresh_families f WHERE f.grant_id = g.id AND {FAMILY}))"
    );
    let status = format!("CASE WHEN {is_active} THEN 'active' ELSE 'ended' END");
    let columns = grants::COLUMNS;
    let mut list = Listing::of(&format!(
        "SELECT {columns}, {status} FROM grants g JOIN clients c ON c.id = g.client_id
         LEFT JOIN users u ON u.id = g.user_id"
    ));
    list.int(now);
    if let Some(wanted) = query.is_active {
        list.and(&format!("{status} = '{}'", if wanted { "active" } else { "ended" }));
    }
    if let Some(user) = &query.user {
        let user = list.text(user);
        list.and(&format!("g.user_id = {user}"));
    }
    narrow(&mut list, "g.id", (may.reach(), query.client.as_deref(), before));
    let mut items = Vec::new();
    for row in &list.page(work, "g.id DESC", limit).await? {
        let is_active = row.get::<String>(grants::COLUMN_COUNT)? == "active";
        items.push(ListedGrant { grant: grants::read(row, 0)?, teams: Vec::new(), is_active });
    }
    let vault = &work.instance.vault;
    let cursor = |item: &ListedGrant| vault.public_id(item.grant.id.0).unwrap_or_default();
    let mut page = Page::cut(items, limit, cursor);
    let teams = teams_of(work, page.items.iter().map(|item| item.grant.id.0)).await?;
    for item in &mut page.items {
        item.teams = teams.get(&item.grant.id.0).cloned().unwrap_or_default();
    }
    Ok(page)
}

/// What every list here is narrowed to: the client asked for, what the proof reaches, the rows
/// after the page before.
fn narrow(list: &mut Listing, id: &str, (reach, client, before): (&Reach, Option<&str>, i64)) {
    if let Some(client) = client {
        let client = list.text(client);
        list.and(&format!("c.id = {client}"));
    }
    if let Reach::Places { organizations, teams } = reach {
        let (organizations, teams) = (list.texts(organizations), list.texts(teams));
        list.and(&format!("(c.organization_id IN ({organizations}) OR c.owner_team IN ({teams}))"));
    }
    let before = list.int(before);
    list.and(&format!("{id} < {before}"));
}

/// The row a cursor stands for.
fn before(work: &Work, cursor: Option<&str>) -> Result<i64, Refusal> {
    match cursor {
        None => Ok(i64::MAX),
        Some(cursor) => work.instance.vault.row_id(cursor).ok_or_else(cursor::bad),
    }
}

/// The teams of some grants that are still there, by name.
async fn teams_of(
    work: &mut Work,
    grants: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, Vec<NamedTeam>>, Fault> {
    let mut list = Listing::of(
        "SELECT gt.grant_id, t.id, t.name FROM grant_teams gt JOIN teams t ON t.id = gt.team_id",
    );
    let names: Vec<_> = grants.map(|grant| list.int(grant)).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    list.and(&format!("gt.grant_id IN ({}) ORDER BY t.name_key, t.id", names.join(", ")));
    let mut teams: BTreeMap<i64, Vec<NamedTeam>> = BTreeMap::new();
    for row in list.rows(work).await? {
        teams.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(teams)
}

/// Ends a grant with everything it gave, at once and on every node.
///
/// # Errors
/// `NotFound` where there is none, or where the proof does not cover its client.
pub async fn revoke_grant(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    public_id: &str,
) -> Result<(), Refusal> {
    let id = work.instance.vault.row_id(public_id).map(GrantId).ok_or(Refusal::NotFound)?;
    let grant = grants::find_grant(work, id).await?.ok_or(Refusal::NotFound)?;
    let client = covered(work, may, &grant.client).await?;
    end_grant(work, id).await?;
    let changes = [gone("grant", public_id), gone("user", grant.user.as_str())];
    audit::record(work, call, "grant.revoked", &client, &changes).await?;
    Ok(())
}

/// Ends one token by its public id: an access token alone, a refresh token with everything its
/// grant gave.
///
/// # Errors
/// `NotFound` where there is none, or where the proof does not cover its client.
pub async fn revoke_token(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    public_id: &str,
) -> Result<(), Refusal> {
    let found = find(work, public_id).await?.ok_or(Refusal::NotFound)?;
    if !may.covers(found.organization.as_deref(), found.owner_team.as_deref()) {
        return Err(Refusal::NotFound);
    }
    end(work, call, &found, public_id).await
}

/// The same for a token of one's own.
///
/// # Errors
/// `NotFound` where there is none, or where it acts for somebody else.
pub async fn revoke_token_of_user(
    work: &mut Work,
    call: &Call,
    user: &UserId,
    public_id: &str,
) -> Result<(), Refusal> {
    let found = find(work, public_id).await?.ok_or(Refusal::NotFound)?;
    if found.user.as_deref() != Some(user.as_str()) {
        return Err(Refusal::NotFound);
    }
    end(work, call, &found, public_id).await
}

/// What is known of a token before it ends.
struct Found {
    id: i64,
    client: Object,
    organization: Option<String>,
    owner_team: Option<String>,
    user: Option<String>,
    /// Of a refresh token; 0 for an access token.
    grant: i64,
}

async fn find(work: &mut Work, public_id: &str) -> Result<Option<Found>, Fault> {
    let Some(id) = work.instance.vault.row_id(public_id) else { return Ok(None) };
    let sql = "SELECT c.id, c.name, c.organization_id, c.owner_team, g.user_id, 0
               FROM access_tokens t JOIN clients c ON c.number = t.client_number
               LEFT JOIN grants g ON g.id = t.grant_id WHERE t.id = $1
               UNION ALL
               SELECT c.id, c.name, c.organization_id, c.owner_team, g.user_id, g.id
               FROM refresh_families f JOIN grants g ON g.id = f.grant_id
               JOIN clients c ON c.id = g.client_id WHERE f.id = $1";
    let found = work.tx.query(sql, db::params![id]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let client = Object::new("client", row.get::<String>(0)?, row.get::<String>(1)?);
    let (organization, owner_team) = (row.get(2)?, row.get(3)?);
    Ok(Some(Found { id, client, organization, owner_team, user: row.get(4)?, grant: row.get(5)? }))
}

async fn end(work: &mut Work, call: &Call, found: &Found, public_id: &str) -> Result<(), Refusal> {
    if found.grant == 0 {
        let sql = "DELETE FROM access_tokens WHERE id = $1";
        if work.tx.execute(sql, db::params![found.id]).await? == 0 {
            return Err(Refusal::NotFound);
        }
    } else {
        end_grant(work, GrantId(found.grant)).await?;
    }
    audit::record(work, call, "token.revoked", &found.client, &[gone("token", public_id)]).await?;
    Ok(())
}

/// The client, as the trail names it, where the proof covers it.
async fn covered<P>(work: &mut Work, may: &May<P>, client: &str) -> Result<Object, Refusal> {
    let sql = "SELECT id, name, organization_id, owner_team FROM clients WHERE id = $1";
    let row = work.tx.query_one(sql, db::params![client]).await?.ok_or(Refusal::NotFound)?;
    let (organization, team): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
    if !may.covers(organization.as_deref(), team.as_deref()) {
        return Err(Refusal::NotFound);
    }
    Ok(Object::new("client", row.get::<String>(0)?, row.get::<String>(1)?))
}

fn gone(field: &str, what: &str) -> Change {
    Change { field: field.into(), before: what.into(), after: serde_json::Value::Null }
}
