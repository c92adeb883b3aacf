//! The daily look at the risk of every client, a little at a time, so that it holds nobody up.

use domain::Fault;
use domain::clients::review_risks;

use crate::app::App;

/// Clients looked at together, and how many such looks there are between two sweeps: 100,000 clients
/// take a quarter of an hour.
const REVIEWED: (i64, usize) = (200, 20);
/// Seconds between two looks at the same client.
const REVIEW_EVERY: i64 = 86_400;

/// How far this node is with its daily look at the risk of every client.
#[derive(Debug, Default)]
pub struct Review {
    /// The last client that was looked at.
    after: String,
    /// When the next look begins, seconds since 1970.
    begins_at: i64,
}

impl Review {
    /// Looks at some more clients, if it is time.
    ///
    /// # Errors
    /// When the database cannot answer; it goes on where it was.
    pub async fn go_on(&mut self, app: &App) -> Result<(), Fault> {
        let now = app.instance.clock().now();
        if self.after.is_empty() && now < self.begins_at {
            return Ok(());
        }
        let (at_once, looks) = REVIEWED;
        for _ in 0..looks {
            let next = review_risks(&app.instance, now, &self.after, at_once).await?;
            let Some(next) = next else {
                *self = Self { after: String::new(), begins_at: now + REVIEW_EVERY };
                return Ok(());
            };
            self.after = next;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
