//! Thirty days of traffic, minute by minute, with incidents planted in it: each is told within a minute of
//! its start, and the traffic around them costs at most one false alarm per key and month.

#![allow(clippy::print_stdout, reason = "the figures are what it is for: --no-capture shows them")]
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
/// A line is in the database so long after its request, seconds.
const SHIPPED_S: i64 = 2;

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

/// What is planted. Times are seconds.
#[derive(Clone, Copy, PartialEq)]
enum Incident {
    None,
    /// From a network never seen, at three in the morning.
    Stolen {
        at_s: i64,
    },
    /// So many a minute.
    Runaway {
        at_s: i64,
        per_minute: i64,
    },
    /// Half of what is asked fails.
    BrownOut {
        at_s: i64,
    },
    /// A tenth more each day.
    Drift {
        from_day: i64,
    },
}

/// How long an incident goes on, seconds.
const INCIDENT_S: i64 = 1_800;

impl Incident {
    /// From which second of a minute it goes on, if it does at all.
    fn within(self, minute: i64) -> Option<i64> {
        let (Self::Stolen { at_s } | Self::Runaway { at_s, .. } | Self::BrownOut { at_s }) = self else {
            return None;
        };
        let begins_s = minute * 60;
        (at_s < begins_s + 60 && begins_s < at_s + INCIDENT_S).then(|| (at_s - begins_s).max(0))
    }
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
    /// Of the day that is lived: in which hours it was used before.
    used: Option<(i64, Hours)>,
    /// What was told: second and rule.
    told: Vec<(i64, &'static str)>,
}

/// One minute of one key: what it does anyway, evenly over the minute, and what an incident adds from a second on.
struct Minute {
    requests: i64,
    failures: i64,
    from: &'static str,
    more: i64,
    more_failures: i64,
    more_from_s: i64,
}

impl Minute {
    /// Requests and failures that the database has at a look: what came until two seconds before it, for so long a
    /// line may be on its way.
    fn seen(&self, at_s: i64) -> (i64, i64) {
        let until = (at_s - SHIPPED_S).clamp(0, 60);
        let more = |all: i64| all * (until - self.more_from_s).max(0) / (60 - self.more_from_s).max(1);
        let part = |all: i64| all * until / 60;
        (part(self.requests) + more(self.more), part(self.failures) + more(self.more_failures))
    }
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
            used: None,
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
        let (mut more, mut more_failures) = (0, 0);
        let during = self.incident.within(minute);
        let share = |per_minute: i64| per_minute * (60 - during.unwrap_or(60)) / 60;
        match self.incident {
            Incident::Stolen { .. } if during.is_some() => {
                more = share(8).max(1);
                from = "far away";
            }
            Incident::Runaway { per_minute, .. } => more = share(per_minute),
            Incident::BrownOut { .. } if during.is_some() => {
                more_failures = share(requests) / 2;
                failures = failures * during.unwrap_or(60) / 60;
            }
            Incident::Drift { from_day } => {
                let days = (minute.div_euclid(DAY_MINUTES) - from_day).max(0);
                for _ in 0..days {
                    requests += (requests + i64::try_from(self.dice.below(10)).unwrap()) / 10;
                }
            }
            _ => {}
        }
        Minute { requests, failures, from, more, more_failures, more_from_s: during.unwrap_or(0) }
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

    fn used_hours(&mut self, minute: i64) -> Hours {
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.div_euclid(HOUR_MINUTES));
        if let Some((_, known)) = self.used.filter(|(of, _)| *of == day) {
            return known;
        }
        let since = hour - hour.rem_euclid(24) - 24 * 14;
        let mut days = [0; HOURS];
        let mut used: Vec<i64> = Vec::new();
        for (at, _) in self.hours.range(since..hour - hour.rem_euclid(24)) {
            days[usize::try_from(at.rem_euclid(24)).unwrap()] += 1;
            used.push(at.div_euclid(24));
        }
        used.dedup();
        let known = Hours { days, days_used: u16::try_from(used.len()).unwrap() };
        self.used = Some((day, known));
        known
    }

    fn step(&mut self, rule: &'static str, fires: bool, at_s: i64) {
        let now_ms = at_s * 1_000;
        match episode::step(self.open.get(rule).copied(), fires, now_ms, QUIET_MS) {
            Step::Open => {
                self.told.push((at_s, rule));
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

    fn judge(&mut self, minute: i64, seen: &Minute) {
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.div_euclid(HOUR_MINUTES));
        let total = seen.requests + seen.more;
        let past = if total > SPIKE.floor { Some(self.past(minute)) } else { None };
        let hours = self.used_hours(minute);
        // Six looks in the minute, and one behind it that sees all of it.
        for look in 1..=LOOKS + 1 {
            let at_s = minute * 60 + look * 10;
            let (requests, failures) = seen.seen(look * 10);
            let spikes = past.is_some_and(|past| spike::minute(requests, &past, &SPIKE).fires());
            self.step("spike", spikes, at_s);
            self.step("failing", failing::share(failures, requests, &FAILING).fires(), at_s);
            if requests > 0 {
                let in_hour = self.hours.get(&hour).copied().unwrap_or(0) + requests;
                let of_day = usize::try_from(hour.rem_euclid(24)).unwrap();
                self.step("odd hour", familiar::is_odd_hour(of_day, in_hour, &hours), at_s);
            }
            let came =
                if seen.from == "far away" { seen.seen(look * 10).0 > seen.requests } else { requests > 0 };
            let known = || {
                let others = self.networks.iter().filter(|(name, _)| **name != seen.from);
                others.map(|(_, known)| *known).collect::<Vec<Network>>()
            };
            let told = self.told.iter().any(|(at, rule)| *rule == "new place" && at / 60 == minute);
            if came
                && !told
                && !self.networks.contains_key(seen.from)
                && familiar::is_new_place(minute * MINUTE_MS, &known())
            {
                self.told.push((at_s, "new place"));
            }
        }
        let so_far = self.days.get(&day).copied().unwrap_or(0) + total;
        let mut days = [0; drift::DAYS];
        for (place, sum) in days.iter_mut().enumerate() {
            *sum = self.days.get(&(day - 1 - i64::try_from(place).unwrap())).copied().unwrap_or(0);
        }
        // Days are looked at once a minute, and told once: the sum of a day only grows.
        let told =
            |(at, rule): &(i64, &str)| *rule == "drift" && (at - 60).div_euclid(60 * DAY_MINUTES) == day;
        if drift::today(so_far, &days, 14, &DRIFT).fires() && !self.told.iter().any(told) {
            self.told.push((minute * 60 + 60, "drift"));
        }
    }

    /// A minute goes by; `judged`: with the rules awake.
    fn live(&mut self, minute: i64, judged: bool) -> Minute {
        let seen = self.traffic(minute);
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.div_euclid(HOUR_MINUTES));
        let now_ms = minute * MINUTE_MS;
        if judged {
            self.judge(minute, &seen);
        }
        let total = seen.requests + seen.more;
        let peak = self.peaks.entry(hour).or_default();
        *peak = (*peak).max(total);
        *self.days.entry(day).or_default() += total;
        if total > 0 {
            *self.hours.entry(hour).or_default() += total;
            let network =
                self.networks.entry(seen.from).or_insert(Network { first_ms: now_ms, last_ms: now_ms });
            network.last_ms = now_ms;
        }
        seen
    }

    fn month(mut self) -> Self {
        for minute in -BEFORE * DAY_MINUTES..DAYS * DAY_MINUTES {
            self.live(minute, minute >= 0);
        }
        self
    }

    /// From before the month until a while after an instant, judged around it.
    fn around(mut self, at_s: i64) -> Self {
        for minute in -BEFORE * DAY_MINUTES..at_s / 60 + 10 {
            self.live(minute, minute >= at_s / 60 - HOUR_MINUTES);
        }
        self
    }

    /// Seconds from an instant to the first word of one of these rules behind it.
    fn told_after(&self, at_s: i64, rules: &[&str]) -> Option<i64> {
        let after = self.told.iter().filter(|(at, rule)| *at >= at_s && rules.contains(rule));
        after.map(|(at, _)| at - at_s).min()
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

/// A Thursday of the third week: three in the morning, and eleven; at the full minute, and late in one.
const NIGHT_S: i64 = (17 * DAY_MINUTES + 3 * HOUR_MINUTES) * 60;
const DAY_S: i64 = (17 * DAY_MINUTES + 11 * HOUR_MINUTES) * 60;
const OFFSETS_S: [i64; 3] = [0, 23, 41];

/// What a kind of incident took to be told: seconds, of all that were planted.
fn report(what: &str, mut took_s: Vec<i64>) -> i64 {
    took_s.sort_unstable();
    let (middle, last) = (took_s[took_s.len() / 2], took_s[took_s.len() - 1]);
    println!("{what}: {} planted, told after {middle} s (median), {last} s (latest)", took_s.len());
    last
}

#[test]
fn clean_traffic_costs_at_most_one_false_alarm_per_key_and_month() {
    let mut alarms = Vec::new();
    for (number, manner) in MANNERS.iter().cycle().take(32).enumerate() {
        let key = Key::new(number as u64, *manner, Incident::None).month();
        assert!(key.told.len() <= 1, "key {number}: {:?}", key.told);
        alarms.extend(key.told);
    }
    println!("clean traffic: {} false alarms in 32 key-months: {alarms:?}", alarms.len());
    assert!(alarms.len() <= 4, "one in eight key-months at most: {alarms:?}");
}

#[test]
fn every_planted_incident_is_told_within_a_minute_of_its_start() {
    let (mut stolen, mut loops, mut floods, mut hidden) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, manner) in MANNERS.iter().enumerate() {
        for (place, offset) in OFFSETS_S.into_iter().enumerate() {
            let number = (number * 10 + place) as u64 + 100;
            let after = |incident: Incident, at_s: i64, rules: &[&str]| {
                let key = Key::new(number, *manner, incident).around(at_s);
                key.told_after(at_s, rules).unwrap_or_else(|| panic!("key {number}: {:?}", key.told))
            };
            let at_s = NIGHT_S + offset;
            stolen.push(after(Incident::Stolen { at_s }, at_s, &["new place"]));
            let at_s = DAY_S + offset;
            let runaway = |per_minute: i64| after(Incident::Runaway { at_s, per_minute }, at_s, &["spike"]);
            floods.push(runaway(9_000));
            match manner {
                // Busy keys have minutes of nine times their rate: a loop that is hardly more than that is told when a
                // whole minute of it has been seen.
                Manner::Service { per_minute: 300 } => hidden.push(runaway(3_000)),
                Manner::Office { per_minute: 60 } => hidden.push(runaway(600)),
                _ => loops.push(runaway(600)),
            }
        }
    }
    assert!(report("stolen key from a new network at three in the morning", stolen) <= 60);
    assert!(report("runaway loop, ten a second", loops) <= 60);
    assert!(report("runaway loop, a hundred and fifty a second, by any key", floods) <= 60);
    assert!(report("runaway loop hardly above what is unusual for a busy key", hidden) <= 120);
}

/// A provider fails half of what its keys ask: told of the provider, whoever its keys are, and of every key that
/// asks enough for it to be seen there. It takes five failures within a minute: a key of twenty requests a minute
/// may have to wait for the second one.
#[test]
fn a_brown_out_is_told_within_a_minute_of_its_start() {
    let (mut of_provider, mut of_keys, mut of_slow) = (Vec::new(), Vec::new(), Vec::new());
    for (place, offset) in OFFSETS_S.into_iter().enumerate() {
        let at_s = DAY_S + offset;
        let key = |number: usize, manner: &Manner| {
            Key::new((number * 10 + place) as u64 + 500, *manner, Incident::BrownOut { at_s })
        };
        let mut keys: Vec<Key> =
            MANNERS.iter().enumerate().map(|(number, manner)| key(number, manner)).collect();
        let mut told = None;
        for minute in DAY_S / 60 - 60..DAY_S / 60 + 10 {
            let all: Vec<Minute> = keys.iter_mut().map(|key| key.live(minute, false)).collect();
            for look in 1..=LOOKS + 1 {
                let seen: Vec<(i64, i64)> = all.iter().map(|minute| minute.seen(look * 10)).collect();
                let (requests, failures) =
                    seen.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                if told.is_none() && failing::share(failures, requests, &FAILING).fires() {
                    told = Some(minute * 60 + look * 10 - at_s);
                }
            }
        }
        of_provider.push(told.filter(|took_s| *took_s >= 0).expect("it is told, and not before"));
        for (number, manner) in MANNERS.iter().enumerate().filter(|(_, manner)| {
            matches!(manner, Manner::Service { per_minute: 20.. } | Manner::Office { per_minute: 60.. })
        }) {
            let key = key(number, manner).around(at_s);
            let took_s = key.told_after(at_s, &["failing"]).unwrap_or_else(|| panic!("{:?}", key.told));
            if matches!(manner, Manner::Service { per_minute: 20 }) { &mut of_slow } else { &mut of_keys }
                .push(took_s);
        }
    }
    assert!(report("brown-out, told of the provider", of_provider) <= 60);
    assert!(report("brown-out, told of its keys of sixty requests a minute and more", of_keys) <= 60);
    assert!(report("brown-out, told of its keys of twenty requests a minute", of_slow) <= 90);
}

#[test]
fn what_grows_slowly_is_told_on_the_day_it_has_doubled() {
    let key = Key::new(7, Manner::Service { per_minute: 20 }, Incident::Drift { from_day: 3 }).month();
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
