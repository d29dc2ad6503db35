//! Prices by table: hours, context tiers, cache classes, dates.

use ledger::{Hours, MoneyError, NanoUsd, Price, PriceList, Rates, Usage, rate_from_usd};

/// Monday 2026-11-16, 00:00 UTC.
const MONDAY_MS: i64 = 1_794_787_200_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

fn usd(text: &str) -> u64 {
    rate_from_usd(text).expect("a price")
}

fn rates(input: &str, cache_read: &str, output: &str) -> Rates {
    Rates { input: usd(input), output: usd(output), cache_read: Some(usd(cache_read)), ..Rates::default() }
}

fn price(base: Rates) -> Price {
    Price {
        version: "test/model@2026-10-01".to_owned(),
        from_ms: 0,
        source: "tests".to_owned(),
        base,
        context_tiers: vec![],
        hours: vec![],
        per_request: 0,
    }
}

/// DeepSeek flash: base is off-peak, double from Monday to Friday 01-04 and 06-10 UTC.
fn deepseek_flash() -> Price {
    let peak = rates("0.30", "0.006", "1.20");
    let hours = |from: u16, to: u16| Hours {
        weekdays: vec![1, 2, 3, 4, 5],
        from_minute: from * 60,
        to_minute: to * 60,
        // The next Tuesday is a holiday.
        except_days: vec![MONDAY_MS / DAY_MS + 8],
    };
    Price { hours: vec![(hours(1, 4), peak), (hours(6, 10), peak)], ..price(rates("0.15", "0.003", "0.60")) }
}

#[test]
fn rates_are_read_exactly() {
    assert_eq!(rate_from_usd("0.50"), Ok(500_000_000));
    assert_eq!(rate_from_usd("0.003"), Ok(3_000_000));
    assert_eq!(rate_from_usd("0"), Ok(0));
    assert_eq!(rate_from_usd("-0.1"), Err(MoneyError::Negative));
    assert_eq!(rate_from_usd("0.0000000001"), Err(MoneyError::TooManyPlaces));
    assert_eq!(rate_from_usd("1e-7"), Err(MoneyError::Exponent));
}

#[test]
fn deepseek_is_dearer_in_its_peak_hours() {
    let flash = deepseek_flash();
    let usage = Usage {
        in_uncached: 1_000_000,
        cache_read: 1_000_000,
        out_text: 500_000,
        out_reasoning: 500_000,
        ..Usage::default()
    };
    let (off_peak, peak) = (NanoUsd(753_000_000), NanoUsd(1_506_000_000));
    for (day, minute, expected) in [
        (0, 0, off_peak),
        (0, 59, off_peak),
        (0, 60, peak),
        (0, 239, peak),
        (0, 240, off_peak),
        (0, 359, off_peak),
        (0, 360, peak),
        (0, 599, peak),
        (0, 600, off_peak),
        (0, 1_439, off_peak),
        (4, 60, peak),      // Friday
        (4, 599, peak),     // Friday
        (5, 60, off_peak),  // Saturday
        (6, 400, off_peak), // Sunday
        (7, 400, peak),     // the next Monday
        (8, 400, off_peak), // the next Tuesday, a holiday
        (9, 400, peak),
        (-1, 400, off_peak),
    ] {
        let at_ms = MONDAY_MS + day * DAY_MS + minute * MINUTE_MS;
        assert_eq!(flash.cost(&usage, at_ms), expected, "day {day} minute {minute}");
        assert_eq!(flash.cost(&usage, at_ms + MINUTE_MS - 1), expected, "its last millisecond");
    }
}

#[test]
fn weekdays_are_right_before_and_after_the_epoch() {
    let on = |day| Hours { weekdays: vec![day], from_minute: 0, to_minute: 1_440, except_days: vec![] };
    for (at_ms, weekday) in [
        (0, 4),                     // Thursday 1970-01-01
        (-1, 3),                    // Wednesday
        (-DAY_MS - 1, 2),           // Tuesday
        (951_782_400_000, 2),       // Tuesday 2000-02-29
        (MONDAY_MS, 1),             // Monday
        (MONDAY_MS - 1, 7),         // Sunday
        (4_107_542_400_000 - 1, 7), // Sunday 2100-02-28
    ] {
        let days: Vec<u8> = (1..=7).filter(|day| on(*day).hold_at(at_ms)).collect();
        assert_eq!(days, [weekday], "{at_ms}");
    }
    for at_ms in [i64::MIN, i64::MAX] {
        assert_eq!((1..=7).filter(|day| on(*day).hold_at(at_ms)).count(), 1);
    }
    let never = Hours { weekdays: vec![1], from_minute: 600, to_minute: 600, except_days: vec![] };
    assert!(!never.hold_at(MONDAY_MS + 600 * MINUTE_MS));
}

#[test]
fn above_200k_the_whole_request_costs_more() {
    let tiered = Price {
        context_tiers: vec![(200_000, rates("6", "0.60", "22.50"))],
        ..price(rates("3", "0.30", "15"))
    };
    let usage =
        |in_uncached, cache_read| Usage { in_uncached, cache_read, out_text: 1_000, ..Usage::default() };
    assert_eq!(tiered.cost(&usage(100_000, 100_000), 0), NanoUsd(345_000_000));
    assert_eq!(tiered.cost(&usage(100_001, 100_000), 0), NanoUsd(682_506_000));
    assert_eq!(tiered.dearest_input(), usd("6"));
    assert_eq!(tiered.dearest_output(), usd("22.5"));
}

#[test]
fn the_highest_exceeded_tier_wins_and_goes_before_hours() {
    let tiers = vec![(32_000, rates("2", "2", "2")), (128_000, rates("3", "3", "3"))];
    let flash = Price { context_tiers: tiers, ..deepseek_flash() };
    let peak_ms = MONDAY_MS + 90 * MINUTE_MS;
    for (tokens, at_ms, input) in [
        (32_000, peak_ms, "0.30"),
        (32_000, MONDAY_MS, "0.15"),
        (32_001, peak_ms, "2"),
        (128_000, MONDAY_MS, "2"),
        (128_001, peak_ms, "3"),
        (u64::MAX, peak_ms, "3"),
    ] {
        assert_eq!(flash.rates_for(tokens, at_ms).input, usd(input), "{tokens}");
    }
}

#[test]
fn cache_writes_and_audio_have_their_own_rates() {
    let model = price(Rates {
        input: usd("3"),
        output: usd("15"),
        cache_read: Some(usd("0.30")),
        cache_write_5m: Some(usd("3.75")),
        cache_write_1h: Some(usd("6")),
        in_audio: Some(usd("32")),
        out_audio: Some(usd("64")),
        ..Rates::default()
    });
    let million = 1_000_000;
    for (usage, usd_text) in [
        (Usage { cache_write_5m: million, ..Usage::default() }, "3.75"),
        (Usage { cache_write_1h: million, ..Usage::default() }, "6"),
        (Usage { in_audio: million, ..Usage::default() }, "32"),
        (Usage { out_audio: million, ..Usage::default() }, "64"),
        (Usage { in_image: million, ..Usage::default() }, "3"),
        (Usage { out_reasoning: million, ..Usage::default() }, "15"),
        (Usage { cache_read: 1, ..Usage::default() }, "0.0000003"),
        (Usage::default(), "0"),
    ] {
        assert_eq!(model.cost(&usage, 0).to_decimal(), usd_text, "{usage:?}");
    }
    assert_eq!((model.dearest_input(), model.dearest_output()), (usd("32"), usd("64")));
}

#[test]
fn untold_classes_fall_back_and_are_never_free() {
    let plain = Rates { input: 2, output: 5, ..Rates::default() };
    assert_eq!(plain.by_class(), [2, 2, 2, 2, 2, 2, 5, 5, 5, 0]);
    let with_write = Rates { cache_write_5m: Some(3), ..plain };
    assert_eq!(with_write.by_class(), [2, 2, 3, 3, 2, 2, 5, 5, 5, 0]);
}

#[test]
fn one_rounding_up_per_line_and_a_price_per_request() {
    let tiny = Price { per_request: 7, ..price(Rates { input: 1, output: 1, ..Rates::default() }) };
    let one_each = Usage { in_uncached: 1, out_text: 1, ..Usage::default() };
    assert_eq!(tiny.cost(&one_each, 0), NanoUsd(8));
    assert_eq!(tiny.cost(&Usage::default(), 0), NanoUsd(7));
    let all = Usage { in_uncached: u64::MAX, out_text: u64::MAX, ..Usage::default() };
    assert_eq!(
        price(Rates { input: u64::MAX, output: u64::MAX, ..Rates::default() }).cost(&all, 0),
        NanoUsd::MAX
    );
}

#[test]
fn a_list_answers_with_the_version_of_the_day() {
    let from =
        |from_ms, version: &str| Price { from_ms, version: version.to_owned(), ..price(Rates::default()) };
    let list = PriceList(vec![from(100, "a"), from(200, "b"), from(300, "c")]);
    let at = |ms| list.at(ms).map(|price| price.version.as_str());
    assert_eq!(at(99), None);
    assert_eq!((at(100), at(199), at(200)), (Some("a"), Some("a"), Some("b")));
    assert_eq!(at(i64::MAX), Some("c"));
    assert_eq!(list.by_version("b").map(|price| price.from_ms), Some(200));
    assert_eq!(list.by_version("d"), None);
}
