//! When sessions were last used: gathered in memory, written together every few seconds.
//!
//! A crash loses the last few seconds of marks and nothing else; the manual says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Session, store};
use crate::{Fault, Instance, SessionId};

/// A mark this close to the one before is not worth a write, in seconds.
const GRAIN: i64 = 10;
/// Marks written in one unit of work.
const BATCH: usize = 200;
/// Marks kept at most while the database cannot take them.
const MOST: usize = 100_000;

/// Marks not yet written.
#[derive(Debug, Default)]
pub struct Marks(Mutex<BTreeMap<SessionId, i64>>);

/// Marks a session as used now. Touches no database.
pub fn touch(instance: &Instance, session: &Session, now: i64) {
    if now >= session.last_active_at + GRAIN {
        instance.session_marks.add(session.id, now);
    }
}

/// Writes the marks gathered so far. What could not be written is kept for the next time.
///
/// # Errors
/// When the database cannot take them.
pub async fn flush(instance: &Arc<Instance>) -> Result<(), Fault> {
    loop {
        let batch = instance.session_marks.take(BATCH);
        if batch.is_empty() {
            return Ok(());
        }
        if let Err(fault) = write(instance, &batch).await {
            for (id, at) in batch {
                instance.session_marks.add(id, at);
            }
            return Err(fault);
        }
    }
}

/// In the order of the ids, so that two nodes never wait for each other.
async fn write(instance: &Arc<Instance>, batch: &[(SessionId, i64)]) -> Result<(), Fault> {
    let mut work = instance.begin().await?;
    for (id, at) in batch {
        store::set_last_active(&mut work, *id, *at).await?;
    }
    work.commit().await
}

impl Marks {
    fn add(&self, id: SessionId, at: i64) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.len() < MOST || marks.contains_key(&id) {
            let mark = marks.entry(id).or_insert(at);
            *mark = at.max(*mark);
        }
    }

    fn take(&self, count: usize) -> Vec<(SessionId, i64)> {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| marks.pop_first()).take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_latest_mark_of_each() {
        let marks = Marks::default();
        for (id, at) in [(2, 20), (1, 10), (2, 15), (1, 30)] {
            marks.add(SessionId(id), at);
        }
        assert_eq!(marks.take(1), [(SessionId(1), 30)]);
        assert_eq!(marks.take(9), [(SessionId(2), 20)]);
        assert_eq!(marks.take(9), []);
    }
}
