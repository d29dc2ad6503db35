//! What runs at the same time, kept by several nodes that trade their units as the database lets them, and a gap in
//! which it lets nobody: together never more than the limit, and who needs no more than before the gap is not refused.

use crate::sim::dice::Dice;
use ledger::limit::share::{Other, Pool, fair, keeps};
use ledger::limit::{Held, Kind, Level, Limits, Subject, admit, lacking};
use proptest::prelude::*;
use std::sync::Arc;

const KIND: Kind = Kind::Concurrency;
/// Time between two steps, between two looks at what others want, and how long that counts, milliseconds.
const STEP_MS: i64 = 10;
const LOOK_MS: i64 = 200;
const WANTS_MS: i64 = 3_000;

struct Node {
    level: Level,
    runs: Vec<Held>,
    /// The most that is ever to run here.
    needs: u32,
    /// What was to run in the second before, and in this one.
    lately: [u64; 2],
    /// What the database says that it wants, since when.
    said: (u64, i64),
}

impl Node {
    fn new(limit: u32, needs: u32) -> Self {
        let (limits, subject) = (Limits::default().with(KIND, limit), Arc::new(Subject::shared()));
        Self {
            level: Level { limits, subject },
            runs: Vec::new(),
            needs,
            lately: [0, 0],
            said: (0, i64::MIN / 2),
        }
    }

    fn units(&self) -> u32 {
        self.level.subject.share(KIND, 0).units
    }

    fn wants(&mut self) -> u64 {
        self.lately[1] = self.lately[1].max(self.level.subject.take_asked(KIND));
        self.lately[0].max(self.lately[1])
    }

    /// Begins one more; whether it may.
    fn begin(&mut self) -> bool {
        let begun = admit(&[&self.level], 1, 0).map(|(held, _)| self.runs.push(held));
        begun.is_ok()
    }
}

struct World {
    limit: u32,
    pool: Pool,
    nodes: Vec<Node>,
    /// When somebody lacked something last.
    wanted_ms: i64,
    now_ms: i64,
}

impl World {
    fn others(&self, place: usize) -> Vec<Other> {
        let other = |node: &Node| {
            let is_fresh = self.now_ms - node.said.1 <= WANTS_MS;
            Other { wants: if is_fresh { node.said.0 } else { 0 }, units: node.units() }
        };
        self.nodes.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, node)| other(node)).collect()
    }

    fn take(&mut self, place: usize) {
        let others = self.others(place);
        let node = &mut self.nodes[place];
        let needs = u64::from(node.level.subject.running() + 1);
        let wants = node.wants().max(needs);
        let all: Vec<u64> = std::iter::once(wants).chain(others.iter().map(|other| other.wants)).collect();
        let held = node.units();
        let part = match others.iter().any(|other| other.units > 0) {
            true => fair(self.limit, &all)[0].saturating_sub(held),
            false => self.limit,
        };
        let share = self.pool.take(part.max(1), None);
        if share.units == 0 {
            self.wanted_ms = self.now_ms;
        }
        node.said = (wants, self.now_ms);
        node.level.subject.receive(KIND, share, 0);
    }

    fn give(&mut self, place: usize) {
        let others = self.others(place);
        let node = &mut self.nodes[place];
        let (wants, running, held) = (node.wants(), node.level.subject.running().into(), node.units());
        let kept = keeps(&self.pool, held, running, wants, &others);
        self.pool.put(node.level.subject.give(KIND, held.saturating_sub(kept), 0));
        node.said = (wants, self.now_ms);
    }

    /// Lets one step of time pass; how many were refused. `apart`: no node reaches the database.
    fn step(&mut self, dice: &mut Dice, apart: bool) -> usize {
        self.now_ms += STEP_MS;
        let mut refused = 0;
        for place in 0..self.nodes.len() {
            let node = &mut self.nodes[place];
            // Now and then all at once, else any number of them.
            let aim = if dice.between(0, 9) == 0 { node.needs } else { 0 };
            let aim = aim.max(u32::try_from(dice.between(0, node.needs.into())).unwrap_or(0)) as usize;
            node.runs.truncate(aim);
            while self.nodes[place].runs.len() < aim && !self.nodes[place].begin() {
                let lacks = !lacking(&[&self.nodes[place].level], 1, 0).is_empty();
                if apart || !lacks {
                    refused += 1;
                    break;
                }
                self.take(place);
                if !self.nodes[place].begin() {
                    refused += 1;
                    break;
                }
            }
            let looks = (self.now_ms / STEP_MS + place as i64 * 7) % (LOOK_MS / STEP_MS) == 0;
            if looks && !apart && self.now_ms - self.wanted_ms <= WANTS_MS {
                self.give(place);
            }
            if self.now_ms % 1_000 == 0 {
                let node = &mut self.nodes[place];
                node.wants();
                node.lately = [node.lately[1], 0];
            }
        }
        let units: i64 = self.nodes.iter().map(|node| i64::from(node.units())).sum();
        assert_eq!(units + self.pool.units, i64::from(self.limit));
        let running: usize = self.nodes.iter().map(|node| node.runs.len()).sum();
        assert!(running <= self.limit as usize, "{running} run of {}", self.limit);
        refused
    }
}

fn world(dice: &mut Dice) -> World {
    let limit = [2, 3, 4, 7, 10, 40][dice.index(6)];
    let nodes = u32::try_from(dice.between(2, 4)).unwrap_or(2).min(limit);
    // One each, and of the rest as it comes.
    let mut needs = vec![1; nodes as usize];
    for _ in 0..dice.between(0, i64::from(limit - nodes)) {
        let place = dice.index(needs.len());
        needs[place] += 1;
    }
    let nodes = needs.into_iter().map(|needs| Node::new(limit, needs)).collect();
    World { limit, pool: Pool::new(limit, 0), nodes, wanted_ms: i64::MIN / 2, now_ms: 0 }
}

#[test]
fn a_gap_of_the_database_refuses_nobody_who_needs_no_more_than_before() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut world = world(&mut dice);
        (0..1_500).for_each(|_| _ = world.step(&mut dice, false));
        let refused: usize = (0..300).map(|_| world.step(&mut dice, true)).sum();
        assert_eq!(refused, 0, "refused in the gap of seed {seed}");
    }
}

#[test]
fn a_node_that_rests_keeps_one_until_it_is_lacked_elsewhere() {
    let nodes = vec![Node::new(4, 1), Node::new(4, 4)];
    let mut world = World { limit: 4, pool: Pool::new(4, 0), nodes, wanted_ms: i64::MIN / 2, now_ms: 0 };
    world.take(0);
    assert_eq!(world.nodes[0].units(), 4, "nobody else wants any");
    // The first rests, and the second needs one more again and again.
    for (runs, kept) in [(1, 2), (2, 2), (3, 1), (4, 0)] {
        world.now_ms += 5_000;
        world.nodes[0].lately = [0, 0];
        world.nodes[0].level.subject.take_asked(KIND);
        if !world.nodes[1].begin() {
            world.take(1);
            world.give(0);
            world.take(1);
            assert!(world.nodes[1].begin(), "nobody waits for one that rests");
        }
        assert_eq!((world.nodes[1].runs.len(), world.nodes[0].units()), (runs, kept));
    }
}

proptest! {
    #[test]
    fn who_rests_gives_what_is_lacked_and_keeps_one_of_the_rest(
        limit in 1_u32..50,
        free in 0_i64..3,
        held in 0_u32..50,
        lately in 0_u64..60,
        others in proptest::collection::vec((0_u64..60, 0_u32..50), 1..4),
    ) {
        let others: Vec<Other> =
            others.into_iter().map(|(wants, units)| Other { wants, units }).collect();
        let pool = Pool { units: free, ..Pool::new(limit, 0) };
        let kept = held.min(keeps(&pool, held, 0, lately, &others));
        let lacked: u64 = others.iter().map(|other| other.wants.saturating_sub(other.units.into())).sum();
        let given = u64::from(held - kept) + u64::try_from(free).unwrap_or(0);
        let wanted: u64 = others.iter().map(|other| other.wants).sum();
        // Where nobody wants anything nobody lacks anything.
        prop_assert!(given >= lacked.min(u64::from(held)) || wanted == 0, "{} of {}", given, lacked);
        let asking = 1 + others.iter().filter(|other| other.wants > 0).count();
        if lacked == 0 && held > 0 && asking <= limit as usize {
            prop_assert!(kept > 0);
        }
    }
}
