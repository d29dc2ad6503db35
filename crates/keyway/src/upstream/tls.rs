//! TLS to providers: rustls with aws-lc-rs, the public roots, and the operator's own if there are any.

use super::pinned::Pinned;
use crate::base::Fault;
use crate::base::fault::Doing;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Settings for TLS to providers, shared by all workers. Reading roots takes time that a start-up does not
/// have, so nothing is built before the first `https` connection.
pub struct Tls {
    extra_ca_file: Option<PathBuf>,
    only: Option<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// `extra_ca_file`: PEM certificates to trust beside the public ones.
    #[must_use]
    pub fn new(extra_ca_file: Option<PathBuf>) -> Self {
        Self { extra_ca_file, only: None, config: OnceLock::new() }
    }

    /// Trusts one certificate alone, whatever name stands in it.
    #[must_use]
    pub fn only(certificate: CertificateDer<'static>) -> Self {
        Self { extra_ca_file: None, only: Some(certificate), config: OnceLock::new() }
    }

    /// The client settings, built on first use. A check of the configuration may call it to find mistakes.
    ///
    /// # Errors
    /// When the extra CA file cannot be read or holds no usable certificate.
    pub fn config(&self) -> Result<Arc<ClientConfig>, Fault> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let built = Arc::new(self.build()?);
        Ok(Arc::clone(self.config.get_or_init(|| built)))
    }

    fn build(&self) -> Result<ClientConfig, Fault> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .doing("choosing TLS versions")?;
        let builder = match self.only.clone() {
            Some(certificate) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Pinned { certificate, provider })),
            None => builder.with_root_certificates(self.roots()?),
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, Fault> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = &self.extra_ca_file {
            let before = roots.len();
            for certificate in CertificateDer::pem_file_iter(path).doing("opening the extra CA file")? {
                roots.add(certificate.doing("reading the extra CA file")?).doing("taking up an extra CA")?;
            }
            if roots.len() == before {
                return Err(Fault::plain("the extra CA file holds no certificate"));
            }
        }
        Ok(roots)
    }
}
