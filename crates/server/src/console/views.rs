//! What the pages of an administrator show, as plain data.
mod clients;
pub use clients::{ClientBulkDelete, ClientFilters, ClientList, ClientRow, SecretsSummary};
