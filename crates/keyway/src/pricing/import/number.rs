//! Numbers of price lists, read from their text: exponents and fractions, never through a float.

/// Digits that are read at most; what is behind them is far below a nano-dollar.
const DIGITS_MAX: usize = 30;

/// A number times ten to the `power`, rounded half up. `None` for what is no number from 0, and for
/// what does not fit.
#[must_use]
pub fn scaled(text: &str, power: i32) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let all: Vec<u8> = whole.bytes().chain(places.bytes()).collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut value: u128 = 0;
    for digit in all.iter().take(DIGITS_MAX) {
        value = value * 10 + u128::from(digit - b'0');
    }
    let cut = i32::try_from(all.len().saturating_sub(DIGITS_MAX)).ok()?;
    let shift =
        exponent.checked_add(power)?.checked_sub(i32::try_from(places.len()).ok()?)?.checked_add(cut)?;
    let ten = |power: u32| 10_u128.checked_pow(power);
    let value = match shift {
        0.. => value.checked_mul(ten(shift.unsigned_abs()).or((value == 0).then_some(1))?)?,
        _ => match ten(shift.unsigned_abs()) {
            Some(by) => (value + by / 2) / by,
            None => 0,
        },
    };
    u64::try_from(value).ok()
}

/// USD per token as nano-USD per million tokens; zero says nothing.
#[must_use]
pub fn per_token(text: &str) -> Option<u64> {
    scaled(text, 15).filter(|rate| *rate > 0)
}

/// USD per million tokens as nano-USD per million tokens; zero says nothing.
#[must_use]
pub fn per_million(text: &str) -> Option<u64> {
    scaled(text, 9).filter(|rate| *rate > 0)
}
