//! Windows of budgets, by table.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ledger::window::{Rule, Window};
use proptest::prelude::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone of the database")
}

/// Unix milliseconds of a UTC time.
fn utc(text: &str) -> i64 {
    let time: DateTime = text.parse().expect("a time");
    time.to_zoned(TimeZone::UTC).expect("in range").timestamp().as_millisecond()
}

const HOUR_MS: i64 = 3_600_000;

#[test]
fn windows_begin_and_end_by_the_calendar_of_their_zone() {
    // Rule, zone, instant, start and end in UTC.
    let table = [
        (Rule::Day, "UTC", "2026-11-21T16:00", "2026-11-21T00:00", "2026-11-22T00:00"),
        (Rule::Day, "UTC", "2026-11-21T00:00", "2026-11-21T00:00", "2026-11-22T00:00"),
        (Rule::Day, "Asia/Kolkata", "2026-11-21T18:29:59.999", "2026-11-20T18:30", "2026-11-21T18:30"),
        (Rule::Day, "Asia/Kolkata", "2026-11-21T18:30", "2026-11-21T18:30", "2026-11-22T18:30"),
        // Clocks are put forward: 23 hours. And back: 25.
        (Rule::Day, "Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        (Rule::Day, "Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        // Both hours of 02:30 are one day's.
        (Rule::Day, "Europe/Berlin", "2026-10-25T00:30", "2026-10-24T22:00", "2026-10-25T23:00"),
        (Rule::Day, "Europe/Berlin", "2026-10-25T01:30", "2026-10-24T22:00", "2026-10-25T23:00"),
        (Rule::Week, "Europe/Berlin", "2026-10-25T12:00", "2026-10-18T22:00", "2026-10-25T23:00"),
        (Rule::Month, "America/New_York", "2026-11-01T03:59", "2026-10-01T04:00", "2026-11-01T04:00"),
        (Rule::Month, "America/New_York", "2026-11-01T04:00", "2026-11-01T04:00", "2026-12-01T05:00"),
        // Half an hour of daylight saving.
        (Rule::Day, "Australia/Lord_Howe", "2026-10-04T00:00", "2026-10-03T13:30", "2026-10-04T13:00"),
        // Midnight does not exist: the day begins at one.
        (Rule::Day, "America/Sao_Paulo", "2018-11-04T12:00", "2018-11-04T03:00", "2018-11-05T02:00"),
        (Rule::Day, "America/Sao_Paulo", "2018-11-04T02:59", "2018-11-03T03:00", "2018-11-04T03:00"),
        // The clock went from a minute past midnight back to the day before: that day does not come again.
        (Rule::Day, "America/St_Johns", "2006-10-29T02:29", "2006-10-28T02:30", "2006-10-29T02:30"),
        (Rule::Day, "America/St_Johns", "2006-10-29T02:45", "2006-10-29T02:30", "2006-10-30T03:30"),
        // A day that did not exist.
        (Rule::Day, "Pacific/Apia", "2011-12-30T09:59", "2011-12-29T10:00", "2011-12-30T10:00"),
        (Rule::Day, "Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00", "2011-12-31T10:00"),
        // Monday is first; weeks cross months and years.
        (Rule::Week, "UTC", "2026-11-22T23:59", "2026-11-16T00:00", "2026-11-23T00:00"),
        (Rule::Week, "UTC", "2026-11-23T00:00", "2026-11-23T00:00", "2026-11-30T00:00"),
        (Rule::Week, "UTC", "2027-01-01T00:00", "2026-12-28T00:00", "2027-01-04T00:00"),
        // Month ends, leap days, years that are none.
        (Rule::Month, "UTC", "2027-01-31T23:59", "2027-01-01T00:00", "2027-02-01T00:00"),
        (Rule::Month, "UTC", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        (Rule::Day, "UTC", "2028-02-29T12:00", "2028-02-29T00:00", "2028-03-01T00:00"),
        (Rule::Month, "UTC", "2100-02-28T12:00", "2100-02-01T00:00", "2100-03-01T00:00"),
        (Rule::Month, "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
    ];
    for (rule, name, at, start, end) in table {
        let window = rule.window(&zone(name), utc(at));
        assert_eq!(window, Window { start_ms: utc(start), end_ms: utc(end) }, "{rule:?} {name} {at}");
    }
}

#[test]
fn the_total_is_one_window() {
    for at_ms in [0, -1, utc("2026-11-21T16:00"), i64::MAX, i64::MIN] {
        assert_eq!(Rule::Total.window(&zone("Europe/Berlin"), at_ms), Window::TOTAL);
    }
    assert_eq!(Rule::Day.window(&TimeZone::UTC, i64::MAX), Window::TOTAL, "no calendar reaches there");
}

/// A clock that is set back an hour falls back into the window it came from, and meets its row again:
/// nothing is reset, nothing is counted twice.
#[test]
fn a_clock_stepped_back_meets_the_same_windows() {
    let zone = zone("America/New_York");
    let midnight = utc("2026-11-21T05:00");
    let (before, after) =
        (Rule::Day.window(&zone, midnight - 1), Rule::Day.window(&zone, midnight + HOUR_MS / 2));
    assert_eq!(before.end_ms, after.start_ms);
    assert_eq!(Rule::Day.window(&zone, midnight - HOUR_MS / 2), before);
    assert_eq!(Rule::Day.window(&zone, midnight + HOUR_MS / 2), after);
}

#[test]
fn names() {
    for rule in Rule::ALL {
        assert_eq!(Rule::named(rule.name()), Some(rule));
    }
    assert_eq!(Rule::named("year"), None);
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Antarctica/Troll",
];

proptest! {
    /// Each instant lies in its window, windows lie end to start, and their lengths are a calendar's.
    #[test]
    fn windows_tile_time(name in proptest::sample::select(&ZONES[..]), at_ms in -2_000_000_000_000..4_000_000_000_000_i64) {
        let zone = zone(name);
        for (rule, shortest, longest) in [(Rule::Day, 22, 26), (Rule::Week, 6 * 24, 8 * 24), (Rule::Month, 27 * 24, 32 * 24)] {
            let window = rule.window(&zone, at_ms);
            prop_assert!(window.start_ms <= at_ms && at_ms < window.end_ms);
            prop_assert_eq!(rule.window(&zone, window.start_ms), window);
            prop_assert_eq!(rule.window(&zone, window.end_ms - 1), window);
            prop_assert_eq!(rule.window(&zone, window.end_ms).start_ms, window.end_ms);
            prop_assert_eq!(rule.window(&zone, window.start_ms - 1).end_ms, window.start_ms);
            let hours = (window.end_ms - window.start_ms) / HOUR_MS;
            prop_assert!((shortest..=longest).contains(&hours) || name == "Pacific/Apia", "{} hours", hours);
        }
        let (day, week) = (Rule::Day.window(&zone, at_ms), Rule::Week.window(&zone, at_ms));
        prop_assert!(week.start_ms <= day.start_ms && day.end_ms <= week.end_ms);
    }
}
