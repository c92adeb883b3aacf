//! The issuer: the public URL, kept byte for byte.
//!
//! Everybody compares it as text, so that a spelling which browsers would change is refused at
//! the start instead of failing in somebody's library.

use url::{Host, Url};

/// Is this an issuer? (RFC 8414 §2: https, no query, no fragment.)
pub(super) fn check(text: &str) -> Result<(), String> {
    const SHAPE: &str = "A URL is needed, such as https://id.example.com.";
    if text.contains(['?', '#']) {
        return Err("An issuer has neither a query nor a fragment.".into());
    }
    let url = Url::parse(text).map_err(|_| SHAPE.to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("An issuer holds neither a user nor a password.".into());
    }
    let host = url.host().ok_or(SHAPE)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        "http" => {
            return Err("http is good enough for localhost, 127.0.0.1 and [::1] alone; anywhere else an issuer is https."
                .into());
        }
        _ => return Err("An issuer begins with https://.".into()),
    }
    let spelt = url.as_str();
    // A URL without a path may be written without the slash that the library adds.
    if spelt == text || (url.path() == "/" && spelt.strip_suffix('/') == Some(text)) {
        return Ok(());
    }
    let spelt = if text.ends_with('/') { spelt } else { spelt.trim_end_matches('/') };
    Err(format!("Browsers spell this {spelt}; write it so."))
}

/// The port of an issuer on a loopback host, which nothing but this server can answer.
pub(super) fn loopback_port(issuer: &str) -> Option<u16> {
    let url = Url::parse(issuer).ok()?;
    url.host().filter(is_loopback).and_then(|_| url.port_or_known_default())
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_spelling_that_browsers_keep() {
        for issuer in [
            "https://id.example.com",
            "https://id.example.com/",
            "https://id.example.com/tenant/a",
            "https://id.example.com/tenant/",
            "https://id.example.com:8443",
            "http://localhost:8080",
            "http://demo.localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(check(issuer), Ok(()), "{issuer}");
        }
    }

    #[test]
    fn refuses_what_tokens_could_not_be_compared_by() {
        let mut told = String::new();
        for issuer in [
            "",
            "id.example.com",
            "http://id.example.com",
            "http://localhost.example.com",
            "ftp://id.example.com",
            "https://id.example.com/?a=b",
            "https://id.example.com#",
            "https://ann:pw@id.example.com",
            "https://ID.example.com",
            "https://id.example.com:443",
            "https://id.example.com/a/../b/",
            " https://id.example.com",
            "mailto:a@b",
        ] {
            told.extend([issuer, " | ", &check(issuer).unwrap_err(), "\n"]);
        }
        insta::assert_snapshot!(told, @r"
         | A URL is needed, such as https://id.example.com.
        id.example.com | A URL is needed, such as https://id.example.com.
        http://id.example.com | http is good enough for localhost, 127.0.0.1 and [::1] alone; anywhere else an issuer is https.
        http://localhost.example.com | http is good enough for localhost, 127.0.0.1 and [::1] alone; anywhere else an issuer is https.
        ftp://id.example.com | An issuer begins with https://.
        https://id.example.com/?a=b | An issuer has neither a query nor a fragment.
        https://id.example.com# | An issuer has neither a query nor a fragment.
        https://ann:pw@id.example.com | An issuer holds neither a user nor a password.
        https://ID.example.com | Browsers spell this https://id.example.com; write it so.
        https://id.example.com:443 | Browsers spell this https://id.example.com; write it so.
        https://id.example.com/a/../b/ | Browsers spell this https://id.example.com/b/; write it so.
         https://id.example.com | Browsers spell this https://id.example.com; write it so.
        mailto:a@b | A URL is needed, such as https://id.example.com.
        ");
    }
}
