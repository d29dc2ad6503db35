//! A deterministic simulation: nodes that lease, reserve, crash, replay and are cut off, a database that is
//! started anew and whose answers get lost or come twice, providers that go on behind a crash or ignore their caps. A seed says all of it,
//! so a violation is repeated by its number.
//!
//! The long form: `KEYWAY_SIM_SEEDS=1000000 cargo test --release -p ledger sim::`.

mod database;
pub mod dice;
mod node;
mod rest;
mod tally;
mod world;
mod wrong;

use tally::Tally;
use world::World;
use wrong::Wrong;

/// Seeds that the suite runs.
const SEEDS: u64 = 2_000;
/// Seeds in which each mistake must show.
const SEEDS_OF_A_MISTAKE: u64 = 500;

fn seeds() -> u64 {
    std::env::var("KEYWAY_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

#[test]
fn no_seed_breaks_a_promise() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for seed in (thread..seeds()).step_by(threads as usize) {
                        match World::run(seed, Wrong::Nothing) {
                            Ok(one) => tally.add(&one),
                            Err(broken) => panic!("seed {seed}: {broken}"),
                        }
                    }
                    tally
                })
            })
            .collect();
        for run in runs {
            all.add(&run.join().expect("a promise was broken"));
        }
    });
    // The simulation is worth nothing if these do not happen in it.
    let Tally { settled, refused, crashes, lost, extended, orphans, rolled, edits, lied, restarts } = all;
    println!("{all:?}");
    for (what, count) in [
        ("settled", settled),
        ("refused", refused),
        ("crashes", crashes),
        ("lost answers", lost),
        ("extended", extended),
        ("orphans", orphans),
        ("windows that ended", rolled),
        ("edits", edits),
        ("providers that ignored the cap", lied),
        ("restarts of the database", restarts),
    ] {
        assert!(count > seeds() / 20, "{what}: only {count} in {} seeds", seeds());
    }
}

#[test]
fn each_mistake_is_found() {
    for wrong in Wrong::ALL {
        let found = (0..SEEDS_OF_A_MISTAKE)
            .find_map(|seed| World::run(seed, wrong).err().map(|broken| (seed, broken)));
        let (seed, broken) = found.unwrap_or_else(|| panic!("{wrong:?} was not found"));
        println!("{wrong:?}: seed {seed}: {broken}");
    }
}
