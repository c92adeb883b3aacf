//! Settings of the server.

use askama::Template;

use crate::web::filters;
use crate::web::views::{Errors, Fact, Frame};

/// One setting that is changed while the server runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingField {
    /// Its name in the contract, and in the form.
    pub name: String,
    /// What a person reads.
    pub label: String,
    /// What it does.
    pub hint: String,
    /// What it is set to; empty: as the configuration says.
    pub value: String,
    /// What the configuration says.
    pub usual: String,
    /// Whether it is typed as "12 h".
    pub duration: bool,
    /// Whether it is on or off.
    pub switch: bool,
}

/// `/console/settings`. The form posts each setting by its name, `version` and `form_token`.
#[derive(Template)]
#[template(path = "console/views/settings.html")]
pub struct SettingsPage {
    /// The console around it.
    pub frame: Frame,
    /// What can be set.
    pub fields: Vec<SettingField>,
    /// The version that was read.
    pub version: String,
    /// Why this person cannot change them, if so.
    pub refused: Option<String>,
    /// What the configuration says.
    pub facts: Vec<Fact>,
    /// What was wrong.
    pub errors: Errors,
}
