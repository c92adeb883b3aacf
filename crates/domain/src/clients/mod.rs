//! OAuth clients: what they are, who may change them, and the secrets they hold.
//!
//! One set of rules for every door. A client's settings are read into a [`Draft`], completed by
//! the defaults of its type (`presets`), judged as a whole (`check`), held against the actor's own
//! rights (`ceiling`), and only then stored, with the audit record in the same work.
//!
//! This room refuses to know tokens: pausing or revoking adds one to `epoch`, and the room of
//! tokens compares.

mod acting;
mod cache;
mod ceiling;
mod check;
mod defaults;
mod draft;
mod endings;
mod facts;
mod greatest;
mod idempotency;
mod limits;
mod list;
mod marks;
mod observed;
mod presets;
mod redirects;
mod review;
pub mod risk;
mod rules;
pub mod secrets;
mod store;
mod under_role;
mod warnings;
mod whole;
mod words;

use std::collections::BTreeSet;

use protocol::jose::Algorithm;
use protocol::scope::Scopes;
use serde_json::{Map, Value, json};

use crate::access::Access;
use crate::audit;
use crate::{ClientId, UserId};

pub use crate::teams::Page;
pub use crate::trusted_ips;
pub use acting::{Acting, acting_for};
pub use cache::{Cache, Recalled, current, find, find_by_number, recall};
pub(crate) use ceiling::allows as within_ceiling;
pub use defaults::{ADMIN_CLIENT, admin_client, ensure_defaults, set_bootstrap_secret};
pub use draft::{Draft, TeamRestrictions, typed_lifetime};
pub use endings::{delete, delete_at, delete_many};
pub use greatest::own_rights;
pub(crate) use greatest::reached;
pub use idempotency::sweep as sweep_idempotency_keys;
pub use list::{ListQuery, Sort, Summary, list};
pub use marks::{LastSeen, flush, last_seen, mark_used};
pub use observed::{flush_observed, observe, observed, sweep_observed};
pub use redirects::{RedirectRefusal, matching_redirect};
pub use review::review_risks;
pub use risk::Risk;
pub use rules::{change, create, pause, pause_many, resume, revoke_tokens, show};
pub use under_role::{count_under_role, revoke_tokens_under_role};
pub use warnings::{Warning, warnings};
pub use whole::list_whole;
pub use words::{
    AuthMethod, ClientType, GrantType, Pkce, RefreshRotation, TeamSelection, TokenFormat,
    TokenIssuance, TrustedIpsMode,
};

/// What an ID token may be signed with, the default first.
const SIGNING_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

/// One OAuth client. Lifetimes are seconds, instants seconds since 1970.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, not a state")]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What token rows call it.
    pub number: i64,
    /// The organization it belongs to; `None`: the instance.
    pub organization: Option<String>,
    /// The team that looks after it.
    pub owner_team: Option<String>,
    /// `client_name`: shown at consent.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whom to ask about it.
    pub contacts: Vec<String>,
    /// An https URI.
    pub logo_uri: Option<String>,
    /// Has a platform administrator vouched for it?
    pub verified: bool,
    /// `type`: what is being built.
    pub kind: ClientType,
    /// May it get tokens?
    pub enabled: bool,
    /// Made by the server: cannot be deleted.
    pub is_system: bool,
    /// Does it hold a secret?
    pub confidential: bool,
    /// How it proves itself.
    pub auth_methods: BTreeSet<AuthMethod>,
    /// What it may use.
    pub grant_types: BTreeSet<GrantType>,
    /// As registered, byte for byte, in the order given.
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The most it may ask for.
    pub scopes: Scopes,
    /// What it gets when an authorization request names none.
    pub default_scopes: Scopes,
    /// The audience when a request names none.
    pub default_resource: Option<String>,
    /// The preset.
    pub access: Access,
    /// One team or several at consent.
    pub team_selection: TeamSelection,
    /// Organizations it is limited to. Both lists empty: every team of its organization.
    pub restricted_organizations: Vec<String>,
    /// Teams it is limited to.
    pub restricted_teams: Vec<String>,
    /// Is the person asked?
    pub require_consent: bool,
    /// Must authorization requests carry a challenge?
    pub pkce: Pkce,
    /// Refresh tokens also without PKCE?
    pub refresh_without_pkce: bool,
    /// Of its access tokens.
    pub access_token_lifetime: i64,
    /// What its access tokens look like.
    pub access_token_format: TokenFormat,
    /// Of its refresh token families, absolute.
    pub refresh_token_lifetime: i64,
    /// Seconds without use after which a family ends.
    pub refresh_token_idle_lifetime: Option<i64>,
    /// Replaced at use?
    pub refresh_rotation: RefreshRotation,
    /// Seconds in which the previous refresh token gives the same successor.
    pub refresh_overlap: i64,
    /// `id_token_signed_response_alg`.
    pub id_token_alg: Algorithm,
    /// Whose permissions bound its client-credentials tokens.
    pub context_user: Option<UserId>,
    /// Served also while that person is disabled?
    pub continue_without_context_user: bool,
    /// Where it may ask for tokens from.
    pub trusted_ips: trusted_ips::List,
    /// Refuse or record.
    pub trusted_ips_mode: TrustedIpsMode,
    /// New tokens or the living one.
    pub token_issuance: TokenIssuance,
    /// Living client-credentials tokens at once.
    pub max_active_tokens: Option<i64>,
    /// Token requests a second, per node.
    pub token_requests_per_second: Option<i64>,
    /// Claims added to its tokens.
    pub claims: Map<String, Value>,
    /// How risky it is, and why.
    pub risk: Risk,
    /// Tokens issued under another epoch are dead.
    pub epoch: i64,
    /// Rises with every change and is never used twice, not even by a change that was rolled back.
    pub version: i64,
    /// When it was registered.
    pub created_at: i64,
    /// By whom: a user id, a client id or an operator.
    pub created_by: String,
    /// When it was changed last.
    pub updated_at: i64,
    /// By whom.
    pub updated_by: String,
    /// When it last got a token; a few seconds late.
    pub last_used_at: Option<i64>,
    /// What its secrets are checked against, so that the hot path needs no statement for them.
    pub(crate) secrets: Vec<secrets::Stored>,
}

/// A change that was made.
#[derive(Debug, Clone)]
pub struct Change {
    /// As it was.
    pub before: std::sync::Arc<Client>,
    /// As it is.
    pub after: std::sync::Arc<Client>,
    /// Field by field.
    pub changes: Vec<audit::Change>,
}

impl Client {
    /// May it ask for this scope? Every client may say `offline_access`; what comes of it is
    /// another question.
    pub fn may_ask(&self, scope: &str) -> bool {
        self.scopes.contains(scope) || scope == "offline_access"
    }

    /// May it use this grant?
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Does a person sign in at an authorization request of it?
    pub fn has_redirects(&self) -> bool {
        self.allows(GrantType::AuthorizationCode) || self.allows(GrantType::Implicit)
    }

    /// May it reach every team of its organization, later ones included?
    pub fn reaches_all_teams(&self) -> bool {
        self.restricted_organizations.is_empty() && self.restricted_teams.is_empty()
    }

    /// May it be used for this team? A restriction to an organization covers its later teams too.
    pub fn reaches(&self, team: &str, organization: &str) -> bool {
        let is_own = self.organization.as_deref().is_none_or(|id| id == organization);
        is_own
            && (self.reaches_all_teams()
                || self.restricted_teams.iter().any(|id| id == team)
                || self.restricted_organizations.iter().any(|id| id == organization))
    }

    /// May it be used for the whole of this organization, later teams included?
    pub fn reaches_organization(&self, organization: &str) -> bool {
        let is_own = self.organization.as_deref().is_none_or(|id| id == organization);
        is_own
            && (self.reaches_all_teams()
                || self.restricted_organizations.iter().any(|id| id == organization))
    }

    /// May it ask for tokens from this address? While its addresses are only observed it may from
    /// anywhere; whether that address is among them is `trusted_ips.contains`.
    pub fn trusts(&self, address: std::net::IpAddr) -> bool {
        self.trusted_ips_mode == TrustedIpsMode::Observe || self.trusted_ips.contains(address)
    }

    /// The claims it adds to its tokens. Never one the server writes itself, even if such a one was
    /// stored before the server wrote it.
    pub fn extra_claims(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.claims.iter().filter(|(name, _)| !limits::is_reserved(name))
    }

    /// The values of `response_type` that follow from its grants.
    pub fn response_types(&self) -> Vec<&'static str> {
        let code = self.allows(GrantType::AuthorizationCode).then_some("code");
        let is_implicit = self.allows(GrantType::Implicit);
        let implicit = ["token", "id_token", "id_token token"].into_iter().filter(|_| is_implicit);
        code.into_iter().chain(implicit).collect()
    }

    /// Its settings in the words of the contract: what the API shows, what an audit record
    /// compares, what a merge patch is applied to. Instants, version and risk are the door's to add.
    pub fn snapshot(&self) -> Value {
        let mut settings = json!({
            "client_id": self.id,
            "organization": self.organization,
            "owner_team": self.owner_team,
            "client_name": self.name,
            "description": self.description,
            "contacts": self.contacts,
            "logo_uri": self.logo_uri,
            "verified": self.verified,
            "type": self.kind,
            "enabled": self.enabled,
            "is_system": self.is_system,
            "confidential": self.confidential,
            "auth_methods": self.auth_methods,
            "grant_types": self.grant_types,
            "response_types": self.response_types(),
            "redirect_uris": self.redirect_uris,
            "post_logout_redirect_uris": self.post_logout_redirect_uris,
            "scopes": self.scopes,
            "default_scopes": self.default_scopes,
            "default_resource": self.default_resource,
            "access": self.access,
            "team_selection": self.team_selection,
            "team_restrictions": {
                "organizations": self.restricted_organizations,
                "teams": self.restricted_teams,
            },
            "require_consent": self.require_consent,
            "pkce": self.pkce,
            "refresh_without_pkce": self.refresh_without_pkce,
        });
        merge_into(&mut settings, self.token_settings());
        settings
    }

    fn token_settings(&self) -> Value {
        json!({
            "access_token_lifetime": self.access_token_lifetime,
            "access_token_format": self.access_token_format,
            "refresh_token_lifetime": self.refresh_token_lifetime,
            "refresh_token_idle_lifetime": self.refresh_token_idle_lifetime,
            "refresh_rotation": self.refresh_rotation,
            "refresh_overlap": self.refresh_overlap,
            "id_token_signed_response_alg": self.id_token_alg.as_str(),
            "context_user": self.context_user,
            "continue_without_context_user": self.continue_without_context_user,
            "trusted_ips": self.trusted_ips.lines(),
            "trusted_ips_mode": self.trusted_ips_mode,
            "token_issuance": self.token_issuance,
            "max_active_tokens": self.max_active_tokens,
            "token_requests_per_second": self.token_requests_per_second,
            "claims": self.claims,
        })
    }

    /// What an audit entry calls it.
    pub(crate) fn audited(&self) -> audit::Object {
        audit::Object::new("client", self.id.as_str(), &self.name)
    }
}

fn merge_into(settings: &mut Value, more: Value) {
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
}
