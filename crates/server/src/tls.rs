//! https without a proxy: a certificate that is read again when its files change, and a listener
//! whose handshakes keep nobody waiting.
//!
//! TLS 1.2 and 1.3, HTTP/1.1. It knows no route.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::Tls;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes under way at once, on one listener.
const HANDSHAKES: usize = 1024;
/// Connections that wait to be served.
const WAITING: usize = 64;

/// A certificate and its key, as the files hold them now.
pub struct Certificate {
    files: Tls,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// A sentence that names the setting and the file.
    pub fn read(files: &Tls) -> Result<Arc<Self>, String> {
        let current = RwLock::new(Arc::new(pair(files)?));
        Ok(Arc::new(Self { files: files.clone(), current }))
    }

    /// Reads the files again whenever they change, for as long as it is polled. What cannot be
    /// read changes nothing, and is told once.
    pub async fn follow(&self) {
        let mut known = stamps(&self.files);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = stamps(&self.files);
            if now == known {
                continue;
            }
            known = now;
            match pair(&self.files) {
                Ok(pair) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                    tracing::info!("the certificate was read again");
                }
                Err(sentence) => tracing::warn!("{sentence} The certificate read before stays."),
            }
        }
    }

    fn server_config(self: &Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let resolver = Arc::clone(self);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Names the files, never what is in them.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.files).finish()
    }
}

/// The chain and the key, which have to belong together.
fn pair(files: &Tls) -> Result<CertifiedKey, String> {
    let unreadable = |setting: &str, path: &Path, why: &dyn fmt::Display| {
        format!("{setting}: {} cannot be used: {why}.", path.display())
    };
    let of_cert = |why: &dyn fmt::Display| unreadable("tls_cert", &files.cert, why);
    let of_key = |why: &dyn fmt::Display| unreadable("tls_key", &files.key, why);
    let chain = CertificateDer::pem_file_iter(&files.cert).map_err(|error| of_cert(&error))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|error| of_cert(&error))?;
    if chain.is_empty() {
        return Err(of_cert(&"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| of_key(&error))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(
        |error| match error {
            rustls::Error::InconsistentKeys(_) => of_key(&"it is not the key of the certificate"),
            other => of_key(&other),
        },
    )
}

/// What tells a changed file from the one before.
fn stamps(files: &Tls) -> [Option<(SystemTime, u64)>; 2] {
    [&files.cert, &files.key].map(|path| {
        let file = std::fs::metadata(path).ok()?;
        Some((file.modified().ok()?, file.len()))
    })
}

/// Gives connections whose handshake is done.
pub struct HttpsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl HttpsListener {
    /// Begins to accept.
    ///
    /// # Errors
    /// When the socket or the library refuses.
    pub fn begin(listener: TcpListener, certificate: &Arc<Certificate>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let config = certificate.server_config().map_err(io::Error::other)?;
        let (done, ready) = mpsc::channel(WAITING);
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), done));
        Ok(Self { address, ready })
    }
}

impl Listener for HttpsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// Accepts until nobody takes what is accepted. Each handshake is on its own.
async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    while let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await {
        let (stream, peer) = tokio::select! {
            () = done.closed() => return,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a socket keeps its delay");
        }
        let (acceptor, done) = (acceptor.clone(), done.clone());
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            drop(permit);
            match handshake {
                // An error means that the server stops.
                Ok(Ok(stream)) => drop(done.send((stream, peer)).await),
                Ok(Err(error)) => tracing::debug!(%error, %peer, "a handshake failed"),
                Err(_) => tracing::debug!(%peer, "a handshake took too long"),
            }
        });
    }
}
