//! Keeping an answer on its way out: its head, its pieces, and at its end, if it ended well, all of it.

use super::ask::Asked;
use super::{Again, Key, REPLY_BYTES_MAX, Reply};
use crate::base::Lines;
use crate::relay::story::{Ended, Story};
use bytes::Bytes;
use ledger::NanoUsd;
use ledger::entry::UsageOrigin;

/// Fields of an answer's head that are as good for the next request.
const HEAD: [&str; 6] = [
    "content-type",
    "cache-control",
    "x-keyway-model",
    "x-keyway-provider",
    "x-keyway-notice",
    "x-keyway-losses",
];

/// An answer that will be kept if it ends well.
pub struct Keeping {
    key: Key,
    headers: Lines,
    body: Vec<u8>,
    ends: Vec<u32>,
    /// It has been booked, for this price.
    booked: Option<Option<NanoUsd>>,
}

impl Keeping {
    /// Nothing of it has come.
    pub(super) fn new(asked: Asked) -> Self {
        let (headers, body, ends) = (Lines::default(), Vec::new(), Vec::new());
        Self { key: asked.key, headers, body, ends, booked: None }
    }
}

impl Story {
    /// The head of an answer that may be kept.
    pub fn keep_head(&mut self, headers: &Lines) {
        let Again::Keeps(keeping) = &mut self.again else { return };
        for (name, value) in headers.iter().filter(|(name, _)| HEAD.contains(name)) {
            keeping.headers.put(name, value);
        }
    }

    /// A piece of an answer that may be kept goes out. One that becomes too long will not be.
    pub fn keep_piece(&mut self, piece: &Bytes) {
        let Again::Keeps(keeping) = &mut self.again else { return };
        if keeping.body.len() + piece.len() > REPLY_BYTES_MAX {
            self.again = Again::No;
            return;
        }
        keeping.body.extend_from_slice(piece);
        keeping.ends.push(u32::try_from(keeping.body.len()).unwrap_or(u32::MAX));
    }

    /// The request is booked: only an answer that ended well is kept, and one whose end is known.
    pub(in crate::relay) fn keep_booked(&mut self, ended: &Ended, sold: Option<NanoUsd>) {
        let Again::Keeps(keeping) = &mut self.again else { return };
        let well = ended.status == 200 && ended.code.is_empty() && ended.origin != UsageOrigin::Nothing;
        match well {
            true => keeping.booked = Some(sold),
            false => self.again = Again::No,
        }
    }

    /// All of an answer has gone out.
    pub fn keep_end(&mut self, stream: bool) {
        if !self.again.keeps() {
            return;
        }
        let Again::Keeps(keeping) = std::mem::take(&mut self.again) else { return };
        let (Some(sold), Some(target)) = (keeping.booked, self.target()) else { return };
        let Keeping { key, headers, body, ends, .. } = *keeping;
        let shared = &self.worker.shared;
        let reply = Reply {
            model: target.id.clone(),
            provider: target.provider.name.clone(),
            headers,
            body: Bytes::from(body.into_boxed_slice()),
            ends: if stream { ends.into() } else { Box::default() },
            stream,
            sold,
            kept_mono_ms: shared.at.clock.monotonic_ms(),
        };
        shared.replies.keep(key, reply);
    }
}
