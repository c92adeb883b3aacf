//! What the run tells this program, and how the program tells what held.

use std::env;
use std::fmt::Debug;

use crate::Outcome;

/// What the environment says.
pub struct Told {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub scope: String,
    pub email: String,
    pub algorithm: String,
    /// The program that plays the person.
    pub person: String,
}

impl Told {
    /// Reads it; every part is needed.
    pub fn read() -> Outcome<Self> {
        let text = |name: &str| {
            env::var(name).map_err(|_| format!("{name} is not set: start this by interop/run"))
        };
        Ok(Self {
            issuer: text("INTEROP_ISSUER")?,
            client_id: text("INTEROP_CLIENT_ID")?,
            client_secret: text("INTEROP_CLIENT_SECRET")?,
            redirect_uri: text("INTEROP_REDIRECT_URI")?,
            scope: text("INTEROP_SCOPE")?,
            email: text("INTEROP_EMAIL")?,
            algorithm: text("INTEROP_ALG")?,
            person: text("INTEROP_PERSON")?,
        })
    }

    /// The crate's name for the algorithm.
    pub fn algorithm_name(&self) -> &'static str {
        match self.algorithm.as_str() {
            "PS256" => "RsaSsaPssSha256",
            "ES256" => "EcdsaP256Sha256",
            "EdDSA" => "EdDsa",
            _ => "RsaSsaPkcs1V15Sha256",
        }
    }
}

/// A step that held.
pub fn ok(step: &str) {
    println!("ok {step}");
}

/// Two values that have to be equal.
pub fn same<T: PartialEq + Debug + ?Sized>(what: &str, got: &T, wanted: &T) -> Outcome<()> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got:?}, not {wanted:?}").into()) }
}
