//! One client: what stands above every tab, and the tabs that show what it is and end it.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Errors, Fact, Frame, Link, NavEntry, Snippet, When};

/// What stands above every tab of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHead {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// "Confidential", "Public", "Service".
    pub kind: String,
    /// Whether it gets tokens.
    pub enabled: bool,
    /// Whether the server itself relies on it.
    pub system: bool,
    /// "Low risk", "High risk".
    pub risk: String,
    /// `ok`, `warn` or `danger`.
    pub risk_level: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// When it last got or used a token.
    pub last_used: Option<When>,
    /// Things to know wherever the client is shown: "PKCE is optional."
    pub warnings: Vec<String>,
    /// Overview, settings, credentials and the rest.
    pub tabs: Vec<NavEntry>,
}

/// One reason of the risk, and what helps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RiskReason {
    /// What is risky.
    pub sentence: String,
    /// What it adds to the score.
    pub points: i64,
    /// What to do, and where.
    pub remedy: Link,
}

/// "Test it": what the browser asks the token endpoint with. Not shown to a log: it may hold a secret.
#[derive(Clone, Default)]
pub struct Trial {
    /// The identifier of the client.
    pub client_id: String,
    /// How it proves itself: `client_secret_basic`, `client_secret_post`, `none`.
    pub method: String,
    /// Path of the token endpoint.
    pub token: String,
    /// Path of the revocation endpoint.
    pub revoke: String,
    /// Path of the authorization endpoint.
    pub authorize: String,
    /// Whether it gets tokens without a person.
    pub works_alone: bool,
    /// Where a sign-in leads, if people sign in to it.
    pub redirect: Option<String>,
    /// What a sign-in asks for.
    pub scope: String,
    /// The secret, on the one page that shows it.
    pub secret: Option<String>,
    /// Whether the secret has to be typed.
    pub asks_secret: bool,
    /// Whether it gets tokens at all.
    pub enabled: bool,
}

/// What it is, where it connects, how to use it.
#[derive(Template)]
#[template(path = "console/views/client_overview.html")]
pub struct ClientOverview {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// What it is for.
    pub description: String,
    /// Grants, access, teams, lifetimes, in words.
    pub summary: Vec<Fact>,
    /// Redirect addresses, byte for byte.
    pub redirect_uris: Vec<String>,
    /// Issuer and endpoints.
    pub endpoints: Vec<Fact>,
    /// curl, Python, Node.
    pub snippets: Vec<Snippet>,
    /// Why the risk is what it is, the heaviest first, and what helps.
    pub risk_reasons: Vec<RiskReason>,
    /// The score, of 100.
    pub risk_score: i64,
    /// "Test it".
    pub trial: Trial,
    /// When it was made, and by whom.
    pub created: (When, String),
    /// When it was last changed, and by whom.
    pub updated: (When, String),
}

/// One secret, without itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretRow {
    /// Its label.
    pub label: String,
    /// What can be shown of it: `mcs_8sJ2…`.
    pub prefix: String,
    /// When it was made.
    pub created: When,
    /// By whom.
    pub created_by: String,
    /// When it ends, if it does.
    pub expires: Option<When>,
    /// When it was last used.
    pub last_used: Option<When>,
    /// From which address.
    pub last_address: Option<String>,
    /// Whether it still works.
    pub alive: bool,
    /// "Works", "Expired", "Retired".
    pub state: String,
    /// Since when it does not.
    pub ended: Option<When>,
    /// Whether it was used after it had been retired.
    pub late: bool,
    /// Where "Retire" is sent; the last living secret cannot be retired.
    pub retire: Option<String>,
}

/// Its secrets. The rotation posts `version`, `confirm_name`, `label`, `expires_in`,
/// `retire_previous_after`, `revoke_tokens` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/client_credentials.html")]
pub struct ClientCredentials {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// Living secrets first.
    pub secrets: Vec<SecretRow>,
    /// While several are alive: whether the older ones can be retired, and why.
    pub safe: Option<(bool, String)>,
    /// Who still tries a secret that has ended.
    pub late: Option<String>,
    /// Whether it is public: no secrets, PKCE instead.
    pub public: bool,
    /// Where the rotation is sent.
    pub rotate: String,
    /// The version that was read, so that a rotation sent twice makes one secret.
    pub version: String,
    /// Why this person cannot rotate, if so.
    pub rotate_refused: Option<String>,
    /// Now, 1 h, 24 h, 7 d, and never.
    pub retire: Vec<Choice>,
    /// When the new one ends by itself.
    pub expires: Vec<Choice>,
    /// The label typed before.
    pub label: String,
    /// Whether the living tokens were to end too.
    pub revoke_tokens: bool,
    /// The same by the API.
    pub call: Snippet,
    /// What was wrong with the rotation.
    pub errors: Errors,
}

/// A place and what can be done there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// "Team Harbour", "Everywhere".
    pub place: String,
    /// What it may read, in words.
    pub read: Vec<String>,
    /// What it may change, in words.
    pub change: Vec<String>,
}

/// An address and how it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenFrom {
    /// The address.
    pub address: String,
    /// "X-Forwarded-For of the trusted proxy 10.0.0.1", "the connection itself".
    pub via: String,
    /// When last.
    pub last: When,
}

/// Who it acts for, where, and the most it could ever do.
#[derive(Template)]
#[template(path = "console/views/client_access.html")]
pub struct ClientAccess {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// Who it acts for, in one sentence.
    pub acts_for: String,
    /// Preset, team choice, restrictions, resources, in words.
    pub limits: Vec<Fact>,
    /// The page about roles of its own, where it can hold some.
    pub bindings: Option<String>,
    /// Granted scopes with their kinds: name and "read" or "write".
    pub scopes: Vec<(String, String)>,
    /// The most it could do, place by place.
    pub reach: Vec<Reach>,
    /// From where it last got a token.
    pub last_seen: Option<SeenFrom>,
    /// Addresses that would be refused, were the trusted ones enforced, and how often.
    pub observed: Vec<(SeenFrom, i64)>,
    /// Lines that would let them in.
    pub proposal: String,
    /// Where to change it, if this person may.
    pub change: Option<Link>,
}

/// Everything that stops a client. Each form posts `form_token`; deletion also `confirm_name`.
#[derive(Template)]
#[template(path = "console/views/client_danger.html")]
pub struct ClientDanger {
    /// The console around it.
    pub frame: Frame,
    /// The head of the page.
    pub client: ClientHead,
    /// How many tokens are alive now.
    pub live_tokens: u64,
    /// Until when a token checked offline may still be accepted, if there are such.
    pub offline_until: Option<When>,
    /// Where "Disable" is sent.
    pub disable: String,
    /// Where "Enable" is sent.
    pub enable: String,
    /// Where "Revoke all tokens" is sent.
    pub revoke_tokens: String,
    /// Where "Delete" is sent.
    pub delete: String,
    /// Why this person cannot disable or enable, if so.
    pub update_refused: Option<String>,
    /// Why this person cannot revoke, if so.
    pub revoke_refused: Option<String>,
    /// Why it cannot be deleted, if so.
    pub delete_refused: Option<String>,
    /// The same by the API, one by one.
    pub calls: Vec<Snippet>,
    /// What was wrong with the last try.
    pub errors: Errors,
}
