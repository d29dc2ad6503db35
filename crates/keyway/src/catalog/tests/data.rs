//! The rows that come with Keyway.

use crate::catalog::{AuthStyle, Catalog, Dialect, Rows, builtin};

#[test]
fn every_row_loads_and_every_provider_can_be_on_at_once() {
    let names: Vec<String> =
        builtin::providers().unwrap().providers.into_iter().map(|row| row.name).collect();
    let on: Vec<&str> = names.iter().map(String::as_str).collect();
    let catalog = Catalog::build(&Rows::default(), &on).unwrap();
    assert!(catalog.models().len() > 200, "{}", catalog.models().len());
    for name in [
        "openai",
        "deepseek",
        "mistral",
        "groq",
        "openrouter",
        "xai",
        "together",
        "fireworks",
        "ollama",
        "vllm",
        "llamacpp",
    ] {
        assert!(catalog.provider(name).is_some(), "{name}");
    }
    for name in builtin::listed() {
        let prefix = format!("{name}/");
        let rows = builtin::models(name).unwrap();
        assert!(
            !rows.models.is_empty() && rows.models.iter().all(|row| row.id.starts_with(&prefix)),
            "{name}"
        );
        assert!(catalog.models().iter().any(|model| *model.provider == *name), "{name}");
    }
    assert!(builtin::models("ollama").unwrap().models.is_empty());
}

#[test]
fn every_provider_has_what_a_request_needs() {
    for row in builtin::providers().unwrap().providers {
        if row.name == "sandbox" {
            continue;
        }
        let urls = row.base_url.unwrap();
        let speaks = row.speaks.unwrap_or_else(|| vec![Dialect::OpenaiChat]);
        assert!(speaks.contains(&Dialect::OpenaiChat), "{}", row.name);
        assert!(speaks.iter().all(|dialect| urls.iter().any(|(of, _)| of == dialect)), "{}", row.name);
        assert!(row.auth.unwrap_or(AuthStyle::Bearer).is_built(), "{}", row.name);
        assert!(
            row.env.is_some() || row.credential_optional == Some(true),
            "{}: nothing turns it on",
            row.name
        );
        let listed = builtin::listed().any(|name| name == row.name);
        assert!(listed || row.models_any == Some(true), "{}: no model can be reached", row.name);
    }
}

#[test]
fn every_price_is_sane_and_says_where_it_comes_from() {
    let mut unpriced = Vec::new();
    for name in builtin::listed() {
        for row in builtin::models(name).unwrap().models {
            let Some(prices) = row.prices else {
                unpriced.push(row.id);
                continue;
            };
            for price in prices.0 {
                let free = name == "sandbox";
                let every = price.context_tiers.iter().map(|(_, rates)| rates);
                for rates in every.chain(price.hours.iter().map(|(_, rates)| rates)).chain([&price.base]) {
                    assert_eq!(rates.input == 0, free, "{}", row.id);
                    assert_eq!(rates.output == 0, free, "{}", row.id);
                    assert!(
                        rates.cache_read.is_none_or(|read| read > 0 && read <= rates.input),
                        "{}",
                        row.id
                    );
                    assert!(rates.output < 1_000_000_000_000, "{}: above 1000 USD", row.id);
                }
                assert!(!price.source.is_empty() && price.version.starts_with(&row.id), "{}", row.id);
            }
            assert!(row.context_tokens.is_some(), "{}", row.id);
        }
    }
    assert!(unpriced.len() < 10, "{unpriced:?}");
}

#[test]
fn deepseek_has_peak_hours() {
    let catalog = Catalog::build(&Rows::default(), &["deepseek"]).unwrap();
    let price = &catalog.model("deepseek/deepseek-flash").unwrap().prices.0[0];
    assert_eq!(price.version, "deepseek/deepseek-flash@2026-10-17");
    assert_eq!(
        (price.base.input, price.base.output, price.base.cache_read),
        (150_000_000, 600_000_000, Some(3_000_000))
    );
    let (hours, rates) = &price.hours[0];
    assert_eq!(
        (hours.from_minute, hours.to_minute, hours.weekdays.as_slice()),
        (60, 240, &[1, 2, 3, 4, 5][..])
    );
    assert_eq!((rates.input, rates.output, rates.cache_read), (300_000_000, 1_200_000_000, Some(6_000_000)));
    assert_eq!((price.hours[1].0.from_minute, price.hours[1].0.to_minute), (360, 600));
}

/// Start has 100 ms for everything; a release build needs about 1 ms for two providers and 4 ms for
/// all. The bound leaves room for a busy machine.
#[test]
fn the_rows_load_quickly() {
    let clock = crate::base::Clock::system();
    let names: Vec<String> =
        builtin::providers().unwrap().providers.into_iter().map(|row| row.name).collect();
    let on: Vec<&str> = names.iter().map(String::as_str).collect();
    let rounds = 20;
    for (what, on) in [("all", &on[..]), ("two", &["openai", "deepseek"][..])] {
        let before = clock.monotonic_ms();
        for _ in 0..rounds {
            assert!(Catalog::build(&Rows::default(), on).is_ok());
        }
        let spent = clock.monotonic_ms() - before;
        println!("providers on: {what}: {} us", spent * 1000 / rounds);
        assert!(cfg!(debug_assertions) || spent < 25 * rounds, "{what}: {spent} ms for {rounds}");
    }
}
