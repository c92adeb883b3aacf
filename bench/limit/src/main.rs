//! The yardstick: what this machine can do at best for one answer of an authorization server.
//!
//! One client, one scope, no rule, no audit, no limit of anything: read the request, compare a
//! secret's hash, store one durable row (or read one), answer. It is not a server, and refuses to
//! become one; `bench/` runs it beside Mandate so that a figure can be given as a ratio.
//!
//! `limit serve ADDRESS DATABASE` with a file for SQLite or `postgres://…`;
//! `limit seed DATABASE COUNT TOKENS` writes rows into a SQLite file and their tokens into files;
//! `limit argon2 SECONDS THREADS` prints how many password hashes a second the machine makes.

mod answers;
mod postgres;
mod sqlite;
mod token;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", address, database] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(answers::serve(address, database))
        }
        ["seed", database, count, tokens] => sqlite::seed(database, count.parse()?, tokens),
        ["argon2", seconds, threads] => {
            println!("{:.2}", argon2_rate(seconds.parse()?, threads.parse()?));
            Ok(())
        }
        _ => Err("limit serve ADDRESS DATABASE | limit seed DATABASE COUNT TOKENS | limit argon2 SECONDS THREADS".into()),
    }
}

/// Hashes a second at the cost that Mandate uses: 19 MiB, two passes, one lane.
fn argon2_rate(seconds: u64, threads: usize) -> f64 {
    let argon2 = argon2::Argon2::default();
    let began = std::time::Instant::now();
    let hash = || {
        let mut count = 0u32;
        let mut output = [0u8; 32];
        while began.elapsed().as_secs() < seconds {
            let hashed = argon2.hash_password_into(b"a password", b"sixteen bytes of", &mut output);
            count += u32::from(hashed.is_ok());
        }
        count
    };
    let total: u32 = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(hash)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    f64::from(total) / began.elapsed().as_secs_f64()
}
