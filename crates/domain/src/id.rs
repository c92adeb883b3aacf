//! Typed ids, and the generator of time-ordered ones.
//!
//! Rows of high traffic have integer keys in order of arrival (batches of writes then touch few
//! pages); things that people name have short text ids with a prefix.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

use crate::{Chance, Clock, Fault};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as an id; whether it names anything is for the store to say.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl db::AsValue for $name {
            fn as_value(&self) -> db::Value<'_> {
                db::Value::Text(&self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl db::AsValue for $name {
            fn as_value(&self) -> db::Value<'_> {
                db::Value::Int(self.0)
            }
        }
    };
}

text_id!(/** A person: `usr_…`. */ UserId);
text_id!(/** An OAuth client: its `client_id`. */ ClientId);
number_id!(/** A browser session. */ SessionId);
number_id!(/** One authorization of a client by a person. */ GrantId);

/// Bits below the millisecond: 8 of the node, 13 of the sequence.
const NODE_BITS: u32 = 8;
const SEQUENCE_BITS: u32 = 13;
/// 2025-01-01, so that 42 bits of milliseconds last until 2164.
const EPOCH_MILLISECONDS: i64 = 1_735_689_600_000;

/// Makes integer ids in order of time, unique over nodes with different numbers.
#[derive(Debug)]
pub(crate) struct Ids {
    clock: Clock,
    node: AtomicI64,
    last: Mutex<i64>,
}

impl Ids {
    /// `node` is 0–255; see `node`.
    pub fn new(clock: Clock, node: u8) -> Self {
        Self { clock, node: AtomicI64::new(i64::from(node)), last: Mutex::new(0) }
    }

    /// Makes ids under another number from now on.
    pub fn move_to(&self, node: u8) {
        self.node.store(i64::from(node), Ordering::SeqCst);
    }

    /// The next id: greater than every one this node gave before, whatever the clock does.
    pub fn next(&self) -> i64 {
        let tick = (self.clock.milliseconds() - EPOCH_MILLISECONDS).max(1) << SEQUENCE_BITS;
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = tick.max(*last + 1);
        let sequence = *last & ((1 << SEQUENCE_BITS) - 1);
        ((*last >> SEQUENCE_BITS) << (SEQUENCE_BITS + NODE_BITS))
            | (self.node.load(Ordering::SeqCst) << SEQUENCE_BITS)
            | sequence
    }

    /// No id made at this instant (seconds since 1970) or later is below this one.
    pub fn first_of(at: i64) -> i64 {
        let milliseconds = at.saturating_mul(1000).saturating_sub(EPOCH_MILLISECONDS);
        let most = i64::MAX >> (SEQUENCE_BITS + NODE_BITS);
        milliseconds.clamp(0, most) << (SEQUENCE_BITS + NODE_BITS)
    }
}

/// `prefix` and 20 letters and digits (103 bits): an id for what people name.
pub(crate) fn text(chance: &Chance, prefix: &str) -> Result<String, Fault> {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut out = String::from(prefix);
    let [high, low] = [chance.bytes::<8>()?, chance.bytes::<8>()?].map(u64::from_be_bytes);
    let mut number = (u128::from(high) << 64) | u128::from(low);
    for _ in 0..20 {
        let digit = usize::try_from(number % 36).unwrap_or_default();
        out.push(char::from(ALPHABET[digit]));
        number /= 36;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_stands_or_falls() {
        let clock = Clock::stepped(1_800_000_000);
        let ids = Ids::new(clock.clone(), 7);
        let mut last = 0;
        for n in 0..50_000 {
            if n == 20_000 {
                clock.step(-3600);
            }
            let id = ids.next();
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn two_nodes_never_make_the_same_id() {
        let clock = Clock::stepped(1_800_000_000);
        let (a, b) = (Ids::new(clock.clone(), 1), Ids::new(clock, 2));
        let of_a: std::collections::HashSet<_> = (0..20_000).map(|_| a.next()).collect();
        assert!((0..20_000).all(|_| !of_a.contains(&b.next())));
    }
}
