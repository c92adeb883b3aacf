//! The refresh token grant (RFC 6749 §6): rotation, overlap and theft are the family's rules.

use domain::Work;
use domain::tokens::{self, IdToken};

use super::{Asking, Given, Refused};

/// A new access token; a new ID token too where the grant holds `openid` (OIDC Core §12.2).
pub(super) async fn exchange(
    work: &mut Work,
    asking: &Asking<'_>,
    token: &str,
) -> Result<Given, Refused> {
    let (client, request) = (asking.client, asking.request);
    let mut resources = Vec::new();
    if !request.resources.is_empty() {
        resources =
            tokens::select_resources(work, client, &request.resources, &client.scopes).await??;
    }
    let asked = (request.scope.as_ref(), resources.as_slice());
    let refreshed = tokens::refresh(work, asking.call, client, token, asked).await?;
    let mut id_token = None;
    if refreshed.access.scopes.contains("openid") {
        let of = IdToken {
            client,
            grant: &refreshed.grant,
            scopes: &refreshed.access.scopes,
            nonce: None,
            access: Some(&refreshed.access.text),
        };
        id_token = Some(tokens::id_token(work, asking.call, &of).await?);
    }
    Ok(Given { access: refreshed.access, refresh: Some(refreshed.refresh), id_token })
}
