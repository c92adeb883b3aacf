//! `GET` and `POST /invitation` and `/password-reset`: a password by a one-time link, the first for
//! an account that somebody else made, or another for one whose password is forgotten.
//!
//! The link says which of the two it is, whatever the path; the path is for people.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::accounts::{self, LinkPurpose, User};
use domain::{Fault, Plain, Refusal};

use super::entry::{link_is_over, sign_in};
use super::views::NewPassword;
use super::{errors, next, query};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::OwnForm;
use crate::web::page;
use crate::web::views::{Errors, Person};

/// The form, while the link is good.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(asked): RawQuery,
) -> Result<Response, Failure> {
    let link = Plain::new(query::value(asked.as_deref(), "link").unwrap_or_default());
    let Some(found) = person_of(&app, &browser, &link).await? else { return Ok(link_is_over()) };
    let mut response = page::render(&view(&app, &browser, &link, &found));
    browser.remember(response.headers_mut());
    Ok(response)
}

/// Sets the password and signs the person in.
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let link = Plain::new(fields.text("link"));
    let password = Plain::new(fields.text("password"));
    match accounts::choose_password(&app.instance, &browser.call, &link, &password).await {
        Ok(user) => {
            sign_in(&app, &browser, &headers, (&user.email, &password), next::ACCOUNT).await
        }
        Err(Refusal::Invalid(wrong)) => {
            let Some(found) = person_of(&app, &browser, &link).await? else {
                return Ok(link_is_over());
            };
            let form =
                NewPassword { errors: errors::shown(wrong), ..view(&app, &browser, &link, &found) };
            Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
        Err(Refusal::NotFound | Refusal::Conflict { .. }) => Ok(link_is_over()),
        Err(other) => Err(other.into()),
    }
}

/// Whom the link is for and whether they had a password, while it is good.
async fn person_of(
    app: &App,
    browser: &Browser,
    link: &Plain,
) -> Result<Option<(User, bool)>, Fault> {
    let mut work = app.instance.read();
    let (id, is_reset) = match accounts::peek_link(&mut work, link, browser.call.now).await? {
        Some(LinkPurpose::Invitation(id)) => (id, false),
        Some(LinkPurpose::Reset(id)) => (id, true),
        _ => return Ok(None),
    };
    Ok(accounts::find(&mut work, &id).await?.map(|user| (user, is_reset)))
}

fn view(
    app: &App,
    browser: &Browser,
    link: &Plain,
    (user, is_reset): &(User, bool),
) -> NewPassword {
    NewPassword {
        action: if *is_reset { "/password-reset" } else { "/invitation" }.into(),
        form_token: browser.form_token(app),
        link: link.reveal().into(),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        is_reset: *is_reset,
        errors: Errors::default(),
    }
}
