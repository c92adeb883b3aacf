//! The database server dies, comes back, and has a full disk. The node that uses it refuses in
//! order, loses nothing that it acknowledged, and heals without a restart.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::Cluster;
use crate::running::{Outcome, Running, free_address, now};

/// Takes tokens until it is told to stop, and keeps those that were acknowledged.
fn load(running: &Running, stop: &AtomicBool) -> (Vec<String>, usize) {
    let (mut desk, mut tokens, mut refused) = (running.desk(), Vec::new(), 0);
    while !stop.load(Ordering::SeqCst) {
        match desk.token() {
            Outcome::Done(token) => tokens.push(token),
            Outcome::Later | Outcome::Silence => {
                refused += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
    (tokens, refused)
}

#[test]
fn a_killed_server_is_503_until_it_is_back_and_nothing_is_lost() {
    let Some(cluster) = Cluster::make("killed", None) else { return };
    cluster.start();
    let running = Running::start(&cluster.uri(), free_address());
    let stop = AtomicBool::new(false);
    let (tokens, refused) = std::thread::scope(|scope| {
        let loaders: Vec<_> = (0..3).map(|_| scope.spawn(|| load(&running, &stop))).collect();
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(300));
            cluster.kill();
            assert!(running.becomes(503, Duration::from_secs(15)), "it does not notice");
            assert!(matches!(running.desk().token(), Outcome::Later), "503 with Retry-After");
            cluster.start();
            assert!(running.becomes(200, Duration::from_secs(15)), "it does not heal by itself");
            running.desk().heals(Duration::from_secs(15));
        }
        stop.store(true, Ordering::SeqCst);
        let told = loaders.into_iter().map(|loader| loader.join().unwrap());
        told.fold((Vec::new(), 0), |(mut all, sum), (tokens, refused)| {
            all.extend(tokens);
            (all, sum + refused)
        })
    });
    println!("{} acknowledged, {refused} refused", tokens.len());
    assert!(refused > 0, "nobody noticed");
    running.desk().knows(&tokens);
}

#[test]
fn a_server_without_room_is_503_until_it_has_some_and_nothing_is_lost() {
    let Some(cluster) = Cluster::make("full", Some(96 << 20)) else { return };
    cluster.start();
    let running = Running::start(&cluster.uri(), free_address());
    let (mut desk, mut tokens, mut refused) = (running.desk(), Vec::new(), 0);
    for _ in 0..20 {
        let Outcome::Done(token) = desk.token() else { panic!("there is room") };
        tokens.push(token);
    }
    let filler = cluster.directory.join("filler");
    fill(&filler);
    let began = now();
    while refused < 20 {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "the disk does not fill: {}",
            tokens.len()
        );
        match desk.token() {
            Outcome::Done(token) => tokens.push(token),
            Outcome::Later | Outcome::Silence => refused += 1,
        }
    }
    std::fs::remove_file(&filler).unwrap();
    // It may have given up altogether; that it comes back is its operator's business.
    if !cluster.is_up() {
        cluster.kill();
        cluster.start();
    }
    desk.heals(Duration::from_secs(30));
    println!("{} acknowledged before the disk was full", tokens.len());
    running.desk().knows(&tokens);
}

/// Takes all the room that is left.
fn fill(path: &std::path::Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for size in [1 << 16, 1 << 12, 1] {
        let block = vec![7_u8; size];
        while file.write_all(&block).is_ok() {}
    }
}
