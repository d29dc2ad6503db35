//! A value that must never be printed, logged or left in memory.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret string. No `Debug`, no `Display`, no `Serialize`: what cannot print cannot leak.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over; it is wiped when the last clone goes.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value, for the one place that must send or digest it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is this text. The time it takes tells of the text's length alone.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        let (mine, theirs) = (self.0.as_bytes(), text.as_bytes());
        if mine.len() != theirs.len() {
            return false;
        }
        let ((words, rest), (their_words, their_rest)) = (mine.as_chunks::<8>(), theirs.as_chunks::<8>());
        let apart = |a: &[u8; 8], b: &[u8; 8]| u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b);
        let words = words.iter().zip(their_words).fold(0, |all, (a, b)| all | apart(a, b));
        let rest = rest.iter().zip(their_rest).fold(0, |all, (a, b)| all | (a ^ b));
        (words | u64::from(rest)).ct_eq(&0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_own_text_and_no_other() {
        let text = "sk-kw-live-0123456789abcdefghij";
        for length in 0..=text.len() {
            let own = &text[..length];
            let secret = Secret::new(own.to_owned());
            assert!(secret.is(own), "{own}");
            assert!(!secret.is(&format!("{own}0")), "{own}");
            for at in 0..length {
                assert!(!secret.is(&format!("{}_{}", &own[..at], &own[at + 1..])), "{own} at {at}");
            }
        }
    }
}
