//! Secrets: shown once, several alive, retired now or later, and what a late use tells.

use domain::access::RotateSecrets;
use domain::clients::secrets::{self, Rotation, Secret, State, Verdict};
use domain::{Refusal, ShownOnce, clients};
use serde_json::json;

use crate::fixture::{House, instances};
use crate::{audited, create, said, web, with};

const DAY: i64 = 86_400;

async fn rotate(house: &House, id: &str, rotation: Rotation) -> Result<ShownOnce<Secret>, Refusal> {
    let mut work = house.begin().await;
    let made =
        secrets::rotate(&mut work, &house.call(), &house.may::<RotateSecrets>(), id, rotation)
            .await?;
    work.commit().await?;
    Ok(made)
}

fn of_app() -> Rotation {
    Rotation { confirm_name: "App".into(), ..Rotation::default() }
}

async fn verdict(house: &House, id: &str, secret: &str) -> Verdict {
    let mut work = house.read();
    let client = clients::find(&mut work, id).await.unwrap().unwrap();
    secrets::verify(&work, &client, secret, house.clock.now())
}

async fn is_alive(house: &House, id: &str, secret: &str) -> bool {
    matches!(verdict(house, id, secret).await, Verdict::Living { .. })
}

#[tokio::test]
async fn a_secret_has_its_prefix_its_checksum_and_is_kept_as_a_hash_only() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let (id, secret) = (made.object.id.as_str(), made.secret.unwrap());
        let secret = secret.reveal();
        assert_eq!((secret.len(), &secret[..4]), (52, "mcs_"));
        assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        assert!(is_alive(&house, id, secret).await);
        let listed = secrets::list(&mut house.read(), &house.may(), id).await.unwrap();
        assert_eq!(listed[0].hint, format!("mcs_…{}", &secret[48..]));
        assert!(!format!("{:?} {listed:?}", made.object).contains(&secret[4..20]));
    }
}

#[tokio::test]
async fn refuses_every_secret_but_the_clients_own() {
    let house = instances().await.remove(0);
    let made = create(&house, web("App")).await.unwrap();
    let other = create(&house, web("Other")).await.unwrap();
    let (id, secret) = (made.object.id.as_str(), made.secret.unwrap().reveal().to_owned());
    let mut mistyped = secret.clone();
    let last = if mistyped.pop() == Some('A') { 'B' } else { 'A' };
    mistyped.push(last);
    let wrong = [
        "",
        " ",
        "mcs_",
        &mistyped,
        &secret[..51],
        other.secret.as_ref().unwrap().reveal(),
        &format!("{secret} "),
    ];
    for candidate in wrong {
        assert_eq!(verdict(&house, id, candidate).await, Verdict::Wrong, "{candidate:?}");
    }
}

#[tokio::test]
async fn adds_a_secret_beside_the_others_unless_told_otherwise() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let (id, first) = (made.object.id.as_str(), made.secret.unwrap());
        let second = rotate(&house, id, Rotation { label: "CI".into(), ..of_app() }).await.unwrap();
        assert!(is_alive(&house, id, first.reveal()).await);
        assert!(is_alive(&house, id, second.secret.unwrap().reveal()).await);
        assert_eq!(second.object.label, "CI");
        let client = clients::find(&mut house.read(), id).await.unwrap().unwrap();
        assert_eq!(client.epoch, made.object.epoch, "its tokens live on");
        assert_eq!(audited(&house, id).await, ["client.created", "client.secret_rotated"]);
    }
}

#[tokio::test]
async fn retires_the_previous_after_the_time_that_was_said() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let (id, first) = (made.object.id.as_str(), made.secret.unwrap());
        house.clock.step(1);
        let rotation = Rotation { retire_previous_after: Some(DAY), ..of_app() };
        let second = rotate(&house, id, rotation).await.unwrap().secret.unwrap();
        house.clock.step(DAY - 1);
        assert!(is_alive(&house, id, first.reveal()).await, "{}", house.engine());
        house.clock.step(1);
        let since = house.clock.now();
        match verdict(&house, id, first.reveal()).await {
            Verdict::Retired { since: at, .. } => assert_eq!(at, since),
            other => panic!("{other:?}"),
        }
        assert!(is_alive(&house, id, second.reveal()).await);
        let states: Vec<_> = secrets::list(&mut house.read(), &house.may(), id)
            .await
            .unwrap()
            .iter()
            .map(|secret| secret.state(house.clock.now()))
            .collect();
        assert_eq!(states, [State::Alive, State::Expired]);
    }
}

#[tokio::test]
async fn retiring_later_never_lengthens_a_secret_that_ends_sooner() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let id = made.object.id.as_str();
        let soon = Rotation { expires_at: Some(house.clock.now() + 100), ..of_app() };
        let soon = rotate(&house, id, soon).await.unwrap().secret.unwrap();
        rotate(&house, id, Rotation { retire_previous_after: Some(DAY), ..of_app() })
            .await
            .unwrap();
        house.clock.step(100);
        assert!(!is_alive(&house, id, soon.reveal()).await);
        assert!(is_alive(&house, id, made.secret.unwrap().reveal()).await);
    }
}

#[tokio::test]
async fn retires_at_once_and_ends_tokens_when_asked() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let (id, first) = (made.object.id.as_str(), made.secret.unwrap());
        let rotation = Rotation { retire_previous_after: Some(0), revoke_tokens: true, ..of_app() };
        rotate(&house, id, rotation).await.unwrap();
        assert!(matches!(verdict(&house, id, first.reveal()).await, Verdict::Retired { .. }));
        let client = clients::find(&mut house.read(), id).await.unwrap().unwrap();
        assert_eq!(client.epoch, made.object.epoch + 1);
    }
}

#[tokio::test]
async fn refuses_a_rotation_that_is_not_meant_or_makes_no_sense() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let id = made.object.id.as_str();
        let public =
            create(&house, with(web("Public"), json!({"confidential": false}))).await.unwrap();
        let now = house.clock.now();
        for (id, rotation, want) in [
            (
                id,
                Rotation { confirm_name: "app".into(), ..of_app() },
                "confirm_name: Type the name",
            ),
            (
                id,
                Rotation { confirm_name: "App ".into(), ..of_app() },
                "confirm_name: Type the name",
            ),
            (
                id,
                Rotation { confirm_name: String::new(), ..of_app() },
                "confirm_name: Type the name",
            ),
            (
                id,
                Rotation { expires_at: Some(now), ..of_app() },
                "expires_at: A new secret cannot end in the past.",
            ),
            (
                id,
                Rotation { retire_previous_after: Some(-1), ..of_app() },
                "retire_previous_after: ",
            ),
            (
                id,
                Rotation { retire_previous_after: Some(i64::MAX), ..of_app() },
                "retire_previous_after: ",
            ),
            (id, Rotation { label: "\u{202E}".into(), ..of_app() }, "label: Control characters"),
            (id, Rotation { label: "l".repeat(101), ..of_app() }, "label: At most 100"),
            (
                public.object.id.as_str(),
                Rotation { confirm_name: "Public".into(), ..of_app() },
                "conflict: A public client has no secret.",
            ),
            ("nobody", of_app(), "there is no such object"),
        ] {
            let got = said(rotate(&house, id, rotation).await);
            assert!(got.starts_with(want), "{want}: {got}");
        }
        assert_eq!(secrets::list(&mut house.read(), &house.may(), id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn refuses_the_eleventh_living_secret() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let id = made.object.id.as_str();
        for _ in 0..9 {
            rotate(&house, id, of_app()).await.unwrap();
        }
        let eleventh = said(rotate(&house, id, of_app()).await);
        assert!(
            eleventh.starts_with("conflict: A client has at most 10 living secrets."),
            "{eleventh}"
        );
        let instead = Rotation { retire_previous_after: Some(0), ..of_app() };
        assert_eq!(said(rotate(&house, id, instead).await), "accepted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refuses_the_eleventh_also_when_twenty_come_at_once() {
    for house in instances().await {
        let id = create(&house, web("App")).await.unwrap().object.id.as_str().to_owned();
        let house = std::sync::Arc::new(house);
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (house, id) = (std::sync::Arc::clone(&house), id.clone());
                tokio::spawn(async move { rotate(&house, &id, of_app()).await.is_ok() })
            })
            .collect();
        let mut added = 0;
        for task in tasks {
            added += usize::from(task.await.unwrap());
        }
        assert_eq!(added, 9, "{}", house.engine());
    }
}

#[tokio::test]
async fn retires_one_but_never_the_last_living_one() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let id = made.object.id.as_str();
        house.clock.step(1);
        let second = rotate(&house, id, of_app()).await.unwrap().object.id;
        let first =
            secrets::list(&mut house.read(), &house.may(), id).await.unwrap().pop().unwrap().id;
        let retire = async |secret: &str| {
            let mut work = house.begin().await;
            let ended = secrets::retire(&mut work, &house.call(), &house.may(), id, secret).await?;
            work.commit().await?;
            Ok::<_, Refusal>(ended.state(house.clock.now()))
        };
        assert_eq!(retire(&first).await.unwrap(), State::Retired);
        assert_eq!(retire(&first).await.unwrap(), State::Retired, "twice is once");
        let last = said(retire(&second).await);
        assert!(last.starts_with("conflict: This is the last living secret."), "{last}");
        assert!(matches!(retire("sec_none").await, Err(Refusal::NotFound)));
        assert!(!is_alive(&house, id, made.secret.unwrap().reveal()).await);
        let actions = audited(&house, id).await;
        assert_eq!(actions.iter().filter(|a| *a == "client.secret_retired").count(), 1);
    }
}

#[tokio::test]
async fn a_client_rotates_its_own_unless_it_is_paused() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap().object;
        let own = async || {
            let mut work = house.begin().await;
            let rotation = Rotation { retire_previous_after: Some(3_600), ..Rotation::default() };
            let secret = secrets::rotate_own(&mut work, &house.call(), &made.id, rotation).await?;
            work.commit().await?;
            Ok::<_, Refusal>(secret.secret.unwrap())
        };
        let secret = own().await.unwrap();
        assert!(is_alive(&house, made.id.as_str(), secret.reveal()).await);
        crate::change(&house, made.id.as_str(), json!({"enabled": false})).await.unwrap();
        assert_eq!(said(own().await), "conflict: The client is paused.");
    }
}

#[tokio::test]
async fn tells_when_and_from_where_each_secret_was_used_also_after_its_end() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let (id, first) = (made.object.id.as_str(), made.secret.unwrap());
        let second = rotate(&house, id, Rotation { retire_previous_after: Some(0), ..of_app() })
            .await
            .unwrap();
        let version = clients::find(&mut house.read(), id).await.unwrap().unwrap().version;
        house.clock.step(10);
        for secret in [first.reveal(), second.secret.as_ref().unwrap().reveal(), "wrong"] {
            let mut work = house.read();
            let client = clients::find(&mut work, id).await.unwrap().unwrap();
            let verdict = secrets::verify(&work, &client, secret, house.clock.now());
            clients::mark_used(&work, &house.call(), &client, Some(&verdict));
        }
        assert_eq!(clients::flush(&house.instance).await.unwrap(), 3);
        assert_eq!(clients::flush(&house.instance).await.unwrap(), 0);
        let listed = secrets::list(&mut house.read(), &house.may(), id).await.unwrap();
        let (new, old) = match listed.as_slice() {
            [a, b] if a.id == second.object.id => (a, b),
            [a, b] => (b, a),
            other => panic!("{other:?}"),
        };
        let now = Some(house.clock.now());
        assert_eq!((new.last_used_at, new.last_used_address.as_deref()), (now, Some("192.0.2.1")));
        assert_eq!((new.late_used_at, old.last_used_at), (None, None));
        assert_eq!((old.late_used_at, old.late_used_address.as_deref()), (now, Some("192.0.2.1")));
        let shown = clients::show(&mut house.read(), &house.may(), id).await.unwrap();
        assert_eq!((shown.last_used_at, shown.version), (now, version), "a mark is no change");
    }
}

#[tokio::test]
async fn remembers_ended_secrets_for_90_days() {
    for house in instances().await {
        let made = create(&house, web("App")).await.unwrap();
        let (id, first) = (made.object.id.as_str(), made.secret.unwrap());
        rotate(&house, id, Rotation { retire_previous_after: Some(0), ..of_app() }).await.unwrap();
        let sweep = async || {
            let mut work = house.begin().await;
            let gone = secrets::sweep(&mut work, house.clock.now(), 100).await.unwrap();
            work.commit().await.unwrap();
            gone
        };
        house.clock.step(90 * DAY);
        assert_eq!(sweep().await, 0);
        assert!(matches!(verdict(&house, id, first.reveal()).await, Verdict::Retired { .. }));
        house.clock.step(1);
        assert_eq!(sweep().await, 1);
        assert_eq!(secrets::list(&mut house.read(), &house.may(), id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn takes_a_secret_of_the_operators_own() {
    for house in instances().await {
        let own = "k3y-that-somebody:already%uses+everywhere";
        let made = create(&house, with(web("App"), json!({"client_secret": own}))).await.unwrap();
        let id = made.object.id.as_str();
        assert!(is_alive(&house, id, own).await);
        let listed = secrets::list(&mut house.read(), &house.may(), id).await.unwrap();
        assert_eq!(listed[0].hint, "…here");
    }
}
