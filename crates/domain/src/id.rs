//! Typed ids, and the generator of time-ordered ones.
//!
//! Rows of high traffic have integer keys in order of arrival (batches of writes then touch few
//! pages); things that people name have short text ids with a prefix.

use std::fmt;
use std::sync::Mutex;

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
    /// Drawn by chance: for whoever holds no number, or not any more.
    visiting: i64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Millisecond and sequence of the last id, and the number it was made under.
    last: (i64, i64),
    /// The number that is held, and until which millisecond since 1970.
    held: Option<(i64, i64)>,
}

impl Ids {
    /// `visiting` is 0–255; see `node`.
    pub fn new(clock: Clock, visiting: u8) -> Self {
        Self { clock, visiting: i64::from(visiting), state: Mutex::default() }
    }

    /// Makes ids under `number` from now on, and none at or after `until` (seconds since 1970): by
    /// then somebody else may hold it.
    pub fn hold(&self, number: u8, until: i64) {
        self.state().held = Some((i64::from(number), until.saturating_mul(1000)));
    }

    /// Makes no more ids under the number that was held.
    pub fn let_go(&self) {
        self.state().held = None;
    }

    /// The next id: greater than every one this node gave before, whatever the clock does.
    pub fn next(&self) -> i64 {
        let now = self.clock.milliseconds();
        let tick = (now - EPOCH_MILLISECONDS).max(1) << SEQUENCE_BITS;
        let mut state = self.state();
        let (last, before) = state.last;
        let mut next = tick.max(last + 1);
        let made = |next: i64| (next >> SEQUENCE_BITS) + EPOCH_MILLISECONDS;
        let node = match state.held {
            Some((number, until)) if now.max(made(next) + 1) < until => number,
            _ => self.visiting,
        };
        if node != before {
            // A lower number within the same millisecond would make a lower id.
            next = next.max(((last >> SEQUENCE_BITS) + 1) << SEQUENCE_BITS);
        }
        state.last = (next, node);
        let sequence = next & ((1 << SEQUENCE_BITS) - 1);
        ((next >> SEQUENCE_BITS) << (SEQUENCE_BITS + NODE_BITS))
            | (node << SEQUENCE_BITS)
            | sequence
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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

    /// The number an id was made under.
    fn number(id: i64) -> i64 {
        (id >> SEQUENCE_BITS) & ((1 << NODE_BITS) - 1)
    }

    #[test]
    fn makes_no_id_under_a_number_it_may_not_hold_any_more() {
        let clock = Clock::stepped(1_800_000_000);
        let ids = Ids::new(clock.clone(), 200);
        let mut all = vec![ids.next()];
        let mut made = |times: usize| {
            all.extend((0..times).map(|_| ids.next()));
            assert!(all.is_sorted_by(|a, b| a < b), "they rise, whatever the number");
            number(*all.last().unwrap())
        };
        assert_eq!(made(1), 200, "nothing is held");
        ids.hold(7, 1_800_000_110);
        assert_eq!(made(3), 7);
        clock.step(109);
        assert_eq!(made(1), 7);
        clock.step(1);
        assert_eq!(made(3), 200, "the time is over");
        clock.step(-60);
        assert_eq!(made(1), 200, "a clock set back brings no id that was made possible after it");
        clock.step(60);
        ids.hold(9, 1_800_000_230);
        assert_eq!(made(3), 9);
        // So many in one millisecond that the ids run ahead of the clock.
        assert_eq!(made(200_000), 9);
        ids.let_go();
        assert_eq!(made(2), 200);
    }

    #[test]
    fn two_nodes_never_make_the_same_id() {
        let clock = Clock::stepped(1_800_000_000);
        let (a, b) = (Ids::new(clock.clone(), 1), Ids::new(clock, 2));
        let of_a: std::collections::HashSet<_> = (0..20_000).map(|_| a.next()).collect();
        assert!((0..20_000).all(|_| !of_a.contains(&b.next())));
    }
}
