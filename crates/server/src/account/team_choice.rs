//! For which teams an application may act: what the consent page offers, and whether a choice is
//! one. A page is bounded however many teams there are: what is chosen stays on it, the others are
//! searched for on the server, so that it works without script.

use std::collections::{BTreeMap, BTreeSet};

use domain::authorizations::TeamChoice as Offered;
use domain::teams::{self, Team};
use domain::{Fault, Work, name_key};

use super::views::{Picker, TeamChoice};
use crate::web::views::Choice;

/// Teams that a page shows beside those that are chosen.
const SHOWN: usize = 50;
/// Teams chosen last time that a page is filled with; whoever had more begins anew.
const CARRIED: usize = 200;

/// What the person has picked so far, and what they look for.
#[derive(Default)]
pub(super) struct Picked {
    /// Ids of teams.
    pub teams: Vec<String>,
    /// Part of a name.
    pub q: Option<String>,
}

/// The teams chosen last time, unless they would swamp the page.
pub(super) fn carried(before: &[String]) -> Vec<String> {
    if before.len() > CARRIED { Vec::new() } else { before.to_vec() }
}

/// What is wrong with a choice of teams, for the person.
pub(super) fn wrong(offered: &Offered, chosen: &[String]) -> Option<&'static str> {
    let chosen: BTreeSet<_> = chosen.iter().map(String::as_str).collect();
    let (teams, is_single) = match offered {
        Offered::None(_) => return None,
        Offered::Single(teams) => (teams, true),
        Offered::Multiple(teams) => (teams, false),
    };
    let offered: BTreeSet<_> = teams.iter().map(|team| team.id.as_str()).collect();
    if !chosen.is_subset(&offered) {
        return Some("One of these teams is not open to this application any more. Choose again.");
    }
    match (is_single, chosen.len()) {
        (true, 1) => None,
        (true, 0) => Some("Choose the team this application may act for."),
        (true, _) => Some("Choose one team only: this application acts for one at a time."),
        (false, 0) => Some("Choose at least one team this application may act for."),
        (false, _) => None,
    }
}

/// What the page shows of it.
pub(super) async fn view(
    work: &mut Work,
    offered: &Offered,
    picked: &Picked,
) -> Result<TeamChoice, Fault> {
    Ok(match offered {
        Offered::None(only) => {
            only.first().map_or(TeamChoice::None, |team| TeamChoice::One(team.name.clone()))
        }
        Offered::Single(teams) => TeamChoice::Single(picker(work, teams, picked).await?),
        Offered::Multiple(teams) => TeamChoice::Multiple(picker(work, teams, picked).await?),
    })
}

async fn picker(work: &mut Work, offered: &[Team], picked: &Picked) -> Result<Picker, Fault> {
    let (shown, fitting) = bounded(offered, picked);
    let is_bounded = offered.len() > SHOWN;
    let count = |n: usize| u64::try_from(n).unwrap_or_default();
    Ok(Picker {
        teams: choices(work, offered, (&shown, picked)).await?,
        total: count(offered.len()),
        fitting: count(fitting),
        shown: count(fitting.min(SHOWN)),
        bounded: is_bounded,
        q: picked.q.clone().unwrap_or_default(),
    })
}

/// The teams on the page, the chosen first, and how many fit what is looked for.
fn bounded<'a>(offered: &'a [Team], picked: &Picked) -> (Vec<&'a Team>, usize) {
    if offered.len() <= SHOWN {
        return (offered.iter().collect(), offered.len());
    }
    let chosen: BTreeSet<_> = picked.teams.iter().map(String::as_str).collect();
    let wanted = name_key(picked.q.as_deref().unwrap_or_default());
    let fits = |team: &&Team| name_key(&team.name).contains(&wanted);
    let mut shown: Vec<_> = offered.iter().filter(|it| chosen.contains(it.id.as_str())).collect();
    let fitting = offered.iter().filter(fits).count();
    let others = offered.iter().filter(|it| !chosen.contains(it.id.as_str())).filter(fits);
    shown.extend(others.take(SHOWN));
    (shown, fitting)
}

/// The teams as choices, each with its organization where there are several.
async fn choices(
    work: &mut Work,
    offered: &[Team],
    (shown, picked): (&[&Team], &Picked),
) -> Result<Vec<Choice>, Fault> {
    let first = offered.first().map(|team| &team.organization);
    let several = offered.iter().any(|team| Some(&team.organization) != first);
    let mut organizations: BTreeMap<&str, String> = BTreeMap::new();
    for team in shown.iter().filter(|_| several) {
        if !organizations.contains_key(team.organization.as_str()) {
            let found = teams::find_organization(work, &team.organization).await?;
            organizations.insert(&team.organization, found.map(|it| it.name).unwrap_or_default());
        }
    }
    let choice = |team: &&Team| Choice {
        value: team.id.clone(),
        label: team.name.clone(),
        hint: organizations.get(team.organization.as_str()).cloned().unwrap_or_default(),
        chosen: picked.teams.contains(&team.id),
        refused: None,
    };
    Ok(shown.iter().map(choice).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams<S: AsRef<str>>(ids: &[S]) -> Vec<Team> {
        let team = |id: &S| Team {
            id: id.as_ref().into(),
            organization: "org_a".into(),
            name: format!("Team {}", id.as_ref()),
            version: 1,
            created_at: 0,
        };
        ids.iter().map(team).collect()
    }

    #[test]
    fn a_choice_is_among_the_offered_and_of_the_right_number() {
        let none = Offered::None(teams(&["a"]));
        let single = Offered::Single(teams(&["a", "b"]));
        let multiple = Offered::Multiple(teams(&["a", "b"]));
        for (offered, chosen, fits) in [
            (&none, &[][..], true),
            (&none, &["x"][..], true),
            (&single, &["a"][..], true),
            (&single, &["a", "a"][..], true),
            (&single, &[][..], false),
            (&single, &["a", "b"][..], false),
            (&single, &["x"][..], false),
            (&multiple, &["a"][..], true),
            (&multiple, &["b", "a"][..], true),
            (&multiple, &[][..], false),
            (&multiple, &["a", "x"][..], false),
            (&multiple, &[""][..], false),
        ] {
            let chosen: Vec<_> = chosen.iter().map(|id| (*id).to_owned()).collect();
            let wrong = wrong(offered, &chosen);
            assert_eq!(wrong.is_none(), fits, "{offered:?} {chosen:?}: {wrong:?}");
        }
    }

    #[test]
    fn a_page_is_bounded_and_keeps_what_is_chosen() {
        let ids: Vec<String> = (0..10_000).map(|n| format!("{n:05}")).collect();
        let all = teams(&ids);
        let look = |q: Option<&str>, chosen: &[&str]| {
            let teams = chosen.iter().map(|id| (*id).to_owned()).collect();
            let (shown, fitting) = bounded(&all, &Picked { teams, q: q.map(str::to_owned) });
            (shown.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), fitting)
        };
        let (shown, fitting) = look(None, &[]);
        assert_eq!((shown.len(), fitting), (SHOWN, 10_000));
        let (shown, fitting) = look(Some("team 0777"), &["09999", "00001"]);
        assert_eq!((shown.len(), fitting), (12, 10), "{shown:?}");
        assert_eq!(shown[..3], ["00001", "09999", "07770"]);
        let (shown, fitting) = look(Some("nothing"), &["00001", "of others"]);
        assert_eq!((shown, fitting), (vec!["00001".to_owned()], 0));
        assert_eq!(look(Some("TEAM  00042"), &[]).0, ["00042"], "however it is typed");
        assert_eq!(carried(&ids), Vec::<String>::new());
        assert_eq!(carried(&ids[..3]).len(), 3);
    }
}
