//! The way from a worker to more money: a worker never awaits the database. What it holds too little of is
//! asked for here; one task on the control runtime leases it, and reserves it for those who ask, in order.

mod crowd;
mod lease;
mod rounds;
pub(super) mod terms;

use crate::base::Clock;
use crate::store::Db;
use ledger::NanoUsd;
use ledger::account::{Account, Part, Reservation, Waiting};
use rounds::Rounds;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// Questions that wait at most; more are refused.
pub const ASKS_MAX: usize = 16_384;
/// How long a request waits for money that others have reserved, milliseconds.
pub const WAIT_MS: i64 = 500;

/// What is asked for.
pub enum Wanted {
    /// To be let in: of the current window of each account, for whom.
    Admit(Vec<Arc<Account>>, u128),
    /// To go on: of the windows that let the request in.
    Extend(Vec<Part>),
}

/// A question.
pub(super) struct Ask {
    wanted: Wanted,
    amount: NanoUsd,
    /// What the request has reserved then.
    whole: NanoUsd,
    until_mono_ms: i64,
    answer: oneshot::Sender<Answer>,
    /// While it waits for what others have reserved: nobody passes it.
    waits: Vec<Waiting>,
}

/// The answer: it is reserved, or why not.
pub type Answer = Result<Reservation, Denied>;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// Which account, as an index into those asked.
    pub account: usize,
    /// Why.
    pub why: Why,
    /// What one request could reserve of it at the most.
    pub left: NanoUsd,
}

/// Why there is no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is spent.
    Exhausted,
    /// It is reserved by requests that run.
    Reserved,
    /// The database cannot be asked.
    Unavailable,
}

/// Where workers ask.
#[derive(Clone)]
pub struct Keeper {
    asks: mpsc::Sender<Ask>,
    clock: Clock,
    recalled: Arc<Notify>,
}

/// Whose leases are kept.
pub struct Holder {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The start of the server.
    pub boot: String,
    /// The node.
    pub node: String,
    /// What one key has reserved of an account at most while others wait, percent of what all have.
    pub key_share_percent_max: i64,
}

impl Keeper {
    /// Asks for an amount of each account, for a request that has reserved `already`.
    ///
    /// # Errors
    /// Too many ask.
    pub fn ask(
        &self,
        wanted: Wanted,
        amount: NanoUsd,
        already: NanoUsd,
    ) -> Result<oneshot::Receiver<Answer>, Denied> {
        let (answer, answered) = oneshot::channel();
        let until_mono_ms = self.clock.monotonic_ms() + WAIT_MS;
        let whole = amount.saturating_add(already);
        let ask = Ask { wanted, amount, whole, until_mono_ms, answer, waits: Vec::new() };
        let busy = |_| Denied { account: 0, why: Why::Reserved, left: NanoUsd::ZERO };
        self.asks.try_send(ask).map_err(busy)?;
        Ok(answered)
    }

    /// Budgets were changed: what is free of them is given back soon.
    pub fn recalled(&self) {
        self.recalled.notify_one();
    }
}

/// The keeper's task, not begun.
pub struct Keeping {
    rounds: Rounds,
    asks: mpsc::Receiver<Ask>,
    recalled: Arc<Notify>,
}

/// A keeper, and the task that answers.
#[must_use]
pub fn keeper(holder: Holder) -> (Keeper, Keeping) {
    let (sender, asks) = mpsc::channel(ASKS_MAX);
    let recalled = Arc::new(Notify::new());
    let keeper = Keeper { asks: sender, clock: holder.clock.clone(), recalled: Arc::clone(&recalled) };
    (keeper, Keeping { rounds: Rounds::new(holder), asks, recalled })
}

impl Keeping {
    /// Answers until `stop` turns true: nothing is leased any more when this returns.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                some = self.asks.recv() => {
                    let Some(ask) = some else { return };
                    self.rounds.take(ask);
                    while let Ok(ask) = self.asks.try_recv() {
                        self.rounds.take(ask);
                    }
                }
                () = tokio::time::sleep(self.rounds.pause()) => {}
                () = self.recalled.notified() => self.rounds.look_soon(),
                changed = stop.changed() => if changed.is_err() { return },
            }
            self.rounds.round().await;
        }
    }
}
