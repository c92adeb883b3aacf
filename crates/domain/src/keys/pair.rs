//! A key pair of aws-lc: made, sealed, signing, verifying. No curve and no padding is ours.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use protocol::jose::{Algorithm, Jwk, Material};

use crate::Fault;

/// A private key that can sign, of one of three kinds.
pub(super) enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "Rsa(…)",
            Self::P256(_) => "P256(…)",
            Self::Ed25519(_) => "Ed25519(…)",
        })
    }
}

fn refused<E>(_: E) -> Fault {
    Fault::Broken("the cryptographic library refused a signing key".into())
}

impl Pair {
    /// A new pair and its PKCS #8 form, to be sealed.
    pub fn generate(algorithm: Algorithm) -> Result<(Self, Vec<u8>), Fault> {
        let pkcs8 = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?;
                AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)
                    .map_err(refused)?
                    .as_ref()
                    .to_vec()
            }
            Algorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
                pair.to_pkcs8v1().map_err(refused)?.as_ref().to_vec()
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(refused)?;
                pair.to_pkcs8().map_err(refused)?.as_ref().to_vec()
            }
        };
        Ok((Self::read(algorithm, &pkcs8)?, pkcs8))
    }

    /// The pair in a PKCS #8 document.
    pub fn read(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, Fault> {
        Ok(match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(refused)?)
            }
            Algorithm::Es256 => Self::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(refused)?,
            ),
            Algorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(refused)?),
        })
    }

    /// The public half (RFC 7517), named by its thumbprint.
    pub fn public(&self, algorithm: Algorithm) -> Result<Jwk, Fault> {
        let material = match self {
            Self::Rsa(pair) => {
                let key = pair.public_key();
                let (modulus, exponent) = (key.modulus(), key.exponent());
                Some(Material::rsa(
                    modulus.big_endian_without_leading_zero(),
                    exponent.big_endian_without_leading_zero(),
                ))
            }
            Self::P256(pair) => Material::p256_point(pair.public_key().as_ref()),
            Self::Ed25519(pair) => {
                <&[u8; 32]>::try_from(pair.public_key().as_ref()).ok().map(Material::ed25519)
            }
        };
        Ok(Jwk::new(material.ok_or_else(|| refused(()))?, algorithm))
    }

    /// The signature of `message`.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding =
                    if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut out).map_err(refused)?;
                Ok(out)
            }
            Self::P256(pair) => Ok(pair.sign(&random, message).map_err(refused)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// Did this pair make `signature` over `message` with `algorithm`?
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let (how, key): (&dyn signature::VerificationAlgorithm, &[u8]) = match (self, algorithm) {
            (Self::Rsa(pair), Algorithm::Rs256) => {
                (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            }
            (Self::Rsa(pair), Algorithm::Ps256) => {
                (&RSA_PSS_2048_8192_SHA256, pair.public_key().as_ref())
            }
            (Self::P256(pair), Algorithm::Es256) => {
                (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
            }
            (Self::Ed25519(pair), Algorithm::EdDsa) => (&ED25519, pair.public_key().as_ref()),
            _ => return false,
        };
        UnparsedPublicKey::new(how, key).verify(message, signature).is_ok()
    }
}
