//! `GET` and `POST /account/password`: another password, for who knows the present one.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Plain, Refusal, sessions};

use super::endings::{Done, done};
use super::errors;
use super::views::ChangePassword;
use crate::app::App;
use crate::web::browser::SignedIn;
use crate::web::failure::Failure;
use crate::web::form::OwnForm;
use crate::web::page;
use crate::web::views::{Errors, Person};

const PATH: &str = "/account/password";

/// The form.
pub(super) async fn show(State(app): State<Arc<App>>, signed_in: SignedIn) -> Response {
    let mut response = page::render(&view(&app, &signed_in));
    signed_in.browser.remember(response.headers_mut());
    response
}

/// The change. Every other browser session ends with it, and every token.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let back = || Failure::SignInFirst { back_to: PATH.into() };
    let signed_in = browser.into_signed_in().ok_or_else(back)?;
    let old = Plain::new(fields.text("current_password"));
    let new = Plain::new(fields.text("password"));
    let (call, session) = (&signed_in.browser.call, &signed_in.session);
    match sessions::change_password(&app.instance, call, session, &old, &new).await {
        Ok(()) => Ok(done(Done::Password)),
        Err(Refusal::Invalid(wrong)) => {
            let form = ChangePassword { errors: errors::shown(wrong), ..view(&app, &signed_in) };
            Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
        Err(Refusal::NotFound) => Err(back()),
        Err(other) => Err(other.into()),
    }
}

fn view(app: &App, signed_in: &SignedIn) -> ChangePassword {
    let user = &signed_in.user;
    ChangePassword {
        action: PATH.into(),
        form_token: signed_in.browser.form_token(app),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        errors: Errors::default(),
    }
}
