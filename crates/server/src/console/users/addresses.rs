//! `POST /console/users/{user}/trusted-ips`: where a person may sign in from, and where they came from
//! lately.
//!
//! What was seen is read from what is kept anyway: living sessions, and refused sign-ins in the trail.
//! Decides nothing that `domain::accounts` decides.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Path;
use domain::access::{Permission, Reach, ReadAudit, ReadTokens, UpdateUsers};
use domain::accounts::{self, User};
use domain::audit::{self, Filter, Outcome};
use domain::clients::{self, trusted_ips::List};
use domain::sessions::{self, ListQuery};
use domain::{UserId, Work};

use super::{LIST, person};
use crate::console::done::done;
use crate::console::views::SeenAddress;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::views::When;

/// Addresses shown.
const MOST: usize = 10;
/// Sessions and refusals looked at.
const LOOKED_AT: i64 = 50;

/// The whole list, from the next sign-in on.
pub(super) async fn save(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let lines = [fields.text("trusted_ips").to_owned()];
    let asked = (&UserId::new(&id), lines.as_slice());
    match accounts::set_trusted_ips(&mut work, visitor.call(), &may, asked).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&format!("{LIST}/{id}"), "user-addresses"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "trusted_ips")?;
            person::again(&visitor, &id, &fields, wrong).await
        }
    }
}

/// Where the person came from lately, each address once; nothing that the visitor may not see.
pub(super) async fn seen(
    visitor: &Visitor,
    work: &mut Work,
    (user, trusted): (&User, &List),
) -> Result<Vec<SeenAddress>, Halt> {
    let everywhere = |name| visitor.authority.reach(name) == Some(Reach::Everywhere);
    let mut found: Vec<(String, bool, i64)> = Vec::new();
    if everywhere(ReadTokens::NAME) {
        let wanted =
            ListQuery { user: Some(user.id.clone()), limit: LOOKED_AT, ..ListQuery::default() };
        let may = visitor.may_everywhere::<ReadTokens>()?;
        let page = sessions::list(work, &may, &wanted, visitor.now()).await;
        let page = page.map_err(|refusal| visitor.halt(refusal))?;
        found.extend(page.items.into_iter().map(|(it, _)| (it.address, false, it.last_active_at)));
    }
    if everywhere(ReadAudit::NAME) {
        let refused = Filter {
            object: Some(("user".into(), user.id.to_string())),
            action: Some("user.address_refused".into()),
            outcome: Some(Outcome::Refused),
            limit: LOOKED_AT,
            ..Filter::default()
        };
        let events = audit::list(work, &refused).await?;
        found.extend(events.into_iter().map(|event| (event.address, true, event.at)));
    }
    found.sort_by_key(|(_, _, at)| std::cmp::Reverse(*at));
    let mut seen: Vec<SeenAddress> = Vec::new();
    for (text, was_refused, at) in found {
        let Ok(address) = text.parse::<IpAddr>() else { continue };
        if seen.len() < MOST && seen.iter().all(|it| it.address != text) {
            let last = When::relative(at, visitor.now());
            let is_trusted = trusted.contains(address);
            seen.push(SeenAddress { address: text, is_trusted, was_refused, last });
        }
    }
    Ok(seen)
}

/// The lines that would let in what is not trusted, for somebody to look at.
pub(super) fn propose(seen: &[SeenAddress]) -> String {
    let foreign = seen.iter().filter(|it| !it.is_trusted);
    clients::propose(foreign.filter_map(|it| it.address.parse().ok())).join("\n")
}
