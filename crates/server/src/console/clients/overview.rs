//! `GET /console/clients/{client}`: what it is, where it connects, how to use it.

use axum::extract::Path;
use domain::clients::{Client, GrantType, TeamSelection};
use domain::{Fault, Work};

use super::head::{self, Tab};
use super::{remedies, snippets, trial, words};
use crate::console::names::Names;
use crate::console::query::Query;
use crate::console::views::ClientOverview;
use crate::console::visitor::{Answer, Visitor};
use crate::urls::Urls;
use crate::web::views::{Fact, When};

/// The first tab.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    let mut work = visitor.app.instance.read();
    let client = head::find(&visitor, &mut work, &id).await?;
    let mut names = Names::default();
    let created_by = names.actor(&mut work, &client.created_by).await?;
    let updated_by = names.actor(&mut work, &client.updated_by).await?;
    let page = ClientOverview {
        frame: visitor.frame("Clients", &query),
        client: head::head(&visitor, &mut work, &client, Tab::Overview).await?,
        description: client.description.clone(),
        summary: summary(&mut work, &mut names, &client).await?,
        redirect_uris: client.redirect_uris.clone(),
        endpoints: endpoints(&visitor.app.urls, &client),
        snippets: snippets::to_use(&visitor.app.urls, &client),
        risk_reasons: remedies::of(&client),
        risk_score: client.risk.score,
        trial: trial::of(&visitor.app.urls, &client, None),
        created: (When::exact(client.created_at), created_by),
        updated: (When::exact(client.updated_at), updated_by),
    };
    Ok(visitor.render(&page))
}

async fn summary(work: &mut Work, names: &mut Names, client: &Client) -> Result<Vec<Fact>, Fault> {
    let fact = |label: &str, value: String| Fact { label: label.into(), value };
    let mut facts = vec![
        fact("Type", words::client_type(client.kind).into()),
        fact("Gets tokens by", words::grants(client)),
        fact("Access", words::access(client.access).into()),
        fact("Teams", teams(work, names, client).await?),
        fact("Scopes", client.scopes.iter().collect::<Vec<_>>().join(", ")),
        fact("Access token", words::access_token(client)),
    ];
    facts.extend(words::refresh_token(client).map(|words| fact("Refresh token", words)));
    if let Some(home) = &client.organization {
        facts.push(fact("Organization", names.organization(work, home).await?));
    }
    if let Some(person) = &client.context_user {
        facts.push(fact("Acts as", names.actor(work, person.as_str()).await?));
    }
    if !client.trusted_ips.is_empty() {
        facts.push(fact("Trusted addresses", client.trusted_ips.lines().join(", ")));
    }
    facts.retain(|fact| !fact.value.is_empty());
    Ok(facts)
}

/// For which teams it may act, in a sentence.
pub(super) async fn teams(
    work: &mut Work,
    names: &mut Names,
    client: &Client,
) -> Result<String, Fault> {
    let limited = (&*client.restricted_organizations, &*client.restricted_teams);
    let limits = words::places(&words::limits(work, names, limited).await?);
    let which = match (limits.is_empty(), &client.organization) {
        (false, _) => limits,
        (true, Some(_)) => "every team of its organization".into(),
        (true, None) => "every team".into(),
    };
    if !client.has_redirects() && !client.allows(GrantType::Password) {
        return Ok(which);
    }
    let choice = match client.team_selection {
        TeamSelection::Single => "one of",
        TeamSelection::Multiple => "any of",
    };
    Ok(format!("{choice} {which}, chosen at consent"))
}

fn endpoints(urls: &Urls, client: &Client) -> Vec<Fact> {
    let fact = |label: &str, path: &str| Fact { label: label.into(), value: urls.absolute(path) };
    let mut facts = vec![
        Fact { label: "Issuer".into(), value: urls.issuer().into() },
        fact("Discovery", "/.well-known/openid-configuration"),
    ];
    if client.has_redirects() {
        facts.push(fact("Authorization", "/oauth2/authorize"));
    }
    facts.push(fact("Token", "/oauth2/token"));
    if client.has_redirects() {
        facts.push(fact("Userinfo", "/oauth2/userinfo"));
    }
    facts.push(fact("Introspection", "/oauth2/introspect"));
    facts.push(fact("Revocation", "/oauth2/revoke"));
    facts.push(fact("Keys (JWKS)", "/oauth2/jwks"));
    facts
}
