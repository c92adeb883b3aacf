//! Furniture that every page shares: layouts, parts, assets, forms, cookies, failures.
//! Knows no page and no rule.

pub mod asked;
pub mod assets;
pub mod browser;
pub(crate) mod client_auth;
pub mod csv;
pub mod failure;
pub(crate) mod filters;
pub mod form;
pub mod headers;
pub mod home;
pub mod icons;
pub mod page;
pub(crate) mod refused;
pub mod sealed;
pub mod tallies;
pub mod trail;
pub mod views;
