//! Rate limits and concurrency: what they are, and the state that keeps them.
//!
//! [`Gcra`] is the generic cell rate algorithm in its meter form, exact in integers. A [`Subject`] is
//! the state of whoever has limits (a key, a project, an organisation); [`admit`] asks any number of
//! them at once and takes from all of them or from none. Several nodes keep one limit by [`share`]s of it.

pub mod gcra;
mod permits;
pub mod share;
pub mod subject;

pub use gcra::{Gcra, Period, Rate};
pub use share::{Pool, Share};
pub use subject::{Headroom, Held, Lack, Level, Refused, Subject, admit, lacking};

/// Largest limit of any kind; the smallest is 1.
pub const LIMIT_MAX: u32 = 1_000_000_000;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Requests sent to a provider, per minute.
    RequestsPerMinute,
    /// Tokens of prompt and answer, per minute.
    TokensPerMinute,
    /// Requests sent to a provider, per day.
    RequestsPerDay,
    /// Tokens of prompt and answer, per day.
    TokensPerDay,
    /// Requests that run at the same time.
    Concurrency,
}

/// Kinds of limits that are rates; they come first in [`Kind::ALL`].
pub const RATES: usize = 4;

impl Kind {
    /// Every kind.
    pub const ALL: [Self; RATES + 1] = [
        Self::RequestsPerMinute,
        Self::TokensPerMinute,
        Self::RequestsPerDay,
        Self::TokensPerDay,
        Self::Concurrency,
    ];

    /// Its name, as written and stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests_per_minute",
            Self::TokensPerMinute => "tokens_per_minute",
            Self::RequestsPerDay => "requests_per_day",
            Self::TokensPerDay => "tokens_per_day",
            Self::Concurrency => "concurrency",
        }
    }

    /// Whether it counts tokens.
    #[must_use]
    pub fn counts_tokens(self) -> bool {
        matches!(self, Self::TokensPerMinute | Self::TokensPerDay)
    }

    /// Its period; `None` for concurrency.
    #[must_use]
    pub fn period(self) -> Option<Period> {
        match self {
            Self::RequestsPerMinute | Self::TokensPerMinute => Some(Period::Minute),
            Self::RequestsPerDay | Self::TokensPerDay => Some(Period::Day),
            Self::Concurrency => None,
        }
    }
}

/// The limits of one subject, each 1 to [`LIMIT_MAX`] or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits([u32; RATES + 1]);

impl Limits {
    /// One limit, if there is one.
    #[must_use]
    pub fn get(&self, kind: Kind) -> Option<u32> {
        Some(self.0[kind as usize]).filter(|limit| *limit > 0)
    }

    /// Sets a limit, or takes it away. Above [`LIMIT_MAX`] it is cut there, 0 counts as 1.
    pub fn set(&mut self, kind: Kind, limit: Option<u32>) {
        self.0[kind as usize] = limit.map_or(0, |limit| limit.clamp(1, LIMIT_MAX));
    }

    /// With a limit set.
    #[must_use]
    pub fn with(mut self, kind: Kind, limit: u32) -> Self {
        self.set(kind, Some(limit));
        self
    }

    /// Whether there is none of any kind.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|limit| *limit == 0)
    }

    /// Those there are.
    pub fn each(&self) -> impl Iterator<Item = (Kind, u32)> + '_ {
        Kind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }
}
