//! Proof Key for Code Exchange (RFC 7636; OAuth 2.1 §4.1.1, §7.5.1; RFC 9700 §2.1.1).
//!
//! S256 is the only method. A method left out means `plain` (RFC 7636 §4.3), so it is refused
//! like `plain` itself.
//!
//! Refuses to know which client must send a challenge, and what becomes of the code.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::error::{Code, Error};

/// An S256 code challenge: the SHA-256 that the verifier must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`. `Ok(None)` when neither was sent.
    ///
    /// `invalid_request` for any method but S256 and for a challenge that is no SHA-256 in
    /// base64url.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, Error> {
        let refuse = |sentence: &'static str| Error::new(Code::InvalidRequest, sentence);
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                Err(refuse("code_challenge_method was sent without a code_challenge."))
            }
            (Some(_), None) => {
                Err(refuse("code_challenge_method was left out, which means plain. Send S256.")
                    .expected("S256"))
            }
            (Some(challenge), Some("S256")) => challenge.parse().map(Some),
            (Some(_), Some(method)) => {
                Err(refuse("code_challenge_method must be S256.").expected("S256").received(method))
            }
        }
    }

    /// The challenge that a verifier makes (RFC 7636 §4.2): what a client sends first.
    pub fn of(verifier: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref());
        Self(hash)
    }

    /// Whether this verifier made the challenge, compared in constant time.
    ///
    /// `invalid_grant` when it did not, and when it is none: 43 to 128 unreserved characters
    /// (RFC 7636 §4.1, §4.6).
    pub fn verify(&self, verifier: &str) -> Result<(), Error> {
        if !(43..=128).contains(&verifier.len()) {
            return Err(Error::new(
                Code::InvalidGrant,
                "The code_verifier must have 43 to 128 characters.",
            )
            .received(format!("{} characters", verifier.len())));
        }
        if !verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
            return Err(Error::new(
                Code::InvalidGrant,
                "The code_verifier holds a character that it may not hold.",
            ));
        }
        let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
        constant_time::verify_slices_are_equal(digest.as_ref(), &self.0).map_err(|_| {
            Error::new(
                Code::InvalidGrant,
                "The code_verifier does not belong to the code_challenge of this authorization.",
            )
        })
    }
}

/// Reads the 43 characters. `invalid_request` when they are no SHA-256 in base64url.
impl FromStr for Challenge {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refusal = || {
            Error::new(
                Code::InvalidRequest,
                "The code_challenge must be the base64url of a SHA-256: 43 characters.",
            )
            .received(format!("{} characters", text.chars().count()))
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refusal())?;
        bytes.try_into().map(Self).map_err(|_| refusal())
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Serialize for Challenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Challenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| de::Error::custom(error.description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn code_of(result: Result<Option<Challenge>, Error>) -> &'static str {
        result.err().map_or("accepted", |error| error.code.as_str())
    }

    #[test]
    fn accepts_the_example_of_the_rfc() {
        let challenge = Challenge::parse(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
        assert_eq!(challenge.verify(VERIFIER), Ok(()));
        assert_eq!(challenge.to_string(), CHALLENGE);
        let stored = serde_json::to_string(&challenge).unwrap();
        assert_eq!(stored, format!("\"{CHALLENGE}\""));
        assert_eq!(serde_json::from_str::<Challenge>(&stored).unwrap(), challenge);
    }

    #[test]
    fn refuses_every_method_but_s256() {
        assert_eq!(Challenge::parse(None, None), Ok(None));
        for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("")] {
            let refused = Challenge::parse(Some(CHALLENGE), method);
            assert_eq!(code_of(refused), "invalid_request", "{method:?}");
        }
        assert_eq!(code_of(Challenge::parse(None, Some("S256"))), "invalid_request");
    }

    #[test]
    fn refuses_what_is_no_challenge() {
        let short = &CHALLENGE[..42];
        let long = "A".repeat(129);
        let padded = format!("{CHALLENGE}=");
        let plus = CHALLENGE.replace('-', "+");
        // The last character carries two bits that must be zero.
        let loose = format!("{short}N");
        for text in ["", short, &long, &padded, &plus, &loose, &"\u{e9}".repeat(43)] {
            let refused = Challenge::parse(Some(text), Some("S256"));
            assert_eq!(code_of(refused), "invalid_request", "{text:?}");
        }
    }

    #[test]
    fn refuses_another_verifier_and_the_challenge_itself() {
        let challenge: Challenge = CHALLENGE.parse().unwrap();
        let other = VERIFIER.replace('d', "e");
        let space = VERIFIER.replace('-', " ");
        for verifier in ["", &VERIFIER[..42], &"a".repeat(129), &other, CHALLENGE, &space] {
            let refused = challenge.verify(verifier).unwrap_err();
            assert_eq!(refused.code, Code::InvalidGrant, "{verifier:?}");
        }
    }

    #[test]
    fn refuses_a_short_or_long_verifier_that_made_the_challenge() {
        for (length, accepted) in [(42, false), (43, true), (128, true), (129, false)] {
            let verifier = "a".repeat(length);
            let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
            let challenge: Challenge = URL_SAFE_NO_PAD.encode(digest).parse().unwrap();
            assert_eq!(challenge.verify(&verifier).is_ok(), accepted, "{length}");
        }
    }

    proptest! {
        #[test]
        fn verifies_what_made_it_and_nothing_else(
            verifier in "[A-Za-z0-9._~-]{43,128}",
            other in "[A-Za-z0-9._~-]{43,128}",
        ) {
            let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
            let challenge: Challenge = URL_SAFE_NO_PAD.encode(digest).parse().unwrap();
            prop_assert!(challenge.verify(&verifier).is_ok());
            prop_assert_eq!(challenge.verify(&other).is_ok(), verifier == other);
        }
    }
}
