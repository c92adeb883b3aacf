//! Reading on the calling thread, by a connection that belongs to the thread.
//!
//! A read takes microseconds, less than handing it to another thread would. The connections of a
//! database that was closed are dropped when their thread next opens one.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use rusqlite::Connection;

use super::connection::{self, Place};
use crate::Error;

thread_local! {
    static READERS: RefCell<Vec<(Weak<Place>, Connection)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` on this thread's connection to the database, opening it at first use.
pub(super) fn with<T>(
    place: &Arc<Place>,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    READERS.with(|readers| {
        let Ok(mut readers) = readers.try_borrow_mut() else {
            return Err(Error::broken("a read inside a read"));
        };
        let mine =
            readers.iter().position(|(known, _)| std::ptr::eq(known.as_ptr(), Arc::as_ptr(place)));
        let index = if let Some(index) = mine {
            index
        } else {
            let connection = connection::for_reading(place)?;
            readers.retain(|(known, _)| known.strong_count() > 0);
            readers.push((Arc::downgrade(place), connection));
            readers.len() - 1
        };
        match readers.get(index) {
            Some((_, connection)) => work(connection),
            None => Err(Error::broken("the reader is gone")),
        }
    })
}
