//! People: listed, invited by a link that is shown once, disabled and enabled.

use std::sync::Arc;

use domain::access::{Place, SECURITY_ADMINISTRATOR};

use crate::cast::{
    AUDITOR, STRANGER, admin, auditor, complaints, copied, person, places, send, user_id,
};
use crate::harness::phone::Phone;
use crate::harness::{ADMIN_EMAIL, ISSUER, PASSWORD, PostOffice, both, both_mailing, one};

const LIST: &str = "/console/users";

#[tokio::test]
async fn an_invited_person_chooses_a_password_and_is_in() {
    both(|server| async move {
        let (_, harbour, _) = places(&server).await;
        let mut browser = admin(&server).await;
        let page = browser.get("/console/users/new").await;
        let wrong =
            send(&mut browser, &page, LIST, &[("display_name", ""), ("email", "mina")]).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(complaints(&wrong).len(), 2, "{:?}", complaints(&wrong));
        assert!(wrong.body.contains("value=\"mina\""), "what was typed stays");
        let changes = [
            ("display_name", "Mina <b>Okafor"),
            ("email", "mina.okafor@example.com"),
            ("teams", harbour.as_str()),
            ("role", "role_client_manager"),
        ];
        let invited = send(&mut browser, &page, LIST, &changes).await;
        assert_eq!(invited.status, 200, "{:?}", complaints(&invited));
        assert!(!invited.body.contains("<b>Okafor"));
        let link = copied(&invited, "the invitation link").unwrap();
        assert!(link.starts_with(&format!("{ISSUER}/invitation?link=")), "{link}");
        let again = send(&mut browser, &page, LIST, &changes).await;
        assert_eq!(complaints(&again), ["email: Somebody else has this e-mail address."]);
        let mut mina = server.browser();
        let page = mina.get(&link).await;
        let inside = mina
            .submit(&page, "/invitation", &[("password", PASSWORD), ("password_again", PASSWORD)])
            .await;
        assert_eq!(inside.status, 200, "{}", inside.body);
        let list = mina.get("/console/clients").await;
        assert_eq!(list.status, 200, "a client manager of the team");
        let list = browser.get(&format!("{LIST}?q=okafor")).await;
        for told in ["Harbour", "Client manager", "Active", "mina.okafor@example.com"] {
            assert!(list.body.contains(told), "{told}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once() {
    both(|server| async move {
        let mut sten = person(&server, STRANGER, None).await;
        assert_eq!(sten.get("/account").await.status, 200);
        let mut browser = admin(&server).await;
        let list = browser.get(&format!("{LIST}?q=sten")).await;
        let (_, rest) = list.body.split_once("class=\"row-link\" href=\"").unwrap();
        let path = rest.split('"').next().unwrap().to_owned();
        let page = browser.get(&path).await;
        let answer = send(&mut browser, &page, &format!("{path}/disable"), &[]).await;
        assert_eq!(answer.location(), format!("{path}?done=user-disabled"));
        assert_eq!(sten.get("/account").await.status, 303, "to the login page");
        let page = browser.get(&path).await;
        assert!(page.body.contains("status-off\">Disabled"));
        let answer = send(&mut browser, &page, &format!("{path}/enable"), &[]).await;
        assert_eq!(answer.location(), format!("{path}?done=user-enabled"));
        assert_eq!(sten.get("/account").await.status, 303, "the session stays dead");
        sten.sign_in(STRANGER).await;
        assert_eq!(sten.get("/account").await.status, 200);
    })
    .await;
}

/// REL-53 in the console: what was seen, what would be refused, and the lines that would let it in.
#[tokio::test]
async fn rel53_limits_where_a_person_signs_in_from_and_shows_whom_that_refuses() {
    both(|server| async move {
        let mut sten = person(&server, STRANGER, None).await;
        let path = format!("{LIST}/{}", user_id(&server, STRANGER).await);
        let save = format!("{path}/trusted-ips");
        let mut browser = admin(&server).await;
        let page = browser.get(&path).await;
        assert!(
            page.body.contains("<code>127.0.0.1</code></dt><dd class=\"soft\">Signed in"),
            "{}",
            page.body
        );
        assert!(
            !page.body.contains("would be refused") && !page.body.contains("would let them in")
        );
        let typed = [("trusted_ips", "192.0.2.0/24\n10.0.0.1/8")];
        let wrong = send(&mut browser, &page, &save, &typed).await;
        assert_eq!(wrong.status, 422);
        assert!(
            complaints(&wrong)[0].starts_with("trusted_ips: Line 2: "),
            "{:?}",
            complaints(&wrong)
        );
        assert!(wrong.body.contains("192.0.2.0/24\n10.0.0.1/8</textarea>"), "what was typed stays");
        assert_eq!(wrong.field("email").as_deref(), Some(STRANGER), "the other form is as it was");
        let typed = [("trusted_ips", "192.0.2.0/24")];
        let saved = send(&mut browser, &page, &save, &typed).await;
        assert_eq!(saved.location(), format!("{path}?done=user-addresses"));
        let page = browser.get(&path).await;
        assert!(
            page.body.contains("; would be refused")
                && page.body.contains("<code>127.0.0.1</code></pre>")
        );
        assert_eq!(sten.get("/account").await.status, 200, "who is signed in stays");
        let mut elsewhere = server.browser();
        server.clock.step(60);
        elsewhere.sign_in(STRANGER).await;
        assert_eq!(elsewhere.get("/account").await.status, 303, "and signs in nowhere else");
        let page = browser.get(&path).await;
        assert!(page.body.contains(">Refused "), "{}", page.body);
        let typed = [("trusted_ips", "192.0.2.0/24"), ("trusted_ips_mode", "observe")];
        send(&mut browser, &page, &save, &typed).await;
        for _ in 0..2 {
            elsewhere.cookies.clear();
            elsewhere.sign_in(STRANGER).await;
            assert_eq!(elsewhere.get("/account").await.status, 200, "let in and recorded");
        }
        let page = browser.get(&path).await;
        assert!(page.body.contains("Only observed for now"), "{}", page.body);
        assert!(page.body.contains(", 2 times in a month; would be refused"), "{}", page.body);
        assert!(page.body.contains("<code>127.0.0.1</code></pre>"), "the lines to copy");
        assert!(page.body.contains("value=\"observe\" checked"), "{}", page.body);
        let mut otto = auditor(&server).await;
        let told = otto.get(&path).await;
        assert!(told.body.contains("192.0.2.0/24, not enforced yet"), "{}", told.body);
        let typed = [("trusted_ips", ""), ("trusted_ips_mode", "enforce")];
        send(&mut browser, &page, &save, &typed).await;
        let page = browser.get(&path).await;
        assert!(!page.body.contains("Only observed"), "{}", page.body);
        elsewhere.sign_in(STRANGER).await;
        assert_eq!(elsewhere.get("/account").await.status, 200, "from anywhere again");
        let page = otto.get(&path).await;
        assert!(page.body.contains("From anywhere.") && !page.body.contains("Save addresses"));
        assert_eq!(send(&mut otto, &page, &save, &typed).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_reset_link_is_handed_over_and_lets_a_person_in_again() {
    both(|server| async move {
        let mut sten = person(&server, STRANGER, None).await;
        let mut browser = admin(&server).await;
        let path = format!("{LIST}/{}", user_id(&server, STRANGER).await);
        let page = browser.get(&path).await;
        assert!(page.body.contains("New reset link") && !page.body.contains("New invitation link"));
        let made = send(&mut browser, &page, &format!("{path}/reset-password"), &[]).await;
        assert_eq!(made.status, 200);
        let link = copied(&made, "the reset link").unwrap();
        assert!(link.starts_with(&format!("{ISSUER}/password-reset?link=mlk_")), "{link}");
        let mut elsewhere = server.browser();
        let page = elsewhere.get(&link).await;
        let typed = [("password", "eleven green umbrellas at noon")];
        let inside = elsewhere.submit(&page, "/password-reset", &typed).await;
        assert!(inside.body.contains(STRANGER), "{}", inside.body);
        assert_eq!(sten.get("/account").await.status, 303, "the browser before is out");

        let page = browser.get(&path).await;
        let refused = send(&mut browser, &page, &format!("{path}/invite"), &[]).await;
        assert_eq!(refused.status, 409);
        let why = "link: Only an active person without a password can be invited. For somebody \
                   who has one, make a link to reset it.";
        assert_eq!(complaints(&refused), [why]);
    })
    .await;
}

#[tokio::test]
async fn whether_a_link_was_mailed_is_told_beside_it() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let mut browser = admin(&server).await;
        let page = browser.get("/console/users/new").await;
        assert!(page.body.contains("the link is sent to it"), "{}", page.body);
        let changes = [("display_name", "Mina"), ("email", "mina.okafor@example.com")];
        let invited = send(&mut browser, &page, LIST, &changes).await;
        assert!(invited.body.contains("It was also mailed to them"), "{}", invited.body);
        assert_eq!(Some(office.letter().await.link()), copied(&invited, "the invitation link"));
    })
    .await;
    let office = PostOffice::refusing().await;
    both_mailing(&office, |server, _| async move {
        person(&server, STRANGER, None).await;
        let mut browser = admin(&server).await;
        let path = format!("{LIST}/{}", user_id(&server, STRANGER).await);
        let page = browser.get(&path).await;
        let made = send(&mut browser, &page, &format!("{path}/reset-password"), &[]).await;
        assert!(made.body.contains("It could not be mailed to them"), "{}", made.body);
        assert!(copied(&made, "the reset link").is_some(), "the link is there all the same");
    })
    .await;
}

#[tokio::test]
async fn a_security_administrator_does_nothing_to_a_platform_administrator() {
    let server = Arc::new(one().await);
    let role = (SECURITY_ADMINISTRATOR, Place::Instance);
    let mut security = person(&server, STRANGER, Some(role)).await;
    let path = format!("{LIST}/{}", user_id(&server, ADMIN_EMAIL).await);
    let page = security.get(&path).await;
    let why = "This person may do more than you: also this, or this in more places. What is \
               missing: settings:manage.";
    for (verb, place) in [
        ("disable", "state"),
        ("lock", "state"),
        ("enable", "state"),
        ("delete", "confirm_name"),
        ("reset-password", "link"),
        ("invite", "link"),
    ] {
        let typed = [("confirm_name", ADMIN_EMAIL)];
        let refused = send(&mut security, &page, &format!("{path}/{verb}"), &typed).await;
        assert_eq!(refused.status, 403, "{verb}");
        assert_eq!(complaints(&refused), [format!("{place}: {why}")], "{verb}");
    }
    let typed = [("display_name", "Ada"), ("email", "eve@example.com")];
    let refused = send(&mut security, &page, &path, &typed).await;
    assert_eq!(refused.status, 403);
    assert_eq!(admin(&server).await.get(LIST).await.status, 200, "untouched");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = Arc::new(one().await);
    let mut browser = admin(&server).await;
    let list = browser.get(LIST).await;
    let (_, rest) = list.body.split_once("class=\"row-link\" href=\"").unwrap();
    let path = rest.split('"').next().unwrap().to_owned();
    let page = browser.get(&path).await;
    assert!(page.body.contains("This is you"));
    let refused = send(&mut browser, &page, &format!("{path}/disable"), &[]).await;
    assert_eq!(refused.status, 409);
    let words = "This is the last platform administrator who can sign in. Name another one first.";
    assert_eq!(complaints(&refused), [format!("state: {words}")]);
    let typed = [("confirm_name", "ada@example.com")];
    let refused = send(&mut browser, &page, &format!("{path}/delete"), &typed).await;
    assert_eq!(refused.status, 409);
    assert_eq!(complaints(&refused), [format!("confirm_name: {words}")]);
    assert_eq!(browser.get(&path).await.status, 200, "still signed in");
}

#[tokio::test]
async fn somebody_deleted_and_made_again_is_somebody_else_and_the_old_session_is_dead() {
    both(|server| async move {
        let mut sten = person(&server, STRANGER, None).await;
        assert_eq!(sten.get("/account").await.status, 200);
        let mut browser = admin(&server).await;
        let path = format!("{LIST}/{}", user_id(&server, STRANGER).await);
        let page = browser.get(&path).await;
        let wrong = [("confirm_name", "Person sten@example.com")];
        let refused = send(&mut browser, &page, &format!("{path}/delete"), &wrong).await;
        assert_eq!(refused.status, 422);
        let typed = [("confirm_name", STRANGER)];
        let gone = send(&mut browser, &page, &format!("{path}/delete"), &typed).await;
        assert_eq!(gone.location(), format!("{LIST}?done=user-deleted"));
        assert_eq!(sten.get("/account").await.status, 303, "to the login page");
        assert_eq!(browser.get(&path).await.status, 404);
        person(&server, STRANGER, None).await;
        assert_eq!(sten.get("/account").await.status, 303, "the same address, another identity");
        assert_ne!(path, format!("{LIST}/{}", user_id(&server, STRANGER).await));
    })
    .await;
}

#[tokio::test]
async fn a_name_and_an_address_are_changed_and_what_is_wrong_is_said() {
    both(|server| async move {
        person(&server, STRANGER, None).await;
        let mut browser = admin(&server).await;
        let path = format!("{LIST}/{}", user_id(&server, STRANGER).await);
        let page = browser.get(&path).await;
        let typed = [("display_name", "Sten <i>B"), ("email", "ada@example.com")];
        let refused = send(&mut browser, &page, &path, &typed).await;
        assert_eq!(complaints(&refused), ["email: Somebody else has this e-mail address."]);
        assert!(refused.body.contains("value=\"Sten &#60;i&#62;B\""), "what was typed stays");
        let typed = [("display_name", "Sten Berg"), ("email", "berg@example.com")];
        let saved = send(&mut browser, &page, &path, &typed).await;
        assert_eq!(saved.location(), format!("{path}?done=user-changed"));
        assert!(browser.get(&path).await.body.contains("berg@example.com"));
    })
    .await;
}

#[tokio::test]
async fn an_auditor_sees_people_and_changes_nobody() {
    let server = Arc::new(one().await);
    person(&server, STRANGER, None).await;
    let mut auditor = auditor(&server).await;
    let list = auditor.get(&format!("{LIST}?q=sten")).await;
    assert_eq!(list.status, 200);
    assert!(list.body.contains("Needs the permission user:create"));
    let (_, rest) = list.body.split_once("class=\"row-link\" href=\"").unwrap();
    let path = rest.split('"').next().unwrap().to_owned();
    let page = auditor.get(&path).await;
    assert!(page.body.contains("Needs the permission user:update"));
    for (path, fields) in [
        (format!("{path}/disable"), vec![]),
        (format!("{path}/enable"), vec![]),
        (format!("{path}/invite"), vec![]),
        (format!("{path}/reset-password"), vec![]),
        (LIST.to_owned(), vec![("display_name", "X"), ("email", "x@example.com")]),
    ] {
        let answer = send(&mut auditor, &page, &path, &fields).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(auditor.get("/console/users/new").await.status, 403);
    let nobody = auditor.get(&format!("{LIST}?q=nobody-like-that")).await;
    assert!(nobody.body.contains("Nobody matches"));
    assert!(auditor.get(&format!("{LIST}?q={AUDITOR}&cursor=bad")).await.body.contains(AUDITOR));
}

#[tokio::test]
async fn a_locked_person_is_out_until_they_are_unlocked() {
    both(|server| async move {
        let mut sten = person(&server, STRANGER, None).await;
        let mut browser = admin(&server).await;
        let path = format!("{LIST}/{}", user_id(&server, STRANGER).await);
        let page = browser.get(&path).await;
        let locked = send(&mut browser, &page, &format!("{path}/lock"), &[]).await;
        assert_eq!(locked.location(), format!("{path}?done=user-locked"));
        assert_eq!(sten.get("/account").await.status, 303, "to the login page");
        let page = browser.get(&path).await;
        assert!(page.body.contains("status-danger\">Locked") && page.body.contains("Unlock <bdi>"));
        let unlocked = send(&mut browser, &page, &format!("{path}/enable"), &[]).await;
        assert_eq!(unlocked.location(), format!("{path}?done=user-enabled"));
        assert_eq!(sten.get("/account").await.status, 303, "the session stays dead");
        sten.sign_in(STRANGER).await;
        assert_eq!(sten.get("/account").await.status, 200);
    })
    .await;
}

/// THE-39: the list of people.
#[tokio::test]
async fn the_39_the_list_shows_name_address_status_source_and_creation_and_is_narrowed_in_the_url()
{
    both(|server| async move {
        person(&server, STRANGER, None).await;
        let mut browser = auditor(&server).await;
        let list = browser.get(LIST).await;
        for told in
            ["Status", "Created", "Last sign-in", "Local", "Active", STRANGER, ADMIN_EMAIL, AUDITOR]
        {
            assert!(list.body.contains(told), "{told}");
        }
        assert!(list.body.contains("class=\"table table-cards\""), "cards where it is narrow");
        for (query, shown) in [
            ("q=sten", true),
            ("q=EXAMPLE.com", true),
            ("q=nobody", false),
            ("status=active", true),
            ("status=locked", false),
            ("source=local", true),
            ("source=directory", false),
            ("status=planet&source=moon&cursor=x", true),
        ] {
            let list = browser.get(&format!("{LIST}?{query}")).await;
            assert_eq!(list.body.contains(&format!("<bdi>{STRANGER}</bdi>")), shown, "{query}");
        }
        let list = browser.get(&format!("{LIST}?source=directory")).await;
        assert!(list.body.contains("Nobody matches"));
        assert!(list.body.contains("value=\"directory\" selected"));
    })
    .await;
}

/// THE-36: whoever lost device and recovery codes is let in again by an administrator.
#[tokio::test]
async fn the36_a_second_factor_is_seen_found_and_reset() {
    both(|server| async move {
        let phone = Phone::of_the_administrator(&server).await;
        let ada = user_id(&server, ADMIN_EMAIL).await;
        let mut helper =
            person(&server, STRANGER, Some((SECURITY_ADMINISTRATOR, Place::Instance))).await;
        let path = format!("{LIST}/{ada}");
        let page = helper.get(&path).await;
        assert!(page.body.contains("10 of 10 recovery codes are left"), "{}", page.body);
        let sten = user_id(&server, STRANGER).await;
        let of_sten = format!("{LIST}/{sten}");
        for (asked, want) in [("true", [true, false]), ("false", [false, true])] {
            let list = helper.get(&format!("{LIST}?second_factor={asked}")).await;
            assert_eq!(
                [&path, &of_sten].map(|it| list.body.contains(it.as_str())),
                want,
                "{asked}"
            );
        }

        let reset = format!("{path}/reset-second-factor");
        let above = send(&mut helper, &page, &reset, &[]).await;
        assert_eq!(above.status, 403, "{}", above.body);
        assert!(complaints(&above)[0].contains("This person may do more than you"));

        let page = helper.get(&of_sten).await;
        assert!(page.body.contains("None: their password alone signs them in"), "{}", page.body);

        // Nobody takes their own: a browser left open would.
        let mut browser = server.browser();
        let asked = browser.sign_in(ADMIN_EMAIL).await;
        browser.submit(&asked, "/login/second-factor", &[("code", &phone.code(&server))]).await;
        let page = browser.get(&path).await;
        let own = send(&mut browser, &page, &reset, &[]).await;
        assert_eq!(own.status, 409, "{}", own.body);
        assert!(complaints(&own)[0].contains("on the page of your account, with a code"));

        Phone::of(&server, STRANGER).await;
        let page = browser.get(&of_sten).await;
        let path = of_sten;
        let reset = format!("{path}/reset-second-factor");
        let done = send(&mut browser, &page, &reset, &[]).await;
        assert_eq!(done.location(), format!("{path}?done=second-factor-reset"));
        let page = browser.get(done.location()).await;
        assert!(page.body.contains("Reset. They are asked for no code"), "{}", page.body);
        let again = send(&mut browser, &page, &reset, &[]).await;
        assert!(complaints(&again)[0].contains("They have no second factor."));
    })
    .await;
}
