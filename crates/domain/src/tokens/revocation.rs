//! Ending tokens (RFC 7009): one, or everything a grant gave.
//!
//! Ending a grant adds one to its epoch: every access token and every refresh token issued under
//! it is dead in the same instant, on every node.

use super::{families, live};
use crate::access::{May, Permission, Reach, RevokeTokens};
use crate::audit::{self, Object};
use crate::clients::{self, Client};
use crate::{Call, Fault, GrantId, Refusal, UserId, Work, accounts};

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
    if let Some(opened) = families::open(work, token).await? {
        if opened.grant.client == client.id.as_str() {
            end_grant(work, opened.grant.id).await?;
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

/// An administrator ends everything a person's grants gave: to one client, or to all of them.
/// Returns how many grants. A client's own tokens that act for its context user are the client's.
///
/// # Errors
/// `NotFound` for an unknown person, and for a client that the proof does not cover; `Forbidden`
/// for all clients below the whole instance.
pub async fn end_tokens_of_user(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    (user, client): (&UserId, Option<&str>),
) -> Result<u64, Refusal> {
    let person = accounts::find(work, user).await?.ok_or(Refusal::NotFound)?;
    let clients = match client {
        Some(id) => {
            let client = clients::find(work, id).await?.ok_or(Refusal::NotFound)?;
            if !may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
                return Err(Refusal::NotFound);
            }
            vec![id.to_owned()]
        }
        None if may.reach() == &Reach::Everywhere => clients_of(work, user).await?,
        None => {
            let because = "Name a client of yours, or hold this at the whole instance.".into();
            return Err(Refusal::Forbidden { missing: RevokeTokens::NAME.into(), because });
        }
    };
    let mut ended = 0;
    for client in &clients {
        ended += end_grants_of(work, user, client).await?;
    }
    let object = Object::new("user", user.as_str(), person.email);
    let changes = [audit::Change::made("clients", clients), audit::Change::made("grants", ended)];
    audit::record(work, call, "user.tokens_revoked", &object, &changes).await?;
    Ok(ended)
}

/// Ends what is alive of somebody whose roles have changed, in the work of that change (RLT-54): of a
/// client its tokens, of a person everything their grants gave.
///
/// # Errors
/// `Forbidden` where the proof does not reach all of it.
pub async fn end_tokens_of_holder(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    holder: &str,
) -> Result<(), Refusal> {
    let ended = if holder.starts_with("usr_") {
        end_tokens_of_user(work, call, may, (&UserId::new(holder), None)).await.map(|_| ())
    } else {
        clients::revoke_tokens(work, call, may, holder).await.map(|_| ())
    };
    ended.map_err(|refusal| match refusal {
        Refusal::NotFound => {
            let because = "You hold it in other places, so these tokens cannot be ended.".into();
            Refusal::Forbidden { missing: RevokeTokens::NAME.into(), because }
        }
        other => other,
    })
}

/// Whom the person gave something that could still be used, in order, so that two ends of the same
/// person never wait for each other in a circle.
async fn clients_of(work: &mut Work, user: &UserId) -> Result<Vec<String>, Fault> {
    let sql = "SELECT client_id FROM grants WHERE user_id = $1 AND expires_at > 0
               UNION SELECT client_id FROM authorizations WHERE user_id = $1 AND state <> 'redeemed'
               ORDER BY 1";
    let rows = work.tx.query(sql, db::params![user]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
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
