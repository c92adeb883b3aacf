//! `GET` and `POST /invitation`: a first password for an account that somebody else made, by a
//! one-time link.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::accounts::{self, LinkPurpose, User};
use domain::{Fault, Plain, Refusal};

use super::entry::{link_is_over, sign_in};
use super::views::Invitation;
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
    let Some(user) = invited(&app, &browser, &link).await? else { return Ok(link_is_over()) };
    let mut response = page::render(&view(&app, &browser, &link, &user));
    browser.remember(response.headers_mut());
    Ok(response)
}

/// Sets the password and signs the person in.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let link = Plain::new(fields.text("link"));
    let password = Plain::new(fields.text("password"));
    match accounts::accept_invitation(&app.instance, &browser.call, &link, &password).await {
        Ok(user) => {
            sign_in(&app, &browser, &headers, (&user.email, &password), next::ACCOUNT).await
        }
        Err(Refusal::Invalid(wrong)) => {
            let Some(user) = invited(&app, &browser, &link).await? else {
                return Ok(link_is_over());
            };
            let form =
                Invitation { errors: errors::shown(wrong), ..view(&app, &browser, &link, &user) };
            Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
        Err(Refusal::NotFound | Refusal::Conflict { .. }) => Ok(link_is_over()),
        Err(other) => Err(other.into()),
    }
}

/// Whom the link is for, while it is good.
async fn invited(app: &App, browser: &Browser, link: &Plain) -> Result<Option<User>, Fault> {
    let mut work = app.instance.read();
    match accounts::peek_link(&mut work, link, browser.call.now).await? {
        Some(LinkPurpose::Invitation(id)) => accounts::find(&mut work, &id).await,
        _ => Ok(None),
    }
}

fn view(app: &App, browser: &Browser, link: &Plain, user: &User) -> Invitation {
    Invitation {
        action: "/invitation".into(),
        form_token: browser.form_token(app),
        link: link.reveal().into(),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        invited_by: None,
        errors: Errors::default(),
    }
}
