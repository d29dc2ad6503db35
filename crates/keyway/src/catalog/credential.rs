//! Where a provider's credential is found. The value itself is read at start, by `sealing`.

use std::fmt;
use std::path::PathBuf;

/// A reference to a secret that lives elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialRef {
    /// In this environment variable.
    Env(String),
    /// In this file (absolute path), without the line end.
    File(PathBuf),
    /// Where AWS's own tools find the keys of an account.
    Aws,
}

impl CredentialRef {
    /// Reads `env:NAME` or `file:/path`.
    ///
    /// # Errors
    /// What is wrong and what to write instead; neither repeats the text, which may be the secret.
    pub fn parse(text: &str) -> Result<Self, (&'static str, &'static str)> {
        if let Some(name) = text.strip_prefix("env:") {
            let sane = !name.is_empty()
                && name.len() <= NAME_BYTES_MAX
                && !name.starts_with(|first: char| first.is_ascii_digit())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return if sane {
                Ok(Self::Env(name.to_owned()))
            } else {
                Err((
                    "does not name an environment variable",
                    "write \"env:NAME\" with letters, digits and _",
                ))
            };
        }
        if let Some(path) = text.strip_prefix("file:") {
            return if path.starts_with('/') && !path.contains('\0') {
                Ok(Self::File(PathBuf::from(path)))
            } else {
                Err(("does not name a file by its full path", "write \"file:/path/to/file\""))
            };
        }
        Err((
            "is not a reference (a secret never stands in a file of settings)",
            "put the secret into an environment variable or a file and write \"env:NAME\" or \"file:/path\"",
        ))
    }
}

const NAME_BYTES_MAX: usize = 256;

impl fmt::Display for CredentialRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Aws => f.write_str("the AWS environment"),
        }
    }
}
