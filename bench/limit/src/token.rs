//! A token with a key in the order of arrival, and what is stored of it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a stored token is.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: i64,
    pub hash: Vec<u8>,
    pub scope: String,
    pub issued_at: i64,
    pub expires_at: i64,
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0))
}

/// A new token under `id`, and its row.
pub fn make(id: i64, scope: &str) -> (String, Row) {
    let mut bytes = [0u8; 40];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    SystemRandom::new().fill(&mut bytes[8..]).expect("the machine has randomness");
    let hash = digest(&SHA256, &bytes[8..]).as_ref().to_vec();
    let issued_at = now();
    let row = Row { id, hash, scope: scope.to_owned(), issued_at, expires_at: issued_at + 3600 };
    (URL_SAFE_NO_PAD.encode(bytes), row)
}

/// The key and the hash that a token claims.
pub fn read(token: &str) -> Option<(i64, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, random) = bytes.split_first_chunk::<8>()?;
    (random.len() == 32)
        .then(|| (i64::from_be_bytes(*id), digest(&SHA256, random).as_ref().to_vec()))
}
