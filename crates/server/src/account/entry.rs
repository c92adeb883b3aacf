//! The moment of signing in: the browser carries its new session, and the one before ends.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use domain::{Plain, sessions};

use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::page;

/// Sends the browser to `back` with its new session. What it was signed in with before ends now
/// and not earlier, so that an attempt that came to nothing takes nothing away.
pub(super) async fn enter(
    app: &App,
    browser: &Browser,
    cookie: &Plain,
    back: &str,
) -> Result<Response, Failure> {
    if let Some((before, _)) = browser.signed_in() {
        let mut work = app.instance.begin().await?;
        sessions::end(&mut work, &browser.call, before.id).await?;
        work.commit().await?;
    }
    let mut response = page::see_other(back);
    browser.begin_session(response.headers_mut(), cookie);
    Ok(response)
}

/// What the browser says it is; empty where it says nothing readable.
pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
