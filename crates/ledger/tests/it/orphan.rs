//! What is billed for a request that was never settled.

use crate::samples;
use ledger::orphan::ERROR_INTERRUPTED;
use ledger::{NanoUsd, Price, Rates, Sent, Usage, UsageOrigin, settle_unfinished};

fn price(version: &str) -> Price {
    Price {
        version: version.to_owned(),
        from_ms: 0,
        source: String::new(),
        base: Rates { input: 150_000_000, output: 600_000_000, ..Rates::default() },
        context_tiers: vec![],
        hours: vec![],
        per_request: 0,
    }
}

#[test]
fn the_input_bound_is_billed_and_marked_as_an_estimate() {
    let (sent, price) = (samples::sent(), price("deepseek/deepseek-flash@2026-10-01"));
    let line = settle_unfinished(&sent, sent.entry.started_ms + 90_000, Some(&price));
    assert_eq!(line.usage, Usage { in_uncached: 40_000, ..Usage::default() });
    assert_eq!(line.usage_origin, UsageOrigin::Estimated);
    assert_eq!((line.status, line.error), (0, ERROR_INTERRUPTED));
    assert_eq!(line.cost, Some(NanoUsd(6_000_000)));
    assert_eq!(line.price_version, "deepseek/deepseek-flash@2026-10-01");
    assert_eq!(line.latency_ms, 90_000);
    assert_eq!((line.request, line.key), (sent.entry.request, sent.entry.key));
}

#[test]
fn without_the_price_the_line_is_unpriced_and_keeps_its_version() {
    let sent = samples::sent();
    let line = settle_unfinished(&sent, sent.entry.started_ms - 5, None);
    assert_eq!(line.cost, None);
    assert_eq!(line.price_version, sent.entry.price_version);
    assert_eq!(line.latency_ms, 0, "a clock set back gives no negative time");
}

#[test]
fn the_version_named_is_the_version_billed() {
    let (sent, price) = (samples::sent(), price("deepseek/deepseek-flash@2026-12-01"));
    let line = settle_unfinished(&sent, i64::MAX, Some(&price));
    assert_eq!(line.price_version, price.version);
    assert_eq!(line.latency_ms, u32::MAX);
}

#[test]
fn reported_input_goes_before_the_bound() {
    let mut sent: Sent<'_> = samples::sent();
    sent.entry.usage.cache_read = 9_000;
    let line = settle_unfinished(&sent, 0, None);
    assert_eq!(line.usage, Usage { cache_read: 9_000, ..Usage::default() });
}
