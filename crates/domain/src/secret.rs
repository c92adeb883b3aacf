//! Secrets: plain ones that are shown once, and what is stored of them.
//!
//! A plain secret has no `Debug` that tells and no `Serialize`: it leaves this program only where
//! somebody writes `.reveal()`.

use std::fmt;

/// A secret in the clear, on its way in or out. Never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(String);

impl Plain {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself. Whoever writes this word answers for where it goes.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// An object together with the secret that is shown this one time.
#[derive(Debug, Clone)]
pub struct ShownOnce<T> {
    /// What was made.
    pub object: T,
    /// Its secret, now or never; `None` where there is none or it was shown before.
    pub secret: Option<Plain>,
    /// Was it made by an earlier request under the same key?
    pub is_repetition: bool,
}
