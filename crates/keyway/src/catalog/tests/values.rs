//! Prices, decimals, references and URLs.

use super::rows;
use crate::catalog::decimal::nano_usd_from_decimal;
use crate::catalog::mistake::nearest;
use crate::catalog::url::{base_url, base_url_of_host};
use crate::catalog::{CredentialRef, Quirk};
use ledger::price::Price;

fn price(text: &str) -> Price {
    let text = format!("[models.\"mine/small\"]\nprice = {text}\n");
    rows(&text).unwrap().models.remove(0).prices.unwrap().0.remove(0)
}

#[test]
fn decimals_are_exact() {
    for (text, nano) in [
        ("0", 0),
        ("0.0", 0),
        ("0.000000001", 1),
        ("0.1", 100_000_000),
        ("0.30", 300_000_000),
        ("12", 12_000_000_000),
        ("+12.5", 12_500_000_000),
        ("1_000.25", 1_000_250_000_000),
        ("999999.999999999", 999_999_999_999_999),
        ("1000000", 1_000_000_000_000_000),
    ] {
        assert_eq!(nano_usd_from_decimal(text), Ok(nano), "{text}");
    }
    for text in [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "-0",
        "1e3",
        "1e-3",
        "0x10",
        "inf",
        "nan",
        "1,5",
        "0.0000000001",
        "1000001",
        "99999999999999999999",
        "1 0",
        "_1",
        "1_",
    ] {
        assert!(nano_usd_from_decimal(text).is_err(), "{text}");
    }
}

#[test]
fn prices_are_read_from_the_text_of_numbers() {
    let price = price(
        r#"{ input = 0.1, output = "0.30", cache_read = 0.05, cache_write = 1.25, cache_write_1h = 2, reasoning = 3,
            input_audio = 4, input_image = 5, output_audio = 6, per_request = 0.001, from = 2026-10-01, source = "a page",
            tiers = [{ above_input_tokens = 200000, input = 0.2 }, { above_input_tokens = 400000, input = 0.4, output = 1 }],
            hours = [{ from = "22:00", to = "24:00", output = 0.15 }] }"#,
    );
    assert_eq!(price.version, "mine/small@2026-10-01");
    assert_eq!(price.from_ms, 1_790_812_800_000);
    assert_eq!(price.source, "a page");
    assert_eq!(price.per_request, 1_000_000);
    let base = price.base;
    assert_eq!((base.input, base.output), (100_000_000, 300_000_000));
    assert_eq!(base.cache_read, Some(50_000_000));
    assert_eq!((base.cache_write_5m, base.cache_write_1h), (Some(1_250_000_000), Some(2_000_000_000)));
    assert_eq!((base.reasoning, base.in_audio), (Some(3_000_000_000), Some(4_000_000_000)));
    assert_eq!((base.in_image, base.out_audio), (Some(5_000_000_000), Some(6_000_000_000)));
    let [(at, first), (above, second)] = price.context_tiers.as_slice() else { panic!("two tiers") };
    assert_eq!(
        (*at, first.input, first.output, first.cache_read),
        (200_000, 200_000_000, base.output, base.cache_read)
    );
    assert_eq!((*above, second.input, second.output), (400_000, 400_000_000, 1_000_000_000));
    let (hours, rates) = &price.hours[0];
    assert_eq!((hours.from_minute, hours.to_minute, hours.weekdays.len()), (1320, 1440, 7));
    assert_eq!((rates.input, rates.output), (base.input, 150_000_000));
}

#[test]
fn a_price_without_a_day_is_named_by_its_numbers() {
    let (one, same, other) = (
        price("{ input = 1, output = 2 }"),
        price("{ input = 1.0, output = 2 }"),
        price("{ input = 1, output = 3 }"),
    );
    assert_eq!(one.version, same.version);
    assert_ne!(one.version, other.version);
    assert!(one.version.starts_with("mine/small@"));
    assert_eq!(one.from_ms, 0);
}

#[test]
fn several_prices_by_day() {
    let text = "[[models.\"mine/small\".prices]]\ninput = 1\noutput = 2\n[[models.\"mine/small\".prices]]\nfrom = \"2026-10-01\"\ninput = 3\noutput = 4\n";
    let list = rows(text).unwrap().models.remove(0).prices.unwrap().0;
    assert_eq!(list.iter().map(|price| price.from_ms).collect::<Vec<_>>(), [0, 1_790_812_800_000]);
}

#[test]
fn credentials_are_references() {
    assert_eq!(CredentialRef::parse("env:A_1"), Ok(CredentialRef::Env("A_1".to_owned())));
    assert_eq!(CredentialRef::parse("file:/run/key").unwrap().to_string(), "file:/run/key");
    for text in [
        "",
        "env:",
        "env:1A",
        "env:A B",
        "env:A=B",
        "file:",
        "file:relative",
        "file:/a\0b",
        "sk-live-canary",
        "ENV:A",
    ] {
        let (problem, fix) = CredentialRef::parse(text).unwrap_err();
        assert!(!problem.contains("canary") && !fix.contains("canary"));
    }
}

#[test]
fn base_urls() {
    for (text, url) in [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("http://127.0.0.1:9000/v1/", "http://127.0.0.1:9000/v1"),
        ("http://[::1]:9000/v1", "http://[::1]:9000/v1"),
        ("http://[::1]", "http://[::1]"),
        ("https://host", "https://host"),
    ] {
        assert_eq!(base_url(text).as_deref(), Ok(url));
    }
    for text in [
        "",
        "host/v1",
        "ftp://host",
        "https://",
        "https:///v1",
        "https://host/v1?key=canary",
        "https://host/#canary",
        "https://user:canary@host/v1",
        "https://host:0/v1",
        "https://host:70000/v1",
        "https://host:x/v1",
        "https://ho st/",
        "https://host/../v1",
        "https://host/v1\n",
    ] {
        let (problem, fix) = base_url(text).unwrap_err();
        assert!(!problem.contains("canary") && !fix.contains("canary"), "{text}");
    }
    for (text, url) in [
        ("127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:1234", "http://127.0.0.1:1234/v1"),
        (":1234", "http://127.0.0.1:1234/v1"),
        ("box.lan:1234", "http://box.lan:1234/v1"),
        ("http://box.lan:1234/", "http://box.lan:1234/v1"),
        ("https://box.lan", "https://box.lan:443/v1"),
        ("https://box.lan/ollama/v1", "https://box.lan:443/ollama/v1"),
        ("[::1]", "http://[::1]:11434/v1"),
        ("[::1]:1", "http://[::1]:1/v1"),
    ] {
        assert_eq!(base_url_of_host(text, 11_434).as_deref(), Ok(url), "{text}");
    }
}

#[test]
fn the_nearest_word() {
    let known = ["listen", "data_dir", "database", "log"];
    assert_eq!(nearest("lisen", known), Some("listen"));
    assert_eq!(nearest("datadir", known), Some("data_dir"));
    assert_eq!(nearest("zzzzzz", known), None);
    assert_eq!(nearest("", known), None);
}

#[test]
fn words_name_what_they_say() {
    for (quirk, word) in Quirk::ALL.iter().zip(Quirk::WORDS) {
        assert_eq!(quirk.word(), *word);
        assert_eq!(Quirk::from_word(word), Some(*quirk));
    }
}
