//! Clients in memory, each proving itself current at every use.
//!
//! One point read of the version for each use, or a column of the statement that acts
//! ([`Recalled`]); the parsed client only where it is the same. A version is never given twice, so
//! an equal one means an equal client, whatever happened meanwhile on whichever node.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::marks::Marks;
use super::observed::Gathered;
use super::{Client, store};
use crate::{Fault, Instance, Work};

/// More clients than this are not kept.
const LIMIT: usize = 10_000;

/// This node's copies of clients, and its marks of their use that are not written yet.
#[derive(Debug, Default)]
pub struct Cache {
    clients: RwLock<HashMap<String, Arc<Client>>>,
    pub(super) marks: Marks,
    pub(super) observed: Gathered,
}

impl Cache {
    fn get(&self, id: &str, version: i64) -> Option<Arc<Client>> {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
        clients.get(id).filter(|client| client.version == version).cloned()
    }

    fn put(&self, client: &Arc<Client>) {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= LIMIT && !clients.contains_key(client.id.as_str()) {
            // Any tenth goes: a map iterates in no order, and what is used comes back at once.
            let some: Vec<String> = clients.keys().take(LIMIT / 10).cloned().collect();
            for id in some {
                clients.remove(&id);
            }
        }
        clients.insert(client.id.as_str().to_owned(), Arc::clone(client));
    }
}

/// A client as this node saw it last, which nothing has compared with the database yet. Nothing may
/// be told or kept on its word alone: a rule that takes one has the statement that acts compare
/// the version, and does nothing where it is another.
#[derive(Debug)]
pub struct Recalled(Arc<Client>);

impl Recalled {
    /// What is remembered.
    pub fn unproven(&self) -> &Client {
        &self.0
    }

    /// The client, once a statement has compared its version.
    pub fn proven(self) -> Arc<Client> {
        self.0
    }

    /// Is it of the version that a statement has just read?
    pub(crate) fn is_at(&self, version: Option<i64>) -> bool {
        version == Some(self.0.version)
    }
}

/// The client with this id, if this node remembers it.
pub fn recall(instance: &Instance, id: &str) -> Option<Recalled> {
    let clients = instance.client_cache.clients.read().unwrap_or_else(PoisonError::into_inner);
    clients.get(id).cloned().map(Recalled)
}

/// The client with this id, disabled ones too. For the token path: one cheap statement when the
/// client did not change since it was last asked for.
///
/// # Errors
/// When the database cannot answer.
pub async fn find(work: &mut Work, id: &str) -> Result<Option<Arc<Client>>, Fault> {
    match store::find_version(work, id).await? {
        Some(version) => current(work, id, version).await,
        None => Ok(None),
    }
}

/// The client that token rows call by this number.
///
/// # Errors
/// When the database cannot answer.
pub async fn find_by_number(work: &mut Work, number: i64) -> Result<Option<Arc<Client>>, Fault> {
    match store::find_version_by_number(work, number).await? {
        Some((id, version)) => current(work, &id, version).await,
        None => Ok(None),
    }
}

/// The client with this id, whose version a statement has just read.
///
/// # Errors
/// When the database cannot answer.
pub async fn current(
    work: &mut Work,
    id: &str,
    version: i64,
) -> Result<Option<Arc<Client>>, Fault> {
    let instance = Arc::clone(&work.instance);
    if let Some(client) = instance.client_cache.get(id, version) {
        return Ok(Some(client));
    }
    let client = store::find_shared(work, id).await?;
    if let Some(client) = &client {
        instance.client_cache.put(client);
    }
    Ok(client)
}
