//! The compact serialisation of a JWS (RFC 7515 §3.1, §7.1) in pieces: before the signature and
//! after it.
//!
//! Splitting checks the shape alone. Claims come out as bytes, so that nobody reads them before
//! the signature over `signed` has been verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Algorithm;
use crate::error::{Code, Error};

/// A longer token is refused, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// The header of a JWS, as far as it is of use here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The algorithm.
    pub alg: Algorithm,
    /// The name of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The kind of token, such as `at+jwt` (RFC 9068 §2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
}

/// A JWS taken apart. Nothing in it is true until the signature has been verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The header.
    pub header: Header,
    /// The decoded claims: JSON, so they say.
    pub claims: Vec<u8>,
    /// The part that the signature covers.
    pub signed: &'a str,
    /// The decoded signature.
    pub signature: Vec<u8>,
}

/// The text to sign: header and claims in base64url with a dot between. `claims` is JSON.
pub fn signing_input(header: &Header, claims: &[u8]) -> String {
    let header = header.to_json();
    // Four characters for three bytes, two dots, and room for the signature of an RSA key.
    let room = (header.len() + claims.len()) * 4 / 3 + 8 + 352;
    let mut text = String::with_capacity(room);
    URL_SAFE_NO_PAD.encode_string(header, &mut text);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut text);
    text
}

/// The whole token: the signed text, a dot, the signature.
pub fn assemble(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut signing_input);
    signing_input
}

/// Takes a token apart. `invalid_token` unless it has three parts in base64url, a header of a
/// known algorithm, no critical extension (RFC 7515 §4.1.11) and at most [`MAX_BYTES`].
pub fn split(token: &str) -> Result<Parts<'_>, Error> {
    let refuse = |note: &'static str| {
        Error::new(Code::InvalidToken, "The token is not a well-formed signed token.").because(note)
    };
    if token.len() > MAX_BYTES {
        return Err(refuse("it is too long"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| refuse("it has no dot"))?;
    let (header, claims) = signed.split_once('.').ok_or_else(|| refuse("it has one dot"))?;
    let decode = |part: &str| {
        URL_SAFE_NO_PAD.decode(part).map_err(|_| refuse("a part of it is not base64url"))
    };
    let header: Incoming = serde_json::from_slice(&decode(header)?)
        .map_err(|_| refuse("its header is no JSON with a known algorithm"))?;
    if header.crit.is_some() {
        return Err(refuse("its header names critical extensions, and none is known"));
    }
    let signature = decode(signature)?;
    if signature.is_empty() {
        return Err(refuse("it has no signature"));
    }
    Ok(Parts { header: header.known, claims: decode(claims)?, signed, signature })
}

/// A header from outside, with the one member that must not be overlooked.
#[derive(Deserialize)]
struct Incoming {
    #[serde(flatten)]
    known: Header,
    crit: Option<serde_json::Value>,
}

impl Header {
    /// Written by hand, so that it cannot fail.
    fn to_json(&self) -> String {
        let member = |name: &str, value: Option<&str>| match value {
            Some(value) => format!(r#","{name}":{}"#, serde_json::Value::from(value)),
            None => String::new(),
        };
        let kid = member("kid", self.kid.as_deref());
        let typ = member("typ", self.typ.as_deref());
        format!(r#"{{"alg":"{}"{kid}{typ}}}"#, self.alg.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> Header {
        Header { alg: Algorithm::Es256, kid: Some("k-1".into()), typ: Some("at+jwt".into()) }
    }

    fn forge(header: &str) -> String {
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn takes_apart_what_it_assembled() {
        let input = signing_input(&header(), br#"{"sub":"usr_1"}"#);
        let token = assemble(input.clone(), &[1, 2, 3]);
        insta::assert_snapshot!(token, @"eyJhbGciOiJFUzI1NiIsImtpZCI6ImstMSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ1c3JfMSJ9.AQID");
        let Ok(parts) = split(&token) else { panic!("refused") };
        assert_eq!(parts.header, header());
        assert_eq!(parts.claims, br#"{"sub":"usr_1"}"#);
        assert_eq!(parts.signed, input);
        assert_eq!(parts.signature, [1, 2, 3]);
    }

    #[test]
    fn refuses_what_no_signed_token_is() {
        let sound = forge(r#"{"alg":"RS256"}"#);
        assert!(split(&sound).is_ok());
        for token in [
            String::new(),
            "a".to_owned(),
            "..".to_owned(),
            "a.b".to_owned(),
            format!("{sound}.AAAA"),
            format!("{sound}="),
            sound.trim_end_matches('A').to_owned(),
            sound.replace("e30", "e3"),
            forge(r#"{"alg":"none"}"#),
            forge(r#"{"alg":"HS256"}"#),
            forge("{}"),
            forge("[]"),
            forge("\u{0}"),
            forge(r#"{"alg":"RS256","alg":"ES256"}"#),
            forge(r#"{"alg":"RS256","kid":7}"#),
            forge(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#),
            forge(&format!(r#"{{"alg":"RS256","x":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000))),
            sound.replace("e30", &"A".repeat(MAX_BYTES)),
        ] {
            let refused = split(&token).err().map(|error| error.code);
            assert_eq!(refused, Some(Code::InvalidToken), "{token:.60}");
        }
    }

    #[test]
    fn escapes_a_strange_key_name() {
        let strange = Header { kid: Some("a\"b\\".into()), ..header() };
        let json: Header = serde_json::from_str(&strange.to_json()).unwrap();
        assert_eq!(json, strange);
    }

    proptest! {
        #[test]
        fn keeps_every_byte(claims: Vec<u8>, signature in proptest::collection::vec(any::<u8>(), 1..600)) {
            let token = assemble(signing_input(&header(), &claims), &signature);
            let parts = split(&token);
            prop_assert!(parts.is_ok_and(|p| p.claims == claims && p.signature == signature));
        }

        #[test]
        fn never_panics(token in any::<String>(), pieces in "[A-Za-z0-9_=.-]{0,80}") {
            let _ = split(&token);
            let _ = split(&pieces);
        }
    }
}
