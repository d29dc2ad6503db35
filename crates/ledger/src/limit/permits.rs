//! One of several nodes' share of a limit on what runs at the same time.

use super::Share;

/// Permits of a node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Permits {
    /// The limit it was last asked with.
    limit: u32,
    /// What may run here.
    pub(super) units: u32,
    /// What was given up because the limit is smaller now, and goes back.
    surplus: u32,
}

impl Permits {
    /// Brings it to a limit: of a smaller one every node keeps as much less.
    pub(super) fn adjust(&mut self, limit: u32) {
        if limit < self.limit {
            let kept = u64::from(self.units) * u64::from(limit) / u64::from(self.limit);
            let kept = u32::try_from(kept).unwrap_or(self.units);
            self.surplus += self.units - kept;
            self.units = kept;
        }
        self.limit = limit;
    }

    pub(super) fn receive(&mut self, units: u32) {
        self.units = self.units.saturating_add(units);
    }

    /// Lets go of at most `most`, as far as what runs does not need them.
    pub(super) fn give(&mut self, running: u32, most: u32) -> Share {
        let surplus = self.surplus.min(most);
        let units = self.units.saturating_sub(running).min(most - surplus);
        self.surplus -= surplus;
        self.units -= units;
        Share { units: units + surplus, level: 0 }
    }

    /// All that is held.
    pub(super) fn whole(&self) -> u32 {
        self.units.saturating_add(self.surplus)
    }

    /// The limit, where what is held is of a larger one.
    pub(super) fn shrunk(&self) -> Option<u32> {
        (self.surplus > 0).then_some(self.limit)
    }
}
