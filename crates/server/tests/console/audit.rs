//! The trail of a client: before and after, one entry at its own address, all of them as a file.

use domain::access::{AUDITOR as AUDITOR_ROLE, CLIENT_MANAGER, Place};
use domain::audit::{self, Object};

use crate::cast::{MANAGER, admin, auditor, copied, person, places, send};
use crate::harness::{ADMIN_EMAIL, Answer, both};

const LIST: &str = "/console/clients";

#[tokio::test]
async fn a_file_holds_exactly_what_the_page_shows_and_calculates_nothing() {
    both(|server| async move {
        let mut browser = admin(&server).await;
        let page = browser.get(&format!("{LIST}/new?kind=service")).await;
        let saved = send(&mut browser, &page, LIST, &[("client_name", "=1+1,\"x\"")]).await;
        let id = copied(&saved, "the client ID").unwrap();
        let secret = copied(&saved, "the client secret").unwrap();
        let settings = format!("{LIST}/{id}/settings");
        let page = browser.get(&settings).await;
        send(&mut browser, &page, &settings, &[("description", "@SUM(A1)")]).await;
        let file = browser.get(&format!("{LIST}/{id}/audit.csv")).await;
        assert_eq!(file.status, 200);
        assert!(file.header("content-type").starts_with("text/csv"));
        assert!(file.header("content-disposition").starts_with("attachment"));
        let lines: Vec<&str> = file.body.lines().collect();
        assert!(lines[0].starts_with("User Name,Action,Timestamp,"), "{}", lines[0]);
        assert_eq!(lines.len(), 4, "the head, the export itself, the change, the creation");
        assert!(lines[2].starts_with("ada@example.com,client.updated,"), "{}", lines[2]);
        assert!(lines[2].contains("\"'=1+1,\"\"x\"\"\""), "{}", lines[2]);
        assert!(!file.body.contains(&secret));
        let page = browser.get(&format!("{LIST}/{id}/audit")).await;
        for told in ["Exported the audit trail", "Changed the settings", "Registered the client"] {
            assert_eq!(page.body.matches(told).count(), 1, "{told}");
        }
        assert!(page.body.contains("@SUM(A1)"));
    })
    .await;
}

#[tokio::test]
async fn an_entry_has_an_address_of_its_own() {
    both(|server| async move {
        server.service().await;
        server.web_app().await;
        let mut browser = auditor(&server).await;
        let page = browser.get(&format!("{LIST}/service/audit")).await;
        let (_, rest) = page.body.split_once(&format!("href=\"{LIST}/service/audit/")).unwrap();
        let entry = rest.split('"').next().unwrap();
        let one = browser.get(&format!("{LIST}/service/audit/{entry}")).await;
        assert!(one.body.contains("Registered the client") && one.body.contains("test@host"));
        let strange = browser.get(&format!("{LIST}/web-app/audit/{entry}")).await;
        assert_eq!(strange.status, 404, "an entry belongs to its client");
        for bad in ["0", "99999999999999999999", "x"] {
            let answer = browser.get(&format!("{LIST}/service/audit/{bad}")).await;
            assert!(answer.status.is_client_error(), "{bad}: {}", answer.status);
        }
    })
    .await;
}

#[tokio::test]
async fn a_manager_without_the_right_sees_no_trail() {
    both(|server| async move {
        server.service().await;
        let mut manager = person(&server, MANAGER, Some((CLIENT_MANAGER, Place::Instance))).await;
        let page = manager.get(&format!("{LIST}/service")).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("/audit\""), "no tab that leads nowhere");
        for path in ["audit", "audit.csv", "audit/1"] {
            let answer = manager.get(&format!("{LIST}/service/{path}")).await;
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.body.contains("audit:read"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_whole_trail_is_for_who_holds_the_right_everywhere() {
    both(|server| async move {
        let (home, ..) = places(&server).await;
        server.service().await;
        let role = Some((AUDITOR_ROLE, Place::Organization(home)));
        let mut narrow = person(&server, MANAGER, role).await;
        for path in ["/console/audit", "/console/audit.csv", "/console/audit/1"] {
            assert_eq!(narrow.get(path).await.status, 403, "{path}");
        }
        assert!(!narrow.get("/console/clients").await.body.contains("href=\"/console/audit\""));
        let mut browser = auditor(&server).await;
        let page = browser.get("/console/audit").await;
        for told in ["Registered the client", "Signed in", "href=\"/console/clients/service\""] {
            assert!(page.body.contains(told), "{told}");
        }
        let (_, rest) =
            page.body.split_once("data-label=\"When\"><a href=\"/console/audit/").unwrap();
        let entry = rest.split('"').next().unwrap();
        let one = browser.get(&format!("/console/audit/{entry}")).await;
        assert!(one.body.contains("One entry"), "{}", one.body);
        assert_eq!(browser.get("/console/audit/1").await.status, 404);
        let file = browser.get("/console/audit.csv").await;
        assert!(file.body.starts_with("User Name,Action,Timestamp,"));
        assert!(file.body.contains("client.created") && file.body.contains("audit.exported"));
    })
    .await;
}

#[tokio::test]
async fn the_trail_is_narrowed_in_the_url_and_the_file_holds_exactly_that() {
    both(|server| async move {
        server.service().await;
        let mut browser = admin(&server).await;
        let danger = browser.get(&format!("{LIST}/service/danger")).await;
        send(&mut browser, &danger, &format!("{LIST}/service/disable"), &[]).await;
        let pause = "Disabled the client</strong>";
        for (query, shown) in [
            ("actor=ada@example.com", true),
            ("actor=ADA@example.com&action=client.paused", true),
            ("actor=nobody@example.com", false),
            ("kind=client&object=service", true),
            ("kind=client&object=other", false),
            ("kind=user", false),
            ("action=client.paused&outcome=success", true),
            ("outcome=refused", false),
            ("from=2027-01-15&to=2027-01-15", true),
            ("from=2027-01-16", false),
            ("to=2027-01-14", false),
            ("client=service", false),
            ("from=never&kind=planet&cursor=x", true),
        ] {
            let page = browser.get(&format!("/console/audit?{query}")).await;
            assert_eq!(page.status, 200, "{query}");
            assert_eq!(page.body.contains(pause), shown, "{query}");
            let file = browser.get(&format!("/console/audit.csv?{query}")).await;
            assert_eq!(file.body.contains(",client.paused,"), shown, "{query}: {}", file.body);
        }
        let page = browser.get("/console/audit?action=client.paused").await;
        assert!(page.body.contains("href=\"/console/audit.csv?action=client.paused\""));
        assert!(page.body.contains("value=\"client.paused\" selected"));
        let file = browser.get("/console/audit.csv?action=client.paused").await;
        assert_eq!(file.body.lines().count(), 2, "the head and the one entry: {}", file.body);
        let none = browser.get("/console/audit?actor=nobody").await;
        assert!(none.body.contains("Nothing matches"));
    })
    .await;
}

/// Where a number of the overview leads, and the number.
fn number<'a>(page: &'a Answer, label: &str) -> (&'a str, i64) {
    let (before, _) =
        page.body.split_once(&format!("<span class=\"out-of-sight\"> entries: {label}<")).unwrap();
    let (_, link) = before.rsplit_once("href=\"").unwrap();
    let (href, value) = link.split_once("\">").unwrap();
    (href, value.parse().unwrap())
}

// THE-38
#[tokio::test]
async fn the_38_every_number_of_the_overview_leads_to_the_entries_it_counts() {
    both(|server| async move {
        server.service().await;
        let mut stranger = server.browser();
        let page = stranger.get("/login").await;
        let wrong = [("email", ADMIN_EMAIL), ("password", "not her password at all")];
        stranger.submit(&page, "/login", &wrong).await;
        server.clock.step(60);
        let mut browser = auditor(&server).await;
        let page = browser.get("/console/audit/overview").await;
        assert_eq!(page.status, 200);
        for told in [
            "Access",
            "Authentication",
            "Identity",
            "Notifications",
            "System",
            "Success rate",
            "What happened most",
            "Registered the client",
            "Last 90 days",
        ] {
            assert!(page.body.contains(told), "{told}");
        }
        for label in ["Total", "Successful", "Failed or denied"] {
            let (href, count) = number(&page, label);
            let href = href.replace("&#38;", "&");
            assert!(href.starts_with("/console/audit?from=2027-01-09&to=2027-01-15"), "{href}");
            let list = browser.get(&href).await;
            let entries = list.body.matches("<tr role=\"row\">").count() - 1;
            assert_eq!(i64::try_from(entries).unwrap(), count, "{label}");
        }
        assert_eq!(number(&page, "Failed or denied").1, 1);
        let failed = "category=authentication&#38;outcome=refused";
        assert!(page.body.contains(failed), "{}", page.body);
        let list = browser.get("/console/audit?category=authentication&outcome=refused").await;
        assert!(list.body.contains("Failed to sign in</strong>"));
        assert!(!list.body.contains("Registered the client</strong>"));
        let hers = browser.get("/console/audit/overview?person=ada@example.com").await;
        assert!(hers.body.contains("person=ada%40example.com"), "{}", hers.body);
        let none = browser.get("/console/audit/overview?person=nobody").await;
        assert!(none.body.contains("Nothing by or about"));
        let long = browser.get("/console/audit/overview?from=2020-01-01").await;
        assert!(long.body.contains("90 days at most are counted at once"));
        assert!(long.body.contains("value=\"2027-01-09\""), "the last seven instead");
    })
    .await;
}

// THE-38
#[tokio::test]
async fn the_38_the_overview_is_for_who_may_read_the_whole_trail() {
    both(|server| async move {
        let (home, ..) = places(&server).await;
        let role = Some((AUDITOR_ROLE, Place::Organization(home)));
        let mut narrow = person(&server, MANAGER, role).await;
        assert_eq!(narrow.get("/console/audit/overview").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_next_page_of_the_trail_keeps_its_first_day() {
    both(|server| async move {
        let mut work = server.instance.begin().await.unwrap();
        for _ in 0..60 {
            let object = Object::new("client", "long", "long");
            audit::record(&mut work, &server.operator(), "client.updated", &object, &[])
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
        let mut browser = admin(&server).await;
        let page = browser.get("/console/audit?from=2027-01-15&kind=client").await;
        let (_, next) = page.body.split_once("rel=\"next\" href=\"").unwrap();
        assert!(
            next.starts_with("?from=2027-01-15&#38;kind=client&#38;cursor="),
            "{}",
            &next[..60]
        );
    })
    .await;
}
