//! The words a client's settings are spelled with: in the contract, in rows, in forms.
//!
//! One line a word. Nothing here knows what a word means; that is `check`'s.

use super::draft::Readable;
pub use crate::trusted_ips::Mode as TrustedIpsMode;

macro_rules! readable {
    ($name:ident) => {
        impl Readable for $name {
            fn read(value: &serde_json::Value) -> Result<Self, String> {
                let word = value.as_str().and_then(Self::parse);
                word.ok_or_else(|| {
                    let words: Vec<_> =
                        Self::ALL.iter().map(|word| format!("`{}`", word.as_str())).collect();
                    format!("One of {} is needed.", words.join(", "))
                })
            }
        }
    };
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word of the contract.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value a word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        readable!($name);
    )*};
}

words! {
    /// What is being built; fills the defaults and sorts the list. It forbids nothing by itself.
    ClientType {
        /// An application that people sign in to.
        UserAuthorized = "user_authorized",
        /// A program that acts for itself or for its context user.
        Service = "service",
        /// A connector that synchronizes a directory.
        SyncConnector = "sync_connector",
        /// Everything chosen by hand.
        Custom = "custom",
    }

    /// How a client proves itself at the token endpoint.
    AuthMethod {
        /// HTTP Basic.
        SecretBasic = "client_secret_basic",
        /// Id and secret in the form.
        SecretPost = "client_secret_post",
        /// Not at all: a public client.
        None = "none",
    }

    /// The grants a client may use.
    GrantType {
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §6. Holding it is the switch "issue a refresh token".
        RefreshToken = "refresh_token",
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 6749 §4.3, legacy.
        Password = "password",
        /// RFC 6749 §4.2, legacy.
        Implicit = "implicit",
    }

    /// How many teams a person gives to one authorization.
    TeamSelection {
        /// Exactly one.
        Single = "single",
        /// Any of those they belong to.
        Multiple = "multiple",
    }

    /// Must an authorization request carry a PKCE challenge?
    Pkce {
        /// Yes.
        Required = "required",
        /// No: for old libraries of confidential clients. Shown as a warning.
        Optional = "optional",
    }

    /// What an access token looks like.
    TokenFormat {
        /// A random name: ends at once when revoked.
        Opaque = "opaque",
        /// RFC 9068: checked offline, lives until it expires.
        Jwt = "jwt",
    }

    /// Does using a refresh token replace it?
    RefreshRotation {
        /// Yes; the previous one given back the same successor for the overlap only.
        Rotate = "rotate",
        /// No: confidential clients only.
        Keep = "keep",
    }

    /// What a second token request of the same kind gets.
    TokenIssuance {
        /// A token of its own.
        AlwaysNew = "always_new",
        /// The living token with its remaining time.
        Reuse = "reuse",
    }
}

readable!(TrustedIpsMode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_what_it_stands_for() {
        for grant in GrantType::ALL {
            assert_eq!(GrantType::parse(grant.as_str()), Some(*grant));
            assert_eq!(serde_json::json!(grant), grant.as_str());
        }
        assert_eq!(GrantType::parse("Authorization_Code"), None);
    }

    #[test]
    fn names_the_words_when_another_is_given() {
        let refusal = TokenFormat::read(&serde_json::json!("paseto"));
        assert_eq!(refusal, Err("One of `opaque`, `jwt` is needed.".into()));
    }
}
