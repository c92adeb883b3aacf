//! The request to the authorization endpoint (OAuth 2.1 draft-16 §4.1.1; OpenID Connect Core
//! §3.1.2.1; RFC 7636 §4.3; RFC 8707 §2.1).
//!
//! Read in two stages, because errors travel in two ways:
//!
//! 1. [`AuthorizationRequest::client_and_redirect`]: who asks and where the answer goes. Until
//!    both are known to belong together, errors are shown on a page and never redirected.
//! 2. [`AuthorizationRequest::parse`]: everything else. Its errors are redirected, in the way
//!    that [`AuthorizationRequest::error_reply`] names.
//!
//! `request` and `request_uri` are refused without being opened: no address in a request is ever
//! fetched. `claims`, `display`, `acr_values` and parameters nobody knows are ignored.
//!
//! Refuses to know clients, people and what is granted.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::params::Params;
use crate::pkce::Challenge;
use crate::prompt::{self, Prompts};
use crate::resource::Resource;
use crate::response::{ResponseMode, ResponseType};
use crate::scope::Scopes;

/// The most bytes a `state` may have.
pub const MAX_STATE: usize = 2_048;
const MAX_NONCE: usize = 1_024;
const MAX_LOGIN_HINT: usize = 1_024;
const MAX_ID_TOKEN_HINT: usize = 8_192;
const MAX_RESOURCES: usize = 16;
const MAX_LOCALES: usize = 10;

/// A well-formed authorization request, without the client and the redirect URI. Serialisable,
/// so that it can be sealed while the person signs in.
///
/// `Debug` leaves out what is personal or proves something: `state`, `nonce` and the hints.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// What is asked for. Whether the implicit ones are on is not known here.
    pub response_type: ResponseType,
    /// How the answer travels; goes with the response type.
    pub response_mode: ResponseMode,
    /// The scopes asked for; `None` when the parameter was left out.
    pub scope: Option<Scopes>,
    /// The client's own value, echoed byte for byte. At most [`MAX_STATE`] bytes.
    pub state: Option<String>,
    /// The client's own value for the ID token.
    pub nonce: Option<String>,
    /// The S256 challenge. Whether one is required depends on the client.
    pub challenge: Option<Challenge>,
    /// What the person must be shown.
    pub prompts: Prompts,
    /// The seconds since the last sign-in that the client puts up with.
    pub max_age: Option<u32>,
    /// Who is expected to sign in. A stranger's text: only for filling a field.
    pub login_hint: Option<String>,
    /// Language tags in order of preference; what is no language tag is left out.
    pub ui_locales: Vec<String>,
    /// The resources asked for, each once, in order.
    pub resources: Vec<Resource>,
    /// An ID token that was issued before. Not verified here.
    pub id_token_hint: Option<String>,
}

impl AuthorizationRequest {
    /// First stage: `client_id` and `redirect_uri` as they were sent. Errors are shown on a page.
    ///
    /// When either of the two stands more than once, neither is given: which one was meant is
    /// nobody's guess. A door that finds no client asks [`Params::single`] for the sentence.
    pub fn client_and_redirect(params: &Params) -> (Option<&str>, Option<&str>) {
        let repeated = |name| params.sent(name).is_none() && params.iter().any(|(n, _)| n == name);
        if repeated("client_id") || repeated("redirect_uri") {
            return (None, None);
        }
        (params.get("client_id"), params.get("redirect_uri"))
    }

    /// How an error of the second stage travels: the `state` to echo, and the mode. A state or a
    /// mode that is itself at fault is left out, and nothing goes into a fragment.
    pub fn error_reply(params: &Params) -> (Option<&str>, ResponseMode) {
        let state = params.get("state").filter(|state| state.len() <= MAX_STATE);
        let mode = match params.get("response_mode") {
            Some("form_post") => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        };
        (state, mode)
    }

    /// Second stage: everything else. The errors of this stage are redirected.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        params.single()?;
        refuse_unsupported(params)?;
        let state = bounded(params, "state", MAX_STATE)?;
        let response_type = ResponseType::parse(params.get("response_type").ok_or_else(|| {
            Error::new(Code::InvalidRequest, "The parameter response_type is missing.")
                .expected("code")
        })?)?;
        let response_mode = match params.get("response_mode") {
            Some(mode) => ResponseMode::parse(mode)?,
            None => ResponseMode::default_for(response_type),
        };
        response_mode.check_for(response_type)?;
        Ok(Self {
            response_type,
            response_mode,
            scope: params.get("scope").map(Scopes::parse).transpose()?,
            state,
            nonce: bounded(params, "nonce", MAX_NONCE)?,
            challenge: Challenge::parse(
                params.get("code_challenge"),
                params.get("code_challenge_method"),
            )?,
            prompts: params.get("prompt").map(Prompts::parse).transpose()?.unwrap_or_default(),
            max_age: params.get("max_age").map(prompt::max_age).transpose()?,
            login_hint: bounded(params, "login_hint", MAX_LOGIN_HINT)?,
            ui_locales: params.get("ui_locales").map(locales).unwrap_or_default(),
            resources: resources(params)?,
            id_token_hint: bounded(params, "id_token_hint", MAX_ID_TOKEN_HINT)?,
        })
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("response_type", &self.response_type)
            .field("response_mode", &self.response_mode)
            .field("scope", &self.scope)
            .field("challenge", &self.challenge)
            .field("prompts", &self.prompts)
            .field("max_age", &self.max_age)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

/// Reads every `resource` parameter, each resource once (RFC 8707 §2).
pub(crate) fn resources(params: &Params) -> Result<Vec<Resource>, Error> {
    let mut resources = Vec::new();
    for text in params.all("resource") {
        let resource = Resource::parse(text)?;
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    if resources.len() > MAX_RESOURCES {
        return Err(Error::new(Code::InvalidTarget, "There are too many resources.")
            .expected(format!("at most {MAX_RESOURCES}"))
            .received(resources.len().to_string()));
    }
    Ok(resources)
}

fn refuse_unsupported(params: &Params) -> Result<(), Error> {
    let refused = [
        ("request", Code::RequestNotSupported, "The parameter request is not supported."),
        (
            "request_uri",
            Code::RequestUriNotSupported,
            "The parameter request_uri is not supported.",
        ),
        (
            "registration",
            Code::RegistrationNotSupported,
            "The parameter registration is not supported.",
        ),
    ];
    match refused.into_iter().find(|(name, ..)| params.get(name).is_some()) {
        Some((_, code, sentence)) => Err(Error::new(code, sentence)),
        None => Ok(()),
    }
}

fn bounded(params: &Params, name: &str, most: usize) -> Result<Option<String>, Error> {
    match params.get(name) {
        Some(value) if value.len() > most => {
            Err(Error::new(Code::InvalidRequest, format!("The parameter {name} is too long."))
                .expected(format!("at most {most} bytes"))
                .received(format!("{} bytes", value.len())))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

/// Language tags (RFC 5646 §2.1) are a wish, so what is none is left out instead of refused.
fn locales(text: &str) -> Vec<String> {
    let is_tag = |tag: &&str| {
        (1..=35).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split(' ').filter(is_tag).take(MAX_LOCALES).map(str::to_owned).collect()
}
