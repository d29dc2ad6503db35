//! Giving a kept answer again: byte for byte, a stream as a stream.

use super::{Reply, X_KEYWAY_CACHE};
use crate::base::Lines;
use crate::relay::exchange::{CutOff, Frames, OutBody, Outbound};
use crate::relay::story::{Ended, Story};
use crate::store::requests::CACHE_OUTCOME;
use bytes::Bytes;
use http::StatusCode;
use ledger::entry::UsageOrigin;
use ledger::{Attempt, NanoUsd, Usage};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

/// What the line of a request says that was answered from memory.
pub struct Kept {
    provider: Arc<str>,
    model: Arc<str>,
    outcome: String,
    /// What it is sold for.
    pub sell: NanoUsd,
    /// What it would have been sold for besides.
    pub saved: NanoUsd,
}

impl Kept {
    pub(super) fn new(reply: &Reply, charged: bool) -> Self {
        let sold = reply.sold.unwrap_or_default();
        let (sell, saved) = if charged { (sold, NanoUsd::ZERO) } else { (NanoUsd::ZERO, sold) };
        Self {
            provider: Arc::clone(&reply.provider),
            model: Arc::clone(&reply.model),
            outcome: format!("{CACHE_OUTCOME}{}", saved.0),
            sell,
            saved,
        }
    }

    /// As the line has it.
    #[must_use]
    pub fn attempt(&self) -> Attempt<'_> {
        Attempt { provider: &self.provider, model: &self.model, status: 200, ms: 0, outcome: &self.outcome }
    }
}

impl Story {
    /// What a request of this cost is sold for.
    pub(in crate::relay) fn sell(&self, cost: Option<NanoUsd>) -> Option<NanoUsd> {
        match self.again.kept() {
            Some(kept) => Some(kept.sell),
            None => cost.map(|cost| self.markup().sell(cost)),
        }
    }
}

/// Answers with what is kept. It is booked before it leaves: nothing was used.
pub async fn replay(mut story: Box<Story>, reply: Arc<Reply>) -> Outbound {
    let mut headers = Lines::new();
    for (name, value) in reply.headers.iter() {
        headers.put(name, value);
    }
    headers.put("x-keyway-attempts", "0");
    headers.put(X_KEYWAY_CACHE, "hit");
    let nothing = Ended { status: 200, code: "", usage: Usage::default(), origin: UsageOrigin::Nothing };
    let saved = story.again.kept().map_or(NanoUsd::ZERO, |kept| kept.saved);
    let gauges = &story.worker.shared.metrics.replies;
    gauges.saved_nanousd.fetch_add(u64::try_from(saved.0).unwrap_or(0), Ordering::Relaxed);
    let (sold, written) = story.end_soon(&nothing);
    story.tell_limits(&mut headers);
    if let Some(sold) = sold {
        headers.put("x-keyway-cost-usd", sold.to_decimal());
    }
    if let Some(written) = written {
        written.await;
    }
    let body = match reply.stream {
        true => OutBody::Stream(Box::new(Replay { reply, next: 0 })),
        false => OutBody::Whole(reply.body.clone()),
    };
    Outbound { status: StatusCode::OK, headers, close: false, body }
}

/// A stream that is given again, piece by piece.
struct Replay {
    reply: Arc<Reply>,
    next: usize,
}

impl Frames for Replay {
    fn poll_frame(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        let end = |place: usize| self.reply.ends.get(place).map(|end| *end as usize);
        let from = self.next.checked_sub(1).and_then(end).unwrap_or(0);
        let Some(to) = end(self.next) else { return Poll::Ready(None) };
        self.next += 1;
        Poll::Ready(Some(Ok(self.reply.body.slice(from..to))))
    }
}
