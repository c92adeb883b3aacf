//! Authorization requests (RFC 6749 §4.1): from the first redirect to the redeemed code.
//!
//! ```text
//! Pending ──► Identified ──► Consented ──► Issued ──► Redeemed
//!    └────────────┴──────────────┴─► refused, expired
//! ```
//!
//! `Pending` is sealed in the browser, so that strangers store nothing; the row begins at
//! `Identified`. Each transition consumes its state and is stored by compare-and-set. What comes
//! next is decided by one pure function, [`step::next_step`]; pages never route to one another.

mod begin;
mod code;
mod decide;
mod implicit;
mod password;
mod state;
pub mod step;
mod store;

pub use begin::{Begun, Unredirectable, begin, offered_scopes};
pub use code::{Presented, Redeemed, redeem};
pub use decide::{
    Choice, ConsentQuestion, Decision, TeamChoice, answer, decide, for_somebody_else, question,
    resume, writes,
};
pub use password::by_password;
pub use state::{Answer, Consented, Given, Identified, Issued, Pending, Refused};
pub use store::PATIENCE;
