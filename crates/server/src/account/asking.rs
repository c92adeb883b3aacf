//! What an application is and asks for, in words: shared by the consent page and the account.

use std::collections::BTreeMap;

use domain::clients::Client;
use domain::scopes::{self, Scope, ScopeKind};
use domain::{Fault, Work, teams};
use protocol::redirect_uri::RedirectUri;
use protocol::scope::Scopes;

/// What stands for a redirect to the person's own machine.
const THIS_DEVICE: &str = "this device";

/// The order in which people are told what an application learns about them.
const IDENTITY: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The catalogue's entry of each scope: who I am, then what is read, then what is changed. One
/// that is in no catalogue any more goes by its name and counts as a change, the stricter kind.
pub(super) async fn described(work: &mut Work, asked: &Scopes) -> Result<Vec<Scope>, Fault> {
    let known = scopes::describe(work, asked).await?;
    let mut known: BTreeMap<_, _> = known.into_iter().map(|it| (it.name.clone(), it)).collect();
    let unknown = |name: &str| Scope {
        name: name.to_owned(),
        kind: ScopeKind::Write,
        description: name.to_owned(),
        resource: None,
        is_system: false,
        version: 0,
    };
    let found = asked.iter().map(|name| known.remove(name).unwrap_or_else(|| unknown(name)));
    let mut described: Vec<_> = found.collect();
    described.sort_by_key(rank);
    Ok(described)
}

/// Where a scope stands among others of the same order of names.
fn rank(scope: &Scope) -> (ScopeKind, usize) {
    let place = IDENTITY.iter().position(|name| *name == scope.name);
    (scope.kind, place.unwrap_or(IDENTITY.len()))
}

/// A scope as a sentence; its name where nobody wrote one.
pub(super) fn sentence(scope: &Scope) -> String {
    let words = if scope.description.trim().is_empty() { &scope.name } else { &scope.description };
    words.clone()
}

/// Who is responsible: the organization of the client, and whom to ask.
pub(super) async fn owner(work: &mut Work, client: &Client) -> Result<Option<String>, Fault> {
    let organization = match &client.organization {
        Some(id) => teams::find_organization(work, id).await?.map(|it| it.name),
        None => None,
    };
    let contacts = client.contacts.join(", ");
    Ok(match (organization, contacts.is_empty()) {
        (Some(name), true) => Some(name),
        (Some(name), false) => Some(format!("{name} ({contacts})")),
        (None, false) => Some(contacts),
        (None, true) => None,
    })
}

/// Where an answer goes: the host of the redirect URI, or the person's own machine.
pub(super) fn host_of(redirect_uri: &str) -> String {
    let uri = RedirectUri::stored(redirect_uri);
    if uri.is_loopback() || uri.is_private_use() {
        return THIS_DEVICE.to_owned();
    }
    uri.host().unwrap_or(redirect_uri).to_owned()
}

/// The hosts of several redirect URIs, each once.
pub(super) fn hosts_of(redirect_uris: &[String]) -> String {
    let mut hosts: Vec<String> = Vec::new();
    for host in redirect_uris.iter().map(|uri| host_of(uri)) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_host_that_gets_the_code() {
        for (uri, host) in [
            ("https://notes.example/callback", "notes.example"),
            ("https://notes.example:8443/callback?x=//other.example", "notes.example"),
            ("https://[2001:db8::1]:9/cb", "[2001:db8::1]"),
            ("http://127.0.0.1:49152/callback", "this device"),
            ("http://[::1]/callback", "this device"),
            ("http://localhost:3000/callback", "this device"),
            ("dev.mandate.mobile:/callback", "this device"),
            ("http://localhost.evil.example/cb", "localhost.evil.example"),
        ] {
            assert_eq!(host_of(uri), host, "{uri}");
        }
    }

    #[test]
    fn names_each_host_once() {
        let uris = [
            "http://127.0.0.1/cb",
            "http://[::1]/cb",
            "https://a.example/1",
            "https://a.example/2",
        ];
        assert_eq!(hosts_of(&uris.map(str::to_owned)), "this device, a.example");
        assert_eq!(hosts_of(&[]), "");
    }
}
