//! Waiting for a record to be written, so that one write takes what everybody has to say who is served
//! in the same turn of the worker's loop.
//!
//! Who waits lets all tasks go first that are ready now: they stage their records behind his. The first
//! who is asked again writes them all; the others find theirs written. So a record waits for no clock
//! and for nobody who is not ready to go on.

use super::admit::Worker;
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
}

impl Written {
    /// What was staged last.
    pub(super) fn of(worker: Rc<Worker>) -> Self {
        let batch = worker.journal.borrow().batch();
        Self { worker, batch, waited: false }
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
                cx.waker().wake_by_ref();
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
