//! Laws every price obeys.

use crate::samples;
use ledger::{Hours, Price, Rates, Usage};
use proptest::prelude::*;

/// Rates of at least `floor` each, up to a thousand USD per million tokens.
fn any_rates(floor: u64) -> impl Strategy<Value = Rates> {
    let rate = move || prop_oneof![floor..floor + 10, floor..1_000_000_000_000];
    let option = move || proptest::option::of(rate());
    (rate(), rate(), (option(), option(), option(), option(), option(), option(), option(), option()))
        .prop_map(|(input, output, o)| Rates {
            input,
            output,
            cache_read: o.0,
            cache_write_5m: o.1,
            cache_write_1h: o.2,
            reasoning: o.3,
            in_audio: o.4,
            in_image: o.5,
            out_audio: o.6,
            unit: o.7,
        })
}

/// A price whose hours and tier are dearer than its base, as published ones are.
fn any_price() -> impl Strategy<Value = Price> {
    let (base, dearer) = (any_rates(1), any_rates(1));
    (base, dearer, 0..300_000_u64, 0..1_440_u16, 0..=1_440_u16, 0..1_000_u64).prop_map(
        |(base, other, above, from_minute, to_minute, per_request)| {
            let plus = |a: &Rates, b: &Rates| {
                let (a, b) = (a.by_class(), b.by_class());
                let [input, read, w5m, w1h, audio, image, output, reasoning, out_audio, unit] =
                    std::array::from_fn(|i| a[i] + b[i]);
                Rates {
                    input,
                    output,
                    cache_read: Some(read),
                    cache_write_5m: Some(w5m),
                    cache_write_1h: Some(w1h),
                    reasoning: Some(reasoning),
                    in_audio: Some(audio),
                    in_image: Some(image),
                    out_audio: Some(out_audio),
                    unit: Some(unit),
                }
            };
            let dear = plus(&base, &other);
            let hours = Hours { weekdays: vec![1, 2, 3], from_minute, to_minute, except_days: vec![] };
            Price {
                version: "any@1".to_owned(),
                from_ms: 0,
                source: String::new(),
                base,
                context_tiers: vec![(above, plus(&dear, &other))],
                hours: vec![(hours, dear)],
                per_request,
            }
        },
    )
}

/// Usage small enough that sums of hundreds of lines stay in range.
fn small_usage() -> impl Strategy<Value = Usage> {
    any::<[u32; 10]>().prop_map(|tokens| from_classes(tokens.map(|t| u64::from(t % 1_000_000))))
}

fn from_classes(tokens: [u64; 10]) -> Usage {
    let [
        in_uncached,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        in_audio,
        in_image,
        out_text,
        out_reasoning,
        out_audio,
        units,
    ] = tokens;
    Usage {
        in_uncached,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        in_audio,
        in_image,
        out_text,
        out_reasoning,
        out_audio,
        units,
    }
}

/// The exact cost in 10^-6 nano-USD.
fn exact(price: &Price, usage: &Usage, at_ms: i64) -> i128 {
    let rates = price.rates_for(usage.input(), at_ms).by_class();
    let tokens = usage.by_class();
    let parts: i128 = (0..10).map(|i| i128::from(tokens[i]) * i128::from(rates[i])).sum();
    parts + i128::from(price.per_request) * 1_000_000
}

fn flat(price: Price) -> Price {
    Price { context_tiers: vec![], ..price }
}

proptest! {
    #[test]
    fn cost_rises_with_every_class(
        price in any_price(),
        usage in samples::any_usage(),
        class in 0..10_usize,
        more in any::<u64>(),
        at_ms in any::<i64>(),
    ) {
        let mut tokens = usage.by_class();
        tokens[class] = tokens[class].saturating_add(more);
        prop_assert!(price.cost(&from_classes(tokens), at_ms) >= price.cost(&usage, at_ms));
    }

    #[test]
    fn cost_is_never_negative_and_never_zero_for_something(
        price in any_price(),
        usage in samples::any_usage(),
        at_ms in any::<i64>(),
    ) {
        let cost = price.cost(&usage, at_ms).0;
        prop_assert!(cost >= 0);
        prop_assert!(cost > 0 || usage == Usage::default() || !price.covers(&usage));
    }

    #[test]
    fn the_split_over_classes_of_one_rate_does_not_matter(
        input in 0..1_000_000_000_000_u64,
        output in 0..1_000_000_000_000_u64,
        price in any_price(),
        usage in small_usage(),
    ) {
        let price = Price { base: Rates { input, output, ..Rates::default() }, hours: vec![], ..flat(price) };
        let usage = Usage { units: 0, ..usage };
        let merged = Usage { in_uncached: usage.input(), out_text: usage.output(), ..Usage::default() };
        prop_assert_eq!(price.cost(&usage, 0), price.cost(&merged, 0));
    }

    #[test]
    fn two_lines_cost_at_most_one_nano_more_than_one(
        price in any_price(),
        a in small_usage(),
        b in small_usage(),
        at_ms in any::<i64>(),
    ) {
        let price = Price { per_request: 0, ..flat(price) };
        let (x, y) = (a.by_class(), b.by_class());
        let together = price.cost(&from_classes(std::array::from_fn(|i| x[i] + y[i])), at_ms).0;
        let apart = price.cost(&a, at_ms).0 + price.cost(&b, at_ms).0;
        prop_assert!((together..=together + 1).contains(&apart));
    }

    #[test]
    fn lines_sum_to_the_exact_amount_and_less_than_one_nano_each(
        price in any_price(),
        lines in proptest::collection::vec((small_usage(), any::<i64>()), 1..100),
    ) {
        let cost: i128 = lines.iter().map(|(u, at)| i128::from(price.cost(u, *at).0)).sum();
        let exact: i128 = lines.iter().map(|(u, at)| exact(&price, u, *at)).sum();
        let cost = cost * 1_000_000;
        prop_assert!(cost >= exact);
        prop_assert!(cost < exact + lines.len() as i128 * 1_000_000);
    }

    #[test]
    fn the_dearest_rates_bound_every_cost(
        price in any_price(),
        usage in small_usage(),
        at_ms in any::<i64>(),
    ) {
        let worst = i128::from(usage.input()) * i128::from(price.dearest_input())
            + i128::from(usage.output()) * i128::from(price.dearest_output())
            + i128::from(usage.units) * i128::from(price.dearest_unit().unwrap_or(0))
            + i128::from(price.per_request) * 1_000_000;
        prop_assert!(exact(&price, &usage, at_ms) <= worst);
    }
}
