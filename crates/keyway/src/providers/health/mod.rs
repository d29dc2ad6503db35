//! How providers do, learnt from what becomes of requests: by credential whether it is asked, by target how
//! quickly it answers. Every worker sees the same.

pub mod breaker;
pub mod speed;

pub use breaker::{Breaker, Cause, Outcome, Standing};
pub use speed::Speed;

use crate::base::Map;
use crate::catalog::Target;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Credentials that are looked after; those beyond it are always asked.
pub const PULSES_MAX: usize = 10_000;
/// Targets whose speed is known; those beyond it are always unknown.
pub const SPEEDS_MAX: usize = 20_000;

/// A credential of a provider, as health knows it.
#[derive(Debug)]
pub struct Pulse {
    /// The provider.
    pub provider: Arc<str>,
    /// The credential's id.
    pub credential: Arc<str>,
    breaker: Mutex<Breaker>,
    /// Something speaks against it, or did: most of the time nothing does, and nobody need be locked out.
    ails: AtomicBool,
}

impl Pulse {
    /// How it stands at a monotonic millisecond.
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> Standing {
        if !self.ails.load(Ordering::Acquire) {
            return Standing::In;
        }
        self.breaker().standing(now_ms)
    }

    /// An attempt begins. Answers whether it is a trial.
    fn begin(&self, now_ms: i64) -> bool {
        self.ails.load(Ordering::Acquire) && self.breaker().begin(now_ms)
    }

    /// An attempt has ended.
    fn end(&self, now_ms: i64, outcome: Outcome, trial: bool) {
        let mut breaker = self.breaker();
        breaker.end(now_ms, outcome, trial);
        self.ails.store(breaker.ails(), Ordering::Release);
    }

    /// Attempts of the last seconds, and how many of them failed.
    #[must_use]
    pub fn window(&self, now_ms: i64) -> (u32, u32) {
        self.breaker().window(now_ms)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt under way. Dropped without an end, nobody knows how it would have ended.
pub struct Turn {
    pulse: Arc<Pulse>,
    /// Where there is a choice: the target's speed.
    speed: Option<Arc<Speed>>,
    trial: bool,
    over: bool,
}

impl Turn {
    /// It has ended so.
    pub fn end(mut self, now_ms: i64, outcome: Outcome) {
        self.over = true;
        self.pulse.end(now_ms, outcome, self.trial);
    }

    /// It was answered, after so many milliseconds; of a stream, its first words were.
    pub fn good(self, now_ms: i64, stream: bool, took_ms: u32) {
        if let Some(speed) = &self.speed {
            speed.observe(stream, now_ms, took_ms);
        }
        self.end(now_ms, Outcome::Good);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(speed) = &self.speed {
            speed.leave();
        }
        if !self.over && self.trial {
            // A trial that nobody waited for is none: the clock does not matter.
            self.pulse.end(0, Outcome::Unknown, true);
        }
    }
}

/// How all providers do.
#[derive(Default)]
pub struct Health {
    pulses: RwLock<Map<Arc<str>, Vec<Arc<Pulse>>>>,
    speeds: RwLock<Map<Arc<str>, Arc<Speed>>>,
}

impl Health {
    /// A credential's.
    #[must_use]
    pub fn pulse(&self, provider: &Arc<str>, credential: &str) -> Arc<Pulse> {
        let of =
            |pulses: &[Arc<Pulse>]| pulses.iter().find(|pulse| *pulse.credential == *credential).cloned();
        let known = self.pulses.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(pulse) = known.get(provider).and_then(|pulses| of(pulses)) {
            return pulse;
        }
        drop(known);
        let mut all = self.pulses.write().unwrap_or_else(PoisonError::into_inner);
        let count: usize = all.values().map(Vec::len).sum();
        let pulses = all.entry(Arc::clone(provider)).or_default();
        if let Some(pulse) = of(pulses) {
            return pulse;
        }
        let pulse = Arc::new(Pulse {
            provider: Arc::clone(provider),
            credential: credential.into(),
            breaker: Mutex::default(),
            ails: AtomicBool::new(false),
        });
        if count < PULSES_MAX {
            pulses.push(Arc::clone(&pulse));
        }
        pulse
    }

    /// A target's speed.
    #[must_use]
    pub fn speed(&self, target: &Target) -> Arc<Speed> {
        let known = self.speeds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(speed) = known.get(&target.id) {
            return Arc::clone(speed);
        }
        drop(known);
        let mut all = self.speeds.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SPEEDS_MAX {
            return Arc::default();
        }
        Arc::clone(all.entry(Arc::clone(&target.id)).or_default())
    }

    /// An attempt at a target with a credential begins. Speeds are kept where there is a `choice`.
    #[must_use]
    pub fn begin(&self, target: &Target, pulse: &Arc<Pulse>, now_ms: i64, choice: bool) -> Turn {
        let pulse = Arc::clone(pulse);
        let speed = choice.then(|| self.speed(target));
        if let Some(speed) = &speed {
            speed.enter();
        }
        let trial = pulse.begin(now_ms);
        Turn { pulse, speed, trial, over: false }
    }

    /// Every credential that has been asked, by provider.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Pulse>> {
        let known = self.pulses.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = known.values().flatten().cloned().collect();
        all.sort_by(|a, b| (&a.provider, &a.credential).cmp(&(&b.provider, &b.credential)));
        all
    }
}
