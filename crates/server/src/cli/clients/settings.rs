//! Registering and changing: words of the command line become a draft in the words of the API.
//!
//! Knows which options there are, not what is allowed: that is said by the rules, for every door.

use std::path::{Path, PathBuf};

use clap::Args;
use domain::clients::{self, Client, Draft};
use domain::{Plain, ShownOnce};
use serde_json::{Map, Value, json};

use super::super::operator::Desk;
use super::super::{Failure, input, text};
use super::{about, changed, shape};

/// Settings that have an option of their own, and the way to all others.
#[derive(Debug, Args)]
struct Settings {
    /// `user_authorized`, `service`, `sync_connector` or `custom`: fills the defaults.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// A grant it may use; may be repeated.
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// Where people are sent back to, byte for byte; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Scopes it may ask for; several between spaces, and may be repeated.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// `read_only` or `full`.
    #[arg(long)]
    access: Option<String>,
    /// The organization it belongs to.
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// The team that looks after it.
    #[arg(long, value_name = "ID")]
    owner_team: Option<String>,
    /// The person whose permissions bound its own tokens.
    #[arg(long, value_name = "USER")]
    context_user: Option<String>,
    /// An address or range it may ask from; may be repeated.
    #[arg(long = "trusted-ip", value_name = "CIDR")]
    trusted_ips: Vec<String>,
    /// Any setting, as JSON or text: `access_token_lifetime="30 m"`; may be repeated.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// A file with settings as a JSON object; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Yes, I mean it: full access together with a long access token lifetime.
    #[arg(long)]
    confirm_high_risk: bool,
}

/// `mandate clients create`
#[derive(Debug, Args)]
pub struct New {
    /// Its name, shown at consent.
    name: Option<String>,
    /// Its `client_id`; generated when left out.
    #[arg(long)]
    id: Option<String>,
    /// It runs on people's machines and holds no secret.
    #[arg(long)]
    public: bool,
    /// A file that holds a secret of your own, 32 characters at least.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Answers a repeated command with the client of the first time.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// `mandate clients update`
#[derive(Debug, Args)]
pub struct Patch {
    /// Its `client_id`.
    id: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    /// A setting that takes its default again; may be repeated.
    #[arg(long = "unset", value_name = "FIELD")]
    unset: Vec<String>,
    /// Only if it is at this version still.
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    /// End every token it has, too.
    #[arg(long)]
    revoke_tokens: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Registers a client.
pub(super) async fn create(desk: &Desk, json: bool, new: New) -> Result<String, Failure> {
    let mut settings = settings(new.settings)?;
    let mut say =
        |field: &str, value: Option<Value>| value.map(|value| settings.insert(field.into(), value));
    say("client_name", new.name.map(Value::from));
    say("client_id", new.id.map(Value::from));
    say("confidential", new.public.then_some(Value::Bool(false)));
    let mut draft = Draft::read(&Value::Object(settings))?;
    if let Some(path) = &new.secret_file {
        draft.client_secret = Some(input::secret(path)?);
    }
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let made =
        clients::create(&mut work, &call, &may, draft, new.idempotency_key.as_deref()).await?;
    work.commit().await?;
    registered(json, &made)
}

fn registered(json: bool, made: &ShownOnce<std::sync::Arc<Client>>) -> Result<String, Failure> {
    let (client, secret) = (&made.object, made.secret.as_ref().map(Plain::reveal));
    if json {
        let mut client_json = shape::client(client);
        match secret {
            Some(secret) => client_json["client_secret"] = secret.into(),
            None if made.is_repetition => client_json["secret_already_shown"] = true.into(),
            None => {}
        }
        return text::json(&client_json);
    }
    let mut told = format!("Registered client {}.\n\n{}", client.id, shape::details(client));
    match secret {
        Some(secret) => told.extend(["\nIts secret, shown this once:\n  ", secret, "\n"]),
        None if client.confidential => told.push_str("\nIts secret was shown before.\n"),
        None => {}
    }
    Ok(told)
}

/// Changes settings by a merge patch.
pub(super) async fn update(desk: &Desk, json: bool, patch: Patch) -> Result<String, Failure> {
    let mut settings = settings(patch.settings)?;
    if let Some(name) = patch.name {
        settings.insert("client_name".into(), name.into());
    }
    for field in patch.unset {
        settings.insert(field, Value::Null);
    }
    if patch.revoke_tokens {
        settings.insert("revoke_tokens".into(), true.into());
    }
    if settings.is_empty() {
        return Err(Failure::Words(
            "Say what to change: --set FIELD=VALUE, --unset FIELD or another option.".into(),
        ));
    }
    let (call, may, mut work) = (desk.call()?, desk.may()?, desk.begin().await?);
    let settings = Value::Object(settings);
    let change =
        clients::change(&mut work, &call, &may, &patch.id, (&settings, patch.if_version)).await;
    let change = change.map_err(about(&patch.id))?;
    work.commit().await?;
    changed(json, &change, if patch.revoke_tokens { "Its tokens are dead." } else { "" })
}

/// The file first, then `--set`, then the options of their own.
fn settings(given: Settings) -> Result<Map<String, Value>, Failure> {
    let mut settings = match &given.from {
        Some(path) => object(path, &input::text(path)?)?,
        None => Map::new(),
    };
    for pair in &given.set {
        let (field, value) = assignment(pair)?;
        settings.insert(field, value);
    }
    let scopes: Vec<&str> =
        given.scopes.iter().flat_map(|scopes| scopes.split_whitespace()).collect();
    let listed = [
        ("grant_types", json!(given.grants)),
        ("redirect_uris", json!(given.redirect_uris)),
        ("scopes", json!(scopes)),
        ("trusted_ips", json!(given.trusted_ips)),
    ];
    for (field, list) in
        listed.into_iter().filter(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty()))
    {
        settings.insert(field.into(), list);
    }
    let single = [
        ("type", given.kind),
        ("access", given.access),
        ("organization", given.organization),
        ("owner_team", given.owner_team),
        ("context_user", given.context_user),
    ];
    for (field, value) in single {
        if let Some(value) = value {
            settings.insert(field.into(), value.into());
        }
    }
    if given.confirm_high_risk {
        settings.insert("confirm_high_risk".into(), true.into());
    }
    Ok(settings)
}

fn object(path: &Path, text: &str) -> Result<Map<String, Value>, Failure> {
    let refuse = |why: String| Failure::refused(format!("{}: {why}", path.display()));
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(refuse("A JSON object is needed.".into())),
        Err(error) => Err(refuse(format!("This is no JSON: {error}."))),
    }
}

/// `field=value`; the value is JSON where it can be read so, a duration where the field is one,
/// else text.
fn assignment(pair: &str) -> Result<(String, Value), Failure> {
    let Some((field, value)) = pair.split_once('=') else {
        return Err(Failure::Words(format!(
            "--set `{}`: FIELD=VALUE is needed.",
            text::safe(pair)
        )));
    };
    let is_lifetime = field.ends_with("_lifetime") || field == "refresh_overlap";
    let typed = if is_lifetime { clients::typed_lifetime(value) } else { Err(String::new()) };
    let value = match (typed, serde_json::from_str(value)) {
        (Ok(seconds), _) => seconds,
        (Err(_), Ok(json)) => json,
        (Err(why), Err(_)) if is_lifetime => {
            return Err(Failure::refused(format!("{field}: {why}")));
        }
        (Err(_), Err(_)) => value.into(),
    };
    Ok((field.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_value_as_what_it_looks_like() {
        for (pair, field, value) in [
            ("client_name=Web shop", "client_name", json!("Web shop")),
            ("client_name=\"7\"", "client_name", json!("7")),
            ("scopes=[\"openid\"]", "scopes", json!(["openid"])),
            ("enabled=false", "enabled", json!(false)),
            ("access_token_lifetime=30 m", "access_token_lifetime", json!(1800)),
            ("access_token_lifetime=900", "access_token_lifetime", json!(900)),
            ("refresh_token_idle_lifetime=null", "refresh_token_idle_lifetime", json!(null)),
            ("description=a=b", "description", json!("a=b")),
            ("description=", "description", json!("")),
        ] {
            assert_eq!(assignment(pair).unwrap(), (field.to_owned(), value), "{pair}");
        }
        assert!(matches!(assignment("scopes"), Err(Failure::Words(_))));
        let why = assignment("access_token_lifetime=1 fortnight").unwrap_err().to_string();
        assert_eq!(why, "access_token_lifetime: The units are s, m, h, d and w.");
    }
}
