//! The one function that decides what a token may do: per place, now.
//!
//! Pure. It takes what the subject holds and what limits the token, and never makes a union over
//! teams: administrator in A and reader in B is not administrator in B.

use std::collections::{BTreeMap, BTreeSet};

use protocol::scope::Scopes;

use super::Effect;

/// The access preset of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Its tokens only look.
    #[default]
    ReadOnly,
    /// Its tokens may change things.
    Full,
}

impl Access {
    /// `read_only` or `full`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Full => "full",
        }
    }

    /// The stored word; anything unknown counts as the stricter `read_only`.
    pub fn parse(text: &str) -> Self {
        if text == "full" { Self::Full } else { Self::ReadOnly }
    }
}

/// Where a role is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Everywhere in this instance.
    Instance,
    /// One organization and all its teams, later ones included.
    Organization(String),
    /// One team.
    Team(String),
}

/// One permission held in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Where.
    pub place: Place,
    /// `resource:action`
    pub permission: String,
    /// Does using it change anything?
    pub effect: Effect,
}

/// Everything a subject holds, and where it belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Every permission, place by place.
    pub held: Vec<Holding>,
    /// Every place with a binding, also of a role without permissions: membership.
    pub places: BTreeSet<Place>,
}

impl Holdings {
    /// Does the subject belong to this team: by a binding there or at its organization?
    pub fn belongs_to(&self, team: &str, organization: &str) -> bool {
        self.places.contains(&Place::Team(team.into()))
            || self.places.contains(&Place::Organization(organization.into()))
    }
}

/// What narrows a token below its subject.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// The granted scopes.
    pub scopes: &'a Scopes,
    /// The preset of the client.
    pub access: Access,
    /// The places it reaches at all; what is held at the instance is not narrowed by them.
    /// `None`: every place the subject holds (a service without restrictions).
    pub within: Option<&'a Within>,
}

/// The places a token reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Within {
    /// Whole organizations, with teams that come later.
    pub organizations: BTreeSet<String>,
    /// Single teams, each with its organization: of a grant, those that were consented, that the
    /// subject still belongs to and that the client may still reach.
    pub teams: BTreeMap<String, String>,
}

/// What may be done, per place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// At the instance.
    pub instance: BTreeSet<String>,
    /// In whole organizations.
    pub organizations: BTreeMap<String, BTreeSet<String>>,
    /// In single teams.
    pub teams: BTreeMap<String, BTreeSet<String>>,
}

impl Rights {
    /// May it be done everywhere?
    pub fn everywhere(&self, permission: &str) -> bool {
        self.instance.contains(permission)
    }

    /// May it be done in this team: by what is held there, at its organization or at the instance?
    pub fn in_team(&self, permission: &str, team: &str, organization: &str) -> bool {
        let holds = |held: Option<&BTreeSet<String>>| held.is_some_and(|h| h.contains(permission));
        self.everywhere(permission)
            || holds(self.organizations.get(organization))
            || holds(self.teams.get(team))
    }
}

impl Rights {
    /// May it be done in the whole of this organization, later teams included?
    pub fn in_organization(&self, permission: &str, organization: &str) -> bool {
        let held = self.organizations.get(organization);
        self.everywhere(permission) || held.is_some_and(|held| held.contains(permission))
    }

    /// The first permission that `other` has in a place where these rights have it not. `homes` says
    /// to which organization a team belongs; one without a home counts by itself alone.
    pub fn lacks<'a>(&self, other: &'a Self, homes: &BTreeMap<String, String>) -> Option<&'a str> {
        let everywhere = other.instance.iter().find(|p| !self.everywhere(p));
        let organizations = other.organizations.iter().find_map(|(id, held)| {
            held.iter().find(|permission| !self.in_organization(permission, id))
        });
        let teams = other.teams.iter().find_map(|(id, held)| {
            let home = homes.get(id).map_or("", String::as_str);
            held.iter().find(|permission| !self.in_team(permission, id, home))
        });
        everywhere.or(organizations).or(teams).map(String::as_str)
    }
}

/// A permission is effective only if a scope lets it through, the preset allows its kind, and the
/// subject holds it in that place, now.
pub fn effective(holdings: &Holdings, limits: Option<Limits<'_>>) -> Rights {
    let within = limits.and_then(|limits| limits.within);
    let mut rights = Rights::default();
    for holding in &holdings.held {
        if limits.is_some_and(|limits| !lets_through(limits, &holding.permission, holding.effect)) {
            continue;
        }
        let permission = holding.permission.clone();
        match &holding.place {
            Place::Instance => {
                rights.instance.insert(permission);
            }
            Place::Organization(id) => match within {
                Some(within) if !within.organizations.contains(id) => {
                    for (team, _) in within.teams.iter().filter(|(_, home)| *home == id) {
                        rights.teams.entry(team.clone()).or_default().insert(permission.clone());
                    }
                }
                _ => {
                    rights.organizations.entry(id.clone()).or_default().insert(permission);
                }
            },
            Place::Team(id) => {
                if within.is_none_or(|within| within.teams.contains_key(id)) {
                    rights.teams.entry(id.clone()).or_default().insert(permission);
                }
            }
        }
    }
    rights
}

/// Do scopes and preset let this permission through?
fn lets_through(limits: Limits<'_>, permission: &str, effect: Effect) -> bool {
    let by_preset = effect == Effect::Read || limits.access == Access::Full;
    let as_user = match effect {
        Effect::Read => "as_user:read",
        Effect::Write => "as_user:write",
    };
    by_preset && (limits.scopes.contains(permission) || limits.scopes.contains(as_user))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place, kind, scope, preset and limit, against the sentence of the rule said again.
    #[test]
    fn a_permission_passes_only_by_scope_preset_and_place() {
        let (org, a, b) = ("org".to_owned(), "a".to_owned(), "b".to_owned());
        let team = |id: &str| (id.to_owned(), "org".to_owned());
        let of = |organizations: &[&str], teams: &[&str]| Within {
            organizations: organizations.iter().map(|id| (*id).to_owned()).collect(),
            teams: teams.iter().map(|id| team(id)).collect(),
        };
        let places = [Place::Instance, Place::Organization(org), Place::Team(a), Place::Team(b)];
        // Which of instance, organization, team a, team b each place comes to.
        let limits = [
            (None, ["i", "o", "a", "b"]),
            (Some(of(&[], &[])), ["i", "", "", ""]),
            (Some(of(&[], &["a"])), ["i", "a", "a", ""]),
            (Some(of(&[], &["a", "b"])), ["i", "ab", "a", "b"]),
            (Some(of(&["org"], &["b"])), ["i", "o", "", "b"]),
            (Some(of(&["other"], &["a"])), ["i", "a", "a", ""]),
        ];
        let scopes = [
            ("", [false, false]),
            ("openid profile", [false, false]),
            ("x:y", [true, true]),
            ("x:yy x:", [false, false]),
            ("as_user:read", [true, false]),
            ("as_user:write", [false, true]),
            ("as_user:read as_user:write", [true, true]),
        ];
        for (text, passes) in scopes {
            let scopes =
                if text.is_empty() { Scopes::default() } else { Scopes::parse(text).unwrap() };
            for (effect, passes) in [Effect::Read, Effect::Write].into_iter().zip(passes) {
                for access in [Access::ReadOnly, Access::Full] {
                    let passes = passes && (effect == Effect::Read || access == Access::Full);
                    for (within, reached) in &limits {
                        for (place, reached) in places.iter().zip(reached) {
                            let held =
                                Holding { place: place.clone(), permission: "x:y".into(), effect };
                            let holdings = Holdings { held: vec![held], places: BTreeSet::new() };
                            let limits =
                                Limits { scopes: &scopes, access, within: within.as_ref() };
                            let rights = effective(&holdings, Some(limits));
                            let want = if passes { *reached } else { "" };
                            assert_eq!(
                                spelled(&rights),
                                want,
                                "{text:?} {access:?} {place:?} {within:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    fn spelled(rights: &Rights) -> String {
        let instance = rights.instance.iter().map(|_| "i");
        let organizations = rights.organizations.keys().map(|_| "o");
        instance.chain(organizations).chain(rights.teams.keys().map(String::as_str)).collect()
    }

    #[test]
    fn an_administrator_here_and_a_reader_there_is_no_administrator_there() {
        let hold = |at: &str, permission: &str, effect| Holding {
            place: Place::Team(at.into()),
            permission: permission.into(),
            effect,
        };
        let all = vec![
            hold("a", "x:read", Effect::Read),
            hold("a", "x:write", Effect::Write),
            hold("b", "x:read", Effect::Read),
        ];
        let rights = effective(&Holdings { held: all, places: BTreeSet::new() }, None);
        assert!(rights.in_team("x:write", "a", "org") && rights.in_team("x:read", "b", "org"));
        assert!(!rights.in_team("x:write", "b", "org") && !rights.in_team("x:read", "c", "org"));
    }

    const PERMISSIONS: [&str; 3] = ["x:read", "x:write", "y:read"];
    const ORGANIZATIONS: [&str; 2] = ["one", "two"];
    const TEAMS: [(&str, &str); 3] = [("a", "one"), ("b", "one"), ("c", "two")];

    fn rights() -> impl proptest::strategy::Strategy<Value = Rights> {
        let some = || proptest::collection::btree_set(0..PERMISSIONS.len(), 0..=3);
        let named =
            |set: BTreeSet<usize>| set.into_iter().map(|n| PERMISSIONS[n].to_owned()).collect();
        let places = proptest::collection::vec(some(), ORGANIZATIONS.len() + TEAMS.len());
        proptest::strategy::Strategy::prop_map((some(), places), move |(instance, mut places)| {
            let teams = places.split_off(ORGANIZATIONS.len());
            Rights {
                instance: named(instance),
                organizations: ORGANIZATIONS
                    .iter()
                    .map(|id| (*id).to_owned())
                    .zip(places.into_iter().map(named))
                    .collect(),
                teams: TEAMS
                    .iter()
                    .map(|(id, _)| (*id).to_owned())
                    .zip(teams.into_iter().map(named))
                    .collect(),
            }
        })
    }

    proptest::proptest! {
        /// Whoever lacks nothing may do in every place, later teams and organizations included,
        /// whatever the other may; and who lacks something may not.
        #[test]
        fn lacks_nothing_exactly_when_no_place_tells_a_difference(actor in rights(), client in rights()) {
            let homes = TEAMS.iter().map(|(id, home)| ((*id).to_owned(), (*home).to_owned())).collect();
            let mut probes: Vec<(&str, &str)> = TEAMS.to_vec();
            // A team that is made tomorrow in each organization, and one in an organization of tomorrow.
            probes.extend(ORGANIZATIONS.iter().map(|home| ("tomorrow", *home)));
            probes.push(("tomorrow", "tomorrow"));
            let differs = PERMISSIONS.iter().any(|permission| {
                probes.iter().any(|(team, home)| {
                    client.in_team(permission, team, home) && !actor.in_team(permission, team, home)
                })
            });
            proptest::prop_assert_eq!(actor.lacks(&client, &homes).is_some(), differs);
        }
    }
}
