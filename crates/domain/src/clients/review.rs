//! The daily look at every client's risk: what only time changes.
//!
//! A change of risk alone is no change of the client: its version stays, and no audit record is
//! left.

use super::{risk, store};
use crate::{Fault, Work};

/// Assesses up to `limit` clients behind the id `after` again; returns where to go on, or `None`
/// at the end. Begin with the empty id.
///
/// # Errors
/// When the database cannot take it.
pub async fn review_risks(
    work: &mut Work,
    now: i64,
    after: &str,
    limit: i64,
) -> Result<Option<String>, Fault> {
    let ids = store::list_ids(work, after, limit).await?;
    for id in &ids {
        let Some(mut client) = store::find(work, id).await? else { continue };
        let risk = risk::assess(&client, now);
        if risk != client.risk {
            client.risk = risk;
            store::set_risk(work, &client).await?;
        }
    }
    Ok(ids.into_iter().next_back())
}
