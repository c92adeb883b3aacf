//! The authorization code grant (RFC 6749 §4.1.3): a code becomes a grant, and its first tokens.

use domain::Work;
use domain::authorizations::{Presented, redeem};
use domain::clients::GrantType;
use domain::tokens::{self, IdToken, Issue, Subject};

use super::{Asking, Given, Refused, ended};

/// Redeems the code; a refresh token only where the client holds that grant and used PKCE.
pub(super) async fn exchange(
    work: &mut Work,
    asking: &Asking<'_>,
    code: &str,
    proof: (Option<&str>, Option<&str>),
) -> Result<Given, Refused> {
    let (client, request, call) = (asking.client, asking.request, asking.call);
    // What is unknown or was not agreed to is refused before the code is spent.
    let mut asked = Vec::new();
    if !request.resources.is_empty() {
        asked =
            tokens::select_resources(work, client, &request.resources, &client.scopes).await??;
    }
    let presented = Presented { redirect_uri: proof.0, verifier: proof.1, resources: &asked };
    let redeemed = redeem(work, call, client, code, &presented).await??;
    let resources = redeemed.resources.clone();
    let subject = Subject::Grant(&redeemed.grant, redeemed.epochs);
    let issue =
        Issue { client, subject, scopes: &redeemed.scopes, resources: &resources, extra: None };
    let access = tokens::issue(work, call, &issue).await?.ok_or_else(ended)?;
    let refreshes = client.grant_types.contains(&GrantType::RefreshToken)
        && (redeemed.used_pkce || client.refresh_without_pkce);
    let mut refresh = None;
    if refreshes {
        refresh = Some(tokens::begin_family(work, call, client, &redeemed.grant, &access).await?);
    }
    let mut id_token = None;
    if redeemed.scopes.contains("openid") {
        let nonce = redeemed.nonce.as_deref();
        let (grant, scopes, access) = (&redeemed.grant, &redeemed.scopes, Some(&access.text));
        let of = IdToken { client, grant, scopes, nonce, access };
        id_token = Some(tokens::id_token(work, call, &of).await?);
    }
    Ok(Given { access, refresh, id_token })
}
