//! The second step of the password grant, as Reltio's scripts know it (RLT-38): the first answer holds
//! a `state_token` in place of tokens, and `grant_type=state_token` takes it back with a code.
//!
//! The text is sealed: client, request and the proof of the password are in it, and nothing is
//! stored. It is good for ten minutes, and the code that goes with it is good once.

use domain::accounts::{
    self, Authentication, Demand, PasswordProof, SECOND_STEP_PATIENCE, Verified,
};
use domain::{ClientId, Fault};
use protocol::error::{Code, Error};
use protocol::resource::Resource;
use protocol::scope::Scopes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::password::{self, Wanted};
use super::{Asking, Failed};
use crate::app::App;

/// For what the vault seals it.
const PURPOSE: &str = "state token";
/// Seconds it is good for, as its callers are told.
const LIFETIME: i64 = SECOND_STEP_PATIENCE;

/// A password grant of which a second factor is asked.
#[derive(Serialize, Deserialize)]
pub(in crate::oauth) struct Half {
    client: ClientId,
    proof: PasswordProof,
    scope: Option<Scopes>,
    resources: Vec<Resource>,
}

impl Half {
    pub(super) fn of(asking: &Asking<'_>, proof: PasswordProof) -> Self {
        let (client, request) = (asking.client.id.clone(), asking.request);
        Self { client, proof, scope: request.scope.clone(), resources: request.resources.clone() }
    }

    /// What is asked for.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        (self.scope.as_ref(), &self.resources)
    }

    /// The answer to the first step.
    ///
    /// # Errors
    /// `invalid_grant` for somebody who has no second factor yet, since only a page sets one up.
    pub(in crate::oauth) fn answer(&self, app: &App) -> Result<Value, Failed> {
        if self.proof.demand() == Demand::Enrolment {
            return Err(none_yet().into());
        }
        let text = serde_json::to_vec(self).map_err(|e| Fault::Broken(e.to_string()))?;
        let token = app.instance.vault().seal_text(PURPOSE, &text)?;
        Ok(json!({
            "expires_in": LIFETIME - 1,
            "state_token": {
                "mfaType": "AUTHENTICATOR",
                "expires_in": LIFETIME.to_string(),
                "status": "ENROLL",
                "token": token,
            },
        }))
    }
}

/// Checks the code; with the first step, which said what is asked for.
pub(super) async fn prove(
    app: &App,
    asking: &Asking<'_>,
    (token, totp): (&str, &str),
) -> Result<(Verified, Half), Failed> {
    let half = app.instance.vault().open_text(PURPOSE, token);
    let half = half.and_then(|text| serde_json::from_slice::<Half>(&text).ok());
    let half = half.filter(|half| half.client == asking.client.id).ok_or_else(over)?;
    let (instance, call) = (&app.instance, asking.call);
    match accounts::prove_second_factor(instance, call, &half.proof, totp).await? {
        Authentication::Right(verified) => Ok((verified, half)),
        Authentication::WrongCode => {
            let sentence = "This is not a code of this account, or it was used already.";
            Err(Error::new(Code::InvalidGrant, sentence).into())
        }
        Authentication::Refused | Authentication::SecondFactor(_) => Err(over().into()),
        Authentication::Throttled { retry_after } => {
            let sentence =
                format!("There were too many wrong codes. Ask again in {retry_after} seconds.");
            let error = Error::new(Code::RateLimited, sentence)
                .because("wrong codes of this account wait as at the sign-in page");
            Err(Failed::Throttled { retry_after, error })
        }
        refused => Err(password::refusal(refused)),
    }
}

/// The protocol has no second step. The password was right, so nobody is made to wait for it.
pub(super) async fn not_here(app: &App, half: &Half) -> Result<Error, Fault> {
    half.proof.waive(&app.instance).await?;
    if half.proof.demand() == Demand::Enrolment {
        return Ok(none_yet());
    }
    let sentence = "This account signs in with a second factor, which this grant cannot ask for. Use \
                    the authorization code flow.";
    Ok(Error::new(Code::InvalidGrant, sentence))
}

fn none_yet() -> Error {
    let sentence =
        "This account has to set up a second factor first: sign in on a page of this server.";
    Error::new(Code::InvalidGrant, sentence)
}

fn over() -> Error {
    let sentence = "The state_token is over or not of this client. Begin again with the password.";
    Error::new(Code::InvalidGrant, sentence)
        .because("older than ten minutes, of another client, changed, or the account changed since")
}
