//! `GET /console/clients`: who may ask this server for tokens. Filters, order and place are in
//! the URL, so that a view can be sent to a colleague.

use domain::access::{
    Access, CreateClients, DeleteClients, Permission, ReadClients, RotateSecrets, UpdateClients,
};
use domain::clients::{self, ClientType, GrantType, ListQuery, Sort, Summary};
use domain::{Fault, Refusal, Work, scopes};

use super::{LIST, page_of, undo, words};
use crate::console::names::Names;
use crate::console::places::Places;
use crate::console::query::Query;
use crate::console::views::{ClientFilters, ClientList, ClientRow, RowAction, SecretsSummary};
use crate::console::visitor::{Answer, Visitor};
use crate::web::views::{Choice, When};

const DAY: i64 = 86_400;
/// Days without use after which a client counts as unused.
const UNUSED: i64 = 90;
/// Days within which a secret ends soon.
const SOON: i64 = 30;
/// What narrows the list, beside its order.
const FILTERS: [&str; 11] =
    ["q", "team", "owner", "access", "type", "status", "grant", "scope", "use", "secret", "risk"];
/// The columns that can be left out, and whether they are shown unless somebody says otherwise.
const COLUMNS: [(&str, &str, bool); 8] = [
    ("type", "Type and grants", true),
    ("access", "Access and teams", true),
    ("scopes", "Scopes", true),
    ("tokens", "Token lifetimes", true),
    ("secrets", "Secrets", true),
    ("status", "Status and risk", true),
    ("used", "Last used and created", true),
    ("owner", "Owner", false),
];

/// One page of the list.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may::<ReadClients>()?;
    let mut work = visitor.app.instance.read();
    let asked = asked(&query, visitor.now());
    let page = match clients::list(&mut work, &may, &asked).await {
        // A cursor of another order, or none of ours: the list begins again.
        Err(Refusal::Invalid(_)) if asked.cursor.is_some() => {
            let again = ListQuery { cursor: None, ..asked };
            clients::list(&mut work, &may, &again).await?
        }
        other => other?,
    };
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(page.items.len());
    for summary in &page.items {
        rows.push(row(&visitor, &mut work, &mut names, summary).await?);
    }
    let mut frame = visitor.frame("Clients", &query);
    frame.undo = undo::switch(&visitor, &mut work, &query).await?;
    let changes = visitor.holds::<UpdateClients>();
    let deletes = visitor.holds::<DeleteClients>();
    let active = query.has_any(&FILTERS);
    let list = ClientList {
        frame,
        filters: filters(&visitor, &mut work, &query).await?,
        only_system: !active && page.next_cursor.is_none() && rows.iter().all(|row| row.system),
        rows,
        create_refused: visitor.lacks::<CreateClients>(),
        bulk_delete: deletes.then(|| format!("{LIST}:delete")),
        bulk_disable: changes.then(|| format!("{LIST}:disable")),
        view: query.view(),
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    };
    Ok(visitor.render(&list))
}

fn asked(query: &Query, now: i64) -> ListQuery {
    let status = query.get("status");
    let team = query.get("team");
    let (sort, descending) = match query.get("sort") {
        Some("newest") => (Sort::Created, true),
        Some("used") => (Sort::LastUsed, true),
        Some("risk") => (Sort::Risk, true),
        _ => (Sort::Name, false),
    };
    ListQuery {
        q: query.get("q").map(str::to_owned),
        enabled: status
            .filter(|it| matches!(*it, "enabled" | "disabled"))
            .map(|it| it == "enabled"),
        kind: query.get("type").and_then(ClientType::parse),
        access: query.get("access").and_then(access),
        grant: query.get("grant").and_then(GrantType::parse),
        scope: query.get("scope").map(str::to_owned),
        team: team.filter(|it| !matches!(*it, "all" | "some")).map(str::to_owned),
        owner_team: query.get("owner").map(str::to_owned),
        all_teams: team.filter(|it| matches!(*it, "all" | "some")).map(|it| it == "all"),
        unused_days: query.get("use").filter(|it| *it == "unused").map(|_| UNUSED),
        secret_expiring_days: query.get("secret").filter(|it| *it == "expiring").map(|_| SOON),
        risk_from: query.get("risk").and_then(words::risk_from),
        sort,
        descending,
        cursor: query.get("cursor").map(str::to_owned),
        now,
        ..ListQuery::default()
    }
}

fn access(word: &str) -> Option<Access> {
    [Access::ReadOnly, Access::Full].into_iter().find(|it| it.as_str() == word)
}

async fn row(
    visitor: &Visitor,
    work: &mut Work,
    names: &mut Names,
    summary: &Summary,
) -> Result<ClientRow, Fault> {
    let now = visitor.now();
    let limited = (&*summary.restricted_organizations, &*summary.restricted_teams);
    let teams = if summary.all_teams {
        None
    } else {
        Some(words::places(&words::limits(work, names, limited).await?))
    };
    let owner = match &summary.owner_team {
        Some(team) => Some(names.team(work, team).await?),
        None => None,
    };
    let (risk, _) = words::risk(summary.risk_score);
    Ok(ClientRow {
        id: summary.id.to_string(),
        name: summary.name.clone(),
        href: page_of(summary.id.as_str(), ""),
        kind: words::kind(summary.confidential, &summary.grant_types).into(),
        grants: summary.grant_types.iter().map(|it| words::short_grant(*it).into()).collect(),
        access: words::access(summary.access).into(),
        full: summary.access == Access::Full,
        teams,
        enabled: summary.enabled,
        system: summary.is_system,
        risk: if risk == "Low" { risk.into() } else { format!("{risk} risk") },
        secrets: summary.confidential.then(|| SecretsSummary {
            alive: u32::try_from(summary.secrets).unwrap_or_default(),
            soonest: summary.secret_expires_at.map(|at| When::relative(at, now)),
            urgency: urgency(summary.secret_expires_at, now).into(),
        }),
        last_used: summary.last_used_at.map(|at| When::relative(at, now)),
        owner,
        created: When::relative(summary.created_at, now),
        scopes: summary.scopes.clone(),
        access_token: words::duration(summary.access_token_lifetime),
        refresh_token: (summary.grant_types.contains(&GrantType::RefreshToken))
            .then(|| words::duration(summary.refresh_token_lifetime)),
        actions: actions(visitor, summary),
    })
}

/// What can be done to it from the list; what this person may not do says which right is missing.
fn actions(visitor: &Visitor, summary: &Summary) -> Vec<RowAction> {
    fn lacks<P: Permission>(visitor: &Visitor, summary: &Summary) -> Option<String> {
        visitor.lacks_at::<P>(summary.organization.as_deref(), summary.owner_team.as_deref())
    }
    let action = |label: &str, icon: &str, tab: &str, refused: Option<String>| RowAction {
        label: label.into(),
        icon: icon.into(),
        target: page_of(summary.id.as_str(), tab),
        refused,
        ..RowAction::default()
    };
    let update = lacks::<UpdateClients>(visitor, summary);
    let rotate = if summary.confidential {
        lacks::<RotateSecrets>(visitor, summary)
    } else {
        Some("It is public and has no secret.".into())
    };
    let delete = if summary.is_system {
        Some("This server relies on it: it cannot be deleted.".into())
    } else {
        lacks::<DeleteClients>(visitor, summary)
    };
    let switch = if summary.enabled {
        action("Disable", "pause", "disable", update.clone())
    } else {
        action("Enable", "play", "enable", update.clone())
    };
    vec![
        action("Edit", "change", "settings", update),
        action("Rotate secret", "repeat", "credentials", rotate),
        RowAction { sends: true, ..switch },
        RowAction { dangerous: true, ..action("Delete", "trash", "danger", delete) },
    ]
}

fn urgency(ends: Option<i64>, now: i64) -> &'static str {
    match ends {
        Some(at) if at - now <= 7 * DAY => "danger",
        Some(at) if at - now <= SOON * DAY => "warn",
        _ => "ok",
    }
}

async fn filters(
    visitor: &Visitor,
    work: &mut Work,
    query: &Query,
) -> Result<ClientFilters, Refusal> {
    let places = Places::of(visitor, work).await?;
    let mut teams =
        choices(query, "team", &[("", "Any"), ("all", "All teams"), ("some", "Limited to some")]);
    teams.extend(
        places.teams.iter().map(|team| choice(query, "team", &team.id, &places.spell(team))),
    );
    let types = ClientType::ALL.iter().map(|kind| (kind.as_str(), words::client_type(*kind)));
    let grants = GrantType::ALL.iter().map(|grant| (grant.as_str(), words::grant(*grant)));
    let all = scopes::list(work).await?;
    let all = all.iter().map(|scope| (scope.name.as_str(), scope.name.as_str()));
    let with_any = |name: &str, pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        let any = std::iter::once(("", "Any"));
        any.chain(pairs).map(|(value, label)| choice(query, name, value, label)).collect()
    };
    Ok(ClientFilters {
        q: query.text("q"),
        team: teams,
        access: choices(
            query,
            "access",
            &[("", "Any"), ("read_only", "Read only"), ("full", "Full access")],
        ),
        kind: with_any("type", &mut types.into_iter()),
        status: choices(
            query,
            "status",
            &[("", "Any"), ("enabled", "Enabled"), ("disabled", "Disabled")],
        ),
        used: choices(query, "use", &[("", "Any"), ("unused", "Unused for 90 days")]),
        secret: choices(query, "secret", &[("", "Any"), ("expiring", "Ends within 30 days")]),
        risk: choices(
            query,
            "risk",
            &[("", "Any"), ("medium", "Medium or high"), ("high", "High")],
        ),
        grant: with_any("grant", &mut grants.into_iter()),
        scope: with_any("scope", &mut all.into_iter()),
        sort: choices(
            query,
            "sort",
            &[
                ("", "Name"),
                ("newest", "Newest first"),
                ("used", "Last used first"),
                ("risk", "Riskiest first"),
            ],
        ),
        columns: columns(query),
        more: query.has_any(&["grant", "scope", "use", "secret", "risk"]),
        active: query.has_any(&FILTERS),
    })
}

/// Those that the address names, else the usual ones.
fn columns(query: &Query) -> Vec<Choice> {
    let named = query.all("columns");
    let column = |(value, label, usual): &(&str, &str, bool)| Choice {
        value: (*value).into(),
        label: (*label).into(),
        chosen: if named.is_empty() { *usual } else { named.contains(value) },
        ..Choice::default()
    };
    COLUMNS.iter().map(column).collect()
}

fn choices(query: &Query, name: &str, pairs: &[(&str, &str)]) -> Vec<Choice> {
    pairs.iter().map(|(value, label)| choice(query, name, value, label)).collect()
}

fn choice(query: &Query, name: &str, value: &str, label: &str) -> Choice {
    let chosen = query.get(name).unwrap_or_default() == value;
    Choice { value: value.into(), label: label.into(), chosen, ..Choice::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_grows_urgent_as_its_end_comes_near() {
        let steps = [None, Some(31 * DAY), Some(30 * DAY), Some(7 * DAY), Some(-1)];
        assert_eq!(steps.map(|at| urgency(at, 0)), ["ok", "ok", "warn", "danger", "danger"]);
    }
}
