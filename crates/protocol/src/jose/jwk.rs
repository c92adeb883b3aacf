//! Public keys as JSON (RFC 7517 §4, §5; RFC 7518 §6; RFC 8037 §2) and their thumbprints
//! (RFC 7638 §3).
//!
//! Public members only: there is no place for a private one.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::Algorithm;

/// A public signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The key itself.
    #[serde(flatten)]
    pub material: Material,
    /// Its name: the thumbprint.
    pub kid: String,
    /// The algorithm it signs with.
    pub alg: Algorithm,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub purpose: &'static str,
}

/// The numbers of a key, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub enum Material {
    /// RSA.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus, without leading zeros.
        n: String,
        /// The exponent, without leading zeros.
        e: String,
    },
    /// An elliptic curve: P-256.
    #[serde(rename = "EC")]
    Ec {
        /// `P-256`.
        crv: &'static str,
        /// The first coordinate, 32 bytes.
        x: String,
        /// The second coordinate, 32 bytes.
        y: String,
    },
    /// An Edwards curve: Ed25519.
    #[serde(rename = "OKP")]
    Okp {
        /// `Ed25519`.
        crv: &'static str,
        /// The public key, 32 bytes.
        x: String,
    },
}

/// A set of public keys, as published at `jwks_uri`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys; every `kid` is another one.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// A key for an algorithm, named by its thumbprint.
    pub fn new(material: Material, alg: Algorithm) -> Self {
        Self { kid: material.thumbprint(), material, alg, purpose: "sig" }
    }
}

impl Material {
    /// An RSA key from modulus and exponent, big-endian.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa { n: unsigned(modulus), e: unsigned(exponent) }
    }

    /// A P-256 key from its coordinates.
    pub fn p256(x: &[u8; 32], y: &[u8; 32]) -> Self {
        Self::Ec { crv: "P-256", x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) }
    }

    /// A P-256 key from an uncompressed point: `04`, x, y. `None` when it is none.
    pub fn p256_point(point: &[u8]) -> Option<Self> {
        let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32)?;
        Some(Self::p256(x.try_into().ok()?, y.try_into().ok()?))
    }

    /// An Ed25519 key.
    pub fn ed25519(key: &[u8; 32]) -> Self {
        Self::Okp { crv: "Ed25519", x: URL_SAFE_NO_PAD.encode(key) }
    }

    /// The SHA-256 thumbprint (RFC 7638 §3): over the required members, in this order, without a
    /// space. Base64url needs no escaping.
    pub fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
    }
}

/// `Base64urlUInt` (RFC 7518 §2): no leading zeros, and zero is one zero byte.
fn unsigned(bytes: &[u8]) -> String {
    let first = bytes.iter().position(|&byte| byte != 0);
    let significant = first.and_then(|first| bytes.get(first..)).unwrap_or(&[0]);
    URL_SAFE_NO_PAD.encode(significant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_key_of_the_rfc_as_the_rfc_does() {
        let key = Material::Rsa {
            n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\
                oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65\
                YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr\
                dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK\
                nqDKgw"
                .to_owned(),
            e: "AQAB".to_owned(),
        };
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let okp = Material::Okp {
            crv: "Ed25519",
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        };
        // RFC 8037 appendix A.3.
        assert_eq!(okp.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn publishes_public_members_only() {
        let keys =
            Jwks { keys: vec![Jwk::new(Material::p256(&[1; 32], &[2; 32]), Algorithm::Es256)] };
        insta::assert_snapshot!(
            serde_json::to_string(&keys).unwrap(),
            @r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","y":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI","kid":"kOFKxjJdOqJD5G4Yuw-cxHe64VGyxKEO_hoV83QfGj0","alg":"ES256","use":"sig"}]}"#
        );
    }

    #[test]
    fn drops_leading_zeros_of_numbers_and_keeps_those_of_coordinates() {
        assert_eq!(
            Material::rsa(&[0, 0, 1], &[1, 0, 1]),
            Material::Rsa { n: "AQ".to_owned(), e: "AQAB".to_owned() }
        );
        assert_eq!(unsigned(&[]), "AA");
        let Material::Ec { x, .. } = Material::p256(&[0; 32], &[0; 32]) else { panic!("not EC") };
        assert_eq!(x.len(), 43);
    }

    #[test]
    fn refuses_a_point_that_is_not_whole() {
        let mut point = vec![4];
        point.extend([7; 64]);
        assert_eq!(Material::p256_point(&point), Some(Material::p256(&[7; 32], &[7; 32])));
        for broken in [&point[..64], &point[1..], &[], &[2; 33], &[&point[..], &[0]].concat()] {
            assert_eq!(Material::p256_point(broken), None);
        }
    }
}
