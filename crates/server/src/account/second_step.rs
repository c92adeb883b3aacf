//! `POST /login/second-factor`: what is asked after the password, a code or to set a second factor
//! up. The page is the answer to the form before it, and carries what was proved so far, sealed and
//! bound to this browser.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::Fault;
use domain::accounts::second_factor::{Enrolment, RecoveryCodes as Codes};
use domain::accounts::{Demand, PasswordProof, SECOND_STEP_PATIENCE};
use domain::sessions::{self, SignIn};

use protocol::duration;

use super::entry::{carrying, enter as enter_with, user_agent};
use super::login::{expired, from_the_beginning};
use super::qr;
use super::views::{CodeStep, NewFactor, RecoveryCodes};
use super::waiting::Waiting;
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::form::OwnForm;
use crate::web::page;
use crate::web::sealed::{self, ENROLMENT, PASSWORD_PROOF};
use crate::web::views::{Errors, FieldError};

const PATH: &str = "/login/second-factor";

/// What stands against the last try.
#[derive(Default)]
struct Trouble {
    status: StatusCode,
    error: Option<&'static str>,
    /// Seconds to wait.
    wait: Option<i64>,
}

/// Asks for what is missing.
pub(super) async fn ask(
    app: &App,
    browser: &Browser,
    waiting: &Waiting,
    proof: &PasswordProof,
) -> Result<Response, Failure> {
    match proof.demand() {
        Demand::Code => code_page(app, browser, (waiting, proof), Trouble::default()).await,
        Demand::Enrolment => {
            let enrolment = proof.enrolment(&app.instance)?;
            new_factor(app, browser, (waiting, proof, &enrolment), Trouble::default()).await
        }
    }
}

/// The address of the form alone, typed or reloaded: what was proved was in the form, so the person
/// begins with the password.
pub(super) async fn show() -> Response {
    page::see_other("/login")
}

/// The attempt.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OwnForm { browser, fields }: OwnForm,
) -> Result<Response, Failure> {
    let Some(waiting) = Waiting::posted(&app, &browser, &fields) else { return Ok(expired()) };
    let proof = sealed::open(&app, &browser, PASSWORD_PROOF, fields.text("proof"));
    let Some(proof): Option<PasswordProof> = proof else { return Ok(expired()) };
    let enrolment = match fields.filled("enrolment") {
        None => None,
        Some(text) => match opened(&app, &browser, text) {
            None => return Ok(expired()),
            some => some,
        },
    };
    let (instance, call, agent) = (&app.instance, &browser.call, user_agent(&headers));
    let code = fields.text("code");
    let outcome = match enrolment.clone() {
        Some(new) => {
            sessions::set_up_second_factor(instance, call, (&proof, new), code, agent).await?
        }
        None => sessions::prove_second_factor(instance, call, &proof, code, agent).await?,
    };
    let (status, error, wait) = match &outcome {
        SignIn::Done { cookie, recovery_codes: None, .. } => {
            return enter_with(&app, &browser, cookie, &waiting.back()).await;
        }
        SignIn::Done { cookie, recovery_codes: Some(codes), .. } => {
            let page = page::render(&codes_page(codes, &waiting.back()));
            return carrying(&app, &browser, cookie, page).await;
        }
        SignIn::SecondFactor(proof) => return ask(&app, &browser, &waiting, proof).await,
        SignIn::WrongCode => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some(wrong(enrolment.as_ref())), None)
        }
        SignIn::Throttled { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, None, Some(*retry_after))
        }
        SignIn::Refused | SignIn::ForeignAddress | SignIn::Denied | SignIn::Busy => {
            let both = (proof.email(), &outcome);
            return from_the_beginning(&app, &browser, &waiting, both).await;
        }
    };
    let trouble = Trouble { status, error, wait };
    match &enrolment {
        Some(enrolment) => new_factor(&app, &browser, (&waiting, &proof, enrolment), trouble).await,
        None => code_page(&app, &browser, (&waiting, &proof), trouble).await,
    }
}

/// The recovery codes, this once, and where it goes on.
pub(super) fn codes_page(codes: &Codes, next: &str) -> RecoveryCodes {
    let (path, query) = next.split_once('?').unwrap_or((next, ""));
    RecoveryCodes {
        codes: codes.spelled().into_iter().map(str::to_owned).collect(),
        next: path.to_owned(),
        fields: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
    }
}

/// A second factor that is being set up, as text for this browser alone.
pub(super) fn carried(
    app: &App,
    browser: &Browser,
    enrolment: &Enrolment,
) -> Result<String, Fault> {
    sealed::seal(app, browser, ENROLMENT, &enrolment.seal(&app.instance)?)
}

/// What [`carried`] made for this browser, not too long ago.
pub(super) fn opened(app: &App, browser: &Browser, text: &str) -> Option<Enrolment> {
    let text: String = sealed::open(app, browser, ENROLMENT, text)?;
    Enrolment::open(&app.instance, &text)
}

fn wrong(enrolment: Option<&Enrolment>) -> &'static str {
    if enrolment.is_some() {
        "This is not the code that your app shows now. Look again."
    } else {
        "This is not a code of yours, or it was used already. Wait for the next one and try again."
    }
}

async fn code_page(
    app: &App,
    browser: &Browser,
    (waiting, proof): (&Waiting, &PasswordProof),
    trouble: Trouble,
) -> Result<Response, Failure> {
    let (request, next) = waiting.fields();
    let page = CodeStep {
        action: PATH.into(),
        form_token: browser.form_token(app),
        proof: sealed::seal(app, browser, PASSWORD_PROOF, proof)?,
        request,
        next,
        application: waiting.application(app).await?,
        email: proof.email().into(),
        error: trouble.error.map(str::to_owned),
        wait: trouble.wait.map(|seconds| duration::spell(seconds.unsigned_abs())),
        too_long: trouble.wait.is_some_and(|seconds| seconds >= SECOND_STEP_PATIENCE),
        login: waiting.login(),
    };
    let mut response = page::render_with(trouble.status, &page);
    if let Some(seconds) = trouble.wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

async fn new_factor(
    app: &App,
    browser: &Browser,
    (waiting, proof, enrolment): (&Waiting, &PasswordProof, &Enrolment),
    trouble: Trouble,
) -> Result<Response, Failure> {
    let (request, next) = waiting.fields();
    let uri = enrolment.uri(&app.instance, proof.email())?;
    let page = NewFactor {
        action: PATH.into(),
        form_token: browser.form_token(app),
        enrolment: carried(app, browser, enrolment)?,
        proof: Some(sealed::seal(app, browser, PASSWORD_PROOF, proof)?),
        request,
        next,
        application: waiting.application(app).await?,
        email: proof.email().into(),
        is_replacement: false,
        cancel: waiting.login(),
        picture: qr::draw(&uri)?,
        uri,
        key: enrolment.key(),
        errors: Errors(trouble.error.into_iter().map(on_code).collect()),
    };
    Ok(page::render_with(trouble.status, &page))
}

fn on_code(message: &'static str) -> FieldError {
    FieldError { field: "code".into(), message: message.into() }
}
