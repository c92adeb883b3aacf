//! What may be registered as a redirect URI, and the sentence for what may not.
//!
//! Our own reading comes first; then the parser that browsers follow (WHATWG URL) reads the same
//! text and must find the same scheme, host and path. Where the two differ, nothing is accepted.

use std::fmt;

use url::Url;

use super::{LOOPBACK_HOSTS, is_usable_port};
use crate::uri::{first_foreign_char, hex_pair, split_scheme};

/// A longer URI is refused.
pub const MAX_CHARACTERS: usize = 2_000;

/// Schemes that run or show something instead of carrying an answer to an application.
const DANGEROUS_SCHEMES: [&str; 10] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "intent",
    "javascript",
    "vbscript",
    "view-source",
];

/// Why a redirect URI cannot be registered. `Display` is a sentence for an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Nothing was given.
    Empty,
    /// More than [`MAX_CHARACTERS`].
    TooLong,
    /// A space, tab or line break.
    Whitespace,
    /// An invisible control character, also percent-encoded.
    ControlCharacter,
    /// A backslash, also percent-encoded: browsers read it as a slash.
    Backslash,
    /// A letter outside ASCII.
    NotAscii,
    /// A `*`.
    Wildcard,
    /// A `#`.
    Fragment,
    /// A character that no URI may hold, or a broken percent encoding.
    ForeignCharacter,
    /// No scheme at all.
    NotAbsolute,
    /// A scheme with capital letters.
    CapitalScheme,
    /// `javascript:`, `data:` and their kind.
    DangerousScheme,
    /// http to a host that is not this machine.
    PlainHttp,
    /// A scheme of an app without a dot.
    SchemeWithoutDot,
    /// A private-use scheme that is not followed by a slash.
    PrivateUseWithoutSlash,
    /// No host where one belongs.
    EmptyHost,
    /// A name or password before the host.
    UserInformation,
    /// A port that is none.
    InvalidPort,
    /// `.` or `..` as a step of the path, also percent-encoded.
    DotSegment,
    /// A browser would read another URI from this text.
    Ambiguous,
}

impl Refusal {
    /// The sentence for an administrator.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "Give a redirect URI.",
            Self::TooLong => "A redirect URI has at most 2,000 characters.",
            Self::Whitespace => "A redirect URI holds no space, tab or line break.",
            Self::ControlCharacter => "A redirect URI holds no control character.",
            Self::Backslash => "A redirect URI holds no backslash: browsers read it as a slash.",
            Self::NotAscii => {
                "A redirect URI holds ASCII characters only. Write an international host name in \
                 its xn-- form and percent-encode the rest."
            }
            Self::Wildcard => {
                "A redirect URI is compared character for character, so * stands for nothing. \
                 Register each URI by itself."
            }
            Self::Fragment => "A redirect URI has no fragment (the part after #).",
            Self::ForeignCharacter => {
                "This redirect URI holds a character that a URI cannot hold. Percent-encode it."
            }
            Self::NotAbsolute => {
                "A redirect URI is complete: it begins with https://, with http:// and a loopback \
                 address, or with an app's own scheme such as com.example.app:/."
            }
            Self::CapitalScheme => "Write the scheme in small letters.",
            Self::DangerousScheme => {
                "This scheme would run in the browser instead of the application."
            }
            Self::PlainHttp => {
                "Plain http would carry the code readable through the network. Use https, or http \
                 with 127.0.0.1, [::1] or localhost for an application on the same machine."
            }
            Self::SchemeWithoutDot => {
                "An app's own scheme holds a dot, like com.example.app: use a domain name of yours \
                 in reverse, so that no other app claims the same."
            }
            Self::PrivateUseWithoutSlash => {
                "Put a slash after an app's own scheme, as in com.example.app:/callback."
            }
            Self::EmptyHost => "The host is missing.",
            Self::UserInformation => "A redirect URI has no user name or password before the host.",
            Self::InvalidPort => "A port is a number from 1 to 65535.",
            Self::DotSegment => "The path holds . or .. as a step. Write the path it leads to.",
            Self::Ambiguous => {
                "A browser would read another address from this text. Write host, port and path \
                 in their plainest form."
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Refusal {}

/// All checks, from the characters to the whole.
pub(super) fn check(text: &str, confidential: bool) -> Result<(), Refusal> {
    check_characters(text)?;
    let (scheme, rest) = split_scheme(text).ok_or(Refusal::NotAbsolute)?;
    check_scheme(scheme)?;
    let private_use = scheme.contains('.');
    let Some(after) = rest.strip_prefix("//") else {
        if !private_use {
            return Err(Refusal::EmptyHost);
        }
        if !rest.starts_with('/') {
            return Err(Refusal::PrivateUseWithoutSlash);
        }
        check_path(path_of(rest))?;
        return check_with_browser(text, None, path_of(rest));
    };
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (authority, tail) = after.split_at(end);
    let host = check_authority(authority, scheme, confidential)?;
    check_path(path_of(tail))?;
    check_with_browser(text, Some(host), path_of(tail))
}

fn check_characters(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    if text.len() > MAX_CHARACTERS {
        return Err(Refusal::TooLong);
    }
    for c in text.chars() {
        match c {
            c if c.is_whitespace() => return Err(Refusal::Whitespace),
            c if c.is_control() => return Err(Refusal::ControlCharacter),
            '\\' => return Err(Refusal::Backslash),
            '*' => return Err(Refusal::Wildcard),
            '#' => return Err(Refusal::Fragment),
            c if !c.is_ascii() => return Err(Refusal::NotAscii),
            _ => {}
        }
    }
    if first_foreign_char(text).is_some() {
        return Err(Refusal::ForeignCharacter);
    }
    for (at, _) in text.match_indices('%') {
        match hex_pair(text.as_bytes(), at + 1) {
            Some(0x00..=0x1F | 0x7F) => return Err(Refusal::ControlCharacter),
            Some(b'\\') => return Err(Refusal::Backslash),
            _ => {}
        }
    }
    Ok(())
}

fn check_scheme(scheme: &str) -> Result<(), Refusal> {
    if DANGEROUS_SCHEMES.iter().any(|dangerous| scheme.eq_ignore_ascii_case(dangerous)) {
        return Err(Refusal::DangerousScheme);
    }
    if scheme.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Refusal::CapitalScheme);
    }
    let has_dot = scheme.contains('.') && scheme.split('.').all(|label| !label.is_empty());
    if scheme == "https" || scheme == "http" || has_dot {
        return Ok(());
    }
    Err(Refusal::SchemeWithoutDot)
}

/// Checks `host[:port]` and gives the host, brackets included.
fn check_authority<'a>(
    authority: &'a str,
    scheme: &str,
    confidential: bool,
) -> Result<&'a str, Refusal> {
    if authority.contains('@') {
        return Err(Refusal::UserInformation);
    }
    let end = match authority.find(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    if host.is_empty() {
        return Err(Refusal::EmptyHost);
    }
    if scheme == "http" && !LOOPBACK_HOSTS.contains(&host) {
        return Err(Refusal::PlainHttp);
    }
    // A public client's loopback port is never compared, and some libraries register port 0 for
    // "any". Nothing can listen there for a client whose port is exact.
    let any_port = scheme == "http" && !confidential && port == ":0";
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(host),
        Some(digits) if is_usable_port(digits) || any_port => Ok(host),
        _ => Err(Refusal::InvalidPort),
    }
}

/// Steps are looked at fully decoded: some servers decode once more than others, some drop what
/// follows a `;`, and some take an encoded slash for a slash.
fn check_path(path: &str) -> Result<(), Refusal> {
    let mut decoded = path.to_owned();
    while let Some(once) = decode_once(&decoded) {
        decoded = once;
    }
    for step in decoded.split(['/', '\\']) {
        let name = step.split(';').next().unwrap_or_default();
        if name == "." || name == ".." {
            return Err(Refusal::DotSegment);
        }
    }
    Ok(())
}

/// The text with its percent-encoded dots, slashes, semicolons and percents decoded once; `None`
/// when it holds none of them. Shorter each time, so decoding ends.
fn decode_once(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut skip = 0;
    for (at, c) in text.char_indices() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let byte = if c == '%' { hex_pair(text.as_bytes(), at + 1) } else { None };
        match byte {
            Some(byte @ (b'.' | b'/' | b';' | b'%' | b'\\')) => {
                decoded.push(char::from(byte));
                skip = 2;
            }
            _ => decoded.push(c),
        }
    }
    (decoded.len() < text.len()).then_some(decoded)
}

fn path_of(tail: &str) -> &str {
    tail.split('?').next().unwrap_or_default()
}

fn check_with_browser(text: &str, host: Option<&str>, path: &str) -> Result<(), Refusal> {
    let url = Url::parse(text).map_err(|_| Refusal::Ambiguous)?;
    let same_host = match (url.host_str(), host) {
        (Some(theirs), Some(ours)) => theirs.eq_ignore_ascii_case(ours),
        (theirs, ours) => theirs.is_none() && ours.is_none(),
    };
    let same_path = url.path() == path || (path.is_empty() && url.path() == "/");
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if same_host && same_path && bare { Ok(()) } else { Err(Refusal::Ambiguous) }
}
