//! "What are you building?": the answers, and the safe beginning that each of them gives a form.

use domain::access::CreateClients;
use domain::clients::{Client, Draft};
use serde_json::{Value, json};

use super::words::Usual;
use crate::console::query::Query;
use crate::console::views::{ClientKinds, Kind};
use crate::console::visitor::{Answer, Visitor};

/// One answer.
pub(super) struct Beginning {
    /// Its word in the address.
    pub word: &'static str,
    title: &'static str,
    about: &'static str,
    terms: &'static str,
    icon: &'static str,
    /// What access token lifetime is usual, and why.
    pub usual: Usual,
    draft: fn() -> Value,
}

static BEGINNINGS: [Beginning; 6] = [
    Beginning {
        word: "web",
        title: "Web application",
        about: "Runs on a server and signs people in.",
        terms: "Authorization code with PKCE, confidential",
        icon: "browser",
        usual: ("1 h", "1 hour is usual for web applications."),
        draft: || json!({"type": "user_authorized", "scopes": ["openid", "profile", "email"]}),
    },
    Beginning {
        word: "app",
        title: "App without a server",
        about: "Single-page, mobile, desktop or command line: it runs where no secret can be kept.",
        terms: "Authorization code with PKCE, public",
        icon: "device",
        usual: ("1 h", "1 hour is usual for apps that people sign in to."),
        draft: || {
            json!({
                "type": "user_authorized", "confidential": false,
                "scopes": ["openid", "profile", "email"],
            })
        },
    },
    Beginning {
        word: "service",
        title: "Service",
        about: "A job or a backend that works on its own, with nobody watching.",
        terms: "Client credentials, confidential",
        icon: "server",
        usual: ("1 h", "1 hour is usual for services: a new token costs one request."),
        draft: || json!({"type": "service"}),
    },
    Beginning {
        word: "agent",
        title: "AI agent or MCP client",
        about: "Acts for a person who allows it, read only unless you say otherwise.",
        terms: "Authorization code with PKCE, public, short tokens",
        icon: "agent",
        usual: ("30 m", "Half an hour keeps an agent on a short lead."),
        draft: || {
            json!({
                "type": "user_authorized", "confidential": false, "access_token_lifetime": 1800,
                "scopes": ["openid", "as_user:read"],
            })
        },
    },
    Beginning {
        word: "sync",
        title: "Sync connector",
        about: "Copies people and groups from a directory.",
        terms: "Client credentials, the five scopes of directory synchronization",
        icon: "plug",
        usual: ("1 h", "1 hour is usual for connectors."),
        draft: || json!({"type": "sync_connector"}),
    },
    Beginning {
        word: "custom",
        title: "Something else",
        about: "Choose every setting yourself.",
        terms: "Nothing is chosen yet",
        icon: "custom",
        usual: ("1 h", "1 hour is usual."),
        draft: || json!({"type": "custom"}),
    },
];

impl Beginning {
    /// The answer of this word.
    pub fn of(word: &str) -> Option<&'static Self> {
        BEGINNINGS.iter().find(|it| it.word == word)
    }

    /// The client that the form begins with.
    pub fn client(&self) -> Client {
        Draft::read(&(self.draft)()).unwrap_or_default().sketch()
    }

    /// As it is shown.
    pub fn shown(&self) -> Kind {
        Kind {
            title: self.title.into(),
            about: self.about.into(),
            terms: self.terms.into(),
            icon: self.icon.into(),
            href: format!("/console/clients/new?kind={}", self.word),
            refused: None,
        }
    }
}

/// `GET /console/clients/new` without an answer.
pub(super) fn show(visitor: &Visitor, query: &Query) -> Answer {
    visitor.may::<CreateClients>()?;
    let page = ClientKinds {
        frame: visitor.frame("Clients", query),
        kinds: BEGINNINGS.iter().map(Beginning::shown).collect(),
    };
    Ok(visitor.render(&page))
}

#[cfg(test)]
mod tests {
    use domain::access::Access;
    use domain::clients::{GrantType, Pkce};

    use super::*;

    #[test]
    fn every_beginning_can_be_read_and_is_careful() {
        for beginning in &BEGINNINGS {
            assert!(Draft::read(&(beginning.draft)()).is_ok(), "{}", beginning.word);
            let client = beginning.client();
            assert_eq!(client.pkce, Pkce::Required);
            assert!(!client.allows(GrantType::RefreshToken));
            assert!(client.require_consent);
            assert!(client.access_token_lifetime <= 3600);
            assert!(beginning.word == "sync" || client.access == Access::ReadOnly);
            assert!(Beginning::of(beginning.word).is_some());
        }
    }
}
