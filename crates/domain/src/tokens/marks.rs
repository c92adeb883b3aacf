//! When a token was last used: gathered in memory, written together every few seconds.
//!
//! A crash loses the last few marks and nothing else; the manual says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Live;
use crate::{Fault, Instance};

/// Marks gathered between two flushes; beyond it new ones are dropped until the next flush.
const GATHERED: usize = 50_000;
/// A mark is written again only when it moved by this many seconds.
const COARSE: i64 = 60;

/// Uses not yet written.
#[derive(Debug, Default)]
pub struct Marks(Mutex<HashMap<i64, i64>>);

/// Notes that `live` was used at `now`.
pub fn mark_used(instance: &Instance, live: &Live, now: i64) {
    if live.is_refresh || live.last_used_at.is_some_and(|at| now - at < COARSE) {
        return;
    }
    let mut marks = instance.token_marks.0.lock().unwrap_or_else(PoisonError::into_inner);
    if marks.len() < GATHERED {
        marks.insert(live.id, now);
    }
}

/// Writes what was gathered.
///
/// # Errors
/// When the database cannot take it; the marks are lost then.
pub async fn flush_marks(instance: &Arc<Instance>) -> Result<(), Fault> {
    let marks = {
        let mut marks = instance.token_marks.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *marks)
    };
    let mut marks: Vec<_> = marks.into_iter().collect();
    marks.sort_unstable();
    for batch in marks.chunks(200) {
        let mut work = instance.begin().await?;
        for (id, at) in batch {
            let sql = "UPDATE access_tokens SET last_used_at = $2 WHERE id = $1";
            work.tx.execute(sql, db::params![*id, *at]).await?;
        }
        work.commit().await?;
    }
    Ok(())
}
