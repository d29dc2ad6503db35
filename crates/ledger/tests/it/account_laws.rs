//! Laws of accounts, whatever happens in which order.

use ledger::account::{Account, Grant, Reservation, admit, extend};
use ledger::book::{Answer, Ask, Lease, Row};
use ledger::{AccountId, AccountKind, NanoUsd};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// What may happen to a budget and two nodes that spend it.
#[derive(Debug, Clone)]
enum Step {
    Lease { node: usize, need: i64, slice: i64 },
    Admit { node: usize, amount: i64 },
    Extend { node: usize, which: usize, more: i64 },
    Settle { node: usize, which: usize, sell: i64 },
    Drop { node: usize, which: usize },
    Ship { node: usize },
    GiveBack { node: usize },
    Crash { node: usize },
    Limit(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let (node, which) = (0..2_usize, 0..8_usize);
    prop_oneof![
        3 => (node.clone(), 1..200_i64, 0..400_i64).prop_map(|(node, need, slice)| Step::Lease { node, need, slice }),
        4 => (node.clone(), 1..150_i64).prop_map(|(node, amount)| Step::Admit { node, amount }),
        2 => (node.clone(), which.clone(), 1..100_i64).prop_map(|(node, which, more)| Step::Extend { node, which, more }),
        3 => (node.clone(), which.clone(), -5..300_i64).prop_map(|(node, which, sell)| Step::Settle { node, which, sell }),
        1 => (node.clone(), which).prop_map(|(node, which)| Step::Drop { node, which }),
        2 => node.clone().prop_map(|node| Step::Ship { node }),
        1 => node.clone().prop_map(|node| Step::GiveBack { node }),
        1 => node.prop_map(|node| Step::Crash { node }),
        1 => (200..1_500_i64).prop_map(Step::Limit),
    ]
}

struct Node {
    account: Arc<Account>,
    lease: Lease,
    running: Vec<Reservation>,
    /// Settled and not shipped.
    unshipped: Vec<i64>,
}

fn node() -> Node {
    let id = AccountId { kind: AccountKind::Budget, ulid: [1; 16] };
    Node { account: Arc::new(Account::new(id)), lease: Lease::default(), running: vec![], unshipped: vec![] }
}

fn granted(amount: i64) -> Grant {
    let (granted, charged) = (NanoUsd(amount), NanoUsd(0));
    Grant { window_start_ms: 0, ends_mono_ms: i64::MAX, current: true, counted: false, granted, charged }
}

fn ship(row: &mut Row, node: &mut Node) {
    for charge in node.unshipped.drain(..) {
        assert!(row.post(&mut node.lease, NanoUsd(charge)), "what was admitted is in the lease");
    }
}

proptest! {
    #[test]
    fn posted_and_leased_stay_within_the_limit(steps in vec(any_step(), 1..120)) {
        let (mut row, mut limit, mut ceiling) = (Row::default(), NanoUsd(1_000), 1_000);
        let mut nodes = [node(), node()];
        let (mut charged, mut held) = (0, 0);
        for step in steps {
            match step {
                Step::Lease { node, need, slice } => {
                    let node = &mut nodes[node];
                    let (need, slice) = (NanoUsd(need), NanoUsd(slice));
                    let ask = Ask { reserve: need, need, slice, unposted: NanoUsd(0), crash_holds: NanoUsd(held) };
                    let left = row.left(limit);
                    match row.grant(&mut node.lease, limit, &ask) {
                        Answer::Granted(amount) => {
                            prop_assert!(amount >= need && amount <= left);
                            node.account.grant(&granted(node.lease.granted));
                        }
                        Answer::Exhausted(_) => prop_assert!(row.posted + held + need.0 > limit.0),
                        Answer::Reserved(_) => prop_assert!(row.posted + held + need.0 <= limit.0),
                    }
                }
                Step::Admit { node, amount } => {
                    let node = &mut nodes[node];
                    let accounts = [Arc::clone(&node.account)];
                    node.running.extend(admit(&accounts, NanoUsd(amount), 0));
                }
                Step::Extend { node, which, more } => {
                    if let Some(running) = nodes[node].running.get_mut(which)
                        && let Ok(more) = extend(running.parts(), NanoUsd(more))
                    {
                        running.join(more);
                    }
                }
                Step::Settle { node, which, sell } if which < nodes[node].running.len() => {
                    let running = nodes[node].running.swap_remove(which);
                    let bill = running.bill(NanoUsd(sell));
                    prop_assert!(bill.charge <= running.amount());
                    prop_assert_eq!(bill.charge.0 + bill.absorbed.0, sell.max(0));
                    running.settle(bill.charge);
                    nodes[node].unshipped.push(bill.charge.0);
                    charged += bill.charge.0;
                }
                Step::Drop { node, which } if which < nodes[node].running.len() => {
                    drop(nodes[node].running.swap_remove(which));
                }
                Step::Ship { node } => ship(&mut row, &mut nodes[node]),
                Step::GiveBack { node } => {
                    let node = &mut nodes[node];
                    for (_, free) in node.account.take_free(0, true) {
                        prop_assert_eq!(row.give_back(&mut node.lease, free), free);
                    }
                }
                Step::Crash { node: which } => {
                    // The journal is replayed: what was settled is posted, what ran is held in full.
                    let mut crashed = std::mem::replace(&mut nodes[which], node());
                    ship(&mut row, &mut crashed);
                    let running: i64 = crashed.running.iter().map(|running| running.amount().0).sum();
                    held += row.close(&mut crashed.lease, NanoUsd(running)).0;
                }
                Step::Limit(new) => limit = NanoUsd(new),
                Step::Settle { .. } | Step::Drop { .. } => {}
            }
            // A limit that was lowered grants nothing; what was leased before may still be spent.
            ceiling = if row.holds(limit) { limit.0 } else { ceiling.max(limit.0) };
            prop_assert!(row.holds(NanoUsd(ceiling)), "{row:?}");
            let leases: i64 = nodes.iter().map(|node| node.lease.left().0).sum();
            prop_assert_eq!(row.leased, leases + held);
            let unshipped: i64 = nodes.iter().flat_map(|node| &node.unshipped).sum();
            prop_assert_eq!(row.posted + unshipped, charged);
            for node in &nodes {
                for holding in node.account.holdings() {
                    prop_assert!(holding.free().0 >= 0 && holding.reserved >= 0);
                    prop_assert_eq!(holding.granted, node.lease.granted);
                }
            }
        }
        for node in &mut nodes {
            node.running.clear();
            ship(&mut row, node);
            row.close(&mut node.lease, NanoUsd(0));
        }
        prop_assert_eq!((row.posted, row.leased), (charged, held));
    }
}
