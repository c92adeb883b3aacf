//! The plain words that several pages are made of, and the pages that belong to no room: home,
//! error, not found. Knows no domain type; whoever answers a request fills these in.

use askama::Template;

use super::filters;

/// An instant, spelled three ways: for machines, for the eye, and in full for a tooltip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// RFC 3339, UTC.
    pub iso: String,
    /// What stands on the page without script.
    pub text: String,
    /// The exact instant in words.
    pub exact: String,
    /// Whether `text` counts from now ("3 days ago"), so that script keeps counting.
    pub relative: bool,
}

impl When {
    /// The date and minute, for `at` seconds since 1970.
    pub fn exact(at: i64) -> Self {
        let stamp = jiff::Timestamp::from_second(at).unwrap_or_default();
        let exact = stamp.strftime("%-d %b %Y, %H:%M UTC").to_string();
        Self { iso: stamp.to_string(), text: exact.clone(), exact, relative: false }
    }

    /// How far `at` lies from `now`, both in seconds since 1970.
    pub fn relative(at: i64, now: i64) -> Self {
        Self { text: distance(at.saturating_sub(now)), relative: true, ..Self::exact(at) }
    }
}

/// "in 3 days", "2 hours ago", "just now".
fn distance(seconds: i64) -> String {
    let size = seconds.unsigned_abs();
    let (count, unit) = match size {
        0..60 => return "just now".to_owned(),
        60..3_600 => (size / 60, "minute"),
        3_600..86_400 => (size / 3_600, "hour"),
        86_400..5_184_000 => (size / 86_400, "day"),
        5_184_000..63_072_000 => (size / 2_592_000, "month"),
        _ => (size / 31_536_000, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if seconds < 0 {
        format!("{count} {unit}{plural} ago")
    } else {
        format!("in {count} {unit}{plural}")
    }
}

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the form field, which is also the id of its element.
    pub field: String,
    /// A sentence that says what would be right.
    pub message: String,
}

/// Everything wrong with a form, in the order of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    /// What is wrong with one field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One option of a list of radio buttons, checkboxes or a drop-down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What a person reads.
    pub label: String,
    /// A second line; may be empty.
    pub hint: String,
    /// Whether it is selected.
    pub chosen: bool,
    /// Why it cannot be chosen now, if so.
    pub refused: Option<String>,
}

/// A name and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What a person reads.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// A name and a value that people copy: an endpoint, an identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value, copied byte for byte.
    pub value: String,
}

/// A piece of text for a terminal or a file, ready to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// What it is: "curl", ".env".
    pub label: String,
    /// The text, copied byte for byte.
    pub code: String,
}

/// A person as pages name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The display name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// One entry of a navigation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NavEntry {
    /// What a person reads.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// The name of its icon (`icons.rs`); unused in tabs.
    pub icon: String,
    /// Whether it exists for this person. Others are not shown.
    pub enabled: bool,
    /// Whether this is where we are.
    pub current: bool,
    /// The heading above it, on the first entry of its group.
    pub group: String,
}

/// What surrounds every page of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The entries of the sidebar.
    pub nav: Vec<NavEntry>,
    /// Who is signed in.
    pub person: Person,
    /// The token of the sign-out form, and of any form on the page.
    pub form_token: String,
    /// Where the search field leads, if there is a search.
    pub search: Option<String>,
    /// A sentence across the top: demonstration data, an issuer without https.
    pub notice: Option<String>,
    /// Something just done, told once: "Client saved."
    pub done: Option<String>,
    /// How it is undone, if it can be.
    pub undo: Option<Undo>,
}

/// A form that takes back what was just done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// Where it is sent.
    pub action: String,
    /// What goes along, beside the form token.
    pub fields: Vec<(String, String)>,
}

/// What `/` additionally says while `mandate demo` runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoGuide {
    /// The address of the sample application.
    pub sample_app: String,
    /// People to sign in as.
    pub people: Vec<DemoPerson>,
    /// Commands to try, in order.
    pub commands: Vec<Snippet>,
}

/// One person of the demonstration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoPerson {
    /// Display name.
    pub name: String,
    /// What they may do, in a few words.
    pub about: String,
    /// E-mail address.
    pub email: String,
    /// The password made for this run.
    pub password: String,
}

/// `/`: what this server is and where to go.
#[derive(Template)]
#[template(path = "web/home.html")]
pub struct Home {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// Discovery, authorization, token and the rest.
    pub endpoints: Vec<Fact>,
    /// Who is signed in in this browser, if anyone.
    pub person: Option<Person>,
    /// Present while `mandate demo` runs.
    pub demo: Option<DemoGuide>,
}

/// A refusal or failure that ends a request in the browser.
#[derive(Template)]
#[template(path = "web/error.html")]
pub struct ErrorPage {
    /// What happened, as a headline.
    pub title: String,
    /// One true sentence for the person.
    pub sentence: String,
    /// What they can do now.
    pub advice: String,
    /// Under which the exact reason is kept, if it is.
    pub error_id: Option<String>,
    /// Where the person can go from here; the first is the main one.
    pub ways_out: Vec<Link>,
}

/// `response_mode=form_post`: carries the answer to the application.
#[derive(Template)]
#[template(path = "web/form_post.html")]
pub struct FormPost {
    /// The registered redirect URI.
    pub action: String,
    /// The application by name.
    pub application: String,
    /// The response parameters, in order.
    pub fields: Vec<(String, String)>,
}

/// Nothing lives at this address.
#[derive(Template)]
#[template(path = "web/not_found.html")]
pub struct NotFound {
    /// Where the person can go from here; the first is the main one.
    pub ways_out: Vec<Link>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_towards_and_away_from_now() {
        for (seconds, words) in [
            (0, "just now"),
            (-59, "just now"),
            (-60, "1 minute ago"),
            (-7_199, "1 hour ago"),
            (7_200, "in 2 hours"),
            (604_800, "in 7 days"),
            (-31_536_000, "12 months ago"),
            (i64::MIN, "292471208677 years ago"),
        ] {
            assert_eq!(distance(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn spells_an_instant_for_machine_and_eye() {
        let when = When::exact(1_795_269_900);
        assert_eq!(when.iso, "2026-11-21T14:05:00Z");
        assert_eq!(when.text, "21 Nov 2026, 14:05 UTC");
        let later = When::relative(1_795_269_900, 1_795_266_300);
        assert_eq!((later.text.as_str(), later.relative), ("in 1 hour", true));
    }

    #[test]
    fn finds_the_error_of_its_own_field_only() {
        let errors = Errors(vec![FieldError { field: "name".into(), message: "Name it.".into() }]);
        assert_eq!(errors.of("name"), Some("Name it."));
        assert_eq!(errors.of("nam"), None);
    }
}
