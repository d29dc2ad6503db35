//! A key, as the rules see it: what they know of it, and what they told.

use crate::traffic::{self, Burst, DAY_MINUTES, Dice, HOUR_MINUTES, Incident, LOOK_S, LOOKS, Manner, Minute};
use std::collections::BTreeMap;
use vigil::episode::{self, Episode, Step};
use vigil::failing::Tally;
use vigil::familiar::{self, HOURS, Hours, Network};
use vigil::{drift, failing, spike};

const MINUTE_MS: i64 = 60_000;
const QUIET_MS: i64 = 10 * MINUTE_MS;
/// Days before the month: the past that rules look back on.
const BEFORE: i64 = 16;
/// Days of the month.
const DAYS: i64 = 30;

pub const SPIKE: spike::Rule = spike::Rule { percent: 300, floor: 120, always: None };
/// What the product does not do: less than three times what was usual is told.
pub const NERVOUS: spike::Rule = spike::Rule { percent: 240, ..SPIKE };
const DRIFT: drift::Rule = drift::Rule { percent: 200, weekday_percent: 150, floor: 1_000 };
const FAILING: failing::Rule = failing::Rule { percent: 30, failures_min: 5 };

/// Its traffic, and what is known and told of it.
#[derive(Clone)]
pub struct Key {
    manner: Manner,
    incident: Incident,
    dice: Dice,
    burst: Burst,
    /// Busiest minute by hour since the beginning of time.
    peaks: BTreeMap<i64, i64>,
    /// Requests by day.
    pub days: BTreeMap<i64, i64>,
    hours: BTreeMap<i64, i64>,
    networks: BTreeMap<&'static str, Network>,
    open: BTreeMap<&'static str, Episode>,
    /// Of the day that is lived: in which hours it was used before.
    used: Option<(i64, Hours)>,
    /// The minute before.
    pub before: Minute,
    /// Failures of two minutes, by the second of the look that saw them.
    looks: Vec<(i64, i64)>,
    /// What a more nervous rule would have told.
    pub not_told: Vec<(i64, &'static str)>,
    /// What was told: second and rule.
    pub told: Vec<(i64, &'static str)>,
}

/// What the rule on failures says of two minutes, at a look in the second one.
pub fn fails(before: &Minute, now: &Minute, look: usize) -> bool {
    let tally = |minute: &Minute, look: usize| Tally {
        failures: minute.failures[look],
        requests: minute.requests[look],
    };
    failing::shares(tally(before, LOOKS), tally(now, look), &FAILING).fires()
}

impl Key {
    pub fn new(number: u64, manner: Manner) -> Self {
        Self {
            manner,
            incident: Incident::None,
            dice: Dice(number * 7_919 + 13),
            burst: Burst::default(),
            peaks: BTreeMap::new(),
            days: BTreeMap::new(),
            hours: BTreeMap::new(),
            networks: BTreeMap::new(),
            open: BTreeMap::new(),
            used: None,
            before: Minute::default(),
            looks: Vec::new(),
            not_told: Vec::new(),
            told: Vec::new(),
        }
    }

    /// What is known of the past of an hour.
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

    /// More requests than this in a minute are unusual.
    pub fn unusual_above(&self, minute: i64) -> i64 {
        spike::bound(&self.past(minute), &SPIKE).unwrap()
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
                let told = if rule == "nervous" { &mut self.not_told } else { &mut self.told };
                told.push((at_s, rule));
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
        let hour = minute.div_euclid(HOUR_MINUTES);
        let before = self.before;
        let (before_all, all) = (before.requests[LOOKS], seen.requests[LOOKS]);
        let past = (before_all + all > SPIKE.floor).then(|| self.past(minute));
        let hours = self.used_hours(minute);
        for look in 0..LOOKS {
            let of_minute_s = (i64::try_from(look).unwrap() + 1) * LOOK_S;
            let at_s = minute * 60 + of_minute_s;
            let now = seen.requests[look];
            let two = spike::Seen { before: before_all, now, elapsed_ms: of_minute_s * 1_000 };
            let spikes = past.is_some_and(|past| spike::minutes(&two, &past, &SPIKE).fires());
            self.step("spike", spikes, at_s);
            let nervous = past.is_some_and(|past| spike::minutes(&two, &past, &NERVOUS).fires());
            self.step("nervous", nervous, at_s);
            self.step("failing", fails(&before, seen, look), at_s);
            self.looks.push((at_s, before.failures[LOOKS] + seen.failures[look]));
            // Everything else is looked at half as often.
            if look % 2 == 0 {
                continue;
            }
            if now > 0 {
                let in_hour = self.hours.get(&hour).copied().unwrap_or(0) + now;
                let of_day = usize::try_from(hour.rem_euclid(24)).unwrap();
                self.step("odd hour", familiar::is_odd_hour(of_day, in_hour, &hours), at_s);
            }
            let places = [(seen.from, now > 0), ("far away", seen.far[look] > 0 || before.far[LOOKS] > 0)];
            for (place, _) in places.into_iter().filter(|(_, came)| *came) {
                self.look_at_place(place, minute, at_s);
            }
        }
        self.look_at_day(minute, all);
    }

    /// A network is told when it is first seen, and known from then on.
    fn look_at_place(&mut self, place: &'static str, minute: i64, at_s: i64) {
        if self.networks.contains_key(place) {
            return;
        }
        let now_ms = minute * MINUTE_MS;
        let known: Vec<Network> = self.networks.values().copied().collect();
        if familiar::is_new_place(now_ms, &known) {
            self.told.push((at_s, "new place"));
        }
        self.networks.insert(place, Network { first_ms: now_ms, last_ms: now_ms });
    }

    /// Days are looked at once a minute, and told once: the sum of a day only grows.
    fn look_at_day(&mut self, minute: i64, all: i64) {
        let day = minute.div_euclid(DAY_MINUTES);
        let so_far = self.days.get(&day).copied().unwrap_or(0) + all;
        let mut days = [0; drift::DAYS];
        for (place, sum) in days.iter_mut().enumerate() {
            *sum = self.days.get(&(day - 1 - i64::try_from(place).unwrap())).copied().unwrap_or(0);
        }
        let told =
            |(at, rule): &(i64, &str)| *rule == "drift" && (at - 60).div_euclid(60 * DAY_MINUTES) == day;
        if drift::today(so_far, &days, 14, &DRIFT).fires() && !self.told.iter().any(told) {
            self.told.push((minute * 60 + 60, "drift"));
        }
    }

    /// A minute goes by; `judged`: with the rules awake.
    pub fn live(&mut self, minute: i64, closely: bool, judged: bool) -> Minute {
        let who = (self.manner, self.incident);
        let seen = traffic::minute(who, minute, (&mut self.dice, &mut self.burst), closely);
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.div_euclid(HOUR_MINUTES));
        if judged {
            self.judge(minute, &seen);
        }
        let total = seen.requests[LOOKS];
        let peak = self.peaks.entry(hour).or_default();
        *peak = (*peak).max(total);
        *self.days.entry(day).or_default() += total;
        if total > 0 {
            *self.hours.entry(hour).or_default() += total;
            let now_ms = minute * MINUTE_MS;
            let first = Network { first_ms: now_ms, last_ms: now_ms };
            self.networks.entry(seen.from).or_insert(first).last_ms = now_ms;
        }
        self.before = seen;
        seen
    }

    /// From before the month until its end, with the rules awake in it.
    pub fn month(mut self, incident: Incident) -> Self {
        self.incident = incident;
        for minute in -BEFORE * DAY_MINUTES..DAYS * DAY_MINUTES {
            self.live(minute, minute >= 0, minute >= 0);
        }
        self
    }

    /// From before the month until an hour before a time; the rules sleep.
    pub fn until(mut self, at_s: i64) -> Self {
        for minute in -BEFORE * DAY_MINUTES..at_s / 60 - HOUR_MINUTES {
            self.live(minute, false, false);
        }
        self
    }

    /// The same key with other dice from here on, and an incident.
    pub fn with(&self, number: u64, incident: Incident) -> Self {
        Self { incident, dice: Dice(number * 104_729 + 7), ..self.clone() }
    }

    /// Lives the hour before a time and ten minutes behind it, with the rules awake.
    pub fn around(mut self, at_s: i64) -> Self {
        for minute in at_s / 60 - HOUR_MINUTES..at_s / 60 + 10 {
            self.live(minute, true, true);
        }
        self
    }

    /// Failures that the database had at the last look within a minute of a time, of the two minutes it looked at.
    pub fn failed_within_a_minute(&self, at_s: i64) -> i64 {
        let seen = self.looks.iter().rev().find(|(look_s, _)| *look_s <= at_s + 60);
        seen.map_or(0, |(_, failures)| *failures)
    }

    /// Seconds from an instant to the first word of one of these rules behind it.
    pub fn told_after(&self, at_s: i64, rule: &str) -> Option<i64> {
        let after = self.told.iter().filter(|(at, of)| *at >= at_s && *of == rule);
        after.map(|(at, _)| at - at_s).min()
    }
}
