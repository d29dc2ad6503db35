//! The installation's master key: 32 bytes, never stored in the database. Everything secret the
//! installation needs is an HKDF subkey of it.

use super::envelope::{self, Place, Sealer, Unopened};
use super::outward::OutwardKeys;
use super::states::StateKeys;
use super::tokens::TokenKeys;
use crate::base::fault::Doing;
use crate::base::{Fault, Secret};
use arc_swap::ArcSwap;
use base64::Engine as _;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const MASTER_BYTES: usize = 32;

/// Digest of a secret under the installation's pepper. Useless without the master key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Lowercase hex, as the database keeps it.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Equality with a stored digest, in constant time.
    #[must_use]
    pub fn matches_hex(&self, stored: &str) -> bool {
        self.hex().as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

/// The subkeys in use. Those of the master key itself seal; they can be exchanged while the process runs.
/// Those of the root make digests and tokens, and stay for as long as the installation does: the root is the
/// first master key, and later ones seal it.
#[derive(Clone)]
pub struct MasterKey {
    pepper: Hmac<Sha256>,
    tenants: Hmac<Sha256>,
    issuer: String,
    tokens: Arc<TokenKeys>,
    outward: Arc<OutwardKeys>,
    states: Arc<StateKeys>,
    root: Arc<Zeroizing<[u8; MASTER_BYTES]>>,
    current: Arc<ArcSwap<Current>>,
}

/// What is derived from the master key itself.
struct Current {
    check: String,
    sealer: Sealer,
}

/// Where the root is sealed.
const ROOT: Place<'static> =
    Place { column: "installation.root", row: "1", org: "", purpose: "root", seal: "" };

impl MasterKey {
    /// Reads a key from its text: 64 hex digits or base64 of 32 bytes.
    ///
    /// # Errors
    /// When it is neither. The message does not repeat it.
    pub fn from_text(text: &Secret) -> Result<Self, Fault> {
        let bytes = decode(text.reveal().trim()).ok_or_else(|| {
            Fault::plain(
                "the master key must be 32 bytes as 64 hex digits or as base64; \
                 `openssl rand -hex 32` makes one",
            )
        })?;
        Self::derive(&bytes)
    }

    /// Reads the key file, making one (mode 0600) when there is none. Call under the set-up lock.
    ///
    /// # Errors
    /// When the file cannot be read or written, or does not hold a key.
    pub fn from_file(path: &Path, make: bool) -> Result<Self, Fault> {
        match fs::read_to_string(path) {
            Ok(text) => Self::from_text(&Secret::new(text)),
            Err(error) if make && error.kind() == std::io::ErrorKind::NotFound => {
                let bytes: Zeroizing<[u8; MASTER_BYTES]> = Zeroizing::new(rand::random());
                let text = Zeroizing::new(hex(&*bytes));
                let mut file = fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
                    .doing("making the master key file")?;
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .doing("writing the master key file")?;
                Self::derive(&bytes)
            }
            Err(error) => Err(Fault::new(format!("reading the master key {}", path.display()), error)),
        }
    }

    fn derive(master: &[u8; MASTER_BYTES]) -> Result<Self, Fault> {
        let subkey = |label: &str| subkey(master, label);
        let check = hex(&*subkey("keyway master key check 1")?);
        let id: [u8; 8] = subkey("keyway sealing key id 1")?.first_chunk().copied().unwrap_or_default();
        let sealer = Sealer::new(&*subkey("keyway sealing 1")?, id)?;
        Self::of_root(master, Arc::new(ArcSwap::from_pointee(Current { check, sealer })))
    }

    fn of_root(root: &[u8; MASTER_BYTES], current: Arc<ArcSwap<Current>>) -> Result<Self, Fault> {
        let subkey = |label: &str| subkey(root, label);
        let mac = |label: &str, doing| Hmac::new_from_slice(&*subkey(label)?).doing(doing);
        let signing = mac("keyway webhook signing 1", "deriving the key that signs webhooks")?;
        let (names, sealed) = (subkey("keyway names of states 1")?, subkey("keyway sealed states 1")?);
        Ok(Self {
            outward: Arc::new(OutwardKeys::new(signing, &*subkey("keyway sealed addresses 1")?)?),
            states: Arc::new(StateKeys::new(&names, &sealed)?),
            pepper: mac("keyway key digests 1", "deriving the pepper")?,
            tenants: mac("keyway tenants at providers 1", "deriving the key of tenants")?,
            issuer: format!("urn:keyway:{}", hex(&subkey("keyway token issuer 1")?[..8])),
            tokens: Arc::new(TokenKeys::new(subkey("keyway token signing 1")?)),
            root: Arc::new(Zeroizing::new(*root)),
            current,
        })
    }

    /// The same master key with the root that the database keeps sealed under it.
    ///
    /// # Errors
    /// When it was not sealed under this master key.
    pub fn with_root(self, sealed: &str) -> Result<Self, Fault> {
        let bytes = self.current.load().sealer.open(&ROOT, sealed);
        let bytes = bytes.map_err(|why| Fault::plain(format!("the root of the installation: {why}")))?;
        let root: &[u8; MASTER_BYTES] =
            bytes.as_slice().try_into().map_err(|_| Fault::plain("the root is not 32 bytes"))?;
        Self::of_root(root, self.current)
    }

    /// This installation's root, sealed under a new master key.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn root_for(&self, new: &Self) -> Result<String, Fault> {
        new.current.load().sealer.seal(&ROOT, &**self.root)
    }

    /// Seals under another master key from here on, wherever this one is in use in the process.
    pub fn take_over(&self, new: &Self) {
        self.current.store(new.current.load_full());
    }

    /// Seals a secret for a place.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn seal(&self, place: &Place<'_>, secret: &Secret) -> Result<String, Fault> {
        self.current.load().sealer.seal(place, secret.reveal().as_bytes())
    }

    /// Opens a secret that was sealed for a place.
    ///
    /// # Errors
    /// Why it stays closed.
    pub fn open(&self, place: &Place<'_>, sealed: &str) -> Result<Secret, Unopened> {
        envelope::text(&self.current.load().sealer.open(place, sealed)?)
    }

    /// The same secret, sealed under another master key.
    ///
    /// # Errors
    /// Why it stays closed.
    pub fn rewrap(&self, place: &Place<'_>, sealed: &str, to: &Self) -> Result<String, Unopened> {
        self.current.load().sealer.rewrap(place, sealed, &to.current.load().sealer)
    }

    /// The value the database keeps to tell another master key from this one.
    #[must_use]
    pub fn check(&self) -> String {
        self.current.load().check.clone()
    }

    /// The name of the installation in the tokens it signs.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }

    /// The keys that sign tokens.
    #[must_use]
    pub fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }

    /// The keys of what leads outside.
    #[must_use]
    pub fn outward(&self) -> &OutwardKeys {
        &self.outward
    }

    /// The keys of what is kept for clients.
    #[must_use]
    pub fn states(&self) -> Arc<StateKeys> {
        Arc::clone(&self.states)
    }

    /// The digest of a key's full text.
    #[must_use]
    pub fn digest(&self, plaintext: &str) -> Digest {
        let mut mac = self.pepper.clone();
        mac.update(plaintext.as_bytes());
        Digest(mac.finalize().into_bytes().into())
    }

    /// What a provider is told instead of who a request is for: 32 hex digits, the same for the same
    /// organisation and the same word of its client, and nothing that anybody could reckon back.
    #[must_use]
    pub fn tenant(&self, organization: &str, own: &str) -> String {
        let mut mac = self.tenants.clone();
        // No id holds a line end: no two pairs are one text.
        for part in [organization, "\n", own] {
            mac.update(part.as_bytes());
        }
        hex(&mac.finalize().into_bytes()[..16])
    }
}

fn subkey(key: &[u8; MASTER_BYTES], label: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, key)
        .expand(label.as_bytes(), &mut *out)
        .map_err(|error| Fault::plain(format!("deriving a subkey: {error}")))?;
    Ok(out)
}

fn decode(text: &str) -> Option<Zeroizing<[u8; MASTER_BYTES]>> {
    let mut bytes = Zeroizing::new([0; MASTER_BYTES]);
    if text.len() == 2 * MASTER_BYTES {
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        return Some(bytes);
    }
    let decoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(text).ok()?);
    bytes.copy_from_slice(decoded.get(..).filter(|all| all.len() == MASTER_BYTES)?);
    Some(bytes)
}

/// Lowercase hex of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_base64_of_one_key_are_one_key() {
        let hex_text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let base64_text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let a = MasterKey::from_text(&Secret::new(hex_text.into())).unwrap();
        let b = MasterKey::from_text(&Secret::new(format!("{base64_text}\n"))).unwrap();
        assert_eq!(a.check(), b.check());
        assert!(a.digest("x") == b.digest("x"));
        assert!(a.digest("x") != a.digest("y"));
        assert!(a.digest("x").matches_hex(&b.digest("x").hex()));
    }

    #[test]
    fn another_master_key_keeps_the_root_and_what_is_sealed() {
        let key = |text: &str| MasterKey::from_text(&Secret::new(text.repeat(32))).unwrap();
        let (old, new) = (key("a1"), key("b2"));
        let place = Place { column: "t.c", row: "1", org: "", purpose: "p", seal: "s" };
        let sealed = old.seal(&place, &Secret::new("sk-canary".into())).unwrap();
        let moved = old.rewrap(&place, &sealed, &new).unwrap();
        let root = old.root_for(&new).unwrap();
        assert!(key("c3").with_root(&root).is_err() && key("a1").with_root(&root).is_err());
        let rooted = new.with_root(&root).unwrap();
        assert!(rooted.digest("x") == old.digest("x") && rooted.issuer() == old.issuer());
        assert!(*rooted.root == *old.root && *key("b2").root != *old.root);
        assert_ne!(rooted.check(), old.check());
        assert_eq!(rooted.open(&place, &moved).unwrap().reveal(), "sk-canary");
        assert!(old.open(&place, &moved).is_err());
        let running = old.clone();
        old.take_over(&rooted);
        assert_eq!(running.open(&place, &moved).unwrap().reveal(), "sk-canary");
    }

    #[test]
    fn a_tenant_is_known_by_nobody_else_and_stays_the_same() {
        let key = |text: &str| MasterKey::from_text(&Secret::new(text.repeat(32))).unwrap();
        let (one, other) = (key("a1"), key("b2"));
        let known = one.tenant("org_a", "u");
        assert_eq!(known, key("a1").tenant("org_a", "u"));
        assert_eq!(known.len(), 32);
        let others = [one.tenant("org_b", "u"), one.tenant("org_a", ""), other.tenant("org_a", "u")];
        assert!(others.iter().all(|id| *id != known), "{others:?}");
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        for text in ["", "short", "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"] {
            let fault = MasterKey::from_text(&Secret::new(text.into())).err().unwrap();
            assert!(text.is_empty() || !fault.to_string().contains(text));
        }
    }
}
