//! Permissions as the role editor shows them: by what they are about, those that only look beside
//! those that change something.

use std::collections::BTreeMap;

use domain::access::{Authority, Effect, May, PERMISSIONS, Reach, ReadRoles};
use domain::scopes::{self, ScopeKind};
use domain::{Fault, Work, roles};

use crate::console::views::PermissionGroup;
use crate::web::views::Choice;

/// One permission there is.
pub(super) struct Known {
    name: String,
    effect: Effect,
    description: String,
}

/// Headings of the built-in permissions, and the resources that stand under each.
const HEADINGS: [(&str, &[&str]); 9] = [
    ("OAuth clients", &["oauth_client"]),
    ("People", &["user"]),
    ("Organizations and teams", &["team"]),
    ("Roles", &["role"]),
    ("Scopes and resources", &["scope"]),
    ("Tokens and sessions", &["token", "tokens"]),
    ("Audit", &["audit"]),
    ("Settings", &["settings"]),
    ("Directory", &["scim", "sync:profile", "connector"]),
];

/// Every permission there is: built in, then those of the protected APIs by name, a scope that none
/// is made of yet among them.
pub(super) async fn known(work: &mut Work, may: &May<ReadRoles>) -> Result<Vec<Known>, Fault> {
    let built_in = PERMISSIONS.iter().map(|it| Known {
        name: it.name.into(),
        effect: it.effect,
        description: it.description.into(),
    });
    let mut known: Vec<Known> = built_in.collect();
    let own = roles::list_permissions(work, may).await?.into_iter().filter(|it| !it.is_system);
    known.extend(own.map(|it| Known {
        name: it.name,
        effect: it.effect,
        description: it.description,
    }));
    for scope in scopes::list(work).await?.into_iter().filter(|it| !it.is_system) {
        if known.iter().any(|it| it.name == scope.name) {
            continue;
        }
        let effect = match scope.kind {
            ScopeKind::Read => Effect::Read,
            ScopeKind::Write => Effect::Write,
            ScopeKind::Identity => continue,
        };
        known.push(Known { name: scope.name, effect, description: scope.description });
    }
    Ok(known)
}

/// What is about the same, in the order of the headings; `shown` makes a line of a permission, or
/// leaves it out.
pub(super) fn grouped(
    known: &[Known],
    mut shown: impl FnMut(&Known) -> Option<Choice>,
) -> Vec<PermissionGroup> {
    let mut groups: BTreeMap<(usize, String), PermissionGroup> = BTreeMap::new();
    for permission in known {
        let Some(choice) = shown(permission) else { continue };
        let place = heading(&permission.name);
        let group = groups.entry(place.clone()).or_insert_with(|| PermissionGroup {
            title: place.1,
            names: (place.0 == 0)
                .then(|| ("OAUTH_CLIENT_READ".into(), "OAUTH_CLIENT_MANAGE".into())),
            ..PermissionGroup::default()
        });
        match permission.effect {
            Effect::Read => group.read.push(choice),
            Effect::Write => group.change.push(choice),
        }
    }
    groups.into_values().collect()
}

/// Where a permission stands, and under which words.
fn heading(name: &str) -> (usize, String) {
    let resource = name.rsplit_once(':').map_or(name, |(resource, _)| resource);
    let found = HEADINGS.iter().position(|(_, resources)| resources.contains(&resource));
    let is_built_in = PERMISSIONS.iter().any(|it| it.name == name);
    match found.filter(|_| is_built_in) {
        Some(at) => (at, HEADINGS[at].0.into()),
        None => (HEADINGS.len(), format!("API: {resource}")),
    }
}

/// The permission as a line that can be ticked, with what is missing where it cannot.
pub(super) fn choice(known: &Known, chosen: &[String], authority: &Authority) -> Choice {
    let everywhere = |name: &str| authority.reach(name) == Some(Reach::Everywhere);
    let gives_any = PERMISSIONS.iter().all(|it| everywhere(it.name));
    let refused = !gives_any && !everywhere(&known.name);
    Choice {
        value: known.name.clone(),
        label: known.name.clone(),
        hint: known.description.clone(),
        chosen: chosen.contains(&known.name),
        refused: refused.then(|| "You do not hold it everywhere, so you cannot give it.".into()),
    }
}

/// How many of these only look, and how many change something.
pub(super) fn counts(known: &[Known], held: &[String]) -> (u64, u64) {
    let of = |effect: Effect| {
        let fits = |it: &&Known| it.effect == effect && held.contains(&it.name);
        u64::try_from(known.iter().filter(fits).count()).unwrap_or_default()
    };
    (of(Effect::Read), of(Effect::Write))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Known> {
        let known =
            |name: &str, effect| Known { name: name.into(), effect, description: "x".into() };
        let mut all: Vec<_> = PERMISSIONS.iter().map(|it| known(it.name, it.effect)).collect();
        all.push(known("orders:read", Effect::Read));
        all.push(known("user:impersonate", Effect::Write));
        all
    }

    #[test]
    fn every_permission_stands_under_one_heading() {
        let groups =
            grouped(&all(), |it| Some(Choice { value: it.name.clone(), ..Choice::default() }));
        let count: usize = groups.iter().map(|it| it.read.len() + it.change.len()).sum();
        assert_eq!(count, all().len());
        let titles: Vec<_> = groups.iter().map(|it| it.title.as_str()).collect();
        assert_eq!(titles[0], "OAuth clients");
        assert_eq!(
            titles[HEADINGS.len()..],
            ["API: orders", "API: user"],
            "never among the built-in"
        );
        let clients = &groups[0];
        assert_eq!((clients.read.len(), clients.change.len()), (1, 4));
        assert!(clients.names.is_some() && groups[1].names.is_none());
    }

    #[test]
    fn what_is_not_held_everywhere_cannot_be_given() {
        let held = std::collections::BTreeSet::from(["user:read".to_owned()]);
        let rights = domain::access::Rights { instance: held, ..Default::default() };
        let narrow = Authority::new(domain::Actor::nobody(), rights);
        let refused = |name: &str, authority: &Authority| {
            let all = all();
            let known = all.iter().find(|it| it.name == name).unwrap();
            choice(known, &[], authority).refused.is_some()
        };
        assert!(!refused("user:read", &narrow) && refused("user:create", &narrow));
        assert!(refused("orders:read", &narrow));
        assert!(!refused("orders:read", &Authority::operator("test@host")));
    }
}
