//! Exact decimals: from the text that was written to whole nano-USD, never through a float.

/// The largest amount a price may name, whole USD.
const USD_MAX: u64 = 1_000_000;
const NANO_PER_USD: u64 = 1_000_000_000;

/// Reads a decimal such as `0.50`, `12` or `1_000.25` as nano-USD (10^-9 USD).
///
/// # Errors
/// What to write instead: not a plain decimal, negative, more than nine places, above a million.
pub fn nano_usd_from_decimal(text: &str) -> Result<u64, &'static str> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.starts_with('-') {
        return Err("write an amount of 0 or more");
    }
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let whole = digits(whole).ok_or("write a plain decimal such as 0.50")?;
    if whole > USD_MAX {
        return Err("write an amount of at most 1000000");
    }
    let count = places.bytes().filter(u8::is_ascii_digit).count();
    if count > 9 {
        return Err("write at most nine decimal places");
    }
    let mut nano = digits(places).ok_or("write a plain decimal such as 0.50")?;
    for _ in count..9 {
        nano *= 10;
    }
    Ok(whole * NANO_PER_USD + nano)
}

/// Digits with TOML's underscores between them.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || text.starts_with('_') || text.ends_with('_') {
        return None;
    }
    let mut value = 0_u64;
    for byte in text.bytes().filter(|byte| *byte != b'_') {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some(value)
}
