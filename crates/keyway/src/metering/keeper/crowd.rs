//! Who waits for an account that several draw on: while one waits who has little of it, nobody gets more who
//! has much.

use super::{Ask, Wanted};
use ledger::{AccountId, NanoUsd};
use std::collections::HashMap;

/// Of each account, who of those that wait has the least of it, and how much.
pub(super) struct Crowd(HashMap<AccountId, (u128, NanoUsd)>);

impl Crowd {
    /// Looks at everybody who waits.
    pub(super) fn of<'a>(waiting: impl Iterator<Item = &'a Ask>) -> Self {
        let mut least = HashMap::new();
        for ask in waiting {
            let Wanted::Admit(accounts, who) = &ask.wanted else { continue };
            for account in accounts.iter().filter(|account| account.is_shared()) {
                let share = account.share(*who);
                let known = least.entry(account.id).or_insert((*who, share));
                if share < known.1 {
                    *known = (*who, share);
                }
            }
        }
        Self(least)
    }

    /// The account that a question must leave to somebody else, as an index into those asked: he who asks
    /// would have more than `percent_max` of what all have reserved, and who has less waits.
    pub(super) fn before(&self, ask: &Ask, percent_max: i64) -> Option<usize> {
        let Wanted::Admit(accounts, who) = &ask.wanted else { return None };
        accounts.iter().position(|account| {
            let Some((first, least)) = self.0.get(&account.id).filter(|_| account.is_shared()) else {
                return false;
            };
            let own = account.share(*who);
            let after = i128::from(own.saturating_add(ask.amount).0) * 100;
            let all = i128::from(account.reserved().saturating_add(ask.amount).0);
            first != who && *least < own && after > all * i128::from(percent_max)
        })
    }
}
