//! How slowly a request body may come.

use std::time::Duration;
use tokio::time::Instant;

/// A time for all of it, and a rate that it must keep on average after a while: a body that comes byte by
/// byte is given up long before the time for all of it is over.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For the whole body.
    pub whole: Duration,
    /// Before the rate counts.
    pub grace: Duration,
    /// Bytes per second; 0 for no rate.
    pub bytes_per_second_min: u64,
}

impl Pace {
    /// When waiting is over for a body that is waited for since `began`, with `received` bytes of it there.
    #[must_use]
    pub fn until(&self, began: Instant, received: usize) -> Instant {
        let earned_ms = (received as u64).saturating_mul(1000).checked_div(self.bytes_per_second_min);
        let by_rate = earned_ms.map(|ms| self.grace.saturating_add(Duration::from_millis(ms)));
        let wait = by_rate.map_or(self.whole, |by_rate| by_rate.min(self.whole));
        began.checked_add(wait).unwrap_or(began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_earn_time_up_to_the_whole() {
        let seconds = Duration::from_secs;
        let pace = Pace { whole: seconds(120), grace: seconds(10), bytes_per_second_min: 1024 };
        let began = Instant::now();
        for (received, expected) in [(0, 10), (1023, 10), (1024, 11), (50 * 1024, 60), (10 << 20, 120)] {
            let wait = pace.until(began, received) - began;
            assert_eq!(wait.as_secs(), expected, "{received}");
        }
        let pace = Pace { bytes_per_second_min: 0, ..pace };
        assert_eq!(pace.until(began, 0) - began, seconds(120));
    }
}
