//! Organizations, teams and memberships in the database.

use super::{ListQuery, Member, Organization, Team, Weight, cursor};
use crate::access::{Place, Reach};
use crate::listing::Listing;
use crate::{Fault, FoldedName, UserId, Work, name_key};

const ORGANIZATION: &str =
    "organizations.id, organizations.name, organizations.version, organizations.created_at";
const TEAM: &str = "teams.id, teams.organization_id, teams.name, teams.version, teams.created_at";

fn read_organization(row: &db::Row) -> Result<Organization, Fault> {
    Ok(Organization {
        id: row.get(0)?,
        name: row.get(1)?,
        version: row.get(2)?,
        created_at: row.get(3)?,
    })
}

fn read_team(row: &db::Row) -> Result<Team, Fault> {
    Ok(Team {
        id: row.get(0)?,
        organization: row.get(1)?,
        name: row.get(2)?,
        version: row.get(3)?,
        created_at: row.get(4)?,
    })
}

pub(super) async fn find_organization(
    work: &mut Work,
    id: &str,
) -> Result<Option<Organization>, Fault> {
    let sql = format!("SELECT {ORGANIZATION} FROM organizations WHERE organizations.id = $1");
    let row = work.tx.query_one(&sql, db::params![id]).await?;
    row.as_ref().map(read_organization).transpose()
}

pub(super) async fn find_team(work: &mut Work, id: &str) -> Result<Option<Team>, Fault> {
    let sql = format!("SELECT {TEAM} FROM teams WHERE teams.id = $1");
    let row = work.tx.query_one(&sql, db::params![id]).await?;
    row.as_ref().map(read_team).transpose()
}

/// Which organization each of these teams belongs to; of those that are gone, nothing.
pub(crate) async fn homes_of<'a>(
    work: &mut Work,
    teams: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<(String, String)>, Fault> {
    let (teams, mut homes) = (teams.into_iter().collect::<Vec<_>>(), Vec::new());
    for some in teams.chunks(500) {
        let mut list = Listing::of("SELECT id, organization_id FROM teams");
        let names = list.texts(some.iter().copied());
        list.and(&format!("id IN ({names})"));
        for row in list.rows(work).await? {
            homes.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(homes)
}

/// Inserts an organization. A taken name is the conflict `organizations.name_key`.
pub(super) async fn insert_organization(
    work: &mut Work,
    new: &Organization,
    key: &str,
) -> Result<(), Fault> {
    let sql = "INSERT INTO organizations (id, name, name_key, version, created_at) VALUES ($1, $2, $3, $4, $5)";
    work.tx.execute(sql, db::params![new.id, new.name, key, new.version, new.created_at]).await?;
    Ok(())
}

/// Inserts a team. A name taken in its organization is the conflict `teams.name_key`.
pub(super) async fn insert_team(work: &mut Work, new: &Team, key: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO teams (id, organization_id, name, name_key, version, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let params = db::params![new.id, new.organization, new.name, key, new.version, new.created_at];
    work.tx.execute(sql, params).await?;
    Ok(())
}

/// Renames an organization that is still at `version`. Says whether it took.
pub(super) async fn set_organization_name(
    work: &mut Work,
    id: &str,
    version: i64,
    name: &FoldedName,
) -> Result<bool, Fault> {
    let sql = "UPDATE organizations SET name = $1, name_key = $2, version = version + 1
               WHERE id = $3 AND version = $4";
    Ok(work.tx.execute(sql, db::params![name.name, name.key, id, version]).await? == 1)
}

/// Renames a team that is still at `version`. Says whether it took.
pub(super) async fn set_team_name(
    work: &mut Work,
    id: &str,
    version: i64,
    name: &FoldedName,
) -> Result<bool, Fault> {
    let sql = "UPDATE teams SET name = $1, name_key = $2, version = version + 1 WHERE id = $3 AND version = $4";
    Ok(work.tx.execute(sql, db::params![name.name, name.key, id, version]).await? == 1)
}

pub(super) async fn delete_organization(work: &mut Work, id: &str) -> Result<bool, Fault> {
    delete_bindings(work, "organization", id).await?;
    Ok(work.tx.execute("DELETE FROM organizations WHERE id = $1", db::params![id]).await? == 1)
}

pub(super) async fn delete_team(work: &mut Work, id: &str) -> Result<bool, Fault> {
    delete_bindings(work, "team", id).await?;
    Ok(work.tx.execute("DELETE FROM teams WHERE id = $1", db::params![id]).await? == 1)
}

async fn delete_bindings(work: &mut Work, kind: &str, id: &str) -> Result<(), Fault> {
    let sql = "DELETE FROM bindings WHERE place_kind = $1 AND place_id = $2";
    work.tx.execute(sql, db::params![kind, id]).await?;
    Ok(())
}

/// Is anybody bound at this place?
pub(super) async fn is_bound(work: &mut Work, kind: &str, id: &str) -> Result<bool, Fault> {
    let sql = "SELECT id FROM bindings WHERE place_kind = $1 AND place_id = $2 LIMIT 1";
    Ok(work.tx.query_one(sql, db::params![kind, id]).await?.is_some())
}

/// Some of the clients that name this place, as owner or as what they are restricted to, or that
/// belong to it. A restriction to a place that is gone must not turn into no restriction.
pub(super) async fn list_clients_at(work: &mut Work, id: &str) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM clients WHERE owner_team = $1
               UNION SELECT id FROM clients WHERE organization_id = $1
               UNION SELECT client_id FROM client_sets WHERE value = $1 AND field IN ('organization', 'team')
               ORDER BY id LIMIT 20";
    let rows = work.tx.query(sql, db::params![id]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// Some of the teams of an organization.
pub(super) async fn list_team_ids_of(
    work: &mut Work,
    organization: &str,
) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM teams WHERE organization_id = $1 ORDER BY name_key LIMIT 20";
    let rows = work.tx.query(sql, db::params![organization]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// One more than `limit` organizations by name, among them those of teams within reach.
pub(super) async fn list_organizations(
    work: &mut Work,
    reach: &Reach,
    query: &ListQuery,
    limit: i64,
) -> Result<Vec<Organization>, Fault> {
    let mut list = by_name("organizations", ORGANIZATION, query);
    if let Reach::Places { organizations, teams } = reach {
        let (whole, of_teams) = (list.texts(organizations), list.texts(teams));
        list.and(&format!(
            "(organizations.id IN ({whole}) OR organizations.id IN
                (SELECT t.organization_id FROM teams t WHERE t.id IN ({of_teams})))"
        ));
    }
    let rows = list.page(work, "organizations.name_key, organizations.id", limit).await?;
    rows.iter().map(read_organization).collect()
}

/// One more than `limit` teams by name, within reach.
pub(super) async fn list_teams(
    work: &mut Work,
    reach: &Reach,
    query: &ListQuery,
    limit: i64,
) -> Result<Vec<Team>, Fault> {
    let mut list = by_name("teams", TEAM, query);
    if let Some(organization) = &query.organization {
        let organization = list.text(organization);
        list.and(&format!("teams.organization_id = {organization}"));
    }
    if let Reach::Places { organizations, teams } = reach {
        let (whole, single) = (list.texts(organizations), list.texts(teams));
        list.and(&format!("(teams.organization_id IN ({whole}) OR teams.id IN ({single}))"));
    }
    let rows = list.page(work, "teams.name_key, teams.id", limit).await?;
    rows.iter().map(read_team).collect()
}

/// What both lists share: the part of the name, and where the page before ended.
fn by_name(table: &str, columns: &str, query: &ListQuery) -> Listing {
    let mut list = Listing::of(&format!("SELECT {columns} FROM {table}"));
    if let Some((key, id)) = query.cursor.as_deref().and_then(cursor::key_and_id) {
        let (key, id) = (list.text(&key), list.text(&id));
        list.and(&format!("({table}.name_key, {table}.id) > ({key}, {id})"));
    }
    if let Some(q) = &query.q {
        let pattern = list.text(&cursor::pattern(q));
        list.and(&format!("{table}.name_key LIKE {pattern} ESCAPE '\\'"));
    }
    list
}

/// The cursor behind an item of a list by name.
pub(super) fn cursor_of(name: &str, id: &str) -> String {
    cursor::of_key_and_id(&name_key(name), id)
}

/// Every team a subject belongs to, by name.
pub(super) async fn list_teams_of(work: &mut Work, subject: &str) -> Result<Vec<Team>, Fault> {
    let sql = "SELECT t.id, t.organization_id, t.name, t.version, t.created_at, t.name_key
               FROM bindings b JOIN teams t ON t.id = b.place_id
               WHERE b.subject = $1 AND b.place_kind = 'team'
               UNION
               SELECT t.id, t.organization_id, t.name, t.version, t.created_at, t.name_key
               FROM bindings b JOIN teams t ON t.organization_id = b.place_id
               WHERE b.subject = $1 AND b.place_kind = 'organization'
               ORDER BY 6, 1";
    let rows = work.tx.query(sql, db::params![subject]).await?;
    rows.iter().map(read_team).collect()
}

/// One more than `limit` people bound at a team itself, by name, each with their roles there.
pub(super) async fn list_members(
    work: &mut Work,
    team: &str,
    query: &ListQuery,
    limit: i64,
) -> Result<Vec<Member>, Fault> {
    let mut list = Listing::of("SELECT u.id, u.email, u.display_name FROM users u");
    let place = list.text(team);
    list.and(&format!(
        "u.id IN (SELECT subject FROM bindings WHERE place_kind = 'team' AND place_id = {place})"
    ));
    if let Some((name, id)) = query.cursor.as_deref().and_then(cursor::key_and_id) {
        let (name, id) = (list.text(&name), list.text(&id));
        list.and(&format!("(u.display_name, u.id) > ({name}, {id})"));
    }
    if let Some(q) = &query.q {
        let pattern = list.text(&cursor::pattern(q));
        list.and(&format!(
            "(u.email_key LIKE {pattern} ESCAPE '\\' OR LOWER(u.display_name) LIKE {pattern} ESCAPE '\\')"
        ));
    }
    let mut members = Vec::new();
    for row in list.page(work, "u.display_name, u.id", limit).await? {
        let user = UserId::new(row.get::<String>(0)?);
        let sql = "SELECT role_id FROM bindings
                   WHERE place_kind = 'team' AND place_id = $1 AND subject = $2 ORDER BY role_id";
        let held = work.tx.query(sql, db::params![team, user.as_str()]).await?;
        let roles = held.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        members.push(Member { user, email: row.get(1)?, display_name: row.get(2)?, roles });
    }
    Ok(members)
}

/// What hangs on a team or an organization.
pub(super) async fn weigh(work: &mut Work, kind: &str, id: &str) -> Result<Weight, Fault> {
    let sql = "SELECT
        (SELECT COUNT(DISTINCT u.id) FROM bindings b JOIN users u ON u.id = b.subject
           WHERE b.place_kind = $1 AND b.place_id = $2),
        (SELECT COUNT(*) FROM teams WHERE organization_id = $2),
        (SELECT COUNT(*) FROM clients WHERE owner_team = $2)";
    let Some(row) = work.tx.query_one(sql, db::params![kind, id]).await? else {
        return Ok(Weight::default());
    };
    Ok(Weight { people: row.get(0)?, teams: row.get(1)?, clients: row.get(2)? })
}

/// Does a person hold this role at a team?
pub(super) async fn is_member(
    work: &mut Work,
    team: &str,
    user: &UserId,
    role: &str,
) -> Result<bool, Fault> {
    let sql = "SELECT id FROM bindings
               WHERE subject = $1 AND role_id = $2 AND place_kind = 'team' AND place_id = $3";
    Ok(work.tx.query_one(sql, db::params![user.as_str(), role, team]).await?.is_some())
}

/// The roles at a place whose holders some client acts for: person and role.
pub(super) async fn list_roles_in_context(
    work: &mut Work,
    place: &Place,
) -> Result<Vec<(String, String)>, Fault> {
    let (kind, id) = place.stored();
    let sql = "SELECT DISTINCT b.subject, b.role_id
               FROM bindings b JOIN clients c ON c.context_user = b.subject
               WHERE b.place_kind = $1 AND b.place_id = $2 ORDER BY 1, 2 LIMIT 500";
    let rows = work.tx.query(sql, db::params![kind, id]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Removes every binding of a person at a team. Says whether there was one.
pub(super) async fn delete_membership(
    work: &mut Work,
    team: &str,
    user: &UserId,
) -> Result<bool, Fault> {
    let sql = "DELETE FROM bindings WHERE subject = $1 AND place_kind = 'team' AND place_id = $2";
    Ok(work.tx.execute(sql, db::params![user.as_str(), team]).await? > 0)
}

/// The e-mail address of a person.
pub(super) async fn find_email(work: &mut Work, user: &UserId) -> Result<Option<String>, Fault> {
    let row = work
        .tx
        .query_one("SELECT email FROM users WHERE id = $1", db::params![user.as_str()])
        .await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// The permissions of a role; `None` where there is no such role.
pub(super) async fn find_permissions_of_role(
    work: &mut Work,
    role: &str,
) -> Result<Option<Vec<String>>, Fault> {
    let sql =
        "SELECT r.id, rp.permission FROM roles r LEFT JOIN role_permissions rp ON rp.role_id = r.id
               WHERE r.id = $1";
    let rows = work.tx.query(sql, db::params![role]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let permissions: Result<Vec<Option<String>>, db::Error> =
        rows.iter().map(|row| row.get(1)).collect();
    Ok(Some(permissions?.into_iter().flatten().collect()))
}
