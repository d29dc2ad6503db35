//! A node's side of an account: what it holds of one budget or balance, and what requests have reserved
//! of that. [`admit`] reserves of several accounts at once, of all or of none.
//!
//! Money is in one of three states here: reserved, charged, or free. Only free money is reserved, and only
//! free money is given back. What was charged never comes back: the journal carries it to the database
//! ([`crate::book`]), where the lease shrinks by it.

use crate::NanoUsd;
use crate::spend::{AccountId, AccountRef};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Time over which spending is measured, milliseconds: what a node leases ahead.
pub const LATELY_MS: i64 = 2_000;
/// How long a window is remembered that is over, milliseconds.
pub const KEPT_MS: i64 = 3_600_000;

/// Who has not told his name.
const NOBODY: u128 = 0;
/// Before any moment.
const NEVER_MS: i64 = i64::MIN;

/// What a node holds of one account, over all windows it still has to do with. Shared by every thread; the
/// lock is held for a few additions.
#[derive(Debug)]
pub struct Account {
    /// Which one.
    pub id: AccountId,
    state: Mutex<Vec<Holding>>,
    /// What each who has told his name has reserved, where several may: see [`Account::shared`].
    shares: Option<Mutex<HashMap<u128, i64>>>,
    /// Requests that wait for others to give back what they have reserved.
    waiting: AtomicU32,
}

/// Waits for an account until it is dropped.
#[derive(Debug)]
pub struct Waiting(Arc<Account>);

impl Waiting {
    /// Begins to wait.
    #[must_use]
    pub fn on(account: &Arc<Account>) -> Self {
        account.waiting.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(account))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What a node holds of one window of an account, nano-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Start of the window, unix milliseconds.
    pub window_start_ms: i64,
    /// Where the window ends, by this node's monotonic clock.
    pub ends_mono_ms: i64,
    /// Requests are let in.
    pub open: bool,
    /// The account refuses nothing: it is counted, not leased.
    pub counted: bool,
    /// All that was leased, less what was given back: as the database has it.
    pub granted: i64,
    /// What requests were charged.
    pub charged: i64,
    /// What running requests have reserved.
    pub reserved: i64,
    marks: [Mark; 2],
}

/// What had been charged at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    at_mono_ms: i64,
    charged: i64,
}

/// What the database has granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Start of the window, unix milliseconds.
    pub window_start_ms: i64,
    /// Where the window ends, by this node's monotonic clock. Taken from a moment before the database was
    /// asked for its time, so that it is never late.
    pub ends_mono_ms: i64,
    /// It is the window that lets requests in, not an older one that a running request goes on in.
    pub current: bool,
    /// The account refuses nothing.
    pub counted: bool,
    /// The lease's `granted` in the database, after the grant.
    pub granted: NanoUsd,
    /// The lease's `charged` in the database: what was charged of a window that was forgotten here.
    pub charged: NanoUsd,
}

/// An account that has too little here: the database is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// Which, as an index into what was asked.
    pub account: usize,
    /// Of which window; `None`: of the one that holds now, which this node knows nothing of.
    pub window_start_ms: Option<i64>,
    /// How much is missing.
    pub need: NanoUsd,
}

impl Holding {
    /// What no request has reserved or used.
    #[must_use]
    pub fn free(&self) -> NanoUsd {
        NanoUsd(self.granted - self.charged - self.reserved)
    }

    fn new(grant: &Grant) -> Self {
        Self {
            window_start_ms: grant.window_start_ms,
            ends_mono_ms: grant.ends_mono_ms,
            open: grant.current,
            counted: grant.counted,
            granted: 0,
            charged: grant.charged.0,
            reserved: 0,
            marks: [Mark { at_mono_ms: NEVER_MS, charged: 0 }; 2],
        }
    }

    fn is_over(&self, now_mono_ms: i64) -> bool {
        !self.open || now_mono_ms >= self.ends_mono_ms
    }

    fn takes(&self, amount: i64) -> bool {
        self.counted || self.free().0 >= amount
    }

    /// What was charged in the last [`LATELY_MS`], on an average of a little more.
    fn lately(&mut self, now_mono_ms: i64) -> NanoUsd {
        if self.marks[0].at_mono_ms == NEVER_MS {
            self.marks = [Mark { at_mono_ms: now_mono_ms, charged: 0 }; 2];
        }
        let [first, second] = self.marks;
        let spent = i128::from(self.charged - first.charged);
        let passed_ms = now_mono_ms.saturating_sub(first.at_mono_ms).max(LATELY_MS);
        if now_mono_ms.saturating_sub(second.at_mono_ms) >= LATELY_MS {
            self.marks = [second, Mark { at_mono_ms: now_mono_ms, charged: self.charged }];
        }
        NanoUsd(i64::try_from(spent * i128::from(LATELY_MS) / i128::from(passed_ms)).unwrap_or(i64::MAX))
    }
}

impl Account {
    /// An account of which nothing is held.
    #[must_use]
    pub fn new(id: AccountId) -> Self {
        Self { id, state: Mutex::new(Vec::new()), shares: None, waiting: AtomicU32::new(0) }
    }

    /// As [`Self::new`], of an account that several draw on: it is known how much each has reserved.
    #[must_use]
    pub fn shared(id: AccountId) -> Self {
        Self { shares: Some(Mutex::new(HashMap::new())), ..Self::new(id) }
    }

    /// Whether several draw on it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.shares.is_some()
    }

    /// Whether somebody waits for what others have reserved.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// What somebody has reserved of it.
    #[must_use]
    pub fn share(&self, who: u128) -> NanoUsd {
        let shares = self.shares.as_ref().map(|shares| shares.lock().unwrap_or_else(PoisonError::into_inner));
        NanoUsd(shares.and_then(|shares| shares.get(&who).copied()).unwrap_or(0))
    }

    /// What all have reserved of it.
    #[must_use]
    pub fn reserved(&self) -> NanoUsd {
        NanoUsd(self.lock().iter().map(|held| held.reserved).sum())
    }

    fn change_share(&self, who: u128, by: i64) {
        let Some(shares) = self.shares.as_ref().filter(|_| who != NOBODY && by != 0) else { return };
        let mut shares = shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(who).or_insert(0);
        *share += by;
        if *share == 0 {
            shares.remove(&who);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Holding>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what the database has granted. A grant of the current window ends all others.
    pub fn grant(&self, grant: &Grant) {
        let mut holdings = self.lock();
        if grant.current {
            holdings.iter_mut().for_each(|held| held.open = false);
        }
        let place = holdings.iter().position(|held| held.window_start_ms == grant.window_start_ms);
        let place = place.unwrap_or_else(|| {
            holdings.push(Holding::new(grant));
            holdings.len() - 1
        });
        if let Some(held) = holdings.get_mut(place) {
            held.granted = grant.granted.0;
            if grant.current {
                (held.open, held.counted, held.ends_mono_ms) = (true, grant.counted, grant.ends_mono_ms);
            }
        }
    }

    /// Lets no request in any more until the next grant: the budget was changed, or its owner wants back
    /// what is free.
    pub fn recall(&self) {
        for held in self.lock().iter_mut() {
            held.open = false;
        }
    }

    /// Takes what is free out of windows that are over or recalled, or out of all (`all`), to be given
    /// back to the database: by window. It is not this node's any more.
    pub fn take_free(&self, now_mono_ms: i64, all: bool) -> Vec<(i64, NanoUsd)> {
        let mut taken = Vec::new();
        for held in self.lock().iter_mut().filter(|held| all || held.is_over(now_mono_ms)) {
            let free = held.free();
            if free.0 > 0 {
                held.granted -= free.0;
                taken.push((held.window_start_ms, free));
            }
        }
        taken
    }

    /// Corrects a lease to what the database says of it, after an answer was lost.
    pub fn correct(&self, window_start_ms: i64, granted: NanoUsd) {
        for held in self.lock().iter_mut().filter(|held| held.window_start_ms == window_start_ms) {
            held.granted = granted.0;
        }
    }

    /// Forgets windows that have been over for [`KEPT_MS`] and of which nothing is reserved or free: by then
    /// the database knows all that was charged.
    pub fn forget(&self, now_mono_ms: i64) {
        self.lock().retain(|held| {
            now_mono_ms.saturating_sub(KEPT_MS) < held.ends_mono_ms
                || held.reserved > 0
                || (!held.counted && held.free().0 > 0)
        });
    }

    /// How it stands, window by window.
    #[must_use]
    pub fn holdings(&self) -> Vec<Holding> {
        self.lock().clone()
    }

    /// What was charged of a window in about the last [`LATELY_MS`].
    #[must_use]
    pub fn spent_lately(&self, window_start_ms: i64, now_mono_ms: i64) -> NanoUsd {
        let mut holdings = self.lock();
        let Some(held) = holdings.iter_mut().find(|held| held.window_start_ms == window_start_ms) else {
            return NanoUsd::ZERO;
        };
        held.lately(now_mono_ms)
    }
}

/// Reserves `amount` of the current window of every account, or of none: all are locked until the last has
/// answered. No account may stand twice in `accounts`, and every caller orders them by their ids.
///
/// # Errors
/// The first account that has too little here.
pub fn admit(accounts: &[Arc<Account>], amount: NanoUsd, now_mono_ms: i64) -> Result<Reservation, Short> {
    let mut locked: Vec<MutexGuard<'_, Vec<Holding>>> =
        accounts.iter().map(|account| account.lock()).collect();
    let mut places = Vec::with_capacity(accounts.len());
    for (at, holdings) in locked.iter().enumerate() {
        let place = holdings.iter().rposition(|held| !held.is_over(now_mono_ms));
        let held = place.and_then(|place| holdings.get(place));
        match (place, held) {
            (Some(place), Some(held)) if held.takes(amount.0) => places.push(place),
            (_, held) => {
                let free = held.map_or(0, |held| held.free().0);
                let window_start_ms = held.map(|held| held.window_start_ms);
                return Err(Short { account: at, window_start_ms, need: NanoUsd(amount.0 - free) });
            }
        }
    }
    let mut parts = Vec::with_capacity(accounts.len());
    for ((account, holdings), place) in accounts.iter().zip(&mut locked).zip(places) {
        if let Some(held) = holdings.get_mut(place) {
            parts.push(Part::reserve(account, held, amount));
        }
    }
    Ok(Reservation { parts, amount })
}

/// What an admitted request has reserved, the same of every account. Dropped, it gives back all.
#[derive(Debug)]
pub struct Reservation {
    parts: Vec<Part>,
    amount: NanoUsd,
}

/// A window of an account that something is reserved of.
#[derive(Debug, Clone)]
pub struct Part {
    /// The account.
    pub account: Arc<Account>,
    /// The window that admitted the request, which it stays in.
    pub window_start_ms: i64,
    /// It was reserved of a lease.
    pub leased: bool,
    who: u128,
}

impl Part {
    fn reserve(account: &Arc<Account>, held: &mut Holding, amount: NanoUsd) -> Self {
        held.reserved += amount.0;
        let (account, window_start_ms) = (Arc::clone(account), held.window_start_ms);
        Self { account, window_start_ms, leased: !held.counted, who: NOBODY }
    }

    /// Gives back what was reserved; of it, `charge` was spent.
    fn end(&self, reserved: NanoUsd, charge: NanoUsd) {
        self.change(|held| {
            held.reserved -= reserved.0;
            if self.leased {
                held.charged += charge.0;
            }
        });
        self.account.change_share(self.who, -reserved.0);
    }

    fn change(&self, change: impl FnOnce(&mut Holding)) {
        let mut holdings = self.account.lock();
        if let Some(held) = holdings.iter_mut().find(|held| held.window_start_ms == self.window_start_ms) {
            change(held);
        }
    }
}

/// What a request is charged of its reservation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// What each account pays: never more than was reserved, if one of them was leased.
    pub charge: NanoUsd,
    /// What nobody pays.
    pub absorbed: NanoUsd,
}

impl Bill {
    /// What is charged of a sell price, by what was reserved of leased accounts, where any was.
    #[must_use]
    pub fn of(sell: NanoUsd, reserved: Option<NanoUsd>) -> Self {
        let charge = reserved.map_or(sell, |reserved| sell.min(reserved)).max(NanoUsd::ZERO);
        Self { charge, absorbed: sell.saturating_sub(charge).max(NanoUsd::ZERO) }
    }
}

/// Reserves more of the windows of a running request, of all or of none.
///
/// # Errors
/// The first account that has too little here.
pub fn extend(parts: &[Part], more: NanoUsd) -> Result<Reservation, Short> {
    let mut locked: Vec<MutexGuard<'_, Vec<Holding>>> =
        parts.iter().map(|part| part.account.lock()).collect();
    for (at, (part, holdings)) in parts.iter().zip(&locked).enumerate() {
        let held = holdings.iter().find(|held| held.window_start_ms == part.window_start_ms);
        let free = held.map_or(0, |held| held.free().0);
        if part.leased && free < more.0 {
            let window_start_ms = Some(part.window_start_ms);
            return Err(Short { account: at, window_start_ms, need: NanoUsd(more.0 - free) });
        }
    }
    for (part, holdings) in parts.iter().zip(&mut locked) {
        if let Some(held) = holdings.iter_mut().find(|held| held.window_start_ms == part.window_start_ms) {
            held.reserved += more.0;
        }
    }
    drop(locked);
    parts.iter().for_each(|part| part.account.change_share(part.who, more.0));
    Ok(Reservation { parts: parts.to_vec(), amount: more })
}

impl Reservation {
    /// What is reserved of each account.
    #[must_use]
    pub fn amount(&self) -> NanoUsd {
        self.amount
    }

    /// What it is reserved of.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// As a journal record names the accounts.
    pub fn refs(&self) -> impl Iterator<Item = AccountRef> + '_ {
        self.parts.iter().map(|part| AccountRef {
            account: part.account.id,
            window_start_ms: part.window_start_ms,
            leased: part.leased,
        })
    }

    /// Takes in what [`extend`] has reserved for the same request.
    pub fn join(&mut self, mut more: Self) {
        self.amount = self.amount.saturating_add(more.amount);
        more.parts.clear();
    }

    /// What a request of this sell price is charged.
    #[must_use]
    pub fn bill(&self, sell: NanoUsd) -> Bill {
        let bounded = self.parts.iter().any(|part| part.leased);
        Bill::of(sell, bounded.then_some(self.amount))
    }

    /// Notes whose it is, where an account keeps that.
    #[must_use]
    pub fn of(mut self, who: u128) -> Self {
        for part in &mut self.parts {
            part.who = who;
            part.account.change_share(who, self.amount.0);
        }
        self
    }

    /// The request has ended and this charge is in the journal: the rest is free again.
    pub fn settle(mut self, charge: NanoUsd) {
        for part in std::mem::take(&mut self.parts) {
            part.end(self.amount, charge);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        for part in &self.parts {
            part.end(self.amount, NanoUsd::ZERO);
        }
    }
}
