//! `/tokens`: one token, ended by its public id (the `jti` of an access token).

use domain::access::RevokeTokens;
use domain::tokens;

use super::answer::Reply;
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::{Id, Query, Rehearsal};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Verb::Delete,
            ("/tokens/{id}", "revokeToken"),
            "End a token",
            revoke,
        )
        .note("By its `jti`, as introspection shows it. A refresh token ends with everything its grant gave.")
        .answers(204, Shape::Empty, "Ended.")
        .answers(200, Shape::One("DryRun"), "Tried only."),
    ]
}

async fn revoke(to: Allowed<RevokeTokens>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    tokens::revoke_token(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
