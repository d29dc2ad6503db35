//! One table for each strategy.

use super::candidates;
use crate::catalog::Strategy;
use crate::routing::dice::Dice;
use crate::routing::order::order;

fn asked(strategy: Strategy, written: &str, pinned: Option<&str>, seed: u64) -> String {
    let pinned = pinned.map(|name| format!("p/{name}"));
    let steps = order(strategy, candidates(written), pinned.as_deref(), &mut Dice::of(seed));
    let names: Vec<&str> = steps.iter().map(|step| step.target.id.trim_start_matches("p/")).collect();
    names.join(" ")
}

fn hold(strategy: Strategy, table: &[(&str, &str)]) {
    assert!(table.len() >= 30, "{}", table.len());
    for (written, expected) in table {
        for seed in 0..20 {
            assert_eq!(asked(strategy, written, None, seed), *expected, "{strategy:?} of {written}");
        }
    }
}

#[test]
fn priority() {
    hold(
        Strategy::Priority,
        &[
            ("a", "a"),
            ("a b", "a b"),
            ("b a", "b a"),
            ("a b c", "a b c"),
            ("c a b", "c a b"),
            // Numbers mean nothing here.
            ("a=9 b=1", "a b"),
            ("a=- b=1", "a b"),
            ("a=1+99 b=1", "a b"),
            // Who is out stands last, but not alone.
            ("a=1!1", "a"),
            ("a=1!1 b", "b a"),
            ("a b=1!1", "a b"),
            ("a=1!1 b c", "b c a"),
            ("a b=1!1 c", "a c b"),
            ("a=1!1 b=1!2 c d", "c d a b"),
            ("a=1!2 b=1!1 c d", "c d a b"),
            ("a b=1!1 c d=1!2", "a c b d"),
            // At most half are out: the first that were.
            ("a=1!1 b=1!2", "b a"),
            ("a=1!2 b=1!1", "a b"),
            ("a=1!1 b=1!2 c", "b c a"),
            ("a=1!2 b=1!1 c=1!3", "a c b"),
            ("a=1!1 b=1!2 c=1!3 d=1!4", "c d a b"),
            // Cooling stands between.
            ("a=1~5 b", "b a"),
            ("a=1~5 b=1~3", "b a"),
            ("a=1~3 b=1~5 c", "c a b"),
            ("a=1!1 b=1~5 c", "c b a"),
            ("a=1~9 b=1!1 c d", "c d a b"),
            ("a=1~9", "a"),
            // Who may be well again is tried in its place.
            ("a=1? b", "a b"),
            ("a b=1?", "a b"),
            ("a=1? b=1!1 c", "a c b"),
            ("a=1~5 b=1? c", "b c a"),
            ("a=1? b=1?", "a b"),
        ],
    );
}

#[test]
fn cost() {
    hold(
        Strategy::Cost,
        &[
            ("a=5", "a"),
            ("a=5 b=3", "b a"),
            ("a=3 b=5", "a b"),
            ("a=3 b=3", "a b"),
            ("b=3 a=3", "b a"),
            ("a=9 b=7 c=8", "b c a"),
            ("a=0 b=1", "a b"),
            ("a=1 b=0", "b a"),
            ("a=1000000 b=999999", "b a"),
            ("a=4 b=3 c=2 d=1", "d c b a"),
            ("a=1 b=2 c=3 d=4", "a b c d"),
            ("a=2 b=1 c=2 d=1", "b d a c"),
            // Unpriced is not free.
            ("a=- b=9", "b a"),
            ("a=9 b=-", "a b"),
            ("a=- b=-", "a b"),
            ("a=- b=9 c=-", "b a c"),
            ("a=- b=0", "b a"),
            ("a=-!1 b=9 c=5", "c b a"),
            // How they do goes before what they cost.
            ("a=1!1 b=9", "b a"),
            ("a=9!1 b=1", "b a"),
            ("a=1!1 b=9 c=8", "c b a"),
            ("a=1!1 b=2!2", "b a"),
            ("a=1!2 b=2!1", "a b"),
            ("a=1~5 b=9", "b a"),
            ("a=1~5 b=9~4", "b a"),
            ("a=1~5 b=9 c=5~5", "b a c"),
            ("a=1!1 b=2~7 c=9", "c b a"),
            ("a=1? b=9", "a b"),
            ("a=9? b=1", "b a"),
            ("a=5? b=5", "a b"),
            ("a=5+500 b=6", "a b"),
        ],
    );
}

#[test]
fn quality() {
    hold(
        Strategy::Quality,
        &[
            ("a=5", "a"),
            ("a=5 b=9", "b a"),
            ("a=9 b=5", "a b"),
            ("a=5 b=5", "a b"),
            ("b=5 a=5", "b a"),
            ("a=1 b=2 c=3", "c b a"),
            ("a=3 b=2 c=1", "a b c"),
            ("a=2 b=3 c=1", "b a c"),
            ("a=10 b=9", "a b"),
            ("a=0 b=1", "b a"),
            ("a=7 b=7 c=8", "c a b"),
            ("a=1000 b=1001", "b a"),
            // Who has no score stands behind, whatever the score.
            ("a=- b=0", "b a"),
            ("a=- b=5", "b a"),
            ("a=5 b=-", "a b"),
            ("a=- b=-", "a b"),
            ("a=- b=1 c=-", "b a c"),
            ("a=- b=1 c=2", "c b a"),
            // How they do goes before what they are worth.
            ("a=9!1 b=1", "b a"),
            ("a=1!1 b=9", "b a"),
            ("a=9!1 b=1 c=2", "c b a"),
            ("a=9!1 b=8!2", "b a"),
            ("a=9!2 b=8!1", "a b"),
            ("a=9~5 b=1", "b a"),
            ("a=9~5 b=1~4", "b a"),
            ("a=9!1 b=8~5 c=1", "c b a"),
            ("a=9? b=1", "a b"),
            ("a=1? b=9", "b a"),
            ("a=-? b=9", "b a"),
            ("a=9+500 b=8", "a b"),
        ],
    );
}

#[test]
fn latency_of_two() {
    hold(
        Strategy::Latency,
        &[
            ("a=5", "a"),
            ("a=5 b=9", "a b"),
            ("a=9 b=5", "b a"),
            ("a=5 b=5", "a b"),
            ("a=0 b=1", "a b"),
            ("a=1 b=0", "b a"),
            ("a=100 b=101", "a b"),
            ("a=101 b=100", "b a"),
            ("a=60000 b=1", "b a"),
            // Who is not known is asked to find out, by one request at a time.
            ("a=- b=5", "a b"),
            ("a=5 b=-", "b a"),
            ("a=- b=-", "a b"),
            ("a=-+1 b=5", "b a"),
            ("a=5 b=-+1", "a b"),
            ("a=-+1 b=-", "b a"),
            ("a=-+1 b=-+1", "a b"),
            ("a=5+7 b=9", "a b"),
            // How they do goes before how quick they are.
            ("a=1!1 b=9", "b a"),
            ("a=9!1 b=1", "b a"),
            ("a=1!1 b=2!2", "b a"),
            ("a=1!2 b=2!1", "a b"),
            ("a=-!1 b=9", "b a"),
            ("a=1~5 b=9", "b a"),
            ("a=1~5 b=9~4", "b a"),
            ("a=9~4 b=1~5", "a b"),
            ("a=1~5 b=9!1", "a b"),
            // Who may be well again is tried at once.
            ("a=9? b=1", "a b"),
            ("a=1 b=9?", "b a"),
            ("a=9? b=1?", "a b"),
            ("a=-? b=1", "a b"),
            ("a=9? b=1!1", "a b"),
        ],
    );
}

/// Two of several are drawn, and the quicker of them is asked first: shares of a thousand.
#[test]
fn latency_of_several() {
    let table = [
        ("a=1 b=2 c=3", [667, 333, 0]),
        ("a=3 b=2 c=1", [0, 333, 667]),
        ("a=2 b=9 c=5", [667, 0, 333]),
        ("a=1!1 b=2 c=3", [0, 1000, 0]),
        ("a=1 b=2~5 c=3", [1000, 0, 0]),
        ("a=- b=2 c=3", [667, 333, 0]),
        ("a=-+1 b=2 c=3", [0, 667, 333]),
    ];
    for (written, expected) in table {
        let found = shares(Strategy::Latency, written);
        let near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 40);
        assert!(near, "{written}: {found:?}");
    }
}

/// How often each is asked first, of a thousand times.
fn shares(strategy: Strategy, written: &str) -> [u32; 3] {
    let mut firsts = [0; 3];
    for seed in 0..1_000_u64 {
        let first = asked(strategy, written, None, seed.wrapping_mul(0x9e37_79b9));
        let at = ["a", "b", "c"].iter().position(|name| first.starts_with(name)).unwrap();
        firsts[at] += 1;
    }
    firsts
}

#[test]
fn weight() {
    let table = [
        ("a=1", [1000, 0, 0]),
        ("a=1 b=1", [500, 500, 0]),
        ("a=1 b=3", [250, 750, 0]),
        ("a=3 b=1", [750, 250, 0]),
        ("a=1 b=9", [100, 900, 0]),
        ("a=9 b=1", [900, 100, 0]),
        ("a=1 b=1 c=1", [333, 333, 333]),
        ("a=1 b=2 c=1", [250, 500, 250]),
        ("a=2 b=1 c=1", [500, 250, 250]),
        ("a=1 b=2 c=5", [125, 250, 625]),
        ("a=5 b=2 c=1", [625, 250, 125]),
        ("a=10 b=10 c=80", [100, 100, 800]),
        ("a=1000000 b=1000000", [500, 500, 0]),
        ("a=1 b=999999", [0, 1000, 0]),
        ("a=7 b=7 c=7", [333, 333, 333]),
        ("a=98 b=1 c=1", [980, 10, 10]),
        // Who is out, or has no room, has no share.
        ("a=1!1 b=1", [0, 1000, 0]),
        ("a=1 b=9!1", [1000, 0, 0]),
        ("a=9!1 b=1 c=1", [0, 500, 500]),
        ("a=1 b=9!1 c=3", [250, 0, 750]),
        ("a=1 b=3 c=9!1", [250, 750, 0]),
        ("a=1~5 b=1", [0, 1000, 0]),
        ("a=1 b=9~5 c=1", [500, 0, 500]),
        ("a=1!1 b=1~5 c=1", [0, 0, 1000]),
        ("a=9!1 b=1!2", [0, 1000, 0]),
        ("a=9!2 b=1!1", [1000, 0, 0]),
        ("a=1!1 b=1!2 c=1!3", [0, 500, 500]),
        ("a=1!1 b=1!2 c=3", [0, 250, 750]),
        ("a=1? b=3", [250, 750, 0]),
        ("a=3 b=1?", [750, 250, 0]),
        ("a=1? b=1? c=2", [250, 250, 500]),
        ("a=1~5 b=1~9", [1000, 0, 0]),
    ];
    assert!(table.len() >= 30);
    for (written, expected) in table {
        let found = shares(Strategy::Weight, written);
        let near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 45);
        assert!(near, "{written}: {found:?}, not {expected:?}");
    }
}

#[test]
fn a_session_stays_while_its_target_is_well() {
    let table = [
        (Strategy::Cost, "a=5 b=3 c=1", "a", "a c b"),
        (Strategy::Cost, "a=5!1 b=3 c=1", "a", "c b a"),
        (Strategy::Cost, "a=5~9 b=3 c=1", "a", "c b a"),
        (Strategy::Cost, "a=5? b=3 c=1", "a", "c b a"),
        (Strategy::Latency, "a=5 b=3", "a", "a b"),
        (Strategy::Quality, "a=5 b=3", "b", "b a"),
        (Strategy::Quality, "a=5 b=3", "gone", "a b"),
    ];
    for (strategy, written, pinned, expected) in table {
        assert_eq!(asked(strategy, written, Some(pinned), 1), expected, "{strategy:?} {written}");
    }
    for seed in 0..100 {
        assert!(asked(Strategy::Weight, "a=1 b=999 c=999", Some("a"), seed).starts_with('a'));
    }
}
