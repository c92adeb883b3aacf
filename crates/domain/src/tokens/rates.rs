//! `token_requests_per_second`: how often a client asked this node within the current second.
//!
//! Counted in memory and for each node on its own, as the manual says. A burst around the turn of
//! a second may be twice as large; nothing else is promised. It refuses to know why somebody asks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Instance;
use crate::clients::Client;

/// More clients than this within one second are not counted.
const COUNTED: usize = 100_000;

/// The requests of the current second.
#[derive(Debug, Default)]
pub struct Rates(Mutex<Second>);

#[derive(Debug, Default)]
struct Second {
    at: i64,
    asked: HashMap<i64, i64>,
}

/// Counts one request of `client` at `now`. `Some(limit)` when it is one too many: ask again in
/// the next second.
pub fn admit(instance: &Instance, client: &Client, now: i64) -> Option<i64> {
    let limit = client.token_requests_per_second?;
    let mut second = instance.token_rates.0.lock().unwrap_or_else(PoisonError::into_inner);
    (!second.counts(client.number, limit, now)).then_some(limit)
}

impl Second {
    fn counts(&mut self, client: i64, limit: i64, now: i64) -> bool {
        if self.at != now {
            self.at = now;
            self.asked.clear();
        }
        if self.asked.len() >= COUNTED && !self.asked.contains_key(&client) {
            return true;
        }
        let asked = self.asked.entry(client).or_default();
        *asked += 1;
        *asked <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_client_alone_and_begins_anew_each_second() {
        let mut second = Second::default();
        let mut ask = |client, now| second.counts(client, 2, now);
        assert_eq!([ask(1, 10), ask(1, 10), ask(1, 10)], [true, true, false]);
        assert!(ask(2, 10), "another client is counted alone");
        assert!(ask(1, 11), "another second begins anew");
        assert_eq!([ask(1, 11), ask(1, 11)], [true, false]);
    }

    #[test]
    fn keeps_one_second_only() {
        let mut second = Second::default();
        for client in 0..1_000 {
            second.counts(client, 1, client / 100);
        }
        assert_eq!(second.asked.len(), 100);
    }
}
