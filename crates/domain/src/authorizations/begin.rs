//! The first look at a request (RFC 6749 §4.1.1): who asks, where the answer goes, what is asked.
//!
//! Ordered checks: client exists and is enabled → redirect URI is its own (until here an error
//! stays on a page of ours) → grant and PKCE → scopes → resources (from here it is redirected).

use std::sync::Arc;

use protocol::authorization_request::AuthorizationRequest;
use protocol::error::{Code, Error};
use protocol::params::Params;
use protocol::response::{ResponseMode, ResponseType};
use protocol::scope::Scopes;

use super::state::{Pending, Refused};
use crate::clients::{self, Client, GrantType, Pkce, RedirectRefusal};
use crate::tokens::select_resources;
use crate::{Call, Fault, Policy, SessionId, Work};

/// An error that must not be redirected: the redirect URI is not proven.
#[derive(Debug)]
pub struct Unredirectable {
    /// The client it named, true or not.
    pub client_id: Option<String>,
    /// What is wrong.
    pub error: Error,
}

/// What the first look found.
#[derive(Debug)]
pub enum Begun {
    /// A request to go on with.
    Pending(Box<Pending>, Arc<Client>),
    /// An error for the client.
    Refused(Box<Refused>),
    /// An error for the person in front of the browser.
    Page(Box<Unredirectable>),
}

/// Checks a request.
///
/// # Errors
/// When the database cannot answer.
pub async fn begin(
    work: &mut Work,
    call: &Call,
    params: &Params,
    begun_in: Option<SessionId>,
) -> Result<Begun, Fault> {
    let (client_id, redirect_uri) = AuthorizationRequest::client_and_redirect(params);
    let client_id = client_id.map(str::to_owned);
    let page = |error: Error| {
        Ok(Begun::Page(Box::new(Unredirectable { client_id: client_id.clone(), error })))
    };
    if let Some(name) =
        params.duplicates().into_iter().find(|name| matches!(*name, "client_id" | "redirect_uri"))
    {
        return page(
            Error::new(Code::InvalidRequest, "A parameter is repeated.").received(name.to_owned()),
        );
    }
    let Some(id) = client_id.as_deref() else {
        return page(Error::new(Code::InvalidRequest, "The request names no application."));
    };
    let Some(client) = clients::find(work, id).await?.filter(|client| client.enabled) else {
        return page(
            Error::new(Code::InvalidClient, "The application is unknown or switched off.")
                .received(id.to_owned()),
        );
    };
    let redirect_uri = match clients::matching_redirect(&client, redirect_uri) {
        Ok(uri) => uri,
        Err(refusal) => return page(redirect_error(&client, &refusal, redirect_uri)),
    };
    let request = match AuthorizationRequest::parse(params) {
        Ok(request) => request,
        Err(error) => {
            let (state, mode) = AuthorizationRequest::error_reply(params);
            let mode = reply_mode(work.instance.policy(), params, mode);
            return Ok(Begun::Refused(Box::new(Refused {
                client: client.id.clone(),
                redirect_uri,
                mode,
                state: state.map(str::to_owned),
                error,
            })));
        }
    };
    let mut pending = Pending {
        client: client.id.clone(),
        redirect_uri,
        request,
        scopes: Scopes::default(),
        resources: Vec::new(),
        begun_in,
        begun_at: call.now,
    };
    match checked(work, &client, &mut pending).await? {
        None => Ok(Begun::Pending(Box::new(pending), client)),
        Some(error) => Ok(Begun::Refused(Box::new(pending.refused(error)))),
    }
}

/// The sentence for the person, and expected against received for the operator.
fn redirect_error(client: &Client, refusal: &RedirectRefusal, received: Option<&str>) -> Error {
    let error = Error::new(Code::InvalidRequest, refusal.to_string())
        .because("redirect URIs are compared byte for byte")
        .expected(client.redirect_uris.join(" "));
    match received {
        Some(uri) => error.received(uri),
        None => error,
    }
}

/// Everything that is refused by redirect.
async fn checked(
    work: &mut Work,
    client: &Client,
    pending: &mut Pending,
) -> Result<Option<Error>, Fault> {
    let (policy, request) = (work.instance.policy(), &pending.request);
    let is_implicit = request.response_type.is_implicit();
    if is_implicit && !policy.legacy_implicit {
        // What is refused goes into no fragment, whatever the type would have meant.
        if request.response_mode == ResponseMode::Fragment {
            pending.request.response_mode = ResponseMode::Query;
        }
        return Ok(Some(Error::new(
            Code::UnsupportedResponseType,
            "This response_type is not supported. Use code.",
        )));
    }
    if !holds(policy, client, request.response_type) {
        let sentence = if is_implicit {
            "This application does not hold the implicit grant."
        } else {
            "This application does not hold the authorization code grant."
        };
        return Ok(Some(Error::new(Code::UnauthorizedClient, sentence)));
    }
    if request.response_type.gives_id_token() && request.nonce.is_none() {
        let error = Error::new(Code::InvalidRequest, "A nonce is required for an ID token.");
        return Ok(Some(error.because(
            "OpenID Connect Core §3.2.2.1: nothing else ties the ID token to the request",
        )));
    }
    let unprotected = !is_implicit && request.challenge.is_none();
    if unprotected && (client.pkce == Pkce::Required || !client.confidential) {
        let error =
            Error::new(Code::InvalidRequest, "A code_challenge with method S256 is required.");
        return Ok(Some(
            error
                .because("the client must use PKCE (RFC 7636)")
                .expected("code_challenge_method=S256"),
        ));
    }
    pending.scopes = match offered_scopes(client, request.scope.as_ref(), &client.default_scopes) {
        // The implicit grant gives no refresh token, so that there is nothing to be offline with.
        Ok(scopes) if is_implicit => scopes.iter().filter(|s| *s != "offline_access").collect(),
        Ok(scopes) => scopes,
        Err(error) => return Ok(Some(error)),
    };
    if pending.request.response_type.gives_id_token() && !pending.scopes.contains("openid") {
        let error = Error::new(Code::InvalidScope, "An ID token needs the scope openid.");
        return Ok(Some(error.expected("openid").received(pending.scopes.to_string())));
    }
    match select_resources(work, client, &pending.request.resources, &pending.scopes).await? {
        Ok(resources) => pending.resources = resources,
        Err(error) => return Ok(Some(error)),
    }
    Ok(None)
}

/// The grant behind a response type, while the server offers it and the client holds it. Implicit
/// is for public clients: whoever has a secret has a better way.
fn holds(policy: &Policy, client: &Client, asked: ResponseType) -> bool {
    if asked.is_implicit() {
        return policy.legacy_implicit
            && !client.confidential
            && client.allows(GrantType::Implicit);
    }
    client.allows(GrantType::AuthorizationCode)
}

/// RFC 6749 §4.2.2.1: what the implicit grant refuses travels like what it gives.
fn reply_mode(policy: &Policy, params: &Params, mode: ResponseMode) -> ResponseMode {
    let asked = params.get("response_type").map(ResponseType::parse);
    let is_implicit = asked.is_some_and(|asked| asked.is_ok_and(ResponseType::is_implicit));
    if policy.legacy_implicit && is_implicit && mode == ResponseMode::Query {
        return ResponseMode::Fragment;
    }
    mode
}

/// Does the client, as it is now, still answer to this redirect URI and hold what was asked? An
/// administrator may have taken something away while the person was signing in.
pub(super) fn still_offered(policy: &Policy, client: &Client, pending: &Pending) -> bool {
    holds(policy, client, pending.request.response_type)
        && clients::matching_redirect(client, Some(&pending.redirect_uri)).is_ok()
        && pending.scopes.iter().all(|scope| client.may_ask(scope))
}

/// What is asked of the person: the scope of the request if the client holds all of it, else its
/// default. `offline_access` is dropped in silence where the client gets no refresh token.
///
/// # Errors
/// `invalid_scope` naming what the client does not hold.
pub fn offered_scopes(
    client: &Client,
    asked: Option<&Scopes>,
    absent: &Scopes,
) -> Result<Scopes, Error> {
    let Some(asked) = asked else { return Ok(absent.clone()) };
    let refreshes = client.grant_types.contains(&GrantType::RefreshToken);
    if let Some(unheld) = asked.iter().find(|scope| !client.may_ask(scope)) {
        let error = Error::new(
            Code::InvalidScope,
            "A scope is unknown or not allowed for this application.",
        );
        return Err(error
            .expected(client.scopes.to_string())
            .received(asked.to_string())
            .because(format!("the client does not hold {unheld}")));
    }
    Ok(asked.iter().filter(|scope| refreshes || *scope != "offline_access").collect())
}
