//! Chance from a seed, so that what depends on it can be told again.

/// Numbers as SplitMix64 makes them (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where that is 0. Within a millionth of even for every `end` up to 2^32.
    pub fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.roll()) * u128::from(end)) >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sides_come_up_alike() {
        let mut dice = Dice::of(7);
        let mut sides = [0_u32; 6];
        for _ in 0..60_000 {
            sides[usize::try_from(dice.below(6)).unwrap()] += 1;
        }
        assert!(sides.iter().all(|count| (9_600..10_400).contains(count)), "{sides:?}");
        assert_eq!(dice.below(0), 0);
    }
}
