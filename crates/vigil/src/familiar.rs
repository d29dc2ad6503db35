//! Where from and when a key is used, held against where from and when it used to be.

/// A day, milliseconds.
pub const DAY_MS: i64 = 86_400_000;
/// A key is known by where it is used after so many days of use.
pub const SETTLED_MS: i64 = 3 * DAY_MS;
/// Networks not used for so long are forgotten.
pub const REMEMBERED_MS: i64 = 60 * DAY_MS;
/// A key of more networks than this comes from everywhere: a further one says nothing.
pub const NETWORKS_MAX: usize = 8;
/// So many new networks in the last fourteen days, and one more says nothing.
pub const MOVES_MAX: usize = 2;
/// Hours of a day.
pub const HOURS: usize = 24;

/// A network that a key was used from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// First use, unix milliseconds.
    pub first_ms: i64,
    /// Last use, unix milliseconds.
    pub last_ms: i64,
}

/// Whether the first use from a network is worth telling. `known`: the key's other networks.
#[must_use]
pub fn is_new_place(first_ms: i64, known: &[Network]) -> bool {
    let before = |network: &&Network| {
        network.first_ms < first_ms && first_ms - network.last_ms.min(first_ms) <= REMEMBERED_MS
    };
    let known: Vec<&Network> = known.iter().filter(before).collect();
    let since_ms = known.iter().map(|network| network.first_ms).min();
    let settled = since_ms.is_some_and(|since_ms| first_ms - since_ms >= SETTLED_MS);
    let recent = |network: &&&Network| {
        // The first ones of all are where it lives, not where it moved to.
        first_ms - network.first_ms < 14 * DAY_MS
            && since_ms.is_some_and(|since_ms| network.first_ms - since_ms >= SETTLED_MS)
    };
    settled && known.len() <= NETWORKS_MAX && known.iter().filter(recent).count() < MOVES_MAX
}

/// A key's use by the hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// On how many of the last fourteen days it was used in each hour.
    pub days: [u16; HOURS],
    /// On how many of the last fourteen days it was used at all.
    pub days_used: u16,
}

/// Days of use before its hours say anything.
pub const DAYS_USED_MIN: u16 = 7;
/// Hours from the nearest one in which it used to be used, before one is unusual.
pub const HOURS_AWAY_MIN: usize = 3;
/// Requests before an hour is worth telling.
pub const REQUESTS_MIN: i64 = 5;

/// Whether use in an hour of the day is worth telling.
#[must_use]
pub fn is_odd_hour(hour: usize, requests: i64, past: &Hours) -> bool {
    if past.days_used < DAYS_USED_MIN || requests < REQUESTS_MIN {
        return false;
    }
    let away = |other: usize| {
        let apart = hour.abs_diff(other) % HOURS;
        apart.min(HOURS - apart)
    };
    past.days
        .iter()
        .enumerate()
        .filter(|(_, days)| **days > 0)
        .all(|(other, _)| away(other) >= HOURS_AWAY_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(first: i64, last: i64) -> Network {
        Network { first_ms: first * DAY_MS, last_ms: last * DAY_MS }
    }

    #[test]
    fn new_places() {
        let home = network(0, 100);
        let many: Vec<Network> = (0..9).map(|_| home).collect();
        for (first, known, new) in [
            (100, &[home][..], true),
            // Not settled yet, or never used before.
            (2, &[network(0, 2)], false),
            (100, &[], false),
            // From everywhere.
            (100, &many, false),
            // On the move: two new ones in two weeks already.
            (100, &[home, network(90, 100)], true),
            (100, &[home, network(90, 100), network(95, 100)], false),
            (100, &[home, network(50, 100), network(60, 100)], true),
            // Long not used at all: wherever it comes from now is new.
            (200, &[home], false),
        ] {
            assert_eq!(is_new_place(first * DAY_MS, known), new, "{first} {known:?}");
        }
    }

    #[test]
    fn odd_hours() {
        let mut days = [0; HOURS];
        days[8..18].fill(10);
        let past = Hours { days, days_used: 10 };
        for (hour, requests, odd) in [
            (3, 5, true),
            (3, 4, false),
            (10, 500, false),
            (6, 5, false),
            (5, 5, true),
            (19, 5, false),
            (20, 5, true),
        ] {
            assert_eq!(is_odd_hour(hour, requests, &past), odd, "{hour}");
        }
        assert!(!is_odd_hour(3, 100, &Hours { days_used: 6, ..past }));
        // Around midnight.
        let mut late = [0; HOURS];
        late[23] = 9;
        let late = Hours { days: late, days_used: 9 };
        assert!(!is_odd_hour(1, 9, &late) && is_odd_hour(2, 9, &late));
        assert!(!is_odd_hour(3, 9, &Hours { days: [1; HOURS], days_used: 14 }));
    }
}
