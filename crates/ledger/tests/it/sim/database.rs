//! The database: rows, leases, lines and cursors, and the transactions on them.

use super::wrong::Wrong;
use ledger::NanoUsd;
use ledger::book::{Answer, Ask, Lease, Row, slice};
use std::collections::{BTreeMap, BTreeSet};

/// A window of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub account: usize,
    pub window_start_ms: i64,
}

/// A start of a node: its number and the how manieth it is in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boot {
    pub node: usize,
    pub number: u32,
}

pub type RequestId = u32;

/// What a node's journal says, in its order.
#[derive(Debug, Clone)]
pub enum Record {
    Sent { request: RequestId, boot: Boot, places: Vec<Place>, reserved: i64 },
    Progress { request: RequestId, observed: i64, reserved: i64 },
    Settle { request: RequestId, boot: Boot, places: Vec<Place>, charge: i64, hold: i64 },
    Void { request: RequestId },
}

/// A budget.
pub struct Budget {
    pub limit: i64,
    /// Length of its windows; `i64::MAX`: one for ever.
    pub window_ms: i64,
}

/// What a finished request was charged, and what is held for it still.
pub struct Line {
    pub charge: i64,
    pub hold: i64,
}

pub struct Hold {
    pub boot: Boot,
    pub place: Place,
    pub amount: i64,
}

/// What a node asks for when it has too little.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    pub boot: Boot,
    pub account: usize,
    /// `None`: the window that holds now.
    pub window_start_ms: Option<i64>,
    pub reserve: i64,
    pub need: i64,
    pub spent_lately: i64,
    pub unposted: i64,
}

/// What it is told.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub place: Place,
    pub current: bool,
    pub ends_in_ms: i64,
    pub granted: i64,
    pub charged: i64,
    pub answer: Answer,
}

#[derive(Default)]
pub struct Database {
    pub now_ms: i64,
    pub budgets: Vec<Budget>,
    pub rows: BTreeMap<Place, Row>,
    /// The most a row may say: the limit, or what it said when the limit was lowered.
    pub ceilings: BTreeMap<Place, i64>,
    pub leases: BTreeMap<(Boot, Place), Lease>,
    pub holds: Vec<Hold>,
    /// Holds that were posted in the end, by window.
    pub holds_posted: BTreeMap<Place, i64>,
    /// Lines by request: there is to be one of each.
    pub lines: BTreeMap<RequestId, Vec<Line>>,
    pub cursors: BTreeMap<usize, usize>,
    pub closed: BTreeSet<Boot>,
    pub seen_ms: BTreeMap<Boot, i64>,
    pub nodes: u32,
    /// A charge that was not in its lease.
    pub unbooked: Option<RequestId>,
}

impl Database {
    pub fn current(&self, account: usize) -> Place {
        let length = self.budgets[account].window_ms;
        Place { account, window_start_ms: if length == i64::MAX { 0 } else { self.now_ms / length * length } }
    }

    /// The row as a transaction sees it before it writes, with what it would write.
    pub fn look(&self, want: &Want) -> (Place, Row) {
        let current = self.current(want.account);
        let place = want.window_start_ms.map_or(current, |start| Place { window_start_ms: start, ..current });
        (place, self.rows.get(&place).copied().unwrap_or_default())
    }

    /// One transaction that leases. `seen` is the row as an earlier one saw it, where a wrong variant
    /// checks and records apart.
    pub fn lease(&mut self, want: &Want, seen: Option<(Place, Row)>) -> Option<Told> {
        if self.closed.contains(&want.boot) {
            return None;
        }
        self.seen_ms.insert(want.boot, self.now_ms);
        let (place, before) = seen.unwrap_or_else(|| self.look(want));
        let limit = NanoUsd(self.budgets[want.account].limit);
        let (need, reserve) = (NanoUsd(want.need), NanoUsd(want.reserve));
        let crash_holds: i64 =
            self.holds.iter().filter(|hold| hold.place == place).map(|hold| hold.amount).sum();
        let ask = Ask {
            reserve,
            need,
            slice: slice(before.left(limit), self.nodes, need, NanoUsd(want.spent_lately)),
            unposted: NanoUsd(want.unposted),
            crash_holds: NanoUsd(crash_holds),
        };
        let lease = self.leases.entry((want.boot, place)).or_default();
        let mut after = before;
        let answer = after.grant(lease, limit, &ask);
        let (granted, charged) = (lease.granted, lease.charged);
        let row = self.rows.entry(place).or_default();
        row.leased += after.leased - before.leased;
        let current = self.current(want.account);
        let length = self.budgets[want.account].window_ms;
        let ends_in_ms =
            if length == i64::MAX { i64::MAX } else { place.window_start_ms + length - self.now_ms };
        Some(Told { place, current: place == current, ends_in_ms, granted, charged, answer })
    }

    pub fn give_back(&mut self, boot: Boot, place: Place, amount: i64) {
        if self.closed.contains(&boot) {
            return;
        }
        self.seen_ms.insert(boot, self.now_ms);
        if let (Some(lease), Some(row)) = (self.leases.get_mut(&(boot, place)), self.rows.get_mut(&place)) {
            row.give_back(lease, NanoUsd(amount));
        }
    }

    /// What a start of a node holds of an account, by window.
    pub fn leases_of(&self, boot: Boot, account: usize) -> Vec<(Place, i64)> {
        let all = self.leases.iter().filter(|((of, place), _)| *of == boot && place.account == account);
        all.map(|((_, place), lease)| (*place, lease.granted)).collect()
    }

    /// One transaction that ships: lines, postings and the cursor, or nothing when the cursor is elsewhere.
    pub fn ship(&mut self, boot: Boot, from: usize, records: &[Record], wrong: Wrong) -> bool {
        let cursor = self.cursors.entry(boot.node).or_default();
        if *cursor != from && wrong != Wrong::DoubleShip {
            return false;
        }
        *cursor = (*cursor).max(from + records.len());
        self.seen_ms.insert(boot, self.now_ms);
        for record in records {
            let Record::Settle { request, boot, places, charge, hold } = record else { continue };
            self.lines.entry(*request).or_default().push(Line { charge: *charge, hold: *hold });
            for place in places {
                self.post(*request, *boot, *place, *charge);
                if *hold > 0 {
                    self.holds.push(Hold { boot: *boot, place: *place, amount: *hold });
                }
            }
        }
        true
    }

    fn post(&mut self, request: RequestId, boot: Boot, place: Place, charge: i64) {
        let lease = self.leases.entry((boot, place)).or_default();
        let row = self.rows.entry(place).or_default();
        if !row.post(lease, NanoUsd(charge)) {
            self.unbooked = Some(request);
        }
    }

    /// Ends the leases of a node's earlier starts, whose journal has been posted to its end.
    pub fn close(&mut self, boot: Boot, wrong: Wrong) {
        let over: Vec<(Boot, Place)> = self
            .leases
            .keys()
            .filter(|(of, _)| of.node == boot.node && of.number < boot.number)
            .copied()
            .collect();
        for (of, place) in over {
            if wrong == Wrong::ReleaseAfterCrash {
                self.holds.retain(|hold| hold.boot != of);
            }
            if self.closed.contains(&of) {
                continue;
            }
            let held = self.holds.iter().filter(|hold| (hold.boot, hold.place) == (of, place));
            let held: i64 = held.map(|hold| hold.amount).sum();
            if let (Some(lease), Some(row)) = (self.leases.get_mut(&(of, place)), self.rows.get_mut(&place)) {
                row.close(lease, NanoUsd(held));
            }
        }
        let over: Vec<Boot> = self.leases.keys().map(|(of, _)| *of).collect();
        self.closed.extend(over.into_iter().filter(|of| of.node == boot.node && of.number < boot.number));
    }

    /// Posts what is held in windows that never end: nobody has claimed it for long.
    pub fn post_holds(&mut self) {
        let (old, held) = std::mem::take(&mut self.holds).into_iter().partition::<Vec<_>, _>(|hold| {
            self.budgets[hold.place.account].window_ms == i64::MAX && self.closed.contains(&hold.boot)
        });
        self.holds = held;
        for hold in old {
            self.rows.entry(hold.place).or_default().release(NanoUsd(hold.amount), true);
            *self.holds_posted.entry(hold.place).or_default() += hold.amount;
        }
    }

    /// The wrong variant: a janitor gives back the leases of nodes that have not been seen for a while.
    pub fn refund_by_timer(&mut self, after_ms: i64) {
        for ((boot, place), lease) in &mut self.leases {
            let seen = self.seen_ms.get(boot).copied().unwrap_or(0);
            if self.now_ms - seen > after_ms
                && let Some(row) = self.rows.get_mut(place)
            {
                row.close(lease, NanoUsd(0));
            }
        }
    }

    /// An operator changes a budget.
    pub fn edit(&mut self, account: usize, limit: i64) {
        for (place, row) in self.rows.iter().filter(|(place, _)| place.account == account) {
            self.ceilings.insert(*place, (row.posted + row.leased).max(limit));
        }
        self.budgets[account].limit = limit;
    }

    pub fn ceiling(&self, place: Place) -> i64 {
        let limit = self.budgets[place.account].limit;
        self.ceilings.get(&place).copied().unwrap_or(limit).max(limit)
    }
}
