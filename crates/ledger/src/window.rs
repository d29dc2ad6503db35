//! Windows of time that budgets count in: a pure function of rule, zone and instant. Nothing is ever
//! reset; each window is a row of its own, keyed by its start.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How long a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A day of the calendar.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// For ever.
    Total,
}

/// A window, unix milliseconds. Windows of one rule and zone lie end to start, and never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// First instant in it; 0 of [`Rule::Total`].
    pub start_ms: i64,
    /// First instant after it; `i64::MAX` of [`Rule::Total`].
    pub end_ms: i64,
}

impl Window {
    /// The one window of [`Rule::Total`], and of a balance.
    pub const TOTAL: Self = Self { start_ms: 0, end_ms: i64::MAX };
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Total];

    /// Its name, as written and stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The rule of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// The window that `at_ms` (unix milliseconds) lies in, by the calendar of `zone`: windows begin with
    /// the first instant of a date, however long the day is. Beyond the years that calendars reach
    /// (-9999 to 9999) everything is one window.
    #[must_use]
    pub fn window(self, zone: &TimeZone, at_ms: i64) -> Window {
        if self == Self::Total {
            return Window::TOTAL;
        }
        self.around(zone, at_ms).unwrap_or(Window::TOTAL)
    }

    fn around(self, zone: &TimeZone, at_ms: i64) -> Option<Window> {
        let at = Timestamp::from_millisecond(at_ms).ok()?;
        let mut date = self.first(zone.to_datetime(at).date())?;
        let mut start_ms = starts_ms(zone, date)?;
        loop {
            date = self.next(date)?;
            let end_ms = starts_ms(zone, date)?;
            // Where a clock set back at midnight makes a date come twice, it begins with the first time.
            if at_ms < end_ms {
                return Some(Window { start_ms, end_ms });
            }
            start_ms = end_ms;
        }
    }

    /// The date that a date's window begins with.
    fn first(self, date: Date) -> Option<Date> {
        match self {
            Self::Week => {
                let days = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(days.days()).ok()
            }
            Self::Month => Some(date.first_of_month()),
            Self::Day | Self::Total => Some(date),
        }
    }

    /// The first date of the next window.
    fn next(self, first: Date) -> Option<Date> {
        let span = match self {
            Self::Week => 7.days(),
            Self::Month => 1.month(),
            Self::Day | Self::Total => 1.day(),
        };
        first.checked_add(span).ok()
    }
}

/// The first instant of a date: midnight, or what comes instead of it where clocks are put forward then.
fn starts_ms(zone: &TimeZone, date: Date) -> Option<i64> {
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}
