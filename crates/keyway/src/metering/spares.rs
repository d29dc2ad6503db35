//! Making segments ahead of need, on a thread of their own.

use super::segment::{Name, Plan, Segment};
use crate::base::Fault;
use crate::base::fault::Doing;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Segments one journal may have ordered and not taken yet.
pub(super) const ORDERS_MAX: usize = 4;

struct Order {
    plan: Plan,
    name: Name,
    reply: SyncSender<Result<Segment, std::io::Error>>,
}

/// The thread that makes segments; it ends with the last clone.
#[derive(Clone)]
pub struct Spares {
    orders: Sender<Order>,
    unsynced: Arc<AtomicBool>,
}

impl Spares {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn start() -> Result<Self, Fault> {
        let (sender, orders) = channel::<Order>();
        let unsynced = Arc::new(AtomicBool::new(false));
        let failed = Arc::clone(&unsynced);
        std::thread::Builder::new()
            .name("keyway-journal".into())
            .spawn(move || {
                let mut syncs = true;
                for order in orders {
                    let made = order.plan.make(order.name);
                    let sync = || File::open(&order.plan.dir).and_then(|dir| dir.sync_all());
                    // The name survives a loss of power as soon as may be. A folder whose sync failed is not
                    // synced again: see `Disk`.
                    if syncs && made.is_ok() && sync().is_err() {
                        syncs = false;
                        failed.store(true, Ordering::Release);
                    }
                    // A journal that has gone takes nothing; its folder is cleared as a whole.
                    let _ = order.reply.try_send(made);
                }
            })
            .doing("starting the journal's thread")?;
        Ok(Self { orders: sender, unsynced })
    }

    /// Whether the disk fails to sync: of all journals.
    pub(super) fn unsynced(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.unsynced)
    }

    pub(super) fn desk(&self, plan: Plan) -> Desk {
        let (reply, made) = sync_channel(ORDERS_MAX);
        Desk { spares: self.clone(), plan, reply, made, ordered: 0 }
    }
}

/// One journal's place to order at.
pub(super) struct Desk {
    spares: Spares,
    plan: Plan,
    reply: SyncSender<Result<Segment, std::io::Error>>,
    made: Receiver<Result<Segment, std::io::Error>>,
    ordered: usize,
}

impl Desk {
    /// Orders a segment, unless enough are on order.
    pub(super) fn order(&mut self, name: Name) -> bool {
        let order = Order { plan: self.plan.clone(), name, reply: self.reply.clone() };
        let taken = self.ordered < ORDERS_MAX && self.spares.orders.send(order).is_ok();
        self.ordered += usize::from(taken);
        taken
    }

    /// Takes what has been made.
    pub(super) fn take(&mut self) -> Option<Result<Segment, std::io::Error>> {
        let made = self.made.try_recv().ok()?;
        self.ordered = self.ordered.saturating_sub(1);
        Some(made)
    }

    pub(super) fn ordered(&self) -> usize {
        self.ordered
    }
}
