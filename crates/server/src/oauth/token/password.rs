//! The legacy resource owner password grant (RFC 6749 §4.3), while the operator lets it be.
//!
//! Ordered checks: scopes and resources are the client's → may they try now, together with every
//! sign-in of the same account and address → is the password right → tokens. Somebody unknown,
//! disabled, or with another password gets one and the same answer after the same work.

use domain::accounts::{self, Authentication, User, Verified};
use domain::authorizations::{by_password, offered_scopes};
use domain::tokens::{self, IdToken, Personal};
use domain::{Fault, Plain, Work};
use protocol::error::{Code, Error};
use protocol::scope::Scopes;

use super::{Asking, Failed, Given, Refused};
use crate::app::App;

/// Checks the password. No work is held meanwhile.
pub(super) async fn prove(
    app: &App,
    asking: &Asking<'_>,
    (username, password): (&str, &str),
) -> Result<Verified, Failed> {
    checked(&mut app.instance.read(), asking).await?;
    let password = Plain::new(password);
    let outcome = accounts::authenticate(&app.instance, asking.call, username, &password).await?;
    match outcome {
        Authentication::Right(verified) => Ok(verified),
        Authentication::Refused => Err(wrong().into()),
        Authentication::ForeignAddress => {
            let sentence = "This account may not sign in from this network.";
            let error = Error::new(Code::InvalidGrant, sentence);
            Err(error.because("the address is none of the person's trusted ones").into())
        }
        Authentication::Denied { policy } => {
            let error = Error::new(Code::InvalidGrant, "This account may not sign in.");
            Err(error.because(format!("the sign-in policy “{policy}” denies this person")).into())
        }
        Authentication::Throttled { retry_after } => Err(throttled(retry_after)),
        Authentication::Busy => {
            Err(Fault::Unavailable("too many passwords are being checked".into()).into())
        }
    }
}

/// Scopes and resources of the tokens. Left out, the scope is all the client holds.
async fn checked(work: &mut Work, asking: &Asking<'_>) -> Result<(Scopes, Vec<String>), Failed> {
    let (client, request) = (asking.client, asking.request);
    let scopes = offered_scopes(client, request.scope.as_ref(), &client.scopes)?;
    let resources = tokens::select_resources(work, client, &request.resources, &scopes).await??;
    Ok((scopes, resources))
}

/// The tokens for a proven password. What is refused after the person was settled is as durable as
/// a success: the password was right, and is not counted against anybody.
pub(super) async fn exchange(
    reading: &mut Work,
    asking: &Asking<'_>,
    verified: &Verified,
) -> Result<Given, Failed> {
    let (client, call) = (asking.client, asking.call);
    let mut work = reading.instance().begin().await?;
    let Some(user) = accounts::settle(&mut work, call, verified).await? else {
        return Err(wrong().into());
    };
    let outcome = stored(&mut work, asking, &user).await;
    if let Err(Failed::Refused(Refused::Fault(fault))) = outcome {
        return Err(fault.into());
    }
    work.commit().await?;
    let Personal { access, refresh, grant, .. } = outcome?;
    let mut id_token = None;
    if access.scopes.contains("openid") {
        let (grant, scopes, access) = (&grant, &access.scopes, Some(&access.text));
        let of = IdToken { client, grant, scopes, nonce: None, access };
        id_token = Some(tokens::id_token(reading, call, &of).await?);
    }
    Ok(Given { access, refresh, id_token })
}

async fn stored(work: &mut Work, asking: &Asking<'_>, user: &User) -> Result<Personal, Failed> {
    let (scopes, resources) = checked(work, asking).await?;
    Ok(by_password(work, asking.call, asking.client, user, (&scopes, &resources)).await??)
}

fn wrong() -> Error {
    let sentence = "Name and password do not belong together, or the account is switched off.";
    Error::new(Code::InvalidGrant, sentence)
        .because("the name is nobody's, the password is another, or the account is disabled; the audit trail tells")
}

/// 429, for unknown names too.
fn throttled(retry_after: i64) -> Failed {
    let sentence =
        format!("There were too many wrong passwords. Ask again in {retry_after} seconds.");
    let error = Error::new(Code::RateLimited, sentence)
        .because(
            "wrong passwords for this account, or from this address, wait as at the sign-in page",
        )
        .expected(format!("no try before {retry_after} seconds from now"))
        .received("another try");
    Failed::Throttled { retry_after, error }
}
