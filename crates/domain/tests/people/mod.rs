//! The cast of the tests about people: calls from addresses, people with a password, browsers.
//! Their world is the house of the fixture.
#![expect(clippy::unwrap_used, reason = "a test that cannot have its cast has failed")]
#![allow(dead_code, reason = "each test file uses the part of the cast it needs")]

#[path = "../fixture/mod.rs"]
mod fixture;

use std::ops::Deref;

use domain::access::{self, Authority, Permission, Place};
use domain::accounts::{self, NewUser, User};
use domain::sessions::{self, SignIn};
use domain::{Actor, Call, Plain, Work, audit, clients};
use fixture::House;

/// When every test begins.
pub const BEGINNING: i64 = fixture::START;

/// The password of everybody.
pub const PASSWORD: &str = "violet kettle under seven roofs";
/// A browser.
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0";

pub struct World(House);

impl Deref for World {
    type Target = House;

    fn deref(&self) -> &House {
        &self.0
    }
}

/// One world on each engine.
pub async fn worlds() -> Vec<World> {
    fixture::instances().await.into_iter().map(World).collect()
}

/// The operator's proof of a permission.
pub fn may<P: Permission>() -> access::May<P> {
    Authority::operator("tests").may().unwrap()
}

impl World {
    /// A call by nobody from one address.
    pub fn call(&self) -> Call {
        self.call_from("192.0.2.1")
    }

    pub fn call_from(&self, address: &str) -> Call {
        Call {
            now: self.clock.now(),
            actor: Actor::nobody(),
            address: Some(address.parse().unwrap()),
            via: None,
            request_id: "req-1".into(),
        }
    }

    pub async fn work(&self) -> Work {
        self.instance.begin().await.unwrap()
    }

    /// Somebody new with [`PASSWORD`].
    pub async fn person(&self, email: &str) -> User {
        let password = Some(Plain::new(PASSWORD));
        let new =
            NewUser { email: email.into(), display_name: format!("Name of {email}"), password };
        accounts::create(&self.instance, &self.call(), &may(), new).await.unwrap().0
    }

    /// Somebody who was invited, and the text of the invitation.
    pub async fn invited(&self, email: &str) -> (User, Plain) {
        let new = NewUser { email: email.into(), display_name: "Invited".into(), password: None };
        let (user, link) =
            accounts::create(&self.instance, &self.call(), &may(), new).await.unwrap();
        (user, link.unwrap())
    }

    /// A client made of these settings; its id.
    pub async fn client(&self, settings: serde_json::Value) -> String {
        let draft = clients::Draft::read(&settings).unwrap();
        let mut work = self.work().await;
        let made = clients::create(&mut work, &self.call(), &may(), draft, None).await.unwrap();
        work.commit().await.unwrap();
        made.object.id.as_str().to_owned()
    }

    /// Binds somebody to a role.
    pub async fn bind(&self, user: &User, role: &str, place: Place) {
        let mut work = self.work().await;
        access::bind(&mut work, self.clock.now(), user.id.as_str(), role, &place).await.unwrap();
        work.commit().await.unwrap();
    }

    /// What somebody may do now.
    pub async fn authority(&self, user: &User) -> Authority {
        let holdings =
            access::holdings_of(&mut self.instance.read(), user.id.as_str()).await.unwrap();
        Authority::new(Actor::user(user.id.clone()), access::effective(&holdings, None))
    }

    pub async fn sign_in(&self, call: &Call, email: &str, password: &str) -> SignIn {
        sessions::sign_in(&self.instance, call, email, &Plain::new(password), FIREFOX)
            .await
            .unwrap()
    }

    /// A session of somebody who knows their password, and its cookie value.
    pub async fn signed_in(&self, email: &str) -> (sessions::Session, Plain) {
        match self.sign_in(&self.call(), email, PASSWORD).await {
            SignIn::Done { session, cookie, .. } => (session, cookie),
            other => panic!("{other:?}"),
        }
    }

    /// The person behind a cookie value now.
    pub async fn resumed(&self, cookie: &Plain) -> Option<(sessions::Session, User)> {
        sessions::resume(&mut self.instance.read(), self.clock.now(), cookie.reveal())
            .await
            .unwrap()
    }

    /// The whole trail but the clients that are there from the start, oldest first.
    pub async fn trail(&self) -> Vec<audit::Event> {
        let filter = audit::Filter { limit: 1000, ..audit::Filter::default() };
        let mut events = audit::list(&mut self.instance.read(), &filter).await.unwrap();
        events.retain(|event| event.object.kind != "client");
        events.reverse();
        events
    }

    /// The actions of the trail, oldest first.
    pub async fn actions(&self) -> Vec<String> {
        self.trail().await.into_iter().map(|event| event.action).collect()
    }
}
