//! The keys of what is kept for clients: names that say nothing, contents that only this installation
//! reads.

use super::aead::Aead;
use crate::base::Fault;
use crate::base::fault::Doing;
use aws_lc_rs::aead::AES_256_GCM;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroizing;

/// One key for names, another for contents (AES-256-GCM with random nonces).
pub struct StateKeys {
    names: Hmac<Sha256>,
    contents: Aead,
}

impl StateKeys {
    /// From two subkeys.
    ///
    /// # Errors
    /// A fault of the library's.
    pub(super) fn new(names: &Zeroizing<[u8; 32]>, contents: &Zeroizing<[u8; 32]>) -> Result<Self, Fault> {
        Ok(Self {
            names: Hmac::new_from_slice(&**names).doing("deriving the key of names")?,
            contents: Aead::new(&AES_256_GCM, contents)?,
        })
    }

    /// A keyed digest that becomes a name.
    #[must_use]
    pub fn naming(&self) -> Hmac<Sha256> {
        self.names.clone()
    }

    /// Seals `plain` for `name`: nonce, contents, tag. `None` when the library fails.
    #[must_use]
    pub fn seal(&self, name: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.contents.seal(name, plain).ok()
    }

    /// What was sealed for `name`; `None` for anything else.
    #[must_use]
    pub fn open(&self, name: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.contents.open(name, sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_for_a_name_opens_under_it() {
        let keys = |byte| StateKeys::new(&[1; 32].into(), &[byte; 32].into()).unwrap();
        let (ours, other) = (keys(2), keys(3));
        let sealed = ours.seal(b"name", b"a thought").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"thought"));
        assert_eq!(&**ours.open(b"name", &sealed).unwrap(), b"a thought");
        assert_eq!(ours.open(b"other", &sealed), None);
        assert_eq!(other.open(b"name", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ours.open(b"name", &changed), None, "{at}");
            assert_eq!(ours.open(b"name", &sealed[..at]), None, "{at}");
        }
    }
}
