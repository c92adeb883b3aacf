//! `/account/second-factor`: what a person does with their own second factor: set it up, replace or
//! remove it, get other recovery codes. Each asks for the password or a code once more.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::accounts;
use domain::accounts::second_factor::{self, Enrolment, RecoveryCodes};
use domain::{Fault, FieldError, Plain, Refusal};

use super::endings::{Done, done};
use super::views::{NewFactor, SecondFactorPage};
use super::{errors, next, qr, second_step};
use crate::app::App;
use crate::web::browser::{Browser, SignedIn};
use crate::web::failure::Failure;
use crate::web::form::{Fields, OwnForm};
use crate::web::page;
use crate::web::views::{Choice, Errors, Person, When};

const PATH: &str = "/account/second-factor";
const CONFIRM: &str = "/account/second-factor/confirm";

/// What is there, and what can be done.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
) -> Result<Response, Failure> {
    let mut response = page::render(&view(&app, &signed_in, &Fields::default()).await?);
    signed_in.browser.remember(response.headers_mut());
    Ok(response)
}

/// What was chosen, by whoever proves themselves once more.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let signed_in = known(browser)?;
    let (instance, call, id) = (&app.instance, &signed_in.browser.call, &signed_in.user.id);
    let code = Plain::new(fields.text("code"));
    let outcome = match fields.text("deed") {
        "set-up" => {
            let password = Plain::new(fields.text("password"));
            let begun = second_factor::begin(instance, call, id, &password).await;
            begun.map(|enrolment| Next::Confirm(Box::new(enrolment)))
        }
        "replace" => {
            let begun = second_factor::begin(instance, call, id, &code).await;
            begun.map(|enrolment| Next::Confirm(Box::new(enrolment)))
        }
        "renew" => {
            second_factor::renew_recovery_codes(instance, call, id, &code).await.map(Next::Codes)
        }
        "remove" => second_factor::remove(instance, call, id, &code).await.map(|()| Next::Done),
        _ => Err(Refusal::Invalid(vec![FieldError {
            field: "deed".into(),
            message: "Choose what you want to do.".into(),
        }])),
    };
    match outcome {
        Ok(Next::Confirm(enrolment)) => {
            confirm_page(&app, &signed_in, &enrolment, (StatusCode::OK, Errors::default()))
        }
        Ok(Next::Codes(codes)) => Ok(codes_page(&codes)),
        Ok(Next::Done) => Ok(done(Done::SecondFactorRemoved)),
        Err(Refusal::Invalid(wrong)) => {
            let page = view(&app, &signed_in, &fields).await?;
            let page = SecondFactorPage { errors: errors::shown(wrong), ..page };
            Ok(page::render_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(Refusal::NotFound) => Err(back()),
        Err(other) => Err(other.into()),
    }
}

/// The address of that form alone, typed or reloaded: it begins again.
pub(super) async fn begin_again() -> Response {
    page::see_other(PATH)
}

/// The first code of what is being set up.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let signed_in = known(browser)?;
    let (instance, call, id) = (&app.instance, &signed_in.browser.call, &signed_in.user.id);
    let enrolment = second_step::opened(&app, &signed_in.browser, fields.text("enrolment"));
    let Some(enrolment) = enrolment else { return Err(Failure::StrangeForm) };
    let typed = fields.text("code");
    match second_factor::confirm(instance, call, (id, enrolment.clone()), typed).await {
        Ok(codes) => Ok(codes_page(&codes)),
        Err(Refusal::Invalid(wrong)) => {
            let wrong = (StatusCode::UNPROCESSABLE_ENTITY, errors::shown(wrong));
            confirm_page(&app, &signed_in, &enrolment, wrong)
        }
        Err(Refusal::NotFound) => Err(back()),
        Err(other) => Err(other.into()),
    }
}

/// Where it goes on.
enum Next {
    Confirm(Box<Enrolment>),
    Codes(RecoveryCodes),
    Done,
}

fn known(browser: Browser) -> Result<SignedIn, Failure> {
    browser.into_signed_in().ok_or_else(back)
}

fn back() -> Failure {
    Failure::SignInFirst { back_to: PATH.into() }
}

async fn view(app: &App, signed_in: &SignedIn, typed: &Fields) -> Result<SecondFactorPage, Fault> {
    let (user, now) = (&signed_in.user, signed_in.browser.call.now);
    let mut work = app.instance.read();
    let held = second_factor::find(&mut work, &user.id).await?;
    let is_required = accounts::requires_second_factor(&mut work, &user.id).await?;
    let choice = |value: &str, label: &str, hint: &str| Choice {
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        chosen: typed.text("deed") == value,
        ..Choice::default()
    };
    let must_stay = "Your administrator asks for a second factor. You can replace it.".to_owned();
    Ok(SecondFactorPage {
        action: PATH.into(),
        form_token: signed_in.browser.form_token(app),
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        since: held.map(|it| When::relative(it.created_at, now)),
        last_used: held.and_then(|it| it.last_used_at).map(|at| When::relative(at, now)),
        recovery_codes: held.map_or(0, |it| it.recovery_codes),
        is_required,
        deeds: vec![
            choice("renew", "Get new recovery codes", "Those from before end."),
            choice("replace", "Move to another device or app", "The one you have ends with that."),
            Choice {
                refused: is_required.then_some(must_stay),
                ..choice("remove", "Remove it", "Your password alone signs you in then.")
            },
        ],
        errors: Errors::default(),
    })
}

fn confirm_page(
    app: &App,
    signed_in: &SignedIn,
    enrolment: &Enrolment,
    (status, errors): (StatusCode, Errors),
) -> Result<Response, Failure> {
    let (browser, email) = (&signed_in.browser, &signed_in.user.email);
    let uri = enrolment.uri(&app.instance, email)?;
    let page = NewFactor {
        action: CONFIRM.into(),
        form_token: browser.form_token(app),
        enrolment: second_step::carried(app, browser, enrolment)?,
        proof: None,
        request: None,
        next: None,
        application: None,
        email: email.clone(),
        is_replacement: enrolment.is_replacement(),
        cancel: PATH.into(),
        picture: qr::draw(&uri)?,
        uri,
        key: enrolment.key(),
        errors,
    };
    Ok(page::render_with(status, &page))
}

fn codes_page(codes: &RecoveryCodes) -> Response {
    page::render(&second_step::codes_page(codes, next::ACCOUNT))
}
