//! How mail is sent, as far as the operator has to know: which server, by which way, from whom.
//! Never a password.

use std::fmt;
use std::net::IpAddr;

use domain::Plain;
use lettre::message::Mailbox;
use url::Url;

/// The server that takes our mail, and who writes.
#[derive(Clone)]
pub struct Mail {
    url: Plain,
    place: String,
    from: Mailbox,
    is_open: bool,
}

impl Mail {
    /// Judges the URL of the server. Whether it answers is found out by connecting.
    ///
    /// # Errors
    /// A sentence that does not repeat it.
    pub fn parse(text: &str, from: Mailbox) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| FORM)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
        let is_bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
        let is_encrypted = match (url.scheme(), url.query()) {
            ("smtps", None) | ("smtp", Some("tls=required")) => true,
            ("smtp", None) => false,
            _ => return Err(FORM),
        };
        if !is_bare || url.username().is_empty() != url.password().is_none() {
            return Err(FORM);
        }
        let is_open = !is_encrypted && !is_loopback(host);
        if is_open && url.password().is_some() {
            return Err(
                "A password would go over the network for everybody to read. Write smtps://, or \
                 ?tls=required at the end.",
            );
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let place = format!("{}://{host}{port}", url.scheme());
        Ok(Self { url: Plain::new(text), place, from, is_open })
    }

    /// The URL, for connecting.
    pub fn url(&self) -> &str {
        self.url.reveal()
    }

    /// Who writes.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Does mail leave this machine unencrypted?
    pub fn is_open(&self) -> bool {
        self.is_open
    }
}

const FORM: &str = "A server is needed, as in smtps://USER:PASSWORD@HOST:465 or \
                    smtp://USER:PASSWORD@HOST:587?tls=required; what stands in USER and PASSWORD \
                    has to be percent-encoded.";

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.place, self.from.email)
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Mail, &'static str> {
        Mail::parse(url, "Mandate <id@example.com>".parse().unwrap())
    }

    #[test]
    fn shows_the_place_and_never_the_password() {
        for (url, shown, is_open) in [
            ("smtps://ann:tiger@mx.test:465", "smtps://mx.test:465", false),
            ("smtps://mx.test", "smtps://mx.test", false),
            ("smtp://ann:ti%40ger@mx.test:587?tls=required", "smtp://mx.test:587", false),
            ("smtp://ann:tiger@127.0.0.1:2525", "smtp://127.0.0.1:2525", false),
            ("smtp://relay.internal", "smtp://relay.internal", true),
        ] {
            let mail = parse(url).unwrap();
            assert_eq!(mail.to_string(), format!("{shown} from id@example.com"), "{url}");
            assert_eq!((mail.url(), mail.is_open()), (url, is_open));
            assert!(!format!("{mail:?}").contains("tiger"));
        }
    }

    #[test]
    fn refuses_what_is_no_server_or_would_tell_everybody_the_password() {
        for url in [
            "",
            "mx.test:25",
            "http://ann:tiger@mx.test",
            "smtp://",
            "smtp://ann@mx.test?tls=required",
            "smtp://mx.test?tls=opportunistic",
            "smtps://mx.test/path",
            "smtp://ann:tiger@mx.test",
            "smtp://ann:tiger@mx.test?tls=none",
        ] {
            let sentence = parse(url).unwrap_err();
            assert!(!sentence.contains("tiger"), "{sentence}");
        }
    }
}
