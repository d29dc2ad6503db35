//! TLS for tests: a certificate of a moment, files of it, clients that trust it and nothing else.

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The name on every certificate.
pub const NAME: &str = "localhost";
/// How long a blocking client waits for bytes.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A self-signed certificate and its key, in files of a folder that goes with the value.
pub struct Pair {
    folder: tempfile::TempDir,
    certificate: CertificateDer<'static>,
}

impl Pair {
    /// Makes one.
    ///
    /// # Panics
    /// When it cannot be made or written.
    #[must_use]
    pub fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("keyway-tls-").tempdir().expect("a folder");
        let made = new_pair();
        let pair = Self { folder, certificate: made.cert.der().clone() };
        pair.write(&made.cert.pem(), &made.signing_key.serialize_pem());
        pair
    }

    /// Puts a new certificate and key into the files; clients made from now on trust that one alone.
    ///
    /// # Panics
    /// When it cannot be made or written.
    pub fn renew(&mut self) {
        let made = new_pair();
        self.certificate = made.cert.der().clone();
        self.write(&made.cert.pem(), &made.signing_key.serialize_pem());
    }

    /// Puts these texts into the files.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write(&self, certificate: &str, key: &str) {
        std::fs::write(self.certificate_file(), certificate).expect("the certificate's file");
        std::fs::write(self.key_file(), key).expect("the key's file");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(self.key_file(), mode).expect("a closed key file");
    }

    /// The file of the certificate.
    #[must_use]
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// The file of the key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("tls.key")
    }

    /// A client that trusts this certificate alone, and offers these protocols in its handshake.
    ///
    /// # Panics
    /// When the certificate is not one.
    #[must_use]
    pub fn client(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Each handshake is a whole one: a resumed session shows no certificate.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// A blocking connection past its handshake.
    ///
    /// # Errors
    /// When nobody listens or the handshake fails.
    pub fn connect(
        &self,
        address: SocketAddr,
        protocols: &[&str],
    ) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        handshake(self.client(protocols), address)
    }

    /// The same for asynchronous tests.
    ///
    /// # Errors
    /// When nobody listens or the handshake fails.
    pub async fn connect_async(
        &self,
        address: SocketAddr,
        protocols: &[&str],
    ) -> io::Result<TlsStream<tokio::net::TcpStream>> {
        let tcp = tokio::net::TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        TlsConnector::from(self.client(protocols)).connect(name(), tcp).await
    }
}

/// Connects and shakes hands.
///
/// # Errors
/// When nobody listens or the handshake fails.
pub fn handshake(
    config: Arc<ClientConfig>,
    address: SocketAddr,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let tcp = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(READ_TIMEOUT))?;
    let session = ClientConnection::new(config, name()).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(session, tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).expect("a name")
}

fn new_pair() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec![NAME.to_owned(), "127.0.0.1".to_owned()]).expect("a certificate")
}
