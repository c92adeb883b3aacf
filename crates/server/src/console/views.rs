//! What the pages of an administrator show, as plain data. Knows no domain type and decides
//! nothing: what a person may do arrives here as a flag or a reason.

mod audit;
mod client;
mod client_form;
mod client_history;
mod clients;
mod compare;
mod policies;
mod refusals;
mod roles;
mod scopes;
mod sessions;
mod settings;
mod teams;
mod users;

pub use audit::{AuditEntry, AuditFilters, AuditList, AuditOverview, Counted};
pub use client::{
    ClientAccess, ClientCredentials, ClientDanger, ClientHead, ClientOverview, Reach, RiskReason,
    SecretRow, SeenFrom, Trial,
};
pub use client_form::{
    ClientForm, ClientKinds, ClientNew, ClientSaved, ClientSettings, Kind, MoreSettings, Preview,
    TeamGroup,
};
pub use client_history::{
    ActivityRow, AuditRow, Change, ClientActivity, ClientAudit, ClientTokens, Replay, TokenRow,
};
pub use clients::{
    ClientBulkDelete, ClientFilters, ClientList, ClientRow, RowAction, SecretsSummary,
};
pub use compare::{Comparison, Piece, mark};
pub use policies::{PolicyForm, PolicyList, PolicyOf, PolicyRow};
pub use refusals::{Forbidden, Refusal, RefusalList, RefusalRow};
pub use roles::{
    BindingList, BindingRow, HolderRow, PermissionGroup, PermissionList, PermissionRow, RoleEdit,
    RoleList, RolePage, RoleRow,
};
pub use scopes::{ScopeEdit, ScopeList, ScopeRow};
pub use sessions::{AppGroup, AppTokenRow, BrowserRow, BrowserSessions, ConnectedApps};
pub use settings::{SettingField, SettingsPage};
pub use teams::{
    MemberRow, OrganizationList, OrganizationPage, OrganizationRow, PlaceEnd, TeamList, TeamPage,
    TeamRow,
};
pub use users::{
    HeldFactor, SeenAddress, UserFilters, UserLink, UserList, UserNew, UserPage, UserRow,
};
