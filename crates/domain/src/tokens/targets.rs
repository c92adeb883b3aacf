//! Which resources a token is for (RFC 8707): those asked for, else the client's default, else
//! what its scopes point at.

use protocol::error::{Code, Error};
use protocol::resource::Resource;
use protocol::scope::Scopes;

use crate::clients::{Client, GrantType};
use crate::{Fault, Work, access, resources};

/// The ids of the resources a token will be for; empty means userinfo alone.
///
/// # Errors
/// `Ok(Err(invalid_target))` naming the missing registration; or a fault.
pub async fn select(
    work: &mut Work,
    client: &Client,
    asked: &[Resource],
    scopes: &Scopes,
) -> Result<Result<Vec<String>, Error>, Fault> {
    if asked.is_empty() {
        return Ok(Ok(default(work, client, scopes).await?));
    }
    let mut ids: Vec<String> = Vec::with_capacity(asked.len());
    for resource in asked {
        match resources::find_by_identifier(work, resource.as_str()).await? {
            Some(known) if !ids.contains(&known.id) => ids.push(known.id),
            Some(_) => {}
            None => {
                let error = Error::new(Code::InvalidTarget, "The resource is not known here.")
                    .received(resource.as_str().to_owned())
                    .because("no resource with this identifier is registered; identifiers are compared byte for byte");
                return Ok(Err(error));
            }
        }
    }
    Ok(Ok(ids))
}

/// The client's own default; else the management API where a scope names one of its permissions.
/// Whoever signs a person in with `openid` may ask who they are as well, unless the request chose.
async fn default(work: &mut Work, client: &Client, scopes: &Scopes) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::new();
    if let Some(identifier) = &client.default_resource {
        let known = resources::find_by_identifier(work, identifier).await?;
        ids.extend(known.map(|resource| resource.id));
    } else if scopes.iter().any(|scope| access::definition(scope).is_some()) {
        ids.push(resources::API.to_owned());
    }
    let signs_in = client.has_redirects() || client.allows(GrantType::Password);
    let asks_who = signs_in && scopes.contains("openid");
    if asks_who && !ids.is_empty() && !ids.iter().any(|id| id == resources::USERINFO) {
        ids.push(resources::USERINFO.to_owned());
    }
    Ok(ids)
}

/// Does an authority for `granted` cover `asked`? None granted is userinfo alone.
pub fn covers(granted: &[String], asked: &[String]) -> bool {
    let is_covered = |id: &String| {
        granted.contains(id) || (granted.is_empty() && id.as_str() == resources::USERINFO)
    };
    asked.iter().all(is_covered)
}
