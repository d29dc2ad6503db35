//! The generic cell rate algorithm, as a meter with an exact integer level.
//!
//! A meter of `limit` per period drains `limit` units per period, evenly, and admits what does not
//! fill it above `limit`: the burst is the limit, so that `t` milliseconds admit at most
//! `limit x (1 + t / period)`. The level is kept in units times milliseconds of the period, in which a
//! millisecond drains exactly `limit`: nothing is ever rounded.
//!
//! What is admitted is held first and does not drain. It is posted once it is known what was really
//! used, or released as if it had never been: a release cannot give back what has drained meanwhile,
//! and takes nothing away that has not been used.
//!
//! Where several nodes keep one limit, each holds a share of it ([`super::share`]): its meter fills and
//! drains by its share, while a request still costs what it costs of the whole limit.

use super::share::Share;

/// What a limit is per.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Sixty seconds.
    Minute,
    /// Twenty-four hours.
    Day,
}

impl Period {
    /// Milliseconds.
    #[must_use]
    pub fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Day => 86_400_000,
        }
    }

    /// How much may be owed beyond a full meter, in limits: what was used above its estimate is worked
    /// off before anything else is admitted, but nobody waits for longer than an hour, or a day.
    fn owed_max(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Day => 1,
        }
    }
}

/// How a rate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units per period.
    pub limit: u32,
    /// Whole units that would be admitted now; where nodes share the limit, if the others used nothing.
    pub remaining: u32,
    /// Milliseconds until nothing that was used counts any more.
    pub reset_ms: i64,
}

/// Milliseconds to wait when only what is held stands in the way: nobody knows when that ends.
const HELD_WAIT_MS: i64 = 1_000;

/// The state of one rate. Times are milliseconds of a clock that its caller keeps; one that steps back
/// stands still here.
#[derive(Debug, Clone)]
pub struct Gcra {
    period: Period,
    /// 0 until it is set for the first time.
    limit: u32,
    /// What this meter has of the limit: all of it, unless it is shared between nodes.
    share: u32,
    shared: bool,
    /// Units of a share of a limit that was made smaller since: they are used no more, and go back.
    surplus: u32,
    /// Units per period that drain while the level is above the limit: what was used under a larger limit
    /// goes as it would have gone. Never less than the limit.
    above: u32,
    /// Units posted and not drained, times milliseconds of the period.
    level: i64,
    at_ms: i64,
    /// Units held.
    held: i64,
}

impl Gcra {
    /// An empty meter without a limit.
    #[must_use]
    pub const fn new(period: Period) -> Self {
        Self {
            period,
            limit: 0,
            share: 0,
            shared: false,
            surplus: 0,
            above: 0,
            level: 0,
            at_ms: i64::MIN,
            held: 0,
        }
    }

    /// An empty meter of a limit that nodes share; it has no share yet.
    #[must_use]
    pub const fn shared(period: Period) -> Self {
        Self { shared: true, ..Self::new(period) }
    }

    /// Whether a limit was ever set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.limit > 0
    }

    /// Brings the meter to an instant, and to a limit from then on. What was used stays used: no edit, nor
    /// any row of edits, refills anything. What is above a smaller limit drains as under the larger one, so
    /// that nobody who used what was allowed waits for longer than a period.
    pub fn adjust(&mut self, limit: u32, now_ms: i64) {
        self.drain(now_ms);
        if self.shared {
            if limit < self.limit {
                // Every node that hears of a smaller limit keeps as much less of it.
                let kept = u64::from(self.share) * u64::from(limit) / u64::from(self.limit);
                let kept = u32::try_from(kept).unwrap_or(self.share);
                self.surplus += self.share - kept;
                (self.share, self.above) = (kept, kept);
            } else if limit > self.limit {
                // What has not gone back yet is of use again.
                let back = self.surplus.min(limit.saturating_sub(self.share));
                self.surplus -= back;
                (self.share, self.above) = (self.share + back, self.share + back);
            }
            self.limit = limit;
        } else if limit != self.limit {
            let before = self.above.max(self.limit);
            (self.limit, self.share) = (limit, limit);
            self.above = if self.level > self.full() { before.max(limit) } else { limit };
        }
    }

    /// Brings a new meter to an instant and a limit as if it had been there before: units by the end of the
    /// time in which they were used, in order.
    pub fn recall(&mut self, limit: u32, used: impl IntoIterator<Item = (i64, u64)>, now_ms: i64) {
        for (at_ms, units) in used {
            self.adjust(limit, at_ms.min(now_ms));
            self.post(0, units, at_ms.min(now_ms));
        }
        self.adjust(limit, now_ms);
    }

    /// What this meter has of its limit now.
    pub fn share(&mut self, now_ms: i64) -> Share {
        self.drain(now_ms);
        Share { units: self.share.saturating_add(self.surplus), level: self.level }
    }

    /// Takes in a share, with what was used of it.
    pub fn receive(&mut self, share: Share, now_ms: i64) {
        self.drain(now_ms);
        self.share = self.share.saturating_add(share.units);
        self.above = self.share;
        self.level = self.level.saturating_add(share.level);
    }

    /// The limit it was last set to, where its share is of a larger one.
    #[must_use]
    pub fn shrunk(&self) -> Option<u32> {
        (self.surplus > 0).then_some(self.limit)
    }

    /// Lets go of at most `most` units of its share, as far as nothing that is held needs them. What was used
    /// goes with them in proportion, and more where what is left could not hold it.
    pub fn give(&mut self, most: u32, now_ms: i64) -> Share {
        self.drain(now_ms);
        let surplus = self.surplus.min(most);
        self.surplus -= surplus;
        let most = most - surplus;
        let free = i64::from(self.share) - self.held;
        let units = u32::try_from(free.clamp(0, i64::from(most))).unwrap_or(0);
        if units == 0 {
            return Share { units: surplus, level: 0 };
        }
        let left = self.share - units;
        let holds = (i64::from(left) - self.held) * self.period.ms();
        let part = i128::from(self.level) * i128::from(units) / i128::from(self.share);
        // In whole units: what is free is not broken into parts that nobody can use.
        let part = i64::try_from(part).unwrap_or(self.level) / self.period.ms() * self.period.ms();
        let level = part.max(self.level - holds).clamp(0, self.level);
        (self.share, self.above) = (left, left);
        self.level -= level;
        Share { units: units + surplus, level }
    }

    /// Units of share it lacks to admit `cost` units now, as far as a share could help.
    #[must_use]
    pub fn lacks(&self, cost: u64) -> u32 {
        let asked = (self.held + i64::from(self.priced(cost))) * self.period.ms() + self.level;
        let missing = ceil((asked - self.full()).max(0), u32::try_from(self.period.ms()).unwrap_or(u32::MAX));
        u32::try_from(missing).unwrap_or(u32::MAX).min(self.limit.saturating_sub(self.share))
    }

    /// Milliseconds until `cost` units would be admitted; 0 when they are now. More than the limit at
    /// once costs the limit. To be asked after [`Self::adjust`].
    #[must_use]
    pub fn wait_ms(&self, cost: u64) -> i64 {
        let asked = (self.held + i64::from(self.priced(cost))) * self.period.ms();
        if self.level + asked <= self.full() {
            return 0;
        }
        // What is held does not drain.
        if asked > self.full() {
            return self.reset_ms().max(HELD_WAIT_MS);
        }
        self.drained_in_ms(self.full() - asked)
    }

    /// Holds `cost` units, or the limit if that is less; answers how many.
    pub fn hold(&mut self, cost: u64) -> u32 {
        let held = self.priced(cost);
        self.held += i64::from(held);
        held
    }

    /// Lets go of units that were held.
    pub fn release(&mut self, held: u32) {
        self.held = (self.held - i64::from(held)).max(0);
    }

    /// Lets go of units that were held and counts what was used instead.
    pub fn post(&mut self, held: u32, used: u64, now_ms: i64) {
        self.release(held);
        self.drain(now_ms);
        let most = i64::from(self.limit) * (1 + self.period.owed_max());
        let used = i64::try_from(used).unwrap_or(i64::MAX).min(most);
        let most = (most * self.period.ms()).max(self.level);
        self.level = (self.level + used * self.period.ms()).min(most);
    }

    /// How it stands now.
    pub fn rate(&mut self, now_ms: i64) -> Rate {
        self.drain(now_ms);
        let free = (self.full() - self.level) / self.period.ms() - self.held;
        let free = if self.level > self.full() { 0 } else { free.max(0) };
        // What other nodes hold of it, or nobody, is not known to be used.
        let free = free + i64::from(self.limit.saturating_sub(self.share));
        Rate { limit: self.limit, remaining: u32::try_from(free).unwrap_or(0), reset_ms: self.reset_ms() }
    }

    /// Whether nothing is held, no share nor anything else, and nothing that was used counts any more: then a
    /// new one is the same.
    pub fn is_idle(&mut self, now_ms: i64) -> bool {
        self.drain(now_ms);
        self.held == 0 && self.level == 0 && !(self.shared && self.share + self.surplus > 0)
    }

    fn drain(&mut self, now_ms: i64) {
        let passed_ms = now_ms.saturating_sub(self.at_ms).max(0);
        self.at_ms = self.at_ms.max(now_ms);
        let above_ms = ceil((self.level - self.full()).max(0), self.above).min(passed_ms);
        if above_ms > 0 {
            // The millisecond in which the limit is reached ends at the limit.
            let floor = self.full().min(self.level);
            self.level = (self.level - above_ms.saturating_mul(i64::from(self.above))).max(floor);
        }
        let passed_ms = passed_ms - above_ms;
        self.level = (self.level - passed_ms.saturating_mul(i64::from(self.share))).max(0);
    }

    /// Milliseconds until the level is `target`, which is no more than the limit.
    fn drained_in_ms(&self, target: i64) -> i64 {
        let above_ms = ceil((self.level - self.full()).max(0), self.above);
        above_ms + ceil(self.level.min(self.full()) - target, self.share)
    }

    fn priced(&self, cost: u64) -> u32 {
        u32::try_from(cost).unwrap_or(u32::MAX).min(self.limit)
    }

    fn full(&self) -> i64 {
        i64::from(self.share) * self.period.ms()
    }

    /// Milliseconds until nothing that was used counts any more.
    fn reset_ms(&self) -> i64 {
        self.drained_in_ms(0)
    }
}

fn ceil(amount: i64, limit: u32) -> i64 {
    let limit = i64::from(limit.max(1));
    amount / limit + i64::from(amount % limit > 0)
}
