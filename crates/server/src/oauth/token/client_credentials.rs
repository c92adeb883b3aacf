//! The client credentials grant (RFC 6749 §4.4): a service acts for itself or its context user.
//! Never a refresh token (§4.4.3).

use domain::Work;
use domain::authorizations::offered_scopes;
use domain::tokens::{self, Issue, Subject};

use super::{Asking, Given, Refused, ended};

/// Left out, the scope is all the client holds.
pub(super) async fn exchange(work: &mut Work, asking: &Asking<'_>) -> Result<Given, Refused> {
    let (client, request) = (asking.client, asking.request);
    let scopes = offered_scopes(client, request.scope.as_ref(), &client.scopes)?;
    let resources = tokens::select_resources(work, client, &request.resources, &scopes).await??;
    let issue = Issue {
        client,
        subject: Subject::Service,
        scopes: &scopes,
        resources: &resources,
        extra: None,
    };
    let access = tokens::issue(work, asking.call, &issue).await?.ok_or_else(ended)?;
    Ok(Given { access, refresh: None, id_token: None })
}
