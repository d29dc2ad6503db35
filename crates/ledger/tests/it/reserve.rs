//! What is reserved of a request, and when it is extended.

use ledger::price::Media;
use ledger::reserve::{MARKUP_WHOLE, Markup, Mode, Quote, SLICE_TOKENS, Size, Unbounded};
use ledger::{Hours, NanoUsd, Price, Rates, Usage};
use proptest::prelude::*;

/// One nano-USD per token of prompt, three per token of answer.
fn price() -> Price {
    let base = Rates { input: 1_000_000, output: 3_000_000, ..Rates::default() };
    Price {
        version: String::new(),
        from_ms: 0,
        source: String::new(),
        base,
        context_tiers: vec![(1_000, Rates { input: 2_000_000, output: 6_000_000, ..Rates::default() })],
        hours: vec![],
        per_request: 7,
    }
}

fn quote(size: Size, mode: Mode) -> Quote {
    Quote::new(&price(), 0, size, mode, Markup(0)).expect("bounded")
}

const SIZE: Size =
    Size { input_tokens_max: 100, output_cap: Some(64_000), answers: 1, media: Media::ANY, units_max: 0 };

#[test]
fn the_prompt_and_one_slice_come_first() {
    let sliding = quote(SIZE, Mode::Sliding);
    assert_eq!(sliding.first(), SLICE_TOKENS);
    assert_eq!(sliding.amount(sliding.first()), NanoUsd(7 + 100 + 3 * 1_024));
    let full = quote(SIZE, Mode::Full);
    assert_eq!(full.amount(full.first()), NanoUsd(7 + 100 + 3 * 64_000));
    let short = Size { output_cap: Some(50), ..SIZE };
    assert_eq!(quote(short, Mode::Sliding).first(), 50, "no more than there can be");
    let several = Size { answers: 4, ..SIZE };
    assert_eq!(quote(several, Mode::Sliding).first(), 4 * SLICE_TOKENS);
    assert_eq!(quote(several, Mode::Full).first(), 4 * 64_000);
}

#[test]
fn units_are_reserved_with_the_prompt() {
    // 15 dollars per million characters.
    let speech = Price { base: Rates { unit: Some(15_000_000_000), ..Rates::default() }, ..price() };
    let size =
        Size { input_tokens_max: 0, output_cap: Some(0), answers: 1, media: Media::ANY, units_max: 1_000 };
    let quote = Quote::new(&speech, 0, size, Mode::Full, Markup(0)).expect("bounded");
    assert_eq!(quote.amount(quote.first()), NanoUsd(15_000_000 + 7));
    let used = |units| Usage { units, ..Usage::default() };
    assert_eq!(speech.cost(&used(1_000), 0), quote.amount(0));
    assert!(speech.covers(&used(1)) && !price().covers(&used(1)) && price().covers(&used(0)));
}

#[test]
fn only_prices_that_can_apply_count() {
    let long = quote(Size { input_tokens_max: 1_001, ..SIZE }, Mode::Sliding);
    assert_eq!(long.amount(10), NanoUsd(7 + 2 * 1_001 + 60), "it may reach the tier");
    let dear = Rates { input: 9_000_000, output: 9_000_000, ..Rates::default() };
    let hours = Hours { weekdays: vec![4], from_minute: 0, to_minute: 60, except_days: vec![] };
    let price = Price { hours: vec![(hours, dear)], ..price() };
    let at = |at_ms| Quote::new(&price, at_ms, SIZE, Mode::Sliding, Markup(0)).expect("bounded");
    assert_eq!(at(0).amount(1), NanoUsd(7 + 900 + 9));
    assert_eq!(at(3_600_000).amount(1), NanoUsd(7 + 100 + 3));
}

#[test]
fn it_is_extended_when_less_than_half_a_slice_is_ahead() {
    let quote = quote(SIZE, Mode::Sliding);
    assert_eq!(quote.next(0, 1_024), None);
    assert_eq!(quote.next(512, 1_024), None);
    assert_eq!(quote.next(513, 1_024), Some(2_048));
    assert_eq!(quote.next(1_024, 1_024), Some(2_048));
    assert_eq!(quote.next(5_000, 1_024), Some(6_024), "much came at once");
    assert_eq!(quote.next(63_900, 63_950), Some(64_000));
    assert_eq!(quote.next(64_000, 64_000), None, "all is covered there can be");
    let unbounded = self::quote(Size { output_cap: None, ..SIZE }, Mode::Sliding);
    assert_eq!(unbounded.next(1_000_000, 1_000_000), Some(1_001_024));
    assert_eq!(self::quote(SIZE, Mode::Full).next(64_000, 64_000), None);
}

#[test]
fn what_nothing_bounds_has_no_worst_case() {
    let size = Size { output_cap: None, ..SIZE };
    assert_eq!(Quote::new(&price(), 0, size, Mode::Full, Markup(0)), Err(Unbounded));
}

#[test]
fn a_markup_is_rounded_up() {
    assert_eq!(Markup(0).sell(NanoUsd(10)), NanoUsd(10));
    assert_eq!(Markup(250_000).sell(NanoUsd(10)), NanoUsd(13), "12.5");
    assert_eq!(Markup(MARKUP_WHOLE).sell(NanoUsd(10)), NanoUsd(20));
    assert_eq!(Markup(1).sell(NanoUsd(1)), NanoUsd(2));
    assert_eq!(Markup(u32::MAX).sell(NanoUsd::MAX), NanoUsd::MAX);
    assert_eq!(Markup(5).sell(NanoUsd(0)), NanoUsd(0));
}

#[test]
fn what_can_be_afforded() {
    let quote = quote(SIZE, Mode::Sliding);
    assert_eq!(quote.affordable(NanoUsd(106)), None, "not even the prompt");
    assert_eq!(quote.affordable(NanoUsd(107)), Some(0));
    assert_eq!(quote.affordable(NanoUsd(107 + 299)), Some(99));
    assert_eq!(quote.affordable(NanoUsd::MAX), Some(64_000));
}

proptest! {
    /// What is reserved covers what can be used, at every price, markup and time.
    #[test]
    fn a_request_within_its_bounds_costs_no_more_than_it_reserves(
        rates in any::<[[u32; 5]; 3]>(), per_request in 0..1_000_000_u64, at_ms in 0..10_000_000_000_i64,
        bound in 0..100_000_u64, cap in 1..100_000_u64, share in any::<[u8; 6]>(), markup in 0..5_000_000_u32,
    ) {
        let of = |row: [u32; 5]| Rates {
            input: row[0].into(), output: row[1].into(), cache_read: Some(row[2].into()),
            cache_write_1h: Some(row[3].into()), reasoning: Some(row[4].into()), ..Rates::default()
        };
        let hours = Hours { weekdays: vec![1, 3, 4, 5], from_minute: 100, to_minute: 900, except_days: vec![] };
        let price = Price {
            base: of(rates[0]), context_tiers: vec![(bound / 2, of(rates[1]))], hours: vec![(hours, of(rates[2]))],
            per_request, ..price()
        };
        let size = Size { input_tokens_max: bound, output_cap: Some(cap), answers: 1, media: Media::ANY, units_max: 0 };
        let quote = Quote::new(&price, at_ms, size, Mode::Full, Markup(markup)).expect("bounded");
        let part = |of: u64, share: u8| of * u64::from(share) / 255;
        let read = part(bound, share[0]);
        let written = part(bound - read, share[1]);
        let reasoning = part(cap, share[2]);
        let usage = Usage {
            in_uncached: part(bound - read - written, share[3]), cache_read: read, cache_write_1h: written,
            out_reasoning: reasoning, out_text: part(cap - reasoning, share[4]), ..Usage::default()
        };
        let sold = Markup(markup).sell(price.cost(&usage, at_ms));
        prop_assert!(sold <= quote.amount(usage.output()));
        prop_assert!(sold <= quote.amount(quote.first()));
        let amount = NanoUsd(quote.amount(0).0 + i64::from(share[5]) * 1_000);
        if let Some(tokens) = quote.affordable(amount) {
            prop_assert!(quote.amount(tokens) <= amount);
            prop_assert!(tokens == cap || quote.amount(tokens + 1) > amount);
        }
    }
}
