//! `mandate sign-in-policies …`: who may sign in, by what, and how long they stay.

use clap::{Args, Subcommand};
use domain::accounts::policies::{
    self, Access, Draft, ListQuery, Patch, Policy, Requirement, SignOnProfile, Subjects,
};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, text, users};

/// The words after `mandate sign-in-policies`.
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
    /// List them, the highest priority first; the default is the last.
    List,
    /// Show one.
    Show {
        /// Its id; `default` is the one that always applies.
        id: String,
    },
    /// Show which one decides when a person signs in.
    Of {
        /// Their id or e-mail address.
        user: String,
    },
    /// Add one.
    Create {
        /// Its name, unique.
        name: String,
        /// 1 to 1000, unique; the highest that is for a person decides.
        #[arg(long)]
        priority: i64,
        /// `allow` or `deny`.
        #[arg(long, value_parser = access)]
        access: Access,
        #[command(flatten)]
        rest: Rest,
    },
    /// Change one, from the next sign-in on.
    Edit {
        /// Its id.
        id: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// Another place in the order.
        #[arg(long)]
        priority: Option<i64>,
        /// `allow` or `deny`.
        #[arg(long, value_parser = access)]
        access: Option<Access>,
        #[command(flatten)]
        rest: Rest,
        /// Only if it is at this version still.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Delete one. The default stays.
    Delete {
        /// Its id.
        id: String,
    },
}

/// What both a new and a changed policy may be given.
#[derive(Debug, Args)]
struct Rest {
    /// What it is for.
    #[arg(long)]
    description: Option<String>,
    /// Where they prove who they are: `local`, by a password that is kept here.
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    sign_on_profile: Option<SignOnProfile>,
    /// `required` asks everybody for a code, `optional` whoever has set a second factor up.
    #[arg(long, value_name = "DEMAND", value_parser = second_factor)]
    second_factor: Option<Requirement>,
    /// Seconds after which a session ends, used or not; 0: as the settings say.
    #[arg(long, value_name = "SECONDS")]
    session_lifetime: Option<i64>,
    /// Seconds without a request after which a session ends; 0: as the settings say.
    #[arg(long, value_name = "SECONDS")]
    session_idle_lifetime: Option<i64>,
    /// A person it is for, by id or e-mail address; all of them, may be given several times.
    #[arg(long = "user", value_name = "WHO")]
    users: Option<Vec<String>>,
    /// The id of a team it is for; all of them, may be given several times.
    #[arg(long = "team", value_name = "ID")]
    teams: Option<Vec<String>>,
    /// The id of a role it is for; all of them, may be given several times.
    #[arg(long = "role", value_name = "ID")]
    roles: Option<Vec<String>>,
    /// For nobody.
    #[arg(long, conflicts_with_all = ["users", "teams", "roles"])]
    nobody: bool,
}

impl Rest {
    /// People by id or address become ids; `--nobody` empties all three lists.
    async fn resolved(mut self, desk: &Desk) -> Result<Self, Failure> {
        if self.nobody {
            (self.users, self.teams, self.roles) =
                (Some(Vec::new()), Some(Vec::new()), Some(Vec::new()));
        }
        for who in self.users.iter_mut().flatten() {
            *who = users::named(desk, who).await?.id.to_string();
        }
        Ok(self)
    }
}

fn access(text: &str) -> Result<Access, String> {
    Access::parse(text).ok_or_else(|| "allow or deny".into())
}

fn profile(text: &str) -> Result<SignOnProfile, String> {
    SignOnProfile::parse(text).ok_or_else(|| "local".into())
}

fn second_factor(text: &str) -> Result<Requirement, String> {
    Requirement::parse(text).ok_or_else(|| "optional or required".into())
}

/// No seconds are as many as the settings say.
#[expect(clippy::option_option, reason = "the shape of a change")]
fn seconds(typed: Option<i64>) -> Option<Option<i64>> {
    typed.map(|seconds| Some(seconds).filter(|seconds| *seconds != 0))
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List => list(desk, json).await,
        Verb::Show { id } => {
            let policy = policies::show(&mut desk.read(), &desk.may()?, &id).await;
            told(json, &policy.map_err(about(&id))?)
        }
        Verb::Of { user } => {
            let mut work = desk.read();
            let user = users::named(desk, &user).await?;
            told(json, &policies::applying_to(&mut work, &desk.may()?, &user.id).await?)
        }
        Verb::Create { name, priority, access, rest } => {
            create(desk, json, (name, priority, access), rest.resolved(desk).await?).await
        }
        Verb::Edit { id, name, priority, access, rest, if_version } => {
            let rest = rest.resolved(desk).await?;
            let patch = Patch {
                name,
                description: rest.description,
                priority,
                access,
                sign_on_profile: rest.sign_on_profile,
                second_factor: rest.second_factor,
                session_lifetime: seconds(rest.session_lifetime),
                session_idle_lifetime: seconds(rest.session_idle_lifetime),
                users: rest.users,
                teams: rest.teams,
                roles: rest.roles,
            };
            edit(desk, json, (&id, if_version), patch).await
        }
        Verb::Delete { id } => {
            let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
            policies::delete(&mut work, &call, &may, &id).await.map_err(about(&id))?;
            work.commit().await?;
            text::gone(json, "the sign-in policy", &id)
        }
    }
}

fn about(id: &str) -> impl Fn(domain::Refusal) -> Failure {
    Failure::about("sign-in policy", id)
}

async fn list(desk: &Desk, json: bool) -> Result<String, Failure> {
    let (mut work, may) = (desk.read(), desk.may()?);
    let (mut found, mut query) = (Vec::new(), ListQuery { limit: 200, cursor: None });
    loop {
        let page = policies::list(&mut work, &may, &query).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    if json {
        return text::json_list(&found.iter().map(shown).collect::<Vec<_>>());
    }
    let row = |it: &Policy| {
        [
            it.priority.to_string(),
            it.id.clone(),
            it.name.clone(),
            it.access.as_str().to_owned(),
            it.second_factor.as_str().to_owned(),
            seconds_or(it.session_lifetime),
            seconds_or(it.session_idle_lifetime),
            whom(it),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    let headings =
        ["priority", "id", "name", "access", "second factor", "ends after", "idle after", "for"];
    Ok(text::columns(headings, &rows, ""))
}

async fn create(
    desk: &Desk,
    json: bool,
    (name, priority, access): (String, i64, Access),
    rest: Rest,
) -> Result<String, Failure> {
    let draft = Draft {
        name,
        description: rest.description.unwrap_or_default(),
        priority,
        access,
        sign_on_profile: rest.sign_on_profile.unwrap_or_default(),
        second_factor: rest.second_factor.unwrap_or(Requirement::Optional),
        session_lifetime: seconds(rest.session_lifetime).flatten(),
        session_idle_lifetime: seconds(rest.session_idle_lifetime).flatten(),
        assigned_to: Subjects {
            users: rest.users.unwrap_or_default(),
            teams: rest.teams.unwrap_or_default(),
            roles: rest.roles.unwrap_or_default(),
        },
    };
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let policy = policies::create(&mut work, &call, &may, draft).await?;
    work.commit().await?;
    told(json, &policy)
}

async fn edit(
    desk: &Desk,
    json: bool,
    at: (&str, Option<i64>),
    patch: Patch,
) -> Result<String, Failure> {
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let policy = policies::change(&mut work, &call, &may, at, patch).await.map_err(about(at.0))?;
    work.commit().await?;
    told(json, &policy)
}

fn told(json: bool, policy: &Policy) -> Result<String, Failure> {
    if json {
        return text::json(&shown(policy));
    }
    let lines = [
        ("policy", policy.id.clone()),
        ("name", policy.name.clone()),
        ("description", policy.description.clone()),
        ("priority", policy.priority.to_string()),
        ("access", policy.access.as_str().to_owned()),
        ("sign-on profile", policy.sign_on_profile.as_str().to_owned()),
        ("second factor", policy.second_factor.as_str().to_owned()),
        ("sessions end after", seconds_or(policy.session_lifetime)),
        ("or unused for", seconds_or(policy.session_idle_lifetime)),
        ("users", text::list(&policy.assigned_to.users)),
        ("teams", text::list(&policy.assigned_to.teams)),
        ("roles", text::list(&policy.assigned_to.roles)),
        ("version", policy.version.to_string()),
    ];
    Ok(text::details(&lines))
}

fn shown(policy: &Policy) -> Value {
    let mut shown = policy.told();
    shown["id"] = json!(policy.id);
    shown["is_default"] = json!(policy.is_default());
    shown
}

fn seconds_or(seconds: Option<i64>) -> String {
    seconds.map_or_else(|| "as the settings say".into(), |seconds| format!("{seconds} s"))
}

fn whom(policy: &Policy) -> String {
    if policy.is_default() {
        return "everybody else".into();
    }
    let Subjects { users, teams, roles } = &policy.assigned_to;
    format!("{} people, {} teams, {} roles", users.len(), teams.len(), roles.len())
}
