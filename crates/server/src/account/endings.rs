//! What a person ends from their account: the access of an application, one grant or token of
//! it, a browser session. Each is a POST, takes effect at once, and comes back to `/account`.
//!
//! Everything is looked for among the person's own; what is somebody else's is not there.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::{Work, consents, sessions, tokens};

use super::logout;
use crate::app::App;
use crate::web::browser::SignedIn;
use crate::web::failure::Failure;
use crate::web::form::OwnForm;
use crate::web::page;
use crate::web::sealed;

/// What was done, told once by the page that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// An application lost its access.
    App,
    /// All of them did.
    EveryApp,
    /// One grant of an application ended.
    Grant,
    /// One token ended.
    Token,
    /// A browser session ended.
    Session,
    /// All others ended.
    OtherSessions,
    /// There is a new password.
    Password,
    /// There is no second factor any more.
    SecondFactorRemoved,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::App,
        Self::EveryApp,
        Self::Grant,
        Self::Token,
        Self::Session,
        Self::OtherSessions,
        Self::Password,
        Self::SecondFactorRemoved,
    ];

    /// The word in the address bar.
    fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::EveryApp => "apps",
            Self::Grant => "grant",
            Self::Token => "token",
            Self::Session => "session",
            Self::OtherSessions => "sessions",
            Self::Password => "password",
            Self::SecondFactorRemoved => "second-factor-removed",
        }
    }

    /// The sentence behind a word; nothing for a word of somebody else's.
    pub(super) fn sentence(word: &str) -> Option<&'static str> {
        Self::ALL.into_iter().find(|done| done.word() == word).map(|done| match done {
            Self::App => "Disconnected. The application lost its access at once.",
            Self::EveryApp => "Disconnected. No application may act for you any more.",
            Self::Grant => "Revoked. That access ended at once.",
            Self::Token => "Revoked. That token ended at once.",
            Self::Session => "That browser is signed out.",
            Self::OtherSessions => "Every other browser is signed out.",
            Self::SecondFactorRemoved => {
                "Your second factor is removed. Your password alone signs you in."
            }
            Self::Password => {
                "Your password is changed. Every other browser is signed out, and connected apps \
                 have to ask again."
            }
        })
    }
}

/// Back to the account, which tells it.
pub(super) fn done(what: Done) -> Response {
    page::see_other(&sealed::link("/account", "done", what.word()))
}

/// Withdraws the consent to one application and ends everything it led to.
pub(super) async fn app(
    State(app): State<Arc<App>>,
    Path(client): Path<String>,
    form: OwnForm,
) -> Result<Response, Failure> {
    let person = person(form)?;
    let mut work = app.instance.begin().await?;
    if !connected(&mut work, &person).await?.contains(&client) {
        return Err(Failure::NotFound);
    }
    consents::withdraw(&mut work, &person.browser.call, &person.user.id, &client).await?;
    work.commit().await?;
    Ok(done(Done::App))
}

/// The same for every application.
pub(super) async fn every_app(
    State(app): State<Arc<App>>,
    form: OwnForm,
) -> Result<Response, Failure> {
    let person = person(form)?;
    let mut work = app.instance.begin().await?;
    for client in connected(&mut work, &person).await? {
        consents::withdraw(&mut work, &person.browser.call, &person.user.id, &client).await?;
    }
    work.commit().await?;
    Ok(done(Done::EveryApp))
}

/// Ends one grant; the consent stays remembered.
pub(super) async fn grant(
    State(app): State<Arc<App>>,
    Path(public): Path<String>,
    form: OwnForm,
) -> Result<Response, Failure> {
    let person = person(form)?;
    let id = tokens::grant_by_public_id(&app.instance, &public).ok_or(Failure::NotFound)?;
    let mut work = app.instance.begin().await?;
    tokens::revoke_grant_of_user(&mut work, &person.browser.call, &person.user.id, id).await?;
    work.commit().await?;
    Ok(done(Done::Grant))
}

/// Ends one token; a refresh token with everything its grant gave.
pub(super) async fn token(
    State(app): State<Arc<App>>,
    Path(public): Path<String>,
    form: OwnForm,
) -> Result<Response, Failure> {
    let person = person(form)?;
    let mut work = app.instance.begin().await?;
    let (call, user) = (&person.browser.call, &person.user.id);
    tokens::revoke_token_of_user(&mut work, call, user, &public).await?;
    work.commit().await?;
    Ok(done(Done::Token))
}

/// Ends one browser session; one's own is a sign-out.
pub(super) async fn session(
    State(app): State<Arc<App>>,
    Path(public): Path<String>,
    form: OwnForm,
) -> Result<Response, Failure> {
    let person = person(form)?;
    let id = sessions::by_public_id(&app.instance, &public).ok_or(Failure::NotFound)?;
    let mut work = app.instance.begin().await?;
    sessions::end_of_user(&mut work, &person.browser.call, &person.user.id, id).await?;
    work.commit().await?;
    if id == person.session.id {
        return Ok(logout::done(&person.browser, None));
    }
    Ok(done(Done::Session))
}

/// Ends every browser session but this one.
pub(super) async fn other_sessions(
    State(app): State<Arc<App>>,
    form: OwnForm,
) -> Result<Response, Failure> {
    let person = person(form)?;
    let (call, user) = (&person.browser.call, &person.user.id);
    let mut work = app.instance.begin().await?;
    for session in sessions::list_of_user(&mut work, user, call.now).await? {
        if session.id != person.session.id {
            sessions::end_of_user(&mut work, call, user, session.id).await?;
        }
    }
    work.commit().await?;
    Ok(done(Done::OtherSessions))
}

fn person(form: OwnForm) -> Result<SignedIn, Failure> {
    let first = Failure::SignInFirst { back_to: "/account".into() };
    form.browser.into_signed_in().ok_or(first)
}

/// The applications that may act for the person now.
async fn connected(work: &mut Work, person: &SignedIn) -> Result<Vec<String>, Failure> {
    let now = person.browser.call.now;
    let grants = tokens::grants_of_user(work, &person.user.id, now).await?;
    let mut clients: Vec<_> = grants.into_iter().map(|summary| summary.grant.client).collect();
    clients.sort();
    clients.dedup();
    Ok(clients)
}

#[cfg(test)]
mod tests {
    use super::Done;

    #[test]
    fn tells_only_what_it_did() {
        for done in Done::ALL {
            assert!(Done::sentence(done.word()).is_some(), "{done:?}");
        }
        for word in ["", "App", "<script>", "everything"] {
            assert_eq!(Done::sentence(word), None);
        }
    }
}
