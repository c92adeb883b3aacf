//! A person's tokens for a client that has their password (the legacy grant): new ones, or the
//! living ones again where the client reuses (RLT-8, RLT-21).
//!
//! The same is given again only for the same person, teams, scopes, resources and format: the
//! access token with the time it has left, and the refresh token that is current. This file
//! refuses to know how the person proved who they are.

use super::access_tokens::{self, AccessToken, Issue, Subject};
use super::reuse::{self, Found};
use super::{Grant, NewGrant, end_grant, families, find_grant, insert_grant};
use crate::clients::{Client, GrantType, TokenIssuance};
use crate::{Call, Fault, GrantId, Plain, Work};

/// Times one request may lose against others before it gives up.
const TRIES: usize = 20;

/// What the client gets.
#[derive(Debug)]
pub struct Personal {
    /// New, or the living one with the time it has left.
    pub access: AccessToken,
    /// Where the client holds that grant.
    pub refresh: Option<Plain>,
    /// The grant behind both.
    pub grant: Grant,
    /// Was it made just now?
    pub is_new: bool,
}

/// Gives `client` tokens for what is checked already. `user_epoch` is the person's when they
/// proved who they are. `None`: client or person ended meanwhile.
///
/// # Errors
/// When they cannot be stored or signed, or when others were faster too often.
pub async fn issue_personal(
    work: &mut Work,
    call: &Call,
    client: &Client,
    new: &NewGrant<'_>,
    user_epoch: i64,
) -> Result<Option<Personal>, Fault> {
    let reuses = client.token_issuance == TokenIssuance::Reuse;
    let shape = reuses.then(|| reuse::shape_of_person(client, new));
    for _ in 0..TRIES {
        let mut last = 0;
        if let Some(shape) = &shape {
            match reuse::find_of_person(work, (client, new.scopes), shape, call.now).await? {
                Found::Living(access) => return again(work, call, client, access).await,
                Found::Dead(id) => last = id,
            }
        }
        let seed = work.instance.chance.bytes::<16>()?;
        let grant = insert_grant(work, new).await?;
        let issue = Issue {
            client,
            subject: Subject::Grant(&grant, [client.epoch, user_epoch]),
            scopes: new.scopes,
            resources: new.resources,
            extra: shape.is_some().then(|| reuse::extra(work, &seed)),
        };
        let Some(access) = access_tokens::issue(work, call, &issue).await? else {
            end_grant(work, grant.id).await?;
            return Ok(None);
        };
        if let Some(shape) = &shape
            && !reuse::keep(work, client, (shape, last), &access, (&seed, call.now)).await?
        {
            take_back(work, &access, grant.id).await?;
            continue;
        }
        let refresh = refresh(work, call, client, (&grant, &access)).await?;
        return Ok(Some(Personal { access, refresh, grant, is_new: true }));
    }
    Err(Fault::Unavailable("others were faster at every try".into()))
}

/// What belongs to the living token.
async fn again(
    work: &mut Work,
    call: &Call,
    client: &Client,
    access: AccessToken,
) -> Result<Option<Personal>, Fault> {
    let sql = "SELECT grant_id FROM access_tokens WHERE id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![access.id]).await? else { return Ok(None) };
    let Some(grant) = find_grant(work, GrantId(row.get(0)?)).await? else { return Ok(None) };
    let refresh = refresh(work, call, client, (&grant, &access)).await?;
    Ok(Some(Personal { access, refresh, grant, is_new: false }))
}

/// The refresh token that is current, else the first of a new family.
async fn refresh(
    work: &mut Work,
    call: &Call,
    client: &Client,
    (grant, access): (&Grant, &AccessToken),
) -> Result<Option<Plain>, Fault> {
    if !client.allows(GrantType::RefreshToken) {
        return Ok(None);
    }
    if let Some(current) = families::current(work, grant.id, call.now).await? {
        return Ok(Some(current));
    }
    families::begin_family(work, call, client, grant, access).await.map(Some)
}

/// A token nobody has seen, and its grant.
async fn take_back(work: &mut Work, token: &AccessToken, grant: GrantId) -> Result<(), Fault> {
    work.tx.execute("DELETE FROM access_tokens WHERE id = $1", db::params![token.id]).await?;
    work.tx.execute("DELETE FROM grants WHERE id = $1", db::params![grant]).await?;
    Ok(())
}
