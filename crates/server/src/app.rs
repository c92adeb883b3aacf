//! The running application: what every door shares, the background jobs, the listening sockets.
//!
//! Knows no path (`routes`) and no rule (`domain`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Instance;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::urls::Urls;
use crate::web::views::DemoGuide;
use crate::{jobs, routes};

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
    let jobs = tokio::spawn(jobs::run(Arc::clone(&app), stop.clone()));
    let service =
        routes::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        let (service, mut stop, app) = (service.clone(), stop.clone(), Arc::clone(&app));
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a socket keeps its delay");
            }
        });
        let until = async move {
            // An error means that the sender is gone, which is a stop too.
            let _ = stop.wait_for(|stopped| *stopped).await;
            app.draining.store(true, Ordering::Relaxed);
        };
        servers.spawn(
            async move { axum::serve(listener, service).with_graceful_shutdown(until).await },
        );
    }
    let mut result = Ok(());
    while let Some(ended) = servers.join_next().await {
        result = result.and(ended.unwrap_or_else(|panic| Err(std::io::Error::other(panic))));
    }
    if tokio::time::timeout(Duration::from_secs(5), jobs).await.is_err() {
        tracing::warn!("the background jobs did not end in time");
    }
    result
}
