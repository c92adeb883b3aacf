//! The places a form offers: organizations and teams, as far as the visitor sees them.

use domain::access::ReadTeams;
use domain::teams::{self, ListQuery, Organization, Team};
use domain::{Refusal, Work};

use super::visitor::Visitor;

/// More than this many no list of a form holds.
const MOST: usize = 2_000;

/// What the visitor may choose from; empty for who may not see teams.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By name.
    pub organizations: Vec<Organization>,
    /// By name.
    pub teams: Vec<Team>,
}

impl Places {
    /// Everything the visitor sees.
    pub async fn of(visitor: &Visitor, work: &mut Work) -> Result<Self, Refusal> {
        let Ok(may) = visitor.authority.may::<ReadTeams>() else { return Ok(Self::default()) };
        let mut places = Self::default();
        let mut query = ListQuery { limit: 200, ..ListQuery::default() };
        loop {
            let page = teams::list_organizations(work, &may, &query).await?;
            places.organizations.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() || places.organizations.len() >= MOST {
                break;
            }
        }
        query.cursor = None;
        loop {
            let page = teams::list_teams(work, &may, &query).await?;
            places.teams.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() || places.teams.len() >= MOST {
                return Ok(places);
            }
        }
    }

    /// A team with its organization, where several have teams of their own.
    pub fn spell(&self, team: &Team) -> String {
        let home = self.organizations.iter().find(|it| it.id == team.organization);
        match home {
            Some(home) if self.organizations.len() > 1 => format!("{} · {}", home.name, team.name),
            _ => team.name.clone(),
        }
    }
}
