//! Resource indicators (RFC 8707 §2).
//!
//! A resource is a name that looks like an address. It is compared byte for byte and never opened.
//! Refuses to know which resources exist.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{Code, Error};
use crate::uri::{first_foreign_char, split_scheme};

/// A longer identifier is refused.
pub const MAX_CHARACTERS: usize = 2_000;

/// The identifier of a resource: an absolute URI without a fragment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Resource(String);

impl Resource {
    /// Reads a `resource` parameter. `invalid_target` unless it is an absolute URI without a
    /// fragment, of at most [`MAX_CHARACTERS`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::check(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The identifier, byte for byte as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), Error> {
        let refuse =
            |sentence: &'static str| Err(Error::new(Code::InvalidTarget, sentence).received(text));
        if text.len() > MAX_CHARACTERS {
            return Err(Error::new(Code::InvalidTarget, "The resource is too long.")
                .expected(format!("at most {MAX_CHARACTERS} characters"))
                .received(format!("{} bytes", text.len())));
        }
        if text.contains('#') {
            return refuse("The resource must not have a fragment.");
        }
        if first_foreign_char(text).is_some() {
            return refuse("The resource holds a character that a URI cannot hold.");
        }
        let is_absolute = split_scheme(text).is_some_and(|(_, rest)| !rest.is_empty());
        if !is_absolute || Url::parse(text).is_err() {
            return refuse("The resource must be an absolute URI.");
        }
        Ok(())
    }
}

impl TryFrom<String> for Resource {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::check(&text)?;
        Ok(Self(text))
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.0
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_byte() {
        for text in [
            "https://api.example.com",
            "https://api.example.com/",
            "https://API.example.com:443/a/../b?c=d",
            "urn:example:orders",
            "api://6f9619ff",
        ] {
            assert_eq!(Resource::parse(text).unwrap().as_str(), text);
        }
        let bare = Resource::parse("https://api.example.com").unwrap();
        assert_ne!(bare, Resource::parse("https://api.example.com/").unwrap());
    }

    #[test]
    fn refuses_what_names_no_resource() {
        for text in [
            "",
            "/api",
            "api.example.com",
            "//api.example.com",
            "https://api.example.com/#a",
            "https://api.example.com#",
            "https://",
            "https:",
            "urn:",
            "https://a b/",
            "https://api.example.com/\u{e9}",
            "https://api.example.com/\n",
            &format!("https://api.example.com/{}", "a".repeat(MAX_CHARACTERS)),
        ] {
            let refused = Resource::parse(text).unwrap_err();
            assert_eq!(refused.code, Code::InvalidTarget, "{text:?}");
            assert!(serde_json::from_value::<Resource>(text.into()).is_err(), "{text:?}");
        }
    }
}
