//! How often somebody may try: by account and by address, in memory, exact in integers (GCRA). Each
//! server counts by itself.

use crate::base::{Clock, Code, Refusal};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Names remembered at most; when there are more, those that may try again anyway are let go, and if
/// none may, everybody waits.
const REMEMBERED_MAX: usize = 50_000;

/// A number of tries in a span, all at once if need be.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Tries.
    pub tries: i64,
    /// In this many milliseconds.
    pub span_ms: i64,
}

/// Tries to sign in to one account.
pub const SIGN_IN_ACCOUNT: Rate = Rate { tries: 10, span_ms: 15 * 60_000 };
/// Tries to sign in from one address.
pub const SIGN_IN_ADDRESS: Rate = Rate { tries: 60, span_ms: 15 * 60_000 };
/// Messages asked for about one address of mail.
pub const MAIL_ACCOUNT: Rate = Rate { tries: 4, span_ms: 60 * 60_000 };
/// Messages and accounts asked for from one address of the network.
pub const MAIL_ADDRESS: Rate = Rate { tries: 20, span_ms: 60 * 60_000 };

/// What is remembered of tries.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<String, i64>>);

impl Attempts {
    /// Counts a try.
    ///
    /// # Errors
    /// `rate_limit_exceeded` with the time to wait, for one too many.
    pub fn note(&self, clock: &Clock, name: &str, rate: Rate) -> Result<(), Refusal> {
        let now_ms = clock.monotonic_ms();
        let step_ms = rate.span_ms / rate.tries.max(1);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX && !known.contains_key(name) {
            known.retain(|_, until_ms| *until_ms > now_ms);
            if known.len() >= REMEMBERED_MAX {
                return Err(wait(step_ms));
            }
        }
        let until_ms = known.get(name).copied().unwrap_or(now_ms).max(now_ms) + step_ms;
        if until_ms - now_ms > rate.span_ms {
            return Err(wait(until_ms - now_ms - rate.span_ms));
        }
        known.insert(name.to_owned(), until_ms);
        Ok(())
    }

    /// Forgets a name: it has shown that it may.
    pub fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// The name under which tries from an address are counted: a /64 network of IPv6 is one address.
#[must_use]
pub fn from_address(what: &str, address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => format!("{what} {v4}"),
        IpAddr::V6(v6) => format!("{what} {:x?}", &v6.segments()[..4]),
    }
}

fn wait(ms: i64) -> Refusal {
    let minutes = (ms + 59_999) / 60_000;
    let message = format!("Too many tries. Wait {minutes} minute{}.", if minutes == 1 { "" } else { "s" });
    Refusal { retry_after_ms: u64::try_from(ms).ok(), ..Refusal::new(Code::RateLimitExceeded, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_span_and_then_one_by_one() {
        let (clock, attempts) = (Clock::standing_at(0), Attempts::default());
        let rate = Rate { tries: 3, span_ms: 3000 };
        let tries = |name: &str| attempts.note(&clock, name, rate).map_err(|no| no.retry_after_ms);
        assert!(tries("a").is_ok() && tries("a").is_ok() && tries("a").is_ok());
        assert_eq!(tries("a"), Err(Some(1000)));
        assert!(tries("b").is_ok(), "everybody for themselves");
        clock.advance_ms(1000);
        assert!(tries("a").is_ok());
        assert!(tries("a").is_err());
        attempts.forget("a");
        assert!(tries("a").is_ok());
        let (one, other) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        assert_eq!(from_address("x", one), from_address("x", other));
    }
}
