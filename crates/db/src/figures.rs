//! What an open database counts and measures, for whoever watches it.
//!
//! A few atomic additions for each write transaction, nothing for a read. Durations are taken
//! here and nowhere else in this crate. Refuses to know who reads the figures, and how.

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// Figures of one open database. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Seconds until a write transaction could begin: its turn at the one writer, or a connection.
    pub waits: Histogram,
    /// Seconds of one durable commit.
    pub commits: Histogram,
    /// Write transactions that shared one commit; always one where nothing is shared.
    pub members: Histogram,
    /// Write transactions whose commit failed: nobody was told that they took place.
    pub lost: Counter,
}

impl Default for Figures {
    fn default() -> Self {
        // 50 µs to 1.6 s, and 1 to 1024: each bucket is twice the one before.
        let seconds = || Histogram::new(exponential_buckets(0.000_05, 2.0, 16));
        Self {
            waits: seconds(),
            commits: seconds(),
            members: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            lost: Counter::default(),
        }
    }
}

impl Figures {
    /// One commit that took place, for so many members.
    pub(crate) fn committed(&self, watch: Stopwatch, members: usize) {
        self.commits.observe(watch.seconds());
        // No batch has 2^32 members.
        self.members.observe(f64::from(u32::try_from(members).unwrap_or(u32::MAX)));
    }
}

/// How crowded a database is at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Connections that are open, those that nobody uses included.
    pub open: usize,
    /// Connections that somebody uses.
    pub busy: usize,
    /// Connections there may be at most.
    pub most: usize,
    /// Tasks that wait for their turn or for a connection.
    pub waiting: usize,
}

/// Measures how long something takes. What it says is for figures alone; no rule decides by it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(
        clippy::disallowed_methods,
        reason = "a duration for a figure, which no rule ever sees"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since then.
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
