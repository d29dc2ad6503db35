//! What stands ready for people who come to the console, beside the installation itself.

use crate::access::session::Lasting;
use crate::accounts::attempts::Attempts;
use crate::accounts::password::Passwords;
use crate::config::show::Shown;
use crate::mail::Mail;
use crate::oidc::Providers;

/// Where people are let in.
pub struct Desk {
    /// Where passwords are hashed.
    pub passwords: Passwords,
    /// How often somebody tried.
    pub attempts: Attempts,
    /// Where messages are handed over.
    pub mail: Mail,
    /// How long sessions last.
    pub lasting: Lasting,
    /// Where people reach this server, without a slash at its end: what messages link to.
    pub public_url: String,
    /// Who else vouches for people.
    pub sign_in: Providers,
    /// Who may make an account.
    pub registration: Registration,
    /// The version of the terms people accept; empty: there are none.
    pub terms_version: String,
    /// Where the terms can be read; empty: nowhere.
    pub terms_url: String,
    /// Whether everybody may see how the installation is.
    pub status_page: bool,
    /// Whether everybody may see models and prices.
    pub public_models: bool,
    /// The settings this process runs with, for the operator to look at.
    pub settings: Vec<Shown>,
}

/// Who may make an account for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// Nobody but whom a link lets in.
    Closed,
    /// Whoever is invited.
    Invitation,
    /// Whoever has an address in one of these domains, lower case; and whoever is invited.
    Domains(Vec<String>),
    /// Anybody.
    Open,
}

impl Registration {
    /// Whether somebody may register with an address (lower case) without an invitation.
    #[must_use]
    pub fn takes(&self, email: &str) -> bool {
        match self {
            Self::Closed | Self::Invitation => false,
            Self::Open => true,
            Self::Domains(domains) => {
                email.rsplit_once('@').is_some_and(|(_, domain)| domains.iter().any(|known| known == domain))
            }
        }
    }

    /// Whether anybody can register without an invitation.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        matches!(self, Self::Open | Self::Domains(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_whole() {
        let some = Registration::Domains(vec!["example.com".to_owned()]);
        assert!(some.takes("a@example.com"));
        for other in ["a@evil-example.com", "a@sub.example.com", "example.com", "a@example.com@evil.example"]
        {
            assert!(!some.takes(other), "{other}");
        }
        assert!(Registration::Open.takes("a@b.c") && !Registration::Invitation.takes("a@b.c"));
    }
}
