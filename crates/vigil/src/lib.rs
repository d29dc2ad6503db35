//! Rules of noticing: numbers in, verdict out.
//!
//! No clock, no database, no floats: who asks brings what was counted, and hears whether somebody should
//! be told. The rules are made so that ordinary traffic stays silent; `tests/month.rs` holds them against
//! thirty simulated days with planted incidents.

pub mod drift;
pub mod episode;
pub mod failing;
pub mod familiar;
pub mod slow;
pub mod spike;
pub mod term;

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to tell.
    Quiet,
    /// Somebody should be told: `seen` is more than `bound`.
    Fires {
        /// What was counted.
        seen: i64,
        /// What it was held against.
        bound: i64,
    },
}

impl Verdict {
    /// Whether somebody should be told.
    #[must_use]
    pub fn fires(self) -> bool {
        matches!(self, Self::Fires { .. })
    }

    /// Fires when `seen` is more than `bound`.
    #[must_use]
    pub fn above(seen: i64, bound: i64) -> Self {
        if seen > bound { Self::Fires { seen, bound } } else { Self::Quiet }
    }
}

/// The second largest of some numbers; 0 when there are fewer than two.
///
/// The largest may have been an incident itself, and must not hide the next one; what happens every week
/// is in two weeks twice.
#[must_use]
pub fn second_largest(numbers: &[i64]) -> i64 {
    let (mut first, mut second) = (0, 0);
    for number in numbers.iter().copied() {
        if number > first {
            (first, second) = (number, first);
        } else {
            second = second.max(number);
        }
    }
    second
}

/// The middle of some numbers, the lower one of two; 0 for none.
#[must_use]
pub fn median(numbers: &[i64]) -> i64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_and_middle() {
        for (numbers, second, middle) in [
            (&[][..], 0, 0),
            (&[5], 0, 5),
            (&[5, 5], 5, 5),
            (&[1, 9, 3], 3, 3),
            (&[9, 1, 3, 4], 4, 3),
            (&[0, 0, 7], 0, 0),
        ] {
            assert_eq!((second_largest(numbers), median(numbers)), (second, middle), "{numbers:?}");
        }
    }
}
