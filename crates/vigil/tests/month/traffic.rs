//! Traffic of single keys, minute by minute, and what is planted in it.

/// Hours and days in minutes.
pub const HOUR_MINUTES: i64 = 60;
pub const DAY_MINUTES: i64 = 24 * HOUR_MINUTES;
/// A minute is looked at every five seconds, as the product does.
pub const LOOK_S: i64 = 5;
/// So often in a minute.
pub const LOOKS: usize = 12;
/// A line is in the database so long after its request, seconds.
const SHIPPED_S: i64 = 2;
/// How long an incident goes on, seconds.
const INCIDENT_S: i64 = 1_800;

/// Numbers that look random and are the same each time (Numerical Recipes, 64 bits).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let end = u64::try_from(end).unwrap_or(0).max(1);
        i64::try_from((self.0 >> 33) % end).unwrap_or(0)
    }

    /// How many arrive by themselves in a minute in which so many do on average: as random as that makes it, and a
    /// tenth up and down besides.
    fn arrivals(&mut self, average: i64) -> i64 {
        if average < 10 {
            return (0..32).filter(|_| self.below(32_000) < average * 1_000).count() as i64;
        }
        // The sum of sixteen equal chances, of as much spread as is wanted, in thousandths.
        let spread = (average * 1_000_000 + average * average * 10_000).isqrt();
        let width = spread * 866 / 1_000;
        let sum: i64 = (0..16).map(|_| self.below(width + 1)).sum();
        (average * 1_000 - 8 * width + sum).max(0) / 1_000
    }
}

/// How a key is used on an ordinary day.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// By people at work: weekdays, eight to eighteen.
    Office { per_minute: i64 },
    /// All the time, more by day.
    Service { per_minute: i64 },
    /// All at once, every night at two.
    Nightly { requests: i64 },
    /// All at once, every Sunday at four.
    Weekly { requests: i64 },
    /// A few times a day.
    Rare,
}

impl Manner {
    /// Whether somebody is behind it who may press a button again.
    fn is_of_people(self) -> bool {
        !matches!(self, Self::Nightly { .. } | Self::Weekly { .. })
    }

    fn minute(self, minute: i64, dice: &mut Dice) -> i64 {
        let (day, hour) = (minute.div_euclid(DAY_MINUTES), minute.rem_euclid(DAY_MINUTES) / HOUR_MINUTES);
        let of_hour = minute.rem_euclid(HOUR_MINUTES);
        let weekend = day.rem_euclid(7) >= 5;
        match self {
            Self::Office { per_minute } if !weekend && (8..18).contains(&hour) => dice.arrivals(per_minute),
            Self::Office { .. } => 0,
            Self::Service { per_minute } if (7..22).contains(&hour) => dice.arrivals(per_minute),
            Self::Service { per_minute } => dice.arrivals(per_minute * 3 / 10),
            Self::Nightly { requests } if hour == 2 && of_hour < 5 => requests / 5 + dice.below(20),
            Self::Weekly { requests } if day.rem_euclid(7) == 6 && hour == 4 && of_hour < 3 => requests / 3,
            Self::Nightly { .. } | Self::Weekly { .. } => 0,
            Self::Rare => i64::from((9..17).contains(&hour) && dice.below(100) == 0),
        }
    }
}

/// What is planted. Times are seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Incident {
    None,
    /// Eight a minute from a network never seen.
    Stolen {
        at_s: i64,
    },
    /// So many a minute, one as far from the next as any.
    Runaway {
        at_s: i64,
        per_minute: i64,
    },
    /// Half of what is asked fails, by chance.
    BrownOut {
        at_s: i64,
    },
    /// A tenth more each day.
    Drift {
        from_day: i64,
    },
}

impl Incident {
    /// From which second of a minute it goes on, if it does at all.
    pub fn within(self, minute: i64) -> Option<i64> {
        let (Self::Stolen { at_s } | Self::Runaway { at_s, .. } | Self::BrownOut { at_s }) = self else {
            return None;
        };
        let begins_s = minute * 60;
        (at_s < begins_s + 60 && begins_s < at_s + INCIDENT_S).then(|| (at_s - begins_s).max(0))
    }
}

/// One minute of one key, by what the database has of it at each of its looks; the last is all of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minute {
    pub requests: [i64; LOOKS + 1],
    pub failures: [i64; LOOKS + 1],
    /// Of the requests, those from where the thief is.
    pub far: [i64; LOOKS + 1],
    pub from: &'static str,
}

impl Minute {
    /// Adds another key's.
    pub fn count(&mut self, other: &Self) {
        for look in 0..=LOOKS {
            self.requests[look] += other.requests[look];
            self.failures[look] += other.failures[look];
        }
    }

    /// The second of the look that is the first to see a request of a second.
    pub fn seen_at(second: i64) -> i64 {
        ((second + SHIPPED_S) / LOOK_S + 1) * LOOK_S
    }

    /// A request in a second.
    pub fn add(&mut self, second: i64, fails: bool, far: bool) {
        let first = usize::try_from((second + SHIPPED_S) / LOOK_S).unwrap_or(0).min(LOOKS);
        for look in first..=LOOKS {
            self.requests[look] += 1;
            self.failures[look] += i64::from(fails);
            self.far[look] += i64::from(far);
        }
    }
}

/// Somebody presses the button again, and again.
#[derive(Debug, Clone, Default)]
pub struct Burst {
    /// Minutes for which it goes on: three times as much.
    minutes: i64,
    /// Seconds of this minute and the next one at which something comes besides.
    besides: Vec<i64>,
}

impl Burst {
    /// Once in seven hours: three times as much for one to three minutes, or two minutes' worth besides within five
    /// to sixty seconds, whenever they begin. How many come now, evenly, and the seconds of those that come besides.
    fn minute(&mut self, requests: i64, dice: &mut Dice) -> (i64, Vec<i64>) {
        self.minutes = (self.minutes - 1).max(0);
        if self.minutes == 0 && dice.below(400) == 0 {
            if dice.below(2) == 0 {
                self.minutes = 1 + dice.below(3);
            } else {
                let (from_s, length_s) = (dice.below(60), 5 + dice.below(55));
                self.besides.extend((0..requests * 2).map(|_| from_s + dice.below(length_s)));
            }
        }
        let (now, later) = self.besides.iter().partition(|second| **second < 60);
        self.besides = later;
        self.besides.iter_mut().for_each(|second| *second -= 60);
        (if self.minutes > 0 { requests * 3 } else { requests }, now)
    }
}

/// What a key does in a minute. `closely`: second by second; else nothing is known but how much it was.
pub fn minute(
    (manner, incident): (Manner, Incident),
    minute: i64,
    (dice, burst): (&mut Dice, &mut Burst),
    closely: bool,
) -> Minute {
    let mut requests = manner.minute(minute, dice);
    if let Incident::Drift { from_day } = incident {
        for _ in 0..(minute.div_euclid(DAY_MINUTES) - from_day).max(0) {
            requests += (requests + dice.below(10)) / 10;
        }
    }
    let from = if dice.below(3) == 0 { "second" } else { "home" };
    let (requests, besides) =
        if manner.is_of_people() { burst.minute(requests, dice) } else { (requests, Vec::new()) };
    let mut all = Minute { from, ..Minute::default() };
    if !closely {
        all.requests[LOOKS] = requests + i64::try_from(besides.len()).unwrap_or(0);
        return all;
    }
    let during = incident.within(minute);
    let fails_from = during.filter(|_| matches!(incident, Incident::BrownOut { .. })).unwrap_or(60);
    let seconds = (0..requests).map(|_| dice.below(60)).collect::<Vec<i64>>();
    for second in seconds.into_iter().chain(besides) {
        // One in a hundred fails on a good day.
        let fails = dice.below(100) < if second >= fails_from { 50 } else { 1 };
        all.add(second, fails, false);
    }
    let (planted, far) = match incident {
        Incident::Stolen { .. } => (8, true),
        Incident::Runaway { per_minute, .. } => (per_minute, false),
        _ => (0, false),
    };
    let from_s = during.unwrap_or(60);
    for number in 0..planted {
        let second = from_s + number * 60 / planted;
        if second < 60 {
            all.add(second, false, far);
        }
    }
    all
}
