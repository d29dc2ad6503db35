//! Permission to spend: nothing is sent to a provider without an [`Admitted`], and each ends in
//! one line of the journal, whatever happens to the code that holds it.

use super::Prices;
use super::journal::{At, Journal};
use crate::base::fault::Doing;
use crate::base::{Clock, Code, Fault, Refusal};
use ledger::record::{Record, Scanner};
use ledger::{Entry, Sent, settle_unfinished};
use std::cell::RefCell;
use std::rc::Rc;

/// The metering of one worker; belongs to its thread.
pub struct Worker {
    journal: RefCell<Journal>,
    clock: Clock,
    prices: Box<Prices>,
}

impl Worker {
    /// A worker's metering. `prices` is asked for what a request cost that nobody settled.
    #[must_use]
    pub fn new(journal: Journal, clock: Clock, prices: Box<Prices>) -> Rc<Self> {
        Rc::new(Self { journal: RefCell::new(journal), clock, prices })
    }

    /// Tries to write again what could not be written, and to make room where there was none. To be called
    /// now and then: while the process says that it is not ready, no requests come that would do it.
    pub fn mend(&self) {
        let mut journal = self.journal.borrow_mut();
        if journal.mend() {
            journal.look_for_room();
        }
    }

    /// Writes the line of a request that was refused before anything could be spent.
    ///
    /// # Errors
    /// The line is lost.
    pub fn note(&self, entry: &Entry<'_>) -> Result<(), Fault> {
        self.journal.borrow_mut().append_settle(None, entry)
    }
}

/// Lets a request through, or says why not.
///
/// # Errors
/// `metering_unavailable` while the journal cannot be written.
pub fn admit(worker: &Rc<Worker>) -> Result<Admitted, Refusal> {
    if !worker.journal.borrow_mut().reserve() {
        let message = "Usage cannot be recorded at the moment, so nothing may be spent. Try again shortly.";
        let retry_after_ms = Some(super::journal::RETRY_MS.unsigned_abs());
        return Err(Refusal { retry_after_ms, ..Refusal::new(Code::MeteringUnavailable, message) });
    }
    Ok(Admitted { worker: Rc::clone(worker), sent: None, request: [0; 16], over: false })
}

/// A request that may be sent. Dropped before [`Self::sent`] it leaves nothing; dropped after, it
/// is settled by estimate as left by the client.
pub struct Admitted {
    worker: Rc<Worker>,
    sent: Option<At>,
    request: [u8; 16],
    over: bool,
}

impl Admitted {
    /// Writes that the request is about to be sent. Called again for another provider, the later
    /// call counts.
    ///
    /// # Errors
    /// It was not written: the request must not be sent.
    pub fn sent(&mut self, sent: &Sent<'_>) -> Result<(), Fault> {
        let mut journal = self.worker.journal.borrow_mut();
        let at = journal.append_sent(sent)?;
        match self.sent.replace(at) {
            Some(earlier) => journal.answered(earlier.segment),
            None => journal.release(1),
        }
        self.request = sent.entry.request;
        Ok(())
    }

    /// Writes the request's line; to be called before its last byte goes to the client.
    ///
    /// # Errors
    /// The line is lost; what was sent will be settled by estimate at the next start.
    pub fn settle(mut self, entry: &Entry<'_>) -> Result<(), Fault> {
        self.over = true;
        let mut journal = self.worker.journal.borrow_mut();
        journal.release(if self.sent.is_some() { 1 } else { 2 });
        journal.append_settle(self.sent, entry)
    }

    /// Takes back that the request was sent: it never reached the provider. No line remains.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn void(mut self) -> Result<(), Fault> {
        self.over = true;
        let mut journal = self.worker.journal.borrow_mut();
        journal.release(if self.sent.is_some() { 1 } else { 2 });
        match self.sent {
            Some(at) => journal.append_void(Some(at), &self.request),
            None => Ok(()),
        }
    }

    /// Settles what nobody settled, from what SENT said.
    fn settle_left(&self, journal: &mut Journal, at: At) -> Result<(), Fault> {
        let record = journal.read(at)?;
        let found = Scanner::new(&record, None).next();
        let Some(Record::Sent(sent)) = found.map(|found| found.record) else {
            return Err(Fault::plain("the journal holds something else where SENT was written"));
        };
        let price = (self.worker.prices)(sent.entry.price_version);
        let mut entry = settle_unfinished(&sent, self.worker.clock.now_ms(), price.as_ref());
        (entry.status, entry.error) = (Code::ClientGone.status(), Code::ClientGone.text());
        journal.append_settle(Some(at), &entry).doing("settling what nobody settled")
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        // Not free only while a panic unwinds out of the journal: then the next start settles.
        let Ok(mut journal) = self.worker.journal.try_borrow_mut() else {
            return;
        };
        if self.over {
            return;
        }
        journal.release(if self.sent.is_some() { 1 } else { 2 });
        if let Some(at) = self.sent
            && let Err(fault) = self.settle_left(&mut journal, at)
        {
            tracing::error!(%fault, "a request could not be settled; the next start does it");
        }
    }
}
