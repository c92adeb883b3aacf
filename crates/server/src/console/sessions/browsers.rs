//! `GET /console/sessions/browsers`: who is signed in where, and the end of it.

use axum::extract::Path;
use domain::access::{ReadTokens, RevokeTokens};
use domain::accounts::{Amr, User};
use domain::sessions::{self, ListQuery, Session};
use domain::{Refusal, UserId};

use super::{BROWSERS, narrowed, tabs};
use crate::console::done::done;
use crate::console::query::Query;
use crate::console::views::{BrowserRow, BrowserSessions};
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::web::views::{Person, When};

/// The page.
pub(super) async fn show(visitor: Visitor, query: Query) -> Answer {
    let may = visitor.may_everywhere::<ReadTokens>()?;
    let mut work = visitor.app.instance.read();
    let person = narrowed(&visitor, &mut work, &query).await?;
    let wanted = ListQuery {
        q: query.get("q").map(str::to_owned),
        user: query.get("user").map(UserId::new),
        cursor: query.get("cursor").map(str::to_owned),
        ..ListQuery::default()
    };
    let now = visitor.now();
    let page = match sessions::list(&mut work, &may, &wanted, now).await {
        // A cursor that is none of ours: the list begins again.
        Err(Refusal::Invalid(_)) => {
            let again = ListQuery { cursor: None, ..wanted };
            sessions::list(&mut work, &may, &again, now).await
        }
        other => other,
    };
    let page = page.map_err(|refusal| visitor.halt(refusal))?;
    let refused = visitor.lacks_at::<RevokeTokens>(None, None);
    let mut rows = Vec::with_capacity(page.items.len());
    for found in &page.items {
        rows.push(row(&visitor, found, refused.is_none())?);
    }
    let view = BrowserSessions {
        frame: visitor.frame("Active sessions", &query),
        tabs: tabs(&visitor, "Browser sessions", query.get("user")),
        q: query.text("q"),
        user: query.text("user"),
        person,
        rows,
        refused,
        first: query.first(),
        next: page.next_cursor.map(|cursor| query.at(&cursor)),
    };
    Ok(visitor.render(&view))
}

fn row(
    visitor: &Visitor,
    (session, user): &(Session, User),
    revokes: bool,
) -> Result<BrowserRow, Halt> {
    let (now, instance) = (visitor.now(), &visitor.app.instance);
    let (browser, device) = sessions::describe(&session.user_agent);
    let current = session.id == visitor.signed_in.session.id;
    // Marks are written some seconds late, and this very request is one.
    let last_active = if current { now } else { session.last_active_at };
    let id = session.public_id(instance)?;
    Ok(BrowserRow {
        person: Person { name: user.display_name.clone(), email: user.email.clone() },
        href: format!("/console/users/{}", user.id),
        browser,
        device,
        location: visitor.app.place_of(&session.address).unwrap_or_else(|| "unknown".into()),
        address: session.address.clone(),
        last_active: When::relative(last_active, now),
        expires: When::relative(session.expires_at, now),
        current,
        second_factor: session.amr == Amr::SecondFactor,
        end: revokes.then(|| format!("{BROWSERS}/{id}/end")),
    })
}

/// That browser has to sign in at its next request.
pub(super) async fn end(Path(id): Path<String>, Posted { visitor, .. }: Posted) -> Answer {
    let may = visitor.may_everywhere::<RevokeTokens>()?;
    let found = sessions::by_public_id(&visitor.app.instance, &id);
    let session = found.ok_or_else(|| visitor.halt(Refusal::NotFound))?;
    let mut work = visitor.app.instance.begin().await?;
    let ended = sessions::revoke(&mut work, visitor.call(), &may, session).await;
    ended.map_err(|refusal| visitor.halt(refusal))?;
    work.commit().await?;
    Ok(done(BROWSERS, "session-ended"))
}
