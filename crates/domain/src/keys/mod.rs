//! Signing keys: published first, signing later, retired last.
//!
//! A new key is in the JWKS for [`PUBLISH_LEAD`] seconds before it signs, so that nobody who
//! caches the set meets an unknown `kid`; a replaced one stays until everything it signed has
//! expired. Private keys are stored sealed under the master key.

mod pair;
mod store;

use std::sync::{Arc, RwLock};

use protocol::jose::{self, Algorithm, Jwk};

use crate::access::{ManageSettings, May};
use crate::audit::{self, Object};
use crate::{Call, Fault, Refusal, Work};
use pair::Pair;

/// Seconds between publishing a key and signing with it.
pub const PUBLISH_LEAD: i64 = 3600;
/// Seconds a client may cache the JWKS; well below the lead.
pub const JWKS_MAX_AGE: i64 = 900;
/// Seconds a replaced key stays published: the longest life of an access token.
const LINGER: i64 = 24 * 3600;
/// Seconds this node may use its own copy of the key list; well below the lead.
const CACHE_SECONDS: i64 = 30;
/// The key pairs an instance has: one for each algorithm, because a key is used with exactly one
/// (RFC 8725 §3.1), and a client that compares `alg` of the JWK finds no other.
const PAIRS: [Algorithm; 4] =
    [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];

/// One key pair and its life.
#[derive(Debug)]
pub struct SigningKey {
    /// The `kid`: the RFC 7638 thumbprint of the public half.
    pub id: String,
    /// What it signs with by default.
    pub algorithm: Algorithm,
    /// The public half.
    pub public: Jwk,
    /// Published since.
    pub created_at: i64,
    /// Signs from this instant on.
    pub signs_from: i64,
    /// Signs until this instant; `None` while it has no successor.
    pub signs_until: Option<i64>,
    /// Leaves the JWKS at this instant.
    pub expires_at: Option<i64>,
    pair: Pair,
}

/// What a key does at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// In the JWKS, not signing yet.
    Published,
    /// Signing.
    Signing,
    /// Replaced; in the JWKS until what it signed has expired.
    Retired,
}

impl SigningKey {
    /// What it does at `now`.
    pub fn phase(&self, now: i64) -> Phase {
        if now < self.signs_from {
            Phase::Published
        } else if self.signs_until.is_none_or(|until| now < until) {
            Phase::Signing
        } else {
            Phase::Retired
        }
    }
}

/// This node's copy of the key list.
#[derive(Debug, Default)]
pub struct Cache(RwLock<Option<Copy>>);

#[derive(Debug)]
struct Copy {
    read_at: i64,
    keys: Arc<Vec<SigningKey>>,
}

/// Every key that is in the JWKS at `now`.
///
/// # Errors
/// When the database cannot answer.
pub async fn published(work: &mut Work, now: i64) -> Result<Arc<Vec<SigningKey>>, Fault> {
    let instance = Arc::clone(&work.instance);
    if let Ok(cache) = instance.signing_keys.0.read()
        && let Some(copy) = cache.as_ref()
        && (copy.read_at..copy.read_at + CACHE_SECONDS).contains(&now)
    {
        return Ok(Arc::clone(&copy.keys));
    }
    let keys = Arc::new(store::list(work, now).await?);
    if let Ok(mut cache) = instance.signing_keys.0.write() {
        *cache = Some(Copy { read_at: now, keys: Arc::clone(&keys) });
    }
    Ok(keys)
}

/// A compact JWS of `claims`, which is JSON, signed now with `algorithm` (RFC 7515 §3.1).
///
/// # Errors
/// When there is no such key or the library refuses.
pub async fn sign(
    work: &mut Work,
    now: i64,
    algorithm: Algorithm,
    typ: &str,
    claims: &[u8],
) -> Result<String, Fault> {
    let keys = published(work, now).await?;
    let key = signer(&keys, algorithm, now);
    let key = key.ok_or_else(|| {
        Fault::Broken(format!("there is no signing key for {}", algorithm.as_str()))
    })?;
    let header = jose::Header { alg: algorithm, kid: Some(key.id.clone()), typ: Some(typ.into()) };
    let input = jose::signing_input(&header, claims);
    let signature = key.pair.sign(algorithm, input.as_bytes())?;
    Ok(jose::assemble(input, &signature))
}

/// The newest key that signs at `now`. Where the clock was set back before the first one, the first
/// one signs all the same: everybody who fetched the set knows it.
fn signer(keys: &[SigningKey], algorithm: Algorithm, now: i64) -> Option<&SigningKey> {
    let of = || keys.iter().filter(|key| key.algorithm == algorithm);
    let signing = of().filter(|key| key.phase(now) == Phase::Signing);
    signing.max_by_key(|key| key.signs_from).or_else(|| of().min_by_key(|key| key.signs_from))
}

/// The claims of a compact JWS that one of our published keys signed with type `typ`; `None` for
/// anything else. Expiry is the caller's to judge.
///
/// # Errors
/// When the database cannot answer.
pub async fn verify(
    work: &mut Work,
    now: i64,
    typ: &str,
    token: &str,
) -> Result<Option<serde_json::Value>, Fault> {
    let Ok(parts) = jose::split(token) else { return Ok(None) };
    if !parts.header.typ.as_deref().is_some_and(|is| is.eq_ignore_ascii_case(typ)) {
        return Ok(None);
    }
    let keys = published(work, now).await?;
    let made_by = |k: &&SigningKey| {
        parts.header.kid.as_ref() == Some(&k.id) && parts.header.alg == k.algorithm
    };
    let Some(key) = keys.iter().find(made_by) else {
        return Ok(None);
    };
    if !key.pair.verify(parts.header.alg, parts.signed.as_bytes(), &parts.signature) {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&parts.claims).ok())
}

/// Makes the first key pairs, signing at once, where there are none.
///
/// # Errors
/// When a key cannot be made or stored.
pub async fn ensure(work: &mut Work, now: i64) -> Result<(), Fault> {
    let existing = store::list(work, now).await?;
    for algorithm in PAIRS {
        if !existing.iter().any(|k| k.algorithm == algorithm) {
            store::insert(work, algorithm, now, now).await?;
        }
    }
    Ok(())
}

/// Publishes a successor of every key; it signs after [`PUBLISH_LEAD`].
///
/// # Errors
/// `Conflict` while an earlier successor is still only published.
pub async fn rotate(
    work: &mut Work,
    call: &Call,
    _may: &May<ManageSettings>,
) -> Result<(), Refusal> {
    let keys = store::list(work, call.now).await?;
    if keys.iter().any(|k| k.phase(call.now) == Phase::Published) {
        return Err(Refusal::conflict(
            "A rotation is already under way: its keys are published and sign soon.",
        ));
    }
    let signs_from = call.now + PUBLISH_LEAD;
    for algorithm in PAIRS {
        store::retire(work, algorithm, signs_from, signs_from + LINGER).await?;
        let id = store::insert(work, algorithm, call.now, signs_from).await?;
        let object = Object::new("signing_key", &id, algorithm.as_str());
        audit::record(work, call, "signing_key.published", &object, &[]).await?;
    }
    if let Ok(mut cache) = work.instance.signing_keys.0.write() {
        *cache = None;
    }
    Ok(())
}

/// Removes keys whose time is over. Returns how many.
///
/// # Errors
/// When the database cannot take it.
pub async fn sweep(work: &mut Work, now: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM signing_keys WHERE expires_at <= $1";
    Ok(work.tx.execute(sql, db::params![now]).await?)
}
