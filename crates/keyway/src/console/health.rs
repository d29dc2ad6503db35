//! How providers are, from live traffic, hour by hour.

use super::parts::Tone;
use crate::store::provider_minutes::ProviderHour;
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;
/// Hours that are shown.
pub const HOURS: i64 = 48;
/// Share of tries that fail, percent, from which an hour was a bad one, and from which there was something.
const BAD_PERCENT: i64 = 50;
const WARN_PERCENT: i64 = 5;
/// Failures that make an hour more than an accident.
const FAILURES_MIN: i64 = 3;

/// How an hour was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Was {
    /// Nobody was asked.
    Unused,
    /// Nothing, or an accident.
    Good,
    /// Some tries failed.
    Troubled,
    /// Most tries failed.
    Down,
}

impl Was {
    fn of(hour: &ProviderHour) -> Self {
        if hour.attempts == 0 {
            return Self::Unused;
        }
        let percent = hour.failed * 100 / hour.attempts;
        match percent {
            _ if hour.failed < FAILURES_MIN => Self::Good,
            BAD_PERCENT.. => Self::Down,
            WARN_PERCENT.. => Self::Troubled,
            _ => Self::Good,
        }
    }

    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unused => "not used",
            Self::Good => "good",
            Self::Troubled => "troubled",
            Self::Down => "failing",
        }
    }

    /// In a colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Unused => Tone::Plain,
            Self::Good => Tone::Good,
            Self::Troubled => Tone::Warn,
            Self::Down => Tone::Bad,
        }
    }
}

/// The first hour that is shown, unix milliseconds.
#[must_use]
pub fn first_ms(now_ms: i64) -> i64 {
    now_ms - now_ms.rem_euclid(HOUR_MS) - (HOURS - 1) * HOUR_MS
}

/// The hours of each provider, oldest first.
#[must_use]
pub fn lines(hours: &[ProviderHour], first_ms: i64) -> BTreeMap<&str, Vec<Was>> {
    let mut lines: BTreeMap<&str, Vec<Was>> = BTreeMap::new();
    for hour in hours {
        let line = lines.entry(&hour.provider).or_insert_with(|| vec![Was::Unused; HOURS as usize]);
        let place = usize::try_from((hour.hour_ms - first_ms) / HOUR_MS).unwrap_or(usize::MAX);
        if let Some(was) = line.get_mut(place) {
            *was = Was::of(hour);
        }
    }
    lines
}

/// The hour that runs, or the one before it while it is young.
#[must_use]
pub fn now(line: &[Was]) -> Was {
    line.iter().rev().take(2).copied().find(|was| *was != Was::Unused).unwrap_or(Was::Unused)
}

/// How many hours there was something, in words.
#[must_use]
pub fn trouble(line: &[Was]) -> String {
    let count = |wanted: Was| line.iter().filter(|was| **was == wanted).count();
    match (count(Was::Down), count(Was::Troubled)) {
        (0, 0) => "no trouble".to_owned(),
        (0, troubled) => format!("{troubled} troubled"),
        (down, 0) => format!("{down} failing"),
        (down, troubled) => format!("{down} failing, {troubled} troubled"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_judged_by_their_failures() {
        let hour = |attempts, failed| ProviderHour { provider: "p".to_owned(), hour_ms: 0, attempts, failed };
        for (attempts, failed, was) in [
            (0, 0, Was::Unused),
            (10, 2, Was::Good),
            (1_000, 49, Was::Good),
            (1_000, 50, Was::Troubled),
            (10, 5, Was::Down),
        ] {
            assert_eq!(Was::of(&hour(attempts, failed)), was, "{failed}/{attempts}");
        }
    }
}
