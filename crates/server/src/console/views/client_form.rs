//! Creating a client and changing its settings: what are you building, one form for both, and
//! the sheet that shows a secret once.

use askama::Template;

use super::{Change, ClientHead, Trial};
use crate::web::filters;
use crate::web::views::{Choice, Errors, Frame, Snippet};

/// One answer to "What are you building?".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// "Web application".
    pub title: String,
    /// What makes it one, in plain words.
    pub about: String,
    /// The same in words of the trade: "Authorization code, confidential".
    pub terms: String,
    /// The name of its icon (`icons.rs`).
    pub icon: String,
    /// The form for it.
    pub href: String,
    /// Why it cannot be chosen here, if so.
    pub refused: Option<String>,
}

/// The first step of creating a client.
#[derive(Template)]
#[template(path = "console/views/client_kinds.html")]
pub struct ClientKinds {
    /// The console around it.
    pub frame: Frame,
    /// The answers.
    pub kinds: Vec<Kind>,
}

/// An organization with its teams, for the restriction picker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamGroup {
    /// The organization; ticked it covers every team, later ones included. Sent as
    /// `team_restrictions.organizations`.
    pub organization: Choice,
    /// Its teams. Sent as `team_restrictions.teams`.
    pub teams: Vec<Choice>,
}

/// What is typed and ticked. Field names are those of the management API; lists of lines are
/// sent as text with one entry a line, lists of choices as a repeated name, switches as `true`
/// or not at all, durations as text such as "1 h".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientForm {
    /// `client_id`; only asked when creating.
    pub client_id: Option<String>,
    /// `client_name`.
    pub client_name: String,
    /// `description`.
    pub description: String,
    /// `contacts`, one a line.
    pub contacts: String,
    /// `organization`; empty when there is nothing to choose.
    pub organization: Vec<Choice>,
    /// `owner_team`; empty when there is nothing to choose.
    pub owner_team: Vec<Choice>,
    /// `confidential`: `true` and `false`.
    pub confidential: Vec<Choice>,
    /// `grant_types` but for the refresh token. Values are the grant types themselves.
    pub grants: Vec<Choice>,
    /// The grants in words, for the closed summary.
    pub grants_summary: String,
    /// `team_selection`.
    pub team_selection: Vec<Choice>,
    /// The restriction picker.
    pub team_groups: Vec<TeamGroup>,
    /// `access`.
    pub access: Vec<Choice>,
    /// `scopes`.
    pub scopes: Vec<Choice>,
    /// `context_user`, as an e-mail address or id.
    pub context_user: String,
    /// `access_token_lifetime`.
    pub access_token_lifetime: String,
    /// What is usual for this kind: "1 hour is usual for web applications."
    pub lifetime_advice: String,
    /// The usual value itself, as it is typed: "1 h".
    pub lifetime_usual: String,
    /// `access_token_format`.
    pub access_token_format: Vec<Choice>,
    /// `grant_types` with the value `refresh_token`.
    pub refresh: Choice,
    /// `refresh_token_lifetime`.
    pub refresh_token_lifetime: String,
    /// `pkce`.
    pub pkce: Vec<Choice>,
    /// `require_consent`.
    pub require_consent: bool,
    /// `trusted_ips`, one a line.
    pub trusted_ips: String,
    /// `redirect_uris`, one a line.
    pub redirect_uris: String,
    /// `post_logout_redirect_uris`, one a line.
    pub post_logout_redirect_uris: String,
    /// What few clients need.
    pub more: MoreSettings,
    /// Whether full access with a long access token must be confirmed (`confirm_high_risk`).
    pub high_risk: bool,
    /// Above how many seconds an access token counts as long.
    pub high_risk_above: u32,
    /// What is wrong.
    pub errors: Errors,
}

/// What few clients need, closed until somebody looks. Names are those of the management API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoreSettings {
    /// `logo_uri`.
    pub logo_uri: String,
    /// `verified`; `None` for who cannot vouch for a client.
    pub verified: Option<bool>,
    /// `default_scopes`, names with spaces between.
    pub default_scopes: String,
    /// `default_resource`.
    pub default_resource: String,
    /// `id_token_signed_response_alg`.
    pub id_token_alg: Vec<Choice>,
    /// `refresh_rotation`.
    pub refresh_rotation: Vec<Choice>,
    /// `refresh_overlap`.
    pub refresh_overlap: String,
    /// `refresh_token_idle_lifetime`; empty for none.
    pub refresh_token_idle_lifetime: String,
    /// `refresh_without_pkce`.
    pub refresh_without_pkce: bool,
    /// `continue_without_context_user`.
    pub continue_without_context_user: bool,
    /// `trusted_ips_mode`.
    pub trusted_ips_mode: Vec<Choice>,
    /// `token_issuance`.
    pub token_issuance: Vec<Choice>,
    /// `max_active_tokens`; empty for none.
    pub max_active_tokens: String,
    /// `token_requests_per_second`; empty for none.
    pub token_requests_per_second: String,
    /// `claims`, a JSON object.
    pub claims: String,
    /// Whether anything here is unusual or wrong, so that it stands open.
    pub open: bool,
}

impl ClientForm {
    /// Whether the confirmation box opens with the page.
    fn asks_to_confirm(&self) -> bool {
        self.high_risk || self.errors.of("confirm_high_risk").is_some()
    }
}

/// The second step of creating a client. Also posts `kind`, `type`, `idempotency_key` and
/// `form_token`.
#[derive(Template)]
#[template(path = "console/views/client_new.html")]
pub struct ClientNew {
    /// The console around it.
    pub frame: Frame,
    /// Where the form is sent.
    pub action: String,
    /// What is being built.
    pub kind: Kind,
    /// The `kind` that is sent, so that a refused form knows where it began.
    pub kind_word: String,
    /// The `type` that is sent.
    pub kind_value: String,
    /// Sent along, so that the same form sent twice makes one client.
    pub idempotency_key: String,
    /// The same by the API, for who asked.
    pub call: Option<Snippet>,
    /// The fields.
    pub form: ClientForm,
}

/// What saving would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Field by field; nothing where nothing is different.
    pub changes: Vec<Change>,
    /// How many tokens are alive.
    pub tokens: u64,
    /// Whether they would end.
    pub tokens_end: bool,
}

/// The settings of a client. Also posts `version`, `form_token`, and `preview` or `curl` by the
/// buttons that only ask.
#[derive(Template)]
#[template(path = "console/views/client_settings.html")]
pub struct ClientSettings {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// Where the form is sent.
    pub action: String,
    /// The version that was read, to notice that someone else saved.
    pub version: String,
    /// What someone else changed meanwhile; `before` is theirs, `after` what is typed here.
    pub conflict: Vec<Change>,
    /// What saving would do, for who asked; nothing is saved yet.
    pub preview: Option<Preview>,
    /// The same by the API, for who asked.
    pub call: Option<Snippet>,
    /// Why nothing can be changed by this person, if so.
    pub refused: Option<String>,
    /// Whether its tokens are to end with the change.
    pub revoke_tokens: bool,
    /// The fields.
    pub form: ClientForm,
}

/// "Save these now": identifier and secret, once.
#[derive(Template)]
#[template(path = "console/views/client_saved.html")]
pub struct ClientSaved {
    /// The console around it.
    pub frame: Frame,
    /// The client by name.
    pub client_name: String,
    /// Its identifier.
    pub client_id: String,
    /// The new secret; a public client has none.
    pub secret: Option<String>,
    /// Whether this is the second time that the same form was sent: there is a secret, and it
    /// was shown the first time.
    pub shown_before: bool,
    /// What happens to the secrets before this one, after a rotation.
    pub previous: Option<String>,
    /// The same as `.env`, JSON, Kubernetes Secret, curl.
    pub snippets: Vec<Snippet>,
    /// "Test it"; not where the secret was shown before.
    pub trial: Option<Trial>,
    /// The page of the client.
    pub next: String,
}
