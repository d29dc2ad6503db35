//! Who is next: weighted fair queueing, in whole numbers. Projects share by their weights, the keys of a
//! project by theirs; a priority counts among the requests of one project alone, so nobody gets more of an
//! account by calling everything urgent. Pure: no clock, no lock.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How urgent a request may be, in steps.
pub const URGENCIES: usize = 3;
/// What a place costs the least weight; by weight it is less. Fine enough that rounding is far below the
/// weights' differences.
const STRIDE: u64 = 1 << 20;
/// Projects, or keys of one, that are remembered though they wait for nothing.
const RESTING_MAX: usize = 256;

/// Who waits.
#[derive(Debug, Clone)]
pub struct Who {
    /// The project.
    pub project: Arc<str>,
    /// Its share of the account, 1 or more.
    pub project_weight: u64,
    /// The key.
    pub key: Arc<str>,
    /// Its share of the project, 1 or more.
    pub key_weight: u64,
    /// Among the project's requests: the highest goes first, below [`URGENCIES`].
    pub urgency: usize,
}

/// Those who wait.
pub struct Fair<T> {
    projects: Lines<Project<T>>,
    waiting: usize,
}

struct Project<T> {
    keys: Lines<[VecDeque<T>; URGENCIES]>,
    waiting: [usize; URGENCIES],
}

/// Shares by weight: who has passed least is next.
struct Lines<L> {
    lines: HashMap<Arc<str>, Line<L>>,
    /// What who came last had passed: newcomers begin there, and have saved nothing up.
    now: u64,
    /// Number of lines at which those that rest are let go.
    sweep_at: usize,
}

struct Line<L> {
    passed: u64,
    weight: u64,
    of: L,
}

impl<T> Default for Fair<T> {
    fn default() -> Self {
        Self { projects: Lines::default(), waiting: 0 }
    }
}

impl<T> Default for Project<T> {
    fn default() -> Self {
        Self { keys: Lines::default(), waiting: Default::default() }
    }
}

impl<L> Default for Lines<L> {
    fn default() -> Self {
        Self { lines: HashMap::new(), now: 0, sweep_at: RESTING_MAX }
    }
}

impl<L: Default> Lines<L> {
    /// The line of a name; one that rested goes on where all are.
    fn line(&mut self, name: &Arc<str>, weight: u64, rests: impl Fn(&L) -> bool) -> &mut L {
        let now = self.now;
        if self.lines.len() > self.sweep_at {
            // What they have passed beyond the others is forgotten: a place or so for each.
            self.lines.retain(|_, line| !rests(&line.of));
            self.sweep_at = RESTING_MAX.max(self.lines.len() * 2);
        }
        let line = self.lines.entry(Arc::clone(name)).or_insert_with(|| Line {
            passed: now,
            weight: 1,
            of: L::default(),
        });
        line.weight = weight.max(1);
        if rests(&line.of) {
            line.passed = line.passed.max(now);
        }
        &mut line.of
    }

    /// Who is next of those that `wait`.
    fn next(&mut self, waits: impl Fn(&L) -> bool) -> Option<&mut L> {
        let waiting = self.lines.iter_mut().filter(|(_, line)| waits(&line.of));
        let (_, line) = waiting.min_by(|(one, a), (other, b)| (a.passed, one).cmp(&(b.passed, other)))?;
        self.now = self.now.max(line.passed);
        line.passed = line.passed.saturating_add((STRIDE / line.weight).max(1));
        Some(&mut line.of)
    }
}

impl<T> Project<T> {
    fn rests(&self) -> bool {
        self.waiting.iter().all(|waiting| *waiting == 0)
    }
}

impl<T> Fair<T> {
    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many wait of a project.
    #[must_use]
    pub fn of_project(&self, project: &str) -> usize {
        self.projects.lines.get(project).map_or(0, |line| line.of.waiting.iter().sum())
    }

    /// Somebody waits from now on.
    pub fn push(&mut self, who: &Who, waiter: T) {
        let project = self.projects.line(&who.project, who.project_weight, Project::rests);
        let urgency = who.urgency.min(URGENCIES - 1);
        let key = project.keys.line(&who.key, who.key_weight, |lines| lines.iter().all(VecDeque::is_empty));
        key[urgency].push_back(waiter);
        project.waiting[urgency] += 1;
        self.waiting += 1;
    }

    /// Who is next.
    pub fn pop(&mut self) -> Option<T> {
        let project = self.projects.next(|project| !project.rests())?;
        let urgency = project.waiting.iter().rposition(|waiting| *waiting > 0)?;
        let key = project.keys.next(|lines| !lines[urgency].is_empty())?;
        let waiter = key[urgency].pop_front()?;
        project.waiting[urgency] -= 1;
        self.waiting -= 1;
        if self.waiting == 0 {
            // Nobody competes any more.
            self.projects = Lines::default();
        }
        Some(waiter)
    }

    /// Takes out who waits for nothing any more.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for project in self.projects.lines.values_mut() {
            for key in project.of.keys.lines.values_mut() {
                for (urgency, line) in key.of.iter_mut().enumerate() {
                    let before = line.len();
                    line.retain(&mut keep);
                    project.of.waiting[urgency] -= before - line.len();
                    self.waiting -= before - line.len();
                }
            }
        }
    }

    /// Makes room where there is none: the last who came of the project that holds more of the line than
    /// its weight, beyond `who`'s own. `None`: `who`'s project holds the most.
    pub fn make_room(&mut self, who: &Who) -> Option<T> {
        let over = |waiting: usize, weight: u64| waiting as u64 * (STRIDE / weight.max(1));
        let own = over(self.of_project(&who.project) + 1, who.project_weight);
        let lines = self.projects.lines.iter_mut();
        let (_, most) = lines.max_by_key(|(_, line)| over(line.of.waiting.iter().sum(), line.weight))?;
        if over(most.of.waiting.iter().sum(), most.weight) <= own {
            return None;
        }
        let project = &mut most.of;
        let urgency = project.waiting.iter().position(|waiting| *waiting > 0)?;
        let key = project.keys.lines.values_mut().max_by_key(|line| line.of[urgency].len())?;
        let waiter = key.of[urgency].pop_back()?;
        project.waiting[urgency] -= 1;
        self.waiting -= 1;
        Some(waiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const HIGH: usize = 2;
    const NORMAL: usize = 1;
    const LOW: usize = 0;

    fn who(project: &str, weight: u64, key: &str, urgency: usize) -> Who {
        Who { project: project.into(), project_weight: weight, key: key.into(), key_weight: 1, urgency }
    }

    /// Gives out `rounds` places while everybody always has somebody waiting; who got how many.
    fn shares(all: &[Who], rounds: usize) -> BTreeMap<String, usize> {
        let mut fair = Fair::default();
        for who in all {
            for _ in 0..3 {
                fair.push(who, who.clone());
            }
        }
        let mut got = BTreeMap::new();
        for _ in 0..rounds {
            let next = fair.pop().unwrap();
            *got.entry(format!("{}/{}", next.project, next.key)).or_insert(0) += 1;
            fair.push(&next.clone(), next);
        }
        got
    }

    #[test]
    fn projects_share_by_their_weights_and_keys_within_them() {
        let normal = NORMAL;
        let all = [who("a", 1, "k", normal), who("b", 2, "k", normal), who("c", 5, "k", normal)];
        let got = shares(&all, 8_000);
        for (name, share) in [("a/k", 1_000), ("b/k", 2_000), ("c/k", 5_000)] {
            assert!(got[name].abs_diff(share) <= 2, "{got:?}");
        }
        let heavy = Who { key_weight: 3, ..who("b", 2, "heavy", normal) };
        let got = shares(&[who("a", 1, "k", normal), who("b", 2, "light", normal), heavy], 3_000);
        for (name, share) in [("a/k", 1_000), ("b/light", 500), ("b/heavy", 1_500)] {
            assert!(got[name].abs_diff(share) <= 2, "{got:?}");
        }
    }

    #[test]
    fn urgency_counts_within_a_project_alone() {
        let mut fair = Fair::default();
        let all = [
            ("low", who("a", 1, "k", LOW)),
            ("normal", who("a", 1, "l", NORMAL)),
            ("high", who("a", 1, "k", HIGH)),
            ("other", who("b", 1, "k", LOW)),
            ("other", who("b", 1, "k", LOW)),
        ];
        for (name, who) in &all {
            fair.push(who, *name);
        }
        let order: Vec<_> = std::iter::from_fn(|| fair.pop()).collect();
        assert_eq!(order, ["high", "other", "normal", "other", "low"]);
        assert!(fair.is_empty() && fair.pop().is_none());
    }

    #[test]
    fn who_rests_saves_nothing_up() {
        let mut fair = Fair::default();
        let (busy, idle) = (who("busy", 1, "k", NORMAL), who("idle", 1, "k", NORMAL));
        fair.push(&busy, "busy");
        for _ in 0..100 {
            fair.push(&busy, "busy");
            fair.pop();
        }
        for _ in 0..10 {
            fair.push(&busy, "busy");
            fair.push(&idle, "idle");
        }
        let first: Vec<_> = (0..10).filter_map(|_| fair.pop()).collect();
        let idle = first.iter().filter(|name| **name == "idle").count();
        assert!((5..=6).contains(&idle), "{first:?}");
    }

    #[test]
    fn room_is_made_by_who_holds_more_than_its_share() {
        let mut fair = Fair::default();
        let (greedy, small) = (who("greedy", 5, "k", NORMAL), who("small", 1, "k", NORMAL));
        for number in 0..20 {
            fair.push(&greedy, number);
        }
        assert_eq!(fair.make_room(&greedy), None, "nobody holds more");
        assert_eq!(fair.make_room(&small), Some(19), "the last who came");
        fair.push(&small, 100);
        fair.push(&small, 101);
        fair.push(&small, 102);
        assert_eq!(fair.make_room(&small), None, "four of one are as much as nineteen of five");
        assert_eq!((fair.len(), fair.of_project("small")), (22, 3));
        fair.retain(|number| *number >= 100);
        assert_eq!((fair.len(), fair.of_project("greedy")), (3, 0));
    }

    #[test]
    fn many_projects_leave_no_trace() {
        let mut fair = Fair::default();
        fair.push(&who("first", 1, "k", LOW), 0);
        for number in 0..10_000 {
            fair.push(&who(&format!("proj_{number}"), 1, "k", NORMAL), number);
            assert!(fair.pop().is_some());
            assert!(fair.projects.lines.len() <= RESTING_MAX + 2, "{}", fair.projects.lines.len());
        }
        assert!(fair.pop().is_some() && fair.projects.lines.is_empty());
    }
}
