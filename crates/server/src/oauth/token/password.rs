//! The legacy resource owner password grant (RFC 6749 §4.3), while the operator lets it be.
//!
//! Ordered checks: scopes and resources are the client's → may they try now, together with every
//! sign-in of the same account and address → is the password right → tokens. Somebody unknown,
//! disabled, or with another password gets one and the same answer after the same work.

use domain::accounts::{self, Amr, Authentication, User, Verified};
use domain::authorizations::{by_password, offered_scopes};
use domain::clients::Client;
use domain::tokens::{self, IdToken, Personal};
use domain::{Fault, Plain, Work};
use protocol::error::{Code, Error};
use protocol::resource::Resource;
use protocol::scope::Scopes;

use super::state_token::Half;
use super::{Asking, Failed, Given, Refused};
use crate::app::App;

/// What is asked for: scopes and resources, as sent.
pub(super) type Wanted<'a> = (Option<&'a Scopes>, &'a [Resource]);

/// What the password proved.
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
pub(super) enum Proved {
    /// All that is asked of them.
    All(Verified),
    /// Half of it.
    Password(Half),
}

/// Checks the password. No work is held meanwhile.
pub(super) async fn prove(
    app: &App,
    asking: &Asking<'_>,
    (username, password): (&str, &str),
) -> Result<Proved, Failed> {
    checked(&mut app.instance.read(), asking.client, asking.wanted()).await?;
    let password = Plain::new(password);
    let outcome = accounts::authenticate(&app.instance, asking.call, username, &password).await?;
    match outcome {
        Authentication::Right(verified) => Ok(Proved::All(verified)),
        Authentication::SecondFactor(proof) => Ok(Proved::Password(Half::of(asking, proof))),
        refused => Err(refusal(refused)),
    }
}

/// Why nobody got in.
pub(super) fn refusal(outcome: Authentication) -> Failed {
    match outcome {
        Authentication::ForeignAddress => {
            let sentence = "This account may not sign in from this network.";
            let error = Error::new(Code::InvalidGrant, sentence);
            error.because("the address is none of the person's trusted ones").into()
        }
        Authentication::Denied { policy } => {
            let error = Error::new(Code::InvalidGrant, "This account may not sign in.");
            error.because(format!("the sign-in policy “{policy}” denies this person")).into()
        }
        Authentication::Throttled { retry_after } => throttled(retry_after),
        Authentication::Busy => {
            Fault::Unavailable("too many passwords are being checked".into()).into()
        }
        Authentication::Right(_)
        | Authentication::SecondFactor(_)
        | Authentication::WrongCode
        | Authentication::Refused => wrong().into(),
    }
}

/// Scopes and resources of the tokens. Left out, the scope is all the client holds.
async fn checked(
    work: &mut Work,
    client: &Client,
    (scope, resources): Wanted<'_>,
) -> Result<(Scopes, Vec<String>), Failed> {
    let scopes = offered_scopes(client, scope, &client.scopes)?;
    let resources = tokens::select_resources(work, client, resources, &scopes).await??;
    Ok((scopes, resources))
}

/// The tokens for a proven password, with what is wanted. What is refused after the person was settled is as durable as
/// a success: the password was right, and is not counted against anybody.
pub(super) async fn exchange(
    reading: &mut Work,
    asking: &Asking<'_>,
    (verified, wanted): (&Verified, Wanted<'_>),
) -> Result<Given, Failed> {
    let (client, call) = (asking.client, asking.call);
    let mut work = reading.instance().begin().await?;
    let Some(user) = accounts::settle(&mut work, call, verified).await? else {
        return Err(changed().into());
    };
    let outcome = stored(&mut work, asking, (&user, verified.amr()), wanted).await;
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

async fn stored(
    work: &mut Work,
    asking: &Asking<'_>,
    user: (&User, Amr),
    wanted: Wanted<'_>,
) -> Result<Personal, Failed> {
    let (scopes, resources) = checked(work, asking.client, wanted).await?;
    Ok(by_password(work, asking.call, asking.client, user, (&scopes, &resources)).await??)
}

/// Between the check and the tokens.
fn changed() -> Error {
    let sentence = "The account was changed at this moment, or the code was used already.";
    Error::new(Code::InvalidGrant, sentence).because(
        "the person was disabled, deleted, given another password or second factor meanwhile",
    )
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
