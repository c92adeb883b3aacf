//! `at_hash` and `c_hash` (OpenID Connect Core §3.1.3.6, §3.3.2.11): the left half of a hash.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Algorithm;

/// The left half of the SHA-256 of a token or code, for an ID token signed with RS256, PS256 or
/// ES256. For any algorithm see [`Algorithm::half_hash`].
pub fn half_hash(token: &str) -> String {
    half(&digest::SHA256, token)
}

impl Algorithm {
    /// The `at_hash` or `c_hash` that goes with an ID token signed with this algorithm: the hash
    /// is the one inside the algorithm, which for Ed25519 is SHA-512 (RFC 8032 §5.1).
    pub fn half_hash(self, token: &str) -> String {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => half_hash(token),
            Self::EdDsa => half(&digest::SHA512, token),
        }
    }
}

fn half(algorithm: &'static digest::Algorithm, token: &str) -> String {
    let digest = digest::digest(algorithm, token.as_bytes());
    let bytes = digest.as_ref();
    URL_SAFE_NO_PAD.encode(bytes.get(..bytes.len() / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_the_example_of_openid_connect_core() {
        // Appendix A.4: c_hash; appendix A.3: at_hash.
        assert_eq!(
            half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
        assert_eq!(
            half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    #[test]
    fn follows_the_hash_inside_the_algorithm() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(Algorithm::Es256.half_hash(token), half_hash(token));
        assert_eq!(Algorithm::EdDsa.half_hash(token).len(), 43);
    }
}
