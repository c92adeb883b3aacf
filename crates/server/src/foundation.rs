//! The foundation: what has to be there before the first request.
//!
//! Lays down what is built in (permissions, roles, resources, scopes, signing keys, system
//! clients), then takes what the operator brought for the first start. Does no harm twice, so
//! every start and every node runs it. It knows no setting by name and no way to print: the
//! command line, the demo and the tests call it alike.

use std::sync::Arc;

use domain::access::{self, Authority, PERMISSIONS, PLATFORM_ADMINISTRATOR, Place};
use domain::clients::{self, ADMIN_CLIENT, ClientType, Draft};
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
    lay_built_in(&mut work, call).await?;
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
    lay_built_in(&mut work, call).await?;
    work.commit().await
}

async fn lay_built_in(work: &mut Work, call: &Call) -> Result<(), Fault> {
    access::ensure_built_in(work).await?;
    resources::ensure_built_in(work, call.now).await?;
    scopes::ensure_built_in(work, call.now).await?;
    keys::ensure(work, call.now).await?;
    let is_new = clients::find(work, ADMIN_CLIENT).await?.is_none();
    clients::ensure_defaults(work, call).await?;
    // Only at its birth: a binding that an administrator took away stays away.
    if is_new {
        access::bind(work, call.now, ADMIN_CLIENT, PLATFORM_ADMINISTRATOR, &Place::Instance)
            .await?;
    }
    Ok(())
}

async fn set_first_secret(
    work: &mut Work,
    call: &Call,
    first: &FirstSecret,
) -> Result<(), Refusal> {
    if clients::find(work, &first.client_id).await?.is_none() {
        return make_own_client(work, call, first).await;
    }
    clients::set_bootstrap_secret(work, call, &first.client_id, first.secret.clone()).await?;
    Ok(())
}

/// An Admin Client under an id of the operator's choice.
async fn make_own_client(work: &mut Work, call: &Call, first: &FirstSecret) -> Result<(), Refusal> {
    let draft = Draft {
        client_id: Some(first.client_id.clone()),
        client_secret: Some(first.secret.clone()),
        name: Some(format!("Admin Client {}", first.client_id)),
        description: Some("Scripts and pipelines that use the management API.".into()),
        kind: Some(ClientType::Service),
        access: Some(access::Access::Full),
        scopes: Some(PERMISSIONS.iter().map(|permission| permission.name.to_owned()).collect()),
        default_resource: Some(work.instance().api_resource()),
        ..Draft::default()
    };
    let may = Authority::operator(call.actor.name()).may()?;
    clients::create(work, call, &may, draft, None).await?;
    access::bind(work, call.now, &first.client_id, PLATFORM_ADMINISTRATOR, &Place::Instance)
        .await?;
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
