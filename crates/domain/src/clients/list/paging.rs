//! Pages by keyset: where one ends, and how the next one is read.
//!
//! A cursor says where a page ended; it gives no right, so it needs no MAC.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value as Json, json};

use super::rows::{COLUMN_COUNT, COLUMNS, read};
use super::statement::Statement;
use super::{ListQuery, Sort, Summary};
use crate::text::name_key;
use crate::{Fault, Refusal, Work};

/// Where a page ended: the sort value of its last client (null: never used) and its id.
pub(super) struct Cursor {
    value: Json,
    id: String,
}

impl Cursor {
    /// Behind this client.
    pub fn after(query: &ListQuery, last: &Summary) -> Self {
        let value = match query.sort {
            Sort::Name => json!(name_key(&last.name)),
            Sort::Created => json!(last.created_at),
            Sort::LastUsed => json!(last.last_used_at),
            Sort::Risk => json!(last.risk_score),
        };
        Self { value, id: last.id.as_str().to_owned() }
    }

    /// As the next page is asked for.
    pub fn text(&self, query: &ListQuery) -> String {
        BASE64
            .encode(json!([query.sort.as_str(), query.descending, self.value, self.id]).to_string())
    }

    /// Reads one of this list in this order.
    ///
    /// # Errors
    /// The field `cursor`, for anything else.
    pub fn read(query: &ListQuery, text: &str) -> Result<Self, Refusal> {
        let refuse = || Refusal::field("cursor", "This cursor belongs to no list in this order.");
        let bytes = BASE64.decode(text).map_err(|_| refuse())?;
        let (sort, descending, value, id): (String, bool, Json, String) =
            serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        let fits = match query.sort {
            Sort::Name => value.is_string(),
            Sort::LastUsed => value.is_null() || value.is_i64(),
            Sort::Created | Sort::Risk => value.is_i64(),
        };
        let same = sort == query.sort.as_str() && descending == query.descending;
        (fits && same && !id.contains('\0')).then_some(Self { value, id }).ok_or_else(refuse)
    }
}

/// A stretch of the order: the clients with a sort value, then those without.
pub(super) enum Stretch {
    Valued(Option<(Json, String)>),
    Unvalued(Option<String>),
}

pub(super) fn stretches(query: &ListQuery, cursor: Option<&Cursor>) -> Vec<Stretch> {
    match cursor {
        Some(Cursor { value: Json::Null, id }) => vec![Stretch::Unvalued(Some(id.clone()))],
        other => {
            let valued = Stretch::Valued(other.map(|c| (c.value.clone(), c.id.clone())));
            let unvalued = (query.sort == Sort::LastUsed).then_some(Stretch::Unvalued(None));
            std::iter::once(valued).chain(unvalued).collect()
        }
    }
}

/// So many matches are gathered and sorted; more are met soon enough along the order.
const FEW: i64 = 2_000;

/// The first clients of a stretch. Where something is filtered, at most [`FEW`] matches are
/// gathered first, in any order: if those are all, they are sorted; if there are more, some are
/// met soon enough on the way along the order.
pub(super) async fn page(
    work: &mut Work,
    mut filter: Statement,
    query: &ListQuery,
    (stretch, limit): (&Stretch, i64),
) -> Result<Vec<Summary>, Fault> {
    let is_filtered = !filter.is_empty();
    let order = begin_at(&mut filter, query, stretch);
    let conditions = filter.conditions();
    if is_filtered {
        let sql = gathered(&conditions, &order, limit);
        let rows = work.tx.query(&sql, &filter.values()).await?;
        let total: i64 =
            rows.first().map(|row| row.get(COLUMN_COUNT)).transpose()?.unwrap_or_default();
        if total <= FEW {
            return rows.iter().map(read).collect();
        }
    }
    let rows = work.tx.query(&met(&conditions, &order, limit), &filter.values()).await?;
    rows.iter().map(read).collect()
}

/// At most [`FEW`] and one more of those that fit, in any order, and then sorted; with how many they
/// are. Limits are numbers of ours, written out: a planner that cannot see one sorts everything. The
/// gathered are not joined with the table again: a planner would walk the whole order for that, and
/// look for each client among them.
pub(super) fn gathered(conditions: &str, order: &str, limit: i64) -> String {
    format!(
        "SELECT {COLUMNS}, COUNT(*) OVER () FROM
           (SELECT * FROM clients c{conditions} LIMIT {}) AS c ORDER BY {order} LIMIT {limit}",
        FEW + 1
    )
}

/// Those that fit, as they are met on the way along the order.
pub(super) fn met(conditions: &str, order: &str, limit: i64) -> String {
    format!("SELECT {COLUMNS} FROM clients c{conditions} ORDER BY {order} LIMIT {limit}")
}

/// Adds where the stretch begins; returns its order.
pub(super) fn begin_at(filter: &mut Statement, query: &ListQuery, stretch: &Stretch) -> String {
    let column = query.sort.column();
    let (sign, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    match stretch {
        Stretch::Unvalued(after) => {
            filter.and("c.last_used_at IS NULL");
            if let Some(id) = after {
                let id = filter.text(id.clone());
                filter.and(&format!("c.id {sign} {id}"));
            }
            format!("c.id {direction}")
        }
        Stretch::Valued(after) => {
            if query.sort == Sort::LastUsed {
                filter.and("c.last_used_at IS NOT NULL");
            }
            if let Some((value, id)) = after {
                let value = match value.as_str() {
                    Some(text) => filter.text(text.replace('\0', "")),
                    None => filter.int(value.as_i64().unwrap_or_default()),
                };
                let id = filter.text(id.clone());
                filter.and(&format!("(c.{column}, c.id) {sign} ({value}, {id})"));
            }
            format!("c.{column} {direction}, c.id {direction}")
        }
    }
}
