//! The system clients that exist from the first start.
//!
//! Laid down when missing and left as they are otherwise: administrators may edit them. Secrets of
//! the confidential ones exist only once somebody asks for them.

use super::rules::register;
use super::secrets::{self, NewSecret};
use super::{Draft, GrantType, presets, store};
use crate::access::{Access, PERMISSIONS};
use crate::clients::words::ClientType;
use crate::{Call, Fault, Plain, Refusal, Work};
use crate::{audit, settings};

/// The id of the Admin Client where the operator names no other.
pub const ADMIN_CLIENT: &str = "mandate-admin";

/// The setting that remembers it.
const ADMIN_SETTING: &str = "admin_client";

const LOOPBACK: [&str; 2] = ["http://127.0.0.1/callback", "http://[::1]/callback"];

/// The id of the Admin Client, once it is laid down.
///
/// # Errors
/// When the database cannot answer.
pub async fn admin_client(work: &mut Work) -> Result<Option<String>, Fault> {
    settings::find(&mut work.tx, ADMIN_SETTING).await
}

/// Lays down the system clients that are missing; the Admin Client under `admin_id`, unless it is
/// there already under another. Says whether the Admin Client is new.
///
/// # Errors
/// When the database cannot take them.
pub async fn ensure_defaults(work: &mut Work, call: &Call, admin_id: &str) -> Result<bool, Fault> {
    let known = admin_client(work).await?;
    let admin_id = known.as_deref().unwrap_or(admin_id);
    for draft in drafts(admin_id, work.instance.api_resource()) {
        let id = draft.client_id.clone().unwrap_or_default();
        if store::find_version(work, &id).await?.is_some() {
            continue;
        }
        let (mut client, _) = presets::complete(&draft);
        client.is_system = true;
        register(work, call, &mut client, NewSecret::None).await.map_err(
            |refusal| match refusal {
                Refusal::Fault(fault) => fault,
                other => Fault::Broken(format!("the system client {id} cannot be made: {other}")),
            },
        )?;
    }
    if known.is_none() {
        settings::set(&mut work.tx, ADMIN_SETTING, admin_id).await?;
    }
    Ok(known.is_none())
}

/// Gives a system client the operator's secret, only while it has had none. Says whether it took.
///
/// # Errors
/// The field `client_secret` when it is too short; `NotFound`.
pub async fn set_bootstrap_secret(
    work: &mut Work,
    call: &Call,
    client_id: &str,
    secret: Plain,
) -> Result<bool, Refusal> {
    if !store::lock(work, client_id).await? {
        return Err(Refusal::NotFound);
    }
    let mut client = store::find(work, client_id).await?.ok_or(Refusal::NotFound)?;
    if !client.secrets.is_empty() {
        return Ok(false);
    }
    if let Some(error) = secrets::given_error(&client, Some(&secret)) {
        return Err(Refusal::Invalid(vec![error]));
    }
    let Some(made) = secrets::prepare(work, call, NewSecret::Given(secret))? else {
        return Ok(false);
    };
    client.secrets.push(made.stored.clone());
    super::rules::touch(work, call, &mut client).await?;
    secrets::insert(work, &client.id, &made).await?;
    audit::record(work, call, "client.secret_rotated", &client.audited(), &[]).await?;
    Ok(true)
}

fn drafts(admin_id: &str, api: String) -> [Draft; 5] {
    let management = PERMISSIONS.iter().map(|p| p.name.to_owned()).collect();
    let of = |id: &str, name: &str, description: &str| Draft {
        client_id: Some(id.into()),
        name: Some(name.into()),
        description: Some(description.into()),
        ..Draft::default()
    };
    let native = |id: &str, name: &str, description: &str, uris: &[&str]| Draft {
        confidential: Some(false),
        grant_types: Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]),
        redirect_uris: Some(uris.iter().map(|uri| (*uri).to_owned()).collect()),
        ..of(id, name, description)
    };
    [
        Draft {
            kind: Some(ClientType::Service),
            access: Some(Access::Full),
            scopes: Some(management),
            default_resource: Some(api),
            ..of(admin_id, "Admin Client", "Scripts and pipelines that use the management API.")
        },
        Draft {
            kind: Some(ClientType::SyncConnector),
            ..of("mandate-sync", "Sync Service Client", "Directory synchronization.")
        },
        native(
            "mandate-mobile",
            "Mandate Mobile App",
            "The app on people's phones.",
            &["dev.mandate.mobile:/callback"],
        ),
        native(
            "mandate-desktop",
            "Mandate Desktop Agent",
            "The agent on people's computers.",
            &LOOPBACK,
        ),
        Draft {
            access: Some(Access::Full),
            ..native("mandate-cli", "Mandate CLI", "The command line.", &LOOPBACK)
        },
    ]
}
