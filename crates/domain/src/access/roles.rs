//! Roles: named sets of permissions. The built-in ones are laid down here.

use super::{Effect, PERMISSIONS, store};
use crate::{Fault, Work, name_key};

/// A role as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `role_…`
    pub id: String,
    /// Shown name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Built in: cannot be deleted.
    pub is_system: bool,
    /// `resource:action`, sorted.
    pub permissions: Vec<String>,
}

/// A role that exists from the first start.
#[derive(Debug, Clone, Copy)]
pub struct SystemRole {
    /// Its fixed id.
    pub id: &'static str,
    /// Shown name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    holds: fn(&str, Effect) -> bool,
}

/// Everything, everywhere it is bound.
pub const PLATFORM_ADMINISTRATOR: &str = "role_platform_administrator";
/// Governs clients, people and tokens.
pub const SECURITY_ADMINISTRATOR: &str = "role_security_administrator";
/// Sees, rotates, pauses and edits the clients of a team.
pub const CLIENT_MANAGER: &str = "role_client_manager";
/// Reads everything, changes nothing.
pub const AUDITOR: &str = "role_auditor";
/// Belongs to a place; no permission of management.
pub const MEMBER: &str = "role_member";

/// The built-in roles, from the mightiest to the least.
pub const SYSTEM_ROLES: &[SystemRole] = &[
    SystemRole {
        id: PLATFORM_ADMINISTRATOR,
        name: "Platform administrator",
        description: "May do everything.",
        holds: |_, _| true,
    },
    SystemRole {
        id: SECURITY_ADMINISTRATOR,
        name: "Security administrator",
        description: "Governs clients, people, tokens and sessions, and reads the audit trail.",
        holds: |name, effect| effect == Effect::Read || !name.starts_with("settings:"),
    },
    SystemRole {
        id: CLIENT_MANAGER,
        name: "Client manager",
        description: "Registers, changes, rotates and pauses OAuth clients.",
        holds: |name, _| {
            name.starts_with("oauth_client:") || name == "token:read" || name == "token:revoke"
        },
    },
    SystemRole {
        id: AUDITOR,
        name: "Auditor",
        description: "Reads everything and changes nothing.",
        holds: |name, effect| effect == Effect::Read && name != "tokens:introspect",
    },
    SystemRole {
        id: MEMBER,
        name: "Member",
        description: "Belongs to a place.",
        holds: |_, _| false,
    },
];

impl SystemRole {
    /// The permissions it holds, in the order of their table.
    pub fn permissions(&self) -> Vec<&'static str> {
        PERMISSIONS.iter().filter(|p| (self.holds)(p.name, p.effect)).map(|p| p.name).collect()
    }
}

/// Lays down built-in permissions and roles that are missing, so that an upgraded binary finds
/// its own names. What an administrator changed in a role stays.
///
/// # Errors
/// When the database cannot take it.
pub async fn ensure_built_in(work: &mut Work) -> Result<(), Fault> {
    for permission in PERMISSIONS {
        let sql = "INSERT INTO permissions (name, kind, description, is_system) VALUES ($1, $2, $3, TRUE)
                   ON CONFLICT (name) DO UPDATE
                     SET kind = excluded.kind, description = excluded.description, is_system = TRUE
                   WHERE permissions.kind <> excluded.kind OR permissions.description <> excluded.description
                     OR NOT permissions.is_system";
        let effect = permission.effect.as_str();
        let params = db::params![permission.name, effect, permission.description];
        if work.tx.execute(sql, params).await? == 1 {
            store::touch_roles_with(work, permission.name).await?;
        }
    }
    for role in SYSTEM_ROLES {
        let sql = "INSERT INTO roles (id, name, name_key, description, is_system, version)
                   VALUES ($1, $2, $3, $4, TRUE, 1) ON CONFLICT (id) DO NOTHING";
        let key = name_key(role.name);
        let is_new =
            work.tx.execute(sql, db::params![role.id, role.name, key, role.description]).await?
                == 1;
        if is_new || role.id == PLATFORM_ADMINISTRATOR {
            let mut added = 0;
            for permission in role.permissions() {
                let sql = "INSERT INTO role_permissions (role_id, permission) VALUES ($1, $2)
                           ON CONFLICT (role_id, permission) DO NOTHING";
                added += work.tx.execute(sql, db::params![role.id, permission]).await?;
            }
            if added > 0 && !is_new {
                let sql = "UPDATE roles SET version = version + 1 WHERE id = $1";
                work.tx.execute(sql, db::params![role.id]).await?;
            }
        }
    }
    Ok(())
}
