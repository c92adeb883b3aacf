//! The number of this node, part of every id it makes.
//!
//! A server holds a number below [`VISITORS`] by a lease that it renews; whoever opens the database
//! for a moment (the command line) draws one above by chance and holds nothing. A server that could
//! not renew its lease in time makes its ids like such a visitor before anybody else may take the
//! number, so two that live never make ids under the same one. Nobody can be sure that another has
//! died, so the number of a killed server is free when its lease ends: a start waits for that where
//! no other is left.

use std::sync::Arc;

use crate::{Chance, Fault, Instance, id};

/// Numbers from here on are drawn, not leased.
const VISITORS: u8 = 128;
/// Seconds a lease lasts; it is renewed several times within.
const LEASE: i64 = 120;
/// Seconds before its end from which a holder makes no ids under the number any more: clocks of two
/// machines may differ by so much.
const MARGIN: i64 = 10;

/// A number for somebody who does not stay.
pub(crate) fn visiting(chance: &Chance) -> Result<u8, Fault> {
    Ok(VISITORS + chance.bytes::<1>()?[0] % VISITORS)
}

/// Does this node hold a number?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Yes.
    Held,
    /// Every one is leased; the first lease ends in so many seconds.
    AllTaken {
        /// Seconds, at least 1.
        seconds: i64,
    },
}

/// A number that this node holds.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    number: u8,
    holder: String,
}

impl Instance {
    /// Takes or renews this node's number. A server calls it before its first request and then
    /// every few seconds; a lease that was lost meanwhile is replaced by another number.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn keep_number(self: &Arc<Self>) -> Result<Number, Fault> {
        let now = self.clock().now();
        let held = self.held_number();
        let mut tx = self.db.begin().await?;
        if let Some(held) = &held {
            let sql = "UPDATE leases SET until = $3 WHERE name = $1 AND holder = $2";
            let (name, until) = (name(held.number), now + LEASE);
            if tx.execute(sql, db::params![name, held.holder, until]).await? == 1 {
                tx.commit().await?;
                self.ids.hold(held.number, now + LEASE - MARGIN);
                return Ok(Number::Held);
            }
            // Somebody took it over.
            self.ids.let_go();
        }
        let holder = id::text(&self.chance, "node_")?;
        let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
                   WHERE leases.until <= $4";
        for number in 0..VISITORS {
            if tx.execute(sql, db::params![name(number), holder, now + LEASE, now]).await? == 1 {
                tx.commit().await?;
                self.ids.hold(number, now + LEASE - MARGIN);
                self.set_held_number(Some(Held { number, holder }));
                return Ok(Number::Held);
            }
        }
        let sql = "SELECT MIN(until) FROM leases WHERE name LIKE 'node/%'";
        let first = tx.query_one(sql, &[]).await?.map(|row| row.get(0)).transpose()?;
        Ok(Number::AllTaken { seconds: first.unwrap_or(now).saturating_sub(now).max(1) })
    }

    /// Gives the number back, so that the next start need not wait for its lease to end.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn give_number_back(self: &Arc<Self>) -> Result<(), Fault> {
        let Some(held) = self.held_number() else { return Ok(()) };
        self.ids.let_go();
        let mut tx = self.db.begin().await?;
        let sql = "DELETE FROM leases WHERE name = $1 AND holder = $2";
        tx.execute(sql, db::params![name(held.number), held.holder]).await?;
        tx.commit().await?;
        self.set_held_number(None);
        Ok(())
    }
}

fn name(number: u8) -> String {
    format!("node/{number}")
}
