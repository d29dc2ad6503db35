//! What a connection has shown: most clients send the same key with each request of a connection, and its digest
//! need not be made each time. What the key grants is looked up each time nevertheless.

use crate::base::Secret;
use crate::sealing::Digest;
use std::cell::RefCell;

/// Longest text that is kept, bytes: every key of ours is shorter.
const KEPT_BYTES_MAX: usize = 128;

/// The key that was shown last on a connection, and its digest. The text is wiped with the connection.
#[derive(Default)]
pub struct Shown(RefCell<Option<(Secret, Digest)>>);

impl Shown {
    /// The digest of a text, if it is the one that was shown last.
    #[must_use]
    pub fn digest(&self, text: &str) -> Option<Digest> {
        let last = self.0.borrow();
        last.as_ref().filter(|(shown, _)| shown.is(text)).map(|(_, digest)| *digest)
    }

    /// Notes a text that was found to be a key.
    pub fn keep(&self, text: &str, digest: Digest) {
        if text.len() <= KEPT_BYTES_MAX {
            *self.0.borrow_mut() = Some((Secret::new(text.to_owned()), digest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_that_was_shown_last_has_its_digest_and_no_other_has() {
        let shown = Shown::default();
        assert!(shown.digest("").is_none());
        let (one, other) = ("sk-kw-live-one-and-a-bit", "sk-kw-live-one-and-a-lot");
        shown.keep(one, Digest([1; 32]));
        assert!(shown.digest(one) == Some(Digest([1; 32])));
        assert!(shown.digest(other).is_none() && shown.digest("").is_none());
        shown.keep(other, Digest([2; 32]));
        assert!(shown.digest(one).is_none() && shown.digest(other) == Some(Digest([2; 32])));
        let long = "k".repeat(KEPT_BYTES_MAX + 1);
        shown.keep(&long, Digest([3; 32]));
        assert!(shown.digest(&long).is_none() && shown.digest(other) == Some(Digest([2; 32])));
    }
}
