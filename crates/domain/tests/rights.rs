//! What a token may do: never more than its person may at that moment, whatever happened before.
#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have is a failure")]

mod people;

use std::collections::BTreeSet;

use domain::access::{
    self, AUDITOR, CLIENT_MANAGER, Effect, Holding, Holdings, MEMBER, PLATFORM_ADMINISTRATOR,
    Place, definition,
};
use domain::accounts::{self, User};
use domain::clients;
use domain::roles::{self, NewRole, Patch};
use domain::tokens::{self, Issue, NewGrant, Subject};
use people::{World, may, worlds};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use protocol::scope::Scopes;
use serde_json::json;

/// Two organizations, the first with two teams, the second with one.
struct Places {
    organizations: [String; 2],
    teams: [String; 3],
}

async fn places(world: &World) -> Places {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let teams = [
        world.team(&acme, "Blue").await,
        world.team(&acme, "Red").await,
        world.team(&other, "Green").await,
    ];
    Places { organizations: [acme, other], teams }
}

async fn client(world: &World, id: &str, access: &str, restrictions: serde_json::Value) {
    world
        .client(json!({
            "client_id": id, "client_name": id, "type": "user_authorized", "access": access,
            "grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/cb"],
            "scopes": ["openid", "as_user:read"], "team_restrictions": restrictions,
        }))
        .await;
}

/// A token of a grant for these teams. `None` where none is issued.
async fn token(
    world: &World,
    id: &str,
    user: &User,
    scopes: &Scopes,
    teams: &[String],
) -> Option<String> {
    let mut work = world.work().await;
    let now = world.clock.now();
    let client = clients::find(&mut work, id).await.unwrap().unwrap();
    let new = NewGrant {
        client: id,
        user: &user.id,
        scopes,
        resources: &[],
        teams,
        authenticated_at: now,
        amr: accounts::Amr::Password,
        consented_at: now,
        expires_at: now + 3600,
    };
    let grant = tokens::insert_grant(&mut work, &new).await.unwrap();
    let person = accounts::find(&mut work, &user.id).await.unwrap().unwrap();
    let subject = Subject::Grant(&grant, [client.epoch, person.epoch]);
    let issue = Issue { client: &client, subject, scopes, resources: &[], extra: None };
    let issued = tokens::issue(&mut work, &world.call(), &issue).await.unwrap();
    work.commit().await.unwrap();
    Some(issued?.sign(&mut world.work().await, now).await.unwrap().text.reveal().to_owned())
}

/// Every combination of status, membership, role, restriction, scope and preset.
#[tokio::test]
async fn a_token_may_do_what_every_one_of_six_things_allows() {
    for world in worlds().await {
        let Places { organizations: [acme, _], teams: [blue, red, _] } = places(&world).await;
        let restrictions = [
            ("free", json!({"organizations": [], "teams": []}), true),
            ("blue", json!({"organizations": [], "teams": [blue]}), true),
            ("acme", json!({"organizations": [acme], "teams": []}), true),
            ("red", json!({"organizations": [], "teams": [red]}), false),
        ];
        for (name, restriction, _) in &restrictions {
            for access in ["read_only", "full"] {
                client(&world, &format!("{name}-{access}"), access, restriction.clone()).await;
            }
        }
        let memberships = [
            ("none", None),
            ("team", Some(Place::Team(blue.clone()))),
            ("organization", Some(Place::Organization(acme.clone()))),
            ("elsewhere", Some(Place::Team(red.clone()))),
        ];
        for (membership, place) in memberships {
            for role in [CLIENT_MANAGER, MEMBER] {
                for status in ["active", "disabled", "locked"] {
                    let email = format!("{membership}-{role}-{status}@example.com");
                    let user = world.person(&email).await;
                    if let Some(place) = place.clone() {
                        world.bind(&user, role, place).await;
                    }
                    let belongs = matches!(membership, "team" | "organization");
                    for (name, _, reaches) in &restrictions {
                        for access in ["read_only", "full"] {
                            let case =
                                (format!("{name}-{access}"), belongs && *reaches, access == "full");
                            check(&world, &user, (status, role), &blue, case).await;
                        }
                    }
                }
            }
        }
    }
}

async fn check(
    world: &World,
    user: &User,
    (status, role): (&str, &str),
    team: &str,
    (client, reached, writes): (String, bool, bool),
) {
    let held: BTreeSet<&str> = access::SYSTEM_ROLES
        .iter()
        .find(|known| known.id == role)
        .map(|known| known.permissions().into_iter().collect())
        .unwrap();
    let mut made = Vec::new();
    for text in ["openid", "as_user:read", "as_user:read as_user:write", "oauth_client:update"] {
        let scopes = Scopes::parse(text).unwrap();
        made.push((text, token(world, &client, user, &scopes, &[team.to_owned()]).await.unwrap()));
    }
    let (mut work, call) = (world.work().await, world.call());
    match status {
        "disabled" => {
            drop(accounts::disable(&mut work, &call, &may(), &user.id, None).await.unwrap());
        }
        "locked" => drop(accounts::lock(&mut work, &call, &may(), &user.id, None).await.unwrap()),
        _ => {}
    }
    work.commit().await.unwrap();
    for (text, token) in made {
        let what = format!("{status} {role} {client} {text} {}", user.email);
        let mut work = world.instance.read();
        let live = tokens::find_live(&mut work, &token, world.clock.now()).await.unwrap();
        assert_eq!(live.is_some(), status == "active", "{what}");
        let Some(live) = live else { continue };
        let meaning = tokens::meaning(&mut work, &live).await.unwrap();
        assert_eq!(meaning.teams.len(), usize::from(reached), "{what}");
        let passes = |name: &&&str| match definition(name).unwrap().effect {
            Effect::Read => text.contains("as_user:read"),
            Effect::Write => writes && (text.contains("as_user:write") || text == **name),
        };
        let want: Vec<&str> = held.iter().filter(passes).copied().collect();
        for team in &meaning.teams {
            assert_eq!(team.permissions, want, "{what}");
        }
        assert!(meaning.instance.is_empty() && meaning.rights.organizations.is_empty(), "{what}");
    }
    if status != "active" {
        let mut work = world.work().await;
        accounts::enable(&mut work, &world.call(), &may(), &user.id, None).await.unwrap();
        work.commit().await.unwrap();
    }
}

/// One thing that happens; numbers choose whom and where.
#[derive(Debug, Clone)]
enum Step {
    Bind { role: usize, place: usize },
    Leave { team: usize },
    Disable,
    Lock,
    Enable,
    EditRole { holds: u8, keep: bool },
    Move { from: usize, to: usize },
    Restrict { to: usize },
    Access { full: bool },
    Pause,
    Resume,
    Consent { scopes: usize, teams: u8 },
    DeleteTeam { team: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..5_usize, 0..6_usize).prop_map(|(role, place)| Step::Bind { role, place }),
        3 => (0..3_usize).prop_map(|team| Step::Leave { team }),
        1 => Just(Step::Disable),
        1 => Just(Step::Lock),
        2 => Just(Step::Enable),
        3 => (0..8_u8, any::<bool>()).prop_map(|(holds, keep)| Step::EditRole { holds, keep }),
        2 => (0..3_usize, 0..3_usize).prop_map(|(from, to)| Step::Move { from, to }),
        2 => (0..4_usize).prop_map(|to| Step::Restrict { to }),
        1 => any::<bool>().prop_map(|full| Step::Access { full }),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
        4 => (0..3_usize, 0..8_u8).prop_map(|(scopes, teams)| Step::Consent { scopes, teams }),
        1 => (0..3_usize).prop_map(|team| Step::DeleteTeam { team }),
    ];
    proptest::collection::vec(step, 1..25)
}

/// A token that was issued, and the teams of its grant.
struct Issued {
    text: String,
    scopes: Scopes,
    teams: Vec<String>,
}

async fn happen(
    world: &World,
    user: &User,
    (places, custom): (&Places, &str),
    step: &Step,
    issued: &mut Vec<Issued>,
) {
    let (call, now) = (world.call(), world.clock.now());
    let mut work = world.work().await;
    // A refused step is a step too: whatever the rules say no to changes nothing.
    let took = match step {
        Step::Bind { role, place } => {
            let role = [MEMBER, AUDITOR, CLIENT_MANAGER, PLATFORM_ADMINISTRATOR, custom][*role];
            let place = match place {
                0 => Place::Instance,
                1 | 2 => Place::Organization(places.organizations[place - 1].clone()),
                _ => Place::Team(places.teams[place - 3].clone()),
            };
            access::bind(&mut work, now, user.id.as_str(), role, &place).await.is_ok()
        }
        Step::Leave { team } => {
            domain::teams::remove_member(&mut work, &call, &may(), &places.teams[*team], &user.id)
                .await
                .is_ok()
        }
        Step::Disable => accounts::disable(&mut work, &call, &may(), &user.id, None).await.is_ok(),
        Step::Enable => accounts::enable(&mut work, &call, &may(), &user.id, None).await.is_ok(),
        Step::Lock => accounts::lock(&mut work, &call, &may(), &user.id, None).await.is_ok(),
        Step::EditRole { holds, keep } => {
            let all = ["user:read", "oauth_client:update", "oauth_client:read"];
            let chosen = (0..3).filter(|n| holds & (1 << n) != 0).map(|n| all[n].to_owned());
            let patch = Patch { permissions: Some(chosen.collect()), ..Patch::default() };
            let change = roles::change(&mut work, &call, &may(), (custom, None), patch).await;
            // Somebody may look while it is not certain yet, and it may never be.
            access::holdings_of(&mut work, user.id.as_str()).await.unwrap();
            change.is_ok() && *keep
        }
        Step::Move { from, to } => {
            let [from, to] = [from, to].map(|team| places.teams[*team].as_str());
            domain::teams::remove_member(&mut work, &call, &may(), from, &user.id).await.is_ok()
                && domain::teams::add_member(&mut work, &call, &may(), (to, &user.id), custom)
                    .await
                    .is_ok()
        }
        Step::Restrict { to } => {
            let [blue, red, _] = &places.teams;
            let restrictions = match to {
                0 => json!({"organizations": [], "teams": []}),
                1 => json!({"organizations": [], "teams": [blue]}),
                2 => json!({"organizations": [], "teams": [blue, red]}),
                _ => json!({"organizations": [places.organizations[1]], "teams": []}),
            };
            let patch = json!({ "team_restrictions": restrictions });
            clients::change(&mut work, &call, &may(), "app", (&patch, None)).await.is_ok()
        }
        Step::Access { full } => {
            let access = if *full { "full" } else { "read_only" };
            let patch = json!({ "access": access });
            clients::change(&mut work, &call, &may(), "app", (&patch, None)).await.is_ok()
        }
        Step::Pause => clients::pause(&mut work, &call, &may(), "app", None).await.is_ok(),
        Step::Resume => clients::resume(&mut work, &call, &may(), "app", None).await.is_ok(),
        Step::DeleteTeam { team } => {
            let leaving = domain::teams::Leaving::WithMembers;
            let team = &places.teams[*team];
            domain::teams::delete_team(&mut work, &call, &may(), team, leaving).await.is_ok()
        }
        Step::Consent { scopes, teams } => {
            drop(work);
            let text = ["openid", "as_user:read", "as_user:read as_user:write oauth_client:read"];
            let scopes = Scopes::parse(text[*scopes]).unwrap();
            let chosen = (0..3).filter(|n| teams & (1 << n) != 0);
            let teams: Vec<String> = chosen.map(|n| places.teams[n].clone()).collect();
            if let Some(text) = token(world, "app", user, &scopes, &teams).await {
                issued.push(Issued { text, scopes, teams });
            }
            return;
        }
    };
    if took {
        work.commit().await.unwrap();
    }
}

/// What the person holds, read from the tables themselves.
async fn held(world: &World, user: &User) -> Holdings {
    let sql = "SELECT b.place_kind, b.place_id, p.name, p.kind FROM bindings b
               LEFT JOIN role_permissions rp ON rp.role_id = b.role_id
               LEFT JOIN permissions p ON p.name = rp.permission WHERE b.subject = $1";
    let database = world.database().await;
    let mut holdings = Holdings::default();
    for row in database.read().query(sql, db::params![user.id.as_str()]).await.unwrap() {
        let id: String = row.get(1).unwrap();
        let place = match row.get::<String>(0).unwrap().as_str() {
            "instance" => Place::Instance,
            "organization" => Place::Organization(id),
            _ => Place::Team(id),
        };
        if let Some(permission) = row.get::<Option<String>>(2).unwrap() {
            let effect = Effect::parse(&row.get::<String>(3).unwrap());
            holdings.held.push(Holding { place: place.clone(), permission, effect });
        }
        holdings.places.insert(place);
    }
    holdings
}

/// How many tokens were alive; each may do no more than the person.
async fn hold(world: &World, user: &User, issued: &[Issued]) -> usize {
    let mut work = world.instance.read();
    let person = accounts::find(&mut work, &user.id).await.unwrap().unwrap();
    let holdings = held(world, user).await;
    assert_eq!(
        access::holdings_of(&mut work, user.id.as_str()).await.unwrap().places,
        holdings.places
    );
    let own = access::effective(&holdings, None);
    let client = clients::find(&mut work, "app").await.unwrap().unwrap();
    let mut alive = 0;
    for token in issued {
        let live = tokens::find_live(&mut work, &token.text, world.clock.now()).await.unwrap();
        let Some(live) = live else { continue };
        alive += 1;
        assert!(person.status == accounts::Status::Active && client.enabled);
        let meaning = tokens::meaning(&mut work, &live).await.unwrap();
        assert!(meaning.rights.instance.is_subset(&own.instance));
        assert!(meaning.rights.organizations.is_empty());
        let named: BTreeSet<&String> = meaning.teams.iter().map(|team| &team.id).collect();
        assert!(meaning.rights.teams.keys().all(|id| named.contains(id)));
        for team in &meaning.teams {
            assert!(token.teams.contains(&team.id), "a team that was not consented");
            assert!(client.reaches(&team.id, &team.organization), "a team off the client's list");
            assert!(holdings.belongs_to(&team.id, &team.organization), "a team that was left");
            for permission in &team.permissions {
                assert!(own.in_team(permission, &team.id, &team.organization), "{permission}");
            }
        }
        let effective =
            meaning.rights.instance.iter().chain(meaning.rights.teams.values().flatten());
        for permission in effective {
            let writes = definition(permission).unwrap().effect == Effect::Write;
            let by_all = if writes { "as_user:write" } else { "as_user:read" };
            assert!(!writes || client.access == access::Access::Full, "{permission}");
            assert!(token.scopes.contains(by_all) || token.scopes.contains(permission));
        }
    }
    alive
}

#[test]
fn a_tokens_rights_are_a_subset_of_the_persons_at_every_moment() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config =
        ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() };
    let alive = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&steps(), |steps| {
            runtime.block_on(async {
                for world in worlds().await {
                    let places = places(&world).await;
                    let none = json!({"organizations": [], "teams": []});
                    client(&world, "app", "read_only", none).await;
                    let user = world.person("ada@example.com").await;
                    let mut work = world.work().await;
                    let new = NewRole { name: "Custom".into(), ..NewRole::default() };
                    let custom =
                        roles::create(&mut work, &world.call(), &may(), new).await.unwrap();
                    work.commit().await.unwrap();
                    let around = (&places, custom.role.id.as_str());
                    let mut issued = Vec::new();
                    for step in &steps {
                        happen(&world, &user, around, step, &mut issued).await;
                        alive.set(alive.get() + hold(&world, &user, &issued).await);
                    }
                }
            });
            Ok(())
        })
        .unwrap();
    assert!(alive.get() > 0, "no token was ever alive: nothing was tested");
}
