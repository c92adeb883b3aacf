//! Access tokens and refresh token families: issued, looked up, rotated, ended.
//!
//! A token carries an enciphered row id and a MAC; its row stores the epochs of client, user and
//! grant it was issued under and is alive only while all are equal. Nothing is swept to revoke,
//! no clock is compared but the expiry. This room does not know how a request was authenticated.

mod access_tokens;
mod connected;
mod families;
mod grants;
mod id_token;
mod impact;
mod inventory;
mod live;
mod marks;
mod meaning;
mod oversight;
mod own;
mod personal;
mod rates;
mod replays;
mod reuse;
mod revocation;
mod rotation;
mod service_teams;
mod slots;
mod targets;

pub use crate::clients::own_rights;
pub use access_tokens::{AccessToken, Issue, Issued, Subject, audience, issue};
pub use connected::{Connected, ConnectedQuery, connected};
pub use families::begin_family;
pub(crate) use grants::stored_scopes;
pub use grants::{
    Grant, GrantSummary, NewGrant, Remains, find_grant, grant_by_public_id, grants_of_user,
    insert_grant, keep_until, sweep,
};
pub use id_token::{IdToken, id_token};
pub use impact::{Impact, grants_naming, impact};
pub use inventory::{
    GrantQuery, ListedGrant, ListedToken, TokenQuery, list_grants, list_tokens, revoke_grant,
    revoke_token, revoke_token_of_user, tokens_of_user,
};
pub use live::{Live, find_live, find_live_for, find_live_refresh, public_id};
pub use marks::{Marks, flush_marks, mark_used};
pub use meaning::{Meaning, TeamRights, authority, meaning};
pub use oversight::{Count, Living, count_of_client, list_of_client, revoke_of_client};
pub use own::{Own, issue_own, issue_recalled};
pub use personal::{Personal, issue_personal};
pub use rates::{Rates, admit};
pub use replays::{Replayed, Replays, replays};
pub use revocation::{
    end_grant, end_grants_of, end_tokens_of_holder, end_tokens_of_user, revoke,
    revoke_grant_of_user,
};
pub use rotation::{RefreshRefusal, Refreshed, refresh, refresh_recalled};
pub use service_teams::service_teams;
pub use targets::{covers as covers_resources, select as select_resources};
