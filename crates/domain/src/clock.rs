//! The clock: the only place that asks the machine for the time.
//!
//! Doors read it once a request and put the instant into the `Call`; rules never see it.
//! A test steps its own clock instead of sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where instants come from: the machine, or a test that steps them.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    Machine,
    /// Milliseconds since 1970, moved by hand.
    Stepped(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `seconds` since 1970 until it is stepped.
    pub fn stepped(seconds: i64) -> Self {
        Self::Stepped(Arc::new(AtomicI64::new(seconds * 1000)))
    }

    /// Moves a stepped clock by `seconds`; the machine's clock cannot be moved.
    pub fn step(&self, seconds: i64) {
        if let Self::Stepped(at) = self {
            at.fetch_add(seconds * 1000, Ordering::SeqCst);
        }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        self.milliseconds() / 1000
    }

    /// Milliseconds since 1970.
    pub fn milliseconds(&self) -> i64 {
        match self {
            Self::Machine => machine_milliseconds(),
            Self::Stepped(at) => at.load(Ordering::SeqCst),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn machine_milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
