//! Permission to spend: nothing is sent to a provider without an [`Admitted`], and each ends in
//! one line of the journal, whatever happens to the code that holds it.

use super::Prices;
use super::cover::Going;
use super::journal::{Journal, Ticket};
use super::spend::Spending;
use super::written::{Settlement, Written};
use crate::base::fault::Doing;
use crate::base::{Clock, Code, Fault, Refusal};
use ledger::record::{Record, Scanner};
use ledger::{Entry, Sent, Settled, settle_unfinished};
use std::cell::RefCell;
use std::rc::Rc;

/// The metering of one worker; belongs to its thread.
pub struct Worker {
    pub(super) journal: RefCell<Journal>,
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
        if journal.mend() && journal.is_synced() {
            journal.look_for_room();
        }
    }

    /// Writes the line of a request that was refused before anything could be spent.
    ///
    /// # Errors
    /// The line is lost.
    pub fn note(self: &Rc<Self>, entry: &Entry<'_>) -> Result<Written, Fault> {
        self.journal.borrow_mut().stage_settle(None, entry)?;
        Ok(Written::of(Rc::clone(self)))
    }
}

/// Lets a request through, or says why not.
///
/// # Errors
/// `metering_unavailable` while the journal cannot be written.
pub fn admit(worker: &Rc<Worker>) -> Result<Admitted, Refusal> {
    if !worker.journal.borrow_mut().reserve() {
        return Err(unavailable());
    }
    Ok(Admitted { worker: Rc::clone(worker), sent: None, request: [0; 16], going: None, over: false })
}

/// What is told when the books cannot be kept.
pub(super) fn unavailable() -> Refusal {
    let message = "Usage cannot be recorded at the moment, so nothing may be spent. Try again shortly.";
    let retry_after_ms = Some(super::journal::RETRY_MS.unsigned_abs());
    Refusal { retry_after_ms, ..Refusal::new(Code::MeteringUnavailable, message) }
}

/// A request that may be sent. Dropped before [`Self::sent`] it leaves nothing; dropped after, it
/// is settled by estimate as left by the client.
pub struct Admitted {
    pub(super) worker: Rc<Worker>,
    sent: Option<Ticket>,
    pub(super) request: [u8; 16],
    /// Under budgets: what it has reserved.
    pub(super) going: Option<Box<Going>>,
    over: bool,
}

impl Admitted {
    /// Takes over what was reserved for the request; what was before is free again.
    pub fn hold(&mut self, spending: Option<Box<Spending>>) {
        self.going = spending.map(|spending| Box::new(Going::new(spending)));
    }

    /// What was reserved for the request.
    #[must_use]
    pub fn spending(&self) -> Option<&Spending> {
        self.going.as_ref().map(|going| &*going.spending)
    }

    /// Writes that the request is about to be sent; it may be when the write has been waited for and
    /// [`Self::recorded`] says so. Called again for another provider, the later call counts.
    ///
    /// # Errors
    /// It was not written: the request must not be sent.
    pub fn sent(&mut self, sent: &Sent<'_>) -> Result<Written, Fault> {
        let mut journal = self.worker.journal.borrow_mut();
        let ticket = journal.stage_sent(self.sent, sent)?;
        if self.sent.replace(ticket).is_none() {
            journal.release(1);
        }
        self.request = sent.entry.request;
        drop(journal);
        Ok(Written::of(Rc::clone(&self.worker)))
    }

    /// Whether the last call of [`Self::sent`] has been written.
    ///
    /// # Errors
    /// It was not: the request must not be sent.
    pub fn recorded(&self) -> Result<(), Fault> {
        let sent = self.sent.ok_or_else(|| Fault::plain("nothing was written of a request"))?;
        self.worker.journal.borrow().recorded(sent)
    }

    /// Writes the request's line, and in it who is charged; to be waited for before its last byte goes to
    /// the client. Only then is free again what it had reserved and not used.
    ///
    /// # Errors
    /// The line is lost; what was sent will be settled by estimate at the next start.
    pub fn settle(mut self, entry: &mut Entry<'_>) -> Result<Written, Fault> {
        let worker = Rc::clone(&self.worker);
        let settlement = self.going.take().map(|going| Settlement::of(*going, entry));
        let sent = self.end(&mut worker.journal.borrow_mut());
        let staged = worker.journal.borrow_mut().stage_settle(sent, entry);
        match (staged, settlement) {
            (Ok(()), settlement) => Ok(Written::of(worker).then(settlement)),
            (Err(fault), settlement) => {
                settlement.into_iter().for_each(Settlement::keep);
                Err(fault)
            }
        }
    }

    /// Takes back that the request was sent: it never reached the provider. No line remains.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn void(mut self) -> Result<(), Fault> {
        let worker = Rc::clone(&self.worker);
        let mut journal = worker.journal.borrow_mut();
        match self.end(&mut journal) {
            Some(sent) => journal.append_void(Some(sent), &self.request),
            None => Ok(()),
        }
    }

    /// Ends the permission: what was promised and not used is given back.
    fn end(&mut self, journal: &mut Journal) -> Option<Ticket> {
        self.over = true;
        let sent = self.sent.take();
        journal.release(if sent.is_some() { 1 } else { 2 });
        sent
    }

    /// Settles what nobody settled, from what SENT said; there is nothing to settle when none was written.
    fn settle_left(&mut self, journal: &mut Journal, sent: Ticket) -> Result<(), Fault> {
        journal.flush();
        let Some(record) = journal.read(sent)? else {
            return Ok(());
        };
        let found = Scanner::new(&record, None).next();
        let Some(Record::Sent(said)) = found.map(|found| found.record) else {
            return Err(Fault::plain("the journal holds something else where SENT was written"));
        };
        let price = (self.worker.prices)(said.entry.price_version);
        let now_ms = self.worker.clock.now_ms();
        let progress = self.going.as_ref().and_then(|going| going.progress(self.request));
        let Settled { mut entry, hold: _ } =
            settle_unfinished(&said, progress.as_ref(), now_ms, price.as_ref());
        (entry.status, entry.error) = (Code::ClientGone.status(), Code::ClientGone.text());
        journal.append_settle(Some(sent), &entry).doing("settling what nobody settled")?;
        if let Some(going) = self.going.take() {
            going.spending.reservation.settle(entry.spend.charge);
        }
        Ok(())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let worker = Rc::clone(&self.worker);
        // Not free only while a panic unwinds out of the journal: then the next start settles.
        let Ok(mut journal) = worker.journal.try_borrow_mut() else {
            return;
        };
        let Some(sent) = self.end(&mut journal) else {
            return;
        };
        if let Err(fault) = self.settle_left(&mut journal, sent) {
            tracing::error!(%fault, "a request could not be settled; the next start does it");
            if let Some(going) = self.going.take() {
                std::mem::forget(going.spending.reservation);
            }
        }
        journal.forget(sent);
    }
}
