//! Who fills in the pages: someone friendly, or someone who tries what names can do.

use mandate::web::views::{Choice, FieldError, Frame, NavEntry, Person, When};

/// 21 November 2026, 14:05 UTC.
pub const NOW: i64 = 1_795_269_900;
pub const DAY: i64 = 86_400;

/// What must never appear in a page.
pub const HOSTILE_SIGNS: [&str; 4] = ["<script>alert", "<img src=x", "\"'>", "onerror=alert(2)>"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Friendly,
    Hostile,
}

impl Voice {
    /// The friendly words, or hostile ones in their place.
    pub fn say(self, words: &str) -> String {
        match self {
            Self::Friendly => words.to_owned(),
            Self::Hostile => format!(
                "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}gpj\u{2066}\u{200b}{}",
                "W".repeat(130)
            ),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "fills optional fields of views")]
    pub fn maybe(self, words: &str) -> Option<String> {
        Some(self.say(words))
    }

    pub fn choice(self, value: &str, label: &str, chosen: bool) -> Choice {
        Choice { value: value.into(), label: self.say(label), chosen, ..Choice::default() }
    }

    pub fn hinted(self, value: &str, label: &str, hint: &str, chosen: bool) -> Choice {
        Choice { hint: self.say(hint), ..self.choice(value, label, chosen) }
    }

    pub fn wrong(self, field: &str, message: &str) -> FieldError {
        FieldError { field: field.into(), message: self.say(message) }
    }

    pub fn person(self) -> Person {
        Person { name: self.say("Ada Brandt"), email: self.say("ada@northwind.example") }
    }

    pub fn frame(self, current: &str) -> Frame {
        let entry = |label: &str, icon: &str, enabled| NavEntry {
            label: label.into(),
            href: format!("/console/{}", label.to_lowercase()),
            icon: icon.into(),
            enabled,
            current: label == current,
            ..NavEntry::default()
        };
        Frame {
            nav: vec![
                entry("Clients", "clients", true),
                entry("Users", "users", true),
                entry("Teams", "teams", true),
                entry("Scopes", "scopes", true),
                entry("Sessions", "sessions", true),
                entry("Refusals", "refusal", true),
                entry("Audit", "audit", true),
                entry("Settings", "settings", true),
                entry("Hidden", "lock", false),
            ],
            person: self.person(),
            form_token: "sample-form-token".into(),
            search: Some("/console/search".into()),
            notice: None,
            done: None,
            undo: None,
        }
    }
}

pub fn ago(days: i64) -> When {
    When::relative(NOW - days * DAY - 4_000, NOW)
}

pub fn ahead(days: i64) -> When {
    When::relative(NOW + days * DAY + 4_000, NOW)
}
