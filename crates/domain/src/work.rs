//! A unit of work: all that a door ever sees of the database.
//!
//! Rules run statements through it; a door can only begin and commit. Dropping one without
//! commit leaves no trace. Never hold one across password hashing or a network call.

use std::sync::Arc;

use crate::{Fault, Instance};

/// A transaction, or (made by [`Instance::read`]) a reader that always sees the latest commit.
pub struct Work {
    pub(crate) instance: Arc<Instance>,
    pub(crate) tx: db::Tx,
}

impl Work {
    pub(crate) fn new(instance: Arc<Instance>, tx: db::Tx) -> Self {
        Self { instance, tx }
    }

    /// The instance this work belongs to.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// Makes everything durable. Nothing may be acknowledged before this returns.
    ///
    /// # Errors
    /// When it is not durable: the caller must not be told that it is.
    pub async fn commit(self) -> Result<(), Fault> {
        Ok(self.tx.commit().await?)
    }
}
