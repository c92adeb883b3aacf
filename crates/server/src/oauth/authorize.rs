//! `GET` and `POST /oauth2/authorize` (RFC 6749 §4.1.1): the one dispatcher.
//!
//! Login and consent only change stored state and come back here; what is next is decided by
//! `domain::authorizations`. A request of nobody is sealed in the browser and stored nowhere.
//! A cross-site POST is re-entered by GET, so that the browser sends its session cookie.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::authorizations::{
    self, Answer, Begun, Decision, Given, Pending, Refused, Unredirectable,
};
use domain::{Call, Plain};
use protocol::authorization_response::{self, AuthorizationResponse, ImplicitTokens, Outcome};
use protocol::error::{Code, Error};
use protocol::params::Params;

use super::answer::{About, note};
use crate::app::App;
use crate::web::asked::ErrorId;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::sealed::{self, AUTHORIZATION};
use crate::web::views::FormPost;

/// The request as the application sends the browser with it, or as a page of ours sends it back.
pub async fn get(
    State(app): State<Arc<App>>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let params = match Params::parse(query.as_bytes()) {
        Ok(params) => params,
        Err(error) => {
            return Ok(unredirectable(
                &app,
                &browser.call,
                Unredirectable { client_id: None, error },
            ));
        }
    };
    let mut response = match params.get("continue") {
        Some(sealed) => match sealed::open::<Pending>(&app, &browser, AUTHORIZATION, sealed) {
            Some(pending) => decide(&app, &browser, pending).await?,
            None => expired(),
        },
        None => match params.get("authorization") {
            Some(id) => resume(&app, &browser, id).await?,
            None => begin(&app, &browser, &params).await?,
        },
    };
    browser.remember(response.headers_mut());
    Ok(response)
}

/// Nothing is begun, decided or given by a request whose answer nobody reads: link checkers and mail
/// scanners ask so.
pub async fn head() -> Response {
    let allow = (header::ALLOW, HeaderValue::from_static("GET, POST"));
    (StatusCode::METHOD_NOT_ALLOWED, [allow]).into_response()
}

/// The same request by POST (OpenID Connect Core §3.1.2.1), re-entered by GET.
pub async fn post(State(app): State<Arc<App>>, browser: Browser, request: Request) -> Response {
    let Ok(body) = axum::body::to_bytes(request.into_body(), 64 * 1024).await else {
        let error = Error::new(Code::InvalidRequest, "The request is too large.");
        return unredirectable(&app, &browser.call, Unredirectable { client_id: None, error });
    };
    match Params::parse(&body) {
        Ok(params) => page::see_other(&format!("/oauth2/authorize?{}", params.to_query())),
        Err(error) => {
            unredirectable(&app, &browser.call, Unredirectable { client_id: None, error })
        }
    }
}

async fn begin(app: &App, browser: &Browser, params: &Params) -> Result<Response, Failure> {
    let mut work = app.instance.read();
    let begun_in = browser.signed_in().map(|(session, _)| session.id);
    match authorizations::begin(&mut work, &browser.call, params, begun_in).await? {
        Begun::Pending(pending, _) => decide(app, browser, *pending).await,
        Begun::Refused(refused) => Ok(refuse(app, &browser.call, &refused)),
        Begun::Page(page) => Ok(unredirectable(app, &browser.call, *page)),
    }
}

/// The person has answered; go on from what is stored.
async fn resume(app: &App, browser: &Browser, id: &str) -> Result<Response, Failure> {
    let Some(signed_in) = browser.signed_in() else { return Ok(expired()) };
    let mut work = app.instance.begin().await?;
    let Some(decision) = authorizations::resume(&mut work, &browser.call, id, signed_in).await?
    else {
        return Ok(expired());
    };
    work.commit().await?;
    Ok(finish(app, &browser.call, decision))
}

/// Asks the rules what is next, and does it.
async fn decide(app: &App, browser: &Browser, pending: Pending) -> Result<Response, Failure> {
    // A stranger takes no write transaction.
    let mut work = if browser.signed_in().is_some() {
        app.instance.begin().await?
    } else {
        app.instance.read()
    };
    let decision =
        authorizations::decide(&mut work, &browser.call, pending.clone(), browser.signed_in())
            .await?;
    if browser.signed_in().is_some() {
        work.commit().await?;
    }
    Ok(match decision {
        Decision::SignIn => {
            let sealed = sealed::seal(app, browser, AUTHORIZATION, &pending)?;
            page::see_other(&sealed::link("/login", "request", &sealed))
        }
        Decision::Consent(id) => page::see_other(&sealed::link("/consent", "request", &id)),
        other => finish(app, &browser.call, other),
    })
}

/// Sends the browser back to the application with what was decided.
fn finish(app: &App, call: &Call, decision: Decision) -> Response {
    match decision {
        Decision::Done(answer) => done(app, &answer),
        Decision::Refused(refused) => refuse(app, call, &refused),
        Decision::Withdrawn => withdrawn(),
        Decision::SignIn | Decision::Consent(_) | Decision::Taken => expired(),
    }
}

fn done(app: &App, answer: &Answer) -> Response {
    let outcome = match &answer.given {
        Given::Code(code) => Outcome::Code(code.reveal()),
        Given::Tokens { access, id_token } => Outcome::Tokens(ImplicitTokens {
            access_token: access
                .as_ref()
                .map(|access| (access.text.reveal(), access.expires_in.unsigned_abs())),
            id_token: id_token.as_ref().map(Plain::reveal),
            scope: access.as_ref().map(|access| &access.scopes),
        }),
    };
    let back = authorization_response::Answer {
        outcome,
        state: answer.state.as_deref(),
        issuer: app.instance.issuer(),
    };
    send(AuthorizationResponse::new(&answer.redirect_uri, answer.mode, &back))
}

fn refuse(app: &App, call: &Call, refused: &Refused) -> Response {
    let about = About {
        endpoint: "authorize",
        client_id: Some(refused.client.to_string()),
        used_basic: false,
    };
    let error_id = note(app, call, &about, &refused.error);
    let outcome = Outcome::Refused(&refused.error);
    let back = authorization_response::Answer {
        outcome,
        state: refused.state.as_deref(),
        issuer: app.instance.issuer(),
    };
    let mut response = send(AuthorizationResponse::new(&refused.redirect_uri, refused.mode, &back));
    ErrorId::mark(&mut response, error_id.as_deref());
    response
}

/// By redirect, or by a form that posts itself (and has a button where script is off).
fn send(answer: AuthorizationResponse) -> Response {
    match answer {
        AuthorizationResponse::Redirect { location } => match HeaderValue::from_str(&location) {
            Ok(location) => {
                let headers = [
                    (header::LOCATION, location),
                    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                ];
                (StatusCode::SEE_OTHER, headers).into_response()
            }
            Err(_) => expired(),
        },
        AuthorizationResponse::FormPost { action, fields } => {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let mut response =
                page::render(&FormPost { action, fields, application: String::new() });
            let headers: &mut HeaderMap = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
    }
}

/// A page, because nothing proves where an error may be sent (RFC 6749 §4.1.2.1).
pub(super) fn unredirectable(app: &App, call: &Call, page: Unredirectable) -> Response {
    let about = About { endpoint: "authorize", client_id: page.client_id, used_basic: false };
    let error_id = note(app, call, &about, &page.error);
    let said = Failure::Said {
        status: StatusCode::BAD_REQUEST,
        title: "This sign-in request cannot be used",
        sentence: page.error.description.into_owned(),
        advice: "Go back to the application and start again. If it happens again, give its maker the reference below.",
        error_id,
    };
    said.into_response()
}

/// The client lost the redirect URI, a scope or the grant while the person was signing in.
fn withdrawn() -> Response {
    Failure::Said {
        status: StatusCode::BAD_REQUEST,
        title: "This sign-in request cannot be used",
        sentence: "The application was changed while you were signing in.".into(),
        advice: "Go back to the application and sign in again.",
        error_id: None,
    }
    .into_response()
}

/// The request was sealed for another browser, or too long ago.
fn expired() -> Response {
    Failure::Said {
        status: StatusCode::BAD_REQUEST,
        title: "This sign-in took too long",
        sentence: "The sign-in request has expired or was begun in another browser.".into(),
        advice: "Go back to the application and sign in again.",
        error_id: None,
    }
    .into_response()
}
