//! The built-in permissions, each with its kind and the sentence people read.
//!
//! One line here makes a name that routes, proofs, roles, scopes and the documentation share.

/// Does using it change anything?
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Only looks.
    Read,
    /// Changes something.
    Write,
}

impl Effect {
    /// `read` or `write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The stored word; anything unknown counts as the stricter `write`.
    pub fn parse(text: &str) -> Self {
        if text == "read" { Self::Read } else { Self::Write }
    }
}

/// A built-in permission as a type, so that a proof names it.
pub trait Permission {
    /// `resource:action`
    const NAME: &'static str;
    /// Whether it changes anything.
    const EFFECT: Effect;
}

/// A built-in permission as a value.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// `resource:action`
    pub name: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What a person reads at consent and in the role editor.
    pub description: &'static str,
}

macro_rules! permissions {
    ($($(#[$gate:meta])? $marker:ident = $name:literal $effect:ident $description:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $description)]
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;
            impl Permission for $marker {
                const NAME: &'static str = $name;
                const EFFECT: Effect = Effect::$effect;
            }
        )*
        /// Every built-in permission, in the order of the documentation.
        pub const PERMISSIONS: &[Definition] = &[
            $(Definition { name: $name, effect: Effect::$effect, description: $description },)*
        ];
    };
}

permissions! {
    ReadClients = "oauth_client:read" Read "See OAuth clients and their settings";
    CreateClients = "oauth_client:create" Write "Register OAuth clients";
    UpdateClients = "oauth_client:update" Write "Change, pause and resume OAuth clients";
    RotateSecrets = "oauth_client:rotate" Write "Create and retire client secrets";
    DeleteClients = "oauth_client:delete" Write "Delete OAuth clients";
    ReadUsers = "user:read" Read "See people and their status";
    CreateUsers = "user:create" Write "Create and invite people";
    UpdateUsers = "user:update" Write "Change, disable and enable people";
    DeleteUsers = "user:delete" Write "Delete people";
    ReadTeams = "team:read" Read "See organizations, teams and their members";
    ManageTeams = "team:manage" Write "Create, change and delete organizations and teams";
    ReadRoles = "role:read" Read "See roles and who holds them";
    ManageRoles = "role:manage" Write "Create, change and bind roles";
    ReadScopes = "scope:read" Read "See scopes and resources";
    ManageScopes = "scope:manage" Write "Create, change and delete scopes and resources";
    ReadTokens = "token:read" Read "See tokens, grants and sessions";
    RevokeTokens = "token:revoke" Write "Revoke tokens, grants and sessions";
    IntrospectTokens = "tokens:introspect" Read "Ask what any access token means";
    ReadAudit = "audit:read" Read "Read and export the audit trail and refused requests";
    ReadSettings = "settings:read" Read "See the settings of this server";
    ManageSettings = "settings:manage" Write "Change the settings and keys of this server";
    ReadDirectory = "scim:read" Read "Read people and groups of the directory";
    WriteDirectory = "scim:write" Write "Change people and groups of the directory";
    ReadSyncProfiles = "sync:profile:read" Read "Read directory synchronization profiles";
    ReadConnectors = "connector:read" Read "Read directory connectors";
    WriteConnectors = "connector:write" Write "Change directory connectors";
}

/// The definition of a built-in permission.
pub fn definition(name: &str) -> Option<&'static Definition> {
    PERMISSIONS.iter().find(|p| p.name == name)
}
