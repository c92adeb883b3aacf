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
        through: event
            .actor
            .user
            .as_ref()
            .and(event.actor.client.as_ref())
            .map(ToString::to_string),
        action: action(&event.action),
        changes,
        address: event.address.clone(),
        request_id: event.request_id.clone(),
    })
}

/// Every action that has words, by name.
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("audit.expired", "Let old entries go"),
    ("audit.exported", "Exported the audit trail"),
    ("authorization.code_reused", "Used a code a second time"),
    ("binding.created", "Gave a role"),
    ("binding.deleted", "Took a role away"),
    ("client.context_user_changed", "Changed what the user it acts as may do"),
    ("client.created", "Registered the client"),
    ("client.deleted", "Deleted the client"),
    ("client.paused", "Disabled the client"),
    ("client.resumed", "Enabled the client"),
    ("client.secret_retired", "Retired a secret"),
    ("client.secret_rotated", "Made a secret"),
    ("client.tokens_revoked", "Revoked all tokens"),
    ("client.updated", "Changed the settings"),
    ("consent.denied", "Denied consent"),
    ("consent.given", "Gave consent"),
    ("consent.withdrawn", "Withdrew consent"),
    ("grant.created", "Authorized the client"),
    ("grant.refresh_token_reused", "Used a spent refresh token: all of them ended"),
    ("grant.revoked", "Withdrew an authorization"),
    ("organization.created", "Added an organization"),
    ("organization.deleted", "Deleted an organization"),
    ("organization.updated", "Renamed an organization"),
    ("permission.created", "Defined a permission"),
    ("permission.deleted", "Deleted a permission"),
    ("permission.updated", "Described a permission"),
    ("resource.created", "Added a resource"),
    ("resource.deleted", "Deleted a resource"),
    ("resource.updated", "Changed a resource"),
    ("role.created", "Defined a role"),
    ("role.deleted", "Deleted a role"),
    ("role.updated", "Changed a role"),
    ("scope.created", "Added a scope"),
    ("scope.deleted", "Deleted a scope"),
    ("scope.updated", "Changed a scope"),
    ("session.ended", "Ended a browser session"),
    ("settings.updated", "Changed the settings of the server"),
    ("sign_in_policy.created", "Added a sign-in policy"),
    ("sign_in_policy.deleted", "Deleted a sign-in policy"),
    ("sign_in_policy.updated", "Changed a sign-in policy"),
    ("signing_key.published", "Published a signing key"),
    ("team.created", "Added a team"),
    ("team.deleted", "Deleted a team"),
    ("team.member_added", "Added a member"),
    ("team.member_removed", "Removed a member"),
    ("team.updated", "Renamed a team"),
    ("token.revoked", "Revoked a token"),
    ("user.address_refused", "Was refused for the address"),
    ("user.created", "Created the account"),
    ("user.deleted", "Deleted the account"),
    ("user.disabled", "Disabled the account"),
    ("user.enabled", "Enabled the account"),
    ("user.invitation_accepted", "Chose a first password"),
    ("user.invited", "Made an invitation"),
    ("user.locked", "Locked the account"),
    ("user.password_changed", "Changed the password"),
    ("user.password_forgotten", "Asked for a link to another password"),
    ("user.password_reset", "Chose another password by a link"),
    ("user.policy_refused", "Was refused by a sign-in policy"),
    ("user.recovery_code_used", "Used a recovery code"),
    ("user.recovery_codes_renewed", "Got new recovery codes"),
    ("user.reset_link_made", "Made a link to another password"),
    ("user.second_factor_added", "Set a second factor up"),
    ("user.second_factor_asked", "Knew the password, and was asked for a code"),
    ("user.second_factor_refused", "Typed a wrong code"),
    ("user.second_factor_removed", "Removed their second factor"),
    ("user.second_factor_replaced", "Replaced their second factor"),
    ("user.second_factor_reset", "Took the second factor of a person"),
    ("user.sign_in_failed", "Failed to sign in"),
    ("user.signed_in", "Signed in"),
    ("user.tokens_revoked", "Ended all tokens of a person"),
    ("user.unlocked", "Unlocked the account"),
    ("user.updated", "Changed the account"),
];

/// What was done, in words.
pub(super) fn action(action: &str) -> String {
    let known = ACTIONS.iter().find(|(name, _)| *name == action);
    known.map_or_else(|| spelled::label(action), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::action;

    #[test]
    fn an_action_without_words_is_still_readable() {
        assert_eq!(action("client.paused"), "Disabled the client");
        assert_eq!(action("client.key_added"), "Client key added");
    }

    #[test]
    fn every_action_stands_once_in_its_place() {
        assert!(super::ACTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
