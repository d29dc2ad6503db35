//! Spans of time as people write them: `90d`, `12h`, `1w`.

/// Unit letters and their seconds.
const UNITS: &[(char, u64)] = &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// Seconds of a span: a whole number and one of `s m h d w`.
///
/// # Errors
/// What to write instead.
pub fn seconds(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("`{text}` is not a span of time; write a whole number and s, m, h, d or w, as in 90d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    let (_, each) = UNITS.iter().find(|(letter, _)| *letter == unit).ok_or_else(wrong)?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    match count.checked_mul(*each) {
        Some(0) => Err(format!("`{text}` is no time at all")),
        Some(seconds) => Ok(seconds),
        None => Err(format!("`{text}` is too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let table = [
            ("1s", Some(1)),
            ("5m", Some(300)),
            ("12h", Some(43_200)),
            ("90d", Some(7_776_000)),
            ("2w", Some(1_209_600)),
            ("0d", None),
            ("d", None),
            ("", None),
            ("90", None),
            ("-1d", None),
            ("+1d", None),
            ("1.5d", None),
            ("1 d", None),
            ("1\u{e9}", None),
            ("99999999999999999999d", None),
            ("9999999999999999999w", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }
}
