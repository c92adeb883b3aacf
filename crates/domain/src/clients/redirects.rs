//! Which redirect URI an authorization request means.
//!
//! Comparing is `protocol`'s. Until a URI has matched, nobody may be sent anywhere: every refusal
//! here is a page of this server.

use protocol::redirect_uri::{Difference, RedirectUri, difference};

use super::Client;

/// Why a request has no redirect URI that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectRefusal {
    /// The client does not sign people in.
    #[error("The application has no redirect URI registered.")]
    NoneRegistered,
    /// The request names none and several are registered (OAuth 2.1 §2.3.2).
    #[error("The application registered several redirect URIs; the request must name one.")]
    NoneNamed,
    /// The request names one that is not registered.
    #[error("The redirect URI of the request is not registered for this application.")]
    Unregistered {
        /// Expected against received, for the operator only.
        difference: Difference,
    },
}

/// The URI to answer to: the presented one when it matches a registered one, the only registered
/// one when none is presented.
///
/// # Errors
/// Why there is none.
pub fn matching_redirect(client: &Client, presented: Option<&str>) -> Result<String, RedirectRefusal> {
    if !client.has_redirects() || client.redirect_uris.is_empty() {
        return Err(RedirectRefusal::NoneRegistered);
    }
    let Some(presented) = presented else {
        return match client.redirect_uris.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(RedirectRefusal::NoneNamed),
        };
    };
    let registered: Vec<RedirectUri> = client.redirect_uris.iter().map(RedirectUri::stored).collect();
    if registered.iter().any(|uri| uri.matches(presented, client.confidential)) {
        return Ok(presented.to_owned());
    }
    Err(RedirectRefusal::Unregistered { difference: difference(&registered, presented) })
}
