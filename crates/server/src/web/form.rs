//! A posted form of ours: read once, refused unless this browser was given it.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::browser::Browser;
use super::failure::Failure;
use crate::app::App;

/// A form that was made for this browser and session.
pub struct OwnForm {
    /// Who sent it.
    pub browser: Browser,
    /// Its fields.
    pub fields: Fields,
}

/// The fields of a form in the order they were sent.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of this name, trimmed of nothing; empty where it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The first value of this name, unless it is blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// Was a checkbox of this name ticked?
    pub fn ticked(&self, name: &str) -> bool {
        self.filled(name).is_some()
    }

    /// Does any of them hold a NUL character? No browser sends one and no database keeps one.
    pub fn has_nul(&self) -> bool {
        self.0.iter().any(|(name, value)| name.contains('\0') || value.contains('\0'))
    }

    /// Every value of this name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
    }
}

impl FromRequest<Arc<App>> for OwnForm {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, app).await?;
        if !is_same_origin(app, &parts.headers) {
            return Err(Failure::StrangeForm);
        }
        let body = axum::body::to_bytes(body, 1024 * 1024).await.map_err(|_| unreadable())?;
        let fields = Fields(form_urlencoded::parse(&body).into_owned().collect());
        if !browser.owns_form(app, fields.text("form_token")) {
            return Err(Failure::StrangeForm);
        }
        Ok(Self { browser, fields })
    }
}

/// What is sent is no form of ours.
pub fn unreadable() -> Failure {
    Failure::Said {
        status: StatusCode::BAD_REQUEST,
        title: "This form could not be read",
        sentence: "The form is too large or not a form.".into(),
        advice: "Go back and send it again.",
        error_id: None,
    }
}

/// A browser says where a form comes from; a form of another site is refused even if it were to
/// carry a token. Our pages send no referrer, so their own forms come with `Origin: null`; then
/// `Sec-Fetch-Site` speaks for them.
fn is_same_origin(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    match text(header::ORIGIN) {
        None => true,
        Some("null") => site.is_some(),
        Some(origin) => origin == app.urls.origin() || origin_is_host(origin, text(header::HOST)),
    }
}

/// On a loopback issuer the same server answers at several names of the machine.
fn origin_is_host(origin: &str, host: Option<&str>) -> bool {
    origin.strip_prefix("http://").is_some_and(|name| Some(name) == host)
}
