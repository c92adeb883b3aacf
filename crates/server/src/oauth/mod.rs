//! The protocol endpoints, one file each, named by the RFC's word.

pub mod answer;
pub mod authorize;
pub mod form;
pub mod forward_auth;
pub mod introspect;
pub mod jwks;
pub mod logout;
pub mod metadata;
pub(crate) mod profiles;
pub mod revoke;
pub mod token;
pub mod userinfo;
