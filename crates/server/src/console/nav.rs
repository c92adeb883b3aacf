//! Where somebody can go in the console: only what leads somewhere for them, in groups.

use domain::access::{Authority, Reach};

use crate::web::views::NavEntry;

/// A page of the console: its group, its name, its path, its icon, and what it needs.
struct Entry {
    group: &'static str,
    label: &'static str,
    path: &'static str,
    icon: &'static str,
    permission: &'static str,
    /// Is a right in some places not enough?
    everywhere: bool,
}

const fn entry(
    group: &'static str,
    (label, path): (&'static str, &'static str),
    (icon, permission): (&'static str, &'static str),
    everywhere: bool,
) -> Entry {
    Entry { group, label, path, icon, permission, everywhere }
}

// What was done, and refusals of clients that nobody registered, belong to no place.
const ENTRIES: [Entry; 10] = [
    entry("Applications", ("Clients", "/console/clients"), ("clients", "oauth_client:read"), false),
    entry("Applications", ("Scopes", "/console/scopes"), ("scopes", "scope:read"), false),
    entry("People", ("Users", "/console/users"), ("users", "user:read"), false),
    entry("People", ("Teams", "/console/teams"), ("teams", "team:read"), false),
    entry("People", ("Roles", "/console/roles"), ("roles", "role:read"), false),
    entry("Security", ("Active sessions", "/console/sessions"), ("sessions", "token:read"), false),
    entry(
        "Security",
        ("Sign-in policies", "/console/sign-in-policies"),
        ("lock", "settings:read"),
        true,
    ),
    entry("Security", ("Audit", "/console/audit"), ("audit", "audit:read"), true),
    entry("Security", ("Refusals", "/console/errors"), ("refusal", "audit:read"), true),
    entry("Server", ("Settings", "/console/settings"), ("settings", "settings:read"), true),
];

/// The entries of the sidebar for this person; `section` is where they are.
pub(super) fn entries(authority: &Authority, section: &str) -> Vec<NavEntry> {
    let mut group = "";
    let open = |entry: &&Entry| match authority.reach(entry.permission) {
        None => false,
        Some(reach) => !entry.everywhere || reach == Reach::Everywhere,
    };
    let mut shown = Vec::new();
    for entry in ENTRIES.iter().filter(open) {
        let heading = if entry.group == group { "" } else { entry.group };
        group = entry.group;
        shown.push(NavEntry {
            label: entry.label.into(),
            href: entry.path.into(),
            icon: entry.icon.into(),
            enabled: true,
            current: entry.label == section,
            group: heading.into(),
        });
    }
    shown
}

#[cfg(test)]
mod tests {
    use domain::Actor;
    use domain::access::Rights;

    use super::*;

    fn labels(authority: &Authority) -> Vec<String> {
        let spell = |it: NavEntry| format!("{}{}", it.group, it.label);
        entries(authority, "Users").into_iter().map(spell).collect()
    }

    #[test]
    fn shows_what_leads_somewhere_and_each_heading_once() {
        let all = labels(&Authority::operator("test@host"));
        assert_eq!(all.len(), ENTRIES.len());
        assert_eq!(all[0], "ApplicationsClients");
        assert!(all.contains(&"PeopleUsers".to_owned()) && all.contains(&"Teams".to_owned()));
        let nobody = Authority::new(Actor::nobody(), Rights::default());
        assert!(labels(&nobody).is_empty());
    }

    #[test]
    fn what_belongs_to_no_place_needs_the_right_everywhere() {
        let held = std::collections::BTreeSet::from(["audit:read".to_owned(), "user:read".into()]);
        let narrow =
            Rights { teams: [("team_a".to_owned(), held.clone())].into(), ..Rights::default() };
        assert_eq!(labels(&Authority::new(Actor::nobody(), narrow)), ["PeopleUsers"]);
        let wide = Rights { instance: held, ..Rights::default() };
        let shown = labels(&Authority::new(Actor::nobody(), wide));
        assert_eq!(shown, ["PeopleUsers", "SecurityAudit", "Refusals"]);
    }
}
