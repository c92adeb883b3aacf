//! `GET /console/search`: one field that takes whatever somebody has in hand: a client ID, an
//! error number, an e-mail address, a redirect host.

use domain::access::{ReadAudit, ReadClients, ReadUsers};
use domain::{accounts, clients};

use super::query::Query;
use super::visitor::{Answer, Visitor};
use crate::web::page;
use crate::web::sealed;

/// On to what was meant.
pub(super) async fn go(visitor: Visitor, query: Query) -> Answer {
    let q = query.text("q");
    if q.starts_with("err_") && visitor.holds::<ReadAudit>() {
        return Ok(page::see_other(&sealed::link("/console/errors", "q", &q)));
    }
    let mut work = visitor.app.instance.read();
    if q.contains('@')
        && let Ok(may) = visitor.authority.may::<ReadUsers>()
    {
        if let Some(user) = accounts::find_by_email(&mut work, &q).await?
            && accounts::show(&mut work, &may, &user.id).await.is_ok()
        {
            return Ok(page::see_other(&format!("/console/users/{}", user.id)));
        }
        return Ok(page::see_other(&sealed::link("/console/users", "q", &q)));
    }
    if q.starts_with("usr_") && visitor.holds::<ReadUsers>() {
        return Ok(page::see_other(&sealed::link("/console/users", "q", &q)));
    }
    let may = visitor.may::<ReadClients>()?;
    if let Ok(client) = clients::show(&mut work, &may, &q).await {
        return Ok(page::see_other(&super::clients::page_of(client.id.as_str(), "")));
    }
    Ok(page::see_other(&sealed::link("/console/clients", "q", &q)))
}
