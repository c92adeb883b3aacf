//! Ending tokens (RFC 7009): one, or everything a grant gave.
//!
//! Ending a grant adds one to its epoch: every access token and every refresh token issued under
//! it is dead in the same instant, on every node.

use super::{families, live};
use crate::audit::{self, Object};
use crate::clients::Client;
use crate::{Call, Fault, GrantId, Refusal, UserId, Work};

/// Revokes `token` for its own client; anything else is left alone and nobody is told (§2.2).
/// Returns whether something ended.
///
/// # Errors
/// When the end is not stored.
pub async fn revoke(
    work: &mut Work,
    call: &Call,
    client: &Client,
    token: &str,
) -> Result<bool, Fault> {
    if let Some((family, _)) = families::open(work, token).await? {
        let grant = super::find_grant(work, family.grant).await?;
        if grant.is_some_and(|grant| grant.client == client.id.as_str()) {
            end_grant(work, family.grant).await?;
            let object = Object::new("client", client.id.as_str(), &client.name);
            audit::record(work, call, "grant.revoked", &object, &[]).await?;
            return Ok(true);
        }
        return Ok(false);
    }
    let Some(id) = live::row_id(work, token, call.now).await? else { return Ok(false) };
    let sql = "DELETE FROM access_tokens WHERE id = $1 AND client_number = $2";
    Ok(work.tx.execute(sql, db::params![id, client.number]).await? == 1)
}

/// Everything the grant gave is dead, and its row may be swept.
///
/// # Errors
/// When the end is not stored.
pub async fn end_grant(work: &mut Work, id: GrantId) -> Result<(), Fault> {
    // The family first, as a refresh takes them, so that the two never wait for each other.
    work.tx.execute("DELETE FROM refresh_families WHERE grant_id = $1", db::params![id]).await?;
    let sql = "UPDATE grants SET epoch = epoch + 1, expires_at = 0 WHERE id = $1";
    work.tx.execute(sql, db::params![id]).await?;
    Ok(())
}

/// Ends every grant `user` gave to `client`, and every request and code on its way to one. Returns
/// how many grants.
///
/// The requests first: a code that is being redeemed at this moment is waited for, and its grant is
/// then found below.
///
/// # Errors
/// When the end is not stored.
pub async fn end_grants_of(work: &mut Work, user: &UserId, client: &str) -> Result<u64, Fault> {
    let sql = "DELETE FROM authorizations
               WHERE user_id = $1 AND client_id = $2 AND state <> 'redeemed'";
    work.tx.execute(sql, db::params![user, client]).await?;
    let sql = "DELETE FROM refresh_families WHERE grant_id IN
                 (SELECT id FROM grants WHERE user_id = $1 AND client_id = $2)";
    work.tx.execute(sql, db::params![user, client]).await?;
    let sql = "UPDATE grants SET epoch = epoch + 1, expires_at = 0
               WHERE user_id = $1 AND client_id = $2 AND expires_at > 0";
    Ok(work.tx.execute(sql, db::params![user, client]).await?)
}

/// A person ends one of their own grants.
///
/// # Errors
/// `NotFound` when it is not theirs.
pub async fn revoke_grant_of_user(
    work: &mut Work,
    call: &Call,
    user: &UserId,
    id: GrantId,
) -> Result<(), Refusal> {
    let grant = super::find_grant(work, id).await?.filter(|grant| grant.user == *user);
    let Some(grant) = grant else { return Err(Refusal::NotFound) };
    end_grant(work, id).await?;
    let object = Object::new("client", &grant.client, &grant.client);
    audit::record(work, call, "grant.revoked", &object, &[]).await?;
    Ok(())
}
