//! `max_active_tokens`: places that a client's own tokens hold, claimed by compare-and-set.
//!
//! Of many that want the same place at once the constraint lets one through, on every node and
//! without holding the client. A place is free as soon as its token is dead, however it ended:
//! expired, revoked, or issued under an epoch that is over. This file refuses to know what a
//! token is for.

use std::collections::{HashMap, HashSet};

use super::live::LIVING_OWN;
use crate::clients::Client;
use crate::{Fault, Work};

/// A free place and the dead token that held it last; 0 where nobody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Free {
    slot: i64,
    last: i64,
}

/// What a quota leaves.
#[derive(Debug)]
pub(super) enum Room {
    /// These places, in ascending order: whoever tries several waits in one direction only.
    Free(Vec<Free>),
    /// None before the first living token expires.
    Full {
        /// Seconds since 1970.
        first_ends_at: i64,
    },
}

/// The places that `client` has left under a quota of `limit`. Its living tokens without a place
/// (issued before there was a quota, or under a wider one) count like the others.
pub(super) async fn room(
    work: &mut Work,
    client: &Client,
    limit: i64,
    now: i64,
) -> Result<Room, Fault> {
    // One statement, so that tokens and places are of the same instant.
    let sql = format!(
        "SELECT 0, l.id, l.expires_at FROM
           (SELECT t.id, t.expires_at FROM access_tokens t
              JOIN clients c ON c.number = t.client_number
              LEFT JOIN users u ON u.id = c.context_user
            WHERE t.client_number = $1 AND t.expires_at > $2 AND {LIVING_OWN}
            ORDER BY t.expires_at LIMIT $3) l
         UNION ALL
         SELECT s.slot, s.token_id, 0 FROM token_slots s WHERE s.client_number = $1"
    );
    let (mut living, mut held, mut first_ends_at) = (HashSet::new(), HashMap::new(), i64::MAX);
    for row in work.tx.query(&sql, db::params![client.number, now, limit]).await? {
        let (slot, token): (i64, i64) = (row.get(0)?, row.get(1)?);
        if slot == 0 {
            living.insert(token);
            first_ends_at = first_ends_at.min(row.get(2)?);
        } else {
            held.insert(slot, token);
        }
    }
    let left = usize::try_from(limit).unwrap_or_default().saturating_sub(living.len());
    if left == 0 {
        return Ok(Room::Full { first_ends_at });
    }
    let places = (1..=limit).map(|slot| Free { slot, last: held.get(&slot).copied().unwrap_or(0) });
    Ok(Room::Free(places.filter(|free| !living.contains(&free.last)).take(left).collect()))
}

/// Takes the first of these places that nobody else took meanwhile. `false`: they are all gone.
pub(super) async fn claim(
    work: &mut Work,
    client: &Client,
    free: &[Free],
    token: i64,
) -> Result<bool, Fault> {
    for Free { slot, last } in free {
        let sql = "INSERT INTO token_slots (client_number, slot, token_id) VALUES ($1, $2, $3)
                   ON CONFLICT (client_number, slot) DO UPDATE SET token_id = excluded.token_id
                   WHERE token_slots.token_id = $4";
        if work.tx.execute(sql, db::params![client.number, *slot, token, *last]).await? == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}
