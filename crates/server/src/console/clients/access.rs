//! `GET /console/clients/{client}/access`: who it acts for, where, and the most it could ever do.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Path;
use domain::access::{Access, Effect, ReadClients, ReadRoles, Rights, UpdateClients, definition};
use domain::clients::{self, Client, GrantType, TrustedIpsMode};
use domain::scopes::{self, Scope, ScopeKind};
use domain::trusted_ips::{self, Observed};
use domain::{Fault, Work, tokens};

use super::head::{self, Tab};
use super::{overview, page_of, words};
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::roles::page_of_holder;
use crate::console::views::{ClientAccess, Reach, SeenFrom};
use crate::console::visitor::{Answer, Halt, Visitor};
use crate::web::views::{Fact, Link, When};

/// The tab.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let mut names = Names::default();
    let known = scopes::describe(&mut work, &client.scopes).await?;
    let found = observed(&visitor, &mut work, &client).await?;
    let proposal = trusted_ips::propose(found.iter().map(|it| it.address)).join("\n");
    let now = visitor.now();
    let may = visitor.may::<ReadClients>()?;
    let last_seen = clients::last_seen(&mut work, &may, client.id.as_str()).await;
    let last_seen = last_seen.map_err(|refusal| visitor.halt(refusal))?;
    let (organization, team) = (client.organization.as_deref(), client.owner_team.as_deref());
    let may_change = visitor.lacks_at::<UpdateClients>(organization, team).is_none();
    let page = ClientAccess {
        frame: visitor.frame("Clients", &query),
        client: head::head(&visitor, &mut work, &client, Tab::Access).await?,
        acts_for: acts_for(&mut work, &mut names, &client).await?,
        limits: limits(&mut work, &mut names, &client).await?,
        bindings: (visitor.holds::<ReadRoles>() && holds_roles(&client))
            .then(|| page_of_holder(client.id.as_str())),
        scopes: known.iter().map(|it| (it.name.clone(), it.kind.as_str().to_owned())).collect(),
        reach: reach(&mut work, &mut names, (&client, &known)).await?,
        last_seen: last_seen.map(|it| SeenFrom {
            address: it.address,
            via: source(it.via),
            last: When::relative(it.at, now),
        }),
        observed: (found.into_iter().take(20))
            .map(|it| {
                let last = When::relative(it.last_at, now);
                let address = it.address.to_string();
                (SeenFrom { address, via: source(it.via), last }, it.seen)
            })
            .collect(),
        proposal,
        change: may_change.then(|| Link {
            label: "Change the limits".into(),
            href: page_of(client.id.as_str(), "settings"),
        }),
    };
    Ok(visitor.render(&page))
}

/// Whose word an address is.
fn source(via: Option<String>) -> String {
    via.unwrap_or_else(|| "the connection itself".into())
}

/// Who would be shut out, while its trusted addresses are only observed.
async fn observed(
    visitor: &Visitor,
    work: &mut Work,
    client: &Client,
) -> Result<Vec<Observed>, Halt> {
    if client.trusted_ips_mode != TrustedIpsMode::Observe {
        return Ok(Vec::new());
    }
    let may = visitor.may::<ReadClients>()?;
    let found = clients::observed(work, &may, client.id.as_str()).await;
    found.map_err(|refusal| visitor.halt(refusal))
}

/// Does it act for itself, under roles of its own?
fn holds_roles(client: &Client) -> bool {
    client.allows(GrantType::ClientCredentials) && client.context_user.is_none()
}

/// Who it acts for, in one sentence.
async fn acts_for(work: &mut Work, names: &mut Names, client: &Client) -> Result<String, Fault> {
    let people = "Acts for the person who signs in, and never beyond what that person may do.";
    let own = match &client.context_user {
        Some(person) => {
            let name = names.actor(work, person.as_str()).await?;
            format!("Acts as {name}, whose permissions bound it.")
        }
        None => "Acts for itself, with the roles it is bound to.".into(),
    };
    let signs_in = client.has_redirects() || client.allows(GrantType::Password);
    Ok(match (signs_in, client.allows(GrantType::ClientCredentials)) {
        (true, true) => format!("{people} On its own: {own}"),
        (true, false) => people.into(),
        (false, _) => own,
    })
}

async fn limits(work: &mut Work, names: &mut Names, client: &Client) -> Result<Vec<Fact>, Fault> {
    let fact = |label: &str, value: String| Fact { label: label.into(), value };
    let mut facts = vec![
        fact("Access", words::access(client.access).into()),
        fact("Teams", overview::teams(work, names, client).await?),
    ];
    if client.has_redirects() {
        let asked = if client.require_consent { "asked for consent" } else { "not asked" };
        facts.push(fact("People are", asked.into()));
    }
    if let Some(resource) = &client.default_resource {
        facts.push(fact("Resource when none is named", resource.clone()));
    }
    if !client.trusted_ips.is_empty() {
        facts.push(fact("Tokens only from", client.trusted_ips.lines().join(", ")));
    }
    Ok(facts)
}

/// The most it could do, place by place.
async fn reach(
    work: &mut Work,
    names: &mut Names,
    (client, known): (&Client, &[Scope]),
) -> Result<Vec<Reach>, Fault> {
    let mut reach = Vec::new();
    if client.has_redirects() || client.allows(GrantType::Password) {
        reach.push(of_people(client, known));
    }
    if client.allows(GrantType::ClientCredentials) {
        let rights = tokens::own_rights(work, client).await?;
        reach.extend(of_itself(work, names, &rights).await?);
    }
    reach.retain(|place| !place.read.is_empty() || !place.change.is_empty());
    Ok(reach)
}

fn of_people(client: &Client, known: &[Scope]) -> Reach {
    let writes = client.access == Access::Full;
    let words = |kind: ScopeKind| {
        let of_kind = known.iter().filter(move |scope| scope.kind == kind);
        of_kind.map(|scope| scope.description.clone()).collect::<Vec<_>>()
    };
    Reach {
        place: "Wherever the person who signs in may".into(),
        read: words(ScopeKind::Read),
        change: if writes { words(ScopeKind::Write) } else { Vec::new() },
    }
}

async fn of_itself(
    work: &mut Work,
    names: &mut Names,
    rights: &Rights,
) -> Result<Vec<Reach>, Fault> {
    let mut found = vec![place("Everywhere".into(), &rights.instance)];
    for (id, held) in &rights.organizations {
        let name = names.organization(work, id).await?;
        found.push(place(format!("All of {name}"), held));
    }
    let teams: &BTreeMap<String, BTreeSet<String>> = &rights.teams;
    for (id, held) in teams {
        let name = names.team(work, id).await?;
        found.push(place(format!("Team {name}"), held));
    }
    Ok(found)
}

fn place(place: String, held: &BTreeSet<String>) -> Reach {
    let words = |effect: Effect| {
        let of = held.iter().filter_map(|name| definition(name)).filter(|it| it.effect == effect);
        of.map(|it| it.description.to_owned()).collect()
    };
    Reach { place, read: words(Effect::Read), change: words(Effect::Write) }
}
