//! The running application: what every door shares, the background jobs, the listening sockets.
//!
//! Knows no path (`routes`) and no rule (`domain`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::serve::{Listener, ListenerExt};
use domain::accounts::User;
use domain::{Call, Instance, Number, Plain};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connections::{self, End, Patience};
use crate::figures::Figures;
use crate::mail::{self, Delivery, Mailer, Wanted};
use crate::tls::{Certificate, HttpsListener};
use crate::traces::Traces;
use crate::urls::Urls;
use crate::web::views::DemoGuide;
use crate::whereabouts::Whereabouts;
use crate::{jobs, ops, routes};

/// Seconds between two looks for a node number while every one is leased.
const RETRY_SECONDS: i64 = 5;

/// What every door shares.
pub struct App {
    /// The rules and the rows.
    pub instance: Arc<Instance>,
    /// The addresses we hand out.
    pub urls: Urls,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Present while `mandate demo` runs.
    pub demo: Option<DemoGuide>,
    /// Present where somebody collects them.
    pub figures: Option<Figures>,
    /// Present where there is a collector for them.
    pub traces: Option<Traces>,
    /// Present where mail is set up.
    pub mail: Option<Mailer>,
    /// Present where a database knows where an address is.
    pub whereabouts: Option<Whereabouts>,
    /// Is something written every second, so that standbys know how fresh they are?
    pub heartbeat: bool,
    draining: AtomicBool,
}

/// What a server has beside its rules, where the operator set it up.
#[derive(Default)]
pub struct Outfit {
    /// Are figures collected?
    pub counts: bool,
    /// The way to the collector of spans.
    pub traces: Option<Traces>,
    /// The way to the server that takes mail.
    pub mail: Option<Mailer>,
    /// The database that knows where an address is.
    pub whereabouts: Option<Whereabouts>,
    /// Is something written every second, so that standbys know how fresh they are?
    pub heartbeat: bool,
}

impl App {
    /// An application around an opened instance.
    pub fn new(
        instance: Arc<Instance>,
        trusted_proxies: Vec<IpNet>,
        demo: Option<DemoGuide>,
    ) -> Arc<Self> {
        Arc::new(Self::bare(instance, trusted_proxies, demo))
    }

    /// The same with what the operator set up.
    pub fn equipped(
        instance: Arc<Instance>,
        trusted_proxies: Vec<IpNet>,
        outfit: Outfit,
    ) -> Arc<Self> {
        let Outfit { counts, traces, mail, whereabouts, heartbeat } = outfit;
        let lost = traces.as_ref().map(Traces::lost);
        let figures = counts.then(|| Figures::new(instance.database_figures(), lost));
        let bare = Self::bare(instance, trusted_proxies, None);
        Arc::new(Self { figures, traces, mail, whereabouts, heartbeat, ..bare })
    }

    fn bare(instance: Arc<Instance>, trusted_proxies: Vec<IpNet>, demo: Option<DemoGuide>) -> Self {
        let (urls, draining) = (Urls::new(instance.issuer()), AtomicBool::new(false));
        Self {
            instance,
            urls,
            trusted_proxies,
            demo,
            figures: None,
            traces: None,
            mail: None,
            whereabouts: None,
            heartbeat: false,
            draining,
        }
    }

    /// Mails the one-time link of somebody to them, where mail is set up.
    pub async fn mail_link(&self, call: &Call, link: (&User, &Plain), wanted: Wanted) -> Delivery {
        mail::deliver((self.mail.as_ref(), &self.urls), call, link, wanted).await
    }

    /// Where an address is, if that is known.
    pub fn place_of(&self, address: &str) -> Option<String> {
        self.whereabouts.as_ref()?.of(address)
    }

    /// Counts, where somebody collects.
    pub fn count(&self, with: impl FnOnce(&Figures)) {
        if let Some(figures) = &self.figures {
            with(figures);
        }
    }

    /// Is `peer` one of the proxies we believe?
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }

    /// Has the shutdown begun? Then `/readyz` says no, so that balancers look elsewhere.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// How a server waits, and how it ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// How long somebody slow is waited for.
    pub patience: Patience,
    /// How long requests are still taken after the end was announced, while balancers find out.
    pub linger: Duration,
}

/// Serves on `listeners` until `stop` says so; then finishes what is under way.
///
/// # Errors
/// When a socket fails.
pub async fn serve(
    app: Arc<App>,
    listeners: Vec<TcpListener>,
    manner: Manner,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let without_delay = listeners.into_iter().map(|listener| {
        listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a socket keeps its delay");
            }
        })
    });
    serve_on(app, without_delay.collect(), manner, stop).await
}

/// The same over TLS, under a certificate that is read again when its files change.
///
/// # Errors
/// When a socket fails.
pub async fn serve_https(
    app: Arc<App>,
    listeners: Vec<TcpListener>,
    certificate: Arc<Certificate>,
    manner: Manner,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let listeners = listeners.into_iter().map(|l| HttpsListener::begin(l, &certificate));
    let listeners = listeners.collect::<std::io::Result<Vec<_>>>()?;
    tokio::select! {
        ended = serve_on(app, listeners, manner, stop) => ended,
        () = certificate.follow() => Ok(()),
    }
}

/// Serves `/metrics`, and nothing else, for as long as the process lives.
pub fn serve_metrics(app: &Arc<App>, listeners: Vec<TcpListener>) {
    for listener in listeners {
        let (router, (keep, never)) =
            (ops::metrics::router(Arc::clone(app)), watch::channel(End::Far));
        tokio::spawn(async move {
            connections::serve(listener, router, Patience::default(), never).await;
            drop(keep);
        });
    }
}

/// Runs the servers and, beside them, the background jobs, until the last of the servers has ended.
async fn serve_on<L>(
    app: Arc<App>,
    listeners: Vec<L>,
    manner: Manner,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()>
where
    L: Listener<Addr = SocketAddr>,
{
    // A standby takes no writes: there is nothing to number and no job to do.
    let writes = !app.instance.is_standby();
    if writes && !take_number(&app, stop.clone()).await? {
        return Ok(());
    }
    let router = routes::router(Arc::clone(&app));
    let (ending, end) = watch::channel(End::Far);
    let mut servers = JoinSet::new();
    for listener in listeners {
        servers.spawn(connections::serve(listener, router.clone(), manner.patience, end.clone()));
    }
    tokio::spawn(announce(Arc::clone(&app), manner.linger, stop, ending));
    let (jobs_stop, jobs_stopped) = watch::channel(false);
    let jobs = tokio::spawn(async move {
        if writes {
            jobs::run(app, jobs_stopped).await;
        }
    });
    let mut result = Ok(());
    while let Some(ended) = servers.join_next().await {
        result = result.and(ended.map_err(std::io::Error::other));
    }
    jobs_stop.send_replace(true);
    if tokio::time::timeout(Duration::from_secs(5), jobs).await.is_err() {
        tracing::warn!("the background jobs did not end in time");
    }
    result
}

/// Waits, two minutes at most, until there is a number for this node. False when it is to stop before.
async fn take_number(app: &App, mut stop: watch::Receiver<bool>) -> std::io::Result<bool> {
    let mut told = false;
    loop {
        let kept = app.instance.keep_number().await.map_err(std::io::Error::other)?;
        let Number::AllTaken { seconds } = kept else { return Ok(true) };
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(
                seconds,
                "every node number is leased: killed servers keep theirs for two minutes. This start waits for \
                 the first to be free"
            );
        }
        let pause = Duration::from_secs(u64::try_from(seconds.min(RETRY_SECONDS)).unwrap_or(1));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stopped| *stopped) => return Ok(false),
        }
    }
}

/// Waits for the stop, says to everybody that it has come, and ends the servers a while later.
async fn announce(
    app: Arc<App>,
    linger: Duration,
    mut stop: watch::Receiver<bool>,
    ending: watch::Sender<End>,
) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stop.wait_for(|stopped| *stopped).await;
    app.draining.store(true, Ordering::Relaxed);
    ending.send_replace(End::Announced);
    tokio::time::sleep(linger).await;
    ending.send_replace(End::Come);
}
