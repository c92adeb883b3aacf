//! `GET` and `POST /logout`, `GET /signed-out`: the browser session ends, and nothing else does.
//!
//! The question of an application arrives sealed, with a return address that was checked before
//! it was sealed; no other address is ever followed.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::sessions;

use super::views::{Logout, SignedOut};
use super::{next, query};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::OwnForm;
use crate::web::page;
use crate::web::sealed::{self, LOGOUT, LogoutQuestion};
use crate::web::views::Person;

/// "Sign out?"
pub(super) async fn show(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(asked): RawQuery,
) -> Response {
    let sealed = query::value(asked.as_deref(), "request");
    let question = opened(&app, &browser, sealed.as_deref());
    let Some((_, user)) = browser.signed_in() else { return leads(question) };
    let person = Person { name: user.display_name.clone(), email: user.email.clone() };
    let logout = Logout {
        action: "/logout".into(),
        form_token: browser.form_token(&app),
        request: sealed.filter(|_| question.is_some()),
        application: question.and_then(|question| question.application),
        person,
        stay: next::ACCOUNT.into(),
    };
    let mut response = page::render(&logout);
    browser.remember(response.headers_mut());
    response
}

/// Ends the session. Somebody whose session is over already gets what they asked for, whatever
/// became of their form.
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    browser: Browser,
    form: Result<OwnForm, Failure>,
) -> Result<Response, Failure> {
    let Some((session, _)) = browser.signed_in() else { return Ok(leads(None)) };
    let OwnForm { fields, .. } = form?;
    let question = opened(&app, &browser, fields.filled("request"));
    let mut work = app.instance.begin().await?;
    sessions::end(&mut work, &browser.call, session.id).await?;
    work.commit().await?;
    Ok(done(&browser, question))
}

/// "You are signed out."
pub(super) async fn signed_out(browser: Browser) -> Response {
    if browser.signed_in().is_some() {
        return page::see_other(next::ACCOUNT);
    }
    page::render(&SignedOut { back: None })
}

fn opened(app: &App, browser: &Browser, sealed: Option<&str>) -> Option<LogoutQuestion> {
    sealed::open(app, browser, LOGOUT, sealed?)
}

/// To where the application registered, else to our own page.
fn leads(question: Option<LogoutQuestion>) -> Response {
    let back = question.and_then(|question| question.return_to);
    page::see_other(back.as_deref().unwrap_or("/signed-out"))
}

/// The same after a session has ended: the browser forgets its cookies.
pub(super) fn done(browser: &Browser, question: Option<LogoutQuestion>) -> Response {
    let mut response = leads(question);
    browser.forget(response.headers_mut());
    response
}
