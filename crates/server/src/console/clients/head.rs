//! What stands above every tab of a client, and how a tab finds its client.

use std::sync::Arc;

use domain::access::{ReadAudit, ReadClients, ReadTokens};
use domain::clients::{self, Client};
use domain::{Fault, Work};

use super::{page_of, words};
use crate::console::names::Names;
use crate::console::views::ClientHead;
use crate::console::visitor::{Halt, Visitor};
use crate::web::views::{NavEntry, When};

/// The tabs of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Settings,
    Credentials,
    Access,
    Tokens,
    Activity,
    Audit,
    Danger,
}

impl Tab {
    const ALL: [(Self, &str, &str); 8] = [
        (Self::Overview, "Overview", ""),
        (Self::Settings, "Settings", "settings"),
        (Self::Credentials, "Credentials", "credentials"),
        (Self::Access, "Access", "access"),
        (Self::Tokens, "Tokens", "tokens"),
        (Self::Activity, "Activity", "activity"),
        (Self::Audit, "Audit", "audit"),
        (Self::Danger, "Danger zone", "danger"),
    ];
}

/// The client of a page, for who may see it; the page is not there for anybody else.
pub(super) async fn find(
    visitor: &Visitor,
    work: &mut Work,
    id: &str,
) -> Result<Arc<Client>, Halt> {
    let may = visitor.may::<ReadClients>()?;
    clients::show(work, &may, id).await.map_err(|refusal| visitor.halt(refusal))
}

/// The head above `tab`.
pub(super) async fn head(
    visitor: &Visitor,
    work: &mut Work,
    client: &Client,
    tab: Tab,
) -> Result<ClientHead, Fault> {
    let mut names = Names::default();
    let owner = match (&client.owner_team, client.contacts.first()) {
        (Some(team), _) => Some(names.team(work, team).await?),
        (None, contact) => contact.cloned(),
    };
    let (risk, risk_level) = words::risk(client.risk.score);
    let grants: Vec<_> = client.grant_types.iter().copied().collect();
    let mut warnings = words::warnings(client);
    for warning in clients::warnings(work, client).await? {
        let since = warning.since.map(|at| format!(" Since {}.", When::exact(at).text));
        warnings.push(warning.detail + &since.unwrap_or_default());
    }
    Ok(ClientHead {
        id: client.id.to_string(),
        name: client.name.clone(),
        kind: words::kind(client.confidential, &grants).into(),
        enabled: client.enabled,
        system: client.is_system,
        risk: format!("{risk} risk"),
        risk_level: risk_level.into(),
        owner,
        last_used: client.last_used_at.map(|at| When::relative(at, visitor.now())),
        warnings,
        tabs: tabs(visitor, client, tab),
    })
}

fn tabs(visitor: &Visitor, client: &Client, current: Tab) -> Vec<NavEntry> {
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    let entry = |(tab, label, path): (Tab, &str, &str)| NavEntry {
        label: label.into(),
        href: page_of(client.id.as_str(), path),
        icon: String::new(),
        enabled: match tab {
            Tab::Tokens => visitor.lacks_at::<ReadTokens>(organization, team).is_none(),
            Tab::Activity | Tab::Audit => {
                visitor.lacks_at::<ReadAudit>(organization, team).is_none()
            }
            _ => true,
        },
        current: tab == current,
        ..NavEntry::default()
    };
    Tab::ALL.into_iter().map(entry).collect()
}
