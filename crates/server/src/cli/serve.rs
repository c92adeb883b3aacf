//! `mandate serve`: from the settings to a server that answers, and back down again.
//!
//! In this order, so that each failure leaves nothing behind that the next start would trip over:
//! sockets, database, foundation, the greeting, requests. SIGTERM or SIGINT ends it: `/readyz` says
//! so, for `drain_delay` requests are still taken, then no new connections; what is under way is
//! finished, the last marks are written. A second one ends it at once.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::Instance;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::operator::{self, Desk};
use super::{Failure, listeners, log, print};
use crate::app::{self, App, Manner, Outfit};
use crate::config::{Config, KeyFile};
use crate::foundation::{self, Prepared};
use crate::mail::Mailer;
use crate::tls::Certificate;
use crate::traces::Traces;
use crate::whereabouts::Whereabouts;

/// Requests under way have this long to end.
const DRAIN: Duration = Duration::from_secs(30);

/// Serves until it is told to stop.
pub async fn run(config: Config) -> Result<String, Failure> {
    log::begin(&config);
    let certificate = config.tls.as_ref().map(Certificate::read).transpose();
    let certificate = certificate.map_err(Failure::refused)?;
    let whereabouts = config.geoip_database.as_deref().map(Whereabouts::open).transpose();
    let whereabouts = whereabouts.map_err(Failure::refused)?;
    let mail = config.mail.as_ref().map(Mailer::new).transpose().map_err(Failure::refused)?;
    let sockets = listeners::bind("listen", &config.listen).await?;
    let metrics = match config.metrics_listen {
        Some(address) => listeners::bind("metrics_listen", &[address]).await?,
        None => Vec::new(),
    };
    let instance = match config.standby {
        Some(bound) => standby(&config, (&sockets, &metrics), bound).await?,
        None => prepared(&config, (&sockets, &metrics)).await?,
    };
    let traces = config.otel_endpoint.map(Traces::begin);
    let heartbeat = config.standby_heartbeat;
    let outfit = Outfit { counts: !metrics.is_empty(), traces, mail, whereabouts, heartbeat };
    let app = App::equipped(instance, config.trusted_proxies, outfit);
    app::serve_metrics(&app, metrics);
    let watched = Arc::clone(&app);
    let manner = Manner { linger: config.drain_delay, ..Manner::default() };
    let ending = manner.linger + DRAIN;
    match certificate {
        None => until_a_signal(ending, |stop| app::serve(app, sockets, manner, stop)).await?,
        Some(of) => {
            until_a_signal(ending, |stop| app::serve_https(app, sockets, of, manner, stop)).await?;
        }
    }
    if let Some(traces) = &watched.traces {
        traces.flush().await;
    }
    Ok("Stopped.\n".into())
}

/// The instance, with what the first request finds.
async fn prepared(
    config: &Config,
    sockets: (&[TcpListener], &[TcpListener]),
) -> Result<Arc<Instance>, Failure> {
    let was_new = config.database.is_new();
    let desk = Desk::at(operator::open(config, KeyFile::Make).await?);
    let prepared = foundation::prepare(&desk.instance, &config.bootstrap, &desk.call()?).await?;
    print(&greeting(config, sockets, &prepared, was_new)?)?;
    Ok(desk.instance)
}

/// The same on a standby of the database, where nothing can be prepared.
async fn standby(
    config: &Config,
    sockets: (&[TcpListener], &[TcpListener]),
    bound: Duration,
) -> Result<Arc<Instance>, Failure> {
    let instance = operator::open_standby(config, bound).await?;
    let mut text = greeting(config, sockets, &Prepared { setup_link: None }, false)?;
    let _ = writeln!(
        text,
        "  standby   introspection, keys and metadata alone, while the standby is at most {} s behind",
        bound.as_secs()
    );
    print(&text)?;
    Ok(instance)
}

/// Serves until a signal, then drains.
pub async fn answer(app: Arc<App>, sockets: Vec<TcpListener>) -> Result<(), Failure> {
    until_a_signal(DRAIN, |stop| app::serve(app, sockets, Manner::default(), stop)).await
}

async fn until_a_signal<F>(
    ending: Duration,
    serve: impl FnOnce(watch::Receiver<bool>) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = std::io::Result<()>>,
{
    let (stop, stopped) = watch::channel(false);
    let mut signals = Signals::listen()?;
    let serving = serve(stopped);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return Ok(ended?),
        name = signals.next() => tracing::info!(signal = name, "stopping"),
    }
    stop.send_replace(true);
    tokio::select! {
        ended = &mut serving => Ok(ended?),
        _ = signals.next() => Err(Failure::refused("Stopped at once; requests under way were cut off.")),
        () = tokio::time::sleep(ending) => {
            Err(Failure::refused("Some requests did not end within 30 seconds and were cut off."))
        }
    }
}

/// The signals that end a server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = tokio::signal::ctrl_c() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        // Without a way to hear of it, it never happens.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

/// What a person who starts it wants to know.
fn greeting(
    config: &Config,
    (sockets, metrics): (&[TcpListener], &[TcpListener]),
    prepared: &Prepared,
    was_new: bool,
) -> Result<String, Failure> {
    let addresses =
        sockets.iter().map(TcpListener::local_addr).collect::<Result<Vec<SocketAddr>, _>>()?;
    let spelt: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let scheme = if config.tls.is_some() { " (https)" } else { "" };
    let mut text = format!(
        "Mandate {}\n  issuer    {}\n  address   {}{scheme}\n  database  {}\n",
        env!("CARGO_PKG_VERSION"),
        config.issuer,
        spelt.join(", "),
        config.database
    );
    for socket in metrics {
        let _ = writeln!(text, "  metrics   http://{}/metrics", socket.local_addr()?);
    }
    if let Some(key) = config.key_file().filter(|_| was_new) {
        let _ = writeln!(
            text,
            "  key       {} was made now: keep a copy of it apart from the database.",
            key.display()
        );
    }
    if let Some(port) = unserved_port(config, &addresses) {
        let _ = writeln!(
            text,
            "  warning   the issuer says port {port}, but nothing answers there: set `issuer` or `listen`."
        );
    }
    if let Some(link) = &prepared.setup_link {
        let _ = write!(
            text,
            "\nNobody administers this server yet. This link makes the first administrator, once, today:\n  {}\n",
            link.reveal()
        );
    }
    Ok(text)
}

/// The port of a loopback issuer on which we do not answer; any other host may have a proxy.
fn unserved_port(config: &Config, addresses: &[SocketAddr]) -> Option<u16> {
    let port = config.loopback_port()?;
    (!addresses.iter().any(|address| address.port() == port)).then_some(port)
}
