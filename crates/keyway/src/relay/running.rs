//! The requests a worker is answering, so that a key's can be ended when it stops being good.

use super::load::Seat;
use crate::access::Grant;
use crate::access::cache::Touched;
use slab::Slab;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};
use tokio::sync::{mpsc, oneshot};

/// What runs on this worker, one entry per request.
#[derive(Clone, Default)]
pub struct Running(Rc<RefCell<Slab<Entry>>>);

struct Entry {
    grant: Arc<Grant>,
    /// Times it was to be kept alive while it waited.
    alive: u32,
    /// Who waits, and is to be woken when the request must end.
    waiting: Option<Waker>,
}

/// A running request's place; given back when dropped.
pub struct Place {
    running: Running,
    index: usize,
    /// What it takes of the process's load.
    seat: Option<Seat>,
}

/// Looks how often a running request was to be kept alive.
pub struct Alive {
    running: Running,
    index: usize,
}

impl Alive {
    /// How often; only to be asked while the request runs.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.running.0.borrow().get(self.index).map_or(0, |entry| entry.alive)
    }
}

/// Whose request it is, and its place among those that run.
pub struct Caller {
    /// The key.
    pub grant: Arc<Grant>,
    /// Found there when the key stops.
    pub place: Place,
}

impl Running {
    /// Enters a request.
    #[must_use]
    pub fn enter(&self, grant: Arc<Grant>) -> Place {
        let index = self.0.borrow_mut().insert(Entry { grant, alive: 0, waiting: None });
        Place { running: self.clone(), index, seat: None }
    }

    /// Requests that run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether none runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Wakes every request, so that it looks whether it may go on.
    pub fn wake(&self) {
        for (_, entry) in self.0.borrow_mut().iter_mut() {
            entry.wake();
        }
    }

    fn stop(&self, touched: &Touched) {
        for (_, entry) in self.0.borrow_mut().iter_mut() {
            if touched.end(&entry.grant) {
                entry.wake();
            }
        }
    }
}

impl Entry {
    fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

impl Place {
    /// Takes what the request takes of the process's load with it.
    pub fn hold(&mut self, seat: Seat) {
        self.seat = Some(seat);
    }

    /// Where to look whether it is to be kept alive.
    #[must_use]
    pub fn alive(&self) -> Alive {
        Alive { running: self.running.clone(), index: self.index }
    }

    /// The request waits, and its client is to hear that it is not forgotten.
    pub fn keep_alive(&self) {
        if let Some(entry) = self.running.0.borrow_mut().get_mut(self.index) {
            entry.alive = entry.alive.saturating_add(1);
        }
    }

    /// The request waits for something; it is woken as well when it must end.
    pub fn watch(&self, cx: &Context<'_>) {
        if let Some(entry) = self.running.0.borrow_mut().get_mut(self.index)
            && !entry.waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            entry.waiting = Some(cx.waker().clone());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.0.borrow_mut().try_remove(self.index);
    }
}

/// "End these", and where to say that it is done.
struct Order {
    touched: Arc<Touched>,
    done: oneshot::Sender<()>,
}

/// The line to every worker.
#[derive(Clone, Default)]
pub struct Stops(Vec<mpsc::UnboundedSender<Order>>);

/// A worker's end of the line.
pub struct Orders(mpsc::UnboundedReceiver<Order>);

impl Stops {
    /// Lines to `workers` workers. Orders are bounded by administrative changes, one at a time.
    #[must_use]
    pub fn new(workers: usize) -> (Self, Vec<Orders>) {
        let (senders, orders) = (0..workers)
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                (sender, Orders(receiver))
            })
            .unzip();
        (Self(senders), orders)
    }

    /// Ends what runs under stopped keys, everywhere; returns when every worker has done it.
    pub async fn stop(&self, touched: Touched) {
        let touched = Arc::new(touched);
        let mut waits = Vec::with_capacity(self.0.len());
        for worker in &self.0 {
            let (done, wait) = oneshot::channel();
            // A worker that is gone runs nothing.
            if worker.send(Order { touched: Arc::clone(&touched), done }).is_ok() {
                waits.push(wait);
            }
        }
        for wait in waits {
            let _ = wait.await;
        }
    }
}

impl Orders {
    /// Obeys until the process ends.
    pub async fn obey(mut self, running: Running) {
        while let Some(order) = self.0.recv().await {
            running.stop(&order.touched);
            let _ = order.done.send(());
        }
    }
}
