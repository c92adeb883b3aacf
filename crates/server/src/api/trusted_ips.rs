//! `/clients/{id}/trusted-ips`: where a client may ask from, and who would be refused; and how such
//! a list is told, of a client or a person.
//!
//! Changes nothing: the list of a client is set with its other settings, that of a person at their
//! own path.

use domain::access::ReadClients;
use domain::clients;
use domain::trusted_ips::{self, List, Mode, Observed};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::operation::{Operation, Shape, Verb};
use super::problem::Answer;
use super::query::Id;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let of_client = ("/clients/{id}/trusted-ips", "getTrustedIpsOfClient");
    vec![
        Operation::new(Verb::Get, of_client, "Read where a client may ask from", show)
            .note(
                "With those seen while they are only observed, for a month, and the lines that would let them in. \
                 Who asked is written down every two seconds; only a client that proved itself is observed. The list \
                 is changed with the client.",
            )
            .answers(200, Shape::One("TrustedIps"), "Addresses and ranges; none: from anywhere."),
    ]
}

async fn show(to: Allowed<ReadClients>, Id(id): Id) -> Answer {
    let mut work = to.read();
    let client = clients::show(&mut work, &to.may, &id).await?;
    let observed = clients::observed(&mut work, &to.may, &id).await?;
    Ok(Reply::ok(with(list(&client.trusted_ips, client.trusted_ips_mode), &observed)).send())
}

/// The list and what happens to others.
pub(super) fn list(list: &List, mode: Mode) -> Value {
    json!({ "trusted_ips": list.lines(), "trusted_ips_mode": mode })
}

/// The same with who would be refused, and the lines that would let them in.
pub(super) fn with(mut list: Value, observed: &[Observed]) -> Value {
    list["proposed"] = json!(trusted_ips::propose(observed.iter().map(|it| it.address)));
    list["observed"] = observed.iter().map(seen).collect();
    list
}

fn seen(it: &Observed) -> Value {
    json!({
        "address": it.address, "seen": it.seen, "first_at": instant(it.first_at),
        "last_at": instant(it.last_at), "via": it.via,
    })
}
