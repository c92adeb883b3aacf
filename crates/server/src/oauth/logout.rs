//! `GET` and `POST /oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Ordered checks: is the hint an ID token of ours → is the return URI one of its client's, byte
//! for byte → is it the person of this browser. Without a true hint the person is asked; a return
//! URI without one is never followed. Connected apps stay connected: only the browser session ends.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use domain::{clients, keys, sessions};
use protocol::params::Params;

use crate::app::App;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::sealed::{self, LOGOUT, LogoutQuestion};

/// What the request proves.
#[derive(Default)]
struct Proven {
    /// The person the hint names.
    user: Option<String>,
    /// The application the hint was issued to.
    application: Option<String>,
    /// Where to go afterwards, with `state`.
    return_to: Option<String>,
}

/// Ends the session at once where a hint proves who asks, else asks.
pub async fn ask(
    State(app): State<Arc<App>>,
    browser: Browser,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::POST {
        return Ok(by_get(body).await);
    }
    let params =
        Params::parse(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let proven = prove(&app, &browser, &params).await?;
    let signed_in = browser.signed_in();
    match (signed_in, &proven.user) {
        (Some((_, user)), Some(hinted)) if user.id.as_str() == hinted => {
            end(&app, &browser, proven.return_to.as_deref()).await
        }
        (None, _) => Ok(leads(proven.return_to.as_deref())),
        (Some(_), _) => {
            let question =
                LogoutQuestion { application: proven.application, return_to: proven.return_to };
            let sealed = sealed::seal(&app, &browser, LOGOUT, &question)?;
            let mut response = page::see_other(&sealed::link("/logout", "request", &sealed));
            browser.remember(response.headers_mut());
            Ok(response)
        }
    }
}

/// The same request by GET. A browser withholds its session from a form of another site; without
/// it nobody would seem to be signed in, and the session would be neither asked about nor ended.
async fn by_get(body: Body) -> Response {
    let bytes = axum::body::to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let params = Params::parse(&bytes).unwrap_or_default();
    page::see_other(&format!("/oauth2/logout?{}", params.to_query()))
}

async fn prove(app: &App, browser: &Browser, params: &Params) -> Result<Proven, Failure> {
    let mut work = app.instance.read();
    let Some(hint) = params.get("id_token_hint") else { return Ok(Proven::default()) };
    let Some(claims) = keys::verify(&mut work, browser.call.now, "JWT", hint).await? else {
        return Ok(Proven::default());
    };
    let text = |name: &str| claims.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    let (user, audience) = (text("sub"), text("aud"));
    let contradicts = params.get("client_id").is_some_and(|id| Some(id) != audience.as_deref());
    if contradicts {
        return Ok(Proven::default());
    }
    let client = match &audience {
        Some(id) => clients::find(&mut work, id).await?,
        None => None,
    };
    let asked = params.get("post_logout_redirect_uri");
    let application = client.as_ref().map(|client| client.name.clone());
    let registered = client
        .zip(asked)
        .filter(|(client, uri)| client.post_logout_redirect_uris.iter().any(|r| r == uri));
    let return_to = registered.map(|(_, uri)| with_state(uri, params.get("state")));
    Ok(Proven { user, application, return_to })
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let joint = if uri.contains('?') { '&' } else { '?' };
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    format!("{uri}{joint}{query}")
}

async fn end(app: &App, browser: &Browser, return_to: Option<&str>) -> Result<Response, Failure> {
    if let Some((session, _)) = browser.signed_in() {
        let mut work = app.instance.begin().await?;
        sessions::end(&mut work, &browser.call, session.id).await?;
        work.commit().await?;
    }
    Ok(signed_out(browser, return_to))
}

fn signed_out(browser: &Browser, return_to: Option<&str>) -> Response {
    let mut response = leads(return_to);
    browser.forget(response.headers_mut());
    response
}

fn leads(return_to: Option<&str>) -> Response {
    page::see_other(return_to.unwrap_or("/signed-out"))
}
