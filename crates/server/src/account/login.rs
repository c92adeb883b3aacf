//! `GET` and `POST /login`: an e-mail address and a password.
//!
//! An authorization request arrives sealed and goes back to the dispatcher sealed, so that
//! nothing is stored of somebody unknown. Every failure is the same page with calm words, and none
//! tells whether the address is somebody's.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::authorizations::Pending;
use domain::sessions::{self, SignIn};
use domain::{Plain, clients};
use protocol::prompt::Prompt;

use super::entry::{enter as enter_with, user_agent};
use super::views::{Expired, Login};
use super::{next, query};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::{Fields, OwnForm};
use crate::web::page;
use crate::web::sealed::{self, AUTHORIZATION};

/// Most characters of an address that are read; nobody's is longer.
const LONGEST_EMAIL: usize = 320;

/// Seconds after which to try again when too many sign in at once.
const BUSY_FOR: i64 = 2;

/// What waits for the sign-in.
enum Waiting {
    /// An authorization request, sealed, and what is in it.
    Request(String, Box<Pending>),
    /// A page of ours.
    Path(String),
}

impl Waiting {
    /// The sealed request if there is one, else a page of ours; `None` for a request that is too
    /// old or was begun in another browser.
    fn read(
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

    /// Where the browser goes once somebody is signed in.
    fn back(&self) -> String {
        match self {
            Self::Request(text, _) => sealed::link("/oauth2/authorize", "continue", text),
            Self::Path(path) => path.clone(),
        }
    }
}

/// Why the last try came to nothing.
#[derive(Default)]
struct Trouble {
    status: StatusCode,
    error: Option<String>,
    /// Shown, in seconds.
    wait: Option<i64>,
    /// Told to programs, in seconds.
    retry_after: Option<i64>,
}

impl Trouble {
    fn refused() -> Self {
        let words = "That e-mail address and password do not belong together, or the account is \
                     switched off. Check both and try again.";
        Self { error: Some(words.into()), ..Self::default() }
    }

    fn foreign() -> Self {
        let words = "Your password is right, but your account may not sign in from this network. \
                     Go on from one that your administrator has allowed, or ask them.";
        Self { error: Some(words.into()), ..Self::default() }
    }

    fn denied() -> Self {
        let words = "Your password is right, but your account may not sign in here for now. \
                     Ask your administrator.";
        Self { error: Some(words.into()), ..Self::default() }
    }

    fn throttled(seconds: i64) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { status, error: None, wait: Some(seconds), retry_after: Some(seconds) }
    }

    fn busy() -> Self {
        let words = "Very many people are signing in at this moment, and your password was not \
                     looked at. Try again in a few seconds.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, error: Some(words.into()), wait: None, retry_after: Some(BUSY_FOR) }
    }
}

/// The form. Somebody who is signed in already and whom no application asks again goes on.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(asked): RawQuery,
) -> Result<Response, Failure> {
    let request = query::value(asked.as_deref(), "request");
    let path = query::value(asked.as_deref(), "next");
    let waiting = match Waiting::read(&app, &browser, request.as_deref(), path.as_deref()) {
        None => return Ok(expired()),
        Some(Waiting::Path(path)) if browser.signed_in().is_some() => {
            return Ok(page::see_other(&path));
        }
        Some(waiting) => waiting,
    };
    let email = expected(&browser, &waiting).unwrap_or_default();
    form(&app, &browser, &waiting, email, Trouble::default()).await
}

/// The attempt.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let (request, path) = (fields.filled("request"), fields.filled("next"));
    let waiting = Waiting::read(&app, &browser, request, path);
    let Some(waiting) = waiting else { return Ok(expired()) };
    let email = typed_email(&fields);
    let password = Plain::new(fields.text("password"));
    let agent = user_agent(&headers);
    let trouble =
        match sessions::sign_in(&app.instance, &browser.call, &email, &password, agent).await? {
            SignIn::Done { cookie, .. } => {
                return enter_with(&app, &browser, &cookie, &waiting.back()).await;
            }
            SignIn::Refused => Trouble::refused(),
            SignIn::ForeignAddress => Trouble::foreign(),
            SignIn::Denied => Trouble::denied(),
            SignIn::Throttled { retry_after } => Trouble::throttled(retry_after),
            SignIn::Busy => Trouble::busy(),
        };
    form(&app, &browser, &waiting, email, trouble).await
}

/// The address as it was typed, without what no address holds.
pub(super) fn typed_email(fields: &Fields) -> String {
    let typed = fields.text("email").trim().chars();
    typed.filter(|c| !c.is_control()).take(LONGEST_EMAIL).collect()
}

async fn form(
    app: &App,
    browser: &Browser,
    waiting: &Waiting,
    email: String,
    trouble: Trouble,
) -> Result<Response, Failure> {
    let (request, next, application) = match waiting {
        Waiting::Path(path) => (None, Some(path.clone()), None),
        Waiting::Request(text, pending) => {
            let client = clients::find(&mut app.instance.read(), pending.client.as_str()).await?;
            (Some(text.clone()), None, client.map(|client| client.name.clone()))
        }
    };
    let login = Login {
        action: "/login".into(),
        form_token: browser.form_token(app),
        request,
        next,
        application,
        email,
        error: trouble.error,
        wait: trouble.wait.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
        mails: app.mail.is_some(),
        notice: browser.signed_in().map(|(_, user)| again(&user.email)),
    };
    let mut response = page::render_with(trouble.status, &login);
    if let Some(seconds) = trouble.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    browser.remember(response.headers_mut());
    Ok(response)
}

/// Who is expected: whom the application named, else whoever is signed in, unless the application
/// asks who it shall be.
fn expected(browser: &Browser, waiting: &Waiting) -> Option<String> {
    let Waiting::Request(_, pending) = waiting else { return None };
    let request = &pending.request;
    let present = browser.signed_in().filter(|_| !request.prompts.contains(Prompt::SelectAccount));
    request.login_hint.clone().or_else(|| present.map(|(_, user)| user.email.clone()))
}

/// For somebody who is signed in: the application wants to be sure who it is.
fn again(email: &str) -> String {
    format!("You are signed in as {email}. Sign in once more to go on, or as somebody else.")
}

/// The request was begun elsewhere, or too long ago.
pub(super) fn expired() -> Response {
    page::render_with(StatusCode::BAD_REQUEST, &Expired { application: None, again: None })
}
