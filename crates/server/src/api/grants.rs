//! `/grants`: what people allowed which client, and its end.

use domain::access::{ReadTokens, RevokeTokens};
use domain::tokens::{self, GrantQuery, ListedGrant};
use domain::{Fault, Instance};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};
use super::tokens::Audiences;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Verb::Get, ("/grants", "listGrants"), "List what people allowed", list)
            .note("Those to clients that the token reaches. One that ended is there until it is swept.")
            .answers(200, Shape::Page("Grant"), "A page, newest first."),
        Operation::new(Verb::Delete, ("/grants/{id}", "revokeGrant"), "End a grant", revoke)
            .note("Everything it gave is dead at once: access tokens, refresh tokens.")
            .answers(204, Shape::Empty, "Ended.")
            .answers(200, Shape::One("DryRun"), "Tried only."),
    ]
}

fn shown(instance: &Instance, audiences: &Audiences, listed: &ListedGrant) -> Result<Value, Fault> {
    let grant = &listed.grant;
    Ok(json!({
        "id": grant.public_id(instance)?,
        "client_id": grant.client,
        "user": grant.user,
        "scopes": grant.scopes,
        "resources": audiences.of(&grant.resources),
        "teams": listed.teams.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "consented_at": instant(grant.consented_at),
        "expires_at": instant(grant.expires_at),
        "status": if listed.is_active { "active" } else { "ended" },
    }))
}

impl FromQuery for GrantQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("client_id", Type::Text, "Only to this client."),
        Parameter::query("user", Type::Text, "Only by the person of this id."),
        Parameter::query("status", Type::Word(&["active", "ended"]), "Only of this status."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let is_active = |word: &str| match word {
            "active" => Some(true),
            "ended" => Some(false),
            _ => None,
        };
        Self {
            client: values.text("client_id"),
            user: values.text("user"),
            is_active: values.word("status", is_active),
            cursor: values.text("cursor"),
            limit: values.number("limit").unwrap_or_default(),
        }
    }
}

async fn list(to: Allowed<ReadTokens>, Query(query): Query<GrantQuery>) -> Answer {
    let mut work = to.read();
    let page = tokens::list_grants(&mut work, &to.may, &query, to.call.now).await?;
    let resources = page.items.iter().flat_map(|item| &item.grant.resources);
    let audiences = Audiences::read(&mut work, resources).await?;
    let items: Result<Vec<_>, _> =
        page.items.iter().map(|item| shown(&to.app.instance, &audiences, item)).collect();
    Ok(Reply::page(items?, page.next_cursor).send())
}

async fn revoke(to: Allowed<RevokeTokens>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    tokens::revoke_grant(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
