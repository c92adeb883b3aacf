//! `mandate sessions …`: browsers that people are signed in with.

use clap::{Args, Subcommand};
use domain::accounts::User;
use domain::sessions::{self, ListQuery, Session};
use domain::{Fault, Refusal};
use serde_json::{Value, json};

use super::operator::Desk;
use super::users::named;
use super::{Failure, text};
use crate::whereabouts::Whereabouts;

/// The words after `mandate sessions`.
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
    /// List the living ones, newest first.
    List {
        /// Only of this person (id or e-mail address).
        #[arg(long)]
        user: Option<String>,
    },
    /// End one: its next request has to sign in.
    End {
        /// Its id.
        id: String,
    },
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    match words.verb {
        Verb::List { user } => list(desk, words.json, user).await,
        Verb::End { id } => {
            let missing = Failure::about("session", &id);
            let row = sessions::by_public_id(&desk.instance, &id)
                .ok_or_else(|| missing(Refusal::NotFound))?;
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            sessions::revoke(&mut work, &call, &may, row).await.map_err(&missing)?;
            work.commit().await?;
            text::gone(words.json, "session", &id)
        }
    }
}

async fn list(desk: &Desk, json: bool, user: Option<String>) -> Result<String, Failure> {
    let user = match user {
        Some(name) => Some(named(desk, &name).await?.id),
        None => None,
    };
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.read());
    let mut query = ListQuery { user, limit: 200, ..ListQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = sessions::list(&mut work, &may, &query, call.now).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let places = desk.whereabouts()?;
    if json {
        let shape = |pair| shape(desk, places.as_ref(), pair);
        let shapes: Result<Vec<_>, _> = found.iter().map(shape).collect();
        return text::json_list(&shapes?);
    }
    let row = |(session, user): &(Session, User)| {
        let (browser, device) = sessions::describe(&session.user_agent);
        Ok([
            session.public_id(&desk.instance)?,
            user.email.clone(),
            format!("{browser}, {device}"),
            session.address.clone(),
            places
                .as_ref()
                .and_then(|it| it.of(&session.address))
                .unwrap_or_else(|| "unknown".into()),
            text::instant(session.last_active_at),
            text::instant(session.expires_at),
        ])
    };
    let rows: Result<Vec<_>, Fault> = found.iter().map(row).collect();
    let headings = ["id", "person", "browser", "address", "place", "last active", "expires"];
    Ok(text::columns(headings, &rows?, "Nobody is signed in."))
}

fn shape(
    desk: &Desk,
    places: Option<&Whereabouts>,
    (session, _): &(Session, User),
) -> Result<Value, Fault> {
    let (browser, device) = sessions::describe(&session.user_agent);
    Ok(json!({
        "id": session.public_id(&desk.instance)?,
        "user": session.user,
        "browser": browser,
        "device": device,
        "address": session.address,
        "place": places.and_then(|places| places.of(&session.address)),
        "status": "active",
        "created_at": text::instant(session.created_at),
        "last_active_at": text::instant(session.last_active_at),
        "expires_at": text::instant(session.expires_at),
        "current": false,
        "amr": session.amr.values(),
    }))
}
