//! The names behind ids: people, clients, teams, organizations. Each is looked up once a page.
//! What is gone goes by its id.

use std::collections::HashMap;

use domain::{Fault, UserId, Work, accounts, clients, teams};

/// Names found so far.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, String>);

impl Names {
    /// Who acted: a person by name, a client by name, the operator as it is.
    pub async fn actor(&mut self, work: &mut Work, id: &str) -> Result<String, Fault> {
        if let Some(name) = self.0.get(id) {
            return Ok(name.clone());
        }
        let found = if id.starts_with("usr_") {
            accounts::find(work, &UserId::new(id)).await?.map(|user| user.display_name)
        } else {
            clients::find(work, id).await?.map(|client| client.name.clone())
        };
        Ok(self.keep(id, found))
    }

    /// A team.
    pub async fn team(&mut self, work: &mut Work, id: &str) -> Result<String, Fault> {
        if let Some(name) = self.0.get(id) {
            return Ok(name.clone());
        }
        let found = teams::find_team(work, id).await?.map(|team| team.name);
        Ok(self.keep(id, found))
    }

    /// An organization.
    pub async fn organization(&mut self, work: &mut Work, id: &str) -> Result<String, Fault> {
        if let Some(name) = self.0.get(id) {
            return Ok(name.clone());
        }
        let found = teams::find_organization(work, id).await?.map(|it| it.name);
        Ok(self.keep(id, found))
    }

    fn keep(&mut self, id: &str, found: Option<String>) -> String {
        let name = found.unwrap_or_else(|| id.to_owned());
        self.0.insert(id.to_owned(), name.clone());
        name
    }
}
