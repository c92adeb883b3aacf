//! Chance: the only place that asks for random bytes.
//!
//! In production every byte comes from the operating system by way of aws-lc. A test may seed it,
//! so that ids and secrets in snapshots stay the same from run to run.

use aws_lc_rs::digest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Fault, text};

/// Where random bytes come from.
#[derive(Clone, Debug)]
pub enum Chance {
    /// The operating system's generator.
    System,
    /// Reproducible bytes for tests: SHA-256 of seed and counter. Never for real use.
    Seeded {
        /// What makes two test runs equal.
        seed: u64,
        /// How many times it was asked.
        asked: Arc<AtomicU64>,
    },
}

impl Chance {
    /// Reproducible bytes for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, asked: Arc::default() }
    }

    /// `N` random bytes as hexadecimal digits.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub fn hex<const N: usize>(&self) -> Result<String, Fault> {
        Ok(text::hex(&self.bytes::<N>()?))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut out = [0; N];
        match self {
            Self::System => fill(&mut out)?,
            Self::Seeded { seed, asked } => {
                for block in out.chunks_mut(32) {
                    let mut input = [0; 16];
                    input[..8].copy_from_slice(&seed.to_be_bytes());
                    let n = asked.fetch_add(1, Ordering::SeqCst);
                    input[8..].copy_from_slice(&n.to_be_bytes());
                    let hash = digest::digest(&digest::SHA256, &input);
                    let length = block.len();
                    block.copy_from_slice(&hash.as_ref()[..length]);
                }
            }
        }
        Ok(out)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that draws random bytes")]
fn fill(out: &mut [u8]) -> Result<(), Fault> {
    aws_lc_rs::rand::fill(out)
        .map_err(|_| Fault::Broken("the system's random generator failed".into()))
}
