//! What is true here: places, people, rights, clients, grants and tokens.
//!
//! Rules take a [`Work`] (an opaque unit of work) and a [`Call`] (who, from where, at which
//! instant) and return values. This crate refuses to know HTTP: no header, no cookie, no page.
//!
//! The floor plan: upper rooms call lower ones, never the reverse.
//!
//! ```text
//! census
//! authorizations
//! consents
//! tokens roles
//! sessions clients
//! accounts scopes
//! teams    keys    resources refusals settings
//! access   audit   attempts
//! ground:  call id node vault secret text trusted_ips work listing instance refusal fault
//! ```

mod call;
mod chance;
mod clock;
mod fault;
mod id;
mod instance;
mod listing;
mod migrations;
mod node;
mod refusal;
mod secret;
mod text;
pub mod trusted_ips;
mod vault;
mod work;

pub mod access;
pub mod accounts;
pub mod attempts;
pub mod audit;
pub mod authorizations;
pub mod census;
pub mod clients;
pub mod consents;
pub mod keys;
pub mod refusals;
pub mod resources;
pub mod roles;
pub mod scopes;
pub mod sessions;
pub mod settings;
pub mod teams;
pub mod tokens;

pub use call::{Actor, Call, Via};
pub use chance::Chance;
pub use clock::Clock;
pub use fault::Fault;
pub use id::{ClientId, GrantId, SessionId, UserId};
pub use instance::{Instance, Opening, Policy};
pub use node::Number;
pub use refusal::{FieldError, Refusal};
pub use secret::{Plain, ShownOnce};
pub use text::{FoldedName, name_key};
pub use vault::{Kind, MasterKeys, Vault};
pub use work::Work;

pub use db::{Figures as DatabaseFigures, Load as DatabaseLoad, Stopwatch};
