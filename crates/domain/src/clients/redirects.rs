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
pub fn matching_redirect(
    client: &Client,
    presented: Option<&str>,
) -> Result<String, RedirectRefusal> {
    if !client.has_redirects() || client.redirect_uris.is_empty() {
        return Err(RedirectRefusal::NoneRegistered);
    }
    let Some(presented) = presented else {
        return match client.redirect_uris.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(RedirectRefusal::NoneNamed),
        };
    };
    let registered: Vec<RedirectUri> =
        client.redirect_uris.iter().map(RedirectUri::stored).collect();
    if registered.iter().any(|uri| uri.matches(presented, client.confidential)) {
        return Ok(presented.to_owned());
    }
    Err(RedirectRefusal::Unregistered { difference: difference(&registered, presented) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::presets::complete;
    use super::super::{Client, Draft};
    use super::*;

    fn client(uris: &[&str], confidential: bool) -> Client {
        let draft = json!({"redirect_uris": uris, "confidential": confidential});
        complete(&Draft::read(&draft).unwrap()).0
    }

    #[test]
    fn answers_to_the_only_one_when_none_is_named() {
        let one = client(&["https://a.example/cb"], true);
        assert_eq!(matching_redirect(&one, None).as_deref(), Ok("https://a.example/cb"));
        let two = client(&["https://a.example/cb", "https://b.example/cb"], true);
        assert_eq!(matching_redirect(&two, None), Err(RedirectRefusal::NoneNamed));
        let none = client(&[], true);
        assert_eq!(
            matching_redirect(&none, Some("https://a.example/cb")),
            Err(RedirectRefusal::NoneRegistered)
        );
    }

    #[test]
    fn answers_to_the_presented_bytes_and_to_no_others() {
        let web = client(&["https://a.example/cb", "https://b.example/cb"], true);
        assert_eq!(
            matching_redirect(&web, Some("https://b.example/cb")).as_deref(),
            Ok("https://b.example/cb")
        );
        for other in ["https://b.example/cb/", "https://B.example/cb", "https://b.example/cb?x", ""]
        {
            let Err(RedirectRefusal::Unregistered { difference }) =
                matching_redirect(&web, Some(other))
            else {
                panic!("{other} was accepted");
            };
            assert!(difference.first_differing_char.is_some());
        }
    }

    #[test]
    fn ignores_the_port_of_loopback_for_public_clients_only() {
        let (cli, web) =
            (client(&["http://127.0.0.1/cb"], false), client(&["http://127.0.0.1/cb"], true));
        let presented = Some("http://127.0.0.1:49152/cb");
        assert_eq!(matching_redirect(&cli, presented).as_deref(), Ok("http://127.0.0.1:49152/cb"));
        assert!(matching_redirect(&web, presented).is_err());
        assert!(matching_redirect(&cli, Some("http://localhost:49152/cb")).is_err());
    }
}
