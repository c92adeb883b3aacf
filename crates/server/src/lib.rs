//! The doors of Mandate: pages for people, endpoints for applications, the command line.
//! Rules live in `domain`, the words of the RFCs in `protocol`; this crate translates.

pub mod account;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod connections;
pub mod console;
pub mod demo;
pub mod figures;
pub mod foundation;
pub mod jobs;
pub mod mail;
pub mod oauth;
pub mod ops;
pub mod routes;
pub mod tls;
pub mod urls;
pub mod web;
pub mod whereabouts;
