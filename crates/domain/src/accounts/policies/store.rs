//! Sign-in policies in the database.

use super::{Access, Policy, Requirement, SignOnProfile, Subjects};
use crate::access::PLATFORM_ADMINISTRATOR;
use crate::listing::Listing;
use crate::{Fault, UserId, Work};

const COLUMNS: &str = "id, name, description, priority, access, session_lifetime, session_idle_lifetime, \
     version, sign_on_profile, second_factor";

/// The policy of the highest priority that is for this person. One that denies is passed over for
/// a platform administrator.
pub(super) async fn find_deciding(work: &mut Work, id: &UserId) -> Result<Option<Policy>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sign_in_policies WHERE id IN
           (SELECT s.policy_id FROM sign_in_policy_subjects s WHERE s.user_id = $1
            UNION ALL
            SELECT s.policy_id FROM bindings b JOIN sign_in_policy_subjects s ON s.team_id = b.place_id
            WHERE b.subject = $1 AND b.place_kind = 'team'
            UNION ALL
            SELECT s.policy_id FROM bindings b JOIN teams t ON t.organization_id = b.place_id
              JOIN sign_in_policy_subjects s ON s.team_id = t.id
            WHERE b.subject = $1 AND b.place_kind = 'organization'
            UNION ALL
            SELECT s.policy_id FROM bindings b JOIN sign_in_policy_subjects s ON s.role_id = b.role_id
            WHERE b.subject = $1)
         AND (access = 'allow' OR NOT EXISTS
           (SELECT 1 FROM bindings a WHERE a.subject = $1 AND a.role_id = $2 AND a.place_kind = 'instance'))
         ORDER BY priority DESC LIMIT 1"
    );
    let row = work.tx.query_one(&sql, db::params![id.as_str(), PLATFORM_ADMINISTRATOR]).await?;
    match row {
        Some(row) => Ok(Some(with_subjects(work, read(&row)?).await?)),
        None => Ok(None),
    }
}

/// One policy.
pub(super) async fn find(work: &mut Work, id: &str) -> Result<Option<Policy>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM sign_in_policies WHERE id = $1");
    let row = work.tx.query_one(&sql, db::params![id]).await?;
    match row {
        Some(row) => Ok(Some(with_subjects(work, read(&row)?).await?)),
        None => Ok(None),
    }
}

/// One more than `limit` policies below this priority, the highest first.
pub(super) async fn list(
    work: &mut Work,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<Policy>, Fault> {
    let mut list = Listing::of(&format!("SELECT {COLUMNS} FROM sign_in_policies"));
    if let Some(below) = below {
        let below = list.int(below);
        list.and(&format!("priority < {below}"));
    }
    let mut policies = Vec::new();
    for row in list.page(work, "priority DESC", limit).await? {
        policies.push(with_subjects(work, read(&row)?).await?);
    }
    Ok(policies)
}

/// Inserts a policy. Taken are the conflicts `sign_in_policies.name_key` and `.priority`.
pub(super) async fn insert(
    work: &mut Work,
    policy: &Policy,
    key: &str,
    now: i64,
) -> Result<(), Fault> {
    let sql = "INSERT INTO sign_in_policies (id, name, name_key, description, priority, access,
                 sign_on_profile, second_factor, session_lifetime, session_idle_lifetime, version,
                 created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)";
    let params = db::params![
        policy.id,
        policy.name,
        key,
        policy.description,
        policy.priority,
        *policy.access.as_str(),
        *policy.sign_on_profile.as_str(),
        *policy.second_factor.as_str(),
        policy.session_lifetime,
        policy.session_idle_lifetime,
        now
    ];
    work.tx.execute(sql, params).await?;
    insert_subjects(work, policy).await
}

/// Sets all of a policy that is at the version before. Says whether it took.
pub(super) async fn set(work: &mut Work, policy: &Policy, key: &str) -> Result<bool, Fault> {
    let sql = "UPDATE sign_in_policies SET name = $2, name_key = $3, description = $4, priority = $5, access = $6,
                 sign_on_profile = $7, second_factor = $8, session_lifetime = $9,
                 session_idle_lifetime = $10, version = version + 1
               WHERE id = $1 AND version = $11";
    let params = db::params![
        policy.id,
        policy.name,
        key,
        policy.description,
        policy.priority,
        *policy.access.as_str(),
        *policy.sign_on_profile.as_str(),
        *policy.second_factor.as_str(),
        policy.session_lifetime,
        policy.session_idle_lifetime,
        policy.version
    ];
    if work.tx.execute(sql, params).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM sign_in_policy_subjects WHERE policy_id = $1";
    work.tx.execute(sql, db::params![policy.id]).await?;
    insert_subjects(work, policy).await?;
    Ok(true)
}

/// Says whether it was there.
pub(super) async fn delete(work: &mut Work, id: &str) -> Result<bool, Fault> {
    let sql = "DELETE FROM sign_in_policies WHERE id = $1";
    Ok(work.tx.execute(sql, db::params![id]).await? == 1)
}

/// Is this the id of a row of a table of ours?
pub(super) async fn is_there(work: &mut Work, table: &str, id: &str) -> Result<bool, Fault> {
    let sql = format!("SELECT id FROM {table} WHERE id = $1");
    Ok(work.tx.query_one(&sql, db::params![id]).await?.is_some())
}

async fn insert_subjects(work: &mut Work, policy: &Policy) -> Result<(), Fault> {
    let Subjects { users, teams, roles } = &policy.assigned_to;
    for (column, ids) in [("user_id", users), ("team_id", teams), ("role_id", roles)] {
        let sql =
            format!("INSERT INTO sign_in_policy_subjects (policy_id, {column}) VALUES ($1, $2)");
        for id in ids {
            work.tx.execute(&sql, db::params![policy.id, id]).await?;
        }
    }
    Ok(())
}

async fn with_subjects(work: &mut Work, policy: Policy) -> Result<Policy, Fault> {
    let sql = "SELECT user_id, team_id, role_id FROM sign_in_policy_subjects WHERE policy_id = $1
               ORDER BY user_id, team_id, role_id";
    let mut found = Subjects::default();
    for row in work.tx.query(sql, db::params![policy.id]).await? {
        found.users.extend(row.get::<Option<String>>(0)?);
        found.teams.extend(row.get::<Option<String>>(1)?);
        found.roles.extend(row.get::<Option<String>>(2)?);
    }
    Ok(Policy { assigned_to: found, ..policy })
}

fn read(row: &db::Row) -> Result<Policy, Fault> {
    let access = Access::parse(&row.get::<String>(4)?);
    let profile = SignOnProfile::parse(&row.get::<String>(8)?);
    let second_factor = Requirement::parse(&row.get::<String>(9)?);
    Ok(Policy {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        priority: row.get(3)?,
        // Whatever this version has no word for opens nothing.
        access: access.filter(|_| profile.is_some()).unwrap_or(Access::Deny),
        sign_on_profile: profile.unwrap_or_default(),
        second_factor: second_factor.unwrap_or(Requirement::Required),
        session_lifetime: row.get(5)?,
        session_idle_lifetime: row.get(6)?,
        assigned_to: Subjects::default(),
        version: row.get(7)?,
    })
}
