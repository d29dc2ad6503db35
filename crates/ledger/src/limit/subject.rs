//! Who has limits, and asking several of them at once.

use super::permits::Permits;
use super::{Gcra, Kind, Limits, Period, RATES, Rate, Share};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Milliseconds to wait when too much runs at the same time: nobody knows when that ends.
const CONCURRENCY_WAIT_MS: i64 = 1_000;

/// What a key, a project or an organisation has used and is using. Its limits are not in here: they
/// come with each question, so that an edit changes them and refills nothing. Shared by every thread;
/// the lock is held for a few additions.
#[derive(Debug)]
pub struct Subject(Mutex<State>);

#[derive(Debug)]
struct State {
    rates: [Gcra; RATES],
    running: u32,
    /// Its share of the limit on what runs, where nodes share limits.
    permits: Option<Permits>,
    /// What was asked of each kind since that was last taken; of what may run, the most at the same time.
    asked: [u64; RATES + 1],
}

impl Default for Subject {
    fn default() -> Self {
        Self::of(Gcra::new, None)
    }
}

impl Subject {
    /// The part of a subject that one of several nodes keeps: it has no shares yet.
    #[must_use]
    pub fn shared() -> Self {
        Self::of(Gcra::shared, Some(Permits::default()))
    }

    fn of(rate: fn(Period) -> Gcra, permits: Option<Permits>) -> Self {
        let rates = Kind::ALL.map(|kind| rate(kind.period().unwrap_or(Period::Minute)));
        let [requests_minute, tokens_minute, requests_day, tokens_day, _] = rates;
        let rates = [requests_minute, tokens_minute, requests_day, tokens_day];
        Self(Mutex::new(State { rates, running: 0, permits, asked: [0; RATES + 1] }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing runs, it holds no share, and nothing that was used counts any more: then a new one is
    /// the same.
    #[must_use]
    pub fn is_idle(&self, now_ms: i64) -> bool {
        let mut state = self.lock();
        state.running == 0
            && state.permits.is_none_or(|permits| permits.whole() == 0)
            && state.rates.iter_mut().all(|rate| rate.is_idle(now_ms))
    }

    /// Takes in a share of a limit.
    pub fn receive(&self, kind: Kind, share: Share, now_ms: i64) {
        let mut state = self.lock();
        match (kind, &mut state.permits) {
            (Kind::Concurrency, Some(permits)) => permits.receive(share.units),
            _ => _ = state.rates.get_mut(kind as usize).map(|rate| rate.receive(share, now_ms)),
        }
    }

    /// Lets go of at most `most` units of its share, as far as nothing that runs needs them.
    pub fn give(&self, kind: Kind, most: u32, now_ms: i64) -> Share {
        let mut state = self.lock();
        let running = state.running;
        match (kind, &mut state.permits) {
            (Kind::Concurrency, Some(permits)) => permits.give(running, most),
            _ => state.rates.get_mut(kind as usize).map(|rate| rate.give(most, now_ms)).unwrap_or_default(),
        }
    }

    /// Its share of a limit, with what was used of it by now.
    #[must_use]
    pub fn share(&self, kind: Kind, now_ms: i64) -> Share {
        let mut state = self.lock();
        match (kind, &state.permits) {
            (Kind::Concurrency, Some(permits)) => Share { units: permits.whole(), level: 0 },
            _ => state.rates.get_mut(kind as usize).map(|rate| rate.share(now_ms)).unwrap_or_default(),
        }
    }

    /// The limit as it was last asked with, where that is smaller than what its share is of.
    #[must_use]
    pub fn shrunk(&self, kind: Kind) -> Option<u32> {
        let state = self.lock();
        match state.rates.get(kind as usize) {
            Some(rate) => rate.shrunk(),
            None => state.permits.as_ref()?.shrunk(),
        }
    }

    /// What was asked of a limit since the last time, admitted or not, in its units; of what may run, the most that
    /// was to run at the same time.
    pub fn take_asked(&self, kind: Kind) -> u64 {
        let mut state = self.lock();
        let running = u64::from(state.running);
        let asked = state.asked.get_mut(kind as usize).map(std::mem::take).unwrap_or_default();
        if kind == Kind::Concurrency { asked.max(running) } else { asked }
    }

    /// What runs now.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.lock().running
    }

    /// Whether a rate was ever asked here.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        self.lock().rates.get(kind as usize).is_none_or(Gcra::is_set)
    }

    /// Tells a rate that was never asked here what was used before: units by the end of the time in
    /// which they were used, in order. A rate that knows more already keeps that.
    pub fn recall(&self, kind: Kind, limit: u32, used: &[(i64, u64)], now_ms: i64) {
        let mut state = self.lock();
        let Some(rate) = state.rates.get_mut(kind as usize).filter(|rate| !rate.is_set()) else { return };
        rate.recall(limit, used.iter().copied(), now_ms);
    }

    /// How the limits stand: rates as they are, concurrency as what may still run.
    #[must_use]
    pub fn standing(&self, limits: &Limits, now_ms: i64) -> Vec<(Kind, Rate)> {
        let mut state = self.lock();
        let running = state.running;
        let of = |(kind, limit): (Kind, u32)| match state.rates.get_mut(kind as usize) {
            Some(rate) => {
                rate.adjust(limit, now_ms);
                (kind, rate.rate(now_ms))
            }
            None => (kind, Rate { limit, remaining: limit.saturating_sub(running), reset_ms: 0 }),
        };
        limits.each().map(of).collect()
    }
}

/// A subject with its limits of now.
#[derive(Debug, Clone)]
pub struct Level {
    /// The limits.
    pub limits: Limits,
    /// What has been used of them.
    pub subject: Arc<Subject>,
}

/// The tightest of what was asked, for a client to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headroom {
    /// Of the limits on requests.
    pub requests: Option<Rate>,
    /// Of the limits on tokens.
    pub tokens: Option<Rate>,
}

impl Headroom {
    fn see(&mut self, kind: Kind, rate: Rate) {
        let place = if kind.counts_tokens() { &mut self.tokens } else { &mut self.requests };
        let tighter = place.is_none_or(|other| {
            (rate.remaining, std::cmp::Reverse(rate.reset_ms))
                < (other.remaining, std::cmp::Reverse(other.reset_ms))
        });
        if tighter {
            *place = Some(rate);
        }
    }
}

/// Which limit refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Whose, as an index into what was asked.
    pub level: usize,
    /// Which one.
    pub kind: Kind,
    /// How much it is.
    pub limit: u32,
    /// Milliseconds until no rate would refuse, if nothing else is admitted meanwhile.
    pub wait_ms: i64,
    /// How the rates stand.
    pub headroom: Headroom,
}

/// Asks every level for one request of about `tokens` tokens, and takes from all or from none: all are
/// locked until the last has answered, so that a refusal leaves no trace and two askers never see half
/// of each other. No subject may stand twice in `levels`, and every caller orders them the same way.
///
/// # Errors
/// The limit that refused: concurrency before rates, then the one to wait longest for.
pub fn admit(levels: &[&Level], tokens: u64, now_ms: i64) -> Result<(Held, Headroom), Refused> {
    let mut states: Vec<MutexGuard<'_, State>> = levels.iter().map(|level| level.subject.lock()).collect();
    let mut refused: Option<Refused> = None;
    let mut headroom = Headroom::default();
    for (place, (level, state)) in levels.iter().zip(&mut states).enumerate() {
        let state: &mut State = state;
        let running = state.running;
        let shared = state.permits.is_some();
        for (kind, limit) in level.limits.each() {
            if let Some(asked) = state.asked.get_mut(kind as usize).filter(|_| shared) {
                *asked = match kind {
                    Kind::Concurrency => (*asked).max(u64::from(running.saturating_add(1).min(limit))),
                    _ => asked.saturating_add(cost(kind, tokens)),
                };
            }
            let wait_ms = match state.rates.get_mut(kind as usize) {
                Some(rate) => {
                    rate.adjust(limit, now_ms);
                    headroom.see(kind, rate.rate(now_ms));
                    rate.wait_ms(cost(kind, tokens))
                }
                None if running < may_run(&mut state.permits, limit) => 0,
                None => CONCURRENCY_WAIT_MS,
            };
            let rank = |kind: Kind, wait_ms: i64| (kind == Kind::Concurrency, wait_ms);
            if wait_ms > 0
                && refused.is_none_or(|other| rank(kind, wait_ms) > rank(other.kind, other.wait_ms))
            {
                refused = Some(Refused { level: place, kind, limit, wait_ms, headroom });
            }
        }
    }
    if let Some(refused) = refused {
        return Err(Refused { headroom, ..refused });
    }
    let mut headroom = Headroom::default();
    let parts = levels.iter().zip(&mut states).map(|(level, state)| {
        let mut held = [0; RATES];
        for (kind, _) in level.limits.each() {
            if let (Some(rate), Some(held)) =
                (state.rates.get_mut(kind as usize), held.get_mut(kind as usize))
            {
                *held = rate.hold(cost(kind, tokens));
                headroom.see(kind, rate.rate(now_ms));
            }
        }
        state.running = state.running.saturating_add(1);
        Part { subject: Arc::clone(&level.subject), held }
    });
    let held = Held { parts: parts.collect() };
    Ok((held, headroom))
}

/// A share that a node lacks to admit a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lack {
    /// Whose limit, as an index into what was asked.
    pub level: usize,
    /// Which one.
    pub kind: Kind,
    /// How much it is.
    pub limit: u32,
    /// Units of it that would do.
    pub units: u32,
}

/// What stands in a request's way only because other nodes, or nobody, hold it: nothing where the limits
/// themselves refuse.
#[must_use]
pub fn lacking(levels: &[&Level], tokens: u64, now_ms: i64) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for (place, level) in levels.iter().enumerate() {
        let mut state = level.subject.lock();
        let state = &mut *state;
        if state.permits.is_none() {
            continue;
        }
        let running = state.running;
        for (kind, limit) in level.limits.each() {
            let units = match state.rates.get_mut(kind as usize) {
                Some(rate) => {
                    rate.adjust(limit, now_ms);
                    rate.lacks(cost(kind, tokens))
                }
                None => {
                    let may_run = may_run(&mut state.permits, limit);
                    u32::from(running >= may_run && may_run < limit)
                }
            };
            if units > 0 {
                lacks.push(Lack { level: place, kind, limit, units });
            }
        }
    }
    lacks
}

/// What may run here of a limit.
fn may_run(permits: &mut Option<Permits>, limit: u32) -> u32 {
    permits.as_mut().map_or(limit, |permits| {
        permits.adjust(limit);
        permits.units.min(limit)
    })
}

fn cost(kind: Kind, tokens: u64) -> u64 {
    if kind.counts_tokens() { tokens.max(1) } else { 1 }
}

/// What an admitted request holds of its limits. Dropped, it gives back all that was not posted.
#[derive(Debug)]
pub struct Held {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    subject: Arc<Subject>,
    held: [u32; RATES],
}

impl Held {
    /// The request goes out: it counts from now on, however it ends.
    pub fn sent(&mut self, now_ms: i64) -> Headroom {
        self.post(now_ms, |kind| (!kind.counts_tokens()).then_some(1))
    }

    /// The request has ended, and this many tokens were used.
    pub fn settle(mut self, tokens: u64, now_ms: i64) -> Headroom {
        self.post(now_ms, |kind| kind.counts_tokens().then_some(tokens))
    }

    fn post(&mut self, now_ms: i64, used: impl Fn(Kind) -> Option<u64>) -> Headroom {
        let mut headroom = Headroom::default();
        for part in &mut self.parts {
            let mut state = part.subject.lock();
            for ((kind, rate), held) in Kind::ALL.into_iter().zip(&mut state.rates).zip(&mut part.held) {
                // What held nothing had no limit when the request was admitted.
                if let Some(used) = used(kind).filter(|_| *held > 0) {
                    rate.post(std::mem::take(held), used, now_ms);
                    headroom.see(kind, rate.rate(now_ms));
                }
            }
        }
        headroom
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for part in &self.parts {
            let mut state = part.subject.lock();
            for (rate, held) in state.rates.iter_mut().zip(part.held) {
                rate.release(held);
            }
            state.running = state.running.saturating_sub(1);
        }
    }
}
