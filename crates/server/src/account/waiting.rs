//! What waits for a sign-in: an application, by its sealed request, or a page of ours. It travels
//! with every step, so that nothing is stored of somebody unknown.

use domain::authorizations::Pending;
use domain::{Fault, clients};

use super::next;
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::form::Fields;
use crate::web::sealed::{self, AUTHORIZATION};

/// What waits for the sign-in.
pub(super) enum Waiting {
    /// An authorization request, sealed, and what is in it.
    Request(String, Box<Pending>),
    /// A page of ours.
    Path(String),
}

impl Waiting {
    /// The sealed request if there is one, else a page of ours; `None` for a request that is too
    /// old or was begun in another browser.
    pub fn read(
        app: &App,
        browser: &Browser,
        request: Option<&str>,
        path: Option<&str>,
    ) -> Option<Self> {
        let Some(text) = request else {
            let path = path.and_then(next::own_path).unwrap_or(next::ACCOUNT);
            return Some(Self::Path(path.to_owned()));
        };
        let pending = sealed::open(app, browser, AUTHORIZATION, text)?;
        Some(Self::Request(text.to_owned(), Box::new(pending)))
    }

    /// The same from the fields of a form.
    pub fn posted(app: &App, browser: &Browser, fields: &Fields) -> Option<Self> {
        Self::read(app, browser, fields.filled("request"), fields.filled("next"))
    }

    /// Where the browser goes once somebody is signed in.
    pub fn back(&self) -> String {
        match self {
            Self::Request(text, _) => sealed::link("/oauth2/authorize", "continue", text),
            Self::Path(path) => path.clone(),
        }
    }

    /// The page that asks for the password, with what waits.
    pub fn login(&self) -> String {
        match self {
            Self::Request(text, _) => sealed::link("/login", "request", text),
            Self::Path(path) => sealed::link("/login", "next", path),
        }
    }

    /// The fields by which a form carries it: the sealed request, or the page.
    pub fn fields(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Path(path) => (None, Some(path.clone())),
            Self::Request(text, _) => (Some(text.clone()), None),
        }
    }

    /// The application that waits, by name.
    pub async fn application(&self, app: &App) -> Result<Option<String>, Fault> {
        let Self::Request(_, pending) = self else { return Ok(None) };
        let client = clients::find(&mut app.instance.read(), pending.client.as_str()).await?;
        Ok(client.map(|client| client.name.clone()))
    }
}
