//! One limit, shared by several nodes.
//!
//! The database keeps a [`Pool`]: what no node holds of the limit. A node holds a [`Share`]: units of the
//! limit, by which its meter fills and drains, and what was used of them. Units move between pool and nodes
//! with what was used of them, so the sum of shares is the limit, the sum of what is free only grows by
//! draining, and all nodes together admit in `t` milliseconds what one alone would:
//! `limit x (1 + t / period)`. No request waits for the database while its node has room.

use super::Period;

/// Units of a limit, and what was used of them, in units times milliseconds of the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Units of the limit.
    pub units: u32,
    /// What was used and has not drained.
    pub level: i64,
}

impl Share {
    /// Units of which it is not known what was used: all of it, then.
    #[must_use]
    pub fn used_up(units: u32, period: Option<Period>) -> Self {
        Self { units, level: i64::from(units) * period.map_or(0, Period::ms) }
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units == 0 && self.level == 0
    }
}

/// What no node holds of a limit. Times are milliseconds of the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// The limit it was last set to.
    pub limit: u32,
    /// Units nobody holds; below zero while nodes hold more than a limit that was made smaller.
    pub units: i64,
    /// What was used of them, in units times milliseconds of the period.
    pub level: i64,
    /// When the level was so.
    pub at_ms: i64,
}

impl Pool {
    /// Of a limit of which nobody holds anything.
    #[must_use]
    pub fn new(limit: u32, now_ms: i64) -> Self {
        Self { limit, units: i64::from(limit), level: 0, at_ms: now_ms }
    }

    /// Brings it to an instant, and to a limit. What was used stays used.
    pub fn adjust(&mut self, limit: u32, now_ms: i64) {
        let passed_ms = now_ms.saturating_sub(self.at_ms).max(0);
        self.at_ms = self.at_ms.max(now_ms);
        self.level = (self.level - passed_ms.saturating_mul(self.units.max(0))).max(0);
        self.units += i64::from(limit) - i64::from(self.limit);
        self.limit = limit;
    }

    /// Takes at most `most` units out, those that are least used. To be asked after [`Self::adjust`].
    pub fn take(&mut self, most: u32, period: Option<Period>) -> Share {
        let units = u32::try_from(self.units.clamp(0, i64::from(most))).unwrap_or(0);
        if units == 0 {
            return Share::default();
        }
        self.units -= i64::from(units);
        let holds = self.units * period.map_or(0, Period::ms);
        let level = (self.level - holds).max(0);
        self.level -= level;
        Share { units, level }
    }

    /// Puts a share back. To be asked after [`Self::adjust`].
    pub fn put(&mut self, share: Share) {
        self.units += i64::from(share.units);
        self.level = self.level.saturating_add(share.level);
    }

    /// Counts what was used before anybody held anything of it.
    pub fn recall(&mut self, level: i64) {
        self.level = self.level.max(level);
    }
}

/// What each of those who want something of a limit should hold of it, in the order of `wants`: what they want,
/// where that is enough for all; else a part in proportion, at least one unit each while there are enough. What is
/// left goes to them in proportion as well, so that it is all of it together.
#[must_use]
pub fn fair(limit: u32, wants: &[u64]) -> Vec<u32> {
    let all: u128 = wants.iter().map(|want| u128::from(*want)).sum();
    if all == 0 {
        return vec![0; wants.len()];
    }
    let asking = u32::try_from(wants.iter().filter(|want| **want > 0).count()).unwrap_or(u32::MAX);
    let one = u32::from(asking <= limit);
    let least = |want: u64| match all <= u128::from(limit) {
        true => u32::try_from(want).unwrap_or(limit),
        false => one * u32::from(want > 0),
    };
    let rest = limit - wants.iter().map(|want| least(*want)).sum::<u32>();
    let part = |want: u64| u32::try_from(u128::from(rest) * u128::from(want) / all).unwrap_or(rest);
    let mut shares: Vec<u32> = wants.iter().map(|want| least(*want) + part(*want)).collect();
    // What rounding left goes to who wants most.
    let left = limit.saturating_sub(shares.iter().sum());
    let most = (0..wants.len()).max_by_key(|place| wants.get(*place).copied());
    if let Some(share) = most.and_then(|place| shares.get_mut(place)) {
        *share += left;
    }
    shares
}

/// What another node said of a limit on what runs at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// Units that it wants.
    pub wants: u64,
    /// Units that it holds.
    pub units: u32,
}

/// What a node that holds `held` units keeps of a limit on what runs at the same time when others want of it: as
/// much as it needed lately, and one unit for the next request where it needed nothing, unless the others lack it;
/// then its fair part by what runs now. So a node that rests for a moment has something to go on with, whatever
/// becomes of the way to the others, and nobody who lacks a unit waits for one that rests.
#[must_use]
pub fn keeps(pool: &Pool, held: u32, running: u64, lately: u64, others: &[Other]) -> u32 {
    let fair_for = |want: u64| {
        let wants: Vec<u64> = std::iter::once(want).chain(others.iter().map(|other| other.wants)).collect();
        fair(pool.limit, &wants).first().copied().unwrap_or(0)
    };
    let lacked = others.iter().map(|other| other.wants.saturating_sub(other.units.into()));
    let lacked = lacked.fold(0, u64::saturating_add).saturating_add_signed(pool.units.saturating_neg());
    let spared = held.saturating_sub(u32::try_from(lacked).unwrap_or(u32::MAX));
    fair_for(running).max(spared.min(fair_for(lately.max(running).max(1))))
}
