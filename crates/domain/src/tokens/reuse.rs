//! `token_issuance: reuse`: the same living token again, with the time it has left.
//!
//! No text is stored in the clear. An opaque one follows from the row id and a stored seed, a JWT
//! is sealed under the server's key: its signature would not come out the same twice. A token is
//! given again only for the same client, subject, scopes, resources and format. This file refuses
//! to know quotas.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use protocol::scope::Scopes;

use super::NewGrant;
use super::access_tokens::{AccessToken, Issue};
use super::live::{LIVING, LIVING_OWN};
use crate::clients::{Client, TokenFormat};
use crate::{Fault, Kind, Plain, Work};

/// What a sealed JWT is sealed for.
const PURPOSE: &str = "reused token";

/// What there is to be given again.
pub(super) enum Found {
    /// This one.
    Living(AccessToken),
    /// None; this one was there before, 0 where none was.
    Dead(i64),
}

/// What two requests of a client for itself must have in common to be given the same token.
pub(super) fn shape(issue: &Issue<'_>) -> String {
    let client = issue.client;
    let subject = client.context_user.as_ref().map_or(client.id.as_str(), |user| user.as_str());
    digest_of(client, &[subject, issue.scopes.as_str(), &sorted(issue.resources)])
}

/// The same for requests with a person's password; the teams count too.
pub(super) fn shape_of_person(client: &Client, new: &NewGrant<'_>) -> String {
    let (resources, teams) = (sorted(new.resources), sorted(new.teams));
    let (user, scopes) = (new.user.as_str(), new.scopes.as_str());
    let parts = ["password", user, new.amr.as_str(), scopes, &resources, &teams];
    digest_of(client, &parts)
}

fn sorted(ids: &[String]) -> String {
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.join(" ")
}

/// 43 characters; no part can hold the separator.
fn digest_of(client: &Client, parts: &[&str]) -> String {
    let text = format!("{}\n{}", client.access_token_format.as_str(), parts.join("\n"));
    BASE64.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// The eight bytes that make the text of an opaque token again.
pub(super) fn extra(work: &Work, seed: &[u8]) -> u64 {
    work.instance.vault.derive(seed, 0)
}

/// The living token of this shape that the client got for itself.
pub(super) async fn find(
    work: &mut Work,
    issue: &Issue<'_>,
    shape: &str,
    now: i64,
) -> Result<Found, Fault> {
    let sql = format!(
        "SELECT t.expires_at FROM access_tokens t
           JOIN clients c ON c.number = t.client_number
           LEFT JOIN users u ON u.id = c.context_user
         WHERE t.id = $1 AND t.expires_at > $2 AND {LIVING_OWN}"
    );
    again(work, (issue.client, issue.scopes), shape, (&sql, now)).await
}

/// The living token of this shape that the client got with a person's password.
pub(super) async fn find_of_person(
    work: &mut Work,
    (client, scopes): (&Client, &Scopes),
    shape: &str,
    now: i64,
) -> Result<Found, Fault> {
    let sql = format!(
        "SELECT t.expires_at FROM access_tokens t
           JOIN clients c ON c.number = t.client_number
           JOIN grants g ON g.id = t.grant_id
           JOIN users u ON u.id = g.user_id
         WHERE t.id = $1 AND t.expires_at > $2 AND {LIVING}"
    );
    again(work, (client, scopes), shape, (&sql, now)).await
}

/// The token kept under this shape, if `alive` finds its row.
async fn again(
    work: &mut Work,
    (client, scopes): (&Client, &Scopes),
    shape: &str,
    (alive, now): (&str, i64),
) -> Result<Found, Fault> {
    let sql = "SELECT token_id, seed, sealed FROM reused_tokens
               WHERE client_number = $1 AND shape = $2";
    let params = db::params![client.number, shape];
    let Some(row) = work.tx.query_one(sql, params).await? else { return Ok(Found::Dead(0)) };
    let (id, seed, sealed): (i64, Vec<u8>, Option<Vec<u8>>) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let Some(row) = work.tx.query_one(alive, db::params![id, now]).await? else {
        return Ok(Found::Dead(id));
    };
    let vault = &work.instance.vault;
    let text = match sealed {
        None => Some(vault.make(Kind::Access, id, extra(work, &seed), b"")?),
        // Sealed under a key that is gone: nobody can give it again.
        Some(sealed) => vault.open(PURPOSE, &sealed).and_then(|b| String::from_utf8(b).ok()),
    };
    let Some(text) = text else { return Ok(Found::Dead(id)) };
    let expires_in = row.get::<i64>(0)? - now;
    let scopes = scopes.clone();
    Ok(Found::Living(AccessToken { id, text: Plain::new(text), expires_in, scopes }))
}

/// Makes `token` the one to be given again, in the place of the dead one that was seen. `false`:
/// somebody else was faster.
pub(super) async fn keep(
    work: &mut Work,
    client: &Client,
    (shape, last): (&str, i64),
    token: &AccessToken,
    (seed, now): (&[u8], i64),
) -> Result<bool, Fault> {
    let sealed = match client.access_token_format {
        TokenFormat::Opaque => None,
        TokenFormat::Jwt => {
            Some(work.instance.vault.seal(PURPOSE, token.text.reveal().as_bytes())?)
        }
    };
    let sql = "INSERT INTO reused_tokens (client_number, shape, token_id, seed, sealed, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (client_number, shape) DO UPDATE SET token_id = excluded.token_id,
                 seed = excluded.seed, sealed = excluded.sealed, expires_at = excluded.expires_at
               WHERE reused_tokens.token_id = $7";
    let expires_at = now + token.expires_in;
    let params = db::params![client.number, shape, token.id, seed, sealed, expires_at, last];
    Ok(work.tx.execute(sql, params).await? == 1)
}

/// Removes what gives nothing again any more; at most `limit` rows.
pub(super) async fn sweep(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM reused_tokens WHERE (client_number, shape) IN
                 (SELECT client_number, shape FROM reused_tokens WHERE expires_at <= $1
                  ORDER BY expires_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now, limit]).await?)
}
