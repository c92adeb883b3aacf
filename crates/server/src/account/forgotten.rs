//! `GET` and `POST /forgot-password`: a link to another password, mailed to whose address it is. There
//! only where mail is set up.
//!
//! Neither words nor time tell whether the address is somebody's: the request is counted, then
//! answered, and only behind the answer is it looked up and a mail sent.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::{Call, accounts};

use super::login::typed_email;
use super::views::ForgotPassword;
use crate::app::App;
use crate::mail::Wanted;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::OwnForm;
use crate::web::page;
use crate::web::views::{Errors, FieldError};

/// The form.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    browser: Browser,
) -> Result<Response, Failure> {
    open(&app)?;
    let mut response = page::render(&view(&app, &browser, String::new()));
    browser.remember(response.headers_mut());
    Ok(response)
}

/// Counts the request and answers; the rest happens behind the answer.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    open(&app)?;
    let email = typed_email(&fields);
    let form = view(&app, &browser, email.clone());
    if !email.contains('@') {
        let message = "An e-mail address looks like name@example.com.".into();
        let errors = Errors(vec![FieldError { field: "email".into(), message }]);
        let form = ForgotPassword { errors, ..form };
        return Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &form));
    }
    if let Some(seconds) = accounts::count_forgotten(&app.instance, &browser.call, &email).await? {
        let form =
            ForgotPassword { wait: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..form };
        let mut response = page::render_with(StatusCode::TOO_MANY_REQUESTS, &form);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    tokio::spawn(send(Arc::clone(&app), browser.call.clone(), email));
    Ok(page::render(&ForgotPassword { asked: true, ..form }))
}

/// Makes the link and mails it, if the address is somebody's who may have one.
async fn send(app: Arc<App>, call: Call, email: String) {
    match accounts::forgotten_link(&app.instance, &call, &email).await {
        Ok(Some((user, token))) => {
            app.mail_link(&call, (&user, &token), Wanted::ByThemselves).await;
        }
        Ok(None) => {}
        Err(fault) => tracing::error!(%fault, "no link was made for a forgotten password"),
    }
}

/// Without mail there is no such page.
fn open(app: &App) -> Result<(), Failure> {
    if app.mail.is_some() { Ok(()) } else { Err(Failure::NotFound) }
}

fn view(app: &App, browser: &Browser, email: String) -> ForgotPassword {
    ForgotPassword {
        action: "/forgot-password".into(),
        form_token: browser.form_token(app),
        email,
        asked: false,
        wait: None,
        errors: Errors::default(),
    }
}
