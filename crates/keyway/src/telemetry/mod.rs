//! What the process tells about itself: log, one line per request, metrics. None of it holds a secret.

pub mod log;
pub mod metrics;
pub mod otlp;
pub mod panic_hook;
pub mod request_line;
pub mod scrub;

pub use metrics::{Metrics, WorkerMetrics};
pub use otlp::Traces;
pub use request_line::{RequestLine, RequestLog};
pub use scrub::scrub;

use jiff::Timestamp;
use std::fmt::Write;

/// Nano-USD as a decimal, without trailing zeros: `21000` is `0.000021`.
fn usd_text(nano: i128) -> String {
    let sign = if nano < 0 { "-" } else { "" };
    let (whole, part) = (nano.unsigned_abs() / 1_000_000_000, nano.unsigned_abs() % 1_000_000_000);
    let mut text = format!("{sign}{whole}");
    if part > 0 {
        let _ = write!(text, ".{part:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// Unix milliseconds as RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn time_text(unix_ms: i64) -> String {
    Timestamp::from_millisecond(unix_ms).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::{time_text, usd_text};

    #[test]
    fn money_in_decimals() {
        let table = [
            (0, "0"),
            (21_000, "0.000021"),
            (1, "0.000000001"),
            (1_500_000_000, "1.5"),
            (20_000_000_000, "20"),
            (-1_000_000, "-0.001"),
        ];
        for (nano, text) in table {
            assert_eq!(usd_text(nano), text);
        }
    }

    #[test]
    fn times_in_utc() {
        assert_eq!(time_text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(time_text(1_700_000_000_120), "2023-11-14T22:13:20.120Z");
    }
}
