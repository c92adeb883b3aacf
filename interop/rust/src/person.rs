//! The person: a browser of its own, which says where it was sent. Knows no form and no page.

use std::process::Command;

use openidconnect::url::Url;

use crate::Outcome;
use crate::told::Told;

/// What the person comes back with.
pub struct Callback {
    pub code: String,
    pub state: String,
    pub issuer: String,
}

/// Sends the person to `url` and waits until they are back.
pub fn visit(told: &Told, url: &Url) -> Outcome<Callback> {
    let went = Command::new(&told.person).arg(url.as_str()).output()?;
    if !went.status.success() {
        return Err(String::from_utf8_lossy(&went.stderr).into());
    }
    let back = String::from_utf8(went.stdout)?;
    let Some(query) = back.trim().strip_prefix(&told.redirect_uri) else {
        return Err(format!("the person came back at {back}").into());
    };
    let back = Url::parse(&format!("{}{query}", told.redirect_uri))?;
    let value = |name: &str| {
        let found = back.query_pairs().find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned()).ok_or(format!("no {name} in {back}"))
    };
    Ok(Callback { code: value("code")?, state: value("state")?, issuer: value("iss")? })
}
