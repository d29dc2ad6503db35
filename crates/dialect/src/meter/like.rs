//! The short way through a stream: most chunks differ from the one before in one string.
//!
//! When a chunk did nothing but add one string to what was being said already, a next one that
//! is the same but for that string does the same: another string in the place of a string
//! leaves the structure of a JSON text as it is. So it is compared instead of read, and
//! whatever differs in any other way is read in full.

use crate::json::{is_utf8, text_before_quote};
use std::ops::Range;

/// Longest chunk remembered, in bytes; chunks of running text are much shorter.
const CHUNK_BYTES_MAX: usize = 2048;

/// A chunk and where the strings stand in it that may differ.
#[derive(Debug, Default)]
pub(crate) struct Like {
    chunk: Vec<u8>,
    /// What is said, between its quotes.
    said: Range<usize>,
    /// The string nobody reads; empty when there is none.
    padding: Range<usize>,
    known: bool,
}

impl Like {
    pub(crate) fn forget(&mut self) {
        self.known = false;
    }

    /// Remembers `chunk`, of which `said` and `padding` are slices.
    pub(crate) fn learn(&mut self, chunk: &[u8], said: &[u8], padding: Option<&[u8]>) {
        if chunk.len() > CHUNK_BYTES_MAX {
            return;
        }
        let place = |part: &[u8]| {
            let start = (part.as_ptr() as usize).checked_sub(chunk.as_ptr() as usize)?;
            Some(start..start + part.len())
        };
        let (Some(said), Some(padding)) = (place(said), padding.map_or(Some(0..0), place)) else {
            return;
        };
        self.chunk.clear();
        self.chunk.extend_from_slice(chunk);
        (self.said, self.padding, self.known) = (said, padding, true);
    }

    /// Bytes of the text that `chunk` adds, when it is like the one remembered.
    #[inline]
    pub(crate) fn matches(&self, chunk: &[u8]) -> Option<usize> {
        if !self.known {
            return None;
        }
        let mut rest = Rest { like: &self.chunk, taken: 0, chunk };
        let before = !self.padding.is_empty() && self.padding.start < self.said.start;
        if before {
            rest.string(&self.padding)?;
        }
        let bytes = rest.string(&self.said)?;
        if !before && !self.padding.is_empty() {
            rest.string(&self.padding)?;
        }
        let tail = rest.like.get(rest.taken..)?;
        // A chunk that says nothing is no progress: the long way knows.
        (bytes > 0 && rest.chunk == tail).then_some(bytes)
    }
}

/// What is still to be compared.
struct Rest<'a> {
    like: &'a [u8],
    /// Bytes of `like` that have been compared.
    taken: usize,
    chunk: &'a [u8],
}

impl Rest<'_> {
    /// Compares up to the string at `hole` and steps over whatever string stands there instead.
    #[inline]
    fn string(&mut self, hole: &Range<usize>) -> Option<usize> {
        let same = self.like.get(self.taken..hole.start)?;
        let rest = self.chunk.strip_prefix(same)?;
        let text = text_before_quote(rest)?;
        let raw = text.raw();
        if !is_utf8(raw) {
            return None;
        }
        self.chunk = rest.get(raw.len()..)?;
        self.taken = hole.end;
        Some(text.bytes())
    }
}
