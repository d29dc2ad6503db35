//! TLS towards clients: the certificate's files, the pair in use, the handshake.

mod expiry;
mod files;
mod follow;

pub use expiry::expires_ms;
pub use files::Files;
pub use follow::follow;

use crate::base::Fault;
use crate::base::fault::Doing;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// From the first byte to the last of a handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// HTTP/2's name in a handshake.
pub const ALPN_H2: &[u8] = b"h2";
/// HTTP/1.1's.
const ALPN_HTTP_1: &[u8] = b"http/1.1";

/// The certificate and key in use. Handshakes take what is here; connections keep what they began with.
#[derive(Debug)]
pub struct Pair(RwLock<Arc<CertifiedKey>>);

impl Pair {
    /// A pair to begin with.
    #[must_use]
    pub fn new(pair: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(pair)))
    }

    /// Puts another in its place.
    pub fn replace(&self, pair: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
    }
}

impl ResolvesServerCert for Pair {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Does handshakes.
#[derive(Clone)]
pub struct Handshakes(TlsAcceptor);

impl Handshakes {
    /// With TLS 1.3 and 1.2, and no version before; for HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// None that a build of this program could meet.
    pub fn new(pair: Arc<Pair>) -> Result<Self, Fault> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .doing("choosing TLS versions")?
            .with_no_client_auth()
            .with_cert_resolver(pair);
        config.alpn_protocols = vec![ALPN_H2.to_vec(), ALPN_HTTP_1.to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands; `None` when that fails or takes too long.
    pub async fn shake(&self, tcp: TcpStream) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(HANDSHAKE, self.0.accept(tcp)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a client's TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a client's TLS handshake took too long");
                None
            }
        }
    }
}
