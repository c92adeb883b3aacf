//! What a live token means now: in which teams, with which permissions.
//!
//! Read afresh at each use, by the statement that finds the token, so that a changed role,
//! membership or status shows in the very next answer.

use std::sync::LazyLock;

use super::Live;
use crate::access::{self, Authority, Limits, Place, Rights, Within, effective};
use crate::clients;
use crate::{Actor, Fault, GrantId, Work};

/// One team a token reaches, and what it may do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRights {
    /// The team.
    pub id: String,
    /// Its shown name.
    pub name: String,
    /// Its organization.
    pub organization: String,
    /// Permissions there, sorted.
    pub permissions: Vec<String>,
}

/// What a token may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Per team of the grant that the person still belongs to and the client may still reach.
    pub teams: Vec<TeamRights>,
    /// At the instance.
    pub instance: Vec<String>,
    /// The same, for rules that ask for a proof.
    pub rights: Rights,
    /// Does its subject hold a role in an organization or a team?
    pub is_bound_below: bool,
}

/// Decides what `live` may do now.
///
/// # Errors
/// When the database cannot answer.
pub async fn meaning(work: &mut Work, live: &Live) -> Result<Meaning, Fault> {
    let found = clients::current(work, live.client.as_str(), live.client_version).await?;
    let Some(client) = found else { return Ok(Meaning::default()) };
    let subject = live.user.as_ref().map_or(live.client.as_str(), |user| user.as_str());
    let Held { bounds, mut teams } = match &live.held {
        Some(held) => held.clone(),
        None => held(work, subject, live.grant).await?,
    };
    let holdings = access::holdings(work, bounds).await?;
    teams.retain(|team| {
        client.reaches(&team.id, &team.organization)
            && holdings.belongs_to(&team.id, &team.organization)
    });
    let within = match live.grant {
        Some(_) => Some(Within {
            teams: teams.iter().map(|t| (t.id.clone(), t.organization.clone())).collect(),
            ..Within::default()
        }),
        None => clients::reached(work, &client, &holdings).await?,
    };
    let limits = Limits { scopes: &live.scopes, access: live.access, within: within.as_ref() };
    let rights = effective(&holdings, Some(limits));
    for team in &mut teams {
        team.permissions =
            rights.teams.get(&team.id).cloned().unwrap_or_default().into_iter().collect();
    }
    let instance = rights.instance.iter().cloned().collect();
    let is_bound_below = holdings.places.iter().any(|place| *place != Place::Instance);
    Ok(Meaning { teams, instance, rights, is_bound_below })
}

/// What a token's subject holds and which teams its grant names, as the statement that found the
/// token read them.
#[derive(Debug, Clone)]
pub(super) struct Held {
    bounds: Vec<access::Bound>,
    teams: Vec<TeamRights>,
}

/// Two columns that [`Held::read`] takes apart, given the SQL of the subject and of the grant: a line
/// for each role and each team, its parts separated by tabs. No id and no name holds either.
pub(super) fn held_columns(subject: &str, grant: &str) -> String {
    format!(
        "(SELECT string_agg(b.role_id || '\t' || CAST(r.version AS TEXT) || '\t' || b.place_kind
            || '\t' || b.place_id, '\n')
          FROM bindings b JOIN roles r ON r.id = b.role_id WHERE b.subject = {subject}),
         (SELECT string_agg(m.id || '\t' || m.organization_id || '\t' || m.name_key || '\t'
            || m.name, '\n')
          FROM grant_teams n JOIN teams m ON m.id = n.team_id WHERE n.grant_id = {grant})"
    )
}

impl Held {
    /// Reads the two columns from `at` on.
    pub(super) fn read(row: &db::Row, at: usize) -> Result<Self, Fault> {
        let lines = |column| -> Result<String, Fault> {
            Ok(row.get::<Option<String>>(column)?.unwrap_or_default())
        };
        let broken = || Fault::Broken("a role or a team of a token is not as it was put".into());
        let bounds = lines(at)?
            .lines()
            .map(|line| {
                let parts: Vec<&str> = line.split('\t').collect();
                let [role, version, kind, place] = parts[..] else { return Err(broken()) };
                let version = version.parse().map_err(|_| broken())?;
                Ok(access::Bound {
                    role: role.into(),
                    version,
                    place: Place::read(kind, place.into()),
                })
            })
            .collect::<Result<_, Fault>>()?;
        let teams = lines(at + 1)?;
        let mut teams = teams
            .lines()
            .map(|line| {
                let parts: Vec<&str> = line.split('\t').collect();
                let [id, organization, key, name] = parts[..] else { return Err(broken()) };
                let (id, name, organization) = (id.into(), name.into(), organization.into());
                Ok((key, TeamRights { id, name, organization, permissions: Vec::new() }))
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        teams.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
        Ok(Self { bounds, teams: teams.into_iter().map(|(_, team)| team).collect() })
    }
}

/// The same for a refresh token, which is looked up without it.
async fn held(work: &mut Work, subject: &str, grant: Option<GrantId>) -> Result<Held, Fault> {
    let grant = grant.map_or(0, |grant| grant.0);
    match work.tx.query_one(&HELD, db::params![subject, grant]).await? {
        Some(row) => Held::read(&row, 0),
        None => Err(Fault::Broken("a statement without a table gave no row".into())),
    }
}

static HELD: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}", held_columns("$1", "CAST($2 AS BIGINT)")));

/// The authority of whoever presents this token.
///
/// # Errors
/// When the database cannot answer.
pub async fn authority(work: &mut Work, live: &Live) -> Result<Authority, Fault> {
    let meaning = meaning(work, live).await?;
    let actor =
        Actor { user: live.user.clone(), client: Some(live.client.clone()), operator: None };
    Ok(Authority::new(actor, meaning.rights))
}
