//! `/console/audit/overview`: how much happened in a stretch of days, and how it ended. Every
//! number is a link to exactly the entries it counts.

use domain::access::ReadAudit;
use domain::audit::{self, Category, Filter, LONGEST, Overview, Tally, USUAL};
use domain::{Refusal, Work};

use super::audit_filters::{self, CATEGORIES};
use super::deeds;
use super::query::Query;
use super::views::{AuditOverview, Counted};
use super::visitor::{Answer, Halt, Visitor};
use crate::web::tallies;
use crate::web::views::NavEntry;

const LIST: &str = "/console/audit";
const OVERVIEW: &str = "/console/audit/overview";
/// Kinds of events that are shown by themselves.
const MOST: usize = 10;
const DAY: i64 = 86_400;
/// The usual stretches, in days.
const STRETCHES: [i64; 4] = [1, 7, 30, 90];

/// The two ways to look at the trail.
pub(super) fn tabs(current: &str) -> Vec<NavEntry> {
    let tab = |label: &str, href: &str| NavEntry {
        label: label.into(),
        href: href.into(),
        enabled: true,
        current: label == current,
        ..NavEntry::default()
    };
    vec![tab("Entries", LIST), tab("Overview", OVERVIEW)]
}

/// The page.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<ReadAudit>()?;
    let mut work = visitor.app.instance.read();
    let (filter, counted, refused) = counted(&mut work, visitor.now(), &query).await?;
    let leads = Leads::to(&filter, &counted);
    let page = AuditOverview {
        frame: visitor.frame("Audit", &Query::default()),
        tabs: tabs("Overview"),
        stretches: stretches(visitor.now(), &leads),
        person: filter.person.clone().unwrap_or_default(),
        from: leads.from.clone(),
        to: leads.to.clone(),
        refused,
        cards: cards(&counted, &leads),
        categories: categories(&counted, &leads),
        actions: actions(&counted, &leads),
    };
    Ok(visitor.render(&page))
}

/// What was asked for; the usual days, and the reason, where that cannot be counted.
async fn counted(
    work: &mut Work,
    now: i64,
    query: &Query,
) -> Result<(Filter, Overview, Option<String>), Halt> {
    let asked = audit_filters::asked(query);
    let today = now - now.rem_euclid(DAY) + DAY;
    let until = asked.until.unwrap_or(today);
    let from = asked.from.unwrap_or(until - USUAL);
    let person = asked.person;
    let filter = Filter { person, from: Some(from), until: Some(until), ..Filter::default() };
    match audit::overview(work, now, &filter).await {
        Ok(counted) => Ok((filter, counted, None)),
        Err(Refusal::Invalid(_)) => {
            let filter = Filter { from: Some(today - USUAL), until: Some(today), ..filter };
            let counted = audit::overview(work, now, &filter).await?;
            let days = LONGEST / DAY;
            let why = format!(
                "The last day must not be before the first, and {days} days at most are counted at once. \
                 These are the last seven."
            );
            Ok((filter, counted, Some(why)))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Where the numbers lead: the same days, the same person.
struct Leads {
    from: String,
    to: String,
    person: Option<String>,
}

impl Leads {
    fn to(filter: &Filter, counted: &Overview) -> Self {
        Self { from: day(counted.from), to: day(counted.until - 1), person: filter.person.clone() }
    }

    fn at(&self, path: &str, more: &[(&str, &str)]) -> String {
        let days = [("from", self.from.as_str()), ("to", self.to.as_str())];
        self.query(path, days.iter().chain(more))
    }

    fn query<'a>(
        &'a self,
        path: &str,
        more: impl Iterator<Item = &'a (&'a str, &'a str)>,
    ) -> String {
        let person = self.person.as_deref().map(|person| ("person", person));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(person).extend_pairs(more.copied());
        format!("{path}?{}", query.finish())
    }
}

/// The day of an instant (UTC), as a date field writes it.
fn day(at: i64) -> String {
    let stamp = jiff::Timestamp::from_second(at).unwrap_or_default();
    stamp.strftime("%Y-%m-%d").to_string()
}

fn stretches(now: i64, leads: &Leads) -> Vec<NavEntry> {
    let today = day(now);
    let stretch = |days: i64| {
        let from = day(now - (days - 1) * DAY);
        let pairs = [("from", from.as_str()), ("to", today.as_str())];
        NavEntry {
            label: if days == 1 { "Today".into() } else { format!("Last {days} days") },
            href: leads.query(OVERVIEW, pairs.iter()),
            enabled: true,
            current: leads.from == from && leads.to == today,
            ..NavEntry::default()
        }
    };
    STRETCHES.map(stretch).into()
}

fn cards(counted: &Overview, leads: &Leads) -> Vec<Counted> {
    let card = |label: &str, count: i64, more: &[(&str, &str)]| Counted {
        label: label.into(),
        value: grouped(count),
        href: leads.at(LIST, more),
        ..Counted::default()
    };
    let all = counted.all;
    let rate = Counted {
        label: "Success rate".into(),
        value: tallies::rate(all).unwrap_or_else(|| "–".into()),
        ..Counted::default()
    };
    vec![
        card("Total", all.total(), &[]),
        card("Successful", all.success, &[("outcome", "success")]),
        card("Failed or denied", all.refused, &[("outcome", "refused")]),
        rate,
    ]
}

fn categories(counted: &Overview, leads: &Leads) -> Vec<Counted> {
    let of = |wanted: Category| {
        let found = counted.categories.iter().find(|(category, _)| *category == wanted);
        found.map(|(_, tally)| *tally).unwrap_or_default()
    };
    let row = |(category, label, about): &(Category, &str, &str)| Counted {
        about: (*about).into(),
        ..line(label, of(*category), ("category", category.as_str()), leads)
    };
    CATEGORIES.iter().map(row).collect()
}

fn actions(counted: &Overview, leads: &Leads) -> Vec<Counted> {
    let most = counted.actions.first().map_or(1, |(_, tally)| tally.total().max(1));
    let row = |(action, tally): &(String, Tally)| Counted {
        share: (tally.total() * 100 / most).max(1),
        ..line(&deeds::action(action), *tally, ("action", action), leads)
    };
    counted.actions.iter().take(MOST).map(row).collect()
}

fn line(label: &str, tally: Tally, which: (&str, &str), leads: &Leads) -> Counted {
    let refused = if tally.refused == 0 { String::new() } else { grouped(tally.refused) };
    Counted {
        label: label.into(),
        value: grouped(tally.total()),
        href: leads.at(LIST, &[which]),
        refused,
        refused_href: leads.at(LIST, &[which, ("outcome", "refused")]),
        ..Counted::default()
    }
}

/// "1 204 377", with spaces that do not break.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn long_numbers_are_read_in_threes() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1\u{a0}000"), (1_204_377, "1\u{a0}204\u{a0}377")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
