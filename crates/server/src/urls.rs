//! Every address this server hands out, made from the issuer in one place.

use domain::Plain;
use domain::accounts::User;

/// Builds absolute addresses under the issuer.
#[derive(Debug, Clone)]
pub struct Urls {
    issuer: String,
}

impl Urls {
    /// Addresses under `issuer`, which has no trailing slash unless the operator gave one.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into() }
    }

    /// The issuer, byte for byte.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `path` (with its leading slash) under the issuer.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.trim_end_matches('/'))
    }

    /// Where somebody chooses a password by their one-time link: the first, or another.
    pub fn password_link(&self, user: &User, token: &Plain) -> Plain {
        let page = if user.has_password { "/password-reset" } else { "/invitation" };
        Plain::new(self.absolute(&format!("{page}?link={}", token.reveal())))
    }

    /// Scheme, host and port of the issuer: the `Origin` of our own pages.
    pub fn origin(&self) -> &str {
        let after_scheme = self.issuer.find("://").map_or(0, |at| at + 3);
        let end =
            self.issuer[after_scheme..].find('/').map_or(self.issuer.len(), |at| after_scheme + at);
        &self.issuer[..end]
    }

    /// Is it served over https?
    pub fn is_https(&self) -> bool {
        self.issuer.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path() {
        for (issuer, origin) in [
            ("https://id.example.com", "https://id.example.com"),
            ("https://id.example.com/tenant/a", "https://id.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(Urls::new(issuer).origin(), origin);
        }
    }
}
