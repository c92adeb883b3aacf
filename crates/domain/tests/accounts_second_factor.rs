//! Second factors: a code besides the password, set up by oneself or because a policy asks for it.
#![expect(clippy::unwrap_used, reason = "a test that cannot have its cast has failed")]

mod people;

use domain::accounts::policies::{self, Access, Draft, SecondFactor, SignOnProfile, Subjects};
use domain::accounts::second_factor::{self, Enrolment, RecoveryCodes};
use domain::accounts::{self, Amr, Demand, PasswordProof, User};
use domain::sessions::{self, SignIn};
use domain::{Call, Plain, Refusal};
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
            second_factor: SecondFactor::Required,
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
            assert_ne!(word(&world.prove(&one, &bob, typed).await), "in", "{typed:?}");
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
        let above = match authority.may() {
            Ok(may) => second_factor::reset(&mut work, &world.call(), &may, &root.id).await,
            Err(refusal) => Err(refusal),
        };
        assert!(matches!(above, Err(Refusal::Forbidden { .. })), "{above:?}");
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
