//! `GET` and `POST /login`: an e-mail address and a password. What may come after them is asked by
//! the second step.
//!
//! An authorization request arrives sealed and goes back to the dispatcher sealed, so that
//! nothing is stored of somebody unknown. Every failure is the same page with calm words, and none
//! tells whether the address is somebody's.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::Plain;
use domain::sessions::{self, SignIn};
use protocol::prompt::Prompt;

use super::entry::{enter as enter_with, user_agent};
use super::views::{Expired, Login};
use super::waiting::Waiting;
use super::{query, second_step};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::{Fields, OwnForm};
use crate::web::page;

/// Most characters of an address that are read; nobody's is longer.
const LONGEST_EMAIL: usize = 320;

/// Seconds after which to try again when too many sign in at once.
const BUSY_FOR: i64 = 2;

/// Why the last try came to nothing.
#[derive(Default)]
pub(super) struct Trouble {
    status: StatusCode,
    error: Option<String>,
    /// Shown, in seconds.
    wait: Option<i64>,
    /// Told to programs, in seconds.
    retry_after: Option<i64>,
}

impl Trouble {
    /// In calm words, none of which tells whether the address is somebody's.
    fn of(outcome: &SignIn) -> Self {
        match outcome {
            SignIn::ForeignAddress => Self::said(
                "Your password is right, but your account may not sign in from this network. \
                 Go on from one that your administrator has allowed, or ask them.",
            ),
            SignIn::Denied => Self::said(
                "Your password is right, but your account may not sign in here for now. \
                 Ask your administrator.",
            ),
            SignIn::Throttled { retry_after } => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                wait: Some(*retry_after),
                retry_after: Some(*retry_after),
                error: None,
            },
            SignIn::Busy => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                retry_after: Some(BUSY_FOR),
                ..Self::said(
                    "Very many people are signing in at this moment, and your password was not \
                     looked at. Try again in a few seconds.",
                )
            },
            SignIn::Done { .. } | SignIn::SecondFactor(_) | SignIn::WrongCode | SignIn::Refused => {
                Self::said(
                    "That e-mail address and password do not belong together, or the account is \
                 switched off. Check both and try again.",
                )
            }
        }
    }

    /// What the password proved is worth nothing any more.
    fn over(outcome: &SignIn) -> Self {
        match outcome {
            SignIn::Refused => Self::said(
                "That took too long, or your account was changed meanwhile. Sign in again.",
            ),
            other => Self::of(other),
        }
    }

    fn said(words: &str) -> Self {
        Self { error: Some(words.into()), ..Self::default() }
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
    again(&app, &browser, &waiting, email, Trouble::default()).await
}

/// The attempt.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let Some(waiting) = Waiting::posted(&app, &browser, &fields) else { return Ok(expired()) };
    let email = typed_email(&fields);
    let password = Plain::new(fields.text("password"));
    let agent = user_agent(&headers);
    let (instance, call) = (&app.instance, &browser.call);
    let trouble = match sessions::sign_in(instance, call, &email, &password, agent).await? {
        SignIn::Done { cookie, .. } => {
            return enter_with(&app, &browser, &cookie, &waiting.back()).await;
        }
        SignIn::SecondFactor(proof) => {
            return second_step::ask(&app, &browser, &waiting, &proof).await;
        }
        other => Trouble::of(&other),
    };
    again(&app, &browser, &waiting, email, trouble).await
}

/// The address as it was typed, without what no address holds.
pub(super) fn typed_email(fields: &Fields) -> String {
    let typed = fields.text("email").trim().chars();
    typed.filter(|c| !c.is_control()).take(LONGEST_EMAIL).collect()
}

/// From the beginning, after a second step that came to nothing.
pub(super) async fn from_the_beginning(
    app: &App,
    browser: &Browser,
    waiting: &Waiting,
    (email, outcome): (&str, &SignIn),
) -> Result<Response, Failure> {
    again(app, browser, waiting, email.to_owned(), Trouble::over(outcome)).await
}

async fn again(
    app: &App,
    browser: &Browser,
    waiting: &Waiting,
    email: String,
    trouble: Trouble,
) -> Result<Response, Failure> {
    let (request, next) = waiting.fields();
    let application = waiting.application(app).await?;
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
        notice: browser.signed_in().map(|(_, user)| once_more(&user.email)),
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
fn once_more(email: &str) -> String {
    format!("You are signed in as {email}. Sign in once more to go on, or as somebody else.")
}

/// The request was begun elsewhere, or too long ago.
pub(super) fn expired() -> Response {
    page::render_with(StatusCode::BAD_REQUEST, &Expired { application: None, again: None })
}
