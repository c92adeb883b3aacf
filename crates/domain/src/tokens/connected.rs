//! Which clients hold something alive now: for those who watch over connected applications.
//!
//! Asked of each client in turn by what is indexed, so that a page costs a page, however many
//! tokens there are. Decides nothing.

use super::impact::LIVING_FAMILY;
use super::live::LIVING;
use crate::access::{May, Reach, ReadTokens};
use crate::listing::Listing;
use crate::teams::{Page, cursor};
use crate::{Refusal, Work, name_key};

/// Which of them are wanted, by name.
#[derive(Debug, Clone, Default)]
pub struct ConnectedQuery {
    /// Part of the client's name.
    pub q: Option<String>,
    /// Only those that act for this person.
    pub user: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most this many; 50 where it is 0, never more than 200.
    pub limit: i64,
}

/// A client with something alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Its `client_id`.
    pub client: String,
    /// Its name.
    pub name: String,
    /// The organization it belongs to.
    pub organization: Option<String>,
    /// The team that looks after it.
    pub owner_team: Option<String>,
}

/// A page of the clients that hold a living token, within the reach of the proof.
///
/// # Errors
/// `Invalid` for a cursor that is not ours.
pub async fn connected(
    work: &mut Work,
    may: &May<ReadTokens>,
    query: &ConnectedQuery,
    now: i64,
) -> Result<Page<Connected>, Refusal> {
    let after = query.cursor.as_deref().map(|it| cursor::key_and_id(it).ok_or_else(cursor::bad));
    let (after, limit) = (after.transpose()?, cursor::limit(query.limit));
    let mut list =
        Listing::of("SELECT c.id, c.name, c.organization_id, c.owner_team FROM clients c");
    // What a family is judged by calls the instant `$2`.
    let user = list.text(query.user.as_deref().unwrap_or_default());
    let now = list.int(now);
    let of_user = if query.user.is_some() { format!(" AND u.id = {user}") } else { String::new() };
    list.and(&format!(
        "{user} = {user} AND (EXISTS (SELECT 1 FROM access_tokens t LEFT JOIN grants g ON g.id = t.grant_id
             LEFT JOIN users u ON u.id = COALESCE(g.user_id, c.context_user)
           WHERE t.client_number = c.number AND t.expires_at > {now} AND {LIVING}{of_user})
         OR EXISTS (SELECT 1 FROM refresh_families f JOIN grants g ON g.id = f.grant_id
             JOIN users u ON u.id = g.user_id
           WHERE g.client_id = c.id AND f.expires_at > {now} AND {LIVING_FAMILY}{of_user}))"
    ));
    if let Some((key, id)) = after {
        let (key, id) = (list.text(&key), list.text(&id));
        list.and(&format!("(c.name_key, c.id) > ({key}, {id})"));
    }
    if let Some(q) = &query.q {
        let pattern = list.text(&cursor::pattern(q));
        list.and(&format!("c.name_key LIKE {pattern} ESCAPE '\\'"));
    }
    if let Reach::Places { organizations, teams } = may.reach() {
        let (organizations, teams) = (list.texts(organizations), list.texts(teams));
        list.and(&format!("(c.organization_id IN ({organizations}) OR c.owner_team IN ({teams}))"));
    }
    let mut items = Vec::new();
    for row in list.page(work, "c.name_key, c.id", limit).await? {
        let (client, name) = (row.get(0)?, row.get(1)?);
        items.push(Connected { client, name, organization: row.get(2)?, owner_team: row.get(3)? });
    }
    let cursor = |it: &Connected| cursor::of_key_and_id(&name_key(&it.name), &it.client);
    Ok(Page::cut(items, limit, cursor))
}
