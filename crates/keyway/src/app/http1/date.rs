//! The time of day as answers carry it, written once per second.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// The last text made, and its second.
#[derive(Default)]
pub(super) struct Date {
    second: i64,
    text: String,
}

impl Date {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`; empty for a time that no calendar has.
    pub(super) fn at(&mut self, unix_ms: i64) -> &str {
        let second = unix_ms.div_euclid(1000);
        if second != self.second || self.text.is_empty() {
            self.second = second;
            self.text = Timestamp::from_second(second)
                .and_then(|time| DateTimePrinter::new().timestamp_to_rfc9110_string(&time))
                .unwrap_or_default();
        }
        &self.text
    }
}
