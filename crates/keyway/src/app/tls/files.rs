//! The two files: read, checked against each other, watched for changes.

use crate::base::Fault;
use crate::base::fault::Doing;
use crate::config::Settings;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Longest file that is read, bytes: a chain is a few KiB.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where certificate and key are.
#[derive(Debug, Clone)]
pub struct Files {
    /// PEM: the certificate, then what it was signed with.
    pub certificate: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
}

/// What tells a changed file from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    length: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Files {
    /// Those of the settings; `None` when TLS is off.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        let certificate = settings.tls_certificate_file.clone()?;
        Some(Self { certificate, key: settings.tls_key_file.clone()? })
    }

    /// Reads both and sees that they belong together.
    ///
    /// # Errors
    /// What is wrong, with the name of the file that it is wrong with.
    pub fn read(&self) -> Result<CertifiedKey, Fault> {
        let chain = self.chain()?;
        let text = read(&self.key, "the TLS key")?;
        let key = PrivateKeyDer::from_pem_slice(&text)
            .map_err(|error| self.wrong(&self.key, &what_is_no_key(&error)))?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                let other = format!("is not the key of the certificate in {}", self.certificate.display());
                self.wrong(&self.key, &other)
            }
            rustls::Error::InvalidCertificate(_) => {
                self.wrong(&self.certificate, &format!("holds no usable certificate: {error}"))
            }
            error => self.wrong(&self.key, &format!("holds no usable private key: {error}")),
        })
    }

    /// The certificates of the chain, at least one.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn chain(&self) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let text = read(&self.certificate, "the TLS certificate")?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match chain {
            Ok(chain) if chain.is_empty() => {
                Err(self.wrong(&self.certificate, "holds no certificate; it must be PEM text"))
            }
            Ok(chain) => Ok(chain),
            Err(error) => Err(self.wrong(&self.certificate, &format!("is not PEM text: {error}"))),
        }
    }

    /// Both files as they are now; `None` where one is not there.
    #[must_use]
    pub fn stamps(&self) -> [Option<Stamp>; 2] {
        [&self.certificate, &self.key].map(|file| fs::metadata(file).ok().as_ref().map(Stamp::of))
    }

    /// What is wrong with who may read the key, if anything is.
    #[must_use]
    pub fn key_is_open(&self) -> Option<String> {
        let mode = fs::metadata(&self.key).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| format!("{} can be read by others (mode {mode:o})", self.key.display()))
    }

    fn wrong(&self, file: &Path, what: &str) -> Fault {
        let setting = if file == self.key { "tls_key_file" } else { "tls_certificate_file" };
        Fault::plain(format!("{setting}: {} {what}", file.display()))
    }
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self { inode: file.ino(), length: file.len(), seconds: file.mtime(), nanoseconds: file.mtime_nsec() }
    }
}

fn read(file: &Path, what: &str) -> Result<Vec<u8>, Fault> {
    let doing = format!("reading {what} {}", file.display());
    let size = fs::metadata(file).doing(&doing)?.len();
    if size > FILE_BYTES_MAX {
        return Err(Fault::new(doing, io::Error::other("it is longer than a MiB")));
    }
    fs::read(file).doing(&doing)
}

/// Never with a piece of the file: it may be a piece of the key.
fn what_is_no_key(error: &PemError) -> String {
    match error {
        PemError::NoItemsFound => "holds no private key; it must be PEM text".to_owned(),
        _ => "is not PEM text".to_owned(),
    }
}
