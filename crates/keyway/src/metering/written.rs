//! Waiting for a record to be written, so that one write takes what everybody has to say who is served
//! in the same turn of the worker's loop.
//!
//! Who waits lets all tasks go first that are ready now: they stage their records behind his. The first
//! who is asked again writes them all; the others find theirs written. So a record waits for no clock
//! and for nobody who is not ready to go on.

use super::admit::Worker;
use super::cover::Going;
use crate::base::turn;
use ledger::account::{Bill, Reservation};
use ledger::{Entry, NanoUsd, Spend};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Ready when what was staged before it has been written, or is held because it cannot be. Dropped, it
/// writes at once: who does not want to wait drops it.
pub struct Written {
    worker: Rc<Worker>,
    batch: u64,
    waited: bool,
    /// What is over when the write is: dropped after it.
    settlement: Option<Settlement>,
}

impl Written {
    /// What was staged last.
    pub(super) fn of(worker: Rc<Worker>) -> Self {
        let batch = worker.journal.borrow().batch();
        Self { worker, batch, waited: false, settlement: None }
    }

    /// With what is over when the write is.
    pub(super) fn then(mut self, settlement: Option<Settlement>) -> Self {
        self.settlement = settlement;
        self
    }
}

/// A request's charge, which leaves its reservation when it is dropped: not before the journal says so, or
/// another request could spend the rest and a crash would find both.
pub(super) struct Settlement {
    reservation: Option<Reservation>,
    charge: NanoUsd,
}

impl Settlement {
    /// Writes into a line who is charged how much.
    pub(super) fn of(going: Going, entry: &mut Entry<'_>) -> Self {
        let reservation = going.spending.reservation;
        let Bill { charge, absorbed } = reservation.bill(entry.sell.unwrap_or_default());
        if absorbed > NanoUsd::ZERO {
            tracing::warn!(absorbed = %absorbed, "a request cost more than it had reserved: charged to nobody");
        }
        entry.spend = Spend::default();
        if charge > NanoUsd::ZERO || absorbed > NanoUsd::ZERO {
            entry.spend = Spend { charge, absorbed, accounts: reservation.refs().collect() };
        }
        Self { reservation: Some(reservation), charge }
    }

    /// The line could not be written: what was reserved stays so, until the next start settles it.
    pub(super) fn keep(mut self) {
        self.reservation.take().into_iter().for_each(std::mem::forget);
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(self.charge);
        }
    }
}

impl Future for Written {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut journal = self.worker.journal.borrow_mut();
        if journal.is_staged(self.batch) {
            if !self.waited {
                drop(journal);
                self.waited = true;
                turn::again(cx);
                return Poll::Pending;
            }
            journal.flush();
        }
        Poll::Ready(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // Not free only while a panic unwinds out of the journal: then the next start settles.
        if let Ok(mut journal) = self.worker.journal.try_borrow_mut()
            && journal.is_staged(self.batch)
        {
            journal.flush();
        }
    }
}
