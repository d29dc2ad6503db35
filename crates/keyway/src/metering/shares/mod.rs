//! The way from a worker to more of a limit that several nodes keep together ([`ledger::limit::share`]): one
//! task on the control runtime takes shares from the database for whoever lacks them, gives back what others
//! want more, and lets go of what nobody uses. Where one process serves alone, on SQLite, nothing is shared
//! and nobody asks here.

mod reclaim;
mod rounds;
#[cfg(test)]
mod tests;
mod trade;

use crate::access::levels::Bound;
use crate::base::Clock;
use crate::store::Db;
use crate::store::shares::Name;
use ledger::limit::{Kind, Lack, Subject};
use rounds::Rounds;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Questions that wait at most; more are refused.
pub const ASKS_MAX: usize = 16_384;
/// How long a request waits for a share that another node holds and uses less, milliseconds.
pub const WAIT_MS: i64 = 600;

/// A share that a request lacks.
#[derive(Debug, Clone)]
pub struct Want {
    /// Of which limit.
    pub name: Name,
    /// Its kind.
    pub kind: Kind,
    /// How much it is.
    pub limit: u32,
    /// Units that would do.
    pub units: u32,
    /// Whose use of the last day counts, where the limit is by day.
    pub used_by: UsedBy,
    /// What this process keeps of it.
    pub subject: Arc<Subject>,
}

/// Whose use it is.
#[derive(Debug, Clone)]
pub struct UsedBy {
    /// Organisation.
    pub org: Box<str>,
    /// Project; empty: all.
    pub project: Box<str>,
    /// Key; empty: all.
    pub key: Box<str>,
}

impl Want {
    /// Of what a request of the organisation lacks of a bound.
    #[must_use]
    pub fn new(org: &str, bound: &Bound, lack: &Lack) -> Self {
        use crate::access::levels::Of;
        let only = |of: Of| if bound.of == of { bound.subject.clone() } else { Box::default() };
        Self {
            name: Name { subject: bound.subject.clone(), model: bound.model.clone(), kind: lack.kind.name() },
            kind: lack.kind,
            limit: lack.limit,
            units: lack.units,
            used_by: UsedBy { org: org.into(), project: only(Of::Project), key: only(Of::Key) },
            subject: Arc::clone(&bound.level.subject),
        }
    }
}

/// A question.
pub(super) struct Ask {
    wants: Vec<Want>,
    until_mono_ms: i64,
    answer: oneshot::Sender<bool>,
}

/// Where workers ask.
#[derive(Clone)]
pub struct Sharer {
    asks: mpsc::Sender<Ask>,
    clock: Clock,
}

impl Sharer {
    /// Asks for shares; the answer is whether there are more now. `None`: too many ask.
    #[must_use]
    pub fn ask(&self, wants: Vec<Want>) -> Option<oneshot::Receiver<bool>> {
        let (answer, answered) = oneshot::channel();
        let until_mono_ms = self.clock.monotonic_ms() + WAIT_MS;
        self.asks.try_send(Ask { wants, until_mono_ms, answer }).ok()?;
        Some(answered)
    }
}

/// Whose shares are kept.
pub struct Holder {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The start of the server.
    pub boot: String,
    /// The node.
    pub node: String,
    /// How long it may use its shares without the database, milliseconds.
    pub valid_ms: i64,
}

/// The task, not begun.
pub struct Sharing {
    rounds: Rounds,
    asks: mpsc::Receiver<Ask>,
}

/// Where to ask, and the task that answers.
#[must_use]
pub fn sharer(holder: Holder) -> (Sharer, Sharing) {
    let (sender, asks) = mpsc::channel(ASKS_MAX);
    let sharer = Sharer { asks: sender, clock: holder.clock.clone() };
    (sharer, Sharing { rounds: Rounds::new(holder), asks })
}

impl Sharing {
    /// Answers until `stop` turns true: nothing is held any more when this returns.
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
                changed = stop.changed() => if changed.is_err() { return },
            }
            self.rounds.round().await;
        }
        self.rounds.end().await;
    }
}
