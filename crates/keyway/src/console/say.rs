//! Amounts as people read them: money, counts, durations, shares. Exports have the exact ones.

use ledger::NanoUsd;

/// Between groups of three digits: narrow, and never at a line's end.
const GROUP: char = '\u{202f}';
/// One cent, nano-USD: below it two digits say enough.
const CENT: u64 = 10_000_000;

/// Money: cents, or two digits of what is less than one.
#[must_use]
pub fn usd(amount: NanoUsd) -> String {
    let (sign, value) = (if amount.0 < 0 { "-" } else { "" }, amount.0.unsigned_abs());
    if value == 0 || value >= CENT {
        let cents = (value + CENT / 2) / CENT;
        return format!("{sign}${}.{:02}", count(cents / 100), cents % 100);
    }
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    let rounded = (value + unit / 2) / unit * unit;
    format!("{sign}${}", NanoUsd(i64::try_from(rounded).unwrap_or(i64::MAX)).to_decimal())
}

/// Money that may not be known.
#[must_use]
pub fn cost(amount: Option<NanoUsd>) -> String {
    amount.map_or_else(|| "no price".to_owned(), usd)
}

/// A count.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(GROUP);
        }
        text.push(digit);
    }
    text
}

/// A count that the database summed.
#[must_use]
pub fn counted(value: i64) -> String {
    count(u64::try_from(value).unwrap_or(0))
}

/// A count for a scale or a tile: three digits and a unit.
#[must_use]
pub fn short(value: u64) -> String {
    for (unit, name) in [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")] {
        if value >= unit {
            let tenths = value / (unit / 10);
            let whole = tenths / 10;
            return match tenths % 10 {
                rest if rest > 0 && whole < 100 => format!("{whole}.{rest}{name}"),
                _ => format!("{whole}{name}"),
            };
        }
    }
    value.to_string()
}

/// A duration, from milliseconds.
#[must_use]
pub fn ms(value: u64) -> String {
    match value {
        0..1_000 => format!("{value} ms"),
        1_000..60_000 => format!("{}.{} s", value / 1_000, value % 1_000 / 100),
        _ => format!("{}.{} min", value / 60_000, value % 60_000 / 6_000),
    }
}

/// A part of a whole; nothing of nothing is a dash.
#[must_use]
pub fn share(part: i64, whole: i64) -> String {
    let per_mille = match i128::from(part.max(0)) * 1_000 {
        _ if whole <= 0 => return "\u{2013}".to_owned(),
        thousand => thousand / i128::from(whole),
    };
    match (part, per_mille) {
        (1.., 0) => "<0.1\u{202f}%".to_owned(),
        (_, 0..100) => format!("{}.{}\u{202f}%", per_mille / 10, per_mille % 10),
        _ => format!("{}\u{202f}%", (per_mille + 5) / 10),
    }
}

/// How many requests.
#[must_use]
pub fn requests(number: i64) -> String {
    format!("{} {}", counted(number), if number == 1 { "request" } else { "requests" })
}

/// How far an amount is from that of as long a time before. `length`: how long, as in `7 days`.
#[must_use]
pub fn change(now: i64, before: i64, length: &str) -> String {
    if before <= 0 {
        return format!("{} in the {length} before", if now > 0 { "none" } else { "the same" });
    }
    let percent = (i128::from(now) - i128::from(before)) * 100 / i128::from(before);
    let than = match percent {
        0 => return format!("the same in the {length} before"),
        900.. => format!("{} times", count(u64::try_from(percent / 100 + 1).unwrap_or(u64::MAX))),
        ..0 => format!("\u{2212}{}\u{202f}% on", -percent),
        _ => format!("+{percent}\u{202f}% on"),
    };
    format!("{than} the {length} before")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_cents_or_two_digits() {
        for (nano, text) in [
            (0, "$0.00"),
            (420_000, "$0.00042"),
            (426_000, "$0.00043"),
            (9_990_000, "$0.01"),
            (7, "$0.000000007"),
            (10_000_000, "$0.01"),
            (1_234_565_000_000, "$1\u{202f}234.57"),
            (-2_500_000_000, "-$2.50"),
        ] {
            assert_eq!(usd(NanoUsd(nano)), text);
        }
        assert_eq!(cost(None), "no price");
    }

    #[test]
    fn counts_shares_and_durations() {
        assert_eq!((count(1_234_567), count(12)), ("1\u{202f}234\u{202f}567".to_owned(), "12".to_owned()));
        for (value, text) in
            [(999, "999"), (1_000, "1k"), (1_250, "1.2k"), (345_678, "345k"), (2_300_000, "2.3M")]
        {
            assert_eq!(short(value), text);
        }
        assert_eq!(
            (ms(820).as_str(), ms(1_450).as_str(), ms(150_000).as_str()),
            ("820 ms", "1.4 s", "2.5 min")
        );
        for (part, whole, text) in [
            (0, 0, "\u{2013}"),
            (0, 9, "0.0\u{202f}%"),
            (1, 100_000, "<0.1\u{202f}%"),
            (1, 40, "2.5\u{202f}%"),
            (1, 3, "33\u{202f}%"),
        ] {
            assert_eq!(share(part, whole), text);
        }
        for (now, before, text) in [
            (150, 100, "+50\u{202f}% on the 7 days before"),
            (50, 100, "\u{2212}50\u{202f}% on the 7 days before"),
            (1_000, 100, "10 times the 7 days before"),
            (100, 100, "the same in the 7 days before"),
            (1, 0, "none in the 7 days before"),
            (0, 0, "the same in the 7 days before"),
        ] {
            assert_eq!(change(now, before, "7 days"), text);
        }
        assert_eq!((requests(1).as_str(), requests(0).as_str()), ("1 request", "0 requests"));
    }
}
