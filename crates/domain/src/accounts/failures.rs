//! Failed sign-ins in the audit trail: one row for each account, address and minute, with a count.

use super::throttle::fingerprint;
use super::{User, email};
use crate::audit::{self, Object};
use crate::{Call, Fault, Work};

/// Entries of this kind are counted up, so that they are sealed only after their minute.
const ACTION: &str = audit::COUNTED;

/// How many of the account's newest entries are looked through for the row of this minute. More
/// failures than this cannot come by in a minute; if they did, there would be a second row.
const NEWEST: i64 = 128;

/// Records a failure for `typed`, which may or may not be somebody. The caller holds the throttle
/// of the same account and address in this work, so two of them never insert at once.
pub(super) async fn record(
    work: &mut Work,
    call: &Call,
    typed: &str,
    user: Option<&User>,
) -> Result<(), Fault> {
    let object = user.map_or_else(|| unknown(typed), User::as_object);
    let address = call.address.map_or_else(String::new, |_| call.address_text());
    let sql = "UPDATE audit_events SET count = count + 1 WHERE segment IS NULL AND id =
                 (SELECT MAX(latest.id) FROM
                   (SELECT id, at, action, COALESCE(address, '') AS address FROM audit_events
                    WHERE object_kind = $1 AND object_id = $2 ORDER BY id DESC LIMIT $3) AS latest
                  WHERE latest.action = $4 AND latest.address = $5 AND latest.at >= $6)";
    let minute = call.now - call.now.rem_euclid(60);
    let params = db::params![object.kind, object.id, NEWEST, ACTION, address, minute];
    if work.tx.execute(sql, params).await? == 0 {
        audit::record_refusal(work, call, ACTION, &object, &[]).await?;
    }
    Ok(())
}

/// Nobody we know. What was typed is kept only where it looks like an address: it may be a
/// password in the wrong field.
fn unknown(typed: &str) -> Object {
    let name = email::Email::parse(typed).map(|email| email.text).unwrap_or_default();
    Object::new("user", format!("unknown_{}", fingerprint(&email::key_of(typed))), name)
}
