//! `/tokens`: living tokens, access and refresh, and their end by public id (`jti`).

use std::collections::BTreeMap;

use domain::access::{ReadTokens, RevokeTokens};
use domain::tokens::{self, ListedToken, TokenQuery};
use domain::{Fault, Work};
use serde_json::{Value, json};

use super::answer::{Reply, instant, perhaps_instant};
use super::caller::Allowed;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Verb::Get, ("/tokens", "listTokens"), "List living tokens", list)
            .note("Those of clients that the token reaches. Nothing here can be used as a token.")
            .answers(200, Shape::Page("Token"), "A page, newest first."),
        Operation::new(Verb::Delete, ("/tokens/{id}", "revokeToken"), "End a token", revoke)
            .note(
                "By its `jti`, as introspection shows it. A refresh token ends with everything its grant gave.",
            )
            .answers(204, Shape::Empty, "Ended.")
            .answers(200, Shape::One("DryRun"), "Tried only."),
    ]
}

/// The identifiers of resources that a page of tokens names, each read once.
pub(super) struct Audiences(BTreeMap<String, Value>);

impl Audiences {
    /// Reads those of these ids.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn read(work: &mut Work, ids: impl Iterator<Item = &String>) -> Result<Self, Fault> {
        let alone = tokens::audience(work, &[]).await?;
        let mut read = BTreeMap::from([(String::new(), alone)]);
        for id in ids {
            if !read.contains_key(id) {
                read.insert(id.clone(), tokens::audience(work, std::slice::from_ref(id)).await?);
            }
        }
        Ok(Self(read))
    }

    /// The identifiers of these, userinfo where there are none; of a resource that is gone, nothing.
    pub fn of(&self, ids: &[String]) -> Vec<&Value> {
        if ids.is_empty() {
            return self.0.get("").into_iter().collect();
        }
        ids.iter().filter_map(|id| self.0.get(id)).filter(|value| value.is_string()).collect()
    }
}

fn shown(audiences: &Audiences, token: &ListedToken) -> Value {
    let team = |(id, name): &(String, String)| json!({ "id": id, "name": name });
    json!({
        "id": token.public_id,
        "kind": if token.is_refresh { "refresh" } else { "access" },
        "client_id": token.client,
        "user": token.user,
        "grant": token.grant,
        "scopes": token.scopes,
        "access": token.access,
        "authorized_teams": token.teams.iter().map(team).collect::<Vec<_>>(),
        "audience": audiences.of(&token.resources),
        "status": "active",
        "issued_at": instant(token.issued_at),
        "last_used_at": perhaps_instant(token.last_used_at),
        "expires_at": instant(token.expires_at),
    })
}

impl FromQuery for TokenQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("client_id", Type::Text, "Only of this client."),
        Parameter::query("user", Type::Text, "Only those that act for the person of this id."),
        Parameter::query("kind", Type::Word(&["access", "refresh"]), "Only of this kind."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let is_refresh = |word: &str| match word {
            "refresh" => Some(true),
            "access" => Some(false),
            _ => None,
        };
        Self {
            client: values.text("client_id"),
            user: values.text("user"),
            is_refresh: values.word("kind", is_refresh),
            cursor: values.text("cursor"),
            limit: values.number("limit").unwrap_or_default(),
        }
    }
}

async fn list(to: Allowed<ReadTokens>, Query(query): Query<TokenQuery>) -> Answer {
    let mut work = to.read();
    let page = tokens::list_tokens(&mut work, &to.may, &query, to.call.now).await?;
    let audiences =
        Audiences::read(&mut work, page.items.iter().flat_map(|token| &token.resources)).await?;
    let items = page.items.iter().map(|token| shown(&audiences, token)).collect();
    Ok(Reply::page(items, page.next_cursor).send())
}

async fn revoke(to: Allowed<RevokeTokens>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    tokens::revoke_token(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
