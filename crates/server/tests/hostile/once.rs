//! Every value that is good for one use, used by many at once, on two nodes, in an order drawn by
//! chance: one wins, and all others hear what is promised to them. Set-up links need a server that
//! nobody administers and have the same test beside their rule (`of_many_set_ups_at_once_one_wins`).
//!
//! The use of each is one statement, whose atomicity is the engine's: there is nothing of ours to
//! put under a model checker, so the engines themselves are asked.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use domain::access::{Authority, CreateUsers, UpdateUsers};
use domain::accounts::{self, NewUser, User};
use domain::{Chance, Plain};
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::phone::Phone;
use crate::harness::{ADMIN_EMAIL, App, Browser, PASSWORD, PostOffice, Server, both_mailing};

/// One use, and what came of it in a word or two.
type Use = Pin<Box<dyn Future<Output = String> + Send>>;

/// What is promised to many uses at once.
#[derive(Clone, Copy)]
enum Promise {
    /// One hears the first, all others the second.
    OneWins(&'static str, &'static str),
    /// All hear the same, and it is no refusal.
    AllAlike,
}
use Promise::{AllAlike, OneWins};

/// A value, and everybody who uses it at once.
struct Once {
    name: &'static str,
    promise: Promise,
    uses: Vec<Use>,
}

/// The same actors on two nodes.
struct Nodes {
    web: [App; 2],
    browsers: [Browser; 2],
}

impl Nodes {
    async fn of(server: &Arc<Server>) -> Self {
        let web = server.web_app().await;
        let there = Arc::new(server.second_node().await);
        let mut here = server.browser();
        web.code_in(&mut here, &[]).await;
        let browser = Browser { server: Arc::clone(&there), cookies: here.cookies.clone() };
        let other = App { server: there, ..web.clone() };
        Self { web: [web, other], browsers: [here, browser] }
    }

    /// `many` uses, every other one on the other node.
    fn uses<F>(&self, many: usize, of: impl Fn(App, Browser, usize) -> F) -> Vec<Use>
    where
        F: Future<Output = String> + Send + 'static,
    {
        let one = |n: usize| -> Use {
            Box::pin(of(self.web[n % 2].clone(), self.browsers[n % 2].clone(), n))
        };
        (0..many).map(one).collect()
    }

    async fn code(&self) -> Once {
        let code = self.web[0].code_in(&mut self.browsers[0].clone(), &[]).await;
        let uses = self.uses(25, |web, _, _| {
            let code = code.clone();
            async move { web.redeem(&code).await.verdict() }
        });
        Once { name: "code", promise: OneWins("200", "400 invalid_grant"), uses }
    }

    /// A generation of a refresh token; whoever is late gets the successor that the first one got.
    async fn refresh(&self) -> Once {
        let code = self.web[0].code_in(&mut self.browsers[0].clone(), &[]).await;
        let token = self.web[0].redeem(&code).await.text("refresh_token");
        let uses = self.uses(25, |web, _, _| {
            let token = token.clone();
            async move {
                let answer = web.refresh(&token).await;
                answer.text("access_token") + " " + &answer.text("refresh_token")
            }
        });
        Once { name: "refresh token", promise: AllAlike, uses }
    }

    /// The form of a consent page that waits for its answer: its fields.
    async fn asked(&self) -> [(&'static str, String); 2] {
        let path = self.web[0].authorize_path(&[("prompt", "consent")]);
        let page = self.browsers[0].clone().visit(&path).await;
        ["form_token", "request"].map(|name| (name, page.field(name).expect("a consent page")))
    }

    async fn consent(&self) -> Once {
        let fields = self.asked().await;
        let uses = self.uses(20, |_, mut browser, n| {
            let fields = fields.clone();
            async move {
                let decision = if n.is_multiple_of(3) { "deny" } else { "allow" };
                answered(&mut browser, &fields, decision).await.0
            }
        });
        Once { name: "consent form", promise: OneWins("303", "400"), uses }
    }

    /// The answered request, on its way back to the application.
    async fn way_back(&self, decision: &'static str) -> Once {
        let fields = self.asked().await;
        let (_, path) = answered(&mut self.browsers[0].clone(), &fields, decision).await;
        let uses = self.uses(20, |_, mut browser, _| {
            let path = path.clone();
            async move { browser.get(&path).await.status.as_u16().to_string() }
        });
        Once { name: "way back", promise: OneWins("303", "400"), uses }
    }

    async fn invitation(&self, round: u64) -> Once {
        let server = &self.web[0].server;
        let may = Authority::operator("test@host").may::<CreateUsers>().unwrap();
        let email = format!("carl{round}@example.com");
        let new = NewUser { email, display_name: "Carl".into(), password: None };
        let made = accounts::create(&server.instance, &server.operator(), &may, new).await.unwrap();
        let link = made.1.expect("a link").reveal().to_owned();
        self.password_link("invitation", "/invitation", &link)
    }

    /// Somebody with a password.
    async fn person(&self, email: String) -> User {
        let server = &self.web[0].server;
        let may = Authority::operator("test@host").may::<CreateUsers>().unwrap();
        let password = Some(Plain::new(PASSWORD));
        let new = NewUser { email, display_name: "Dora".into(), password };
        accounts::create(&server.instance, &server.operator(), &may, new).await.unwrap().0
    }

    /// A link to another password that an administrator hands over.
    async fn reset_link(&self, round: u64) -> Once {
        let dora = self.person(format!("dora{round}@example.com")).await;
        let server = &self.web[0].server;
        let may = Authority::operator("test@host").may::<UpdateUsers>().unwrap();
        let mut work = server.instance.begin().await.unwrap();
        let link = accounts::reset_link(&mut work, &server.operator(), &may, &dora.id).await;
        let link = link.unwrap().reveal().to_owned();
        work.commit().await.unwrap();
        self.password_link("reset link", "/password-reset", &link)
    }

    /// The same link as somebody who forgot their password gets it by mail.
    async fn mailed_link(&self, round: u64, office: &PostOffice) -> Once {
        let email = format!("edna{round}@example.com");
        self.person(email.clone()).await;
        let mut browser = self.web[0].server.browser();
        let page = browser.get("/forgot-password").await;
        browser.submit(&page, "/forgot-password", &[("email", &email)]).await;
        let letter = office.letter().await;
        assert_eq!(letter.to, [email]);
        let link = letter.link().split_once("link=").expect("a link").1.to_owned();
        self.password_link("mailed link", "/password-reset", &link)
    }

    /// Choosing a password by a link. Few at once: each hashes one.
    fn password_link(&self, name: &'static str, path: &'static str, link: &str) -> Once {
        let uses = self.uses(5, |web, _, n| {
            let (link, mut browser) = (link.to_owned(), web.server.browser());
            async move {
                let token = browser.get("/login").await.field("form_token").unwrap();
                let password = format!("a long password, number {n}");
                let fields =
                    [("form_token", token.as_str()), ("link", &link), ("password", &password)];
                browser.post(path, &fields).await.status.as_u16().to_string()
            }
        });
        Once { name, promise: OneWins("303", "410"), uses }
    }

    /// The code that an app shows, or a recovery code, after the password. Few at once: more wrong ones
    /// would have to wait.
    async fn second_factor(&self, name: &'static str, round: u64) -> Once {
        const STEP: &str = "/login/second-factor";
        let email = format!("{}{round}@example.com", name.replace(' ', "."));
        self.person(email.clone()).await;
        let server = &self.web[0].server;
        let (phone, recovery) = Phone::of(server, &email).await;
        let code = if name == "recovery code" { recovery[0].clone() } else { phone.code(server) };
        let mut asking = server.browser();
        let page = asking.sign_in(&email).await;
        let fields = ["form_token", "proof", "next"].map(|name| (name, page.field(name).unwrap()));
        let uses = self.uses(5, |web, _, _| {
            let (fields, code) = (fields.clone(), code.clone());
            let mut browser = Browser { server: web.server, cookies: asking.cookies.clone() };
            async move {
                let fields: Vec<_> = fields.iter().map(|(name, it)| (*name, it.as_str())).collect();
                let all = [&fields[..], &[("code", code.as_str())]].concat();
                let status = browser.post(STEP, &all).await.status.as_u16();
                // Whoever is late is told so where the code was looked at, or at the sign-in.
                if status == 303 { "in" } else { "out" }.to_owned()
            }
        });
        Once { name, promise: OneWins("in", "out"), uses }
    }

    /// A key under which one client is made, however often it is asked for.
    async fn key(&self, round: u64) -> Once {
        let token = self.web[0].server.admin_client().own_token().await.text("access_token");
        let uses = self.uses(20, |web, _, _| {
            let request = Request::post("/api/v1/clients")
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .header("idempotency-key", format!("key-{round}"));
            let draft = json!({ "client_name": format!("Made {round}"), "type": "service" });
            let request = request.body(Body::from(draft.to_string())).unwrap();
            async move { web.server.send(request).await.text("client_id") }
        });
        Once { name: "idempotency key", promise: AllAlike, uses }
    }
}

/// Answers a consent form: the status, and where that leads.
async fn answered(
    browser: &mut Browser,
    fields: &[(&'static str, String); 2],
    decision: &str,
) -> (String, String) {
    let [(token, form_token), (request, id)] = fields;
    let fields = [(*token, form_token.as_str()), (*request, id), ("decision", decision)];
    let answer = browser.post("/consent", &fields).await;
    (answer.status.as_u16().to_string(), answer.location().to_owned())
}

/// Runs every use of every value, in an order and with pauses drawn from `seed`.
async fn scramble(values: Vec<Once>, seed: u64) -> Vec<(&'static str, Promise, Vec<String>)> {
    let chance = Chance::seeded(seed);
    let draw = |below: usize| {
        usize::try_from(u32::from_be_bytes(chance.bytes::<4>().unwrap())).unwrap() % below
    };
    let mut outcomes: Vec<_> = values.iter().map(|v| (v.name, v.promise, Vec::new())).collect();
    let mut waiting: Vec<(usize, Use)> = values
        .into_iter()
        .enumerate()
        .flat_map(|(of, value)| value.uses.into_iter().map(move |one| (of, one)))
        .collect();
    let mut running = JoinSet::new();
    while !waiting.is_empty() {
        let (of, one) = waiting.swap_remove(draw(waiting.len()));
        let pauses = draw(6);
        running.spawn(async move {
            for _ in 0..pauses {
                tokio::task::yield_now().await;
            }
            (of, one.await)
        });
    }
    for (of, outcome) in running.join_all().await {
        outcomes[of].2.push(outcome);
    }
    outcomes
}

fn judge(name: &str, promise: Promise, heard: &[String]) {
    match promise {
        OneWins(won, lost) => {
            let winners = heard.iter().filter(|word| *word == won).count();
            assert_eq!(winners, 1, "{name}: {heard:?}");
            let losers = heard.iter().filter(|word| *word == lost).count();
            assert_eq!(losers, heard.len() - 1, "{name}: {heard:?}");
        }
        AllAlike => {
            let distinct: BTreeSet<_> = heard.iter().collect();
            assert_eq!(distinct.len(), 1, "{name}: {distinct:?}");
            assert!(heard.iter().all(|word| !word.trim().is_empty()), "{name} was refused");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_at_once_one_counts_for_everything_that_is_good_for_one() {
    let office = PostOffice::open().await;
    both_mailing(&office, |server, office| async move {
        let nodes = Nodes::of(&server).await;
        for round in 0..3 {
            let values = vec![
                // These step the clock, so they come first.
                nodes.second_factor("recovery code", round).await,
                nodes.second_factor("code of an app", round).await,
                nodes.code().await,
                nodes.refresh().await,
                nodes.consent().await,
                nodes.way_back("allow").await,
                nodes.way_back("deny").await,
                nodes.invitation(round).await,
                nodes.reset_link(round).await,
                nodes.mailed_link(round, &office).await,
                nodes.key(round).await,
            ];
            println!("round {round}");
            for (name, promise, heard) in scramble(values, round).await {
                judge(name, promise, &heard);
            }
        }
        assert_eq!(nodes.browsers[1].clone().get("/account").await.status.as_u16(), 200);
        assert!(server.browser().sign_in(ADMIN_EMAIL).await.status.is_success());
    })
    .await;
}
