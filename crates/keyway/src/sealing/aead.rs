//! Authenticated sealing under one key: what comes out is the nonce, the sealed bytes and their tag.

use crate::base::Fault;
use aws_lc_rs::aead::{Aad, Algorithm, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes that sealing adds: the nonce and the tag.
pub(super) const ADDED_BYTES: usize = NONCE_LEN + TAG_BYTES;
const TAG_BYTES: usize = 16;

/// A key of an algorithm, with a random nonce for each seal.
pub(super) struct Aead(RandomizedNonceKey);

impl Aead {
    /// # Errors
    /// Never for keys of this length.
    pub(super) fn new(algorithm: &'static Algorithm, key: &[u8; KEY_BYTES]) -> Result<Self, Fault> {
        let key = RandomizedNonceKey::new(algorithm, key);
        Ok(Self(key.map_err(|_| Fault::plain("a sealing key is unusable"))?))
    }

    /// Seals `plain`, bound to `bound`.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn seal(&self, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        // Allocated once at full length: growing would leave copies of the secret behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
        bytes.extend_from_slice(plain);
        let nonce = self.0.seal_in_place_append_tag(Aad::from(bound), &mut *bytes);
        let nonce = nonce.map_err(|_| Fault::plain("something could not be sealed"))?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + bytes.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&bytes);
        Ok(sealed)
    }

    /// What was sealed, bound to `bound`; `None` for anything else.
    pub(super) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(bound), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}
