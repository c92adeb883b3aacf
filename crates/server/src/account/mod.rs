//! Pages of a person: sign in, consent, sign out, the account. Knows no administrator, and no
//! other door: an authorization request comes here sealed or by its public id, and goes back to
//! the dispatcher as it came.

mod asking;
mod consent;
mod endings;
mod entry;
mod errors;
mod forgotten;
mod login;
mod logout;
mod new_password;
mod next;
mod overview;
mod password;
mod qr;
mod query;
mod second_factor;
mod second_step;
mod setup;
mod team_choice;
pub mod views;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The pages of a person, for the root of the URL map.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/login", get(login::show).post(login::enter))
        .route("/login/second-factor", get(second_step::show).post(second_step::enter))
        .route("/consent", get(consent::show).post(consent::answer))
        .route("/consent/somebody-else", get(consent::somebody_else))
        .route("/logout", get(logout::show).post(logout::leave))
        .route("/signed-out", get(logout::signed_out))
        .route("/setup", get(setup::show).post(setup::accept))
        .route("/invitation", get(new_password::show).post(new_password::choose))
        .route("/password-reset", get(new_password::show).post(new_password::choose))
        .route("/forgot-password", get(forgotten::show).post(forgotten::ask))
        .route("/account", get(overview::show))
        .route("/account/password", get(password::show).post(password::change))
        .route("/account/second-factor", get(second_factor::show).post(second_factor::change))
        .route(
            "/account/second-factor/confirm",
            get(second_factor::begin_again).post(second_factor::confirm),
        )
        .route("/account/apps/revoke", post(endings::every_app))
        .route("/account/apps/{client}/revoke", post(endings::app))
        .route("/account/grants/{grant}/revoke", post(endings::grant))
        .route("/account/tokens/{token}/revoke", post(endings::token))
        .route("/account/sessions/end-others", post(endings::other_sessions))
        .route("/account/sessions/{session}/end", post(endings::session))
}
