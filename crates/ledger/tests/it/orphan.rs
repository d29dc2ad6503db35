//! What is billed for a request that was never settled.

use crate::samples;
use ledger::orphan::ERROR_INTERRUPTED;
use ledger::{
    AccountKind, NanoUsd, Price, Progress, Rates, Reserved, Sent, Spend, Usage, UsageOrigin,
    settle_unfinished,
};

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
    let line = settle_unfinished(&sent, None, sent.entry.started_ms + 90_000, Some(&price)).entry;
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
    let line = settle_unfinished(&sent, None, sent.entry.started_ms - 5, None).entry;
    assert_eq!(line.cost, None);
    assert_eq!(line.price_version, sent.entry.price_version);
    assert_eq!(line.latency_ms, 0, "a clock set back gives no negative time");
}

#[test]
fn the_version_named_is_the_version_billed() {
    let (sent, price) = (samples::sent(), price("deepseek/deepseek-flash@2026-12-01"));
    let line = settle_unfinished(&sent, None, i64::MAX, Some(&price)).entry;
    assert_eq!(line.price_version, price.version);
    assert_eq!(line.latency_ms, u32::MAX);
}

#[test]
fn reported_input_goes_before_the_bound() {
    let mut sent: Sent<'_> = samples::sent();
    sent.entry.usage.cache_read = 9_000;
    let line = settle_unfinished(&sent, None, 0, None).entry;
    assert_eq!(line.usage, Usage { cache_read: 9_000, ..Usage::default() });
}

/// A request under a budget: it reserved 10,000,000 for 40,000 bytes of prompt.
fn reserved() -> Sent<'static> {
    let mut sent = samples::sent();
    sent.entry.spend.accounts = vec![samples::account(1, AccountKind::Budget)];
    sent.reserved = Reserved { amount: NanoUsd(10_000_000), markup: 0 };
    sent
}

#[test]
fn what_was_seen_is_charged_and_the_rest_is_held() {
    let (sent, price) = (reserved(), price("p"));
    let settled = settle_unfinished(&sent, None, 0, Some(&price));
    let accounts = sent.entry.spend.accounts.clone();
    let charge = NanoUsd(6_000_000);
    assert_eq!(settled.entry.spend, Spend { charge, absorbed: NanoUsd(0), accounts });
    assert_eq!(settled.hold, NanoUsd(4_000_000));
    // One step more than was counted, of what was reserved by then.
    let progress = Progress { request: [7; 16], output_tokens: 1_000, reserved: NanoUsd(11_000_000) };
    let settled = settle_unfinished(&sent, Some(&progress), 0, Some(&price));
    assert_eq!(settled.entry.usage.out_text, 1_256);
    assert_eq!(settled.entry.spend.charge, NanoUsd(6_000_000 + 753_600));
    assert_eq!(settled.hold, NanoUsd(11_000_000 - 6_753_600));
}

#[test]
fn nobody_is_charged_more_than_was_reserved() {
    let mut sent = reserved();
    sent.reserved = Reserved { amount: NanoUsd(5_000_000), markup: 500_000 };
    let price = price("p");
    let settled = settle_unfinished(&sent, None, 0, Some(&price));
    assert_eq!(settled.entry.sell, Some(NanoUsd(9_000_000)), "cost and half of it more");
    assert_eq!(settled.entry.spend.charge, NanoUsd(5_000_000));
    assert_eq!(settled.entry.spend.absorbed, NanoUsd(4_000_000));
    assert_eq!(settled.hold, NanoUsd(0));
}

#[test]
fn without_a_price_all_of_it_is_held() {
    let settled = settle_unfinished(&reserved(), None, 0, None);
    assert_eq!((settled.entry.spend.charge, settled.hold), (NanoUsd(0), NanoUsd(10_000_000)));
}
