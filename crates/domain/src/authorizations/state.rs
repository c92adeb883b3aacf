//! The states of an authorization request. A transition takes the state by value.

use protocol::authorization_request::AuthorizationRequest;
use protocol::error::Error;
use protocol::response::ResponseMode;
use protocol::scope::Scopes;
use serde::{Deserialize, Serialize};

use crate::accounts::Amr;
use crate::sessions::Session;
use crate::tokens::AccessToken;
use crate::{ClientId, Plain, SessionId, UserId};

/// A checked request of nobody yet. Sealed in the browser, never stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes: one of the client's own, as presented.
    pub redirect_uri: String,
    /// What was asked, as parsed.
    pub request: AuthorizationRequest,
    /// The scopes that will be asked of the person.
    pub scopes: Scopes,
    /// Ids of the resources it is for.
    pub resources: Vec<String>,
    /// The browser session that was there when the request came. A sign-in since then has made
    /// another one, and only that satisfies `prompt=login`.
    pub begun_in: Option<SessionId>,
    /// Seconds since 1970; a sealed request is not kept for ever.
    pub begun_at: i64,
}

/// Somebody signed in; stored from here on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identified {
    /// The request.
    pub pending: Pending,
    /// Who.
    pub user: UserId,
    /// In which browser session.
    pub session: SessionId,
    /// When they proved it.
    pub authenticated_at: i64,
    /// By what. A request from before that was asked for knew the password alone.
    #[serde(default)]
    pub amr: Amr,
}

/// They agreed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "an instant is named by what happened then")]
pub struct Consented {
    /// Who asked what of whom.
    pub identified: Identified,
    /// What they agreed to.
    pub scopes: Scopes,
    /// The teams they chose.
    pub teams: Vec<String>,
    /// When.
    pub consented_at: i64,
}

/// A code is out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issued {
    /// What it stands for.
    pub consented: Consented,
    /// The epoch of the client it was issued under.
    pub client_epoch: i64,
    /// The epoch of the person it was issued under.
    pub user_epoch: i64,
}

impl Pending {
    /// The person is known.
    pub fn identified(self, session: &Session) -> Identified {
        Identified {
            pending: self,
            user: session.user.clone(),
            session: session.id,
            authenticated_at: session.authenticated_at,
            amr: session.amr,
        }
    }
}

impl Identified {
    /// The person agreed.
    pub fn consented(self, scopes: Scopes, teams: Vec<String>, consented_at: i64) -> Consented {
        Consented { identified: self, scopes, teams, consented_at }
    }
}

impl Consented {
    /// The code goes out.
    pub fn issued(self, client_epoch: i64, user_epoch: i64) -> Issued {
        Issued { consented: self, client_epoch, user_epoch }
    }
}

/// An answer on its way to the client.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Where it goes.
    pub redirect_uri: String,
    /// By which way.
    pub mode: ResponseMode,
    /// Echoed byte for byte.
    pub state: Option<String>,
    /// What the client asked for.
    pub given: Given,
}

/// What an answer carries.
#[derive(Debug, Clone)]
pub enum Given {
    /// A code (RFC 6749 §4.1.2).
    Code(Plain),
    /// Tokens of the legacy implicit grant (§4.2.2; OpenID Connect Core §3.2.2.5).
    Tokens {
        /// Where it was asked for.
        access: Option<AccessToken>,
        /// Where it was asked for.
        id_token: Option<Plain>,
    },
}

/// An error on its way to the client (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone)]
pub struct Refused {
    /// Who asked.
    pub client: ClientId,
    /// Where it goes.
    pub redirect_uri: String,
    /// By which way.
    pub mode: ResponseMode,
    /// Echoed byte for byte.
    pub state: Option<String>,
    /// What is wrong.
    pub error: Error,
}

impl Pending {
    /// This request, refused with `error`.
    pub fn refused(&self, error: Error) -> Refused {
        Refused {
            client: self.client.clone(),
            redirect_uri: self.redirect_uri.clone(),
            mode: self.request.response_mode,
            state: self.request.state.clone(),
            error,
        }
    }
}
