//! Who reaches a provider with which credential.

use super::capacity::Gate;
use super::health::Pulse;
use crate::base::Map;
use crate::catalog::{BalanceAt, Dialect};
use crate::telemetry::metrics::ProviderSlot;
use crate::upstream::Endpoint;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, OnceLock};

/// The id of the credential that configuration or environment give to a provider.
pub const CONFIG: &str = "config";

/// Whose account at the provider a credential is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The installation's: for every organisation that has none of its own.
    Installation,
    /// This organisation's: for its traffic and nobody else's.
    Organization(Arc<str>),
}

/// A provider as this process reaches it with one credential. What is known of it (failures, pauses,
/// connections) is known of this credential alone.
pub struct Upstream {
    /// The provider's name.
    pub provider: Arc<str>,
    /// [`CONFIG`], or `cred_...`.
    pub credential: Arc<str>,
    /// Whose it is.
    pub owner: Owner,
    /// Requests at a time that its account takes; `None`: the provider's cap, with all of its owner.
    pub concurrency_max: Option<u32>,
    /// How lines of the request log name it: the provider's name, and behind `@` the credential's where it
    /// is not [`CONFIG`]. At most `ledger::bound::ID_BYTES_MAX` bytes, for stored credentials are of
    /// providers whose names leave room.
    pub told: Arc<str>,
    /// Where it is, by dialect, the preferred first; none for the sandbox, which is here.
    pub places: Vec<(Dialect, Endpoint)>,
    /// Where the provider tells what is left on the credential's account, below the first of `places`.
    pub balance: Option<BalanceAt>,
    /// The provider's place in the metrics.
    pub slot: ProviderSlot,
    /// What the provider last said against the credential.
    pub trouble: Trouble,
    /// How it does; asked of [`super::Health`] once.
    pub pulse: OnceLock<Arc<Pulse>>,
    /// The door of its account; asked of [`super::capacity::Gates`] once.
    pub gate: OnceLock<Arc<Gate>>,
    /// What it is made of, but for the secret: the same as long as nothing of it is changed.
    pub(super) made_of: String,
}

impl Upstream {
    /// Where it is asked in a dialect.
    #[must_use]
    pub fn endpoint(&self, dialect: Dialect) -> Option<&Endpoint> {
        self.places.iter().find(|(of, _)| *of == dialect).map(|(_, endpoint)| endpoint)
    }

    /// Whether what it costs is on the bill of an organisation's own account: then it costs no credit, and
    /// is told at the provider's price.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.owner != Owner::Installation
    }
}

/// What a provider last said against a credential, until it is written.
#[derive(Debug, Default)]
pub struct Trouble {
    status: AtomicU16,
    at_ms: AtomicI64,
}

impl Trouble {
    /// Notes a status that refuses the credential or its account.
    pub fn note(&self, status: u16, at_ms: i64) {
        self.at_ms.store(at_ms, Ordering::Relaxed);
        self.status.store(status, Ordering::Release);
    }

    /// What was noted since the last time: the status, and when, unix milliseconds.
    #[must_use]
    pub fn take(&self) -> Option<(u16, i64)> {
        let status = self.status.swap(0, Ordering::Acquire);
        (status > 0).then(|| (status, self.at_ms.load(Ordering::Relaxed)))
    }
}

/// A provider's credentials, in the order in which they are tried.
#[derive(Default)]
struct Of {
    installation: Vec<Arc<Upstream>>,
    own: Map<Arc<str>, Vec<Arc<Upstream>>>,
}

/// Every provider that is on, with every credential that can be used. Exchanged as a whole.
#[derive(Default)]
pub struct Upstreams(Map<Arc<str>, Of>);

impl Upstreams {
    /// Adds a credential, behind those of its owner that are there.
    pub(super) fn add(&mut self, upstream: Arc<Upstream>) {
        let of = self.0.entry(Arc::clone(&upstream.provider)).or_default();
        let list = match &upstream.owner {
            Owner::Installation => &mut of.installation,
            Owner::Organization(org) => of.own.entry(Arc::clone(org)).or_default(),
        };
        list.push(upstream);
    }

    /// Notes that an organisation has credentials of its own at a provider, whether any can be used or not:
    /// its traffic never falls back on another account unnoticed.
    pub(super) fn has_own(&mut self, provider: &Arc<str>, org: &Arc<str>) {
        self.0.entry(Arc::clone(provider)).or_default().own.entry(Arc::clone(org)).or_default();
    }

    /// What an organisation's traffic may reach a provider with, in the order in which it is tried: its own
    /// credentials where it has any, else the installation's. Empty where there is none.
    #[must_use]
    pub fn of(&self, provider: &str, org: &str) -> &[Arc<Upstream>] {
        let Some(of) = self.0.get(provider) else { return &[] };
        if of.own.is_empty() {
            return &of.installation;
        }
        of.own.get(org).unwrap_or(&of.installation)
    }

    pub(super) fn extend(&mut self, upstream: Option<Arc<Upstream>>) {
        if let Some(upstream) = upstream {
            self.add(upstream);
        }
    }

    /// The one with an owner's credential (empty: the installation's), if it is made of the same.
    pub(super) fn made(
        &self,
        (provider, org): (&str, &str),
        credential: &str,
        made_of: &str,
    ) -> Option<&Arc<Upstream>> {
        let of = self.0.get(provider)?;
        let list = if org.is_empty() { &of.installation } else { of.own.get(org)? };
        list.iter().find(|upstream| *upstream.credential == *credential && upstream.made_of == made_of)
    }

    /// All of them, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.0.values().flat_map(|of| of.installation.iter().chain(of.own.values().flatten()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;
    use crate::telemetry::Metrics;
    use crate::telemetry::metrics::Names;

    fn upstream(credential: &str, owner: Owner) -> Arc<Upstream> {
        let metrics = Metrics::new(&Names { routes: &[], outcomes: &[] }, 1, Clock::system());
        Arc::new(Upstream {
            provider: "p".into(),
            credential: credential.into(),
            owner,
            concurrency_max: None,
            told: "p".into(),
            places: Vec::new(),
            balance: None,
            slot: metrics.provider("p"),
            trouble: Trouble::default(),
            pulse: OnceLock::new(),
            gate: OnceLock::new(),
            made_of: String::new(),
        })
    }

    fn ids(found: &[Arc<Upstream>]) -> Vec<&str> {
        found.iter().map(|upstream| &*upstream.credential).collect()
    }

    #[test]
    fn an_own_credential_goes_before_and_is_nobody_elses() {
        let mut all = Upstreams::default();
        all.add(upstream(CONFIG, Owner::Installation));
        all.add(upstream("cred_1", Owner::Installation));
        all.add(upstream("cred_a", Owner::Organization("org_a".into())));
        assert_eq!(ids(all.of("p", "org_a")), ["cred_a"]);
        assert_eq!(ids(all.of("p", "org_b")), [CONFIG, "cred_1"]);
        assert!(all.of("q", "org_a").is_empty());
        assert_eq!(all.all().count(), 3);
    }

    #[test]
    fn an_own_credential_that_cannot_be_used_is_not_replaced() {
        let mut all = Upstreams::default();
        all.add(upstream(CONFIG, Owner::Installation));
        all.has_own(&"p".into(), &"org_a".into());
        assert!(all.of("p", "org_a").is_empty());
        assert_eq!(ids(all.of("p", "org_b")), [CONFIG]);
    }
}
