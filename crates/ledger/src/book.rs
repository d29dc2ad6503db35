//! The database's side of an account: what its rows mean and which changes of them are right. The SQL does
//! the same with guarded updates; nothing else changes these numbers.
//!
//! Of each window of an account: `posted` is what was charged and shipped, `leased` is what nodes may still
//! charge. **`posted + leased <= limit`** at all times, whoever crashes when: money leaves `leased` only
//! by being posted, by the node that holds it giving it back, or by the replay of that node's journal.
//! `leased` is the sum of what is left of every lease, and of the crash holds.

use crate::NanoUsd;

/// A window's row, nano-USD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Row {
    /// Charged.
    pub posted: i64,
    /// Leased to nodes, crash holds included.
    pub leased: i64,
}

/// What one start of a node holds of a window, nano-USD. Both only matter as a difference; apart they let
/// the node know its lease without asking what has been shipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lease {
    /// All it was granted, less what it gave back.
    pub granted: i64,
    /// What was posted from it.
    pub charged: i64,
}

/// What a node asks of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What one request reserves.
    pub reserve: NanoUsd,
    /// What of that the node lacks: it cannot do with less.
    pub need: NanoUsd,
    /// What it can use: see [`slice`].
    pub slice: NanoUsd,
    /// Charged by the node and not posted yet.
    pub unposted: NanoUsd,
    /// Held for requests whose nodes have crashed.
    pub crash_holds: NanoUsd,
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// So much was leased: at least what was needed.
    Granted(NanoUsd),
    /// The money is gone: waiting does not help. So much is left to lease.
    Exhausted(NanoUsd),
    /// Only what is reserved at the moment stands in the way. So much is left to lease.
    Reserved(NanoUsd),
}

impl Row {
    /// What can be leased.
    #[must_use]
    pub fn left(&self, limit: NanoUsd) -> NanoUsd {
        NanoUsd(limit.0.saturating_sub(self.posted).saturating_sub(self.leased).max(0))
    }

    /// Whether it keeps its promise.
    #[must_use]
    pub fn holds(&self, limit: NanoUsd) -> bool {
        self.posted >= 0
            && self.leased >= 0
            && i128::from(self.posted) + i128::from(self.leased) <= i128::from(limit.0)
    }

    /// Grants what is asked for, or a part of it that is enough. `limit` is read in the same transaction.
    pub fn grant(&mut self, lease: &mut Lease, limit: NanoUsd, ask: &Ask) -> Answer {
        let left = self.left(limit);
        if left < ask.need {
            let spent = [self.posted, ask.unposted.0, ask.crash_holds.0, ask.reserve.0];
            let sum: i128 = spent.iter().map(|part| i128::from(*part)).sum();
            let gone = sum > i128::from(limit.0);
            return if gone { Answer::Exhausted(left) } else { Answer::Reserved(left) };
        }
        let amount = ask.slice.max(ask.need).min(left);
        self.leased += amount.0;
        lease.granted += amount.0;
        Answer::Granted(amount)
    }

    /// A node gives back of its lease, at most what is left of it; answers how much.
    pub fn give_back(&mut self, lease: &mut Lease, amount: NanoUsd) -> NanoUsd {
        let amount = amount.0.clamp(0, lease.left().0);
        lease.granted -= amount;
        self.leased -= amount;
        NanoUsd(amount)
    }

    /// Posts a charge from a lease. `false`: it is not in the lease, and nothing changes. That is to be
    /// booked as absorbed, never to the customer.
    #[must_use]
    pub fn post(&mut self, lease: &mut Lease, charge: NanoUsd) -> bool {
        if charge.0 < 0 || charge > lease.left() {
            return false;
        }
        lease.charged += charge.0;
        self.leased -= charge.0;
        self.posted += charge.0;
        true
    }

    /// Posts what is counted without a lease: its window has no limit that this could pass.
    pub fn count(&mut self, charge: NanoUsd) {
        self.posted = self.posted.saturating_add(charge.0.max(0));
    }

    /// A start of a node is over and its journal posted to the end: its lease ends, but for what is held
    /// for requests that nobody settled. Answers the hold that remains in `leased`.
    pub fn close(&mut self, lease: &mut Lease, holds: NanoUsd) -> NanoUsd {
        let left = lease.left();
        let hold = holds.0.clamp(0, left.0);
        self.leased -= left.0 - hold;
        lease.granted = lease.charged;
        NanoUsd(hold)
    }

    /// A crash hold ends: posted as charged, or given back.
    pub fn release(&mut self, hold: NanoUsd, posted: bool) {
        let hold = hold.0.clamp(0, self.leased);
        self.leased -= hold;
        if posted {
            self.posted += hold;
        }
    }
}

impl Lease {
    /// What may still be charged from it.
    #[must_use]
    pub fn left(&self) -> NanoUsd {
        NanoUsd((self.granted - self.charged).max(0))
    }
}

/// How much a node leases at once: its share of what remains, twice what it spent in the last two seconds or
/// needs now, and never less than it needs. Twice, so that leases grow until one lasts for longer than the next
/// one takes, however slow the database is. Towards the end of the money it is exactly what it needs.
#[must_use]
pub fn slice(left: NanoUsd, nodes: u32, need: NanoUsd, spent_lately: NanoUsd) -> NanoUsd {
    let share = left.0 / (4 * i64::from(nodes.max(1)));
    let wanted = spent_lately.0.max(need.0).saturating_mul(2);
    NanoUsd(share.min(wanted).max(need.0))
}
