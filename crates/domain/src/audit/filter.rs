//! Which entries are wanted: one filter for the API, the command line and the console.

use serde_json::json;

use super::{Category, Change};
use crate::id::Ids;
use crate::listing::Listing;
use crate::{Fault, Work, name_key};

/// How a deed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The stored word, which is the word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }

    /// The outcome behind a word, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Success, Self::Refused].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Which entries are wanted, newest first. What is left out narrows nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Who acted: the id or e-mail address of a person, the id of a client that acted for itself,
    /// or an operator (`name@host`).
    pub actor: Option<String>,
    /// By or about whom: the id or e-mail address of a person. A failed sign-in is about them.
    pub person: Option<String>,
    /// Through whose token: the id of a client.
    pub client: Option<String>,
    /// Only of this object: kind and id.
    pub object: Option<(String, String)>,
    /// Only of objects of this kind.
    pub kind: Option<String>,
    /// Only this action, such as `client.updated`.
    pub action: Option<String>,
    /// Only actions of this category.
    pub category: Option<Category>,
    /// Only what ended so.
    pub outcome: Option<Outcome>,
    /// From this instant on, in seconds since 1970.
    pub from: Option<i64>,
    /// Before this instant, in seconds since 1970.
    pub until: Option<i64>,
    /// Only entries before this id (the cursor).
    pub before: Option<i64>,
    /// At most this many.
    pub limit: i64,
}

/// Seconds by which the order of ids and the instants of their entries may differ: a request may
/// take a while, and a clock may be set back.
const SLACK: i64 = 86_400;

impl Filter {
    /// What it narrows, as an entry tells that somebody looked through it.
    pub fn told(&self) -> Vec<Change> {
        let instant = |at: Option<i64>| at.map_or(serde_json::Value::Null, |at| json!(at));
        let (kind, id) =
            self.object.as_ref().map(|(kind, id)| (Some(kind), Some(id))).unwrap_or_default();
        [
            ("actor", json!(self.actor)),
            ("person", json!(self.person)),
            ("client_id", json!(self.client)),
            ("object_kind", json!(kind.or(self.kind.as_ref()))),
            ("object_id", json!(id)),
            ("action", json!(self.action)),
            ("category", json!(self.category.map(Category::as_str))),
            ("outcome", json!(self.outcome.map(Outcome::as_str))),
            ("from", instant(self.from)),
            ("to", instant(self.until)),
        ]
        .into_iter()
        .filter(|(_, after)| !after.is_null())
        .map(|(field, after)| Change {
            field: field.into(),
            before: serde_json::Value::Null,
            after,
        })
        .collect()
    }

    /// The id of the person by or about whom it is wanted, if only of one.
    pub(super) async fn person(&self, work: &mut Work) -> Result<Option<String>, Fault> {
        let Some(typed) = &self.person else { return Ok(None) };
        Ok(Some(find_person(work, typed).await?.unwrap_or_else(|| typed.clone())))
    }

    /// Adds the conditions to a list of entries, but for [`Self::person`].
    pub(super) async fn narrow(&self, work: &mut Work, list: &mut Listing) -> Result<(), Fault> {
        self.narrow_matter(work, list).await?;
        narrow_time(list, (self.from, self.until));
        if let Some(before) = self.before {
            let before = list.int(before);
            list.and(&format!("id < {before}"));
        }
        Ok(())
    }

    /// By whom, what and how; not when.
    pub(super) async fn narrow_matter(
        &self,
        work: &mut Work,
        list: &mut Listing,
    ) -> Result<(), Fault> {
        if let Some(typed) = &self.actor {
            let (column, id) = actor(work, typed).await?;
            let id = list.text(&id);
            list.and(&format!("{column} = {id}"));
        }
        let object = self.object.as_ref();
        for (column, wanted) in [
            ("actor_client", self.client.as_ref()),
            ("object_kind", object.map(|(kind, _)| kind).or(self.kind.as_ref())),
            ("object_id", object.map(|(_, id)| id)),
            ("action", self.action.as_ref()),
        ] {
            if let Some(wanted) = wanted {
                let wanted = list.text(wanted);
                list.and(&format!("{column} = {wanted}"));
            }
        }
        if let Some(category) = self.category {
            list.and(&category.sql());
        }
        // A word of ours in the text, so that the engines know of the index that holds these alone.
        match self.outcome {
            Some(Outcome::Refused) => list.and("outcome = 'refused'"),
            Some(Outcome::Success) => list.and("outcome = 'success'"),
            None => {}
        }
        Ok(())
    }
}

/// The instants say which entries fit; the ids, which rise with time, where to look for them.
pub(super) fn narrow_time(list: &mut Listing, (from, until): (Option<i64>, Option<i64>)) {
    if let Some(from) = from {
        let (at, id) = (list.int(from), list.int(Ids::first_of(from.saturating_sub(SLACK))));
        list.and(&format!("at >= {at} AND id >= {id}"));
    }
    if let Some(until) = until {
        let (at, id) = (list.int(until), list.int(Ids::first_of(until.saturating_add(SLACK))));
        list.and(&format!("at < {at} AND id < {id}"));
    }
}

/// The client of an entry that it made by itself, as the index of these spells it: where most of its
/// entries are by people, those are not walked through.
const BY_ITSELF: &str = "actor_user IS NULL AND CASE WHEN actor_user IS NULL THEN actor_client END";

/// What tells of an actor, and what it is equal to.
async fn actor(work: &mut Work, typed: &str) -> Result<(&'static str, String), Fault> {
    if let Some(id) = find_person(work, typed).await? {
        return Ok(("actor_user", id));
    }
    let sql =
        "SELECT id FROM clients WHERE id = $1 UNION SELECT id FROM deleted_clients WHERE id = $1";
    let is_client = work.tx.query_one(sql, db::params![typed]).await?.is_some();
    Ok((if is_client { BY_ITSELF } else { "actor_operator" }, typed.to_owned()))
}

/// The id of the person with this id or e-mail address.
async fn find_person(work: &mut Work, typed: &str) -> Result<Option<String>, Fault> {
    if typed.starts_with("usr_") {
        return Ok(Some(typed.to_owned()));
    }
    let sql = "SELECT id FROM users WHERE email_key = $1";
    let row = work.tx.query_one(sql, db::params![name_key(typed)]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}
