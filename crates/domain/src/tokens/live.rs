//! Looking a token up: is it alive, and whose is it?
//!
//! One statement joins the token with client, grant and person and compares the epochs. A JWT is
//! verified by its signature and then looked up like any other, so that revocation counts for it
//! too wherever somebody asks.

use std::sync::LazyLock;

use protocol::scope::Scopes;

use super::families;
use super::grants::stored_scopes;
use super::meaning::{Held, held_columns};
use crate::access::Access;
use crate::accounts::Amr;
use crate::clients::Recalled;
use crate::{ClientId, Fault, GrantId, Instance, Kind, UserId, Work, keys, resources};

/// What must hold of `t` (beside its expiry) for a token to be alive, where `c` is its client, `g`
/// its grant and `u` the person of the grant or the client's context user.
pub(super) const LIVING: &str = "c.enabled AND c.epoch = t.client_epoch \
     AND (t.grant_id IS NULL OR g.epoch = t.grant_epoch) \
     AND CASE WHEN t.user_epoch IS NULL THEN t.grant_id IS NULL \
       WHEN u.status = 'active' THEN u.epoch = t.user_epoch \
       ELSE t.grant_id IS NULL AND u.status = 'disabled' AND c.continue_without_context_user END";

/// The same for a client's own token, where `u` is the client's context user.
pub(super) const LIVING_OWN: &str = "t.grant_id IS NULL AND c.enabled AND c.epoch = t.client_epoch \
     AND CASE WHEN t.user_epoch IS NULL THEN t.grant_id IS NULL \
       WHEN u.status = 'active' THEN u.epoch = t.user_epoch \
       ELSE u.status = 'disabled' AND c.continue_without_context_user END";

/// A token that is alive.
#[derive(Debug, Clone)]
pub struct Live {
    /// Its row.
    pub id: i64,
    /// Whom it was issued to.
    pub client: ClientId,
    /// The version of that client, now.
    pub client_version: i64,
    /// The preset of that client, now.
    pub access: Access,
    /// The grant it serves; `None` for client credentials.
    pub grant: Option<GrantId>,
    /// The person it acts for: of the grant, or the context user.
    pub user: Option<UserId>,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The person's shown name.
    pub display_name: Option<String>,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Ids of the resources it is for; empty means userinfo alone.
    pub resources: Vec<String>,
    /// Is it a refresh token?
    pub is_refresh: bool,
    /// When the person proved who they are.
    pub authenticated_at: Option<i64>,
    /// By what they proved it.
    pub amr: Option<Amr>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<i64>,
    /// What its subject holds now; `None` for a refresh token.
    pub(super) held: Option<Held>,
}

impl Live {
    /// Was it made for userinfo: because it says so, or because it names no audience at all?
    pub fn is_for_userinfo(&self) -> bool {
        self.resources.is_empty() || self.resources.iter().any(|id| id == resources::USERINFO)
    }
}

/// The public id of a token: its `jti`, and its name in lists. Tells neither order nor volume.
///
/// # Errors
/// When the library refuses.
pub fn public_id(instance: &Instance, live: &Live) -> Result<String, Fault> {
    instance.vault.public_id(live.id)
}

/// The live access token with this text, opaque or JWT.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_live(work: &mut Work, token: &str, now: i64) -> Result<Option<Live>, Fault> {
    Ok(find(work, token, now, "").await?.map(|(live, _)| live))
}

/// The same for a caller who is only remembered: the statement that finds the token proves the
/// caller current. `None` where either fails.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_live_for(
    work: &mut Work,
    caller: &Recalled,
    token: &str,
    now: i64,
) -> Result<Option<Live>, Fault> {
    let found = find(work, token, now, caller.unproven().id.as_str()).await?;
    Ok(found.filter(|(_, version)| caller.is_at(*version)).map(|(live, _)| live))
}

static FIND: LazyLock<String> = LazyLock::new(|| {
    let held = held_columns("COALESCE(u.id, c.id)", "t.grant_id");
    format!(
        "SELECT c.id, c.access, t.grant_id, u.id, u.email, u.display_name, t.issued_at, t.expires_at,
           t.scopes, t.audience, g.authenticated_at, t.last_used_at, c.version,
           CASE WHEN c.id = $3 THEN c.version ELSE (SELECT a.version FROM clients a WHERE a.id = $3) END,
           g.amr, {held}
         FROM access_tokens t
         JOIN clients c ON c.number = t.client_number
         LEFT JOIN grants g ON g.id = t.grant_id
         LEFT JOIN users u ON u.id = COALESCE(g.user_id, c.context_user)
         WHERE t.id = $1 AND t.expires_at > $2 AND {LIVING}"
    )
});

/// The token, and the version of the client with the id `caller`.
async fn find(
    work: &mut Work,
    token: &str,
    now: i64,
    caller: &str,
) -> Result<Option<(Live, Option<i64>)>, Fault> {
    let Some(id) = row_id(work, token, now).await? else { return Ok(None) };
    let Some(row) = work.tx.query_one(&FIND, db::params![id, now, caller]).await? else {
        return Ok(None);
    };
    let audience: String = row.get(9)?;
    let live = Live {
        id,
        client: ClientId::new(row.get::<String>(0)?),
        client_version: row.get(12)?,
        access: Access::parse(&row.get::<String>(1)?),
        grant: row.get::<Option<i64>>(2)?.map(GrantId),
        user: row.get::<Option<String>>(3)?.map(UserId::new),
        email: row.get(4)?,
        display_name: row.get(5)?,
        issued_at: row.get(6)?,
        expires_at: row.get(7)?,
        scopes: stored_scopes(&row.get::<String>(8)?)?,
        resources: audience.split_whitespace().map(str::to_owned).collect(),
        is_refresh: false,
        authenticated_at: row.get(10)?,
        amr: row.get::<Option<String>>(14)?.as_deref().map(Amr::parse),
        last_used_at: row.get(11)?,
        held: Some(Held::read(&row, 15)?),
    };
    Ok(Some((live, row.get(13)?)))
}

/// The live refresh token with this text: only the current generation counts as alive.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_live_refresh(
    work: &mut Work,
    token: &str,
    now: i64,
) -> Result<Option<Live>, Fault> {
    let Some(opened) = families::open(work, token).await? else { return Ok(None) };
    let Some(parties) = &opened.parties else { return Ok(None) };
    let family = &opened.family;
    if opened.generation != family.generation
        || family.expires_at <= now
        || !opened.ended(parties).is_empty()
        || parties.idle_lifetime.is_some_and(|idle| now - family.rotated_at > idle)
    {
        return Ok(None);
    }
    let grant = opened.grant;
    Ok(Some(Live {
        id: family.id,
        client: ClientId::new(grant.client),
        client_version: opened.client_version,
        access: parties.access,
        grant: Some(grant.id),
        user: Some(grant.user),
        email: parties.email.clone(),
        display_name: parties.display_name.clone(),
        issued_at: family.rotated_at,
        expires_at: family.expires_at,
        scopes: grant.scopes,
        resources: grant.resources,
        is_refresh: true,
        authenticated_at: Some(grant.authenticated_at),
        amr: Some(grant.amr),
        last_used_at: Some(family.rotated_at),
        held: None,
    }))
}

/// The row an access token names, if the token is genuine. Whether it is alive is another question.
pub(super) async fn row_id(work: &mut Work, token: &str, now: i64) -> Result<Option<i64>, Fault> {
    if token.starts_with(Kind::Access.prefix()) {
        return Ok(work.instance.vault.read_genuine(Kind::Access, token).map(|opened| opened.id));
    }
    if !token.starts_with("eyJ") {
        return Ok(None);
    }
    let claims = keys::verify(work, now, "at+jwt", token).await?;
    let jti = claims.as_ref().and_then(|claims| claims.get("jti")).and_then(|jti| jti.as_str());
    Ok(jti.and_then(|jti| work.instance.vault.row_id(jti)))
}
