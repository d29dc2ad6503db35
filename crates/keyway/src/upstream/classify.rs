//! What a provider's status means for us, as a table.

use crate::base::Fields;

/// What kind of answer a status announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// 2xx.
    Success,
    /// Our credential was refused, or its account cannot pay.
    Credential,
    /// The provider's own rate limit.
    RateLimited,
    /// The client's request was refused.
    Request,
    /// The provider gave up waiting.
    Timeout,
    /// The provider failed, or answered with something that is no answer (1xx, 3xx, above 599).
    Server,
}

/// First matching row wins.
const CLASSES: &[(u16, u16, Class)] = &[
    (200, 299, Class::Success),
    (401, 403, Class::Credential),
    (408, 408, Class::Timeout),
    (429, 429, Class::RateLimited),
    (400, 499, Class::Request),
    (504, 504, Class::Timeout),
    (0, u16::MAX, Class::Server),
];

/// Longest wait taken from a provider, milliseconds (one day).
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// The class of an HTTP status.
#[must_use]
pub fn classify(status: u16) -> Class {
    CLASSES
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&status))
        .map_or(Class::Server, |row| row.2)
}

/// How long the provider asks us to wait, in milliseconds, at most [`RETRY_AFTER_MS_MAX`]: from
/// `retry-after-ms`, else `retry-after` as seconds or as an HTTP date (hence `now_ms`, Unix time).
/// `None` when absent or unreadable.
#[must_use]
pub fn retry_after(headers: &Fields, now_ms: i64) -> Option<u64> {
    let text = |name: &str| headers.text(name).map(str::trim);
    let wait_ms = text("retry-after-ms")
        .and_then(|text| thousandths(text).map(|n| n.div_ceil(1000)))
        .or_else(|| {
            let text = text("retry-after")?;
            thousandths(text).or_else(|| until(text, now_ms))
        })?;
    Some(wait_ms.min(RETRY_AFTER_MS_MAX))
}

/// A non-negative decimal number times 1000, rounded up; some providers send fractions.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // More digits than u64 holds is a long wait, not an unreadable one.
    let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1000);
    let mut part = 0;
    let mut scale = 100;
    for digit in fraction.bytes() {
        part += u64::from(digit - b'0') * scale;
        if scale == 0 && digit != b'0' {
            part += 1;
            break;
        }
        scale /= 10;
    }
    Some(whole.saturating_add(part))
}

fn until(date: &str, now_ms: i64) -> Option<u64> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(u64::try_from(at.as_millisecond().saturating_sub(now_ms)).unwrap_or(0))
}
