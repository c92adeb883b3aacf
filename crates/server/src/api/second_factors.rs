//! `/users/{id}/second-factor`: whether a person has one, and its end for who lost it. Nobody sets one
//! up for somebody else.

use domain::access::{ReadUsers, UpdateUsers};
use domain::accounts::second_factor;
use domain::{Refusal, UserId};
use serde_json::json;

use super::answer::{Reply, instant, perhaps_instant};
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::{Id, Query, Rehearsal};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let at = |id| ("/users/{id}/second-factor", id);
    vec![
        Operation::new(
            Verb::Get,
            at("getSecondFactorOfUser"),
            "Read the second factor of a person",
            show,
        )
        .note("404 where they have none.")
        .answers(200, Shape::One("SecondFactor"), "What there is; never the seed or a code."),
        Operation::new(
            Verb::Delete,
            at("resetSecondFactorOfUser"),
            "Take the second factor of somebody who lost it",
            reset,
        )
        .note("From then on the password alone signs them in, or to set up another where a sign-in policy asks for one. Refused (403) for somebody who may do more than the token.")
        .answers(204, Shape::Empty, "Taken.")
        .answers(200, Shape::One("DryRun"), "Tried only.")
        .conflicts(),
    ]
}

async fn show(to: Allowed<ReadUsers>, Id(id): Id) -> Answer {
    let held = second_factor::of_user(&mut to.read(), &to.may, &UserId::new(id)).await?;
    let held = held.ok_or(Refusal::NotFound)?;
    let shown = json!({
        "kind": "totp",
        "created_at": instant(held.created_at),
        "last_used_at": perhaps_instant(held.last_used_at),
        "recovery_codes": held.recovery_codes,
    });
    Ok(Reply::ok(shown).send())
}

async fn reset(to: Allowed<UpdateUsers>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    second_factor::reset(&mut work, &to.call, &to.may, &UserId::new(id)).await?;
    Reply::gone().after(work, query.dry_run).await
}
