//! `/tokens`: one access token, ended by its public id (`jti`).

use domain::access::{Reach, RevokeTokens};
use domain::tokens;

use super::answer::Reply;
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::{Answer, Failed};
use super::query::{Id, Query, Rehearsal};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Verb::Delete,
            ("/tokens/{id}", "revokeToken"),
            "End an access token",
            revoke,
        )
        .note("By its `jti`, as introspection shows it.")
        .answers(204, Shape::Empty, "Ended.")
        .answers(200, Shape::One("DryRun"), "Tried only."),
    ]
}

async fn revoke(to: Allowed<RevokeTokens>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    if to.may.reach() != &Reach::Everywhere {
        let why = "Single tokens are ended by whoever holds it for the whole instance.";
        return Err(Failed::forbidden("token:revoke", why));
    }
    let mut work = to.begin().await?;
    tokens::revoke_token(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
