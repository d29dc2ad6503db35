//! A balance: what was put into it, what was charged to it, and what is left of which money. Pure.

use crate::store::credit::{Entry, Source};
use ledger::NanoUsd;

/// What is left of a balance. What was granted goes first; the sum is below zero only where more was taken
/// back than was left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Of what was given.
    pub granted: NanoUsd,
    /// Of what was paid.
    pub topped_up: NanoUsd,
}

impl Balance {
    /// What is left after `charged` in all. Entries stand in the order in which they were made, each with
    /// what had been charged by then: a charge is never paid from what came after it while there was
    /// anything else.
    #[must_use]
    pub fn of(entries: &[Entry], charged: NanoUsd) -> Self {
        let mut balance = Self::default();
        let mut counted = NanoUsd::ZERO;
        for entry in entries {
            let charged_before = entry.charged_before.min(charged).max(counted);
            balance.charge(charged_before.saturating_sub(counted));
            counted = charged_before;
            let part = match entry.source {
                Source::Granted => &mut balance.granted,
                Source::ToppedUp => &mut balance.topped_up,
            };
            *part = part.saturating_add(entry.amount);
        }
        balance.charge(charged.saturating_sub(counted));
        balance
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> NanoUsd {
        self.granted.saturating_add(self.topped_up)
    }

    fn charge(&mut self, amount: NanoUsd) {
        let of_granted = amount.min(self.granted).max(NanoUsd::ZERO);
        self.granted = self.granted.saturating_sub(of_granted);
        self.topped_up = self.topped_up.saturating_sub(amount.saturating_sub(of_granted));
        // What was owed is paid by whatever comes.
        if self.topped_up < NanoUsd::ZERO && self.granted > NanoUsd::ZERO {
            let paid = self.granted.min(NanoUsd(-self.topped_up.0));
            self.granted = self.granted.saturating_sub(paid);
            self.topped_up = self.topped_up.saturating_add(paid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(source: Source, amount: i64, charged_before: i64) -> Entry {
        Entry {
            id: String::new(),
            org: String::new(),
            source,
            amount: NanoUsd(amount),
            charged_before: NanoUsd(charged_before),
            note: String::new(),
            reference: None,
            created_ms: 0,
        }
    }

    #[test]
    fn granted_goes_first_and_nothing_is_paid_from_what_came_later() {
        use Source::{Granted, ToppedUp};
        let table = [
            (vec![], 0, (0, 0)),
            (vec![entry(Granted, 5, 0), entry(ToppedUp, 10, 0)], 0, (5, 10)),
            (vec![entry(Granted, 5, 0), entry(ToppedUp, 10, 0)], 4, (1, 10)),
            (vec![entry(ToppedUp, 10, 0), entry(Granted, 5, 0)], 7, (0, 8)),
            // Four of what was paid had gone before anything was given.
            (vec![entry(ToppedUp, 10, 0), entry(Granted, 5, 4)], 4, (5, 6)),
            (vec![entry(ToppedUp, 10, 0), entry(Granted, 5, 4)], 10, (0, 5)),
            (vec![entry(ToppedUp, 10, 0), entry(ToppedUp, -3, 2)], 2, (0, 5)),
            (vec![entry(Granted, 5, 0)], 5, (0, 0)),
        ];
        for (entries, charged, (granted, topped_up)) in table {
            let left = Balance::of(&entries, NanoUsd(charged));
            let expected = Balance { granted: NanoUsd(granted), topped_up: NanoUsd(topped_up) };
            assert_eq!(left, expected, "{charged} of {entries:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_was_put_in_less_what_was_charged(
            steps in prop::collection::vec((any::<bool>(), 1_i64..1_000, 0_i64..500), 0..12),
            more in 0_i64..500,
        ) {
            let (mut charged, mut put, mut entries) = (0, 0, Vec::new());
            for (granted, amount, spent) in steps {
                let source = if granted { Source::Granted } else { Source::ToppedUp };
                entries.push(entry(source, amount, charged));
                put += amount;
                charged += spent.min(put - charged);
            }
            charged += more.min(put - charged);
            let left = Balance::of(&entries, NanoUsd(charged));
            prop_assert_eq!(left.total(), NanoUsd(put - charged));
            prop_assert!(left.granted >= NanoUsd::ZERO && left.topped_up >= NanoUsd::ZERO);
        }
    }
}
