//! Sign-in policies: the list, the form of one, and which one is for a person.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Choice, Errors, Frame};

/// One policy in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its place in the order; empty for the default.
    pub priority: String,
    /// Whether it denies.
    pub denies: bool,
    /// Whether it asks everybody for a code.
    pub requires_second_factor: bool,
    /// How long sessions last.
    pub sessions: String,
    /// For whom it is.
    pub whom: String,
}

/// `/console/sign-in-policies`.
#[derive(Template)]
#[template(path = "console/views/policy_list.html")]
pub struct PolicyList {
    /// The console around it.
    pub frame: Frame,
    /// One page, the highest priority first.
    pub rows: Vec<PolicyRow>,
    /// Why this person writes none, if so.
    pub refused: Option<String>,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// The form of a policy, which posts its fields by their names, `version` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/policy_form.html")]
pub struct PolicyForm {
    /// The console around it.
    pub frame: Frame,
    /// Whether it is stored already.
    pub exists: bool,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its place in the order.
    pub priority: String,
    /// May, or may not.
    pub access: Vec<Choice>,
    /// Where they prove who they are.
    pub sign_on_profiles: Vec<Choice>,
    /// What is asked besides the password.
    pub second_factor: Vec<Choice>,
    /// Whether a code is asked of everybody now.
    pub requires_second_factor: bool,
    /// Whether it denies now.
    pub denies: bool,
    /// "4 h"; empty: as the settings say.
    pub session_lifetime: String,
    /// "30 m"; empty: as the settings say.
    pub session_idle_lifetime: String,
    /// What the settings say.
    pub usual: String,
    /// What the settings say of unused sessions.
    pub usual_idle: String,
    /// E-mail addresses, one a line.
    pub users: String,
    /// Teams.
    pub teams: Vec<Choice>,
    /// Roles.
    pub roles: Vec<Choice>,
    /// The version that was read.
    pub version: String,
    /// Where it is sent.
    pub action: String,
    /// Where its end is sent.
    pub delete: String,
    /// Why this person changes nothing, if so.
    pub refused: Option<String>,
    /// What was wrong.
    pub errors: Errors,
}

impl PolicyForm {
    fn is_for_teams(&self) -> bool {
        self.teams.iter().any(|it| it.chosen)
    }

    fn is_for_roles(&self) -> bool {
        self.roles.iter().any(|it| it.chosen)
    }
}

/// The policy that decides about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyOf {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it says.
    pub words: String,
}
