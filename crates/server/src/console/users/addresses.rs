//! `POST /console/users/{user}/trusted-ips`: where a person may sign in from, and where they came from
//! lately.
//!
//! What was seen is read from what is kept anyway: living sessions, refused sign-ins in the trail, and
//! sign-ins from elsewhere while the list is only observed. Decides nothing that `domain::accounts` decides.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Path;
use domain::access::{May, Permission, Reach, ReadAudit, ReadTokens, ReadUsers, UpdateUsers};
use domain::accounts::{self, Networks, NetworksPatch, User};
use domain::audit::{self, Filter, Outcome};
use domain::sessions::{self, ListQuery};
use domain::trusted_ips::{self, Mode};
use domain::{UserId, Work};

use super::{LIST, person};
use crate::console::done::done;
use crate::console::views::SeenAddress;
use crate::console::visitor::{Answer, Halt, Posted, Visitor};
use crate::console::wrong::wrong;
use crate::web::views::{Choice, When};

/// Addresses shown.
pub(super) const MOST: usize = 10;
/// Sessions and refusals looked at.
const LOOKED_AT: i64 = 50;

/// The whole list, from the next sign-in on.
pub(super) async fn save(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let patch = NetworksPatch {
        trusted_ips: Some(vec![fields.text("trusted_ips").to_owned()]),
        mode: Mode::parse(fields.text("trusted_ips_mode")),
    };
    match accounts::set_networks(&mut work, visitor.call(), &may, (&UserId::new(&id), &patch)).await
    {
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

/// Where the person came from lately, each address once, the latest first; nothing that the visitor
/// may not see.
pub(super) async fn seen(
    visitor: &Visitor,
    work: &mut Work,
    (may, user, networks): (&May<ReadUsers>, &User, &Networks),
) -> Result<Vec<SeenAddress>, Halt> {
    let mut found = kept(visitor, work, user).await?;
    let observed = accounts::observed_sign_ins(work, may, &user.id).await;
    for it in observed.map_err(|refusal| visitor.halt(refusal))? {
        let (address, at, times) = (it.address.to_string(), it.last_at, it.seen);
        found.push(Found { address, at, was_refused: false, times });
    }
    found.sort_by_key(|it| std::cmp::Reverse(it.at));
    let mut seen: Vec<SeenAddress> = Vec::new();
    for Found { address: text, at, was_refused, times } in found {
        let Ok(address) = text.parse::<IpAddr>() else { continue };
        if let Some(before) = seen.iter_mut().find(|it| it.address == text) {
            before.times = before.times.max(times);
            continue;
        }
        let last = When::relative(at, visitor.now());
        let is_trusted = networks.trusted_ips.contains(address);
        seen.push(SeenAddress { address: text, is_trusted, was_refused, times, last });
    }
    Ok(seen)
}

/// One trace of a person.
struct Found {
    address: String,
    at: i64,
    was_refused: bool,
    /// How often from elsewhere while the list was only observed.
    times: i64,
}

/// What living sessions and the trail tell.
async fn kept(visitor: &Visitor, work: &mut Work, user: &User) -> Result<Vec<Found>, Halt> {
    let everywhere = |name| visitor.authority.reach(name) == Some(Reach::Everywhere);
    let mut found = Vec::new();
    if everywhere(ReadTokens::NAME) {
        let wanted =
            ListQuery { user: Some(user.id.clone()), limit: LOOKED_AT, ..ListQuery::default() };
        let may = visitor.may_everywhere::<ReadTokens>()?;
        let page = sessions::list(work, &may, &wanted, visitor.now()).await;
        for (it, _) in page.map_err(|refusal| visitor.halt(refusal))?.items {
            let (address, at) = (it.address, it.last_active_at);
            found.push(Found { address, at, was_refused: false, times: 0 });
        }
    }
    if everywhere(ReadAudit::NAME) {
        let refused = Filter {
            object: Some(("user".into(), user.id.to_string())),
            action: Some("user.address_refused".into()),
            outcome: Some(Outcome::Refused),
            limit: LOOKED_AT,
            ..Filter::default()
        };
        for event in audit::list(work, &refused).await? {
            let (address, at) = (event.address, event.at);
            found.push(Found { address, at, was_refused: true, times: 0 });
        }
    }
    Ok(found)
}

/// The lines that would let in what is not trusted, for somebody to look at.
pub(super) fn propose(seen: &[SeenAddress]) -> String {
    let foreign = seen.iter().filter(|it| !it.is_trusted);
    trusted_ips::propose(foreign.filter_map(|it| it.address.parse().ok())).join("\n")
}

/// That the list refuses nobody for now, if so.
pub(super) fn only_observed(networks: &Networks) -> Option<String> {
    let is_so = networks.mode == Mode::Observe && !networks.trusted_ips.is_empty();
    let words =
        "Only observed for now: a sign-in from elsewhere is let in and shown here for a month.";
    is_so.then(|| words.into())
}

/// What may happen to a sign-in from elsewhere.
pub(super) fn modes(chosen: &str) -> Vec<Choice> {
    let choice = |mode: Mode, label: &str, hint: &str| Choice {
        value: mode.as_str().into(),
        label: label.into(),
        hint: hint.into(),
        chosen: mode.as_str() == chosen,
        refused: None,
    };
    vec![
        choice(Mode::Enforce, "Is refused", ""),
        choice(
            Mode::Observe,
            "Is let in and recorded",
            "To see first whom the list would shut out.",
        ),
    ]
}
