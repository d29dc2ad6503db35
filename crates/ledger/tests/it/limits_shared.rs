//! One limit kept by several nodes: whatever moves between them, together they admit what one would.

use crate::sim::dice::Dice;
use ledger::limit::share::{Pool, Share, fair};
use ledger::limit::{Held, Kind, Level, Limits, Period, Subject, admit, lacking};
use proptest::prelude::*;
use std::sync::Arc;

const RPM: Kind = Kind::RequestsPerMinute;
const MINUTE: Option<Period> = Some(Period::Minute);

struct Node {
    level: Level,
    held: Vec<Held>,
}

fn node(limits: Limits) -> Node {
    Node { level: Level { limits, subject: Arc::new(Subject::shared()) }, held: Vec::new() }
}

/// What a node does that lacks something of a kind: takes from the pool.
fn take(pool: &mut Pool, node: &Node, kind: Kind, limit: u32, most: u32, now_ms: i64) {
    pool.adjust(limit, now_ms);
    let share = pool.take(most, kind.period());
    node.level.subject.receive(kind, share, now_ms);
}

fn give(pool: &mut Pool, node: &Node, kind: Kind, limit: u32, most: u32, now_ms: i64) {
    let share = node.level.subject.give(kind, most, now_ms);
    pool.adjust(limit, now_ms);
    pool.put(share);
}

/// Runs nodes that share, trade and crash for some simulated minutes; answers when requests were admitted.
fn simulate(seed: u64, limit: u32, crashes: bool) -> Vec<i64> {
    let mut dice = Dice::new(seed);
    let limits = Limits::default().with(RPM, limit).with(Kind::Concurrency, limit.min(40));
    let mut pools = [Pool::new(limit, 0), Pool::new(limit.min(40), 0)];
    let kinds = [(RPM, limit), (Kind::Concurrency, limit.min(40))];
    let mut nodes: Vec<Node> = (0..=dice.between(0, 3)).map(|_| node(limits)).collect();
    let mut admitted = Vec::new();
    let mut now_ms = 0;
    for _ in 0..2_000 {
        now_ms += dice.between(0, 199);
        let place = dice.index(nodes.len());
        let (which, most) = (dice.index(2), u32::try_from(dice.between(1, limit.into())).unwrap_or(1));
        let (kind, whole) = kinds[which];
        match dice.between(0, 19) {
            0 | 1 => give(&mut pools[which], &nodes[place], kind, whole, most, now_ms),
            2 if crashes => {
                let dead = std::mem::replace(&mut nodes[place], node(limits));
                for (pool, (kind, whole)) in pools.iter_mut().zip(kinds) {
                    let units = dead.level.subject.share(kind, now_ms).units;
                    pool.adjust(whole, now_ms);
                    pool.put(Share::used_up(units, kind.period()));
                }
            }
            3..=6 if !nodes[place].held.is_empty() => drop(nodes[place].held.swap_remove(0)),
            _ => {
                let wanted = lacking(&[&nodes[place].level], 1, now_ms);
                for lack in wanted {
                    let which = usize::from(lack.kind == Kind::Concurrency);
                    take(
                        &mut pools[which],
                        &nodes[place],
                        lack.kind,
                        lack.limit,
                        lack.units.max(most),
                        now_ms,
                    );
                }
                if let Ok((mut held, _)) = admit(&[&nodes[place].level], 1, now_ms) {
                    held.sent(now_ms);
                    nodes[place].held.push(held);
                    admitted.push(now_ms);
                }
            }
        }
        let shares = |kind: Kind| -> i64 {
            nodes.iter().map(|node| i64::from(node.level.subject.share(kind, now_ms).units)).sum()
        };
        for (pool, (kind, whole)) in pools.iter().zip(kinds) {
            assert_eq!(pool.units + shares(kind), i64::from(whole), "{} of seed {seed}", kind.name());
        }
        let running: usize = nodes.iter().map(|node| node.held.len()).sum();
        assert!(running <= limit.min(40) as usize, "{running} run, seed {seed}");
    }
    admitted
}

fn within(admitted: &[i64], limit: u32) -> Result<(), String> {
    for (first, from_ms) in admitted.iter().enumerate() {
        for (last, to_ms) in admitted.iter().enumerate().skip(first) {
            let count = i64::try_from(last - first + 1).unwrap_or(i64::MAX);
            if count * 60_000 > i64::from(limit) * (60_000 + to_ms - from_ms) {
                return Err(format!("{count} in {} ms of {limit} a minute", to_ms - from_ms));
            }
        }
    }
    Ok(())
}

#[test]
fn together_nodes_never_admit_more_than_one_would() {
    for seed in 0..400 {
        let limit = [1, 2, 3, 7, 40, 150, 600][usize::try_from(seed % 7).unwrap_or(0)];
        let admitted = simulate(seed, limit, seed % 3 == 0);
        within(&admitted, limit).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        assert!(!admitted.is_empty());
    }
}

#[test]
fn a_share_that_is_given_away_takes_along_what_was_used_of_it() {
    let one = node(Limits::default().with(RPM, 60));
    let mut pool = Pool::new(60, 0);
    take(&mut pool, &one, RPM, 60, 60, 0);
    for _ in 0..60 {
        admit(&[&one.level], 1, 0).expect("the whole limit").0.sent(0);
    }
    give(&mut pool, &one, RPM, 60, 45, 0);
    let other = node(Limits::default().with(RPM, 60));
    take(&mut pool, &other, RPM, 60, 45, 0);
    assert!(admit(&[&other.level], 1, 0).is_err(), "it was used up, wherever it is");
    assert_eq!(lacking(&[&other.level], 1, 0).first().map(|lack| lack.units), Some(1));
    assert!(admit(&[&other.level], 1, 1_334).is_ok(), "and drains by its share: 45 a minute");
}

#[test]
fn an_idle_limit_of_one_goes_to_whoever_asks() {
    let (one, other) = (node(Limits::default().with(RPM, 1)), node(Limits::default().with(RPM, 1)));
    let mut pool = Pool::new(1, 0);
    take(&mut pool, &one, RPM, 1, 1, 0);
    give(&mut pool, &one, RPM, 1, 1, 5);
    take(&mut pool, &other, RPM, 1, 1, 5);
    assert!(admit(&[&other.level], 1, 5).is_ok());
    assert!(one.level.subject.is_idle(5));
}

#[test]
fn a_request_costs_the_whole_limit_though_a_node_has_a_part_of_it() {
    let limits = Limits::default().with(Kind::TokensPerMinute, 1_000);
    let node = node(limits);
    node.level.subject.receive(Kind::TokensPerMinute, Share { units: 100, level: 0 }, 0);
    let lacks = lacking(&[&node.level], 700, 0);
    assert_eq!(lacks.first().map(|lack| lack.units), Some(600));
    node.level.subject.receive(Kind::TokensPerMinute, Share { units: 600, level: 0 }, 0);
    let (held, _) = admit(&[&node.level], 700, 0).expect("now it has room");
    assert_eq!(node.level.subject.give(Kind::TokensPerMinute, 1_000, 0).units, 0, "all of it is held");
    held.settle(5, 0);
    let given = node.level.subject.give(Kind::TokensPerMinute, 1_000, 0);
    assert_eq!(given, Share { units: 700, level: 5 * 60_000 });
}

#[test]
fn every_node_that_hears_of_a_smaller_limit_uses_as_much_less_of_its_share() {
    let whole = Limits::default().with(RPM, 40).with(Kind::Concurrency, 8);
    let smaller = Limits::default().with(RPM, 10).with(Kind::Concurrency, 2);
    let mut nodes = [node(whole), node(whole)];
    for node in &mut nodes {
        node.level.subject.receive(RPM, Share { units: 20, level: 0 }, 0);
        node.level.subject.receive(Kind::Concurrency, Share { units: 4, level: 0 }, 0);
        admit(&[&node.level], 1, 0).expect("room").0.sent(0);
        node.level.limits = smaller;
        let admitted =
            (0..20).filter_map(|_| admit(&[&node.level], 1, 0).ok().map(|it| it.0)).collect::<Vec<_>>();
        assert_eq!(admitted.len(), 1, "one runs of two between two");
        drop(admitted);
        let mut sent = 0;
        while let Ok((mut held, _)) = admit(&[&node.level], 1, 0) {
            held.sent(0);
            sent += 1;
        }
        assert_eq!(sent, 4, "five of ten, and one was used");
        assert_eq!(node.level.subject.shrunk(RPM), Some(10));
        assert_eq!(node.level.subject.give(RPM, 15, 0), Share { units: 15, level: 0 });
        assert_eq!(node.level.subject.give(Kind::Concurrency, 3, 0).units, 3);
        assert_eq!(
            (node.level.subject.shrunk(RPM), node.level.subject.shrunk(Kind::Concurrency)),
            (None, None)
        );
    }
}

#[test]
fn a_smaller_limit_is_owed_by_the_pool_until_nodes_give_back() {
    let mut pool = Pool::new(100, 0);
    assert_eq!(pool.take(100, MINUTE).units, 100);
    pool.adjust(30, 10);
    assert_eq!((pool.units, pool.take(5, MINUTE).units), (-70, 0));
    pool.put(Share { units: 90, level: 0 });
    assert_eq!(pool.take(50, MINUTE).units, 20, "10 are with a node still");
}

proptest! {
    #[test]
    fn shares_are_all_of_the_limit_and_nobody_who_asks_gets_nothing(
        limit in 1_u32..2_000,
        wants in proptest::collection::vec(prop_oneof![Just(0_u64), 1..=u64::MAX / 8], 1..6),
    ) {
        let shares = fair(limit, &wants);
        let asking = wants.iter().filter(|want| **want > 0).count();
        prop_assert_eq!(shares.iter().sum::<u32>(), if asking > 0 { limit } else { 0 });
        for (want, share) in wants.iter().zip(&shares) {
            prop_assert!(*want > 0 || *share == 0);
            prop_assert!(*want == 0 || *share > 0 || asking > limit as usize);
        }
    }
}
