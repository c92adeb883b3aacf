//! The second factor of a person, on their page: what there is, and its end for who lost it.

use std::sync::Arc;

use axum::extract::Path;
use domain::access::UpdateUsers;
use domain::accounts::{self, User, second_factor};
use domain::{Fault, UserId, Work};

use super::{LIST, person};
use crate::console::done::done;
use crate::console::views::HeldFactor;
use crate::console::visitor::{Answer, Posted};
use crate::console::wrong::wrong;
use crate::web::views::When;

/// What the page shows of it.
pub(super) async fn held(
    work: &mut Work,
    user: &User,
    now: i64,
) -> Result<Option<HeldFactor>, Fault> {
    let held = second_factor::find(work, &user.id).await?;
    Ok(held.map(|it| HeldFactor {
        since: When::relative(it.created_at, now),
        last_used: it.last_used_at.map(|at| When::relative(at, now)),
        recovery_codes: it.recovery_codes,
        reset: format!("{LIST}/{}/reset-second-factor", user.id),
    }))
}

/// What it means that they have none.
pub(super) async fn without(work: &mut Work, user: &User) -> Result<&'static str, Fault> {
    Ok(if accounts::requires_second_factor(work, &user.id).await? {
        "None yet: they set one up when they next sign in."
    } else {
        "None: their password alone signs them in."
    })
}

/// Gone, for somebody who lost it.
pub(super) async fn reset(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<UpdateUsers>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    match second_factor::reset(&mut work, visitor.call(), &may, &UserId::new(&id)).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done(&format!("{LIST}/{id}"), "second-factor-reset"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "second-factor")?;
            person::again(&visitor, &id, &fields, wrong).await
        }
    }
}
