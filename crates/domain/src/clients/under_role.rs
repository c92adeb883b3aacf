//! The clients that a role bears on: they hold it themselves somewhere, or act for a person who does.
//! When what it allows is changed, their tokens may end with it, on request (RLT-54).
//!
//! Each client has an epoch, so the end of all their tokens is one statement, however many there are;
//! what people gave to these clients ends with it. What they gave to others answers to what those
//! people may do at each use, and stays.
//! It refuses to know what a role allows.

use super::store;
use crate::access::{May, Permission, Reach, RevokeTokens};
use crate::audit::{self, Change, Object};
use crate::{Call, Fault, Refusal, Work};

/// Their ids. `$1` is the role.
const UNDER: &str = "SELECT b.subject FROM bindings b WHERE b.role_id = $1
                     UNION SELECT c.id FROM bindings b JOIN clients c ON c.context_user = b.subject
                     WHERE b.role_id = $1";

/// How many clients the role bears on.
///
/// # Errors
/// When the database cannot answer.
pub async fn count_under_role(work: &mut Work, role: &str) -> Result<i64, Fault> {
    let sql = format!("SELECT COUNT(*) FROM clients WHERE id IN ({UNDER})");
    let row = work.tx.query_one(&sql, db::params![role]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// Ends every token of the clients that the role bears on, in the work that changes it. Returns how
/// many clients.
///
/// # Errors
/// `Forbidden` below the whole instance: a role is the same in all places.
pub async fn revoke_tokens_under_role(
    work: &mut Work,
    call: &Call,
    may: &May<RevokeTokens>,
    role: &str,
) -> Result<usize, Refusal> {
    if may.reach() != &Reach::Everywhere {
        let because = "Clients anywhere may hold the role; you hold this in some places only.";
        let missing = RevokeTokens::NAME.into();
        return Err(Refusal::Forbidden { missing, because: because.into() });
    }
    let sql = format!(
        "UPDATE clients SET epoch = epoch + 1, version = $2, updated_at = $3, updated_by = $4
         WHERE id IN ({UNDER}) RETURNING id, name"
    );
    let (version, by) = (store::next_version(work), call.actor.name());
    let rows = work.tx.query(&sql, db::params![role, version, call.now, by]).await;
    let mut ended = Vec::new();
    for row in rows.map_err(Fault::from)? {
        let named = |at| row.get::<String>(at).map_err(Fault::from);
        ended.push(Object::new("client", named(0)?, named(1)?));
    }
    let because = [Change::made("role", role)];
    audit::record_at_each(work, call, "client.tokens_revoked", &ended, &because).await?;
    Ok(ended.len())
}
