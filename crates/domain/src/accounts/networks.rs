//! Where a person may sign in from (REL-53): apart from what their clients' trusted addresses say.
//!
//! Asked only after the password was right, so that nobody else learns that there is such a limit,
//! or such a person, and nobody has an address proposed by guessing. While the addresses are only
//! observed, who comes from elsewhere is let in and recorded: a few hundred addresses a person, for
//! a month. It refuses to know proxies: the address was resolved before.

use super::people::everywhere;
use super::{User, ceiling, store};
use crate::access::{May, ReadUsers, UpdateUsers};
use crate::audit::{self, differences};
use crate::trusted_ips::{List, Mode, Observed};
use crate::{Call, Fault, Refusal, UserId, Work};

/// Seconds an address is kept after it was seen last.
const KEEP_SECONDS: i64 = 30 * 24 * 3600;
/// Addresses kept for one person; later ones are not.
const PER_PERSON: i64 = 500;

/// The addresses a person may sign in from; an empty list: from anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    /// The addresses and ranges.
    pub trusted_ips: List,
    /// What happens to a sign-in from elsewhere.
    pub mode: Mode,
}

impl Networks {
    /// In the words of the contract.
    fn snapshot(&self) -> serde_json::Value {
        serde_json::json!({ "trusted_ips": self.trusted_ips.lines(), "trusted_ips_mode": self.mode })
    }
}

/// What is to be set; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct NetworksPatch {
    /// The whole list, one address or range a line.
    pub trusted_ips: Option<Vec<String>>,
    /// What happens to a sign-in from elsewhere.
    pub mode: Option<Mode>,
}

/// A right password, by where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// From a trusted address, or there is no list.
    Trusted,
    /// From elsewhere, which is only recorded.
    Observed,
    /// From elsewhere, which is refused.
    Refused,
}

/// Where a person may sign in from.
///
/// # Errors
/// `NotFound` where the proof does not cover them.
pub async fn networks(
    work: &mut Work,
    may: &May<ReadUsers>,
    id: &UserId,
) -> Result<Networks, Refusal> {
    super::show(work, may, id).await?;
    Ok(find(work, id).await?)
}

/// Sets it, from the next sign-in on. Sessions and tokens that are there stay.
///
/// # Errors
/// `NotFound`; a field error for each line that is no address or range; `Forbidden` for somebody
/// who may do more than the actor.
pub async fn set_networks(
    work: &mut Work,
    call: &Call,
    may: &May<UpdateUsers>,
    (id, patch): (&UserId, &NetworksPatch),
) -> Result<Networks, Refusal> {
    everywhere(may)?;
    let user = store::find(work, id).await?.ok_or(Refusal::NotFound)?;
    ceiling::may_stop(work, may.authority(), id).await?;
    let before = find(work, id).await?;
    let mut after = before.clone();
    if let Some(lines) = &patch.trusted_ips {
        after.trusted_ips = List::parse(lines).map_err(Refusal::Invalid)?;
    }
    after.mode = patch.mode.unwrap_or(before.mode);
    if before == after {
        return Ok(after);
    }
    if after == Networks::default() {
        let sql = "DELETE FROM sign_in_networks WHERE user_id = $1";
        work.tx.execute(sql, db::params![id]).await?;
    } else {
        let sql = "INSERT INTO sign_in_networks (user_id, trusted_ips, observe) VALUES ($1, $2, $3)
                   ON CONFLICT (user_id) DO UPDATE SET
                     trusted_ips = excluded.trusted_ips, observe = excluded.observe";
        let (lines, observe) = (after.trusted_ips.lines().join("\n"), after.mode == Mode::Observe);
        work.tx.execute(sql, db::params![id, lines, observe]).await?;
    }
    let changes = differences(&before.snapshot(), &after.snapshot());
    audit::record(work, call, "user.updated", &user.as_object(), &changes).await?;
    Ok(after)
}

/// The addresses a person signed in from that would be refused, were those trusted now enforced; the
/// latest first, 500 at most.
///
/// # Errors
/// `NotFound` where the proof does not cover them.
pub async fn observed_sign_ins(
    work: &mut Work,
    may: &May<ReadUsers>,
    id: &UserId,
) -> Result<Vec<Observed>, Refusal> {
    let trusted = networks(work, may, id).await?.trusted_ips;
    Ok(list_observed(work, id, &trusted).await?)
}

/// Removes what was not seen for a month; at most `limit` rows.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep_observed_sign_ins(work: &mut Work, now: i64, limit: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM observed_sign_ins WHERE (user_id, address) IN
                 (SELECT user_id, address FROM observed_sign_ins WHERE last_at <= $1
                  ORDER BY last_at LIMIT $2)";
    Ok(work.tx.execute(sql, db::params![now - KEEP_SECONDS, limit]).await?)
}

/// Is the caller somewhere else than where this person may sign in from? The machine's own
/// terminal, which has no address, is nowhere else.
pub(super) async fn whereabouts(
    work: &mut Work,
    id: &UserId,
    call: &Call,
) -> Result<Whereabouts, Fault> {
    let Some(address) = call.address else { return Ok(Whereabouts::Trusted) };
    let Networks { trusted_ips, mode } = find(work, id).await?;
    Ok(match mode {
        _ if trusted_ips.contains(address) => Whereabouts::Trusted,
        Mode::Observe => Whereabouts::Observed,
        Mode::Enforce => Whereabouts::Refused,
    })
}

/// Records that a right password was refused for where it came from.
pub(super) async fn record(work: &mut Work, call: &Call, user: &User) -> Result<(), Fault> {
    let allowed = find(work, &user.id).await?.trusted_ips.lines();
    let change = audit::Change {
        field: "address".into(),
        before: allowed.into(),
        after: call.address_text().into(),
    };
    audit::record_refusal(work, call, "user.address_refused", &user.as_object(), &[change]).await
}

/// Records that somebody signed in from where they would be refused. The work holds the row of the
/// person, so that two of them never count at once.
pub(super) async fn observe(work: &mut Work, call: &Call, id: &UserId) -> Result<(), Fault> {
    let Some(address) = call.address else { return Ok(()) };
    let sql = "INSERT INTO observed_sign_ins (user_id, address, seen, first_at, last_at, last_via)
               SELECT u.id, CAST($2 AS TEXT), 1, CAST($3 AS BIGINT), CAST($3 AS BIGINT),
                 CAST($5 AS TEXT)
               FROM users u WHERE u.id = $1 AND (
                 (SELECT count(*) FROM observed_sign_ins o WHERE o.user_id = u.id) < $4
                 OR EXISTS (SELECT 1 FROM observed_sign_ins o
                            WHERE o.user_id = u.id AND o.address = $2))
               ON CONFLICT (user_id, address) DO UPDATE SET seen = observed_sign_ins.seen + 1,
                 last_at = excluded.last_at, last_via = excluded.last_via";
    let (address, via) = (address.to_canonical().to_string(), call.via.map(|via| via.to_string()));
    work.tx.execute(sql, db::params![id, address, call.now, PER_PERSON, via]).await?;
    Ok(())
}

async fn find(work: &mut Work, id: &UserId) -> Result<Networks, Fault> {
    let sql = "SELECT trusted_ips, observe FROM sign_in_networks WHERE user_id = $1";
    let Some(row) = work.tx.query_one(sql, db::params![id]).await? else {
        return Ok(Networks::default());
    };
    let lines: Vec<String> = row.get::<String>(0)?.lines().map(str::to_owned).collect();
    let mode = if row.get(1)? { Mode::Observe } else { Mode::Enforce };
    Ok(Networks { trusted_ips: List::stored(&lines), mode })
}

async fn list_observed(
    work: &mut Work,
    id: &UserId,
    trusted: &List,
) -> Result<Vec<Observed>, Fault> {
    let sql = "SELECT address, seen, first_at, last_at, last_via FROM observed_sign_ins
               WHERE user_id = $1 ORDER BY last_at DESC, address";
    let mut all = Vec::new();
    for row in work.tx.query(sql, db::params![id]).await? {
        all.extend(Observed::read(&row, trusted)?);
    }
    Ok(all)
}
