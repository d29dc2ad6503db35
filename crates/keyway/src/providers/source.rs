//! From rows and secrets to what requests are sent with.

use super::upstream::{CONFIG, Owner, Trouble, Upstream, Upstreams};
use crate::base::fault::Doing;
use crate::base::{Fault, Secret};
use crate::catalog::{AuthStyle as Style, Catalog, Provider};
use crate::sealing::{MasterKey, Place, Unopened};
use crate::store::providers::{CredentialRow, ENABLED};
use crate::telemetry::Metrics;
use crate::upstream::{AuthStyle, Endpoint, Terms};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};

/// The credential that configuration or environment give to a provider.
pub struct FromConfig {
    /// Whose.
    pub provider: String,
    /// The credential; absent where the provider needs none.
    pub secret: Option<Secret>,
}

/// What a set of upstreams is built from.
pub struct Source<'a> {
    /// The providers that are on.
    pub catalog: &'a Catalog,
    /// Credentials of configuration and environment.
    pub config: &'a [FromConfig],
    /// Stored credentials that are not turned off, each with what the audit log says of its making.
    pub stored: &'a [(CredentialRow, Option<String>)],
    /// What opens them.
    pub master: &'a MasterKey,
    /// Where providers have their places in the metrics.
    pub metrics: &'a Metrics,
}

/// A credential that does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `cred_...`
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// Whose account it is; empty: the installation's.
    pub org_id: String,
    /// Why.
    pub why: String,
    /// It was sealed under another master key: perhaps under one that this process does not have yet.
    pub other_key: bool,
}

/// What this process reaches the providers of a catalogue with, and the credentials that do not open: those
/// are sent nowhere, and nothing is sent in their place. What was opened for `before` is not opened again.
///
/// # Errors
/// A base URL of the configuration's that is none, a credential of its that no header takes.
pub fn build(source: &Source<'_>, before: &Upstreams) -> Result<(Upstreams, Vec<Broken>), Fault> {
    let (mut upstreams, mut broken) = (Upstreams::default(), Vec::new());
    for provider in source.catalog.providers() {
        let stored: Vec<_> = source.stored.iter().filter(|(row, _)| row.provider == *provider.name).collect();
        let has_stored = stored.iter().any(|(row, _)| row.org_id.is_empty());
        let given = source.config.iter().find(|given| given.provider == *provider.name);
        let secret = given.and_then(|given| given.secret.as_ref());
        if secret.is_some() || (!has_stored && (given.is_some() || is_open(provider))) {
            let upstream = bind(provider, (CONFIG, Owner::Installation, ""), secret, (None, source.metrics))
                .doing(&format!("setting up the provider `{}`", provider.name))?;
            upstreams.extend(upstream);
        }
        for (row, made) in stored {
            if !row.org_id.is_empty() {
                upstreams.has_own(&provider.name, &row.org_id.as_str().into());
            }
            if row.state != ENABLED {
                continue;
            }
            if let Some(known) = before.made(
                (&row.provider, &row.org_id),
                &row.id,
                &fingerprint(provider, &row.seal, cap(row)),
            ) {
                upstreams.extend(Some(Arc::clone(known)));
                continue;
            }
            match opened(provider, row, made.as_deref(), source) {
                Ok(upstream) => upstreams.extend(upstream),
                Err((why, other_key)) => {
                    let (id, provider, org_id) = (row.id.clone(), row.provider.clone(), row.org_id.clone());
                    broken.push(Broken { id, provider, org_id, why, other_key });
                }
            }
        }
    }
    Ok((upstreams, broken))
}

/// Whether a provider is asked without a credential when nobody has given one.
fn is_open(provider: &Provider) -> bool {
    provider.is_sandbox() || provider.auth == Style::None || provider.credential_optional
}

fn opened(
    provider: &Provider,
    row: &CredentialRow,
    made: Option<&str>,
    source: &Source<'_>,
) -> Result<Option<Arc<Upstream>>, (String, bool)> {
    let secret =
        open(row, made, source.master).map_err(|why| (why.to_string(), why == Unopened::OtherKey))?;
    let owner = match row.org_id.as_str() {
        "" => Owner::Installation,
        org => Owner::Organization(org.into()),
    };
    bind(provider, (&row.id, owner, &row.seal), Some(&secret), (cap(row), source.metrics))
        .map_err(|why| (why.to_string(), false))
}

/// Opens a credential. What the audit log says of its making is the newest seal there was: an older text
/// that was put back does not open, although it once was right.
///
/// # Errors
/// Why it stays closed.
pub fn open(row: &CredentialRow, made: Option<&str>, master: &MasterKey) -> Result<Secret, Unopened> {
    #[derive(Deserialize)]
    struct Made {
        seal: String,
    }
    let newest = made.and_then(|detail| serde_json::from_str::<Made>(detail).ok());
    if newest.is_none_or(|made| made.seal != row.seal) {
        return Err(Unopened::Altered);
    }
    master.open(&place(row), &row.sealed)
}

/// Where a credential's text belongs.
#[must_use]
pub fn place(row: &CredentialRow) -> Place<'_> {
    Place {
        column: "provider_credentials.sealed",
        row: &row.id,
        org: &row.org_id,
        purpose: &row.provider,
        seal: &row.seal,
    }
}

fn cap(row: &CredentialRow) -> Option<u32> {
    row.concurrency_max.map(|max| u32::try_from(max).unwrap_or(u32::MAX))
}

/// What an upstream is made of, but for the secret.
fn fingerprint(provider: &Provider, seal: &str, cap: Option<u32>) -> String {
    format!(
        "{seal} {cap:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        provider.base_urls,
        provider.auth,
        provider.auth_by,
        provider.region,
        provider.token_url,
        provider.balance
    )
}

/// A provider with one credential; `None` where nothing it speaks can be spoken yet.
fn bind(
    provider: &Provider,
    (credential, owner, seal): (&str, Owner, &str),
    secret: Option<&Secret>,
    (concurrency_max, metrics): (Option<u32>, &Metrics),
) -> Result<Option<Arc<Upstream>>, Fault> {
    let lane = format!("{}@{credential}", provider.name);
    let told: Arc<str> = if credential == CONFIG { Arc::clone(&provider.name) } else { lane.as_str().into() };
    let mut places = Vec::new();
    for (dialect, url) in provider.base_urls.iter().filter(|(dialect, _)| dialect.is_built()) {
        // An address whose way of proving oneself is not available yet is not spoken to.
        let Some(auth) = AuthStyle::named(provider.auth(*dialect).word()) else {
            continue;
        };
        let secret = secret.filter(|_| auth != AuthStyle::None).cloned();
        let terms = Terms { region: provider.region.as_deref(), token_url: provider.token_url.as_deref() };
        places.push((*dialect, Endpoint::on(url, auth, secret, terms)?.in_lane(&lane)));
    }
    if places.is_empty() && !provider.is_sandbox() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Upstream {
        provider: Arc::clone(&provider.name),
        credential: credential.into(),
        owner,
        concurrency_max,
        told,
        places,
        balance: provider.balance.clone(),
        slot: metrics.provider(&provider.name),
        trouble: Trouble::default(),
        pulse: OnceLock::new(),
        gate: OnceLock::new(),
        made_of: fingerprint(provider, seal, concurrency_max),
    })))
}
