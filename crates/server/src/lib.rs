//! The doors of Mandate: pages for people, endpoints for applications, the command line.
//! Rules live in `domain`, the words of the RFCs in `protocol`; this crate translates.

pub mod account;
pub mod console;
pub mod demo;
pub mod web;
