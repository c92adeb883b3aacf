//! `prompt` and `max_age`: what the client asks to be shown to the person (OpenID Connect Core
//! §3.1.2.1; Initiating User Registration 1.0 for `create`).
//!
//! Refuses to know sessions: whether somebody must sign in again is decided elsewhere.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::error::{Code, Error};

/// One value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Show nothing at all.
    None,
    /// Ask the person to sign in, also when somebody is.
    Login,
    /// Ask for consent, also when it is remembered.
    Consent,
    /// Let the person choose an account.
    SelectAccount,
    /// Offer to create an account first.
    Create,
}

impl Prompt {
    const ALL: [Self; 5] =
        [Self::None, Self::Login, Self::Consent, Self::SelectAccount, Self::Create];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The set of values a `prompt` parameter named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Prompts(u8);

impl Prompts {
    /// Reads a `prompt` parameter. Values nobody knows are ignored.
    ///
    /// `invalid_request` when `none` stands beside anything else, known or not.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut prompts = Self::default();
        let mut unknown = false;
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == value) {
                Some(prompt) => prompts.0 |= prompt.bit(),
                None => unknown = true,
            }
        }
        let alone = prompts.0 == Prompt::None.bit() && !unknown;
        if prompts.contains(Prompt::None) && !alone {
            return Err(Error::new(
                Code::InvalidRequest,
                "prompt=none must not stand beside another value.",
            )
            .expected("none"));
        }
        Ok(prompts)
    }

    /// Whether this value was named.
    pub const fn contains(self, prompt: Prompt) -> bool {
        self.0 & prompt.bit() != 0
    }

    /// The same set with this value.
    #[must_use]
    pub const fn with(self, prompt: Prompt) -> Self {
        Self(self.0 | prompt.bit())
    }

    /// The same set without this value: what is left to do once it has been done.
    #[must_use]
    pub const fn without(self, prompt: Prompt) -> Self {
        Self(self.0 & !prompt.bit())
    }

    /// Whether no value was named.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for prompt in Prompt::ALL.into_iter().filter(|prompt| self.contains(*prompt)) {
            write!(f, "{space}{}", prompt.as_str())?;
            space = " ";
        }
        Ok(())
    }
}

impl Serialize for Prompts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prompts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| de::Error::custom(error.description))
    }
}

/// Reads `max_age`: the seconds since the last sign-in that the client puts up with. A number
/// too large for `u32` is as good as the largest.
///
/// `invalid_request` unless it is a non-negative whole number.
pub fn max_age(text: &str) -> Result<u32, Error> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::new(
            Code::InvalidRequest,
            "max_age must be a whole number of seconds, 0 or more.",
        )
        .received(text.chars().take(64).collect::<String>()));
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_set_and_ignores_the_unknown() {
        for (text, read) in [
            ("", ""),
            ("none", "none"),
            ("none  none", "none"),
            ("consent login", "login consent"),
            ("login biometric", "login"),
            ("LOGIN", ""),
            ("select_account create", "select_account create"),
        ] {
            let prompts = Prompts::parse(text).unwrap();
            assert_eq!(prompts.to_string(), read, "{text:?}");
            let sealed = serde_json::to_string(&prompts).unwrap();
            assert_eq!(serde_json::from_str::<Prompts>(&sealed).unwrap(), prompts);
        }
    }

    #[test]
    fn refuses_none_beside_anything() {
        for text in ["none login", "consent none", "none biometric", "none create"] {
            assert_eq!(Prompts::parse(text).unwrap_err().code, Code::InvalidRequest, "{text:?}");
        }
    }

    #[test]
    fn takes_away_what_has_been_done() {
        let prompts = Prompts::parse("login consent").unwrap();
        let left = prompts.without(Prompt::Login);
        assert!(left.contains(Prompt::Consent) && !left.contains(Prompt::Login));
        assert!(left.without(Prompt::Consent).is_empty());
    }

    #[test]
    fn reads_max_age_as_a_whole_number_only() {
        assert_eq!(max_age("0"), Ok(0));
        assert_eq!(max_age("3600"), Ok(3600));
        assert_eq!(max_age("99999999999999999999"), Ok(u32::MAX));
        for text in ["", "-1", "+1", "1.5", " 1", "0x10", "\u{661}"] {
            assert_eq!(max_age(text).unwrap_err().code, Code::InvalidRequest, "{text:?}");
        }
    }
}
