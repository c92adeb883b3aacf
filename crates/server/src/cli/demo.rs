//! `mandate demo`: the server on a throw-away database, with people, clients and a sample
//! application, on loopback only.
//!
//! Everything lies in a directory of its own that is removed at the end. Every password and secret
//! is made for this run and printed once.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::{Chance, Clock, Instance, MasterKeys, Opening, Policy};

use super::operator::Desk;
use super::{Failure, listeners, print, serve};
use crate::app::App;
use crate::config::Database;
use crate::demo::{self, Cast};

/// Where the demonstration answers.
#[derive(Debug, Args)]
pub struct Words {
    /// The port of the server.
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    port: u16,
    /// The port of the sample application.
    #[arg(long, default_value_t = 8081, value_name = "PORT")]
    app_port: u16,
}

/// A directory that is removed when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Failure> {
        let name = Chance::System.hex::<8>()?;
        let path = std::env::temp_dir().join(format!("mandate-demo-{name}"));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "the demonstration's files stay behind");
        }
    }
}

/// Runs until it is told to stop.
pub async fn run(words: Words) -> Result<String, Failure> {
    super::log::begin_quietly();
    let server =
        [(Ipv4Addr::LOCALHOST, words.port).into(), (Ipv6Addr::LOCALHOST, words.port).into()];
    let sockets = listeners::bind("--port", &server).await?;
    let app_address = SocketAddr::from((Ipv4Addr::LOCALHOST, words.app_port));
    let app_socket = listeners::bind("--app-port", &[app_address]).await?;
    let scratch = Scratch::make()?;
    let issuer = format!("http://localhost:{}", words.port);
    let own = format!("http://127.0.0.1:{}", words.app_port);
    let desk = Desk::at(open(&scratch, &issuer).await?);
    let cast = demo::prepare(&desk.instance, &desk.call()?, &own)
        .await
        .map_err(|e| Failure::refused(e.to_string()))?;
    print(&program(&issuer, &own, &cast))?;
    let sample = demo::router(&issuer, &own, &cast.client_id, &cast.secret);
    for socket in app_socket {
        let sample = sample.clone();
        tokio::spawn(async move { axum::serve(socket, sample).await });
    }
    let app = App::new(Arc::clone(&desk.instance), Vec::new(), Some(cast.guide));
    serve::answer(app, sockets).await?;
    drop(desk);
    drop(scratch);
    Ok("Stopped. Nothing of the demonstration is kept.\n".into())
}

async fn open(scratch: &Scratch, issuer: &str) -> Result<Arc<Instance>, Failure> {
    let (master_keys, _) = MasterKeys::generate(&Chance::System)?;
    let opening = Opening {
        database: Database::file_uri(&scratch.0.join("demo.db")),
        master_keys,
        issuer: issuer.into(),
        policy: Policy::default(),
        clock: Clock::Machine,
        chance: Chance::System,
    };
    Ok(Instance::open(opening).await?)
}

/// What to click and what to type.
fn program(issuer: &str, own: &str, cast: &Cast) -> String {
    let mut text = format!(
        "Mandate {}, the demonstration\n\n  Sample application   {own}\n  Server               {issuer}\n  \
         Console              {issuer}/console\n\nSign in as\n",
        env!("CARGO_PKG_VERSION")
    );
    for person in &cast.guide.people {
        let _ = writeln!(text, "  {:<22} {}   {}", person.email, person.password, person.about);
    }
    text.push_str("\nOr from a terminal\n");
    for command in &cast.guide.commands {
        let _ = writeln!(text, "\n  # {}\n  {}", command.label, command.code.replace('\n', "\n  "));
    }
    text.push_str("\nCtrl-C stops it and leaves nothing behind.\n");
    text
}
