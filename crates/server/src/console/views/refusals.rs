//! Why something was refused: the exact reason behind an error number, the recent ones, and the
//! page for a missing permission.

use askama::Template;

use super::Comparison;
use crate::web::filters;
use crate::web::views::{Fact, Frame, Link, When};

/// `/console/errors/{error_id}`: what the caller was not told.
#[derive(Template)]
#[template(path = "console/views/refusal.html")]
pub struct Refusal {
    /// The console around it.
    pub frame: Frame,
    /// The error number.
    pub error_id: String,
    /// What was refused, as a headline.
    pub title: String,
    /// The exact reason, in a sentence or two.
    pub reason: String,
    /// Expected against received.
    pub comparisons: Vec<Comparison>,
    /// What to do, one sentence each.
    pub advice: Vec<String>,
    /// When.
    pub at: When,
    /// The client that asked, if it is known.
    pub client: Option<Link>,
    /// What the caller was told, endpoint, address, browser, request id.
    pub facts: Vec<Fact>,
    /// How often the same happened lately, when it was more than once.
    pub repeated: Option<String>,
}

/// One refusal in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalRow {
    /// The error number.
    pub error_id: String,
    /// Its page.
    pub href: String,
    /// What was refused.
    pub title: String,
    /// The code the caller got.
    pub code: String,
    /// The client by name, if it is known.
    pub client: Option<String>,
    /// From which address.
    pub address: String,
    /// When.
    pub at: When,
}

/// `/console/errors`: refusals of the last days, newest first.
#[derive(Template)]
#[template(path = "console/views/refusal_list.html")]
pub struct RefusalList {
    /// The console around it.
    pub frame: Frame,
    /// An error number, client ID or address to narrow the list to, sent as `q`.
    pub q: String,
    /// One page.
    pub rows: Vec<RefusalRow>,
    /// How many more were only counted, if any.
    pub counted: Option<String>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// The person lacks a permission.
#[derive(Template)]
#[template(path = "console/views/forbidden.html")]
pub struct Forbidden {
    /// The console around it.
    pub frame: Frame,
    /// What they wanted to do: "create clients".
    pub what: String,
    /// The permission they lack: `oauth_client:create`.
    pub permission: String,
    /// Who can give it, by name.
    pub ask: Vec<String>,
    /// Where they can go from here.
    pub back: Link,
}
