//! The client credentials grant (RFC 6749 §4.4): a service acts for itself or its context user.
//! Never a refresh token (§4.4.3).
//!
//! Ordered checks: scopes and resources are the client's → the living token again, where the
//! client reuses → no more living tokens than `max_active_tokens`.

use domain::authorizations::offered_scopes;
use domain::clients::Recalled;
use domain::tokens::{self, Own};
use domain::{Fault, Work};
use protocol::error::{Code, Error};

use super::{Asking, Failed, Given, ended};

/// Left out, the scope is all the client holds.
pub(super) async fn exchange(reading: &mut Work, asking: &Asking<'_>) -> Result<Given, Failed> {
    let (client, request) = (asking.client, asking.request);
    let scopes = offered_scopes(client, request.scope.as_ref(), &client.scopes)?;
    let resources =
        tokens::select_resources(reading, client, &request.resources, &scopes).await??;
    match tokens::issue_own(reading.instance(), asking.call, client, (&scopes, &resources)).await? {
        Own::Issued(access) => Ok(Given { access, refresh: None, id_token: None }),
        Own::Full { limit, first_ends_in } => Err(full(limit, first_ends_in)),
        Own::Ended => Err(ended().into()),
    }
}

/// The same for a client that is only remembered. `None`: in doubt, and nothing was done.
pub(super) async fn exchange_recalled(
    reading: &mut Work,
    asking: &Asking<'_>,
    recalled: &Recalled,
) -> Result<Option<Given>, Fault> {
    let (client, request) = (asking.client, asking.request);
    let Ok(scopes) = offered_scopes(client, request.scope.as_ref(), &client.scopes) else {
        return Ok(None);
    };
    let selected = tokens::select_resources(reading, client, &request.resources, &scopes).await?;
    let Ok(resources) = selected else { return Ok(None) };
    let what = (&scopes, resources.as_slice());
    let access = tokens::issue_recalled(reading.instance(), asking.call, recalled, what).await?;
    Ok(access.map(|access| Given { access, refresh: None, id_token: None }))
}

/// 429 until the first living token expires.
fn full(limit: i64, retry_after: i64) -> Failed {
    let description = format!(
        "max_active_tokens: this client may have {limit} living tokens and has them. Use one of \
         them again, revoke one, or ask again in {retry_after} seconds."
    );
    let error = Error::new(Code::TooManyTokens, description)
        .because("the client holds as many living tokens as max_active_tokens allows")
        .expected(format!("at most {limit} living tokens"))
        .received("a request for one more");
    Failed::Throttled { retry_after, error }
}
