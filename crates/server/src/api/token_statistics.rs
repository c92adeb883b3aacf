//! `/clients/{id}/token-statistics`: how many tokens of a client live, and how often spent refresh
//! tokens came again.

use domain::access::ReadTokens;
use domain::tokens::{self, Replayed};
use domain::{Refusal, clients};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::Id;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let path = ("/clients/{id}/token-statistics", "getTokenStatistics");
    vec![
        Operation::new(Verb::Get, path, "Count the living tokens of a client", show)
            .note("`retries` got the same answer again; `suspected_theft` ended everything the grant gave.")
            .answers(200, Shape::One("TokenStatistics"), "The numbers."),
    ]
}

async fn show(to: Allowed<ReadTokens>, Id(id): Id) -> Answer {
    let mut work = to.read();
    let client = clients::find(&mut work, &id).await?.ok_or(Refusal::NotFound)?;
    if !to.may.covers(client.organization.as_deref(), client.owner_team.as_deref()) {
        return Err(Refusal::NotFound.into());
    }
    let count = tokens::count_of_client(&mut work, &client, to.call.now).await?;
    let replays = tokens::replays(&mut work, &client).await?;
    let statistics = json!({
        "living_access_tokens": count.access,
        "living_refresh_tokens": count.refresh,
        "max_active_tokens": client.max_active_tokens,
        "retries": replayed(replays.retries.as_ref()),
        "suspected_theft": replayed(replays.thefts.as_ref()),
    });
    Ok(Reply::ok(statistics).send())
}

fn replayed(replayed: Option<&Replayed>) -> Value {
    json!({
        "count": replayed.map_or(0, |it| it.seen),
        "last_at": replayed.map(|it| instant(it.last_at)),
        "last_address": replayed.map(|it| it.last_address.as_str()),
    })
}
