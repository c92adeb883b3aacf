//! Second factors: a code besides the password, set up by oneself or because a policy asks for it.
#![expect(clippy::unwrap_used, reason = "a test that cannot have its cast has failed")]

mod people;

use std::sync::Arc;

use domain::accounts::policies::{self, Access, Draft, Requirement, SignOnProfile, Subjects};
use domain::accounts::second_factor::{self, Enrolment, RecoveryCodes};
use domain::accounts::{self, Amr, Authentication, Demand, NetworksPatch, PasswordProof, User};
use domain::sessions::{self, SignIn};
use domain::{Actor, Call, Chance, Instance, MasterKeys, Opening, Plain, Policy, Refusal};
use people::{FIREFOX, PASSWORD, World, may, worlds};
use totp_rs::{Builder, Secret, Totp};

/// An app for codes, which read the key of an enrolment.
struct Phone(Totp);

impl Phone {
    fn reading(enrolment: &Enrolment) -> Self {
        let secret = Secret::try_from_base32(enrolment.key().replace(' ', "")).unwrap();
        Self(Builder::new().with_secret(secret.as_ref().to_vec()).build().unwrap())
    }

    /// The code that it shows now.
    fn code(&self, world: &World) -> String {
        self.0.generate(world.clock.now().unsigned_abs()).to_string()
    }
}

/// What came of it, in a word.
fn word(outcome: &SignIn) -> String {
    match outcome {
        SignIn::Done { session, recovery_codes, .. } => {
            let codes = recovery_codes.as_ref().map_or(0, |codes| codes.spelled().len());
            format!("in by {}, {codes} recovery codes", session.amr.values().join(" "))
        }
        SignIn::SecondFactor(proof) => format!("asked for {:?}", proof.demand()),
        SignIn::Throttled { retry_after } => format!("wait {retry_after}"),
        other => format!("{other:?}"),
    }
}

impl World {
    /// Somebody who has set a second factor up, a minute ago.
    async fn person_with_factor(&self, email: &str) -> (User, Phone, RecoveryCodes) {
        let user = self.person(email).await;
        let password = Plain::new(PASSWORD);
        let (instance, call) = (&self.instance, self.call());
        let begun = second_factor::begin(instance, &call, &user.id, &password).await.unwrap();
        let phone = Phone::reading(&begun);
        let code = phone.code(self);
        let codes = second_factor::confirm(instance, &call, (&user.id, begun), &code).await;
        self.clock.step(60);
        (user, phone, codes.unwrap())
    }

    /// The proof of the password of somebody who is asked for more.
    async fn proof(&self, call: &Call, email: &str) -> PasswordProof {
        match self.sign_in(call, email, PASSWORD).await {
            SignIn::SecondFactor(proof) => proof,
            other => panic!("{other:?}"),
        }
    }

    async fn prove(&self, call: &Call, proof: &PasswordProof, code: &str) -> SignIn {
        sessions::prove_second_factor(&self.instance, call, proof, code, FIREFOX).await.unwrap()
    }

    /// A policy for these people that asks for a second factor.
    async fn requires(&self, users: &[&User]) {
        let assigned_to = Subjects {
            users: users.iter().map(|user| user.id.to_string()).collect(),
            ..Subjects::default()
        };
        let draft = Draft {
            name: "Codes".into(),
            description: String::new(),
            priority: 500,
            access: Access::Allow,
            sign_on_profile: SignOnProfile::Local,
            second_factor: Requirement::Required,
            session_lifetime: None,
            session_idle_lifetime: None,
            assigned_to,
        };
        let mut work = self.work().await;
        policies::create(&mut work, &self.call(), &may(), draft).await.unwrap();
        work.commit().await.unwrap();
    }
}

#[tokio::test]
async fn whoever_set_one_up_is_asked_for_a_code_and_each_is_good_once() {
    for world in worlds().await {
        let (_, phone, _) = world.person_with_factor("ann@example.com").await;
        let call = world.call();

        let proof = world.proof(&call, "ann@example.com").await;
        assert_eq!(proof.demand(), Demand::Code);
        let code = phone.code(&world);
        let there = world.prove(&call, &proof, &code).await;
        assert_eq!(word(&there), "in by pwd otp mfa, 0 recovery codes");

        let again = world.prove(&call, &proof, &code).await;
        assert_eq!(word(&again), "WrongCode", "the same code");
        world.clock.step(30);
        let spaced = format!(" {} {} ", &phone.code(&world)[..3], &phone.code(&world)[3..]);
        let next = world.prove(&call, &proof, &spaced).await;
        assert_eq!(word(&next), "in by pwd otp mfa, 0 recovery codes", "the next one");
    }
}

#[tokio::test]
async fn of_many_at_once_with_one_code_one_comes_in() {
    for world in worlds().await {
        let (_, phone, codes) = world.person_with_factor("ann@example.com").await;
        let call = world.call();
        let proof = world.proof(&call, "ann@example.com").await;
        for code in [phone.code(&world), codes.spelled()[0].to_owned()] {
            let tries: Vec<_> = (0..4)
                .map(|_| {
                    let (instance, call) = (world.instance.clone(), call.clone());
                    let (proof, code) = (proof.clone(), code.clone());
                    tokio::spawn(async move {
                        sessions::prove_second_factor(&instance, &call, &proof, &code, FIREFOX)
                            .await
                            .unwrap()
                    })
                })
                .collect();
            let mut came_in = 0;
            for one in tries {
                came_in += usize::from(matches!(one.await.unwrap(), SignIn::Done { .. }));
            }
            assert_eq!(came_in, 1);
        }
    }
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_is_told() {
    for world in worlds().await {
        let (user, _, codes) = world.person_with_factor("ann@example.com").await;
        let codes = codes.spelled();
        assert_eq!(codes.len(), 10);
        let call = world.call();
        let proof = world.proof(&call, "ann@example.com").await;
        for typed in [codes[3].to_owned(), codes[4].replace(' ', "-"), codes[5].replace(' ', "")] {
            let there = world.prove(&call, &proof, &typed).await;
            assert_eq!(word(&there), "in by pwd otp mfa, 0 recovery codes", "{typed}");
            assert_eq!(word(&world.prove(&call, &proof, &typed).await), "WrongCode", "again");
        }
        let held = second_factor::find(&mut world.work().await, &user.id).await.unwrap().unwrap();
        assert_eq!(held.recovery_codes, 7);
        let told = world.actions().await;
        assert_eq!(told.iter().filter(|it| *it == "user.recovery_code_used").count(), 3);
    }
}

#[tokio::test]
async fn a_code_of_somebody_else_is_no_code() {
    for world in worlds().await {
        let (_, _, codes) = world.person_with_factor("ann@example.com").await;
        let (_, phone, _) = world.person_with_factor("bob@example.com").await;
        let call = world.call();
        let proof = world.proof(&call, "ann@example.com").await;
        assert_eq!(word(&world.prove(&call, &proof, &phone.code(&world)).await), "WrongCode");
        let bob = world.proof(&call, "bob@example.com").await;
        assert_eq!(word(&world.prove(&call, &bob, codes.spelled()[0]).await), "WrongCode");
        for typed in ["", " ", "abcdef", "12345", "1234567", "1234 5678 901x", "'; --"] {
            let one = world.call_from("198.51.100.7");
            let outcome = word(&world.prove(&one, &bob, typed).await);
            assert!(outcome == "WrongCode" || outcome.starts_with("wait"), "{typed:?}: {outcome}");
        }
    }
}

#[tokio::test]
async fn k02_wrong_codes_wait_longer_and_longer_and_the_owner_still_comes_in() {
    for world in worlds().await {
        let (_, phone, _) = world.person_with_factor("ann@example.com").await;
        let home = world.call();
        let proof = world.proof(&home, "ann@example.com").await;
        let there = world.prove(&home, &proof, &phone.code(&world)).await;
        assert!(word(&there).starts_with("in"));

        // Somebody who stole the password.
        let thief = world.call_from("203.0.113.9");
        let proof = world.proof(&thief, "ann@example.com").await;
        let (mut wrong, mut waits) = (0, Vec::new());
        for _ in 0..200 {
            match world.prove(&thief, &proof, "000000").await {
                SignIn::WrongCode => wrong += 1,
                SignIn::Throttled { retry_after } => {
                    waits.push(retry_after);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((wrong, waits), (6, vec![1]));
        let elsewhere = world.call_from("198.51.100.1");
        let from_elsewhere = world.prove(&elsewhere, &proof, "000000").await;
        assert_eq!(word(&from_elsewhere), "wait 1", "another address counts with it");

        world.clock.step(30);
        let proof = world.proof(&world.call(), "ann@example.com").await;
        let owner = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&owner), "in by pwd otp mfa, 0 recovery codes");

        // What the owner proves at an address that is new takes back the owner's own try alone.
        world.clock.step(30);
        let travel = world.call_from("198.51.100.44");
        let proof = world.proof(&travel, "ann@example.com").await;
        let owner = world.prove(&travel, &proof, &phone.code(&world)).await;
        assert_eq!(word(&owner), "in by pwd otp mfa, 0 recovery codes");
        world.clock.step(1);
        let thief = world.call_from("203.0.113.9");
        let proof = world.proof(&thief, "ann@example.com").await;
        assert_eq!(word(&world.prove(&thief, &proof, "000000").await), "WrongCode");
        assert_eq!(word(&world.prove(&thief, &proof, "000000").await), "wait 2", "no fresh ladder");
    }
}

#[tokio::test]
async fn k02_whoever_set_one_up_is_known_where_they_did_and_a_reset_begins_anew() {
    for world in worlds().await {
        let (ann, phone, _) = world.person_with_factor("ann@example.com").await;
        let thief = world.call_from("203.0.113.9");
        let proof = world.proof(&thief, "ann@example.com").await;
        for _ in 0..6 {
            world.prove(&thief, &proof, "000000").await;
        }
        assert_eq!(word(&world.prove(&thief, &proof, "000000").await), "wait 1");
        let proof = world.proof(&world.call(), "ann@example.com").await;
        let owner = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&owner), "in by pwd otp mfa, 0 recovery codes", "the first code, at home");

        let mut work = world.work().await;
        second_factor::reset(&mut work, &world.call(), &may(), &ann.id).await.unwrap();
        work.commit().await.unwrap();
        world.requires(&[&ann]).await;
        let travel = world.call_from("198.51.100.44");
        let proof = world.proof(&travel, "ann@example.com").await;
        assert_eq!(proof.demand(), Demand::Enrolment);
    }
}

#[tokio::test]
async fn a_code_of_the_device_before_opens_nothing_once_another_is_in_its_place() {
    for world in worlds().await {
        let (ann, phone, _) = world.person_with_factor("ann@example.com").await;
        let (instance, call) = (&world.instance, world.call());
        let proof = world.proof(&call, "ann@example.com").await;
        let begun = Plain::new(phone.code(&world));
        let begun = second_factor::begin(instance, &call, &ann.id, &begun).await.unwrap();
        world.clock.step(30);
        // Looked at before, used after the replacement.
        let call = world.call();
        let code = phone.code(&world);
        let looked_at = accounts::prove_second_factor(instance, &call, &proof, &code).await;
        let Ok(Authentication::Right(verified)) = looked_at else { panic!("{looked_at:?}") };
        let other = Phone::reading(&begun);
        let earlier = other.0.generate((world.clock.now() - 30).unsigned_abs()).to_string();
        second_factor::confirm(instance, &call, (&ann.id, begun), &earlier).await.unwrap();
        let mut work = world.work().await;
        assert!(accounts::settle(&mut work, &call, &verified).await.unwrap().is_none());
        drop(work);
        let proof = world.proof(&call, "ann@example.com").await;
        let dead = world.prove(&call, &proof, &phone.code(&world)).await;
        assert_eq!(word(&dead), "WrongCode", "the lost one stays lost");
        let alive = world.prove(&call, &proof, &other.code(&world)).await;
        assert_eq!(word(&alive), "in by pwd otp mfa, 0 recovery codes", "the new one works");
    }
}

#[tokio::test]
async fn who_is_between_password_and_session_when_one_is_set_up_begins_again() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (instance, call, password) = (&world.instance, world.call(), Plain::new(PASSWORD));
        let right = accounts::authenticate(instance, &call, "ann@example.com", &password).await;
        let Ok(Authentication::Right(verified)) = right else { panic!("{right:?}") };
        let begun = second_factor::begin(instance, &call, &ann.id, &password).await.unwrap();
        let code = Phone::reading(&begun).code(&world);
        second_factor::confirm(instance, &call, (&ann.id, begun), &code).await.unwrap();
        let mut work = world.work().await;
        assert!(accounts::settle(&mut work, &call, &verified).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn addresses_and_policies_count_at_the_second_step_too() {
    for world in worlds().await {
        let (ann, phone, _) = world.person_with_factor("ann@example.com").await;
        let proof = world.proof(&world.call(), "ann@example.com").await;
        let lines = Some(vec!["10.0.0.0/8".to_owned()]);
        let networks = NetworksPatch { trusted_ips: lines, mode: None };
        let set = async |patch: &NetworksPatch| {
            let mut work = world.work().await;
            let about = (&ann.id, patch);
            accounts::set_networks(&mut work, &world.call(), &may(), about).await.unwrap();
            work.commit().await.unwrap();
        };
        set(&networks).await;
        let code = phone.code(&world);
        assert_eq!(word(&world.prove(&world.call(), &proof, &code).await), "ForeignAddress");
        set(&NetworksPatch { trusted_ips: Some(Vec::new()), mode: None }).await;
        let draft = Draft {
            name: "Ashore".into(),
            description: String::new(),
            priority: 9,
            access: Access::Deny,
            sign_on_profile: SignOnProfile::Local,
            second_factor: Requirement::Optional,
            session_lifetime: None,
            session_idle_lifetime: None,
            assigned_to: Subjects { users: vec![ann.id.to_string()], ..Subjects::default() },
        };
        let mut work = world.work().await;
        policies::create(&mut work, &world.call(), &may(), draft).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(word(&world.prove(&world.call(), &proof, &code).await), "Denied");
    }
}

#[tokio::test]
async fn an_old_master_key_is_not_needed_once_a_code_was_used_under_the_new_one() {
    for world in worlds().await {
        let (_, phone, codes) = world.person_with_factor("ann@example.com").await;
        // The key of the fixture, which is drawn from a seed.
        let (_, old) = MasterKeys::generate(&Chance::seeded(7)).unwrap();
        let (_, new) = MasterKeys::generate(&Chance::System).unwrap();
        let under = async |keys: &str| {
            let opening = Opening {
                database: world.database.uri().to_owned(),
                master_keys: MasterKeys::parse(keys).unwrap(),
                issuer: "https://id.example".into(),
                policy: Policy::default(),
                clock: world.clock.clone(),
                chance: Chance::System,
            };
            Instance::open(opening).await.unwrap()
        };
        let enter = async |instance: &Arc<Instance>, code: &str| {
            let (call, password) = (world.call(), Plain::new(PASSWORD));
            let asked =
                sessions::sign_in(instance, &call, "ann@example.com", &password, FIREFOX).await;
            let Ok(SignIn::SecondFactor(proof)) = asked else { panic!("{asked:?}") };
            sessions::prove_second_factor(instance, &call, &proof, code, FIREFOX).await.unwrap()
        };
        let both = under(&format!("{new},{old}")).await;
        let there = enter(&both, &phone.code(&world)).await;
        assert_eq!(word(&there), "in by pwd otp mfa, 0 recovery codes");
        world.clock.step(30);
        let alone = under(&new).await;
        for code in [phone.code(&world).as_str(), codes.spelled()[7]] {
            let there = enter(&alone, code).await;
            assert_eq!(word(&there), "in by pwd otp mfa, 0 recovery codes", "{code}");
        }
    }
}

#[tokio::test]
async fn a_proof_of_the_password_ends_with_ten_minutes_another_password_and_the_account() {
    for world in worlds().await {
        let (ann, phone, _) = world.person_with_factor("ann@example.com").await;
        let proof = world.proof(&world.call(), "ann@example.com").await;
        world.clock.step(601);
        let late = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&late), "Refused");

        let proof = world.proof(&world.call(), "ann@example.com").await;
        let (old, new) = (Plain::new(PASSWORD), Plain::new("another password of some length"));
        let call = world.call();
        let changed = accounts::replace_password(&world.instance, &call, &ann.id, &old, &new).await;
        let mut work = world.work().await;
        changed.unwrap().store(&mut work, &world.call()).await.unwrap();
        work.commit().await.unwrap();
        let changed = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&changed), "Refused", "another password");

        let proof = match world.sign_in(&world.call(), "ann@example.com", new.reveal()).await {
            SignIn::SecondFactor(proof) => proof,
            other => panic!("{other:?}"),
        };
        let mut work = world.work().await;
        accounts::disable(&mut work, &world.call(), &may(), &ann.id, None).await.unwrap();
        work.commit().await.unwrap();
        let disabled = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&disabled), "Refused");
        let mut work = world.work().await;
        accounts::enable(&mut work, &world.call(), &may(), &ann.id, None).await.unwrap();
        work.commit().await.unwrap();
        let enabled = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&enabled), "Refused", "what ended stays ended");
    }
}

#[tokio::test]
async fn the36_a_policy_asks_for_a_second_factor_and_it_is_set_up_while_signing_in() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        world.person("bob@example.com").await;
        world.requires(&[&ann]).await;
        let call = world.call();

        let free = world.sign_in(&call, "bob@example.com", PASSWORD).await;
        assert_eq!(word(&free), "in by pwd, 0 recovery codes");
        let proof = world.proof(&call, "ann@example.com").await;
        assert_eq!(proof.demand(), Demand::Enrolment);
        // No code helps without one to be set up.
        let skipped = world.prove(&call, &proof, "123456").await;
        assert_eq!(word(&skipped), "asked for Enrolment");

        let new = proof.enrolment(&world.instance).unwrap();
        let phone = Phone::reading(&new);
        let set_up = async |new: Enrolment, code: &str| {
            let both = (&proof, new);
            sessions::set_up_second_factor(&world.instance, &call, both, code, FIREFOX)
                .await
                .unwrap()
        };
        assert_eq!(word(&set_up(new.clone(), "000000").await), "WrongCode");
        let code = phone.code(&world);
        let there = set_up(new.clone(), &code).await;
        assert_eq!(word(&there), "in by pwd otp mfa, 10 recovery codes");
        // A second tab has the same page open.
        assert_eq!(word(&set_up(new, &code).await), "asked for Code");

        world.clock.step(30);
        let proof = world.proof(&call, "ann@example.com").await;
        assert_eq!(proof.demand(), Demand::Code);
        let again = world.prove(&call, &proof, &phone.code(&world)).await;
        assert_eq!(word(&again), "in by pwd otp mfa, 0 recovery codes");
        let code = Plain::new(phone.code(&world));
        let kept = second_factor::remove(&world.instance, &call, &ann.id, &code).await;
        assert!(matches!(kept, Err(Refusal::Conflict { .. })), "{kept:?}");
    }
}

#[tokio::test]
async fn an_enrolment_of_somebody_else_sets_nothing_up() {
    for world in worlds().await {
        let (ann, bob) = (world.person("a@example.com").await, world.person("b@example.com").await);
        world.requires(&[&ann, &bob]).await;
        let call = world.call();
        let of_bob = world.proof(&call, "b@example.com").await.enrolment(&world.instance).unwrap();
        let code = Phone::reading(&of_bob).code(&world);
        let proof = world.proof(&call, "a@example.com").await;
        let mixed = sessions::set_up_second_factor(
            &world.instance,
            &call,
            (&proof, of_bob.clone()),
            &code,
            FIREFOX,
        );
        assert_eq!(word(&mixed.await.unwrap()), "WrongCode");
        let mine = second_factor::confirm(&world.instance, &call, (&ann.id, of_bob), &code).await;
        assert!(matches!(mine, Err(Refusal::Invalid(_))), "{mine:?}");
        assert!(second_factor::find(&mut world.work().await, &ann.id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn whoever_is_signed_in_proves_themselves_once_more_for_each_change() {
    for world in worlds().await {
        let ann = world.person("ann@example.com").await;
        let (instance, call) = (&world.instance, world.call());
        let wrong = Plain::new("not the password at all");
        let refused = second_factor::begin(instance, &call, &ann.id, &wrong).await;
        assert_eq!(refused.unwrap_err().to_string(), "password: This is not your password.");

        let (bob, phone, before) = world.person_with_factor("bob@example.com").await;
        let refused = second_factor::begin(instance, &call, &bob.id, &Plain::new(PASSWORD)).await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "code: This is not a code of yours, or it was used already."
        );

        let code = Plain::new(phone.code(&world));
        let call = world.call();
        let renew = async |code: &Plain| {
            second_factor::renew_recovery_codes(instance, &call, &bob.id, code).await
        };
        let fresh = renew(&code).await.unwrap();
        assert!(renew(&code).await.is_err(), "the same code");
        let old = renew(&Plain::new(before.spelled()[0])).await;
        assert!(old.is_err(), "the codes from before end");

        let code = Plain::new(fresh.spelled()[0]);
        world.clock.step(60);
        let begun = second_factor::begin(instance, &world.call(), &bob.id, &code).await.unwrap();
        let other = Phone::reading(&begun);
        let code = other.code(&world);
        let call = world.call();
        let confirm = async |it: Enrolment| {
            second_factor::confirm(instance, &call, (&bob.id, it), &code).await
        };
        confirm(begun.clone()).await.unwrap();
        let twice = confirm(begun).await;
        assert_eq!(
            twice.unwrap_err().to_string(),
            "Your second factor was changed elsewhere at this moment. Begin again."
        );
        world.clock.step(60);
        let proof = world.proof(&world.call(), "bob@example.com").await;
        let dead = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        assert_eq!(word(&dead), "WrongCode", "the device from before");

        let code = Plain::new(other.code(&world));
        second_factor::remove(instance, &world.call(), &bob.id, &code).await.unwrap();
        let there = world.sign_in(&world.call(), "bob@example.com", PASSWORD).await;
        assert_eq!(word(&there), "in by pwd, 0 recovery codes");
        let told: Vec<_> =
            world.actions().await.into_iter().filter(|it| it.contains("second_factor")).collect();
        for action in [
            "user.second_factor_added",
            "user.second_factor_refused",
            "user.second_factor_replaced",
            "user.second_factor_removed",
        ] {
            assert!(told.contains(&action.to_owned()), "{action}: {told:?}");
        }
        assert!(world.actions().await.contains(&"user.recovery_codes_renewed".to_owned()));
        assert!(world.actions().await.contains(&"user.second_factor_asked".to_owned()));
    }
}

#[tokio::test]
async fn an_administrator_resets_what_was_lost_and_nobody_below_the_person_does() {
    for world in worlds().await {
        let (ann, _, _) = world.person_with_factor("ann@example.com").await;
        let root = world.person("root@example.com").await;
        let everywhere = domain::access::Place::Instance;
        world.bind(&root, domain::access::PLATFORM_ADMINISTRATOR, everywhere.clone()).await;
        let helper = world.person("helper@example.com").await;
        world.bind(&helper, domain::access::SECURITY_ADMINISTRATOR, everywhere).await;

        let authority = world.authority(&helper).await;
        let mut work = world.work().await;
        let reset = second_factor::reset(&mut work, &world.call(), &may(), &ann.id).await;
        assert!(reset.is_ok(), "{reset:?}");
        let none = second_factor::reset(&mut work, &world.call(), &may(), &ann.id).await;
        assert_eq!(none.unwrap_err().to_string(), "They have no second factor.");
        work.commit().await.unwrap();
        let there = world.sign_in(&world.call(), "ann@example.com", PASSWORD).await;
        assert_eq!(word(&there), "in by pwd, 0 recovery codes");

        let mut work = world.work().await;
        let may = authority.may().unwrap();
        let above = second_factor::reset(&mut work, &world.call(), &may, &root.id).await;
        assert!(matches!(above, Err(Refusal::Forbidden { .. })), "{above:?}");
        let oneself = world.call().by(Actor::user(helper.id.clone()));
        let own = second_factor::reset(&mut work, &oneself, &may, &helper.id).await;
        let why =
            "This is you. Change your second factor on the page of your account, with a code.";
        assert_eq!(own.unwrap_err().to_string(), why);
    }
}

#[tokio::test]
async fn a_session_tells_by_what_it_was_begun() {
    for world in worlds().await {
        let (_, phone, _) = world.person_with_factor("ann@example.com").await;
        let proof = world.proof(&world.call(), "ann@example.com").await;
        let SignIn::Done { cookie, .. } =
            world.prove(&world.call(), &proof, &phone.code(&world)).await
        else {
            panic!("not signed in");
        };
        let (session, user) = world.resumed(&cookie).await.unwrap();
        assert_eq!(session.amr, Amr::SecondFactor);
        assert!(user.has_second_factor);
        let trail = world.trail().await;
        let told = trail.iter().rfind(|event| event.action == "user.signed_in").unwrap();
        let [change] = &told.changes[..] else { panic!("{:?}", told.changes) };
        assert_eq!((change.field.as_str(), &change.after), ("amr", &"pwd otp mfa".into()));
    }
}

#[tokio::test]
async fn another_password_is_no_fresh_proof_of_two_things() {
    for world in worlds().await {
        let (_, phone, _) = world.person_with_factor("ann@example.com").await;
        let proof = world.proof(&world.call(), "ann@example.com").await;
        let there = world.prove(&world.call(), &proof, &phone.code(&world)).await;
        let SignIn::Done { session, cookie, .. } = there else { panic!("{there:?}") };
        world.person("bob@example.com").await;
        let (of_bob, cookie_of_bob) = world.signed_in("bob@example.com").await;
        world.clock.step(300);
        let (old, new) = (Plain::new(PASSWORD), Plain::new("another password of some length"));
        for it in [&session, &of_bob] {
            sessions::change_password(&world.instance, &world.call(), it, &old, &new)
                .await
                .unwrap();
        }
        let (after, _) = world.resumed(&cookie).await.unwrap();
        assert_eq!(
            (after.amr, after.authenticated_at),
            (Amr::SecondFactor, session.authenticated_at)
        );
        let (after, _) = world.resumed(&cookie_of_bob).await.unwrap();
        assert_eq!(after.authenticated_at, world.clock.now(), "the password is all there was");
    }
}
