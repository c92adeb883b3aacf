//! The foundation: what has to be there before the first request.
//!
//! Lays down what is built in (permissions, roles, resources, scopes, signing keys, system
//! clients), then takes what the operator brought for the first start. Does no harm twice, so
//! every start and every node runs it. It knows no setting by name and no way to print: the
//! command line, the demo and the tests call it alike.

use std::sync::Arc;

use domain::access::{self, PLATFORM_ADMINISTRATOR, Place};
use domain::clients::{self, ADMIN_CLIENT};
use domain::{Call, Fault, Instance, Plain, Refusal, Work, accounts, keys, resources, scopes};

use crate::urls::Urls;

/// What the operator brings for the first start. Each part is used only while it is needed.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    /// The first administrator, made only while there is none.
    pub administrator: Option<FirstAdministrator>,
    /// The secret of the client of the management API, set only while that has none.
    pub client: Option<FirstSecret>,
}

/// The first administrator.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// By which they sign in.
    pub email: String,
    /// What they sign in with.
    pub password: Plain,
}

/// The first secret of a client that acts on the management API.
#[derive(Debug, Clone)]
pub struct FirstSecret {
    /// Its `client_id`: [`ADMIN_CLIENT`], or the operator's own choice.
    pub client_id: String,
    /// At least 32 characters.
    pub secret: Plain,
}

/// What came of it.
#[derive(Debug)]
pub struct Prepared {
    /// Where the first administrator is made, once; present while there is none.
    pub setup_link: Option<Plain>,
}

/// Why the foundation could not be laid.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first administrator was refused.
    #[error("the first administrator cannot be made: {0}")]
    Administrator(Refusal),
    /// The first secret was refused.
    #[error("the first client secret cannot be set: {0}")]
    Client(Refusal),
    /// Nobody's mistake.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Lays the foundation, takes the bootstrap, and makes a set-up link while nobody administers.
///
/// # Errors
/// What of the bootstrap was refused, or what the database could not do.
pub async fn prepare(
    instance: &Arc<Instance>,
    bootstrap: &Bootstrap,
    call: &Call,
) -> Result<Prepared, Error> {
    let mut work = instance.begin().await?;
    let admin_id = bootstrap.client.as_ref().map_or(ADMIN_CLIENT, |first| first.client_id.as_str());
    lay_built_in(&mut work, call, admin_id).await?;
    if let Some(first) = &bootstrap.client {
        set_first_secret(&mut work, call, first).await.map_err(Error::Client)?;
    }
    work.commit().await?;
    if accounts::has_administrator(&mut instance.read()).await? {
        return Ok(Prepared { setup_link: None });
    }
    match &bootstrap.administrator {
        Some(first) => make_administrator(instance, call, first).await,
        None => offer_setup(instance, call).await,
    }
}

/// Lays down everything built in that is missing, and no more.
///
/// # Errors
/// When the database cannot take it.
pub async fn lay(instance: &Arc<Instance>, call: &Call) -> Result<(), Fault> {
    let mut work = instance.begin().await?;
    lay_built_in(&mut work, call, ADMIN_CLIENT).await?;
    work.commit().await
}

async fn lay_built_in(work: &mut Work, call: &Call, admin_id: &str) -> Result<(), Fault> {
    access::ensure_built_in(work).await?;
    resources::ensure_built_in(work, call.now).await?;
    scopes::ensure_built_in(work, call.now).await?;
    keys::ensure(work, call.now).await?;
    // Only at its birth: a binding that an administrator took away stays away.
    if clients::ensure_defaults(work, call, admin_id).await? {
        access::bind(work, call.now, admin_id, PLATFORM_ADMINISTRATOR, &Place::Instance).await?;
    }
    work.settle_issuer().await
}

/// Used only while the Admin Client has no secret, and only under its own id.
async fn set_first_secret(
    work: &mut Work,
    call: &Call,
    first: &FirstSecret,
) -> Result<(), Refusal> {
    let admin = clients::admin_client(work).await?;
    if admin.as_deref() == Some(first.client_id.as_str()) {
        clients::set_bootstrap_secret(work, call, &first.client_id, first.secret.clone()).await?;
    } else {
        let admin = admin.unwrap_or_default();
        tracing::warn!(%admin, "the bootstrap names another client than the Admin Client; it is not used");
    }
    Ok(())
}

async fn make_administrator(
    instance: &Arc<Instance>,
    call: &Call,
    first: &FirstAdministrator,
) -> Result<Prepared, Error> {
    let name = first.email.split('@').next().unwrap_or_default();
    let made =
        accounts::first_administrator(instance, call, &first.email, name, first.password.clone())
            .await;
    match made {
        Ok(_) => Ok(Prepared { setup_link: None }),
        // Another node was faster.
        Err(Refusal::Conflict { .. })
            if accounts::has_administrator(&mut instance.read()).await? =>
        {
            Ok(Prepared { setup_link: None })
        }
        Err(Refusal::Fault(fault)) => Err(fault.into()),
        Err(refusal) => Err(Error::Administrator(refusal)),
    }
}

async fn offer_setup(instance: &Arc<Instance>, call: &Call) -> Result<Prepared, Error> {
    let mut work = instance.begin().await?;
    let link = match accounts::setup_link(&mut work, call).await {
        Ok(link) => link,
        Err(Refusal::Conflict { .. }) => return Ok(Prepared { setup_link: None }),
        Err(Refusal::Fault(fault)) => return Err(fault.into()),
        Err(refusal) => return Err(Error::Administrator(refusal)),
    };
    work.commit().await?;
    let urls = Urls::new(instance.issuer());
    let link = urls.absolute(&format!("/setup?link={}", link.reveal()));
    Ok(Prepared { setup_link: Some(Plain::new(link)) })
}
