//! The demonstration: a cast of people, teams and clients, and a sample application that signs
//! people in like any other.
//!
//! The sample application is an ordinary OAuth client: it talks to the server over HTTP and knows
//! nothing of its inside. Nothing here is for real use.

mod cast;
mod harbour;
pub mod views;
mod wire;

pub use cast::{Cast, prepare};
pub use harbour::router;
