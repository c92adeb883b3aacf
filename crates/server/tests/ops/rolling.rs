//! One node after the other is stopped and started again under load, behind a balancer that asks
//! `/readyz` as balancers do: no request fails.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness;
use crate::machine::{Machine, Server};
use crate::wire::Wire;

const LOADERS: usize = 4;

/// A node as the balancer sees it: odd numbers are lives of the node in which it takes requests.
struct Node {
    address: SocketAddr,
    life: AtomicU32,
}

impl Node {
    /// Asks once whether it wants requests.
    fn look(&self) {
        let ready = Wire::new(self.address).get("/readyz").is_some_and(|(status, _)| status == 200);
        let was_ready = !self.life.load(Ordering::SeqCst).is_multiple_of(2);
        if ready != was_ready {
            self.life.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Sends token requests to nodes that want them, and counts; a connection is kept for one life.
fn load(nodes: &[Node; 2], basic: &str, stop: &AtomicBool, answered: &AtomicUsize) -> Vec<String> {
    let (mut failed, mut kept) = (Vec::new(), [(0, None), (0, None)]);
    let mut turn = 0;
    while !stop.load(Ordering::SeqCst) {
        turn += 1;
        let n = turn % 2;
        let life = nodes[n].life.load(Ordering::SeqCst);
        if life.is_multiple_of(2) {
            continue;
        }
        if kept[n].0 != life {
            kept[n] = (life, Some(Wire::new(nodes[n].address)));
        }
        let wire = kept[n].1.get_or_insert_with(|| Wire::new(nodes[n].address));
        match wire.post("/oauth2/token", basic, "grant_type=client_credentials") {
            Some((200, _)) => drop(answered.fetch_add(1, Ordering::SeqCst)),
            other => failed.push(format!("node {n}: {other:?}")),
        }
    }
    failed
}

fn machine(uri: &str) -> (Machine, Node) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let mut machine = Machine::new();
    machine.set("MANDATE_LISTEN", &address.to_string());
    machine.set("MANDATE_DATABASE", uri);
    machine.set("MANDATE_ISSUER", harness::ISSUER);
    machine.set("MANDATE_MASTER_KEY", &harness::master_key());
    machine.set("MANDATE_DRAIN_DELAY", "1 s");
    machine.set("MANDATE_LOG", "error");
    (machine, Node { address, life: AtomicU32::new(0) })
}

fn restart(machine: &Machine, running: Server, node: &Node) -> Server {
    let (code, log) = running.stop();
    assert_eq!(code, Some(0), "it ends by itself: {log}");
    let running = machine.serve();
    while node.life.load(Ordering::SeqCst).is_multiple_of(2) {
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_request() {
    let shared = harness::servers().await.into_iter().find(|server| server.engine == "postgres");
    let Some(server) = shared else { return };
    let server = Arc::new(server);
    let basic = server.admin_client().basic();
    let database = Arc::into_inner(server).expect("nobody else holds it").into_database();
    let ((a, node_a), (b, node_b)) = (machine(database.uri()), machine(database.uri()));
    let nodes = [node_a, node_b];
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    tokio::task::block_in_place(|| {
        let (mut on_a, mut on_b) = (a.serve(), b.serve());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    nodes.iter().for_each(Node::look);
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            let loaders: Vec<_> = (0..LOADERS)
                .map(|_| scope.spawn(|| load(&nodes, &basic, &stop, &answered)))
                .collect();
            for _ in 0..2 {
                on_a = restart(&a, on_a, &nodes[0]);
                on_b = restart(&b, on_b, &nodes[1]);
            }
            stop.store(true, Ordering::SeqCst);
            for loader in loaders {
                let failed = loader.join().unwrap();
                assert!(failed.is_empty(), "{failed:#?}");
            }
        });
    });
    let answered = answered.into_inner();
    println!("four restarts, {answered} requests, none failed");
    assert!(answered > 500, "there was hardly any load: {answered}");
}
