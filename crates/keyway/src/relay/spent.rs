//! How far budgets are spent, for policies that ask another model then: looked up beside the requests, about
//! once a second, for as long as anybody asks. The first to ask hears that nothing is spent.

use super::story::Story;
use crate::store::budgets::Budget;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Budgets that are looked up at most; of those beyond it nothing is known.
const WATCHED_MAX: usize = 1_000;
/// How long a budget is looked up that nobody asks about, milliseconds.
const WATCHED_MS: i64 = 60_000;

/// What is known of budgets.
#[derive(Default)]
pub struct Board(Mutex<HashMap<String, Watched>>);

struct Watched {
    budget: Arc<Budget>,
    percent: u64,
    asked_mono_ms: i64,
}

impl Board {
    /// Percent of its limit that a budget has spent and holds, as of the last look; looked up from now on.
    pub fn percent(&self, budget: &Arc<Budget>, now_mono_ms: i64) -> u64 {
        let mut watched = self.lock();
        if let Some(known) = watched.get_mut(&budget.id) {
            known.asked_mono_ms = now_mono_ms;
            return known.percent;
        }
        if watched.len() < WATCHED_MAX {
            let new = Watched { budget: Arc::clone(budget), percent: 0, asked_mono_ms: now_mono_ms };
            watched.insert(budget.id.clone(), new);
        }
        0
    }

    /// The budgets to look up; those that nobody asks about are let go.
    pub fn wanted(&self, now_mono_ms: i64) -> Vec<Arc<Budget>> {
        let mut watched = self.lock();
        watched.retain(|_, known| now_mono_ms - known.asked_mono_ms < WATCHED_MS);
        watched.values().map(|known| Arc::clone(&known.budget)).collect()
    }

    /// What a look has found.
    pub fn note(&self, budget: &str, percent: u64) {
        if let Some(known) = self.lock().get_mut(budget) {
            known.percent = percent;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Story {
    /// The model that the policy asks instead, when a budget that counts the key has reached its mark.
    #[must_use]
    pub fn replacement(&self) -> Option<&str> {
        let (percent, model) = self.grant.policy.as_deref()?.fallback.as_ref()?;
        let board = &self.worker.shared.board;
        let now_mono_ms = self.now_mono_ms();
        let counts = |budget: &&Arc<Budget>| {
            let selector = &budget.selector;
            selector.model.is_none() && selector.label.is_none() && selector.end_user.is_none()
        };
        let budgets = self.grant.budgets.iter().filter(counts);
        // All of them: each is looked up from its first question on.
        let most = budgets.map(|budget| board.percent(budget, now_mono_ms)).max();
        most.is_some_and(|most| most >= *percent).then_some(model.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::budgets::{Enforcement, Reserve, Selector};
    use ledger::NanoUsd;
    use ledger::window::Rule;

    fn budget(number: usize) -> Arc<Budget> {
        Arc::new(Budget {
            id: format!("bud_{number}"),
            org: "org_1".into(),
            name: "one".into(),
            limit: NanoUsd(1),
            window: Rule::Total,
            time_zone: "UTC".into(),
            enforcement: Enforcement::Hard,
            reserve: Reserve::Sliding,
            thresholds: Vec::new(),
            selector: Selector::default(),
            source: "api".into(),
            epoch: 1,
            created_ms: 0,
            archived_ms: None,
        })
    }

    #[test]
    fn what_is_asked_about_is_looked_up_and_nothing_else() {
        let board = Board::default();
        assert_eq!(board.percent(&budget(1), 0), 0);
        board.note("bud_1", 85);
        board.note("bud_2", 99);
        assert_eq!((board.percent(&budget(1), 10), board.percent(&budget(2), 50_000)), (85, 0));
        assert_eq!(board.wanted(50_000).len(), 2);
        let left = board.wanted(WATCHED_MS + 10);
        assert_eq!(left.iter().map(|budget| &*budget.id).collect::<Vec<_>>(), ["bud_2"]);
        for number in 0..2 * WATCHED_MAX {
            board.percent(&budget(number), 60_000);
        }
        assert_eq!(board.wanted(60_000).len(), WATCHED_MAX);
    }
}
