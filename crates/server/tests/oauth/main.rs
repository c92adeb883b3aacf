//! The protocol as a conversation, one file an endpoint, on both engines.
//! Names say the refusal; `A01…R07` are the rows of the security checklist.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that has no answer has failed")]

#[path = "../harness/mod.rs"]
mod harness;

mod authorize;
mod client_authentication;
mod command_line;
mod context_user;
mod cross_origin;
mod delegation;
mod ends;
mod forward_auth;
mod grants;
mod growth;
mod implicit;
mod introspect;
mod logout;
mod metadata;
mod own_tokens;
mod parallel;
mod password;
mod policy;
mod profiles;
mod recalled;
mod redirect_uris;
mod refresh;
mod refusals;
mod reltio;
mod revoke;
mod token;
mod userinfo;
