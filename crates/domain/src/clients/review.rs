//! The daily look at every client's risk: what only time changes.
//!
//! A change of risk alone is no change of the client: its version stays, and no audit record is
//! left. It is looked at outside of any transaction, so that a look at 100,000 clients holds nobody
//! up, and written only where the client is still what was looked at.

use std::sync::Arc;

use super::{risk, store};
use crate::{Fault, Instance};

/// Assesses up to `limit` clients behind the id `after` again; returns where to go on, or `None`
/// at the end. Begin with the empty id.
///
/// # Errors
/// When the database cannot take it.
pub async fn review_risks(
    instance: &Arc<Instance>,
    now: i64,
    after: &str,
    limit: i64,
) -> Result<Option<String>, Fault> {
    let mut reading = instance.read();
    let ids = store::list_ids(&mut reading, after, limit).await?;
    let mut changed = Vec::new();
    for id in &ids {
        let Some(mut client) = store::find(&mut reading, id).await? else { continue };
        let risk = risk::assess(&client, now);
        if risk != client.risk {
            client.risk = risk;
            changed.push(client);
        }
    }
    if !changed.is_empty() {
        let mut work = instance.begin().await?;
        for client in &changed {
            store::set_risk(&mut work, client).await?;
        }
        work.commit().await?;
    }
    Ok(ids.into_iter().next_back())
}
