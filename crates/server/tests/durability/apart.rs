//! Two nodes, each in a network namespace of its own, and one database. What one ends is ended on
//! the other in its very next request; a node that is cut off from the database refuses, and one
//! that is not goes on.

use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::running::{Outcome, Running};

/// The database's address on this host, which nodes reach through their own wires.
const DATABASE: Ipv4Addr = Ipv4Addr::new(10, 213, 0, 1);

/// A namespace with a wire to this host, removed when this is dropped.
struct Island {
    name: String,
    number: u8,
}

fn ip(words: &str) -> bool {
    let told = Command::new("ip").args(words.split_whitespace()).output();
    told.is_ok_and(|told| {
        if !told.status.success() {
            eprintln!("ip {words}: {}", String::from_utf8_lossy(&told.stderr).trim());
        }
        told.status.success()
    })
}

impl Island {
    fn make(number: u8) -> Option<Self> {
        let island =
            Self { name: format!("mandate{}n{number}", std::process::id() % 100_000), number };
        let name = &island.name;
        let (here, there) = (format!("md{number}h"), format!("md{number}n"));
        let done = ip(&format!("netns add {name}"))
            && ip(&format!("link add {here} type veth peer name {there} netns {name}"))
            && ip(&format!("addr add 10.213.{number}.1/30 dev {here}"))
            && ip(&format!("link set {here} up"))
            && ip(&format!("-n {name} addr add 10.213.{number}.2/30 dev {there}"))
            && ip(&format!("-n {name} link set {there} up"))
            && ip(&format!("-n {name} link set lo up"));
        (done && island.heal()).then_some(island)
    }

    fn heal(&self) -> bool {
        let (name, number) = (&self.name, self.number);
        ip(&format!("-n {name} route replace {DATABASE}/32 via 10.213.{number}.1"))
    }

    /// Nothing reaches the database any more, and nobody says so.
    fn cut(&self) {
        assert!(ip(&format!("-n {} route replace blackhole {DATABASE}/32", self.name)));
    }

    fn start(&self, uri: &str) -> Running {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, env!("CARGO_BIN_EXE_mandate"), "serve"]);
        Running::of(command, uri, ([10, 213, self.number, 2], 8080).into())
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        ip(&format!("link del md{}h", self.number));
        ip(&format!("netns del {}", self.name));
    }
}

/// The address of the database on this host, removed when this is dropped.
struct Address;

impl Address {
    fn make() -> Option<Self> {
        ip(&format!("addr replace {DATABASE}/32 dev lo")).then_some(Self)
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        ip(&format!("addr del {DATABASE}/32 dev lo"));
    }
}

#[test]
fn what_one_node_ends_is_ended_on_the_other_and_a_node_cut_off_refuses() {
    if !crate::is_root() {
        return crate::skipped("netns", "only root makes network namespaces");
    }
    let (Some(_address), Some(one), Some(two)) =
        (Address::make(), Island::make(1), Island::make(2))
    else {
        return crate::skipped("netns", "this machine makes no network namespaces");
    };
    let Some(cluster) = Cluster::make("apart", None) else { return };
    cluster.admit("10.213.0.0/16");
    cluster.start();
    let uri = cluster.uri_at(DATABASE);
    let (on_one, on_two) = (one.start(&uri), two.start(&uri));
    let (mut here, mut there) = (on_one.desk(), on_two.desk());
    let take = |outcome: Outcome<String>| match outcome {
        Outcome::Done(token) => token,
        other => panic!("{other:?}"),
    };
    for _ in 0..50 {
        let token = take(here.token());
        assert_eq!(
            there.is_active(&token),
            Outcome::Done(true),
            "issued on one, known on the other"
        );
        assert_eq!(here.revoke(&token), Outcome::Done(()));
        assert_eq!(
            there.is_active(&token),
            Outcome::Done(false),
            "ended on one, ended on the other"
        );
    }

    let (kept, ended) = (take(here.token()), take(there.token()));
    two.cut();
    assert_ne!(there.is_active(&kept), Outcome::Done(true), "it cannot know");
    assert!(!matches!(there.token(), Outcome::Done(_)), "it cannot have written that");
    assert!(on_two.becomes(503, Duration::from_secs(30)), "it says that it cannot serve");
    assert_eq!(here.revoke(&ended), Outcome::Done(()), "the other goes on");
    take(here.token());

    assert!(two.heal());
    there.heals(Duration::from_secs(40));
    assert_eq!(there.is_active(&ended), Outcome::Done(false), "what ended meanwhile has ended");
    assert_eq!(there.is_active(&kept), Outcome::Done(true));
}
