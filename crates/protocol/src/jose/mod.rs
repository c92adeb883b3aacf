//! Signed tokens on the wire: compact JWS, public keys, half hashes (RFC 7515, RFC 7517, RFC 7518,
//! RFC 7638, RFC 8037; OpenID Connect Core §3.1.3.6).
//!
//! No key is held and nothing is signed or verified here. `none` and the symmetric algorithms have
//! no name in this crate, so that no token can choose them.

mod hash;
mod jwk;
mod jws;

use serde::{Deserialize, Serialize};

pub use hash::half_hash;
pub use jwk::{Jwk, Jwks, Material};
pub use jws::{Header, MAX_BYTES, Parts, assemble, signing_input, split};

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// `EdDSA` on Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name. `None` for every other, `none` among them.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_no_other_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
            let json = serde_json::to_value(algorithm).unwrap();
            assert_eq!(json, algorithm.as_str());
        }
        for name in ["none", "None", "HS256", "rs256", "RS384", ""] {
            assert_eq!(Algorithm::parse(name), None, "{name:?}");
            assert!(serde_json::from_value::<Algorithm>(name.into()).is_err(), "{name:?}");
        }
    }
}
