//! Making segments ahead of need, on a thread of their own.

use super::segment::{Name, Plan, Segment};
use crate::base::Fault;
use crate::base::fault::Doing;
use std::fs::File;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Segments one journal may have ordered and not taken yet.
pub(super) const ORDERS_MAX: usize = 4;

struct Order {
    plan: Plan,
    name: Name,
    reply: SyncSender<Result<Made, std::io::Error>>,
}

/// A segment that was made.
pub(super) struct Made {
    pub(super) segment: Segment,
    /// Its name survives a loss of power; `false`: the sync of the folder failed just now.
    pub(super) synced: bool,
}

/// The thread that makes segments; it ends with the last clone.
#[derive(Clone)]
pub struct Spares(Sender<Order>);

impl Spares {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn start() -> Result<Self, Fault> {
        let (sender, orders) = channel::<Order>();
        std::thread::Builder::new()
            .name("keyway-journal".into())
            .spawn(move || {
                let mut syncs = true;
                for order in orders {
                    let made = order.plan.make(order.name).map(|segment| {
                        let sync = || File::open(&order.plan.dir).and_then(|dir| dir.sync_all());
                        // A folder whose sync failed is not synced again: see `Disk`.
                        let synced = !syncs || sync().is_ok();
                        syncs &= synced;
                        Made { segment, synced }
                    });
                    // A journal that has gone takes nothing; its folder is cleared as a whole.
                    let _ = order.reply.try_send(made);
                }
            })
            .doing("starting the journal's thread")?;
        Ok(Self(sender))
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
    reply: SyncSender<Result<Made, std::io::Error>>,
    made: Receiver<Result<Made, std::io::Error>>,
    ordered: usize,
}

impl Desk {
    /// Orders a segment, unless enough are on order.
    pub(super) fn order(&mut self, name: Name) -> bool {
        let order = Order { plan: self.plan.clone(), name, reply: self.reply.clone() };
        let taken = self.ordered < ORDERS_MAX && self.spares.0.send(order).is_ok();
        self.ordered += usize::from(taken);
        taken
    }

    /// Takes what has been made.
    pub(super) fn take(&mut self) -> Option<Result<Made, std::io::Error>> {
        let made = self.made.try_recv().ok()?;
        self.ordered = self.ordered.saturating_sub(1);
        Some(made)
    }

    pub(super) fn ordered(&self) -> usize {
        self.ordered
    }
}
