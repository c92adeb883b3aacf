//! Rights: who may do what, where, now.
//!
//! A permission is held through bindings (subject, role, place). What a token may do is decided
//! per place by one pure function, [`effective`]. A rule asks for a proof, [`May`], in its
//! signature; only this room can make one.

mod authority;
mod cache;
pub mod ceiling;
mod effective;
mod permissions;
mod roles;
pub(crate) mod store;

pub use authority::{Authority, May, Reach};
pub use cache::RoleCache;
pub(crate) use cache::{Bound, holdings};
pub use effective::{Access, Holding, Holdings, Limits, Place, Rights, Within, effective};
pub use permissions::*;
pub use roles::{
    AUDITOR, CLIENT_MANAGER, MEMBER, PLATFORM_ADMINISTRATOR, Role, SECURITY_ADMINISTRATOR,
    SYSTEM_ROLES, SystemRole, ensure_built_in,
};
pub use store::{Binding, bind, bindings_of, holdings_of};
pub(crate) use store::{find_role_name, is_permission};
