//! What to do about each reason why a client is risky, and on which tab. Pure; the reasons and their
//! points are the rules' own.

use domain::clients::Client;
use domain::clients::risk::Reason;

use super::page_of;
use crate::console::views::RiskReason;
use crate::web::views::Link;

/// The reasons of a client, each with its remedy.
pub(super) fn of(client: &Client) -> Vec<RiskReason> {
    let told = |reason: &Reason| {
        let (label, tab) = remedy(*reason);
        RiskReason {
            sentence: reason.sentence().into(),
            points: reason.points(),
            remedy: Link { label: label.into(), href: page_of(client.id.as_str(), tab) },
        }
    };
    client.risk.reasons.iter().map(told).collect()
}

/// What helps, and the tab where it is done.
fn remedy(reason: Reason) -> (&'static str, &'static str) {
    let settings = |words| (words, "settings");
    match reason {
        Reason::LegacyGrant => {
            settings("Move it to the authorization code, then take the grant away.")
        }
        Reason::FullAccess => settings("Make it read only, if it only looks."),
        Reason::ContextUser => settings("Let it stop while the user it acts as is disabled."),
        Reason::LongAccess => settings("Let its access tokens live an hour or less."),
        Reason::LongRefresh => settings("Let its refresh tokens live 30 days or less."),
        Reason::NoTrustedIps => settings("List the addresses it asks from."),
        Reason::PkceOptional => settings("Require PKCE; every current library can do it."),
        Reason::OldSecret => ("Rotate the secret.", "credentials"),
        Reason::Unused => ("Disable it, and delete it when nobody misses it.", "danger"),
        Reason::OwnerGone => settings("Name a responsible team or a contact."),
        Reason::ManyRedirects => settings("Remove the redirect addresses that nothing uses."),
        Reason::PlainHttp => settings("Use https, unless it runs on the person's own machine."),
        Reason::OfflineTokens => {
            settings("Make its tokens opaque, or let them live an hour or less.")
        }
        Reason::KeptRefresh => settings("Replace refresh tokens at each use."),
    }
}
