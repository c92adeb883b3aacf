//! Furniture that every page shares: layouts, parts, assets. Knows no page and no rule.

pub mod assets;
pub(crate) mod filters;
pub mod icons;
pub mod views;
