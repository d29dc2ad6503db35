//! Amounts as text.

use ledger::{MoneyError, NanoUsd};
use proptest::prelude::*;

#[test]
fn reads_plain_decimals_exactly() {
    for (text, nanousd) in [
        ("0", 0),
        ("-0", 0),
        ("0.021", 21_000_000),
        ("0.000000001", 1),
        ("-1.5", -1_500_000_000),
        ("007.10", 7_100_000_000),
        ("9223372036.854775807", i64::MAX),
        ("-9223372036.854775808", i64::MIN),
    ] {
        assert_eq!(NanoUsd::parse(text), Ok(NanoUsd(nanousd)), "{text}");
    }
}

#[test]
fn refuses_everything_else_and_says_why() {
    use MoneyError::{Exponent, NotDecimal, OutOfRange, TooManyPlaces};
    for (text, why) in [
        ("", NotDecimal),
        ("-", NotDecimal),
        (".", NotDecimal),
        (".5", NotDecimal),
        ("5.", NotDecimal),
        ("+5", NotDecimal),
        ("--5", NotDecimal),
        ("1.2.3", NotDecimal),
        ("1-2", NotDecimal),
        (" 1", NotDecimal),
        ("1,5", NotDecimal),
        ("1_000", NotDecimal),
        ("NaN", NotDecimal),
        ("0x10", NotDecimal),
        ("\u{661}", NotDecimal),
        ("1e-3", Exponent),
        ("1.5E+3", Exponent),
        ("0.0000000001", TooManyPlaces),
        ("0.0000000000", TooManyPlaces),
        ("9223372036.854775808", OutOfRange),
        ("-9223372036.854775809", OutOfRange),
        ("99999999999999999999999999999999999999999999", OutOfRange),
    ] {
        assert_eq!(NanoUsd::parse(text), Err(why), "{text}");
        assert!(!why.to_string().is_empty());
    }
}

#[test]
fn writes_the_shortest_exact_text() {
    for (nanousd, text) in [
        (0, "0"),
        (420_000, "0.00042"),
        (-1_500_000_000, "-1.5"),
        (-1, "-0.000000001"),
        (10_000_000_000, "10"),
        (i64::MAX, "9223372036.854775807"),
        (i64::MIN, "-9223372036.854775808"),
    ] {
        assert_eq!(NanoUsd(nanousd).to_decimal(), text);
        let mut json = b"{\"cost_usd\":".to_vec();
        NanoUsd(nanousd).write_json(&mut json);
        assert_eq!(json, format!("{{\"cost_usd\":{text}").into_bytes());
    }
}

#[test]
fn adds_without_wrapping() {
    assert_eq!(NanoUsd::MAX.checked_add(NanoUsd(1)), None);
    assert_eq!(NanoUsd(i64::MIN).checked_sub(NanoUsd(1)), None);
    assert_eq!(NanoUsd::MAX.saturating_add(NanoUsd(1)), NanoUsd::MAX);
    assert_eq!(NanoUsd(1).saturating_sub(NanoUsd(3)), NanoUsd(-2));
    let passing_the_end = [NanoUsd::MAX, NanoUsd(5), NanoUsd(-10)];
    assert_eq!(passing_the_end.into_iter().sum::<NanoUsd>(), NanoUsd(i64::MAX - 5));
    assert_eq!([NanoUsd::MAX; 3].into_iter().sum::<NanoUsd>(), NanoUsd::MAX);
}

proptest! {
    #[test]
    fn text_reads_back(nanousd in any::<i64>()) {
        let text = NanoUsd(nanousd).to_decimal();
        prop_assert_eq!(NanoUsd::parse(&text), Ok(NanoUsd(nanousd)));
        prop_assert!(!text.contains('.') || !text.ends_with('0'));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+.0-9eE ]{0,24}") {
        if let Ok(amount) = text.parse::<NanoUsd>() {
            prop_assert_eq!(NanoUsd::parse(&amount.to_decimal()), Ok(amount));
        }
    }
}
