//! What is known of an issuer: its document (OpenID Connect Discovery 1.0) and its keys, each kept for a
//! while. One question at a time; a failure is not asked again at once.

use super::keys::KeySet;
use super::{Unproven, With, ask};
use serde::Deserialize;
use std::sync::Arc;

/// How long a document and a key set are believed, milliseconds.
const KEPT_MS: i64 = 3_600_000;
/// After a failure, how long nothing is asked, milliseconds.
const PAUSE_MS: i64 = 3_000;
/// Between two looks for a key that is not in the set, milliseconds.
const LOOK_AGAIN_MS: i64 = 10_000;

/// The members of the document that are used.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Document {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    /// Absent: `client_secret_basic` (Discovery section 3).
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// What is known of one issuer.
#[derive(Default)]
pub(super) struct Known {
    document: Option<(i64, Arc<Document>)>,
    keys: Option<(i64, Arc<KeySet>)>,
    looked_again_ms: Option<i64>,
    failed: Option<(i64, Unproven)>,
}

impl Known {
    /// The issuer's document.
    pub async fn document(&mut self, with: With<'_>, issuer: &str) -> Result<Arc<Document>, Unproven> {
        let now_ms = with.clock.monotonic_ms();
        if let Some((read_ms, document)) = &self.document
            && now_ms - read_ms < KEPT_MS
        {
            return Ok(Arc::clone(document));
        }
        self.paused(now_ms)?;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let asked = ask::get(with, &url, None).await.and_then(|document| checked(document, issuer));
        let document = Arc::new(self.noted(now_ms, asked)?);
        self.document = Some((now_ms, Arc::clone(&document)));
        Ok(document)
    }

    /// The issuer's keys; read anew when none of them is called `kid`, but not all the time.
    pub async fn keys(
        &mut self,
        with: With<'_>,
        url: &str,
        kid: Option<&str>,
    ) -> Result<Arc<KeySet>, Unproven> {
        let now_ms = with.clock.monotonic_ms();
        if let Some((read_ms, keys)) = &self.keys
            && now_ms - read_ms < KEPT_MS
        {
            let looked = self.looked_again_ms.is_some_and(|looked_ms| now_ms - looked_ms < LOOK_AGAIN_MS);
            if looked || kid.is_none_or(|kid| keys.has(kid)) {
                return Ok(Arc::clone(keys));
            }
            self.looked_again_ms = Some(now_ms);
        }
        self.paused(now_ms)?;
        let asked = ask::get(with, url, None).await;
        let keys = Arc::new(self.noted(now_ms, asked)?);
        self.keys = Some((now_ms, Arc::clone(&keys)));
        Ok(keys)
    }

    fn paused(&self, now_ms: i64) -> Result<(), Unproven> {
        match &self.failed {
            Some((failed_ms, why)) if now_ms - failed_ms < PAUSE_MS => Err(why.clone()),
            _ => Ok(()),
        }
    }

    fn noted<T>(&mut self, now_ms: i64, asked: Result<T, Unproven>) -> Result<T, Unproven> {
        self.failed = asked.as_ref().err().map(|why| (now_ms, why.clone()));
        asked
    }
}

/// A document is its issuer's own, and leads nowhere that is less safe than the issuer itself.
fn checked(document: Document, issuer: &str) -> Result<Document, Unproven> {
    if document.issuer != issuer {
        return Err(Unproven::Wrong("the document at the issuer's address is another issuer's"));
    }
    let scheme = if issuer.starts_with("https://") { "https://" } else { "http" };
    let urls = [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
    let fits = |url: &String| url.starts_with(scheme) && url.bytes().all(|byte| byte.is_ascii_graphic());
    if !urls.into_iter().chain(&document.userinfo_endpoint).all(fits) {
        return Err(Unproven::Wrong("the issuer's document leads away from https"));
    }
    Ok(document)
}
