//! `/sessions`: browsers that people are signed in with.

use domain::access::{ReadTokens, RevokeTokens};
use domain::sessions::{self, ListQuery, Session};
use domain::{Fault, Refusal, UserId};
use serde_json::{Value, json};

use super::answer::{Reply, instant};
use super::caller::Allowed;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};
use crate::app::App;

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Verb::Get, ("/sessions", "listSessions"), "List browser sessions", list)
            .answers(200, Shape::Page("Session"), "A page of the living ones, newest first."),
        Operation::new(
            Verb::Delete,
            ("/sessions/{id}", "endSession"),
            "End a browser session",
            end,
        )
        .answers(204, Shape::Empty, "Ended: its next request has to sign in.")
        .answers(200, Shape::One("DryRun"), "Tried only."),
    ]
}

fn shown(app: &App, session: &Session) -> Result<Value, Fault> {
    let (browser, device) = sessions::describe(&session.user_agent);
    Ok(json!({
        "id": session.public_id(&app.instance)?,
        "user": session.user,
        "browser": browser,
        "device": device,
        "address": session.address,
        "place": app.place_of(&session.address),
        "status": "active",
        "created_at": instant(session.created_at),
        "last_active_at": instant(session.last_active_at),
        "expires_at": instant(session.expires_at),
        "current": false,
        "amr": session.amr.values(),
    }))
}

impl FromQuery for ListQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query(
            "q",
            Type::Text,
            "Part of the person's name or address, or of the IP address.",
        ),
        Parameter::query("user", Type::Text, "Only of the person of this id."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let limit = values.number("limit").unwrap_or_default();
        let user = values.text("user").map(UserId::new);
        Self { q: values.text("q"), user, cursor: values.text("cursor"), limit }
    }
}

async fn list(to: Allowed<ReadTokens>, Query(query): Query<ListQuery>) -> Answer {
    let page = sessions::list(&mut to.read(), &to.may, &query, to.call.now).await?;
    let items: Result<Vec<_>, _> =
        page.items.iter().map(|(session, _)| shown(&to.app, session)).collect();
    Ok(Reply::page(items?, page.next_cursor).send())
}

async fn end(to: Allowed<RevokeTokens>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let id = sessions::by_public_id(&to.app.instance, &id).ok_or(Refusal::NotFound)?;
    let mut work = to.begin().await?;
    sessions::revoke(&mut work, &to.call, &to.may, id).await?;
    Reply::gone().after(work, query.dry_run).await
}
