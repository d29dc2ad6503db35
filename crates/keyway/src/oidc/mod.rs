//! Floor 3: who people are by the word of others: providers of OpenID Connect (Core 1.0, the authorization
//! code flow with PKCE) and GitHub's OAuth.
//!
//! What comes out is an [`Identity`]: issuer and subject, which never change there. An address that a
//! provider names is a thing to write to, and shows nothing about who somebody is here.

mod ask;
mod discovery;
mod github;
mod id_token;
mod keys;
mod openid;
#[cfg(test)]
mod tests;

use crate::base::{Clock, Secret};
use crate::config::{SignInKind, SignInRow};
use crate::egress::Egress;
use discovery::Known;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Longest subject that is taken, bytes (OpenID Connect Core section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Longest name and address that are taken, bytes.
const TEXT_BYTES_MAX: usize = 200;

/// Everybody who vouches for people, in the order of the settings.
pub struct Providers(Vec<Provider>);

/// Somebody who vouches for people.
pub struct Provider {
    row: SignInRow,
    secret: Option<Secret>,
    known: Mutex<Known>,
}

/// What a way to a provider and back is made with.
#[derive(Debug, Clone, Copy)]
pub struct Trip<'a> {
    /// Where the provider leads back to.
    pub back: &'a str,
    /// What comes back beside the code: it says which trip it was.
    pub state: &'a str,
    /// What stands in the token of this trip.
    pub nonce: &'a str,
    /// What only who left knows (RFC 7636): 43 to 128 letters and digits.
    pub verifier: &'a str,
    /// Whoever comes back has to have shown who they are anew.
    pub anew: bool,
}

/// What somebody brings back.
#[derive(Clone, Copy)]
pub struct Return<'a> {
    /// The code, good once.
    pub code: &'a Secret,
    /// Who is said to have given it (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// What a trip needs of the process.
#[derive(Clone, Copy)]
pub struct With<'a> {
    /// The way out.
    pub egress: &'a Egress,
    /// The process's clock.
    pub clock: &'a Clock,
}

/// Who somebody is, by a provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches.
    pub issuer: String,
    /// Who they are there, for good.
    pub subject: String,
    /// Their address, lower case; empty: none was told.
    pub email: String,
    /// The provider says that they read it.
    pub email_verified: bool,
    /// What they are called; may be empty.
    pub name: String,
}

/// Why somebody was not shown to be anybody. Neither holds a secret or what a provider wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unproven {
    /// The provider could not be asked, or did not answer as documented.
    Unreachable(String),
    /// What it said does not hold.
    Wrong(&'static str),
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => f.write_str(why),
            Self::Wrong(why) => f.write_str(why),
        }
    }
}

impl Providers {
    /// The providers of the settings, each with its client's secret.
    #[must_use]
    pub fn new(rows: Vec<(SignInRow, Option<Secret>)>) -> Self {
        let provider = |(row, secret)| Provider { row, secret, known: Mutex::default() };
        Self(rows.into_iter().map(provider).collect())
    }

    /// All of them.
    pub fn each(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// The one of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.row.name == name)
    }
}

impl Provider {
    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.row.name
    }

    /// What people call it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.row.label
    }

    /// Its issuer, to the letter.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.row.issuer
    }

    /// Where a browser is sent to, there to show who its person is.
    ///
    /// # Errors
    /// [`Unproven::Unreachable`].
    pub async fn way(&self, with: With<'_>, trip: &Trip<'_>) -> Result<String, Unproven> {
        match self.row.kind {
            SignInKind::Oidc => openid::way(self, with, trip).await,
            SignInKind::Github => Ok(github::way(self, trip)),
        }
    }

    /// Who came back from a trip with a code, which is used up by this.
    ///
    /// # Errors
    /// [`Unproven`].
    pub async fn identity(
        &self,
        with: With<'_>,
        trip: &Trip<'_>,
        back: &Return<'_>,
    ) -> Result<Identity, Unproven> {
        let mut found = match self.row.kind {
            SignInKind::Oidc => openid::identity(self, with, trip, back).await?,
            SignInKind::Github => github::identity(self, with, trip, back.code).await?,
        };
        if found.subject.is_empty() || found.subject.len() > SUBJECT_BYTES_MAX {
            return Err(Unproven::Wrong("the subject is empty or longer than 255 bytes"));
        }
        found.email = found.email.to_lowercase();
        found.email_verified |= self.row.trust_email;
        for text in [&mut found.email, &mut found.name] {
            if text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
                text.clear();
            }
        }
        Ok(found)
    }

    async fn known(&self, with: With<'_>) -> Result<Arc<discovery::Document>, Unproven> {
        self.known.lock().await.document(with, &self.row.issuer).await
    }
}
