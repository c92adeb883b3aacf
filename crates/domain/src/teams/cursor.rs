//! Pages of a list, and the opaque texts by which the next one is asked for.
//!
//! A cursor says where a page ended, by the columns the list is sorted by; it gives no right, so
//! it needs no MAC. A list reads one row more than it shows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::{Refusal, name_key};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Asks for the next one; `None` on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The first `limit` of `items`, which are at most one more.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}

/// How many a page holds: 50 where nothing was asked, 200 at most.
pub(crate) fn limit(asked: i64) -> i64 {
    if asked <= 0 { 50 } else { asked.min(200) }
}

/// The cursor behind a row sorted by a number, then by id.
pub(crate) fn of_number_and_id(number: i64, id: &str) -> String {
    BASE64.encode(format!("{number} {id}"))
}

/// Reads it back.
pub(crate) fn number_and_id(cursor: &str) -> Option<(i64, String)> {
    let text = text(cursor)?;
    let (number, id) = text.split_once(' ')?;
    Some((number.parse().ok()?, id.into()))
}

/// The cursor behind a row sorted by a name's key, then by id.
pub(crate) fn of_key_and_id(key: &str, id: &str) -> String {
    BASE64.encode(format!("{id} {key}"))
}

/// Reads it back.
pub(crate) fn key_and_id(cursor: &str) -> Option<(String, String)> {
    let text = text(cursor)?;
    let (id, key) = text.split_once(' ')?;
    Some((key.into(), id.into()))
}

/// Refuses a cursor of [`of_number_and_id`] that is not one.
pub(crate) fn check(cursor: Option<&str>) -> Result<(), Refusal> {
    match cursor {
        Some(cursor) if number_and_id(cursor).is_none() => Err(bad()),
        _ => Ok(()),
    }
}

/// The refusal of a cursor that is not one of ours.
pub(crate) fn bad() -> Refusal {
    Refusal::field("cursor", "This cursor is not one of ours; leave it out to begin again.")
}

/// What a stored key must be like to hold what was typed somewhere, for `LIKE … ESCAPE '\'`.
pub(crate) fn pattern(typed: &str) -> String {
    let mut pattern = String::from("%");
    for c in name_key(typed).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "%"
}

fn text(cursor: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn says_whether_more_follows() {
        let cut = |n: i64| Page::cut((0..n).collect(), 3, i64::to_string).next_cursor;
        assert_eq!([cut(2), cut(3), cut(4)], [None, None, Some("2".into())]);
    }

    #[test]
    fn takes_nothing_typed_for_a_wildcard() {
        assert_eq!(pattern("50%_A\\"), "%50\\%\\_a\\\\%");
    }

    #[test]
    fn refuses_cursors_of_others() {
        for bad in [
            "",
            "x",
            "!!",
            &BASE64.encode("no number"),
            &BASE64.encode("7"),
            &BASE64.encode("7 \0"),
        ] {
            assert!(check(Some(bad)).is_err(), "{bad}");
        }
        assert!(check(None).is_ok());
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(number in any::<i64>(), key in "[^\0]{0,20}", id in "[a-z0-9_]{1,20}") {
            prop_assert_eq!(number_and_id(&of_number_and_id(number, &id)), Some((number, id.clone())));
            prop_assert_eq!(key_and_id(&of_key_and_id(&key, &id)), Some((key, id)));
        }
    }
}
