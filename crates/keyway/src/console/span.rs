//! The stretch of time a page is about. It is in the address: `period`, or `from` and `to` as days (UTC).

use super::here::Here;
use super::parts::paging::address;
use super::parts::segments::segments;
use crate::store::usage_columns::Width;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

const DAY_MS: i64 = 86_400_000;
/// Days of a stretch at most.
const DAYS_MAX: i64 = 366;
/// Words of `period`, and what they are called.
const PERIODS: &[(&str, &str)] =
    &[("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"), ("month", "This month")];

/// A stretch of time, in whole buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The word of `PERIODS`; empty for days somebody named.
    pub word: &'static str,
    /// First instant, unix milliseconds.
    pub from_ms: i64,
    /// First instant after it, unix milliseconds; the last bucket may not have ended yet.
    pub to_ms: i64,
    /// Its buckets.
    pub width: Width,
}

impl Span {
    /// The stretch a page was asked for; `usual` when nothing is said, or nothing that means one.
    #[must_use]
    pub fn read(here: &Here<'_>, usual: &'static str) -> Self {
        let day = |name: &str| here.asked(name).and_then(|text| text.parse::<Date>().ok());
        let now_ms = here.shared.at.clock.now_ms();
        let named = day("from").zip(day("to").or_else(|| day("from")));
        let period = here.asked("period").unwrap_or_default();
        let asked = PERIODS.iter().map(|(word, _)| *word).find(|word| *word == period);
        match (asked, named) {
            (None, Some((from, to))) => Self::days(from, to).unwrap_or_else(|| Self::of(usual, now_ms)),
            (word, _) => Self::of(word.unwrap_or(usual), now_ms),
        }
    }

    /// The last seven days.
    #[must_use]
    pub fn last_week(here: &Here<'_>) -> Self {
        Self::of("7d", here.shared.at.clock.now_ms())
    }

    fn days(from: Date, to: Date) -> Option<Self> {
        let start = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp().as_millisecond());
        let (from_ms, to_ms) = (start(from)?, start(to)? + DAY_MS);
        let sane = from_ms >= 0 && from_ms < to_ms && to_ms - from_ms <= DAYS_MAX * DAY_MS;
        sane.then_some(Self { word: "", from_ms, to_ms, width: Width::Day })
    }

    fn of(word: &'static str, now_ms: i64) -> Self {
        let width = if word == "24h" { Width::Hour } else { Width::Day };
        let last_ms = width.floor(now_ms);
        let back = |buckets: i64| last_ms - (buckets - 1) * width.ms();
        let from_ms = match word {
            "24h" => back(24),
            "30d" => back(30),
            "90d" => back(90),
            "month" => {
                let today = Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(TimeZone::UTC);
                back(i64::from(today.day()))
            }
            _ => back(7),
        };
        Self { word, from_ms, to_ms: last_ms + width.ms(), width }
    }

    /// The stretch of the same length before it.
    #[must_use]
    pub fn before(&self) -> (i64, i64) {
        (self.from_ms - (self.to_ms - self.from_ms), self.from_ms)
    }

    /// Starts of its buckets.
    #[must_use]
    pub fn buckets(&self) -> Vec<i64> {
        let step = usize::try_from(self.width.ms()).unwrap_or(usize::MAX);
        (self.from_ms..self.to_ms).step_by(step).collect()
    }

    /// What a bucket is called below a chart.
    #[must_use]
    pub fn label(&self, at_ms: i64) -> String {
        let format = if self.width == Width::Hour { "%H:%M" } else { "%-d %b" };
        utc(at_ms, format)
    }

    /// Its length in words, for "the 7 days before".
    #[must_use]
    pub fn length(&self) -> String {
        match (self.to_ms - self.from_ms) / DAY_MS {
            1 => "24 hours".to_owned(),
            days => format!("{days} days"),
        }
    }

    /// As the query of a link to another page about the same stretch.
    #[must_use]
    pub fn query(&self) -> String {
        match self.word {
            "" => format!("from={}&to={}", utc(self.from_ms, "%F"), utc(self.to_ms - DAY_MS, "%F")),
            word => format!("period={word}"),
        }
    }

    /// The ways to other stretches, and fields for days of one's own.
    #[must_use]
    pub fn picker(&self, here: &Here<'_>, path: &str) -> Markup {
        let query = here.inbound.query_pairs();
        let to = |word: &str| address(path, &query, &[("period", word), ("from", ""), ("to", "")]);
        let all: Vec<_> = PERIODS.iter().map(|(word, text)| (to(word), *text, *word == self.word)).collect();
        html! {
            div .picker {
                (segments("Period", &all))
                details .own-days open[self.word.is_empty()] {
                    summary { "Other days" }
                    form method="get" action=(path) {
                        @for (name, value) in &query {
                            @if !["period", "from", "to", "after", "done"].contains(&name.as_str()) {
                                input type="hidden" name=(name) value=(value);
                            }
                        }
                        label { "From " input type="date" name="from" value=(utc(self.from_ms, "%F")) required; }
                        label { "to " input type="date" name="to" value=(utc(self.to_ms - 1, "%F")) required; }
                        button .button.small type="submit" { "Show" }
                    }
                }
            }
        }
    }
}

/// An instant in UTC.
fn utc(at_ms: i64, format: &str) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 19:45 UTC.
    const NOW: i64 = 1_795_290_300_000;

    #[test]
    fn stretches_are_whole_buckets_up_to_now() {
        for (word, buckets, first, last) in [
            ("24h", 24, "20:00", "19:00"),
            ("7d", 7, "15 Nov", "21 Nov"),
            ("month", 21, "1 Nov", "21 Nov"),
            ("90d", 90, "24 Aug", "21 Nov"),
        ] {
            let span = Span::of(word, NOW);
            let starts = span.buckets();
            let ends = (span.label(starts[0]), span.label(starts[starts.len() - 1]));
            assert_eq!((starts.len(), ends), (buckets, (first.to_owned(), last.to_owned())), "{word}");
            assert_eq!(span.before().1, span.from_ms);
        }
    }

    #[test]
    fn days_of_ones_own_have_an_end() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let span = Span::days(day("2026-11-01"), day("2026-11-03")).unwrap();
        assert_eq!((span.buckets().len(), span.query().as_str()), (3, "from=2026-11-01&to=2026-11-03"));
        assert_eq!(Span::days(day("2026-11-03"), day("2026-11-01")), None);
        assert_eq!(Span::days(day("2020-11-03"), day("2026-11-01")), None);
    }
}
