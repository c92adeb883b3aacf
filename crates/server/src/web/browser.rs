//! A browser: its cookies, the session behind them, and the tokens that bind forms to it.
//!
//! Two cookies: `browser`, a random name for this browser that binds forms and sealed requests,
//! and `session`, the enciphered id of a session with its MAC. Both are `HttpOnly` and
//! `SameSite=Lax`, and `__Host-` and `Secure` unless the issuer is http on a loopback host.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use domain::accounts::User;
use domain::sessions::{self, Session};
use domain::{Actor, Call, Fault, Plain, Work};

use super::asked::Asked;
use super::failure::Failure;
use crate::app::App;

/// A browser and, if it is signed in, its person.
#[derive(Debug, Clone)]
pub struct Browser {
    /// The call behind the request; made by the person if there is one.
    pub call: Call,
    /// The random name of this browser.
    pub name: String,
    is_new: bool,
    session: Option<(Session, User)>,
    is_https: bool,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The browser.
    pub browser: Browser,
    /// Its session.
    pub session: Session,
    /// The person.
    pub user: User,
}

impl FromRequestParts<Arc<App>> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Ok(Asked(call)) = Asked::from_request_parts(parts, app).await;
        let is_https = app.urls.is_https();
        let mut work = app.instance.read();
        let session = match cookie(&parts.headers, &cookie_name("session", is_https)) {
            Some(value) => sessions::resume(&mut work, call.now, &value).await?,
            None => None,
        };
        let known =
            cookie(&parts.headers, &cookie_name("browser", is_https)).filter(|name| is_name(name));
        let (name, is_new) = match known {
            Some(name) => (name, false),
            None => (app.instance.vault().random_text::<18>()?, true),
        };
        let actor =
            session.as_ref().map_or_else(Actor::nobody, |(_, user)| Actor::user(user.id.clone()));
        if let Some((session, _)) = &session {
            sessions::touch(&app.instance, session, call.now);
        }
        Ok(Self { call: call.by(actor), name, is_new, session, is_https })
    }
}

fn is_name(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn cookie_name(name: &str, is_https: bool) -> String {
    if is_https { format!("__Host-mandate_{name}") } else { format!("mandate_{name}") }
}

/// The first cookie of this name.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|v| v.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
}

impl Browser {
    /// Session and person, if signed in.
    pub fn signed_in(&self) -> Option<(&Session, &User)> {
        self.session.as_ref().map(|(session, user)| (session, user))
    }

    /// The person, or nothing: pages that need one send the browser to the login page.
    pub fn into_signed_in(mut self) -> Option<SignedIn> {
        let (session, user) = self.session.take()?;
        self.session = Some((session.clone(), user.clone()));
        Some(SignedIn { browser: self, session, user })
    }

    /// The token that a form of ours carries: bound to this browser and to its session.
    pub fn form_token(&self, app: &App) -> String {
        app.instance.vault().browser_mac("form", &self.form_subject())
    }

    /// Was the form made for this browser and this session?
    pub fn owns_form(&self, app: &App, token: &str) -> bool {
        app.instance.vault().browser_mac_matches("form", &self.form_subject(), token)
    }

    fn form_subject(&self) -> String {
        let session = self.session.as_ref().map_or(0, |(session, _)| session.id.0);
        format!("{} {session}", self.name)
    }

    /// Cookies to set on an answer: the browser's name where it is new.
    pub fn remember(&self, headers: &mut HeaderMap) {
        if self.is_new {
            self.set(headers, "browser", &self.name, None);
        }
    }

    /// The browser carries this session from now on, under a fresh name.
    pub fn begin_session(&self, headers: &mut HeaderMap, cookie: &Plain) {
        self.set(headers, "session", cookie.reveal(), None);
    }

    /// The browser forgets its session and its name.
    pub fn forget(&self, headers: &mut HeaderMap) {
        self.set(headers, "session", "", Some(0));
        self.set(headers, "browser", "", Some(0));
    }

    fn set(&self, headers: &mut HeaderMap, name: &str, value: &str, max_age: Option<u32>) {
        let mut text =
            format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", cookie_name(name, self.is_https));
        if self.is_https {
            text.push_str("; Secure");
        }
        if let Some(seconds) = max_age {
            text.push_str("; Max-Age=");
            text.push_str(&seconds.to_string());
        }
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

impl SignedIn {
    /// What this person may do in the console: everything they hold, now.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn authority(&self, work: &mut Work) -> Result<domain::access::Authority, Fault> {
        let holdings = domain::access::holdings_of(work, self.user.id.as_str()).await?;
        let rights = domain::access::effective(&holdings, None);
        Ok(domain::access::Authority::new(self.browser.call.actor.clone(), rights))
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let browser = Browser::from_request_parts(parts, app).await?;
        // A nested router sees the rest of the path only; the person goes back to the whole.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let path = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        let is_get = parts.method == axum::http::Method::GET;
        browser
            .into_signed_in()
            .ok_or(Failure::SignInFirst { back_to: if is_get { path } else { "/".into() } })
    }
}
