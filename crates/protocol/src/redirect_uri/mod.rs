//! Redirect URIs: what may be registered and what matches (OAuth 2.1 §2.3, §8.4; RFC 8252 §7;
//! RFC 9700 §2.1, §4.1.3).
//!
//! Two rules. Registering is strict: what two parsers could read in two ways is refused, because
//! a browser is one of them. Matching is stupid: byte for byte, with the port of a public
//! client's loopback address as the one exception. Nothing is normalised, decoded or guessed.
//!
//! Refuses to know clients, and to open any of these addresses.

mod difference;
mod registration;

use std::fmt;

use serde::ser::{Serialize, Serializer};

pub use difference::{Difference, Span, difference};
pub use registration::{MAX_CHARACTERS, Refusal};

use crate::uri::split_scheme;

/// A redirect URI as it was registered.
///
/// There is no `Deserialize`: text from outside comes in through [`RedirectUri::register`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: String,
}

impl RedirectUri {
    /// Accepts a URI for a client, or says why not.
    ///
    /// Allowed are https, http to a loopback address, and a private-use scheme holding a dot.
    /// Plain http elsewhere is refused, a named deviation from products that allow it.
    pub fn register(text: &str, confidential: bool) -> Result<Self, Refusal> {
        registration::check(text, confidential)?;
        Ok(Self { text: text.to_owned() })
    }

    /// A URI that was accepted when it was stored, under the rules of that day.
    pub fn stored(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Whether a request may name this URI: byte for byte, and for a public client's loopback
    /// address with any port or none (RFC 8252 §7.3).
    pub fn matches(&self, presented: &str, confidential: bool) -> bool {
        if self.text == presented {
            return true;
        }
        if confidential {
            return false;
        }
        match (Loopback::split(&self.text), Loopback::split(presented)) {
            (Some(ours), Some(theirs)) => {
                ours.host == theirs.host && ours.rest == theirs.rest && theirs.has_usable_port()
            }
            _ => false,
        }
    }

    /// The URI, byte for byte as registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host as written, brackets included. `None` when a private-use URI has none.
    pub fn host(&self) -> Option<&str> {
        let (_, rest) = split_scheme(&self.text)?;
        let rest = rest.strip_prefix("//")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = match authority.find(']') {
            Some(end) => authority.get(..=end)?,
            None => authority.split(':').next()?,
        };
        (!host.is_empty()).then_some(host)
    }

    /// Whether it is http to this machine: whoever listens there receives the code.
    pub fn is_loopback(&self) -> bool {
        Loopback::split(&self.text).is_some()
    }

    /// Whether its scheme is an app's own: any app on the device can claim it.
    pub fn is_private_use(&self) -> bool {
        split_scheme(&self.text).is_some_and(|(scheme, _)| scheme.contains('.'))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The hosts whose http is allowed, byte for byte.
const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// An http loopback URI in pieces. Only a whole authority is recognised, so that
/// `http://localhost:80@evil.example` and `http://localhost.evil.example` are none.
struct Loopback<'a> {
    host: &'a str,
    port: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let after = text.strip_prefix("http://")?;
        let host = LOOPBACK_HOSTS.into_iter().find(|host| after.starts_with(host))?;
        let (host, after) = after.split_at_checked(host.len())?;
        let (port, rest) = match after.strip_prefix(':') {
            Some(after) => {
                let digits = after.bytes().take_while(u8::is_ascii_digit).count();
                let (port, rest) = after.split_at_checked(digits)?;
                (Some(port), rest)
            }
            None => (None, after),
        };
        let is_whole = rest.is_empty() || rest.starts_with(['/', '?']);
        (is_whole && port != Some("")).then_some(Self { host, port, rest })
    }

    fn has_usable_port(&self) -> bool {
        self.port.is_none_or(is_usable_port)
    }
}

/// 1 to 65535, written the one usual way.
fn is_usable_port(digits: &str) -> bool {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    plain && digits.parse::<u16>().is_ok()
}
