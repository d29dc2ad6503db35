//! From rows and secrets to what requests are sent with.

use super::upstream::{CONFIG, Owner, Upstream, Upstreams};
use crate::base::fault::Doing;
use crate::base::{Fault, Secret};
use crate::catalog::{Catalog, Provider};
use crate::telemetry::Metrics;
use crate::upstream::{AuthStyle, Endpoint};
use std::sync::Arc;

/// The credential that configuration or environment give to a provider.
pub struct FromConfig {
    /// Whose.
    pub provider: String,
    /// The credential; absent where the provider needs none.
    pub secret: Option<Secret>,
}

/// What this process reaches the providers of a catalogue with.
///
/// # Errors
/// A base URL that is none, a credential that no header takes.
pub fn build(catalog: &Catalog, config: &[FromConfig], metrics: &Metrics) -> Result<Upstreams, Fault> {
    let mut upstreams = Upstreams::default();
    for provider in catalog.providers() {
        let given = config.iter().find(|given| given.provider == *provider.name);
        if given.is_none() && !provider.is_sandbox() {
            continue;
        }
        let secret = given.and_then(|given| given.secret.as_ref());
        let upstream = bind(provider, (CONFIG, Owner::Installation), secret, metrics)
            .doing(&format!("setting up the provider `{}`", provider.name))?;
        if let Some(upstream) = upstream {
            upstreams.add(Arc::new(upstream));
        }
    }
    Ok(upstreams)
}

/// A provider with one credential; `None` where nothing it speaks can be spoken yet.
fn bind(
    provider: &Provider,
    (credential, owner): (&str, Owner),
    secret: Option<&Secret>,
    metrics: &Metrics,
) -> Result<Option<Upstream>, Fault> {
    let told: Arc<str> = match credential {
        CONFIG => Arc::clone(&provider.name),
        stored => format!("{}@{stored}", provider.name).into(),
    };
    let mut places = Vec::new();
    for (dialect, url) in provider.base_urls.iter().filter(|(dialect, _)| dialect.is_built()) {
        // An address whose way of proving oneself is not available yet is not spoken to.
        let Some(auth) = AuthStyle::named(provider.auth(*dialect).word()) else {
            continue;
        };
        let lane = format!("{}@{credential}", provider.name);
        places.push((*dialect, Endpoint::new(url, auth, secret.cloned())?.in_lane(&lane)));
    }
    if places.is_empty() && !provider.is_sandbox() {
        return Ok(None);
    }
    Ok(Some(Upstream {
        provider: Arc::clone(&provider.name),
        credential: credential.into(),
        owner,
        told,
        places,
        slot: metrics.provider(&provider.name),
    }))
}
