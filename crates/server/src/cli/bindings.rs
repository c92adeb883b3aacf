//! `mandate bindings …`: who holds which role where.

use clap::{Args, Subcommand};
use domain::access::Place;
use domain::roles::{self, Binding, ListQuery, NewBinding};
use domain::tokens;
use serde_json::{Value, json};

use super::operator::Desk;
use super::users::named;
use super::{Failure, text};

/// The words after `mandate bindings`.
#[derive(Debug, Args)]
pub struct Words {
    /// Print JSON in the words of the API.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List them.
    List {
        /// Only of this person (id or e-mail address) or client.
        #[arg(long)]
        subject: Option<String>,
        /// Only of the role of this id.
        #[arg(long)]
        role: Option<String>,
    },
    /// Give a person or a client a role, from the next request on.
    Create {
        /// A person (id or e-mail address) or a client.
        subject: String,
        /// The id of the role.
        role: String,
        #[command(flatten)]
        place: Where,
        /// End what they have alive, too.
        #[arg(long)]
        revoke_tokens: bool,
    },
    /// Take it away, from the next request on.
    Delete {
        /// Its id.
        id: String,
        /// End what the holder has alive, too.
        #[arg(long)]
        revoke_tokens: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Where {
    /// Everywhere.
    #[arg(long)]
    instance: bool,
    /// In the organization of this id.
    #[arg(long)]
    organization: Option<String>,
    /// In the team of this id.
    #[arg(long)]
    team: Option<String>,
}

impl Where {
    fn place(self) -> Place {
        match (self.organization, self.team) {
            (Some(id), _) => Place::Organization(id),
            (None, Some(id)) => Place::Team(id),
            (None, None) => Place::Instance,
        }
    }
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List { subject, role } => list(desk, json, (subject, role)).await,
        Verb::Create { subject, role, place, revoke_tokens } => {
            let subject = id_of(desk, subject).await?;
            let new = NewBinding { subject, role, place: place.place() };
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let made = roles::bind(&mut work, &call, &may, new).await?;
            if revoke_tokens {
                tokens::end_tokens_of_holder(&mut work, &call, &desk.may()?, &made.subject).await?;
            }
            work.commit().await?;
            if json {
                return text::json(&shape(&made));
            }
            Ok(format!("Bound {} to {} ({}).\n", text::safe(&made.subject), made.role, made.id))
        }
        Verb::Delete { id, revoke_tokens } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            let taken = roles::unbind(&mut work, &call, &may, &id)
                .await
                .map_err(Failure::about("binding", &id))?;
            if revoke_tokens {
                let may = desk.may()?;
                tokens::end_tokens_of_holder(&mut work, &call, &may, &taken.subject).await?;
            }
            work.commit().await?;
            text::gone(json, "binding", &id)
        }
    }
}

/// People may be named by their address.
async fn id_of(desk: &Desk, subject: String) -> Result<String, Failure> {
    if subject.contains('@') {
        Ok(named(desk, &subject).await?.id.to_string())
    } else {
        Ok(subject)
    }
}

async fn list(
    desk: &Desk,
    json: bool,
    (subject, role): (Option<String>, Option<String>),
) -> Result<String, Failure> {
    let subject = match subject {
        Some(subject) => Some(id_of(desk, subject).await?),
        None => None,
    };
    let (may, mut work) = (desk.may()?, desk.read());
    let mut query = ListQuery { subject, role, limit: 200, cursor: None };
    let mut found = Vec::new();
    loop {
        let page = roles::list_bindings(&mut work, &may, &query).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    if json {
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let row = |it: &Binding| {
        let place = match &it.place {
            Place::Instance => "everywhere".to_owned(),
            Place::Organization(id) | Place::Team(id) => id.clone(),
        };
        [it.id.clone(), it.subject.clone(), it.role.clone(), place]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(text::columns(["id", "subject", "role", "place"], &rows, "There are no such bindings."))
}

fn shape(binding: &Binding) -> Value {
    let place = binding.place.told();
    json!({ "id": binding.id, "subject": binding.subject, "role": binding.role, "place": place })
}
