//! The running application: what every door shares, the background jobs, the listening sockets.
//!
//! Knows no path (`routes`) and no rule (`domain`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::middleware::map_request;
use domain::Instance;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::tls::{Certificate, HttpsListener};
use crate::urls::Urls;
use crate::web::views::DemoGuide;
use crate::{jobs, routes, tls};

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
    draining: AtomicBool,
}

impl App {
    /// An application around an opened instance.
    pub fn new(
        instance: Arc<Instance>,
        trusted_proxies: Vec<IpNet>,
        demo: Option<DemoGuide>,
    ) -> Arc<Self> {
        let urls = Urls::new(instance.issuer());
        Arc::new(Self { instance, urls, trusted_proxies, demo, draining: AtomicBool::new(false) })
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

/// Serves on `listeners` until `stop` says so; then finishes what is under way.
///
/// # Errors
/// When a socket fails.
pub async fn serve(
    app: Arc<App>,
    listeners: Vec<TcpListener>,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    app.instance.keep_number().await.map_err(std::io::Error::other)?;
    let service =
        routes::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let mut servers = JoinSet::new();
    for listener in listeners {
        let (service, until) = (service.clone(), draining(&app, stop.clone()));
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a socket keeps its delay");
            }
        });
        servers.spawn(
            async move { axum::serve(listener, service).with_graceful_shutdown(until).await },
        );
    }
    attend(app, servers, stop).await
}

/// The same over TLS, under a certificate that is read again when its files change.
///
/// # Errors
/// When a socket fails.
pub async fn serve_https(
    app: Arc<App>,
    listeners: Vec<TcpListener>,
    certificate: Arc<Certificate>,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let router = routes::router(Arc::clone(&app)).layer(map_request(tls::name_peer));
    let service = router.into_make_service_with_connect_info::<tls::Peer>();
    let mut servers = JoinSet::new();
    for listener in listeners {
        let (service, until) = (service.clone(), draining(&app, stop.clone()));
        let listener = HttpsListener::begin(listener, &certificate)?;
        servers.spawn(
            async move { axum::serve(listener, service).with_graceful_shutdown(until).await },
        );
    }
    tokio::select! {
        ended = attend(app, servers, stop) => ended,
        () = certificate.follow() => Ok(()),
    }
}

/// Waits for the stop and says to everybody that it has come.
fn draining(
    app: &Arc<App>,
    mut stop: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send + use<> {
    let app = Arc::clone(app);
    async move {
        // An error means that the sender is gone, which is a stop too.
        let _ = stop.wait_for(|stopped| *stopped).await;
        app.draining.store(true, Ordering::Relaxed);
    }
}

/// Runs the background jobs beside the servers, until the last of these has ended.
async fn attend(
    app: Arc<App>,
    mut servers: JoinSet<std::io::Result<()>>,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let jobs = tokio::spawn(jobs::run(app, stop));
    let mut result = Ok(());
    while let Some(ended) = servers.join_next().await {
        result = result.and(ended.unwrap_or_else(|panic| Err(std::io::Error::other(panic))));
    }
    if tokio::time::timeout(Duration::from_secs(5), jobs).await.is_err() {
        tracing::warn!("the background jobs did not end in time");
    }
    result
}
