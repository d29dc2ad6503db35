//! What a token is narrowed to. Everything here only ever takes away: each rule is asked besides the
//! key's, never instead of it.

use super::LIFE_SECONDS_MAX;
use crate::access::details::check_models;
use crate::access::grant::Grant;
use crate::accounts::Scopes;
use crate::accounts::check::check_networks;
use crate::base::{Code, Fault, Refusal, network};
use serde::{Deserialize, Serialize};

/// What a token may besides being its key's; absent: as the key. In rows and in signed tokens alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Narrowed {
    /// Scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Models and patterns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// An address or a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

impl Narrowed {
    /// Checks what is asked of a token of a key.
    ///
    /// # Errors
    /// A refusal that names the field; `missing_scope` for a scope the key does not hold.
    pub fn check(&self, grant: &Grant) -> Result<(), Refusal> {
        if let Some(names) = &self.scopes {
            let asked = Scopes::parse(names, false).map_err(|unknown| {
                let shown: String = unknown.chars().take(64).collect();
                let known = Scopes::known(false);
                Refusal::field("scopes", format!("`{shown}` is not a scope of a token. Known: {known}."))
            })?;
            let lacking = asked.without(grant.scopes);
            if !lacking.is_empty() {
                let names = lacking.names().join(", ");
                return Err(Refusal {
                    param: Some("scopes".into()),
                    ..Refusal::new(
                        Code::MissingScope,
                        format!("A token never has more than its key, and this key lacks {names}."),
                    )
                });
            }
        }
        check_models(self.models.as_deref())?;
        check_networks(self.ip.as_slice()).map_err(|refusal| Refusal {
            param: Some("ip".into()),
            ..Refusal::new(refusal.code, refusal.message.replace("ip_allowlist", "ip"))
        })
    }

    /// Narrows the grant of a key to that of a token which ends at an instant.
    ///
    /// # Errors
    /// When it says something this version does not know: better refused than guessed.
    pub fn apply(&self, grant: &mut Grant, expires_ms: i64) -> Result<(), Fault> {
        let unknown = || Fault::plain("a token is narrowed to something unknown");
        if let Some(names) = &self.scopes {
            grant.scopes = grant.scopes.and(Scopes::parse(names, false).map_err(|_| unknown())?);
        }
        if let Some(models) = &self.models {
            grant.models.narrow(models.clone());
        }
        if let Some(ip) = &self.ip {
            grant.networks.narrow(vec![network::parse(ip).map_err(|_| unknown())?]);
        }
        grant.expires_ms = Some(grant.expires_ms.map_or(expires_ms, |end| end.min(expires_ms)));
        Ok(())
    }
}

/// Checks how long a token lives.
///
/// # Errors
/// A refusal.
pub fn check_life(seconds: Option<u64>) -> Result<i64, Refusal> {
    let seconds = seconds.filter(|seconds| (1..=LIFE_SECONDS_MAX).contains(seconds));
    seconds.and_then(|seconds| i64::try_from(seconds).ok()).ok_or_else(|| {
        let message = format!("`expires_in_seconds` must be from 1 to {LIFE_SECONDS_MAX}.");
        Refusal::field("expires_in_seconds", message)
    })
}

#[cfg(test)]
#[path = "narrow_tests.rs"]
mod tests;
