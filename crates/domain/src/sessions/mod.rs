//! Browser sessions: that a browser is a person's, since when and until when.
//!
//! The cookie value (`mss_…`) carries the enciphered id of a row and a MAC; a session is alive
//! while its row is there, the person is active under the epoch it was begun in, and neither
//! lifetime is over. This room refuses to know cookies, headers and pages: it takes and gives the
//! value.

mod agent;
mod life;
mod marks;
mod oversight;
mod password;
mod sign_in;
mod store;

pub use agent::describe;
pub use life::{begin, end, end_of_user, list_of_user, resume, sweep};
pub use marks::{Marks, flush, touch};
pub use oversight::{ListQuery, list, revoke};
pub use password::change_password;
pub use sign_in::{SignIn, prove_second_factor, set_up_second_factor, sign_in};

use crate::accounts::Amr;
use crate::audit::Object;
use crate::{Fault, Instance, SessionId, UserId};

/// A browser that a person signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its row.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When the password was last asked, in seconds since 1970.
    pub authenticated_at: i64,
    /// By what the person proved who they are.
    pub amr: Amr,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970, some seconds late.
    pub last_active_at: i64,
    /// When it ends, used or not.
    pub expires_at: i64,
    /// From where it was begun; `-` where unknown.
    pub address: String,
    /// What the browser says it is; see [`describe`].
    pub user_agent: String,
}

impl Session {
    /// The name by which pages and the API call it: tells neither order nor volume, and opens
    /// nothing.
    ///
    /// # Errors
    /// When the id cannot be enciphered.
    pub fn public_id(&self, instance: &Instance) -> Result<String, Fault> {
        instance.vault.public_id(self.id.0)
    }

    fn as_object(&self) -> Object {
        Object::new("session", self.id.0.to_string(), describe(&self.user_agent).0)
    }
}

/// The session behind a public name; whether there is one is for the store to say.
pub fn by_public_id(instance: &Instance, public: &str) -> Option<SessionId> {
    instance.vault.row_id(public).map(SessionId)
}
