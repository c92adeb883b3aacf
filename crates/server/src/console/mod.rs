//! Pages of an administrator: clients, users, refusals. Knows no protocol endpoint.

pub mod views;
