//! The refresh token grant (RFC 6749 §6): rotation, overlap and theft are the family's rules.

use domain::Work;
use domain::clients::Recalled;
use domain::tokens::{self, Refreshed};

use super::{Asking, Identity, Refused, Stored};

/// A new access token; a new ID token too where the grant holds `openid` (OIDC Core §12.2).
pub(super) async fn exchange(
    reading: &mut Work,
    asking: &Asking<'_>,
    token: &str,
) -> Result<Stored, Refused> {
    let (client, request) = (asking.client, asking.request);
    let mut resources = Vec::new();
    if !request.resources.is_empty() {
        resources =
            tokens::select_resources(reading, client, &request.resources, &client.scopes).await??;
    }
    let asked = (request.scope.as_ref(), resources.as_slice());
    let refreshed = tokens::refresh(reading.instance(), asking.call, client, token, asked).await?;
    Ok(stored(refreshed))
}

/// The same for a client that is only remembered. `None`: in doubt, and nothing was done.
pub(super) async fn exchange_recalled(
    reading: &mut Work,
    asking: &Asking<'_>,
    recalled: &Recalled,
    token: &str,
) -> Result<Option<Stored>, Refused> {
    let request = asking.request;
    if !request.resources.is_empty() {
        return Ok(None);
    }
    let (instance, asked) = (reading.instance(), (request.scope.as_ref(), [].as_slice()));
    let refreshed = tokens::refresh_recalled(instance, asking.call, recalled, token, asked).await?;
    Ok(refreshed.map(stored))
}

fn stored(refreshed: Refreshed) -> Stored {
    let tells = refreshed.access.scopes.contains("openid");
    let id_token = tells.then_some(Identity { grant: refreshed.grant, nonce: None });
    Stored { access: refreshed.access, refresh: Some(refreshed.refresh), id_token }
}
