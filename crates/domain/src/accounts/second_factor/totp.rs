//! Codes by time (TOTP, RFC 6238) in the one form that every app knows: SHA-1, six digits, thirty
//! seconds. A code of the step before or after is taken too (§5.2).

use aws_lc_rs::hmac;
use totp_rs::{Builder, Secret, Totp};

use crate::{Chance, Fault};

/// Digits of a code.
pub(super) const DIGITS: usize = 6;

/// What app and server share: 160 bits (RFC 4226 §4). Has no `Debug` that tells.
#[derive(Clone)]
pub(super) struct Seed([u8; 20]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// A fresh one.
    pub fn draw(chance: &Chance) -> Result<Self, Fault> {
        Ok(Self(chance.bytes()?))
    }

    /// The seed of these bytes.
    pub fn of(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = bytes.try_into().map_err(|_| Fault::Broken("a seed has 20 bytes".into()))?;
        Ok(Self(bytes))
    }

    /// Its bytes, to be sealed.
    pub fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// What is stored of a recovery code. Keyed by the seed, which is sealed: it outlives the master
    /// key that was there when the code was made.
    pub fn hash(&self, text: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    }

    /// The step of thirty seconds whose code this is, if it is one of now.
    pub fn step_of(&self, code: &str, now: i64) -> Result<Option<i64>, Fault> {
        let now = u64::try_from(now).unwrap_or_default();
        let step = self.totp("server", "person")?.check(code, now);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    /// What an app reads from a picture: `otpauth://totp/…`.
    pub fn uri(&self, issuer: &str, account: &str) -> Result<String, Fault> {
        self.totp(issuer, account)?.to_url().map_err(broken)
    }

    /// What somebody types who has no camera: base32 in groups of four.
    pub fn spelled(&self) -> String {
        let text = Secret::from(self.0.to_vec()).to_base32();
        let letters: Vec<char> = text.chars().collect();
        letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
    }

    /// The format of the URI has no room for a colon in either name.
    fn totp(&self, issuer: &str, account: &str) -> Result<Totp, Fault> {
        Builder::new()
            .with_secret(self.0.to_vec())
            .with_issuer(Some(issuer.replace(':', " ")))
            .with_account_name(account.replace(':', " "))
            .build()
            .map_err(broken)
    }
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::Broken(format!("one-time codes: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of which an app shows the last six digits.
    #[test]
    fn makes_the_codes_of_the_rfc() {
        let seed = Seed::of(b"12345678901234567890").unwrap();
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed.step_of(code, at).unwrap(), Some(at / 30), "{at}");
            assert_eq!(seed.step_of(code, at + 30).unwrap(), Some(at / 30), "a step later");
            assert_eq!(seed.step_of(code, at - 30).unwrap(), Some(at / 30), "a step early");
            assert_eq!(seed.step_of(code, at + 60).unwrap(), None, "two steps later");
        }
        for typed in ["", "28708", "2870822", "28708a", "２８７０８２", "-28708"] {
            assert_eq!(seed.step_of(typed, 59).unwrap(), None, "{typed}");
        }
    }

    #[test]
    fn is_read_by_apps_and_typed_by_people() {
        let seed = Seed::of(b"12345678901234567890").unwrap();
        insta::assert_snapshot!(seed.spelled(), @"GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        insta::assert_snapshot!(seed.uri("login.example:8443", "ada@harbour.example").unwrap(), @"otpauth://totp/login.example%208443:ada%40harbour.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=login.example%208443");
        assert!(!format!("{seed:?}").contains("49"));
    }
}
