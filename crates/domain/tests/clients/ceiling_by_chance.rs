//! Whoever the ceiling lets through holds, in every place, all that the client's own token can do:
//! with roles, places, scopes, presets and restrictions drawn by chance.

use domain::access::{self, Authority, Place, Rights};
use domain::roles::{self, NewRole};
use domain::tokens::{self, Own};
use domain::{Actor, clients, resources};
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{create, service, with};

/// What roles and scopes are drawn from; the last is defined by a role of ours.
const PERMISSIONS: [&str; 4] = ["user:read", "user:update", "audit:read", "orders:write"];
const ROUNDS: u64 = 120;

/// Numbers that are the same at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn some<'a>(&mut self, from: &[&'a str]) -> Vec<&'a str> {
        from.iter().copied().filter(|_| self.roll(2) == 0).collect()
    }
}

struct World {
    organizations: [String; 2],
    /// Each with the organization it belongs to.
    teams: [(String, String); 3],
    /// Each allows one of the permissions.
    roles: Vec<String>,
}

impl World {
    async fn new(house: &House) -> Self {
        let organizations = [house.organization("One").await, house.organization("Two").await];
        let [one, two] = &organizations;
        let teams = [
            (house.team(one, "A").await, one.clone()),
            (house.team(one, "B").await, one.clone()),
            (house.team(two, "C").await, two.clone()),
        ];
        let mut work = house.begin().await;
        let scope = domain::scopes::NewScope {
            name: "orders:write".into(),
            kind: domain::scopes::ScopeKind::Write,
            description: "Change orders".into(),
            resource: None,
        };
        domain::scopes::create(&mut work, &house.call(), &house.may(), scope).await.unwrap();
        let mut ids = Vec::new();
        for name in PERMISSIONS {
            let new = NewRole {
                name: name.into(),
                description: String::new(),
                permissions: vec![name.into()],
            };
            let made = roles::create(&mut work, &house.call(), &house.may(), new).await.unwrap();
            ids.push(made.role.id);
        }
        work.commit().await.unwrap();
        Self { organizations, teams, roles: ids }
    }

    fn place(&self, dice: &mut Dice) -> Place {
        match dice.roll(7) {
            0 => Place::Instance,
            n @ 1..=2 => Place::Organization(self.organizations[n - 1].clone()),
            n => Place::Team(self.teams[n % 3].0.clone()),
        }
    }

    /// Somebody who may rotate secrets in the first organization, and some things here and there.
    fn actor(&self, dice: &mut Dice) -> Authority {
        let mut rights = Rights::default();
        let rotates = || "oauth_client:rotate".to_owned();
        match dice.roll(3) {
            0 => rights.instance.insert(rotates()),
            _ => rights
                .organizations
                .entry(self.organizations[0].clone())
                .or_default()
                .insert(rotates()),
        };
        for permission in PERMISSIONS {
            for _ in 0..dice.roll(4) {
                let held = match self.place(dice) {
                    Place::Instance => &mut rights.instance,
                    Place::Organization(id) => rights.organizations.entry(id).or_default(),
                    Place::Team(id) => rights.teams.entry(id).or_default(),
                };
                held.insert(permission.into());
            }
        }
        Authority::new(Actor::operator("somebody"), rights)
    }

    /// A client of the first organization, or of the instance, bound here and there.
    async fn client(&self, house: &House, dice: &mut Dice, n: u64) -> String {
        let id = format!("client-{n}");
        let teams: Vec<&str> = self.teams[..2]
            .iter()
            .filter(|_| dice.roll(4) == 0)
            .map(|(id, _)| id.as_str())
            .collect();
        let mut draft = with(
            service(&id),
            json!({
                "client_id": id, "scopes": dice.some(&PERMISSIONS), "access": "full",
                "team_restrictions": { "teams": teams },
            }),
        );
        if dice.roll(4) != 0 {
            draft["organization"] = json!(self.organizations[0]);
        }
        create(house, draft).await.unwrap();
        let mut work = house.begin().await;
        for role in &self.roles {
            if dice.roll(2) == 0 {
                let place = self.place(dice);
                access::bind(&mut work, house.clock.now(), &id, role, &place).await.unwrap();
            }
        }
        work.commit().await.unwrap();
        id
    }
}

/// What a token that the client gets now may do.
async fn rights_of_token(house: &House, id: &str) -> Rights {
    let mut work = house.read();
    let client = clients::find(&mut work, id).await.unwrap().unwrap();
    let audience = [resources::API.to_owned()];
    let issued =
        tokens::issue_own(&house.instance, &house.call(), &client, (&client.scopes, &audience))
            .await;
    let Own::Issued(token) = issued.unwrap() else { panic!("no token") };
    let live = tokens::find_live(&mut work, token.text.reveal(), house.clock.now())
        .await
        .unwrap()
        .unwrap();
    let meaning = tokens::meaning(&mut work, &live).await.unwrap();
    meaning.rights
}

async fn takes_over(house: &House, actor: &Authority, id: &str) -> bool {
    let mut work = house.begin().await;
    let rotation = clients::secrets::Rotation { confirm_name: id.into(), ..Default::default() };
    let call = house.call_of(actor.actor.clone());
    let rotated =
        clients::secrets::rotate(&mut work, &call, &actor.may().unwrap(), id, rotation).await;
    rotated.is_ok()
}

#[tokio::test]
async fn refuses_everybody_who_lacks_anything_the_clients_token_can_do_anywhere() {
    for house in instances().await {
        let world = World::new(&house).await;
        let mut dice = Dice(20_270_115);
        let (mut passed, mut refused) = (0, 0);
        for n in 0..ROUNDS {
            let id = world.client(&house, &mut dice, n).await;
            let rights = rights_of_token(&house, &id).await;
            for _ in 0..3 {
                let actor = world.actor(&mut dice);
                if !takes_over(&house, &actor, &id).await {
                    refused += 1;
                    continue;
                }
                passed += 1;
                for permission in PERMISSIONS {
                    for (team, home) in &world.teams {
                        let reached = rights.in_team(permission, team, home);
                        let held = actor.rights.in_team(permission, team, home);
                        assert!(
                            held || !reached,
                            "{permission} in {team} of {home} by {id}: {actor:?}"
                        );
                    }
                    assert!(
                        !rights.everywhere(permission) || actor.rights.everywhere(permission),
                        "{permission} by {id}"
                    );
                }
            }
        }
        assert!(
            passed > 20 && refused > 100,
            "{passed} passed, {refused} refused on {}",
            house.engine()
        );
    }
}
