//! Secrets at rest. Each has a key of its own (AES-256-GCM), which is sealed under the master key's: so the
//! master key can be exchanged without touching what is sealed. Both seals are bound to the place where the
//! text belongs, so a text in another place, of another time or of another owner opens nowhere.
//!
//! A sealed text is base64 of: version u8, id of the sealing key (8), nonce (12), its own key sealed (48),
//! nonce (12), the secret sealed.

use super::aead::{ADDED_BYTES, Aead, KEY_BYTES};
use crate::base::{Fault, Secret};
use aws_lc_rs::aead::AES_256_GCM;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const ID_BYTES: usize = 8;
/// Where the nonce of the sealed key begins.
const WRAP_AT: usize = 1 + ID_BYTES;
/// Where the nonce of the secret begins.
const BODY_AT: usize = WRAP_AT + KEY_BYTES + ADDED_BYTES;

/// Where a sealed text belongs. Whatever differs here keeps it closed.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table and column.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
    /// Whose it is; empty: the installation's.
    pub org: &'a str,
    /// What it is for, a provider's name say.
    pub purpose: &'a str,
    /// Which of the texts that stood there one after the other.
    pub seal: &'a str,
}

/// Why a sealed text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unopened {
    /// It is none, or a part of one.
    Malformed,
    /// It was sealed under another master key.
    OtherKey,
    /// It, or the place it stands in, is not as it was when it was sealed.
    Altered,
}

/// Seals under one key.
pub struct Sealer {
    key: Aead,
    id: [u8; ID_BYTES],
}

impl Sealer {
    /// A sealer under a key and its public id.
    ///
    /// # Errors
    /// Never for keys of this length.
    pub fn new(key: &[u8; KEY_BYTES], id: [u8; ID_BYTES]) -> Result<Self, Fault> {
        Ok(Self { key: Aead::new(&AES_256_GCM, key)?, id })
    }

    /// Seals a secret for a place.
    ///
    /// # Errors
    /// When the library refuses, which it does for nothing that is this short.
    pub fn seal(&self, place: &Place<'_>, secret: &[u8]) -> Result<String, Fault> {
        let key: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(rand::random());
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.id);
        self.wrap(place, &key, &mut out)?;
        out.extend(Aead::new(&AES_256_GCM, &key)?.seal(&bound(place, "secret"), secret)?);
        Ok(STANDARD_NO_PAD.encode(out))
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// Why it stays closed.
    pub fn open(&self, place: &Place<'_>, text: &str) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let bytes = read(text)?;
        let key = self.unwrap(place, &bytes)?;
        let key = Aead::new(&AES_256_GCM, &key).map_err(|_| Unopened::Altered)?;
        let body = bytes.get(BODY_AT..).ok_or(Unopened::Malformed)?;
        key.open(&bound(place, "secret"), body).ok_or(Unopened::Altered)
    }

    /// The same secret, its key sealed under another master key: the secret itself is not touched.
    ///
    /// # Errors
    /// Why it stays closed.
    pub fn rewrap(&self, place: &Place<'_>, text: &str, to: &Self) -> Result<String, Unopened> {
        let bytes = read(text)?;
        let key = self.unwrap(place, &bytes)?;
        let mut out = vec![VERSION];
        out.extend_from_slice(&to.id);
        to.wrap(place, &key, &mut out).map_err(|_| Unopened::Altered)?;
        out.extend_from_slice(bytes.get(BODY_AT..).ok_or(Unopened::Malformed)?);
        Ok(STANDARD_NO_PAD.encode(out))
    }

    fn wrap(&self, place: &Place<'_>, key: &[u8; KEY_BYTES], out: &mut Vec<u8>) -> Result<(), Fault> {
        out.extend(self.key.seal(&bound(place, "key"), key)?);
        Ok(())
    }

    fn unwrap(&self, place: &Place<'_>, bytes: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, Unopened> {
        if bytes.get(1..WRAP_AT) != Some(&self.id[..]) {
            return Err(Unopened::OtherKey);
        }
        let wrapped = bytes.get(WRAP_AT..BODY_AT).ok_or(Unopened::Malformed)?;
        let opened = self.key.open(&bound(place, "key"), wrapped).ok_or(Unopened::Altered)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        key.copy_from_slice(opened.get(..KEY_BYTES).ok_or(Unopened::Malformed)?);
        Ok(key)
    }
}

/// A secret's text.
///
/// # Errors
/// When it is no text.
pub fn text(bytes: &Zeroizing<Vec<u8>>) -> Result<Secret, Unopened> {
    Ok(Secret::new(std::str::from_utf8(bytes).map_err(|_| Unopened::Altered)?.to_owned()))
}

fn read(text: &str) -> Result<Vec<u8>, Unopened> {
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Unopened::Malformed)?;
    let whole = bytes.first() == Some(&VERSION) && bytes.len() >= BODY_AT + ADDED_BYTES;
    whole.then_some(bytes).ok_or(Unopened::Malformed)
}

/// What a seal is bound to: each part with its length, so that no two places read the same.
fn bound(place: &Place<'_>, part: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in ["keyway", place.column, place.row, place.org, place.purpose, place.seal, part] {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is cut off or no sealed text",
            Self::OtherKey => "it was sealed under another master key",
            Self::Altered => "it was altered, or belongs to another place or time",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"sk-canary-at-rest";

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&[byte; 32], [byte; 8]).unwrap()
    }

    fn place<'a>(row: &'a str, org: &'a str, purpose: &'a str, seal: &'a str) -> Place<'a> {
        Place { column: "t.c", row, org, purpose, seal }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let (one, here) = (sealer(1), place("cred_1", "org_1", "p", "seal_1"));
        let text = one.seal(&here, SECRET).unwrap();
        assert_eq!(&**one.open(&here, &text).unwrap(), SECRET);
        assert_ne!(text, one.seal(&here, SECRET).unwrap(), "no two seals are alike");
        let elsewhere = [
            place("cred_2", "org_1", "p", "seal_1"),
            place("cred_1", "org_2", "p", "seal_1"),
            place("cred_1", "", "p", "seal_1"),
            place("cred_1", "org_1", "q", "seal_1"),
            place("cred_1", "org_1", "p", "seal_0"),
            place("cred_1org_1", "", "p", "seal_1"),
            Place { column: "t.d", ..here },
        ];
        for other in elsewhere {
            assert_eq!(one.open(&other, &text).unwrap_err(), Unopened::Altered, "{other:?}");
        }
        assert_eq!(sealer(2).open(&here, &text).unwrap_err(), Unopened::OtherKey);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_keeps_it_closed() {
        let (one, here) = (sealer(1), place("cred_1", "org_1", "p", "seal_1"));
        let bytes = STANDARD_NO_PAD.decode(one.seal(&here, SECRET).unwrap()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(one.open(&here, &STANDARD_NO_PAD.encode(flipped)).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(one.open(&here, &STANDARD_NO_PAD.encode(&bytes[..length])).is_err(), "{length}");
        }
        assert_eq!(one.open(&here, "no base64 §").unwrap_err(), Unopened::Malformed);
    }

    #[test]
    fn another_master_key_takes_over_without_touching_the_secret() {
        let (one, two, here) = (sealer(1), sealer(2), place("cred_1", "", "p", "seal_1"));
        let text = one.seal(&here, SECRET).unwrap();
        let moved = one.rewrap(&here, &text, &two).unwrap();
        assert_eq!(&**two.open(&here, &moved).unwrap(), SECRET);
        assert_eq!(one.open(&here, &moved).unwrap_err(), Unopened::OtherKey);
        let body = |text: &str| STANDARD_NO_PAD.decode(text).unwrap()[BODY_AT..].to_vec();
        assert_eq!(body(&text), body(&moved));
        let other = place("cred_2", "", "p", "seal_1");
        assert_eq!(one.rewrap(&other, &text, &two).unwrap_err(), Unopened::Altered);
    }
}
