//! The moment of signing in: the browser carries its new session, and the one before ends. Shared
//! by the login page and the one-time links, of which it also knows how they end.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use domain::Plain;
use domain::sessions::{self, SignIn};

use super::second_step;
use super::waiting::Waiting;
use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::views::{ErrorPage, Link};
use crate::web::{page, sealed};

/// Sends the browser to `back` with its new session.
pub(super) async fn enter(
    app: &App,
    browser: &Browser,
    cookie: &Plain,
    back: &str,
) -> Result<Response, Failure> {
    carrying(app, browser, cookie, page::see_other(back)).await
}

/// Gives the browser its new session with an answer. What it was signed in with before ends now
/// and not earlier, so that an attempt that came to nothing takes nothing away.
pub(super) async fn carrying(
    app: &App,
    browser: &Browser,
    cookie: &Plain,
    mut response: Response,
) -> Result<Response, Failure> {
    if let Some((before, _)) = browser.signed_in() {
        let mut work = app.instance.begin().await?;
        sessions::end(&mut work, &browser.call, before.id).await?;
        work.commit().await?;
    }
    browser.begin_session(response.headers_mut(), cookie);
    Ok(response)
}

/// What the browser says it is; empty where it says nothing readable.
pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Signs in with the password that was just chosen, the one way in that there is; a second factor
/// is asked for as ever. Where that is not possible at this moment, by the page.
pub(super) async fn sign_in(
    app: &App,
    browser: &Browser,
    headers: &HeaderMap,
    (email, password): (&str, &Plain),
    back: &str,
) -> Result<Response, Failure> {
    let agent = user_agent(headers);
    match sessions::sign_in(&app.instance, &browser.call, email, password, agent).await? {
        SignIn::Done { cookie, .. } => enter(app, browser, &cookie, back).await,
        SignIn::SecondFactor(proof) => {
            second_step::ask(app, browser, &Waiting::Path(back.to_owned()), &proof).await
        }
        _ => Ok(page::see_other(&sealed::link("/login", "next", back))),
    }
}

/// Used up, late or none of ours: nobody learns which.
pub(super) fn link_is_over() -> Response {
    let link = |label: &str, href: &str| Link { label: label.into(), href: href.into() };
    let page = ErrorPage {
        title: "This link cannot be used any more".into(),
        sentence: "A link of this kind works once and for a limited time. This one was used \
                   already, is too old, or was not copied in full."
            .into(),
        advice: "If you used it yourself, sign in. Otherwise ask whoever sent it for a new one."
            .into(),
        error_id: None,
        ways_out: vec![link("Sign in", "/login"), link("Home", "/")],
    };
    page::render_with(StatusCode::GONE, &page)
}
