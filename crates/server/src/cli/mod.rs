//! The command line: the server, and the operator's verbs on the machine itself.
//!
//! A verb reads its words, calls one rule straight on the database, and gives back the text to
//! print; it is audited as `name@host`. What went wrong is a sentence on standard error: exit
//! code 1, or 2 where the words themselves were not understood.

mod audit;
mod bindings;
mod clients;
mod demo;
mod doctor;
mod failure;
mod grants;
mod input;
mod keys;
mod listeners;
mod log;
mod operator;
mod organizations;
mod permissions;
mod resources;
mod roles;
mod scopes;
mod serve;
mod sessions;
mod settings;
mod sign_in_policies;
mod store;
mod teams;
mod text;
mod trusted_ips;
mod users;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Sources};

pub use failure::Failure;

/// An OAuth 2.1 and OpenID Connect authorization server.
#[derive(Debug, Parser)]
#[command(name = "mandate", version, arg_required_else_help = true)]
pub struct CommandLine {
    /// The file of settings, instead of mandate.toml in this directory.
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the server.
    Serve,
    /// Try it: a throw-away server with people, clients and a sample application, on loopback.
    Demo(demo::Words),
    /// See and change OAuth clients.
    Clients(Box<clients::Words>),
    /// See and change what a token can be limited to.
    Scopes(scopes::Words),
    /// See and change the servers that tokens are for.
    Resources(resources::Words),
    /// See and change people.
    Users(users::Words),
    /// See and change organizations.
    Organizations(organizations::Words),
    /// See and change teams and their members.
    Teams(teams::Words),
    /// See and change roles.
    Roles(roles::Words),
    /// See and change permissions.
    Permissions(permissions::Words),
    /// See, give and take who holds which role where.
    Bindings(bindings::Words),
    /// See and change who may sign in, and how long they stay.
    SignInPolicies(Box<sign_in_policies::Words>),
    /// See and end browser sessions.
    Sessions(sessions::Words),
    /// See and end what people allowed.
    Grants(grants::Words),
    /// See and rotate signing keys.
    Keys(keys::Words),
    /// Read who did what.
    Audit(audit::Words),
    /// Make the database, or bring it up to date, and lay down what is built in.
    Migrate,
    /// Copy the database to a new file while it is in use. The master key is not in the copy.
    Backup {
        /// The file to write; it must not be there yet.
        path: PathBuf,
    },
    /// Look for what is wrong, and say what to do.
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the version.
    Version,
    /// See and change what is set while the server runs; alone: the manual page of its configuration.
    Settings(settings::Words),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).told(),
    };
    let outcome = runtime.block_on(run(line));
    // Nothing is waited for that outlived its verb.
    runtime.shutdown_background();
    match outcome.and_then(|(text, code)| print(&text).map(|()| code)) {
        Ok(code) => code,
        Err(failure) => failure.told(),
    }
}

/// What to print, and how to end.
async fn run(line: CommandLine) -> Result<(String, ExitCode), Failure> {
    let config = || Config::load(&Sources::of_process(line.config.clone())).map_err(Failure::from);
    let text = match line.verb {
        Verb::Version => format!("mandate {}\n", env!("CARGO_PKG_VERSION")),
        Verb::Settings(words) if words.is_manual() => crate::config::markdown(),
        Verb::Doctor { json } => {
            return Ok(doctor::run(config(), json).await);
        }
        Verb::Serve => serve::run(config()?).await?,
        Verb::Demo(words) => demo::run(words).await?,
        Verb::Migrate => store::migrate(&config()?).await?,
        Verb::Backup { path } => store::backup(&config()?, &path).await?,
        Verb::Clients(words) => {
            clients::run(&operator::Desk::open(&config()?).await?, *words).await?
        }
        Verb::Scopes(words) => scopes::run(&operator::Desk::open(&config()?).await?, words).await?,
        Verb::Resources(words) => {
            resources::run(&operator::Desk::open(&config()?).await?, words).await?
        }
        Verb::Users(words) => users::run(&operator::Desk::open(&config()?).await?, words).await?,
        Verb::Keys(words) => keys::run(config, words).await?,
        Verb::Organizations(words) => organizations::run(&desk(config).await?, words).await?,
        Verb::Teams(words) => teams::run(&desk(config).await?, words).await?,
        Verb::Roles(words) => roles::run(&desk(config).await?, words).await?,
        Verb::Permissions(words) => permissions::run(&desk(config).await?, words).await?,
        Verb::Bindings(words) => bindings::run(&desk(config).await?, words).await?,
        Verb::SignInPolicies(words) => sign_in_policies::run(&desk(config).await?, *words).await?,
        Verb::Sessions(words) => sessions::run(&desk(config).await?, words).await?,
        Verb::Grants(words) => grants::run(&desk(config).await?, words).await?,
        Verb::Settings(words) => settings::run(&desk(config).await?, words).await?,
        Verb::Audit(words) => {
            return audit::run(&operator::Desk::open(&config()?).await?, words).await;
        }
    };
    Ok((text, ExitCode::SUCCESS))
}

/// The operator's desk at the database that the configuration names.
async fn desk(config: impl FnOnce() -> Result<Config, Failure>) -> Result<operator::Desk, Failure> {
    operator::Desk::open(&config()?).await
}

/// Prints; whoever stopped reading (`| head`) has read enough.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
