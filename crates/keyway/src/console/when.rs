//! Times for people: near ones by their distance, others by their day, in the person's time zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Now, and where somebody is.
pub struct When {
    /// Unix milliseconds.
    pub now_ms: i64,
    zone: TimeZone,
}

impl When {
    /// Now, in a time zone by its IANA name; UTC where there is none of that name.
    #[must_use]
    pub fn new(now_ms: i64, zone: &str) -> Self {
        Self { now_ms, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    /// Day and minute, with the zone.
    #[must_use]
    pub fn full(&self, at_ms: i64) -> String {
        self.text(at_ms, "%-d %b %Y, %H:%M %Z")
    }

    /// The day.
    #[must_use]
    pub fn day(&self, at_ms: i64) -> String {
        self.text(at_ms, "%-d %b %Y")
    }

    /// The day, as fields of forms have it.
    #[must_use]
    pub fn date(&self, at_ms: i64) -> String {
        self.text(at_ms, "%F")
    }

    /// The first instant of such a day, unix milliseconds; `None` for what is no day.
    #[must_use]
    pub fn begins_ms(&self, day: &str) -> Option<i64> {
        let day: Date = day.parse().ok()?;
        Some(day.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond())
    }

    fn text(&self, at_ms: i64, format: &str) -> String {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}

/// A time for machines (RFC 3339).
#[must_use]
pub fn exactly(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string()
}

/// How far a time is from now, either way.
#[must_use]
pub fn ago(now_ms: i64, at_ms: i64) -> String {
    let (distance, ahead) = ((now_ms - at_ms).abs(), at_ms > now_ms);
    let (unit_ms, unit) = match distance {
        0..MINUTE_MS => return if ahead { "in a moment" } else { "just now" }.to_owned(),
        MINUTE_MS..HOUR_MS => (MINUTE_MS, "min"),
        HOUR_MS..DAY_MS => (HOUR_MS, "h"),
        _ => (DAY_MS, "days"),
    };
    // What is a moment short of ninety days ahead is in ninety days.
    let count = (distance + if ahead { unit_ms / 2 } else { 0 }) / unit_ms;
    let unit = if unit == "days" && count == 1 { "day" } else { unit };
    if ahead { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_times_by_distance_and_days_by_zone() {
        for (at_ms, text) in [
            (0, "just now"),
            (-59_000, "just now"),
            (-61_000, "1 min ago"),
            (5 * HOUR_MS, "in 5 h"),
            (-DAY_MS, "1 day ago"),
            (90 * DAY_MS - 5_000, "in 90 days"),
        ] {
            assert_eq!(ago(0, at_ms), text);
        }
        // 2026-01-31 23:30 UTC is the next day in Berlin.
        let at_ms = 1_769_902_200_000;
        assert_eq!(exactly(at_ms), "2026-01-31T23:30:00Z");
        assert_eq!(When::new(0, "Europe/Berlin").day(at_ms), "1 Feb 2026");
        let berlin = When::new(0, "Europe/Berlin");
        assert_eq!(
            (berlin.date(at_ms).as_str(), berlin.begins_ms("2026-02-01")),
            ("2026-02-01", Some(at_ms - HOUR_MS / 2))
        );
        assert_eq!(berlin.begins_ms("soon"), None);
        assert_eq!(When::new(0, "no such zone").full(at_ms), "31 Jan 2026, 23:30 UTC");
    }
}
