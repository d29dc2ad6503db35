//! What belongs to addresses outside: the secrets that sign for them, and the addresses themselves, which
//! are often secrets.

use super::aead::{Aead, KEY_BYTES};
use crate::base::{Fault, Secret};
use aws_lc_rs::aead::AES_256_GCM_SIV;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Keys for what leads outside.
pub struct OutwardKeys {
    signing: Hmac<Sha256>,
    sealing: Aead,
}

impl OutwardKeys {
    pub(super) fn new(signing: Hmac<Sha256>, sealing: &[u8; KEY_BYTES]) -> Result<Self, Fault> {
        Ok(Self { signing, sealing: Aead::new(&AES_256_GCM_SIV, sealing)? })
    }

    /// The bytes that sign for a webhook: the same on every node, another for each version.
    #[must_use]
    pub fn webhook_key(&self, webhook: &str, version: i64) -> [u8; 32] {
        let mut mac = self.signing.clone();
        // No id holds a line end.
        mac.update(format!("{webhook}\n{version}").as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The same as its receiver is given it (standard-webhooks: `whsec_` and base64).
    #[must_use]
    pub fn webhook_secret(&self, webhook: &str, version: i64) -> Secret {
        Secret::new(format!("whsec_{}", STANDARD.encode(self.webhook_key(webhook, version))))
    }

    /// Seals an address for its owner: it opens under the same id alone.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(&self, owner: &str, text: &str) -> Result<String, Fault> {
        Ok(STANDARD.encode(self.sealing.seal(owner.as_bytes(), text.as_bytes())?))
    }

    /// Opens what was sealed for an owner.
    ///
    /// # Errors
    /// When it was not, or not by this installation.
    pub fn open(&self, owner: &str, sealed: &str) -> Result<Secret, Fault> {
        let opened =
            STANDARD.decode(sealed).ok().and_then(|sealed| self.sealing.open(owner.as_bytes(), &sealed));
        let text = opened.and_then(|opened| String::from_utf8(opened.to_vec()).ok()).map(Secret::new);
        text.ok_or_else(|| Fault::plain(format!("the sealed address of {owner} cannot be opened")))
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Secret;
    use crate::sealing::MasterKey;

    #[test]
    fn what_is_sealed_opens_for_its_owner_alone() {
        let key = |text: &str| MasterKey::from_text(&Secret::new(text.repeat(32))).unwrap();
        let (one, other) = (key("a1"), key("b2"));
        let sealed = one.outward().seal("wh_1", "https://hooks.example/secret").unwrap();
        assert!(!sealed.contains("hooks"));
        assert_ne!(sealed, one.outward().seal("wh_1", "https://hooks.example/secret").unwrap());
        let open = |key: &MasterKey, owner: &str, text: &str| key.outward().open(owner, text).ok();
        assert_eq!(open(&key("a1"), "wh_1", &sealed).unwrap().reveal(), "https://hooks.example/secret");
        let mut changed = sealed.clone().into_bytes();
        changed[20] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        for (key, owner, text) in [
            (&one, "wh_2", sealed.as_str()),
            (&other, "wh_1", &sealed),
            (&one, "wh_1", &changed),
            (&one, "wh_1", ""),
        ] {
            assert!(open(key, owner, text).is_none(), "{owner} {text}");
        }
    }

    #[test]
    fn every_webhook_and_version_has_its_own_secret() {
        let key = MasterKey::from_text(&Secret::new("a1".repeat(32))).unwrap();
        let secret = |id: &str, version| key.outward().webhook_secret(id, version).reveal().to_owned();
        assert_eq!(secret("wh_1", 1), secret("wh_1", 1));
        assert!(secret("wh_1", 1).starts_with("whsec_") && secret("wh_1", 1).len() == 6 + 44);
        assert!(secret("wh_1", 1) != secret("wh_1", 2) && secret("wh_1", 1) != secret("wh_2", 1));
    }
}
