//! `GET` and `POST /setup`: the first administrator, by a one-time link.
//!
//! There is no default password anywhere: this page is the way in, once, and closed from then on.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::accounts::{self, LinkPurpose, NewUser};
use domain::{Plain, Refusal};

use super::entry::{link_is_over, sign_in};
use super::views::SetUp;
use super::{errors, query};
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::{Fields, OwnForm};
use crate::web::page;
use crate::web::views::Errors;

/// Where the first administrator begins.
const CONSOLE: &str = "/console/clients";

/// The form, while the link is good.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(asked): RawQuery,
) -> Result<Response, Failure> {
    let link = query::value(asked.as_deref(), "link").unwrap_or_default();
    let mut work = app.instance.read();
    let purpose = accounts::peek_link(&mut work, &Plain::new(&link), browser.call.now).await?;
    if purpose != Some(LinkPurpose::Setup) {
        return Ok(link_is_over());
    }
    let form = view(&app, &browser, link, &Fields::default());
    let mut response = page::render(&form);
    browser.remember(response.headers_mut());
    Ok(response)
}

/// Creates the administrator and signs them in.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let link = Plain::new(fields.text("link"));
    let password = Plain::new(fields.text("password"));
    let new = NewUser {
        email: fields.text("email").into(),
        display_name: fields.text("display_name").into(),
        password: Some(password.clone()),
    };
    match accounts::setup(&app.instance, &browser.call, &link, new).await {
        Ok(user) => sign_in(&app, &browser, &headers, (&user.email, &password), CONSOLE).await,
        Err(Refusal::Invalid(wrong)) => {
            let form = view(&app, &browser, link.reveal().into(), &fields);
            let form = SetUp { errors: errors::shown(wrong), ..form };
            Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
        Err(Refusal::NotFound | Refusal::Conflict { .. }) => Ok(link_is_over()),
        Err(other) => Err(other.into()),
    }
}

fn view(app: &App, browser: &Browser, link: String, typed: &Fields) -> SetUp {
    SetUp {
        action: "/setup".into(),
        form_token: browser.form_token(app),
        link,
        issuer: app.urls.issuer().into(),
        display_name: typed.text("display_name").into(),
        email: typed.text("email").into(),
        errors: Errors::default(),
    }
}
