//! Services that act as a person who was never asked: the clients whose context user they are.
//!
//! For that person alone, so it asks for no permission. It knows no token: what such a client may
//! do is in its settings, and who chose the person is in the trail.

use std::sync::Arc;

use super::{Client, store, whole};
use crate::audit::{self, Event, Filter};
use crate::{Actor, Fault, UserId, Work};

/// Entries of the trail looked at for each of them.
const ENTRIES: i64 = 200;

/// A client that acts as somebody.
#[derive(Debug, Clone)]
pub struct Acting {
    /// The client.
    pub client: Arc<Client>,
    /// When that person was chosen, in seconds since 1970, and by whom, where the trail still tells.
    pub chosen: Option<(i64, Actor)>,
}

/// The clients whose context user this is by name, at most `limit`, and how many there are.
///
/// # Errors
/// When the database cannot answer.
pub async fn acting_for(
    work: &mut Work,
    user: &UserId,
    limit: i64,
) -> Result<(Vec<Acting>, i64), Fault> {
    let (ids, all) = store::list_acting_for(work, user, limit).await?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for client in whole::of(work, &ids).await? {
        // Somebody else may have been chosen between two statements.
        if client.context_user.as_ref() == Some(user) {
            let chosen = chosen(work, &client, user).await?;
            found.push(Acting { client, chosen });
        }
    }
    Ok((found, all))
}

/// The latest change that made this person the context user, or the registration.
async fn chosen(
    work: &mut Work,
    client: &Client,
    user: &UserId,
) -> Result<Option<(i64, Actor)>, Fault> {
    for action in ["client.updated", "client.created"] {
        let filter = Filter {
            object: Some(("client".into(), client.id.to_string())),
            action: Some(action.into()),
            limit: ENTRIES,
            ..Filter::default()
        };
        let chose = |event: &Event| {
            let field = event.changes.iter().find(|it| it.field == "context_user");
            field.is_some_and(|it| it.after.as_str() == Some(user.as_str()))
        };
        if let Some(event) = audit::list(work, &filter).await?.into_iter().find(chose) {
            return Ok(Some((event.at, event.actor)));
        }
    }
    Ok(None)
}
