//! Redeeming a code (RFC 6749 §4.1.3, OAuth 2.1 §7.5.2): one atomic statement, once.
//!
//! Ordered checks: genuine → issued to this client → redirect URI → PKCE → resources → not expired →
//! client and person unchanged → spent by compare-and-set. A second use that is otherwise valid ends what
//! the first one gave; a wrong verifier or another client changes nothing, so that it is no weapon.

use protocol::error::{Code, Error};
use protocol::scope::Scopes;

use super::begin::still_offered;
use super::state::Issued;
use super::store;
use crate::audit::{self, Object};
use crate::clients::Client;
use crate::tokens::{self, Grant, NewGrant};
use crate::{Call, Fault, Kind, Work, accounts};

/// Seconds a spent code is remembered after its own end, so that a replay is known for one.
const REMEMBERED: i64 = 600;

/// What comes with a code.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// Must be that of the request where it comes again.
    pub redirect_uri: Option<&'a str>,
    /// Must fit the challenge.
    pub verifier: Option<&'a str>,
    /// Ids of the resources this first token is for; empty: all that were agreed to.
    pub resources: &'a [String],
}

/// What a code was exchanged for.
#[derive(Debug)]
pub struct Redeemed {
    /// The new grant.
    pub grant: Grant,
    /// Echoed in the ID token.
    pub nonce: Option<String>,
    /// What the person agreed to.
    pub scopes: Scopes,
    /// Ids of resources of this first token: all of the grant, or those asked now.
    pub resources: Vec<String>,
    /// Was the request protected by PKCE?
    pub used_pkce: bool,
    /// The epochs of client and person that the code was issued under.
    pub epochs: [i64; 2],
}

/// Exchanges `code`. The caller commits in every case: the end of a replayed code's tokens must be
/// as durable as a success.
///
/// # Errors
/// `Ok(Err(invalid_grant))` or `invalid_target`, with the exact reason; or a fault.
pub async fn redeem(
    work: &mut Work,
    call: &Call,
    client: &Client,
    code: &str,
    presented: &Presented<'_>,
) -> Result<Result<Redeemed, Error>, Fault> {
    let Some(opened) = work.instance.vault.read_genuine(Kind::Code, code) else {
        return Ok(Err(refused(
            "the code is mistyped or foreign: its checksum or MAC does not hold",
        )));
    };
    let Some(coded) = store::find_coded(work, opened.id).await? else {
        return Ok(Err(refused("the code is long expired")));
    };
    let pending = &coded.issued.consented.identified.pending;
    if pending.client != client.id {
        let error = refused("the code was issued to another client");
        return Ok(Err(error.expected(pending.client.to_string()).received(client.id.to_string())));
    }
    let proven = proven(&coded.issued, presented).and_then(|()| agreed(&coded.issued, presented));
    if let Err(error) = proven {
        return Ok(Err(error));
    }
    if coded.is_redeemed {
        return replayed(work, call, client, coded.grant).await;
    }
    if call.now >= coded.expires_at {
        return Ok(Err(refused("the code expired")
            .expected(format!("before {}", coded.expires_at))
            .received(call.now.to_string())));
    }
    if !unchanged(work, client, &coded.issued).await? {
        return Ok(Err(refused(
            "client or person was disabled, revoked or changed since the code was issued",
        )));
    }
    let redeemed = spend(work, call, client, opened.id, coded.issued).await?;
    Ok(redeemed.map(|mut redeemed| {
        if !presented.resources.is_empty() {
            redeemed.resources = presented.resources.to_vec();
        }
        redeemed
    }))
}

fn refused(note: &str) -> Error {
    Error::new(Code::InvalidGrant, "The code is not valid.").because(note.to_owned())
}

/// RFC 6749 §4.1.3: a redirect URI sent must be the one of the request; RFC 7636 §4.6: the
/// verifier must fit the challenge, and none may come where there was none.
fn proven(issued: &Issued, presented: &Presented<'_>) -> Result<(), Error> {
    let pending = &issued.consented.identified.pending;
    if let Some(received) = presented.redirect_uri.filter(|uri| *uri != pending.redirect_uri) {
        let error = Error::new(Code::InvalidGrant, "The redirect_uri is not that of the request.");
        return Err(error.expected(pending.redirect_uri.clone()).received(received.to_owned()));
    }
    match (&pending.request.challenge, presented.verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => {
            let error =
                Error::new(Code::InvalidGrant, "There was no code_challenge in the request.");
            Err(error.because("a code_verifier without a challenge may hide a downgrade"))
        }
        (Some(_), None) => Err(Error::new(Code::InvalidGrant, "The code_verifier is missing.")),
        (Some(challenge), Some(verifier)) => challenge.verify(verifier),
    }
}

/// RFC 8707 §2.2: resources of the authorization, or fewer.
fn agreed(issued: &Issued, presented: &Presented<'_>) -> Result<(), Error> {
    let granted = &issued.consented.identified.pending.resources;
    if tokens::covers_resources(granted, presented.resources) {
        return Ok(());
    }
    let error = Error::new(Code::InvalidTarget, "The resource was not part of the authorization.");
    Err(error.expected(granted.join(" ")).received(presented.resources.join(" ")))
}

/// Are client and person still in the epochs the code was issued under, and may the client still
/// ask what it asked?
async fn unchanged(work: &mut Work, client: &Client, issued: &Issued) -> Result<bool, Fault> {
    let user = accounts::find(work, &issued.consented.identified.user).await?;
    let user_stands = user.is_some_and(|user| user.is_active() && user.epoch == issued.user_epoch);
    let pending = &issued.consented.identified.pending;
    Ok(user_stands
        && client.epoch == issued.client_epoch
        && still_offered(work.instance.policy(), client, pending))
}

async fn spend(
    work: &mut Work,
    call: &Call,
    client: &Client,
    id: i64,
    issued: Issued,
) -> Result<Result<Redeemed, Error>, Fault> {
    let epochs = [issued.client_epoch, issued.user_epoch];
    let consented = issued.consented;
    let identified = consented.identified;
    let pending = identified.pending;
    let grant = tokens::insert_grant(
        work,
        &NewGrant {
            client: client.id.as_str(),
            user: &identified.user,
            scopes: &consented.scopes,
            resources: &pending.resources,
            teams: &consented.teams,
            authenticated_at: identified.authenticated_at,
            amr: identified.amr,
            consented_at: consented.consented_at,
            expires_at: call.now + client.access_token_lifetime,
        },
    )
    .await?;
    if !store::set_redeemed(work, id, grant.id, call.now + REMEMBERED).await? {
        // Somebody redeemed it a moment ago: this one is the replay, and its own grant never was.
        tokens::end_grant(work, grant.id).await?;
        let winner = store::find_coded(work, id).await?.and_then(|coded| coded.grant);
        return replayed(work, call, client, winner).await;
    }
    let object = Object::new("client", client.id.as_str(), &client.name);
    let change = audit::Change {
        field: "scopes".into(),
        before: serde_json::Value::Null,
        after: consented.scopes.to_string().into(),
    };
    let actor = crate::Actor {
        user: Some(identified.user),
        client: Some(client.id.clone()),
        operator: None,
    };
    audit::record(work, &call.by(actor), "grant.created", &object, &[change]).await?;
    Ok(Ok(Redeemed {
        resources: grant.resources.clone(),
        grant,
        nonce: pending.request.nonce,
        scopes: consented.scopes,
        used_pkce: pending.request.challenge.is_some(),
        epochs,
    }))
}

/// RFC 9700 §4.5: a code that comes twice has leaked; what it gave is revoked.
async fn replayed(
    work: &mut Work,
    call: &Call,
    client: &Client,
    grant: Option<crate::GrantId>,
) -> Result<Result<Redeemed, Error>, Fault> {
    if let Some(grant) = grant {
        tokens::end_grant(work, grant).await?;
        let object = Object::new("client", client.id.as_str(), &client.name);
        audit::record_refusal(work, call, "authorization.code_reused", &object, &[]).await?;
    }
    Ok(Err(refused("the code was redeemed before; what it gave is revoked")))
}
