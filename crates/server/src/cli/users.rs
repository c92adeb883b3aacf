//! `mandate users …`: the operator's verbs for people.
//!
//! A person is named by id or by e-mail address. A password never stands among the words, where
//! every program of the machine could read it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::accounts::{
    self, ListQuery, Networks, NetworksPatch, NewUser, Status, User, second_factor,
};
use domain::trusted_ips::Mode;
use domain::{Call, Plain, Refusal, UserId, tokens};
use serde_json::{Value, json};

use super::operator::Desk;
use super::{Failure, input, text, trusted_ips};
use crate::mail::Delivery;
use crate::urls::Urls;

/// The words after `mandate users`.
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
    /// List them, newest first.
    List {
        /// Part of the e-mail address or the name.
        #[arg(long)]
        q: Option<String>,
        /// Only active, disabled or locked ones.
        #[arg(long, value_parser = status)]
        status: Option<Status>,
        /// Only those whom this vouches for.
        #[arg(long, value_parser = ["local", "directory", "upstream"])]
        source: Option<String>,
        /// Only with a second factor, or only without.
        #[arg(long, value_name = "BOOL")]
        second_factor: Option<bool>,
        /// At most this many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Create a person; without a password they get a one-time invitation.
    Create {
        /// By which they sign in.
        email: String,
        /// As others see them; what stands before the @ when left out.
        #[arg(long)]
        name: Option<String>,
        /// A file that holds the password; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Make a new invitation for somebody who has no password yet.
    Invite(One),
    /// Make a link by which somebody chooses another password: once, within a day.
    ResetPassword(One),
    /// Take the second factor of somebody who lost it.
    ResetSecondFactor(One),
    /// Stop a person: whatever was issued to them dies at once and stays dead.
    Disable(One),
    /// Stop a person for the time being, and every client that acts for them by itself.
    Lock(One),
    /// Let a disabled or locked person act again.
    Enable(One),
    /// End everything their grants gave: to one client, or to all of them.
    RevokeTokens {
        /// Their id or e-mail address.
        user: String,
        /// Only to this client.
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
    },
    /// Show or set where they may sign in from.
    TrustedIps {
        /// Their id or e-mail address.
        user: String,
        /// An address or range, in place of those before; may be repeated.
        #[arg(long = "allow", value_name = "CIDR")]
        allow: Vec<String>,
        /// From anywhere again.
        #[arg(long, conflicts_with = "allow")]
        clear: bool,
        /// What happens to a sign-in from elsewhere: `enforce` refuses it, `observe` only records it.
        #[arg(long, value_parser = mode)]
        mode: Option<Mode>,
    },
    /// Delete a person for good.
    Delete {
        /// Their id or e-mail address.
        user: String,
        /// Their e-mail address, exactly.
        #[arg(long, value_name = "EMAIL")]
        confirm_email: String,
    },
}

#[derive(Debug, Args)]
struct One {
    /// Their id or e-mail address.
    user: String,
}

fn status(text: &str) -> Result<Status, String> {
    let all = [Status::Active, Status::Disabled, Status::Locked];
    all.into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| "active, disabled or locked".into())
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "enforce or observe".into())
}

/// Carries the words out and gives back what to print.
///
/// # Errors
/// The sentence of the rule that refused.
pub async fn run(desk: &Desk, words: Words) -> Result<String, Failure> {
    let json = words.json;
    match words.verb {
        Verb::List { q, status, source, second_factor, limit } => {
            let query = ListQuery { q, status, source, second_factor, limit: 200, cursor: None };
            list(desk, json, query, limit.unwrap_or(usize::MAX)).await
        }
        Verb::Create { email, name, password_file } => {
            create(desk, json, email, (name, password_file)).await
        }
        Verb::Invite(one) => invite(desk, json, &one.user).await,
        Verb::ResetPassword(one) => reset_password(desk, json, &one.user).await,
        Verb::ResetSecondFactor(one) => reset_second_factor(desk, json, &one.user).await,
        Verb::Disable(one) => switch(desk, json, &one.user, Status::Disabled).await,
        Verb::Lock(one) => switch(desk, json, &one.user, Status::Locked).await,
        Verb::Enable(one) => switch(desk, json, &one.user, Status::Active).await,
        Verb::RevokeTokens { user, client } => {
            revoke_tokens(desk, json, &user, client.as_deref()).await
        }
        Verb::TrustedIps { user, allow, clear, mode } => {
            let trusted_ips = (clear || !allow.is_empty()).then_some(allow);
            trusted_ips_of(desk, json, &user, NetworksPatch { trusted_ips, mode }).await
        }
        Verb::Delete { user, confirm_email } => delete(desk, json, &user, &confirm_email).await,
    }
}

/// The person behind an id or an address.
///
/// # Errors
/// When there is none, or the database cannot answer.
pub(super) async fn named(desk: &Desk, name: &str) -> Result<User, Failure> {
    let mut work = desk.read();
    let found = match accounts::find(&mut work, &UserId::new(name)).await? {
        None => accounts::find_by_email(&mut work, name).await?,
        found => found,
    };
    found.ok_or_else(|| Failure::about("user", name)(Refusal::NotFound))
}

async fn list(
    desk: &Desk,
    json: bool,
    mut query: ListQuery,
    most: usize,
) -> Result<String, Failure> {
    let (may, mut work) = (desk.may()?, desk.read());
    let mut found = Vec::new();
    loop {
        let page = accounts::list(&mut work, &may, &query).await?;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    if json {
        return text::json_list(&found.iter().map(shape).collect::<Vec<_>>());
    }
    let rows: Vec<_> = found
        .iter()
        .map(|user| {
            [
                user.id.to_string(),
                user.email.clone(),
                user.display_name.clone(),
                user.status.as_str().to_owned(),
                text::instant(user.created_at),
                text::instant_or(
                    user.last_sign_in_at,
                    if user.has_password { "never" } else { "invited" },
                ),
                text::yes(user.has_second_factor),
            ]
        })
        .collect();
    let headings = ["id", "email", "name", "status", "created", "last sign-in", "second factor"];
    Ok(text::columns(headings, &rows, "There are no such people."))
}

async fn create(
    desk: &Desk,
    json: bool,
    email: String,
    (name, password_file): (Option<String>, Option<PathBuf>),
) -> Result<String, Failure> {
    let password = match &password_file {
        Some(path) => Some(input::secret(path)?),
        None => None,
    };
    let display_name =
        name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let new = NewUser { email, display_name, password };
    let call = desk.call()?;
    let (user, invitation) = accounts::create(&desk.instance, &call, &desk.may()?, new).await?;
    match invitation {
        Some(link) => handed_over(desk, json, &call, (&user, &link), "Created").await,
        None => told(json, &user, "Created"),
    }
}

async fn invite(desk: &Desk, json: bool, name: &str) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let invitation = accounts::invite(&mut work, &call, &may, &user.id).await?;
    work.commit().await?;
    handed_over(desk, json, &call, (&user, &invitation), "Invited").await
}

async fn reset_password(desk: &Desk, json: bool, name: &str) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let link = accounts::reset_link(&mut work, &call, &may, &user.id).await?;
    work.commit().await?;
    handed_over(desk, json, &call, (&user, &link), "Made a link for").await
}

async fn reset_second_factor(desk: &Desk, json: bool, name: &str) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    second_factor::reset(&mut work, &call, &may, &user.id).await?;
    work.commit().await?;
    let user = named(desk, name).await?;
    told(json, &user, "Took the second factor of")
}

async fn switch(desk: &Desk, json: bool, name: &str, to: Status) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let (after, what) = match to {
        Status::Active => {
            (accounts::enable(&mut work, &call, &may, &user.id, None).await?, "Enabled")
        }
        Status::Disabled => {
            (accounts::disable(&mut work, &call, &may, &user.id, None).await?, "Disabled")
        }
        Status::Locked => (accounts::lock(&mut work, &call, &may, &user.id, None).await?, "Locked"),
    };
    work.commit().await?;
    told(json, &after, what)
}

async fn revoke_tokens(
    desk: &Desk,
    json: bool,
    name: &str,
    client: Option<&str>,
) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let ended = tokens::end_tokens_of_user(&mut work, &call, &may, (&user.id, client)).await?;
    work.commit().await?;
    if json {
        return text::json(&json!({ "ended": ended }));
    }
    Ok(format!("Ended {ended} grants of {} with every token they gave.\n", text::safe(&user.email)))
}

/// Shows where somebody may sign in from, and who would be refused; or sets it.
async fn trusted_ips_of(
    desk: &Desk,
    json: bool,
    name: &str,
    patch: NetworksPatch,
) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    if patch.trusted_ips.is_some() || patch.mode.is_some() {
        let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
        accounts::set_networks(&mut work, &call, &may, (&user.id, &patch)).await?;
        work.commit().await?;
    }
    let (mut work, may) = (desk.read(), desk.may()?);
    let Networks { trusted_ips: list, mode } =
        accounts::networks(&mut work, &may, &user.id).await?;
    let observed = accounts::observed_sign_ins(&mut work, &may, &user.id).await?;
    if json {
        return text::json(&trusted_ips::json(&list, mode, &observed));
    }
    let whose = format!("{} may sign in", user.email);
    Ok(trusted_ips::lines(&whose, &list, mode, &observed))
}

async fn delete(
    desk: &Desk,
    json: bool,
    name: &str,
    confirm_email: &str,
) -> Result<String, Failure> {
    let user = named(desk, name).await?;
    if confirm_email != user.email {
        return Err(Failure::refused(
            "confirm_email: Type the e-mail address of the person exactly as it is.",
        ));
    }
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    accounts::delete(&mut work, &call, &may, &user.id).await?;
    work.commit().await?;
    if json {
        return text::json(&json!({ "id": user.id, "deleted": true }));
    }
    Ok(format!(
        "Deleted {} ({}). Whatever was issued to them is dead.\n",
        user.id,
        text::safe(&user.email)
    ))
}

/// What was done with whom.
fn told(json: bool, user: &User, what: &str) -> Result<String, Failure> {
    if json {
        return text::json(&shape(user));
    }
    Ok(format!("{what} {} ({}).\n", user.id, text::safe(&user.email)))
}

/// The same, with the one-time link that was made; mailed as well, where mail is set up.
async fn handed_over(
    desk: &Desk,
    json: bool,
    call: &Call,
    (user, link): (&User, &Plain),
    what: &str,
) -> Result<String, Failure> {
    let delivery = desk.mail_link(call, (user, link)).await;
    let url = Urls::new(desk.instance.issuer()).password_link(user, link);
    let (name, kind, lifetime) = if user.has_password {
        ("password_reset_url", "link to another password", "for a day")
    } else {
        ("invitation_url", "invitation", "for 7 days")
    };
    if json {
        let mut object = shape(user);
        object[name] = url.reveal().into();
        object["mail"] = delivery.as_str().into();
        return text::json(&object);
    }
    let mail = match delivery {
        Delivery::Sent => "\nIt was mailed to them too.\n",
        Delivery::Failed => "\nIt could not be mailed to them; the line above says why.\n",
        Delivery::Off => "",
    };
    let told = told(json, user, what)?;
    let url = url.reveal();
    Ok(format!("{told}\nTheir one-time {kind}, good {lifetime}, shown this once:\n  {url}\n{mail}"))
}

fn shape(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "display_name": user.display_name,
        "status": user.status,
        "source": user.source,
        "created_at": text::instant(user.created_at),
        "last_sign_in_at": text::json_instant(user.last_sign_in_at),
        "second_factor": user.has_second_factor,
    })
}
