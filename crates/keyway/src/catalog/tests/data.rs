//! The rows that come with Keyway.

use crate::catalog::ModelKind;
use crate::catalog::{Catalog, Dialect, Rows, builtin};

fn names() -> Vec<String> {
    builtin::providers().unwrap().providers.into_iter().map(|row| row.name).collect()
}

#[test]
fn every_row_loads_and_every_provider_can_be_on_at_once() {
    let names = names();
    let on: Vec<&str> = names.iter().map(String::as_str).collect();
    let catalog = Catalog::build(&Rows::default(), &on).unwrap();
    assert!(names.len() >= 46, "{} providers", names.len());
    let (mut models, mut priced) = (0, 0);
    for name in builtin::listed() {
        let prefix = format!("{name}/");
        let rows = builtin::models(name).unwrap();
        assert!(
            !rows.models.is_empty() && rows.models.iter().all(|row| row.id.starts_with(&prefix)),
            "{name}"
        );
        assert!(names.iter().any(|provider| provider == name), "{name} has models and no row");
        models += rows.models.len();
        priced += rows.models.iter().filter(|row| row.prices.is_some()).count();
    }
    assert!(models >= 400 && priced >= 400, "{models} models, {priced} of them with a price");
    assert!(catalog.models().iter().all(|model| model.speaks.iter().any(|dialect| dialect.is_built())));
    assert!(builtin::models("ollama").unwrap().models.is_empty());
    println!(
        "{} providers, {models} models, {priced} priced, {} listed",
        names.len(),
        catalog.models().len()
    );
}

#[test]
fn every_provider_has_what_a_request_needs() {
    for row in builtin::providers().unwrap().providers {
        if row.name == "sandbox" {
            continue;
        }
        let urls = row.base_url.unwrap();
        let speaks = row.speaks.unwrap_or_else(|| vec![Dialect::OpenaiChat]);
        assert!(!speaks.is_empty() && speaks.len() == urls.len(), "{}", row.name);
        assert!(speaks.iter().all(|dialect| urls.iter().any(|(of, _)| of == dialect)), "{}", row.name);
        assert!(
            row.env.is_some() || row.credential_optional == Some(true),
            "{}: nothing turns it on",
            row.name
        );
        let listed = builtin::listed().contains(row.name.as_str());
        assert!(listed || row.models_any == Some(true), "{}: no model can be reached", row.name);
        for (_, auth) in row.auth_by.iter().flatten() {
            assert!(auth.is_built(), "{}", row.name);
        }
        for url in urls.iter().map(|(_, url)| url) {
            let own = row.credential_optional == Some(true);
            assert_eq!(url.starts_with("https://"), !own, "{}: {url}", row.name);
        }
    }
}

#[test]
fn a_model_is_asked_in_what_fits_its_kind() {
    let names = names();
    let on: Vec<&str> = names.iter().map(String::as_str).collect();
    let catalog = Catalog::build(&Rows::default(), &on).unwrap();
    for model in catalog.models() {
        let provider = catalog.provider(&model.provider).unwrap();
        for dialect in &model.speaks {
            assert!(dialect.serves(model.kind), "{}: {}", model.id, dialect.word());
            assert!(provider.is_sandbox() || provider.base_url(*dialect).is_some(), "{}", model.id);
        }
    }
    for row in builtin::models("amazon-bedrock").unwrap().models {
        let speaks = row.speaks.unwrap();
        assert_eq!(speaks.contains(&Dialect::AnthropicMessages), row.id.contains("claude"), "{}", row.id);
    }
}

#[test]
fn every_score_has_its_day_and_its_source() {
    let (mut scored, mut chats) = (0, 0);
    for name in builtin::listed() {
        for row in builtin::models(name).unwrap().models {
            let is_chat = row.kind.unwrap_or(ModelKind::Chat) == ModelKind::Chat;
            chats += usize::from(is_chat);
            let Some(quality) = row.quality else { continue };
            assert!(is_chat && !quality.source.is_empty() && quality.as_of.len() == 10, "{}", row.id);
            // The list's worst and best, with room: a slip of the pen shows.
            assert!(
                (900_000..1_700_000).contains(&quality.score_milli),
                "{}: {}",
                row.id,
                quality.score_milli
            );
            scored += 1;
        }
    }
    assert!(scored * 2 > chats, "{scored} of {chats}");
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
                let free = name == "sandbox" || price.base.unit.is_some();
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
        }
    }
    // Free tiers, subscriptions, and prices that nobody published: unpriced, never zero.
    assert!(unpriced.len() < 120, "{unpriced:?}");
}

/// Start has 100 ms for everything; a release build needs about 1 ms for two providers and 4 ms for
/// all. The bound leaves room for a busy machine.
#[test]
fn the_rows_load_quickly() {
    let clock = crate::base::Clock::system();
    let names = names();
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
