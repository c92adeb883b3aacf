//! Values that travel through the browser: sealed under the master key, bound to one browser,
//! good for half an hour. So nothing anonymous is stored.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use domain::Fault;

use super::browser::Browser;
use crate::app::App;

/// An authorization request that waits for a sign-in.
pub const AUTHORIZATION: &str = "authorization request";
/// A logout request that waits for an answer.
pub const LOGOUT: &str = "logout request";

/// That a password was right, while a second factor is asked for.
pub const PASSWORD_PROOF: &str = "password proof";
/// A second factor that is being set up.
pub const ENROLMENT: &str = "second factor enrolment";

/// What the logout page asks about.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogoutQuestion {
    /// The application that asks, by name.
    pub application: Option<String>,
    /// Where the browser goes afterwards: registered by that application.
    pub return_to: Option<String>,
}

/// Seconds a sealed value is good for.
const PATIENCE: i64 = 1800;
/// Seconds that the clocks of two nodes may differ.
const SKEW: i64 = 60;

#[derive(Serialize)]
struct Sealed<'a, T> {
    browser: &'a str,
    at: i64,
    value: &'a T,
}

#[derive(Deserialize)]
struct Opened<T> {
    browser: String,
    at: i64,
    value: T,
}

/// Seals `value` for this browser and purpose.
///
/// # Errors
/// When the library refuses.
pub fn seal<T: Serialize>(
    app: &App,
    browser: &Browser,
    purpose: &str,
    value: &T,
) -> Result<String, Fault> {
    let sealed = Sealed { browser: &browser.name, at: browser.call.now, value };
    let json = serde_json::to_vec(&sealed).map_err(|e| Fault::Broken(e.to_string()))?;
    app.instance.vault().seal_text(purpose, &json)
}

/// Opens what was sealed for this browser and purpose, not too long ago; `None` for anything else.
pub fn open<T: DeserializeOwned>(
    app: &App,
    browser: &Browser,
    purpose: &str,
    text: &str,
) -> Option<T> {
    let json = app.instance.vault().open_text(purpose, text)?;
    let opened: Opened<T> = serde_json::from_slice(&json).ok()?;
    let age = browser.call.now - opened.at;
    (opened.browser == browser.name && (-SKEW..=PATIENCE).contains(&age)).then_some(opened.value)
}

/// `path?name=value`.
pub fn link(path: &str, name: &str, value: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    format!("{path}?{query}")
}
