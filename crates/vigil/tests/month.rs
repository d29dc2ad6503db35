//! Thirty days of traffic, minute by minute, with incidents planted in it: each is told within a minute of
//! its start, and the traffic around them costs at most one false alarm per key and month.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up fails the test")]

use std::collections::BTreeMap;
use vigil::episode::{self, Episode, Step};
use vigil::familiar::{self, HOURS, Hours, Network};
use vigil::{drift, failing, spike};

const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: i64 = 60;
const DAY_MINUTES: i64 = 24 * HOUR_MINUTES;
const DAYS: i64 = 30;
/// Days before the month: the past that rules look back on.
const BEFORE: i64 = 16;
const QUIET_MS: i64 = 10 * MINUTE_MS;
/// A minute is looked at six times: every ten seconds, as the product does.
const LOOKS: i64 = 6;

const SPIKE: spike::Rule = spike::Rule { percent: 300, floor: 120, always: None };
const DRIFT: drift::Rule = drift::Rule { percent: 200, weekday_percent: 150, floor: 1_000 };
const FAILING: failing::Rule = failing::Rule { percent: 30, failures_min: 5 };

/// Numbers that look random and are the same each time (Numerical Recipes, 64 bits).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }

    /// How many of something that happens `per_mille` times in a thousand minutes happen in this one.
    fn count(&mut self, per_mille: u64) -> i64 {
        // Sixteen trials: near enough to what arrives by itself.
        let parts = per_mille * 2 / 16;
        (0..16).map(|_| i64::try_from(self.below(parts + 1)).unwrap()).sum::<i64>() / 1_000
            + i64::from(self.below(1_000) < (per_mille % 1_000))
    }
}

/// How a key is used on an ordinary day.
#[derive(Clone, Copy)]
enum Manner {
    /// By people at work: weekdays, eight to eighteen.
    Office { per_minute: u64 },
    /// All the time, more by day.
    Service { per_minute: u64 },
    /// All at once, every night at two.
    Nightly { requests: i64 },
    /// All at once, every Sunday at four.
    Weekly { requests: i64 },
    /// A few times a day.
    Rare,
}

impl Manner {
    fn minute(self, minute: i64, dice: &mut Dice) -> i64 {
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.rem_euclid(DAY_MINUTES) / HOUR_MINUTES);
        let of_hour = minute.rem_euclid(HOUR_MINUTES);
        let weekend = day.rem_euclid(7) >= 5;
        match self {
            Self::Office { per_minute } if !weekend && (8..18).contains(&hour) => {
                dice.count(per_minute * 1_000)
            }
            Self::Office { .. } => 0,
            Self::Service { per_minute } => {
                let by_day = if (7..22).contains(&hour) { 1_000 } else { 300 };
                dice.count(per_minute * by_day)
            }
            Self::Nightly { requests } if hour == 2 && of_hour < 5 => {
                requests / 5 + i64::try_from(dice.below(20)).unwrap()
            }
            Self::Weekly { requests } if day.rem_euclid(7) == 6 && hour == 4 && of_hour < 3 => requests / 3,
            Self::Nightly { .. } | Self::Weekly { .. } => 0,
            Self::Rare => i64::from((9..17).contains(&hour) && dice.below(100) == 0),
        }
    }
}

/// What is planted.
#[derive(Clone, Copy, PartialEq)]
enum Incident {
    None,
    /// From a network never seen, at three in the morning.
    Stolen {
        at: i64,
    },
    /// Ten a second.
    Runaway {
        at: i64,
    },
    /// Half of what is asked fails.
    BrownOut {
        at: i64,
    },
    /// A tenth more each day.
    Drift {
        from_day: i64,
    },
}

/// A key, as the rules see it.
struct Key {
    manner: Manner,
    incident: Incident,
    dice: Dice,
    /// Busiest minute by hour since the beginning of time.
    peaks: BTreeMap<i64, i64>,
    days: BTreeMap<i64, i64>,
    hours: BTreeMap<i64, i64>,
    networks: BTreeMap<&'static str, Network>,
    open: BTreeMap<&'static str, Episode>,
    /// What was told: minute and rule.
    told: Vec<(i64, &'static str)>,
}

/// One minute of one key.
struct Minute {
    requests: i64,
    failures: i64,
    from: &'static str,
}

impl Key {
    fn new(number: u64, manner: Manner, incident: Incident) -> Self {
        Self {
            manner,
            incident,
            dice: Dice(number * 7_919 + 13),
            peaks: BTreeMap::new(),
            days: BTreeMap::new(),
            hours: BTreeMap::new(),
            networks: BTreeMap::new(),
            open: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    fn traffic(&mut self, minute: i64) -> Minute {
        let mut requests = self.manner.minute(minute, &mut self.dice);
        if self.dice.below(400) == 0 {
            // Somebody presses the button again, and again.
            requests *= 3;
        }
        let mut from = if self.dice.below(3) == 0 { "second" } else { "home" };
        // One in a hundred fails on a good day.
        let mut failures = self.dice.count(u64::try_from(requests).unwrap() * 10).min(requests);
        let during = |at: i64| (at..at + 30).contains(&minute);
        match self.incident {
            Incident::Stolen { at } if during(at) => {
                requests += 8;
                from = "far away";
            }
            Incident::Runaway { at } if during(at) => requests += 600,
            Incident::BrownOut { at } if during(at) => failures = requests / 2,
            Incident::Drift { from_day } => {
                let days = (minute.div_euclid(DAY_MINUTES) - from_day).max(0);
                for _ in 0..days {
                    requests += (requests + i64::try_from(self.dice.below(10)).unwrap()) / 10;
                }
            }
            _ => {}
        }
        Minute { requests, failures, from }
    }

    fn past(&self, minute: i64) -> spike::Past {
        let hour = minute.div_euclid(HOUR_MINUTES);
        let mut peaks = [0; spike::DAYS];
        for (place, peak) in peaks.iter_mut().enumerate() {
            let then = hour - 24 * (i64::try_from(place).unwrap() + 1);
            *peak =
                (then - 1..=then + 1).filter_map(|hour| self.peaks.get(&hour)).max().copied().unwrap_or(0);
        }
        spike::Past { peaks, days_known: 14 }
    }

    fn used_hours(&self, minute: i64) -> Hours {
        let hour = minute.div_euclid(HOUR_MINUTES);
        let since = hour - hour.rem_euclid(24) - 24 * 14;
        let mut days = [0; HOURS];
        let mut used: Vec<i64> = Vec::new();
        for (at, _) in self.hours.range(since..hour - hour.rem_euclid(24)) {
            days[usize::try_from(at.rem_euclid(24)).unwrap()] += 1;
            used.push(at.div_euclid(24));
        }
        used.dedup();
        Hours { days, days_used: u16::try_from(used.len()).unwrap() }
    }

    fn step(&mut self, rule: &'static str, fires: bool, minute: i64) {
        let now_ms = minute * MINUTE_MS;
        match episode::step(self.open.get(rule).copied(), fires, now_ms, QUIET_MS) {
            Step::Open => {
                self.told.push((minute, rule));
                self.open.insert(rule, Episode { last_ms: now_ms });
            }
            Step::Keep => {
                self.open.insert(rule, Episode { last_ms: now_ms });
            }
            Step::Close => {
                self.open.remove(rule);
            }
            Step::Rest => {}
        }
    }

    /// A minute goes by; `judged`: with the rules awake.
    fn live(&mut self, minute: i64, judged: bool) {
        let seen = self.traffic(minute);
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.div_euclid(HOUR_MINUTES));
        let now_ms = minute * MINUTE_MS;
        if judged {
            // The rate at which the minute fills: the first look at which a rule fires is the one that tells.
            let at_look = |look: i64| seen.requests * look / LOOKS;
            let past = if seen.requests > SPIKE.floor { Some(self.past(minute)) } else { None };
            let spikes = past.is_some_and(|past| {
                (1..=LOOKS).any(|look| spike::minute(at_look(look), &past, &SPIKE).fires())
            });
            self.step("spike", spikes, minute);
            self.step("failing", failing::share(seen.failures, seen.requests, &FAILING).fires(), minute);
            let so_far = self.days.get(&day).copied().unwrap_or(0) + seen.requests;
            let mut days = [0; drift::DAYS];
            for (place, sum) in days.iter_mut().enumerate() {
                *sum = self.days.get(&(day - 1 - i64::try_from(place).unwrap())).copied().unwrap_or(0);
            }
            let drifts = drift::today(so_far, &days, 14, &DRIFT).fires();
            // Told once a day: the sum of a day only grows.
            if drifts
                && !self.told.iter().any(|(at, rule)| *rule == "drift" && at.div_euclid(DAY_MINUTES) == day)
            {
                self.told.push((minute, "drift"));
            }
            if seen.requests > 0 {
                let in_hour = self.hours.get(&hour).copied().unwrap_or(0) + seen.requests;
                let of_day = usize::try_from(hour.rem_euclid(24)).unwrap();
                let odd = familiar::is_odd_hour(of_day, in_hour, &self.used_hours(minute));
                self.step("odd hour", odd, minute);
                let known: Vec<Network> = self
                    .networks
                    .iter()
                    .filter(|(name, _)| **name != seen.from)
                    .map(|(_, known)| *known)
                    .collect();
                if !self.networks.contains_key(seen.from) && familiar::is_new_place(now_ms, &known) {
                    self.told.push((minute, "new place"));
                }
            }
        }
        let peak = self.peaks.entry(hour).or_default();
        *peak = (*peak).max(seen.requests);
        *self.days.entry(day).or_default() += seen.requests;
        if seen.requests > 0 {
            *self.hours.entry(hour).or_default() += seen.requests;
            let network =
                self.networks.entry(seen.from).or_insert(Network { first_ms: now_ms, last_ms: now_ms });
            network.last_ms = now_ms;
        }
    }

    fn month(mut self) -> Self {
        for minute in -BEFORE * DAY_MINUTES..DAYS * DAY_MINUTES {
            self.live(minute, minute >= 0);
        }
        self
    }
}

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

#[test]
fn clean_traffic_costs_at_most_one_false_alarm_per_key_and_month() {
    for (number, manner) in MANNERS.iter().cycle().take(16).enumerate() {
        let key = Key::new(number as u64, *manner, Incident::None).month();
        assert!(key.told.len() <= 1, "key {number}: {:?}", key.told);
    }
}

#[test]
fn every_planted_incident_is_told_within_a_minute_of_its_start() {
    // A Thursday of the third week, three in the morning; and eleven in the morning.
    let (night, day) = (17 * DAY_MINUTES + 3 * HOUR_MINUTES, 17 * DAY_MINUTES + 11 * HOUR_MINUTES);
    for (number, manner) in MANNERS.iter().enumerate() {
        let number = number as u64 + 100;
        let told = |incident: Incident| Key::new(number, *manner, incident).month().told;
        let stolen = told(Incident::Stolen { at: night });
        assert!(stolen.contains(&(night, "new place")), "key {number}: {stolen:?}");
        let runaway = told(Incident::Runaway { at: day });
        let busy = matches!(manner, Manner::Service { per_minute: 300 });
        // Three times a busy minute is more than ten a second there.
        assert!(busy || runaway.contains(&(day, "spike")), "key {number}: {runaway:?}");
    }
    for number in [3, 4] {
        let told = Key::new(number, MANNERS[number as usize], Incident::BrownOut { at: day }).month().told;
        let began = told.iter().find(|(_, rule)| *rule == "failing").map(|(at, _)| *at);
        // The first minute in which ten have failed.
        assert!(began.is_some_and(|at| (day..=day + 1).contains(&at)), "key {number}: {told:?}");
    }
}

#[test]
fn what_grows_slowly_is_told_on_the_day_it_has_doubled() {
    let key = Key::new(7, Manner::Service { per_minute: 20 }, Incident::Drift { from_day: 3 }).month();
    let (at, _) = key.told.iter().find(|(_, rule)| *rule == "drift").copied().expect("it was told");
    let day = at.div_euclid(DAY_MINUTES);
    // The minute in which the day's sum passed twice the usual: not a minute later.
    let usual: Vec<i64> = (1..=14).map(|back| key.days[&(day - back)]).collect();
    let bound = 2 * vigil::median(&usual);
    assert!(key.days[&day] > bound && (4..16).contains(&day), "told on day {day}");
    assert!(key.told.iter().all(|(_, rule)| *rule == "drift" || *rule == "spike"), "{:?}", key.told);
}
