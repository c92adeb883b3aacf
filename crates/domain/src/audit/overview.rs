//! How much of what happened in a stretch of time, and how it ended: counted over the index alone,
//! and never for longer than [`LONGEST`], so that a long trail is as quick as a short one.
//!
//! An outcome is `success` or `refused`. Nothing in the trail is under way: an entry is written in
//! the transaction of what it tells of.

use super::filter::narrow_time;
use super::store::{ABOUT, BY};
use super::{Category, Filter};
use crate::listing::Listing;
use crate::{Fault, Refusal, Work};

const DAY: i64 = 86_400;
/// The stretch where nobody names one, in seconds.
pub const USUAL: i64 = 7 * DAY;
/// The longest stretch that is counted, in seconds.
pub const LONGEST: i64 = 90 * DAY;

/// How often something was done, and how often it was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub success: i64,
    /// Refused, or failed.
    pub refused: i64,
}

impl Tally {
    /// Both together.
    pub fn total(self) -> i64 {
        self.success + self.refused
    }

    /// Of a thousand, how many were done; rounded down, so that 1000 means all of them. `None`
    /// where nothing happened.
    pub fn success_per_mille(self) -> Option<i64> {
        self.success.saturating_mul(1000).checked_div(self.total())
    }

    fn add(&mut self, other: Self) {
        self.success += other.success;
        self.refused += other.refused;
    }
}

/// What happened in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// From this instant on, in seconds since 1970.
    pub from: i64,
    /// Before this instant, in seconds since 1970.
    pub until: i64,
    /// All of it.
    pub all: Tally,
    /// By category; every category is there.
    pub categories: Vec<(Category, Tally)>,
    /// By action, the most frequent first.
    pub actions: Vec<(String, Tally)>,
}

/// Counts what fits the filter, in the last seven days unless it says when. Like events that are
/// kept in one entry count as often as they happened.
///
/// # Errors
/// `Invalid` for a stretch that is longer than
/// [`LONGEST`] or ends before it begins.
pub async fn overview(work: &mut Work, now: i64, filter: &Filter) -> Result<Overview, Refusal> {
    let (from, until) = stretch(now, filter)?;
    let rows = count(work, filter, (from, until)).await?;
    let mut all = Tally::default();
    let mut categories: Vec<_> = Category::ALL.map(|it| (it, Tally::default())).into();
    let mut actions: Vec<(String, Tally)> = Vec::new();
    for (action, tally) in rows {
        all.add(tally);
        let category = Category::of(&action);
        categories.iter_mut().filter(|(it, _)| *it == category).for_each(|(_, it)| it.add(tally));
        match actions.last_mut().filter(|(last, _)| *last == action) {
            Some((_, last)) => last.add(tally),
            None => actions.push((action, tally)),
        }
    }
    actions.sort_by(|a, b| b.1.total().cmp(&a.1.total()).then_with(|| a.0.cmp(&b.0)));
    Ok(Overview { from, until, all, categories, actions })
}

fn stretch(now: i64, filter: &Filter) -> Result<(i64, i64), Refusal> {
    let until = filter.until.unwrap_or(now.saturating_add(1));
    let from = filter.from.unwrap_or(until.saturating_sub(USUAL));
    if from >= until {
        return Err(Refusal::field("from", "This is not before the end."));
    }
    if until.saturating_sub(from) > LONGEST {
        let message = format!("At most {} days are counted at once.", LONGEST / DAY);
        return Err(Refusal::field("from", message));
    }
    Ok((from, until))
}

/// Action by action, and outcome by outcome.
async fn count(
    work: &mut Work,
    filter: &Filter,
    (from, until): (i64, i64),
) -> Result<Vec<(String, Tally)>, Fault> {
    let mut list = Listing::of(
        "SELECT action, outcome, CAST(SUM(count) AS BIGINT) AS happened FROM audit_events",
    );
    filter.narrow_matter(work, &mut list).await?;
    if let Some(person) = filter.person(work).await? {
        let person = list.text(&person);
        list.and(&format!("({BY} {person} OR {ABOUT} {person})"));
        narrow_time(&mut list, (Some(from), Some(until)));
    } else {
        // Without ids, which the index that is counted does not hold.
        let (from, until) = (list.int(from), list.int(until));
        list.and(&format!("at >= {from} AND at < {until}"));
    }
    let rows = list.grouped(work, "action, outcome").await?;
    rows.iter()
        .map(|row| {
            let (outcome, count): (String, i64) = (row.get(1)?, row.get(2)?);
            let tally = match outcome.as_str() {
                "success" => Tally { success: count, refused: 0 },
                _ => Tally { success: 0, refused: count },
            };
            Ok((row.get(0)?, tally))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_rounded_down_so_that_only_all_is_all() {
        let rate = |success, refused| Tally { success, refused }.success_per_mille();
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(9_999, 1), Some(999));
        assert_eq!(rate(3, 0), Some(1000));
        assert_eq!(rate(0, 3), Some(0));
    }

    #[test]
    fn a_stretch_is_a_week_unless_said_and_90_days_at_most() {
        let asked = |from, until| {
            let filter = Filter { from, until, ..Filter::default() };
            stretch(1_800_000_000, &filter).ok()
        };
        assert_eq!(asked(None, None), Some((1_799_395_201, 1_800_000_001)));
        assert_eq!(asked(Some(0), Some(LONGEST)), Some((0, LONGEST)));
        for (from, until) in [(0, LONGEST + 1), (7, 7), (8, 7), (i64::MIN, i64::MAX)] {
            assert_eq!(asked(Some(from), Some(until)), None, "{from} to {until}");
        }
    }
}
