//! Open files: every connection is one, and the system allows only so many.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files open beside connections: database, journals, logs, listeners. They must never be short of one.
pub const BESIDE: u64 = 256;

/// Files that `connections` client connections may need: one for each, one for its provider's, and what is
/// open beside.
#[must_use]
pub fn wanted(connections: u64) -> u64 {
    connections.saturating_mul(2).saturating_add(BESIDE)
}

/// Raises the soft limit to the hard one, and answers with what it is now; `None` for no limit.
pub fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    // Where it may not be raised, what is allowed is enough to go on with.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current
}

/// As many of `connections` as `limit` files have room for; at least one.
#[must_use]
pub fn fitting(connections: u64, limit: Option<u64>) -> u64 {
    let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(BESIDE) / 2);
    connections.min(room).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_what_is_wanted_or_less() {
        let table = [
            (10_000, None, 10_000),
            (10_000, Some(20_256), 10_000),
            (10_000, Some(1024), 384),
            (5, Some(0), 1),
        ];
        for (connections, limit, expected) in table {
            assert_eq!(fitting(connections, limit), expected, "{connections} in {limit:?}");
        }
        assert_eq!(fitting(10_000, Some(wanted(10_000))), 10_000);
    }
}
