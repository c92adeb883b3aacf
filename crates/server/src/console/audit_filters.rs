//! What the audit page is narrowed to: read from the URL, so that a view of it can be sent to a
//! colleague, and shown in its form. What it does not understand it ignores.

use domain::audit::{Category, Filter, Outcome};

use super::deeds;
use super::query::Query;
use super::views::AuditFilters;
use crate::web::views::Choice;

/// The names in the URL.
const NAMES: [&str; 10] =
    ["actor", "person", "client", "kind", "object", "action", "category", "outcome", "from", "to"];

/// Kinds of objects, and their words.
const KINDS: [(&str, &str); 14] = [
    ("", "Anything"),
    ("client", "Client"),
    ("user", "Person"),
    ("session", "Browser session"),
    ("organization", "Organization"),
    ("team", "Team"),
    ("role", "Role"),
    ("scope", "Scope"),
    ("resource", "Resource"),
    ("token", "Token"),
    ("sign_in_policy", "Sign-in policy"),
    ("settings", "Settings"),
    ("signing_key", "Signing key"),
    ("audit", "Audit trail"),
];

/// Categories, and their words.
pub(super) const CATEGORIES: [(Category, &str, &str); 5] = [
    (
        Category::Access,
        "Access",
        "Clients, consents, roles, scopes: what may be reached, and by whom",
    ),
    (
        Category::Authentication,
        "Authentication",
        "Sign-ins, sessions, tokens, passwords and secrets",
    ),
    (Category::Identity, "Identity", "People, teams and organizations"),
    (Category::Notifications, "Notifications", "Invitations and links to another password"),
    (Category::System, "System", "Settings, signing keys and the trail itself"),
];

const OUTCOMES: [(&str, &str); 3] = [("", "Any"), ("success", "Done"), ("refused", "Refused")];

/// What the URL asks for.
pub(super) fn asked(query: &Query) -> Filter {
    let text = |name: &str| query.get(name).map(str::to_owned);
    let kind = text("kind").filter(|kind| KINDS.iter().any(|(known, _)| known == kind));
    let object = kind.clone().zip(text("object"));
    Filter {
        actor: text("actor"),
        person: text("person"),
        client: text("client"),
        kind: if object.is_some() { None } else { kind },
        object,
        action: text("action"),
        category: query.get("category").and_then(Category::parse),
        outcome: query.get("outcome").and_then(Outcome::parse),
        from: query.get("from").and_then(|text| instant(text, false)),
        until: query.get("to").and_then(|text| instant(text, true)),
        before: None,
        limit: 0,
    }
}

/// The beginning of a day (UTC), or its end where it is the last one wanted; or an instant.
fn instant(text: &str, is_last: bool) -> Option<i64> {
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let day = if is_last { day.tomorrow().ok()? } else { day };
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(midnight.timestamp().as_second());
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// The form, filled.
pub(super) fn shown(query: &Query) -> AuditFilters {
    let choices = |name: &str, pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        let chosen = query.get(name).unwrap_or_default();
        pairs
            .map(|(value, label)| Choice {
                value: value.into(),
                label: label.into(),
                chosen: value == chosen,
                ..Choice::default()
            })
            .collect()
    };
    let any = std::iter::once(("", "Anything"));
    let categories = CATEGORIES.iter().map(|(category, label, _)| (category.as_str(), *label));
    AuditFilters {
        actor: query.text("actor"),
        person: query.text("person"),
        client: query.text("client"),
        kind: choices("kind", &mut KINDS.into_iter()),
        object: query.text("object"),
        action: choices("action", &mut any.clone().chain(deeds::ACTIONS.iter().copied())),
        category: choices("category", &mut any.chain(categories)),
        outcome: choices("outcome", &mut OUTCOMES.into_iter()),
        from: query.text("from"),
        to: query.text("to"),
        more: query.has_any(&["person", "client", "object", "category", "outcome"]),
        active: query.has_any(&NAMES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_at_midnight() {
        let day = 86_400;
        assert_eq!(instant("2027-01-15", false), Some(1_799_971_200));
        assert_eq!(instant("2027-01-15", true), Some(1_799_971_200 + day));
        assert_eq!(instant("2027-01-15T08:00:00Z", true), Some(1_800_000_000));
        for bad in ["", "yesterday", "2027-13-01", "15.1.2027"] {
            assert_eq!(instant(bad, false), None, "{bad}");
        }
    }

    #[test]
    fn an_object_needs_its_kind_and_nonsense_narrows_nothing() {
        let asked = |text: &str| asked(&Query::of(text));
        let filter = asked("kind=client&object=web-app&actor=ada&outcome=refused");
        assert_eq!(filter.object, Some(("client".into(), "web-app".into())));
        assert_eq!((filter.kind, filter.actor.as_deref()), (None, Some("ada")));
        assert_eq!(filter.outcome, Some(Outcome::Refused));
        let filter = asked("kind=planet&object=x&outcome=perhaps&from=never&action=");
        assert_eq!((filter.object, filter.kind, filter.action), (None, None, None));
        assert!(filter.outcome.is_none() && filter.from.is_none());
        assert_eq!(asked("kind=team").kind.as_deref(), Some("team"));
    }
}
