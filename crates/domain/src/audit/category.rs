//! What an event of the trail is about, in one of five categories: one table that names every event
//! once. It refuses to know how an event is worded; the console does.

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// What may be reached, by whom and through what: clients, consents, roles, scopes.
    Access,
    /// Who proved to be who, and what they got for it: sign-ins, sessions, tokens, secrets.
    Authentication,
    /// Who there is: people, teams, organizations.
    Identity,
    /// What is sent to people: invitations and links to another password.
    Notifications,
    /// The server itself: its settings, its keys, the trail.
    System,
}

impl Category {
    /// Every category, in the order of their names.
    pub const ALL: [Self; 5] =
        [Self::Access, Self::Authentication, Self::Identity, Self::Notifications, Self::System];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Authentication => "authentication",
            Self::Identity => "identity",
            Self::Notifications => "notifications",
            Self::System => "system",
        }
    }

    /// The category behind a word, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }

    /// The category of an action. One that this program has no name for, because a later one
    /// recorded it, belongs to the system.
    pub fn of(action: &str) -> Self {
        let known = ACTIONS.binary_search_by(|(name, _)| (*name).cmp(action));
        known.map_or(Self::System, |place| ACTIONS[place].1)
    }

    /// A condition that the column `action` meets where it is of this category. Only words of ours
    /// are in it.
    pub(super) fn sql(self) -> String {
        let not = if self == Self::System { "NOT " } else { "" };
        let is_meant = |category: Self| (category == self) != (self == Self::System);
        let names = ACTIONS.iter().filter(|(_, category)| is_meant(*category));
        let names: Vec<_> = names.map(|(name, _)| format!("'{name}'")).collect();
        format!("action {not}IN ({})", names.join(", "))
    }
}

/// Every action and its category, by name.
const ACTIONS: &[(&str, Category)] = &[
    ("audit.expired", Category::System),
    ("audit.exported", Category::System),
    ("authorization.code_reused", Category::Authentication),
    ("binding.created", Category::Access),
    ("binding.deleted", Category::Access),
    ("client.context_user_changed", Category::Access),
    ("client.created", Category::Access),
    ("client.deleted", Category::Access),
    ("client.paused", Category::Access),
    ("client.resumed", Category::Access),
    ("client.secret_retired", Category::Authentication),
    ("client.secret_rotated", Category::Authentication),
    ("client.tokens_revoked", Category::Authentication),
    ("client.updated", Category::Access),
    ("consent.denied", Category::Access),
    ("consent.given", Category::Access),
    ("consent.withdrawn", Category::Access),
    ("grant.created", Category::Access),
    ("grant.refresh_token_reused", Category::Authentication),
    ("grant.revoked", Category::Access),
    ("organization.created", Category::Identity),
    ("organization.deleted", Category::Identity),
    ("organization.updated", Category::Identity),
    ("permission.created", Category::Access),
    ("permission.deleted", Category::Access),
    ("permission.updated", Category::Access),
    ("resource.created", Category::Access),
    ("resource.deleted", Category::Access),
    ("resource.updated", Category::Access),
    ("role.created", Category::Access),
    ("role.deleted", Category::Access),
    ("role.updated", Category::Access),
    ("scope.created", Category::Access),
    ("scope.deleted", Category::Access),
    ("scope.updated", Category::Access),
    ("session.ended", Category::Authentication),
    ("settings.updated", Category::System),
    ("sign_in_policy.created", Category::Authentication),
    ("sign_in_policy.deleted", Category::Authentication),
    ("sign_in_policy.updated", Category::Authentication),
    ("signing_key.published", Category::System),
    ("team.created", Category::Identity),
    ("team.deleted", Category::Identity),
    ("team.member_added", Category::Identity),
    ("team.member_removed", Category::Identity),
    ("team.updated", Category::Identity),
    ("token.revoked", Category::Authentication),
    ("user.address_refused", Category::Authentication),
    ("user.created", Category::Identity),
    ("user.deleted", Category::Identity),
    ("user.disabled", Category::Identity),
    ("user.enabled", Category::Identity),
    ("user.invitation_accepted", Category::Authentication),
    ("user.invited", Category::Notifications),
    ("user.locked", Category::Identity),
    ("user.password_changed", Category::Authentication),
    ("user.password_forgotten", Category::Notifications),
    ("user.password_reset", Category::Authentication),
    ("user.policy_refused", Category::Authentication),
    ("user.recovery_code_used", Category::Authentication),
    ("user.recovery_codes_renewed", Category::Authentication),
    ("user.reset_link_made", Category::Notifications),
    ("user.second_factor_added", Category::Authentication),
    ("user.second_factor_asked", Category::Authentication),
    ("user.second_factor_refused", Category::Authentication),
    ("user.second_factor_removed", Category::Authentication),
    ("user.second_factor_replaced", Category::Authentication),
    ("user.second_factor_reset", Category::Authentication),
    ("user.sign_in_failed", Category::Authentication),
    ("user.signed_in", Category::Authentication),
    ("user.tokens_revoked", Category::Authentication),
    ("user.unlocked", Category::Identity),
    ("user.updated", Category::Identity),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_once_in_its_place() {
        assert!(ACTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(Category::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }

    #[test]
    fn an_action_has_one_category_and_a_strange_one_is_of_the_system() {
        assert_eq!(Category::of("user.signed_in"), Category::Authentication);
        assert_eq!(Category::of("client.flown"), Category::System);
        for (name, category) in ACTIONS {
            let quoted = format!("'{name}'");
            for other in Category::ALL {
                let is_named = other.sql().contains(&quoted);
                let is_meant = (other == *category) != (other == Category::System);
                assert_eq!(is_named, is_meant, "{name} and {}", other.as_str());
            }
            assert_eq!(Category::parse(category.as_str()), Some(*category));
        }
    }
}
