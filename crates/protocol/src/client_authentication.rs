//! What a client presents to prove who it is (RFC 6749 §2.3, §3.2.1, §5.2; OAuth 2.1 §2.4;
//! RFC 7521 §4.2; RFC 7617 for the header).
//!
//! Reads, and never judges: no secret is compared here. Two rules nobody downstream can undo:
//! one mechanism only, and a secret that was presented empty is a wrong secret, never no secret.
//!
//! Refuses to know clients. That a secret does not stand in the query is seen to by the door.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::{Code, Error};
use crate::params::{Params, form_decode};

/// The `WWW-Authenticate` of a 401 for a client (RFC 6749 §5.2, RFC 7617 §2.1).
pub const BASIC_CHALLENGE: &str = r#"Basic realm="client", charset="UTF-8""#;

/// A presented secret. Neither `Debug` nor `Display` nor `Serialize`, so that it cannot be logged;
/// no `PartialEq`, so that it is compared in constant time or not at all.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for comparing it. May be empty, which is wrong and not absent.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// An identifier and the secret presented with it.
#[derive(Clone)]
pub struct Credentials {
    /// Who the client says it is.
    pub client_id: String,
    /// What it presents.
    pub secret: Secret,
}

/// How a client presents itself. `Debug` names the mechanism and the client alone.
#[derive(Clone)]
pub enum Presented {
    /// No proof at all: a public client, or nobody.
    None {
        /// The `client_id` of the body.
        client_id: Option<String>,
    },
    /// HTTP Basic.
    Basic {
        /// The credentials, form-decoded as the RFC has it, or as they stand.
        credentials: Credentials,
        /// The credentials as they stand, when decoding changed them: many libraries send these.
        undecoded: Option<Credentials>,
    },
    /// `client_id` and `client_secret` in the body.
    Post(Credentials),
    /// A signed assertion (RFC 7521).
    Assertion {
        /// The `client_id` of the body, which the assertion must bear out.
        client_id: Option<String>,
        /// `client_assertion_type`.
        assertion_type: String,
        /// `client_assertion`.
        assertion: Secret,
    },
}

impl Presented {
    /// Reads the `Authorization` header and the body.
    ///
    /// `invalid_request` for a repeated parameter, for two mechanisms at once and for a
    /// `client_id` in the body that is not the one of the header; `invalid_client` for a header
    /// that is not well-formed Basic, and for a proof that names no client.
    pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Self, Error> {
        params.single()?;
        let client_id = params.get("client_id");
        let secret = params.sent("client_secret");
        let assertion = params.sent("client_assertion");
        let assertion_type = params.sent("client_assertion_type");
        let has_assertion = assertion.is_some() || assertion_type.is_some();
        match (authorization, secret, has_assertion) {
            (None, None, false) => Ok(Self::None { client_id: client_id.map(str::to_owned) }),
            (Some(header), None, false) => basic(header, client_id),
            (None, Some(secret), false) => Ok(Self::Post(Credentials {
                client_id: client_id.ok_or_else(no_client)?.to_owned(),
                secret: Secret(secret.to_owned()),
            })),
            (None, None, true) => Ok(Self::Assertion {
                client_id: client_id.map(str::to_owned),
                assertion_type: assertion_type.ok_or_else(half_assertion)?.to_owned(),
                assertion: Secret(assertion.ok_or_else(half_assertion)?.to_owned()),
            }),
            _ => Err(Error::new(
                Code::InvalidRequest,
                "The client authenticates in more than one way. Use one.",
            )),
        }
    }

    /// Who the client says it is. An assertion without `client_id` names the client inside.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::None { client_id } | Self::Assertion { client_id, .. } => client_id.as_deref(),
            Self::Basic { credentials, .. } | Self::Post(credentials) => {
                Some(&credentials.client_id)
            }
        }
    }

    /// The credentials to try, in order: none, one, or two where a Basic header can be read in
    /// two ways. The client is authentic when one of them is right.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, &Secret)> {
        let (first, second) = match self {
            Self::None { .. } | Self::Assertion { .. } => (None, None),
            Self::Post(credentials) => (Some(credentials), None),
            Self::Basic { credentials, undecoded } => (Some(credentials), undecoded.as_ref()),
        };
        first.into_iter().chain(second).map(|c| (c.client_id.as_str(), &c.secret))
    }

    /// The method as client metadata names it (RFC 7591 §2); for an assertion the one that its
    /// key decides.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::None { .. } => "none",
            Self::Basic { .. } => "client_secret_basic",
            Self::Post(_) => "client_secret_post",
            Self::Assertion { .. } => "private_key_jwt",
        }
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.method()).field(&self.client_id()).finish()
    }
}

/// Standard base64; padding may be missing, as some libraries leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The value of the `Authorization` header as a client writes it: both parts form-encoded, joined
/// by a colon, in base64 (RFC 6749 §2.3.1).
pub fn basic_header(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn basic(header: &str, body_client_id: Option<&str>) -> Result<Presented, Error> {
    let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Error::new(
            Code::InvalidClient,
            "Clients authenticate with Basic or in the body.",
        )
        .received(scheme.chars().take(32).collect::<String>()));
    }
    let malformed = || Error::new(Code::InvalidClient, "The Authorization header is malformed.");
    let bytes = BASE64
        .decode(encoded.trim_matches(' '))
        .map_err(|_| malformed().because("what follows Basic is not base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| malformed().because("it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(malformed().because("it holds a NUL character"));
    }
    let (id, secret) =
        text.split_once(':').ok_or_else(|| malformed().because("it holds no colon"))?;
    if id.is_empty() {
        return Err(no_client());
    }
    let raw = Credentials { client_id: id.to_owned(), secret: Secret(secret.to_owned()) };
    let decoded = form_decode(id)
        .zip(form_decode(secret))
        .map(|(client_id, secret)| Credentials { client_id, secret: Secret(secret) });
    let is_named = |c: &Credentials| body_client_id.is_none_or(|id| id == c.client_id);
    let mut ways = decoded.into_iter().chain([raw]).filter(is_named);
    let credentials = ways.next().ok_or_else(|| {
        Error::new(Code::InvalidRequest, "client_id is not the one of the Authorization header.")
            .expected(id)
            .received(body_client_id.unwrap_or_default())
    })?;
    let undecoded = ways.next().filter(|raw| {
        let same_id = raw.client_id == credentials.client_id;
        !(same_id && raw.secret.expose() == credentials.secret.expose())
    });
    Ok(Presented::Basic { credentials, undecoded })
}

fn no_client() -> Error {
    Error::new(Code::InvalidClient, "The client is not named: client_id is missing.")
}

fn half_assertion() -> Error {
    Error::new(
        Code::InvalidClient,
        "client_assertion and client_assertion_type belong together; one is missing.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

    fn present(authorization: Option<&str>, body: &str) -> Result<Presented, Error> {
        Presented::parse(authorization, &Params::parse(body.as_bytes())?)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    /// The candidates as `id/secret`, or the code of the refusal.
    fn read(authorization: Option<&str>, body: &str) -> String {
        match present(authorization, body) {
            Err(error) => error.code.as_str().to_owned(),
            Ok(presented) => {
                let pair = |(id, secret): (&str, &Secret)| format!("{id}/{}", secret.expose());
                let pairs: Vec<String> = presented.candidates().map(pair).collect();
                format!("{} {}", presented.method(), pairs.join(" or "))
            }
        }
    }

    #[test]
    fn offers_the_decoded_and_the_undecoded_reading_of_basic() {
        for (text, candidates) in [
            ("app:s3cret", "app/s3cret"),
            ("app:a:b", "app/a:b"),
            ("app:", "app/"),
            ("my%20app:p%3Aq%25r%2B", "my app/p:q%r+ or my%20app/p%3Aq%25r%2B"),
            ("app:p+q", "app/p q or app/p+q"),
            ("app:100%", "app/100%"),
            ("app:%ff", "app/%ff"),
        ] {
            let expected = format!("client_secret_basic {candidates}");
            assert_eq!(read(Some(&basic(text)), ""), expected, "{text:?}");
        }
    }

    #[test]
    fn reads_basic_without_padding_and_in_any_case() {
        let unpadded = format!("bAsIc  {}", STANDARD_NO_PAD.encode("app:s"));
        assert_eq!(read(Some(&unpadded), ""), "client_secret_basic app/s");
    }

    #[test]
    fn refuses_a_malformed_header() {
        for header in [
            "",
            "Basic",
            "Basic ",
            "Basic %%%",
            "Basic YXBwOnM= YXBwOnM=",
            "Bearer mat_1",
            "Digest username=app",
            &basic("no-colon"),
            &basic(":secret"),
            &basic("app:\0"),
            &format!("Basic {}", STANDARD.encode(b"app:\xff")),
        ] {
            assert_eq!(read(Some(header), ""), "invalid_client", "{header:?}");
        }
    }

    #[test]
    fn refuses_two_mechanisms_at_once() {
        let header = basic("app:s");
        for (authorization, body) in [
            (Some(&header), "client_id=app&client_secret=s"),
            (Some(&header), "client_secret="),
            (Some(&header), "client_assertion=a&client_assertion_type=t"),
            (None, "client_id=app&client_secret=s&client_assertion=a&client_assertion_type=t"),
            (None, "client_id=app&client_secret=s&client_secret=t"),
        ] {
            let read = read(authorization.map(String::as_str), body);
            assert_eq!(read, "invalid_request", "{body:?}");
        }
    }

    #[test]
    fn refuses_another_client_id_in_the_body() {
        assert_eq!(read(Some(&basic("app:s")), "client_id=app"), "client_secret_basic app/s");
        assert_eq!(read(Some(&basic("app:s")), "client_id=other"), "invalid_request");
        let one_reading = read(Some(&basic("a%20b:s")), "client_id=a%2520b");
        assert_eq!(one_reading, "client_secret_basic a%20b/s");
    }

    #[test]
    fn never_takes_an_empty_secret_for_none() {
        assert_eq!(read(None, "client_id=app&client_secret="), "client_secret_post app/");
        assert_eq!(read(None, "client_id=app&client_secret"), "client_secret_post app/");
        assert_eq!(read(None, "client_id=app&client_secret=+"), "client_secret_post app/ ");
        assert_eq!(read(None, "client_id=app"), "none ");
        assert_eq!(read(None, "client_secret=s"), "invalid_client");
    }

    #[test]
    fn reads_an_assertion_as_a_whole() {
        let whole = present(None, "client_assertion=a.b.c&client_assertion_type=t").unwrap();
        assert_eq!((whole.method(), whole.client_id()), ("private_key_jwt", None));
        assert_eq!(whole.candidates().count(), 0);
        assert_eq!(read(None, "client_id=app&client_assertion=a.b.c"), "invalid_client");
        assert_eq!(read(None, "client_assertion_type=t"), "invalid_client");
    }

    #[test]
    fn keeps_secrets_out_of_debug() {
        let presented = present(None, "client_id=app&client_secret=hush").unwrap();
        insta::assert_snapshot!(format!("{presented:?}"), @r#"client_secret_post(Some("app"))"#);
        let presented = present(Some(&basic("app:hush")), "").unwrap();
        insta::assert_snapshot!(format!("{presented:?}"), @r#"client_secret_basic(Some("app"))"#);
    }
}
