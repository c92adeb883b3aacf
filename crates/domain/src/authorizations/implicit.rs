//! The legacy implicit grant (RFC 6749 §4.2; OpenID Connect Core §3.2): tokens in the answer of the
//! authorization endpoint itself.
//!
//! Off unless the operator switched it on, for public clients that hold it, and never with a
//! refresh token. It refuses to know how the answer travels; that it never does so in a query was
//! decided where the request was read.

use super::decide::Decision;
use super::state::{Answer, Consented, Given};
use super::store;
use crate::accounts::User;
use crate::audit::{self, Object};
use crate::clients::Client;
use crate::tokens::{self, IdToken, Issue, NewGrant, Subject};
use crate::{Actor, Call, Fault, Work};
use protocol::error::{Code, Error};

/// `Consented` → answered. A stored request is spent, so that a repeated answer gives nothing.
pub(super) async fn issue(
    work: &mut Work,
    call: &Call,
    row: Option<i64>,
    consented: Consented,
    (client, user): (&Client, &User),
) -> Result<Decision, Fault> {
    if let Some(row) = row
        && !store::delete_consented(work, row).await?
    {
        return Ok(Decision::Taken);
    }
    let pending = &consented.identified.pending;
    let asked = pending.request.response_type;
    let lives = if asked.gives_access_token() { client.access_token_lifetime } else { 0 };
    let new = NewGrant {
        client: client.id.as_str(),
        user: &user.id,
        scopes: &consented.scopes,
        resources: &pending.resources,
        teams: &consented.teams,
        authenticated_at: consented.identified.authenticated_at,
        amr: consented.identified.amr,
        consented_at: consented.consented_at,
        expires_at: call.now + lives,
    };
    let grant = tokens::insert_grant(work, &new).await?;
    let mut access = None;
    if asked.gives_access_token() {
        let subject = Subject::Grant(&grant, [client.epoch, user.epoch]);
        let (scopes, resources) = (&grant.scopes, grant.resources.as_slice());
        let issue = Issue { client, subject, scopes, resources, extra: None };
        let Some(issued) = tokens::issue(work, call, &issue).await? else {
            tokens::end_grant(work, grant.id).await?;
            let error =
                Error::new(Code::AccessDenied, "The application or the person was stopped.");
            return Ok(Decision::Refused(Box::new(pending.refused(error))));
        };
        access = Some(issued.sign(work, call.now).await?);
    }
    let mut id_token = None;
    if asked.gives_id_token() {
        let nonce = pending.request.nonce.as_deref();
        let access = access.as_ref().map(|access| &access.text);
        let of = IdToken { client, grant: &grant, scopes: &grant.scopes, nonce, access };
        id_token = Some(tokens::id_token(work, call, &of).await?);
    }
    let by = Actor { user: Some(user.id.clone()), client: Some(client.id.clone()), operator: None };
    let object = Object::new("client", client.id.as_str(), &client.name);
    let changes = [
        audit::Change::made("scopes", grant.scopes.to_string()),
        audit::Change::made("grant_type", "implicit"),
    ];
    audit::record(work, &call.by(by), "grant.created", &object, &changes).await?;
    Ok(Decision::Done(Box::new(Answer {
        redirect_uri: pending.redirect_uri.clone(),
        mode: pending.request.response_mode,
        state: pending.request.state.clone(),
        given: Given::Tokens { access, id_token },
    })))
}
