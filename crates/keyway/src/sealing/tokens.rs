//! Keys that sign tokens: one for each period of thirty days, all from one subkey of the master key. So
//! they rotate by themselves, every node has the same ones, and nothing of them is stored.

use crate::base::Fault;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// How long a key signs, seconds.
pub const PERIOD_SECONDS: u64 = 30 * 86_400;
/// Keys kept in memory: those that are published.
const KEYS_KEPT: usize = 3;

/// The keys of an installation.
pub struct TokenKeys {
    root: Zeroizing<[u8; 32]>,
    made: Mutex<Vec<Arc<TokenKey>>>,
}

/// A key of one period.
pub struct TokenKey {
    period: u64,
    kid: String,
    pair: Ed25519KeyPair,
}

impl TokenKeys {
    pub(super) fn new(root: Zeroizing<[u8; 32]>) -> Self {
        Self { root, made: Mutex::default() }
    }

    /// The key that signs at an instant, unix seconds.
    ///
    /// # Errors
    /// When it cannot be derived.
    pub fn at(&self, unix_seconds: u64) -> Result<Arc<TokenKey>, Fault> {
        self.of_period(unix_seconds / PERIOD_SECONDS)
    }

    /// The keys that verify at an instant: the period's, the one before (tokens outlive the change) and
    /// the one after (nodes' clocks differ, and who keeps a copy has it in time).
    ///
    /// # Errors
    /// When one cannot be derived.
    pub fn published(&self, unix_seconds: u64) -> Result<Vec<Arc<TokenKey>>, Fault> {
        let period = unix_seconds / PERIOD_SECONDS;
        (period.saturating_sub(1)..=period.saturating_add(1)).map(|period| self.of_period(period)).collect()
    }

    /// The published key of a name.
    #[must_use]
    pub fn named(&self, kid: &str, unix_seconds: u64) -> Option<Arc<TokenKey>> {
        self.published(unix_seconds).ok()?.into_iter().find(|key| key.kid == kid)
    }

    fn of_period(&self, period: u64) -> Result<Arc<TokenKey>, Fault> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.iter().find(|key| key.period == period) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(TokenKey::derive(&self.root, period)?);
        if made.len() >= KEYS_KEPT {
            made.remove(0);
        }
        made.push(Arc::clone(&key));
        Ok(key)
    }
}

impl TokenKey {
    fn derive(root: &[u8; 32], period: u64) -> Result<Self, Fault> {
        let failed = || Fault::plain("deriving a key that signs tokens");
        let hkdf = Hkdf::<Sha256>::from_prk(root).map_err(|_| failed())?;
        let mut seed = Zeroizing::new([0; 32]);
        hkdf.expand(format!("period {period}").as_bytes(), &mut *seed).map_err(|_| failed())?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|_| failed())?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        // RFC 7638: the members that make the key, in order, and nothing else.
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Ok(Self { period, kid: URL_SAFE_NO_PAD.encode(thumbprint), pair })
    }

    /// Its name: the thumbprint of its public half (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half, base64url.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// Whether a signature of a message is this key's.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.pair.public_key().as_ref()).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_with_the_period_and_the_old_one_goes_on_for_one() {
        let keys = || TokenKeys::new(Zeroizing::new([7; 32]));
        let (one, other) = (keys(), keys());
        let begins = 700 * PERIOD_SECONDS;
        let key = one.at(begins).unwrap();
        assert_eq!(key.kid(), other.at(begins + PERIOD_SECONDS - 1).unwrap().kid(), "nodes agree");
        assert_ne!(key.kid(), one.at(begins + PERIOD_SECONDS).unwrap().kid());
        for (later, known) in [(0, true), (PERIOD_SECONDS, true), (2 * PERIOD_SECONDS, false)] {
            assert_eq!(one.named(key.kid(), begins + later).is_some(), known, "{later}");
            assert_eq!(one.published(begins + later).unwrap().len(), 3);
        }
        assert!(one.named(key.kid(), begins - 1).is_some(), "a node whose clock is behind");
        let signature = key.sign(b"message");
        assert!(other.at(begins).unwrap().verify(b"message", &signature));
        assert!(!key.verify(b"messagf", &signature) && !key.verify(b"message", &signature[1..]));
        assert!(TokenKeys::new(Zeroizing::new([8; 32])).named(key.kid(), begins).is_none());
    }
}
