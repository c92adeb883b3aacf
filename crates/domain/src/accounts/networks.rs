//! Where a person may sign in from (REL-53): apart from what their clients' trusted addresses say.
//!
//! Asked only after the password was right, so that nobody else learns that there is such a limit,
//! or such a person. It refuses to know proxies: the address was resolved before.

use super::people::everywhere;
use super::{User, ceiling, store};
use crate::access::{May, ReadUsers, UpdateUsers};
use crate::audit::{self, Change};
use crate::trusted_ips::List;
use crate::{Call, Fault, Refusal, UserId, Work};

/// The addresses a person may sign in from; an empty list: from anywhere.
///
/// # Errors
/// `NotFound` where the proof does not cover them.
pub async fn trusted_ips(
    work: &mut Work,
    may: &May<ReadUsers>,
    id: &UserId,
) -> Result<List, Refusal> {
    super::show(work, may, id).await?;
    Ok(find(work, id).await?)
}

/// Sets them, from the next sign-in on. Sessions and tokens that are there stay.
///
/// # Errors
/// `NotFound`; a field error for each line that is no address or range; `Forbidden` for somebody
/// who may do more than the actor.
pub async fn set_trusted_ips(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    (id, lines): (&UserId, &[String]),
) -> Result<List, Refusal> {
    everywhere(may)?;
    let user = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    ceiling::may_stop(work, may.authority(), id).await?;
    let after = List::parse(lines).map_err(Refusal::Invalid)?;
    let before = find(work, id).await?;
    if before == after {
        return Ok(after);
    }
    if after.is_empty() {
        let sql = "DELETE FROM sign_in_networks WHERE user_id = $1";
        work.tx.execute(sql, db::params![id]).await?;
    } else {
        let sql = "INSERT INTO sign_in_networks (user_id, trusted_ips) VALUES ($1, $2)
                   ON CONFLICT (user_id) DO UPDATE SET trusted_ips = excluded.trusted_ips";
        work.tx.execute(sql, db::params![id, after.lines().join("\n")]).await?;
    }
    let change = Change {
        field: "trusted_ips".into(),
        before: before.lines().into(),
        after: after.lines().into(),
    };
    audit::record(work, call, "user.updated", &user.as_object(), &[change]).await?;
    Ok(after)
}

/// Is the caller somewhere else than where this person may sign in from? The machine's own
/// terminal, which has no address, is nowhere else.
pub(super) async fn is_foreign(work: &mut Work, id: &UserId, call: &Call) -> Result<bool, Fault> {
    let Some(address) = call.address else { return Ok(false) };
    Ok(!find(work, id).await?.contains(address))
}

/// Records that a right password was refused for where it came from.
pub(super) async fn record(work: &mut Work, call: &Call, user: &User) -> Result<(), Fault> {
    let allowed = find(work, &user.id).await?.lines();
    let change = Change {
        field: "address".into(),
        before: allowed.into(),
        after: call.address_text().into(),
    };
    audit::record_refusal(work, call, "user.address_refused", &user.as_object(), &[change]).await
}

async fn find(work: &mut Work, id: &UserId) -> Result<List, Fault> {
    let sql = "SELECT trusted_ips FROM sign_in_networks WHERE user_id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else {
        return Ok(List::default());
    };
    let lines: Vec<String> = row.get::<String>(0)?.lines().map(str::to_owned).collect();
    Ok(List::stored(&lines))
}
