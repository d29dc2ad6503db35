//! Thirty days of traffic with incidents planted in it: each is told within a minute of its start, and the
//! traffic around them costs at most one false alarm per key and month.

#![allow(clippy::print_stdout, reason = "the figures are what it is for: --no-capture shows them")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up fails the test")]

mod best;
mod key;
mod traffic;

use key::Key;
use traffic::{DAY_MINUTES, HOUR_MINUTES, Incident, LOOK_S, LOOKS, Manner, Minute};

const MANNERS: [Manner; 8] = [
    Manner::Office { per_minute: 2 },
    Manner::Office { per_minute: 60 },
    Manner::Service { per_minute: 1 },
    Manner::Service { per_minute: 20 },
    Manner::Service { per_minute: 300 },
    Manner::Nightly { requests: 5_000 },
    Manner::Weekly { requests: 6_000 },
    Manner::Rare,
];

/// A Thursday of the third week: three in the morning, and eleven.
const NIGHT_S: i64 = (17 * DAY_MINUTES + 3 * HOUR_MINUTES) * 60;
const DAY_S: i64 = (17 * DAY_MINUTES + 11 * HOUR_MINUTES) * 60;
/// How often everything is tried with other dice: more of them take longer and are to find the same.
const SEEDS: u64 = 1;

/// Incidents begin in every third second of a minute.
fn offsets() -> impl Iterator<Item = i64> {
    (0..60).step_by(3)
}

/// What a kind of incident took to be told: seconds, of all that were planted. How many were told within a minute,
/// percent, and when the last one was.
fn report(what: &str, mut took_s: Vec<i64>) -> (usize, i64) {
    took_s.sort_unstable();
    let (middle, last) = (took_s[took_s.len() / 2], took_s[took_s.len() - 1]);
    let within = took_s.iter().filter(|took_s| **took_s <= 60).count();
    let of = took_s.len();
    println!("{what}: {within} of {of} told within a minute; {middle} s (median), {last} s (latest)");
    (within * 100 / of, last)
}

#[test]
fn clean_traffic_costs_at_most_one_false_alarm_per_key_and_month() {
    let (mut alarms, mut nervous) = (Vec::new(), 0);
    let months = MANNERS.len() as u64 * SEEDS * 4;
    for (number, manner) in (0..months).zip(MANNERS.into_iter().cycle()) {
        let key = Key::new(number, manner).month(Incident::None);
        assert!(key.told.len() <= 1, "key {number}: {manner:?}: {:?}", key.told);
        nervous += if is_lively(manner) { key.not_told.len() } else { 0 };
        alarms.extend(key.told.into_iter().map(|told| (manner, told)));
    }
    println!("clean traffic: {} false alarms in {months} key-months: {alarms:?}", alarms.len());
    assert!(alarms.len() as u64 * 8 <= months, "one in eight key-months at most: {alarms:?}");
    // Those who press a button again make three times as much. Who tells of less than three times what was usual
    // tells of them: of lively keys more often than once in two months.
    let lively =
        MANNERS.into_iter().filter(|manner| is_lively(*manner)).count() * months as usize / MANNERS.len();
    println!("at 240 % of what is usual: {nervous} false alarms in {lively} key-months");
    assert!(nervous * 2 > lively, "{nervous} in {lively}");
}

/// Whether it passes the floor below which nothing is worth telling.
fn is_lively(manner: Manner) -> bool {
    matches!(manner, Manner::Office { per_minute: 60 } | Manner::Service { per_minute: 300 })
}

/// Plants an incident in keys of every manner of use, in all parts of a minute: seconds until each was told.
fn planted(hour_s: i64, rule: &str, incident: impl Fn(&Key, i64) -> Incident) -> Vec<i64> {
    let mut took_s = Vec::new();
    for number in 0..MANNERS.len() as u64 * SEEDS {
        let manner = MANNERS[number as usize % MANNERS.len()];
        let known = Key::new(100 + number, manner).until(hour_s);
        for offset in offsets() {
            let at_s = hour_s + offset;
            let key = known.with(number * 100 + offset as u64, incident(&known, at_s)).around(at_s);
            let told = key.told_after(at_s, rule);
            took_s.push(told.unwrap_or_else(|| panic!("{manner:?} {offset}: {:?}", key.told)));
        }
    }
    took_s
}

#[test]
fn every_planted_incident_is_told_within_a_minute_of_its_start() {
    let stolen = planted(NIGHT_S, "new place", |_, at_s| Incident::Stolen { at_s });
    assert!(report("stolen key from a new network at three in the morning", stolen).1 <= 60);
    let flood = planted(DAY_S, "spike", |_, at_s| Incident::Runaway { at_s, per_minute: 9_000 });
    assert!(report("runaway loop, a hundred and fifty a second, by any key", flood).1 <= 60);
    // Unusual is more than three times the usual busiest minute, or more than 120. A rule that allows so many a minute
    // has seen more of them, at p percent of that many, after 6,000 / p seconds; a look comes up to five seconds
    // later, and two are on their way. At 114 % that is the minute: nearer to what is allowed it cannot be, but
    // for what its key does besides. What is allowed cannot be much less: see the test of clean traffic.
    for (percent, told_s) in [(200, 60), (150, 60), (125, 60), (115, 60), (105, 70)] {
        let hidden = planted(DAY_S, "spike", |key, at_s| {
            let per_minute = key.unusual_above(at_s / 60) * percent / 100;
            Incident::Runaway { at_s, per_minute }
        });
        let what = format!("runaway loop of {percent} % of what is unusual for its key");
        assert!(report(&what, hidden).1 <= told_s, "{what}");
    }
}

/// A provider fails half of what its keys ask: told of the provider, whoever its keys are.
#[test]
fn a_brown_out_is_told_within_a_minute_of_its_start() {
    let mut took_s = Vec::new();
    for seed in 0..SEEDS {
        let known: Vec<Key> = (seed * 50..)
            .zip(MANNERS)
            .map(|(number, manner)| Key::new(500 + number, manner).until(DAY_S))
            .collect();
        for offset in offsets() {
            let at_s = DAY_S + offset;
            let mut keys: Vec<Key> = (offset as u64 * 100..)
                .zip(&known)
                .map(|(number, key)| key.with(number, Incident::BrownOut { at_s }))
                .collect();
            let told_s = (-60..10).find_map(|minute| told_of_provider(&mut keys, DAY_S / 60 + minute));
            took_s
                .push(told_s.map(|told_s| told_s - at_s).filter(|took_s| *took_s >= 0).expect("it is told"));
        }
    }
    assert!(report("brown-out, told of the provider", took_s).1 <= 60);
}

/// A minute of all keys of a provider goes by: the second in which it is told.
fn told_of_provider(keys: &mut [Key], minute: i64) -> Option<i64> {
    let (mut before, mut now) = (Minute::default(), Minute::default());
    for key in keys {
        before.count(&key.before);
        now.count(&key.live(minute, true, false));
    }
    let look = (0..LOOKS).find(|look| key::fails(&before, &now, *look));
    look.map(|look| minute * 60 + (look as i64 + 1) * LOOK_S)
}

/// The same brown-out, told of single keys: no later than chance allows.
#[test]
fn a_brown_out_is_told_of_its_keys_as_soon_as_chance_is_ruled_out() {
    for (per_minute, percent_min, told_s) in [(300, 100, 60), (60, 98, 90), (20, 83, 150)] {
        let (mut took_s, mut shown) = (Vec::new(), 0);
        for number in 0..120 * SEEDS {
            // Every second of a minute.
            let at_s = DAY_S + (number % 60) as i64;
            let known = Key::new(900 + number, Manner::Service { per_minute });
            let key = known.with(number, Incident::BrownOut { at_s }).around(at_s);
            took_s.push(key.told_after(at_s, "failing").unwrap_or(i64::MAX));
            shown += usize::from(key.failed_within_a_minute(at_s) >= 5);
        }
        let what = format!("brown-out, told of keys of {per_minute} requests a minute");
        println!("{what}: {shown} of {} had five failures to show within the minute", took_s.len());
        let (percent, last_s) = report(&what, took_s);
        assert!(percent >= percent_min && last_s <= told_s, "{what}: {percent} %, {last_s} s");
    }
}

#[test]
fn what_grows_slowly_is_told_on_the_day_it_has_doubled() {
    let key = Key::new(7, Manner::Service { per_minute: 20 }).month(Incident::Drift { from_day: 3 });
    let (at_s, _) = key.told.iter().find(|(_, rule)| *rule == "drift").copied().expect("it was told");
    let day = (at_s - 60).div_euclid(DAY_MINUTES * 60);
    // The minute in which the day's sum passed twice the usual: not a minute later.
    let usual: Vec<i64> = (1..=14).map(|back| key.days[&(day - back)]).collect();
    let bound = 2 * vigil::median(&usual);
    println!(
        "slow drift from day 3, a tenth more each day: told on day {day}, within the minute of its doubling"
    );
    assert!(key.days[&day] > bound && (4..16).contains(&day), "told on day {day}");
    assert!(key.told.iter().all(|(_, rule)| *rule == "drift" || *rule == "spike"), "{:?}", key.told);
}
