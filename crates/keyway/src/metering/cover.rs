//! A stream under a budget: its reservation goes ahead of what arrives. Each extension is in the journal
//! before the bytes it covers are passed on; when there is no money for one, the stream is cut where its
//! reservation ends.

use super::admit::Admitted;
use super::keeper::{Answer, Denied, Keeper, Wanted, Why};
use super::spend::{self, Spending};
use crate::base::{Fault, Refusal};
use ledger::account::{Reservation, extend};
use ledger::orphan::PROGRESS_TOKENS;
use ledger::reserve::Mode;
use ledger::{NanoUsd, Progress};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot::Receiver;

/// What has been counted of a running answer, tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tokens {
    /// No fewer than there can be.
    pub most: u64,
    /// No more than there must be.
    pub least: u64,
    /// What is charged if it ends here.
    pub likely: u64,
}

/// Why a stream ends before its provider ended it.
#[derive(Debug, Clone)]
pub enum Cut {
    /// The answer is longer than the request asked for.
    Cap,
    /// There is no money for more.
    Money(Refusal),
}

/// How a request under budgets goes.
pub(super) struct Going {
    pub(super) spending: Box<Spending>,
    /// More was asked for: tokens that it will cover.
    asked: Option<(u64, Receiver<Answer>)>,
    /// There is no more.
    dry: Option<Denied>,
    tokens: Tokens,
    /// Tokens that the journal knows of.
    noted: u64,
}

impl Going {
    pub(super) fn new(spending: Box<Spending>) -> Self {
        Self { spending, asked: None, dry: None, tokens: Tokens::default(), noted: 0 }
    }

    /// How far it has come, as the journal is told; `None`: no further than SENT said.
    pub(super) fn progress(&self, request: [u8; 16]) -> Option<Progress> {
        let reserved = self.spending.reservation.amount();
        (self.noted > 0).then_some(Progress { request, output_tokens: self.tokens.likely, reserved })
    }

    fn is_bounded(&self) -> bool {
        self.spending.reservation.parts().iter().any(|part| part.leased)
    }

    /// What the next stretch costs, and where it ends; `None`: enough is covered.
    fn next(&self) -> Option<(u64, NanoUsd)> {
        let spending = &self.spending;
        let next = spending.quote.next(self.tokens.most, spending.covered)?;
        Some((next, spending.quote.amount(next).saturating_sub(spending.reservation.amount())))
    }

    fn cut(&self) -> Option<Cut> {
        let spending = &self.spending;
        if self.tokens.least > spending.quote.cap() {
            return Some(Cut::Cap);
        }
        let denied = self.dry.as_ref().filter(|_| self.tokens.most >= spending.covered)?;
        Some(Cut::Money(spend::refusal(denied, &spending.names, &spending.quote, 1)))
    }
}

impl Admitted {
    /// Notes how far the answer has come, and reserves more when that is due.
    pub fn cover(&mut self, keeper: &Keeper, tokens: Tokens) {
        let Some(going) = &mut self.going else { return };
        going.tokens = tokens;
        let due = tokens.likely >= going.noted + PROGRESS_TOKENS;
        let sliding = going.spending.quote.mode() == Mode::Sliding && going.is_bounded();
        if sliding
            && going.asked.is_none()
            && going.dry.is_none()
            && let Some((next, more)) = going.next()
        {
            match extend(going.spending.reservation.parts(), more) {
                Ok(reserved) => self.extended(next, reserved),
                Err(_) => {
                    let parts = going.spending.reservation.parts().to_vec();
                    match keeper.ask(Wanted::Extend(parts), more, going.spending.reservation.amount()) {
                        Ok(asked) => going.asked = Some((next, asked)),
                        Err(denied) => going.dry = Some(denied),
                    }
                }
            }
        } else if due {
            // Only for a fair charge after a crash: what cannot be written is not missed.
            let _ = self.write_progress();
        }
    }

    /// Ready when what has come is covered; with a reason when the stream is to end instead.
    pub fn poll_covered(&mut self, cx: &mut Context<'_>) -> Poll<Option<Cut>> {
        let Some(going) = &mut self.going else { return Poll::Ready(None) };
        if let Some((next, asked)) = &mut going.asked {
            let next = *next;
            match Pin::new(asked).poll(cx) {
                Poll::Ready(Ok(Ok(reserved))) => self.extended(next, reserved),
                Poll::Ready(Ok(Err(denied))) => (going.asked, going.dry) = (None, Some(denied)),
                Poll::Ready(Err(_)) => (going.asked, going.dry) = (None, Some(UNAVAILABLE)),
                Poll::Pending if going.tokens.most > going.spending.covered && going.is_bounded() => {
                    return Poll::Pending;
                }
                Poll::Pending => {}
            }
        }
        Poll::Ready(self.must_cut())
    }

    /// Whether money is reserved for it: it goes no further than that.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.going.as_ref().is_some_and(|going| going.is_bounded())
    }

    /// Why the stream is to end now, if it is.
    #[must_use]
    pub fn must_cut(&self) -> Option<Cut> {
        self.going.as_ref()?.cut()
    }

    fn extended(&mut self, next: u64, reserved: Reservation) {
        let Some(going) = &mut self.going else { return };
        going.asked = None;
        going.spending.reservation.join(reserved);
        let written = self.write_progress();
        let Some(going) = &mut self.going else { return };
        match written {
            Ok(()) => going.spending.covered = next,
            Err(fault) => {
                tracing::warn!(%fault, "a stream's reservation is not extended");
                going.dry = Some(UNAVAILABLE);
            }
        }
    }

    fn write_progress(&mut self) -> Result<(), Fault> {
        let Some(going) = &mut self.going else { return Ok(()) };
        going.noted = going.tokens.likely.max(1);
        let Some(progress) = going.progress(self.request) else { return Ok(()) };
        self.worker.journal.borrow_mut().append_progress(&progress)
    }
}

const UNAVAILABLE: Denied = Denied { account: 0, why: Why::Unavailable, left: NanoUsd::ZERO };
