//! Password hashes: argon2id in a bounded pool of its own.
//!
//! A hash costs tens of milliseconds and 19 MiB on purpose, so a flood of sign-ins could take the
//! machine. Therefore three bounds, from the outside in: how many may queue (beyond it
//! [`Busy`]), how many may be under way, and how many hash at once (one core stays free for
//! tokens). A thread that hashes steps back behind all others, so that a token waits for none. This
//! file knows no user and never holds a [`crate::Work`].

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{
    Ident, ParamsString, PasswordHash, PasswordHashString, Salt, SaltString,
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::passwords;
use crate::{Chance, Fault, Plain};

/// How many may wait for their turn.
const QUEUE: usize = 64;
/// How many more than hash at once may be under way, so that one counts its attempt in the
/// database while another hashes.
const AHEAD: usize = 3;
/// How far a thread that hashes steps back, of 19.
#[cfg(unix)]
const NICE: i32 = 10;
/// Bytes of a hash.
const OUTPUT: usize = 32;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes, computed one after the other here.
    pub lanes: u32,
}

impl Cost {
    /// OWASP's recommendation and the argon2 crate's default: 19 MiB, two passes, one lane.
    pub const RECOMMENDED: Self = Self { memory: 19 * 1024, passes: 2, lanes: 1 };
}

/// Everybody is hashing already; try again in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at this moment")]
pub struct Busy;

impl From<Busy> for Fault {
    fn from(busy: Busy) -> Self {
        Self::Unavailable(busy.to_string())
    }
}

/// Hashes and checks passwords, so many at once and no more.
#[derive(Debug)]
pub struct HashingPool {
    cost: Cost,
    queue: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    hashing: Arc<Semaphore>,
    memory: Arc<Memory>,
}

/// A place in the pool: counted, and to be used soon.
#[derive(Debug)]
pub(crate) struct Turn {
    cost: Cost,
    hashing: Arc<Semaphore>,
    memory: Arc<Memory>,
    _queued: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Default for HashingPool {
    fn default() -> Self {
        Self::new()
    }
}

impl HashingPool {
    /// A pool at the recommended cost, for all cores but one.
    pub fn new() -> Self {
        Self::with_cost(Cost::RECOMMENDED)
    }

    /// A pool at another cost. Hashes that cost otherwise are still checked, at theirs.
    pub fn with_cost(cost: Cost) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let hashing = cores.saturating_sub(1).max(1);
        Self {
            cost,
            queue: Arc::new(Semaphore::new(QUEUE + hashing + AHEAD)),
            admitted: Arc::new(Semaphore::new(hashing + AHEAD)),
            hashing: Arc::new(Semaphore::new(hashing)),
            memory: Arc::default(),
        }
    }

    /// Waits for a turn, first come, first served; [`Busy`] at once where the queue is full.
    pub(crate) async fn turn(&self) -> Result<Turn, Busy> {
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Busy)?;
        let admitted = Arc::clone(&self.admitted).acquire_owned().await.map_err(|_| Busy)?;
        Ok(Turn {
            cost: self.cost,
            hashing: Arc::clone(&self.hashing),
            memory: Arc::clone(&self.memory),
            _queued: queued,
            _admitted: admitted,
        })
    }
}

impl Turn {
    /// Hashes `password` with a fresh salt; the result is a PHC string.
    pub(crate) async fn hash(&self, password: &Plain, chance: &Chance) -> Result<String, Fault> {
        let salt = SaltString::encode_b64(&chance.bytes::<16>()?).map_err(broken)?;
        let params = self.cost.params()?;
        let output = self.compute(password, params.clone(), salt.as_salt()).await?;
        let hash = PasswordHash {
            algorithm: Ident::new("argon2id").map_err(broken)?,
            version: Some(u32::from(Version::V0x13)),
            params: ParamsString::try_from(&params).map_err(broken)?,
            salt: Some(salt.as_salt()),
            hash: Some(argon2::password_hash::Output::new(&output).map_err(broken)?),
        };
        Ok(hash.serialize().as_str().to_owned())
    }

    /// Is `password` the one `stored` was made of? With nothing stored it takes the same time to
    /// say no, so that nobody learns which accounts exist.
    pub(crate) async fn verify(
        &self,
        password: &Plain,
        stored: Option<&str>,
    ) -> Result<bool, Fault> {
        let Some(stored) = stored else {
            let salt = SaltString::encode_b64(&[0; 16]).map_err(broken)?;
            self.compute(password, self.cost.params()?, salt.as_salt()).await?;
            return Ok(false);
        };
        let stored = PasswordHashString::new(stored).map_err(broken)?;
        let parsed = stored.password_hash();
        let (Some(salt), Some(want)) = (parsed.salt, parsed.hash) else {
            return Err(Fault::Broken("a stored password hash is damaged".into()));
        };
        let params = Params::try_from(&parsed).map_err(broken)?;
        let output = self.compute(password, params, salt).await?;
        Ok(constant_time::verify_slices_are_equal(&output, want.as_bytes()).is_ok())
    }

    /// Was `stored` made at another cost than new hashes are?
    pub(crate) fn is_outdated(&self, stored: &str) -> bool {
        let params = PasswordHash::new(stored).and_then(|hash| Params::try_from(&hash));
        params.map_or(true, |p| {
            Cost { memory: p.m_cost(), passes: p.t_cost(), lanes: p.p_cost() } != self.cost
        })
    }

    /// The one place where argon2 runs: on a thread of its own, which keeps its permit even if
    /// whoever asked has gone.
    async fn compute(
        &self,
        password: &Plain,
        params: Params,
        salt: Salt<'_>,
    ) -> Result<[u8; OUTPUT], Fault> {
        let mut buffer = [0; Salt::MAX_LENGTH];
        let salt = salt.decode_b64(&mut buffer).map_err(broken)?.to_vec();
        let password = passwords::normalized(password.reveal());
        let permit = Arc::clone(&self.hashing).acquire_owned().await.map_err(broken)?;
        let memory = Arc::clone(&self.memory);
        let (mut output, hashing) = ([0; OUTPUT], Arc::clone(&self.hashing));
        let (sender, computed) = oneshot::channel();
        let work = move || {
            step_back();
            let mut blocks = memory.take(params.block_count());
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let done = argon2.hash_password_into_with_memory(
                password.as_bytes(),
                &salt,
                &mut output,
                &mut blocks,
            );
            memory.give_back(blocks);
            drop(permit);
            // A pool at rest keeps no memory.
            if hashing.available_permits() > 0 {
                memory.release();
            }
            let _ = sender.send(done.map(|()| output));
        };
        std::thread::Builder::new().name("hashing".into()).spawn(work).map_err(broken)?;
        computed.await.map_err(broken)?.map_err(broken)
    }
}

/// Leaves this thread the time that others do not want, as far as the system lets it.
fn step_back() {
    #[cfg(unix)]
    let _ = rustix::process::nice(NICE);
}

impl Cost {
    fn params(self) -> Result<Params, Fault> {
        Params::new(self.memory, self.passes, self.lanes, Some(OUTPUT)).map_err(broken)
    }
}

/// The blocks of hashes that are done, for those that follow at once: clearing fresh pages costs
/// a fifth of a hash.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory(…)")
    }
}

impl Memory {
    fn take(&self, count: usize) -> Vec<Block> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match spare {
            Some(blocks) if blocks.len() == count => blocks,
            _ => vec![Block::default(); count],
        }
    }

    fn give_back(&self, blocks: Vec<Block>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
    }

    fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::Broken(format!("a password could not be hashed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

    #[tokio::test]
    async fn knows_the_right_password_and_refuses_another() {
        let pool = HashingPool::with_cost(CHEAP);
        let turn = pool.turn().await.unwrap();
        let chance = Chance::seeded(1);
        let hash = turn.hash(&Plain::new("correct horse"), &chance).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(turn.verify(&Plain::new("correct horse"), Some(&hash)).await.unwrap());
        assert!(!turn.verify(&Plain::new("correct horsf"), Some(&hash)).await.unwrap());
        assert!(!turn.verify(&Plain::new("correct horse"), None).await.unwrap());
        assert_ne!(hash, turn.hash(&Plain::new("correct horse"), &chance).await.unwrap(), "salted");
        assert!(turn.verify(&Plain::new("x"), Some("not a hash")).await.is_err());
    }

    #[tokio::test]
    async fn checks_a_hash_of_another_cost_and_calls_it_outdated() {
        let chance = Chance::seeded(2);
        let old = HashingPool::with_cost(CHEAP).turn().await.unwrap();
        let hash = old.hash(&Plain::new("secret"), &chance).await.unwrap();
        assert!(!old.is_outdated(&hash));
        let new = HashingPool::with_cost(Cost { memory: 128, ..CHEAP }).turn().await.unwrap();
        assert!(new.is_outdated(&hash));
        assert!(new.verify(&Plain::new("secret"), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn refuses_to_queue_without_end() {
        let pool = HashingPool::with_cost(CHEAP);
        let free = pool.queue.available_permits();
        let _taken =
            Arc::clone(&pool.queue).try_acquire_many_owned(u32::try_from(free).unwrap()).unwrap();
        assert_eq!(pool.turn().await.err(), Some(Busy));
    }

    #[tokio::test]
    async fn a_turn_that_is_dropped_frees_its_place_and_memory_is_kept_by_nobody() {
        let pool = HashingPool::with_cost(CHEAP);
        let free = pool.queue.available_permits();
        for _ in 0..2 * free {
            drop(pool.turn().await.unwrap());
        }
        let turn = pool.turn().await.unwrap();
        turn.verify(&Plain::new("x"), None).await.unwrap();
        drop(turn);
        assert_eq!(pool.queue.available_permits(), free);
        assert!(pool.memory.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn takes_one_password_in_two_unicode_forms() {
        let pool = HashingPool::with_cost(CHEAP);
        let turn = pool.turn().await.unwrap();
        let hash = turn.hash(&Plain::new("caf\u{e9}"), &Chance::seeded(3)).await.unwrap();
        assert!(turn.verify(&Plain::new("cafe\u{301}"), Some(&hash)).await.unwrap());
    }
}
