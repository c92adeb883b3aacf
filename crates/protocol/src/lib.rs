//! The words of the RFCs: parsing what arrives, comparing it, spelling what is answered.
//!
//! Everything here is a pure function of its arguments. This crate knows no network, no clock, no
//! random generator, no key and no HTTP library, and it keeps no state. No input makes it panic:
//! bytes from strangers reach these parsers first.
//!
//! What a client, a user or a token *is* stays unknown here. Whether a well-formed request may be
//! granted is for the rules of the `domain` crate.

pub mod authorization_request;
pub mod authorization_response;
pub mod bearer;
pub mod client_authentication;
pub mod duration;
pub mod error;
pub mod forwarded;
pub mod jose;
pub mod metadata;
pub mod params;
pub mod pkce;
pub mod problem;
pub mod prompt;
pub mod redirect_uri;
pub mod resource;
pub mod response;
pub mod scope;
pub mod token_request;
pub mod trace_context;
mod uri;

pub use error::{Code, Error};
pub use params::Params;
pub use scope::Scopes;
