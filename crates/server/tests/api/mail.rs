//! One-time links by mail: sent with the answer, and good whatever becomes of the mail.

use axum::http::Method;
use serde_json::json;

use crate::harness::{PASSWORD, PostOffice, both, both_mailing};
use crate::talk::{Caller, fields};

#[tokio::test]
async fn an_invitation_and_a_reset_link_are_mailed_to_their_person() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "email": "bo@example.com", "display_name": "Bo Ångström" });
        let made = admin.post("/users", new).await;
        assert_eq!((made.status.as_u16(), made.text("mail")), (201, "sent".into()));
        let letter = office.letter().await;
        assert_eq!(letter.link(), made.text("invitation_url"));
        assert_eq!(letter.to, ["bo@example.com"]);
        assert_eq!(letter.header("From"), ["Mandate <id@mandate.test>"]);
        assert_eq!(letter.header("Date"), ["Fri, 15 Jan 2027 08:00:00 +0000"]);
        assert_eq!(letter.header("Auto-Submitted"), ["auto-generated"]);
        let text = letter.text.replace(&letter.link(), "LINK");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @r"
            Hello Bo Ångström,

            You have an account at https://mandate.test. Choose a password to start using it:

            LINK

            The link works once, until 22 Jan 2027, 08:00 UTC. Whoever opens it owns the
            account, so pass it on to nobody.

            If you did not expect this mail, you need not do anything.
            ");
        }

        let mut browser = server.browser();
        let page = browser.get(&letter.link()).await;
        browser.submit(&page, "/invitation", &[("password", PASSWORD)]).await;
        let at = format!("/users/{}/password-reset-link", made.text("id"));
        let reset = admin.call(Method::POST, &at, &[], None).await;
        assert_eq!((reset.status.as_u16(), reset.text("mail")), (201, "sent".into()));
        let letter = office.letter().await;
        assert_eq!(letter.link(), reset.text("password_reset_url"));
        let text = letter.text.replace(&letter.link(), "LINK");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @r"
            Hello Bo Ångström,

            Here you can choose another password for your account at https://mandate.test:

            LINK

            The link works once, until 16 Jan 2027, 08:00 UTC, and signs you out everywhere
            else. Whoever opens it owns the account, so pass it on to nobody.

            An administrator made this link for you.
            If you do not need it, you need not do anything: your password stays as it is.
            ");
        }
        let tried = admin.call(Method::POST, &format!("{at}?dry_run=true"), &[], None).await;
        assert_eq!(tried.status, 200);
        assert!(office.is_empty().await, "what is only tried mails nobody");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_fails_undoes_nothing_and_is_told() {
    let office = PostOffice::refusing().await;
    both_mailing(&office, |server, _| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "email": "bo@example.com", "display_name": "Bo" });
        let made = admin.post("/users", new).await;
        assert_eq!((made.status.as_u16(), made.text("mail")), (201, "failed".into()));
        let page = server.browser().get(&made.text("invitation_url")).await;
        assert!(page.body.contains("Welcome"), "{}", page.body);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let office = PostOffice::silent().await;
    let server = crate::harness::one().await;
    let outfit = mandate::app::Outfit { mail: Some(office.mailer()), ..Default::default() };
    let admin = Caller::admin(&std::sync::Arc::new(server.with(outfit))).await;
    let new = json!({ "email": "bo@example.com", "display_name": "Bo" });
    let made = admin.post("/users", new).await;
    assert_eq!((made.status.as_u16(), made.text("mail")), (201, "failed".into()));
}

#[tokio::test]
async fn nothing_is_handed_to_a_server_that_does_not_encrypt_as_it_must() {
    let office = PostOffice::open().await;
    let encrypted = office.url.replace("smtp:", "smtps:");
    for url in [format!("{}?tls=required", office.url), encrypted] {
        let server = crate::harness::one().await;
        let mail = Some(PostOffice::mailer_at(&url));
        let outfit = mandate::app::Outfit { mail, ..Default::default() };
        let admin = Caller::admin(&std::sync::Arc::new(server.with(outfit))).await;
        let new = json!({ "email": "bo@example.com", "display_name": "Bo" });
        assert_eq!(admin.post("/users", new).await.text("mail"), "failed", "{url}");
    }
    assert!(office.is_empty().await);
}

#[tokio::test]
async fn a_name_adds_neither_a_header_nor_a_recipient() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let admin = Caller::admin(&server).await;
        for name in ["Bo\r\nBcc: eve@example.com", "Bo\nBcc: eve@example.com", "Bo\rX: y"] {
            let new = json!({ "email": "bo@example.com", "display_name": name });
            assert_eq!(fields(&admin.post("/users", new).await), ["display_name"], "{name}");
        }
        for (n, name) in [
            "Bo\" <eve@example.com>, \"",
            "eve@example.com, Bo",
            "=?utf-8?q?Bo=0D=0ABcc:_eve@example.com?=",
            "Bo\\",
            &"å".repeat(200),
        ]
        .into_iter()
        .enumerate()
        {
            let email = format!("bo{n}@example.com");
            let new = json!({ "email": email, "display_name": name });
            assert_eq!(admin.post("/users", new).await.text("mail"), "sent", "{name}");
            let letter = office.letter().await;
            assert_eq!(letter.to, [email.as_str()]);
            let to = letter.header("To");
            assert!(to.len() == 1 && to[0].ends_with(&format!("<{email}>")), "{to:?}");
            assert!(letter.header("Bcc").is_empty(), "{:?}", letter.headers);
        }
    })
    .await;
}

#[tokio::test]
async fn without_mail_the_answer_says_so() {
    both(|server| async move {
        let admin = Caller::admin(&server).await;
        let new = json!({ "email": "bo@example.com", "display_name": "Bo" });
        assert_eq!(admin.post("/users", new).await.text("mail"), "off");
        let new = json!({ "email": "al@example.com", "display_name": "Al", "password": PASSWORD });
        assert_eq!(admin.post("/users", new).await.json().get("mail"), None);
    })
    .await;
}
