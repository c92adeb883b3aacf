//! E-mail addresses, by which people sign in: what is allowed, and when two are the same.

use crate::text::is_invisible;
use crate::{FieldError, name_key};
use unicode_normalization::UnicodeNormalization;

/// Most characters of an address (RFC 5321, section 4.5.3.1.3, less its brackets).
const LONGEST: usize = 254;

/// An address fit to sign in with, and the key it is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email {
    /// As typed, trimmed, NFKC.
    pub text: String,
    /// As compared: case folded as well.
    pub key: String,
}

impl Email {
    /// One `@` between two parts without spaces. Whether it is delivered is not asked.
    ///
    /// # Errors
    /// Names the field `email` and quotes the rule.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let refuse =
            |message: &str| Err(FieldError { field: "email".into(), message: message.into() });
        let text: String = typed.trim().nfkc().collect();
        if text.chars().count() > LONGEST {
            return refuse("An e-mail address has at most 254 characters.");
        }
        let is_odd = |c: char| {
            c.is_whitespace()
                || is_invisible(c)
                || matches!(c, '<' | '>' | '"' | ',' | ';' | '(' | ')')
        };
        let fits = text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.split('.').all(|label| !label.is_empty())
                && !domain.contains('@')
        });
        if !fits || text.chars().any(is_odd) {
            return refuse("An e-mail address looks like name@example.com.");
        }
        let key = name_key(&text);
        Ok(Self { text, key })
    }
}

/// The key under which an address is looked up, whatever was typed.
pub(crate) fn key_of(typed: &str) -> String {
    name_key(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_one_key() {
        let key = Email::parse("Ann@Example.com").unwrap().key;
        for typed in
            ["ann@example.com", " ANN@EXAMPLE.COM ", "ann＠ｅxample.com", "\u{ff21}nn@example.com"]
        {
            assert_eq!(Email::parse(typed).unwrap().key, key, "{typed}");
            assert_eq!(key_of(typed), key, "{typed}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@@example.com",
            "ann@b@c",
            "ann b@example.com",
            "ann@example..com",
            "ann@.com",
            "ann\0@example.com",
            "ann\u{202E}@example.com",
            "<ann@example.com>",
            "a@b,c@d",
            &format!("{}@example.com", "a".repeat(250)),
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        for good in ["admin@localhost", "o'neil+x@example.co.uk", "пётр@пример.рф"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
    }
}
