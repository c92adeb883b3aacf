//! Entries of the audit trail as people read them.

use domain::audit::Event;
use domain::{Fault, Work};

use super::names::Names;
use super::spelled;
use super::views::AuditRow;
use crate::web::views::When;

/// One entry, at its own address.
pub(super) async fn row(
    work: &mut Work,
    names: &mut Names,
    (event, href): (&Event, String),
) -> Result<AuditRow, Fault> {
    let mut changes = Vec::with_capacity(event.changes.len());
    for change in &event.changes {
        let told = (change.field.as_str(), &change.before, &change.after);
        let told = spelled::change(work, names, told).await?;
        if told.before != told.after {
            changes.push(told);
        }
    }
    Ok(AuditRow {
        href,
        at: When::exact(event.at),
        actor: names.actor(work, &event.actor.name()).await?,
        action: action(&event.action),
        changes,
        address: event.address.clone(),
        request_id: event.request_id.clone(),
    })
}

/// What was done, in words.
pub(super) fn action(action: &str) -> String {
    let words = match action {
        "client.created" => "Registered the client",
        "client.updated" => "Changed the settings",
        "client.paused" => "Disabled the client",
        "client.resumed" => "Enabled the client",
        "client.deleted" => "Deleted the client",
        "client.tokens_revoked" => "Revoked all tokens",
        "client.secret_rotated" => "Made a secret",
        "client.secret_retired" => "Retired a secret",
        "token.revoked" => "Revoked a token",
        "grant.revoked" => "Withdrew an authorization",
        "scope.created" => "Added a scope",
        "scope.updated" => "Changed a scope",
        "scope.deleted" => "Deleted a scope",
        "user.created" => "Created the account",
        "user.invited" => "Made an invitation",
        "user.invitation_accepted" => "Chose a first password",
        "user.updated" => "Changed the account",
        "user.disabled" => "Disabled the account",
        "user.enabled" => "Enabled the account",
        "user.deleted" => "Deleted the account",
        "user.signed_in" => "Signed in",
        "user.password_changed" => "Changed the password",
        "session.ended" => "Ended a browser session",
        "consent.given" => "Gave consent",
        "consent.denied" => "Denied consent",
        "consent.withdrawn" => "Withdrew consent",
        "grant.created" => "Authorized the client",
        "grant.refresh_token_reused" => "Used a spent refresh token: all of them ended",
        "authorization.code_reused" => "Used a code a second time",
        "signing_key.published" => "Published a signing key",
        "team.member_added" => "Added a member",
        "team.member_removed" => "Removed a member",
        "audit.exported" => "Exported the audit trail",
        other => return spelled::label(other),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::action;

    #[test]
    fn an_action_without_words_is_still_readable() {
        assert_eq!(action("client.paused"), "Disabled the client");
        assert_eq!(action("client.key_added"), "Client key added");
    }
}
