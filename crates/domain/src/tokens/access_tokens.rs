//! Issuing an access token: one narrow row, then the text that opens it.
//!
//! The row is inserted by a statement that reads the epochs of client, user and grant in the same
//! transaction and inserts nothing unless all are alive, so that no pause, disabling or
//! revocation can slip in between a check and the issue.
//!
//! A signature is made once the row is durable: whoever writes keeps the others waiting, and
//! signing would make it longer.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use protocol::scope::Scopes;

use super::Grant;
use crate::clients::{Client, TokenFormat};
use crate::{Call, Fault, Kind, Plain, Work, keys, resources};

/// Whom a token acts for.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The client itself, or its context user.
    Service,
    /// The person of this grant, while client and person are in these epochs.
    Grant(&'a Grant, [i64; 2]),
}

/// What is to be issued.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// To whom.
    pub client: &'a Client,
    /// For whom.
    pub subject: Subject<'a>,
    /// What it may be used for; already checked against client and grant.
    pub scopes: &'a Scopes,
    /// The resources it is for, by their ids; empty means userinfo alone.
    pub resources: &'a [String],
    /// Eight bytes that make the text; given only where it must be made again.
    pub extra: Option<u64>,
}

/// An access token, just issued.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// Its row.
    pub id: i64,
    /// The text, shown now.
    pub text: Plain,
    /// Seconds it lives from now.
    pub expires_in: i64,
    /// What it may be used for.
    pub scopes: Scopes,
}

/// A token whose row is stored; its text is made by [`sign`](Issued::sign), after the commit.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Its row.
    pub id: i64,
    /// What it may be used for.
    pub scopes: Scopes,
    expires_in: i64,
    text: Text,
}

#[derive(Debug, Clone)]
enum Text {
    Opaque(Plain),
    /// The claims of a JWT, written out.
    Unsigned(Vec<u8>),
}

impl Issued {
    /// Makes the text. It may be asked for with a reader, and should be.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub async fn sign(self, work: &mut Work, now: i64) -> Result<AccessToken, Fault> {
        let text = match self.text {
            Text::Opaque(text) => text,
            Text::Unsigned(claims) => {
                let algorithm = protocol::jose::Algorithm::Es256;
                Plain::new(keys::sign(work, now, algorithm, "at+jwt", &claims).await?)
            }
        };
        Ok(AccessToken { id: self.id, text, expires_in: self.expires_in, scopes: self.scopes })
    }
}

/// What is stored of a token.
pub(super) struct New {
    pub id: i64,
    pub issued_at: i64,
    pub expires_at: i64,
    pub scopes: String,
    pub audience: String,
}

impl New {
    pub(super) fn of(work: &Work, call: &Call, issue: &Issue<'_>) -> Self {
        Self {
            id: work.instance.ids.next(),
            issued_at: call.now,
            expires_at: call.now + issue.client.access_token_lifetime,
            scopes: issue.scopes.to_string(),
            audience: issue.resources.join(" "),
        }
    }
}

const INSERT_OWN: &str = "INSERT INTO access_tokens (id, client_number, client_epoch, user_epoch,
       issued_at, expires_at, scopes, audience)
     SELECT CAST($1 AS BIGINT), c.number, c.epoch, u.epoch, CAST($2 AS BIGINT),
       CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT)
     FROM clients c LEFT JOIN users u ON u.id = c.context_user
     WHERE c.id = $6 AND c.enabled AND c.version = $7
       AND (c.context_user IS NULL OR u.status = 'active'
            OR (c.continue_without_context_user AND u.status = 'disabled'))";

/// The access token of a family's generation, in the transaction that gave the family its id.
pub(super) const INSERT_OF_FAMILY: &str =
    "INSERT INTO access_tokens (id, client_number, grant_id, client_epoch,
       user_epoch, grant_epoch, issued_at, expires_at, scopes, audience)
     SELECT f.access_id, CAST($2 AS BIGINT), f.grant_id, f.client_epoch, f.user_epoch, f.grant_epoch,
       CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT)
     FROM refresh_families f WHERE f.id = $7 AND f.access_id = $1";

const INSERT_OF_GRANT: &str =
    "INSERT INTO access_tokens (id, client_number, grant_id, client_epoch,
       user_epoch, grant_epoch, issued_at, expires_at, scopes, audience)
     SELECT CAST($1 AS BIGINT), c.number, g.id, c.epoch, u.epoch, g.epoch,
       CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT)
     FROM grants g JOIN clients c ON c.id = g.client_id JOIN users u ON u.id = g.user_id
     WHERE g.id = $6 AND g.epoch = $7 AND c.id = $8 AND c.enabled AND u.status = 'active'
       AND c.epoch = $9 AND u.epoch = $10";

/// Issues a token; `None` when client, person or grant is no longer alive.
///
/// # Errors
/// When it cannot be stored.
pub async fn issue(
    work: &mut Work,
    call: &Call,
    issue: &Issue<'_>,
) -> Result<Option<Issued>, Fault> {
    let new = New::of(work, call, issue);
    let New { id, issued_at, expires_at, scopes, audience } = &new;
    let client = issue.client;
    let stored = match issue.subject {
        Subject::Service => {
            let params =
                db::params![id, issued_at, expires_at, scopes, audience, client.id, client.version];
            work.tx.execute(INSERT_OWN, params).await?
        }
        Subject::Grant(grant, [client_epoch, user_epoch]) => {
            let params = db::params![
                id,
                issued_at,
                expires_at,
                scopes,
                audience,
                grant.id,
                grant.epoch,
                client.id,
                client_epoch,
                user_epoch
            ];
            work.tx.execute(INSERT_OF_GRANT, params).await?
        }
    };
    if stored == 0 { Ok(None) } else { spell(work, &new, issue).await.map(Some) }
}

/// The same for a service, as a transaction of its own: the token is durable when this returns.
/// It holds up no other writer, so the signature is made while the row is on its way.
///
/// # Errors
/// When it cannot be stored or signed.
pub(super) async fn issue_alone(
    work: &mut Work,
    call: &Call,
    issue: &Issue<'_>,
) -> Result<Option<AccessToken>, Fault> {
    let new = New::of(work, call, issue);
    let issued = spell(work, &new, issue).await?;
    let New { id, issued_at, expires_at, scopes, audience } = &new;
    let client = issue.client;
    let params =
        db::params![id, issued_at, expires_at, scopes, audience, client.id, client.version];
    let instance = Arc::clone(&work.instance);
    // In this order: the row is handed over, then the signature made.
    let (stored, token) = tokio::join!(
        biased;
        instance.db.perform(INSERT_OWN, params),
        issued.sign(work, call.now),
    );
    Ok(if stored? == 0 { None } else { Some(token?) })
}

/// A token that was issued before, to be given once more.
pub(super) async fn again(
    work: &mut Work,
    now: i64,
    (id, expires_at): (i64, i64),
    issue: &Issue<'_>,
) -> Result<Issued, Fault> {
    let scopes = issue.scopes.to_string();
    let new = New { id, issued_at: now, expires_at, scopes, audience: issue.resources.join(" ") };
    spell(work, &new, issue).await
}

/// All of the text but its signature: opaque, or a JWT (RFC 9068).
pub(super) async fn spell(work: &mut Work, new: &New, issue: &Issue<'_>) -> Result<Issued, Fault> {
    let text = if issue.client.access_token_format == TokenFormat::Opaque {
        let vault = &work.instance.vault;
        let extra = issue.extra.map_or_else(|| vault.draw(), Ok)?;
        Text::Opaque(Plain::new(vault.make(Kind::Access, new.id, extra, b"")?))
    } else {
        Text::Unsigned(jwt_claims(work, new, issue).await?)
    };
    let expires_in = (new.expires_at - new.issued_at).max(0);
    Ok(Issued { id: new.id, scopes: issue.scopes.clone(), expires_in, text })
}

/// The claims of RFC 9068 §2.2.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    client_id: &'a str,
    aud: Value,
    iat: i64,
    exp: i64,
    jti: String,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Act<'a>>,
    /// Those its client adds; none of the names above.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Who acts for the subject (RFC 8693 §4.1).
#[derive(Serialize)]
struct Act<'a> {
    sub: &'a str,
}

async fn jwt_claims(work: &mut Work, new: &New, issue: &Issue<'_>) -> Result<Vec<u8>, Fault> {
    let client = issue.client;
    let aud = audience(work, issue.resources).await?;
    let id = client.id.as_str();
    let (sub, proved, act) = match (issue.subject, &client.context_user) {
        (Subject::Grant(grant, _), _) => {
            (grant.user.as_str(), Some((grant.authenticated_at, grant.amr)), None)
        }
        (Subject::Service, Some(user)) => (user.as_str(), None, Some(Act { sub: id })),
        (Subject::Service, None) => (id, None, None),
    };
    let extra = client.extra_claims().map(|(name, value)| (name.clone(), value.clone())).collect();
    let claims = Claims {
        iss: work.instance.issuer(),
        sub,
        client_id: id,
        aud,
        iat: new.issued_at,
        exp: new.expires_at,
        jti: work.instance.vault.public_id(new.id)?,
        scope: &new.scopes,
        auth_time: proved.map(|(at, _)| at),
        amr: proved.map(|(_, amr)| amr.values()),
        act,
        extra,
    };
    serde_json::to_vec(&claims).map_err(|error| Fault::Broken(error.to_string()))
}

/// The identifiers of the resources: one as a string, several as an array (RFC 7519 §4.1.3).
///
/// # Errors
/// When the database cannot answer.
pub async fn audience(work: &mut Work, resources: &[String]) -> Result<Value, Fault> {
    if resources.is_empty() {
        return Ok(json!(work.instance.userinfo_resource()));
    }
    let mut identifiers = Vec::with_capacity(resources.len());
    for id in resources {
        identifiers.extend(resources::identifier(work, id).await?);
    }
    Ok(if identifiers.len() == 1 { json!(identifiers.swap_remove(0)) } else { json!(identifiers) })
}
