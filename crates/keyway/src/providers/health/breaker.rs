//! Whether a credential of a provider is asked: a state machine that is told how attempts ended. It asks
//! nobody and costs nothing: whether somebody is well again, single requests of clients find out.

/// Failures in a row that put somebody out.
pub const FAILED_RUN_MAX: u32 = 5;
/// Share of failures that puts somebody out, percent.
pub const FAILED_PERCENT_MAX: u32 = 40;
/// Attempts below which a share says nothing.
pub const WINDOW_ATTEMPTS_MIN: u32 = 10;
/// Seconds over which the share is taken.
pub const WINDOW_SECONDS: usize = 10;
/// First rest of who is out, milliseconds; doubled with each failed trial.
pub const REST_MS_MIN: i64 = 1_000;
/// Longest rest, milliseconds: who has recovered is found out within it.
pub const REST_MS_MAX: i64 = 3_000;
/// Trials in a row that must succeed.
pub const GOOD_RUN_MIN: u32 = 3;
/// First rest of a credential that was refused, milliseconds; doubled each time.
pub const REFUSED_REST_MS_MIN: i64 = 10_000;
/// Longest rest of a credential that was refused, milliseconds.
pub const REFUSED_REST_MS_MAX: i64 = 300_000;
/// First cooldown where a provider does not say how long, milliseconds; doubled each time.
pub const COOLDOWN_MS_MIN: i64 = 1_000;
/// Longest cooldown where a provider does not say how long, milliseconds.
pub const COOLDOWN_MS_UNTOLD_MAX: i64 = 30_000;
/// Longest cooldown that is taken from a provider, milliseconds.
pub const COOLDOWN_MS_MAX: i64 = 600_000;

const SECOND_MS: i64 = 1_000;

/// How an attempt ended, as far as health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, be it with a refusal of the request.
    Good,
    /// The provider failed, or did not answer.
    Failed,
    /// The provider has no room; for so long, where it said so, milliseconds.
    Limited(Option<u64>),
    /// The credential was refused, or its account cannot pay.
    Refused,
    /// Nobody knows: the client left.
    Unknown,
}

/// Why somebody is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Too many attempts failed.
    Failing,
    /// The credential was refused.
    Refused,
}

/// How somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Asked.
    In,
    /// Out, and a single request may try.
    Due(Cause),
    /// Not asked for so many milliseconds: there is no room.
    Cooling(i64),
    /// Not asked, since this monotonic millisecond.
    Out(Cause, i64),
}

#[derive(Debug, Clone, Copy)]
struct Out {
    cause: Cause,
    since_ms: i64,
    again_ms: i64,
    rest_ms: i64,
    trying: bool,
    good: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    good: u32,
    failed: u32,
}

/// The state of one credential. Times are monotonic milliseconds.
#[derive(Debug, Default)]
pub struct Breaker {
    seconds: [Second; WINDOW_SECONDS],
    /// The second that the last attempt ended in.
    now_s: i64,
    failed_run: u32,
    limited_run: u32,
    cooling_until_ms: i64,
    out: Option<Out>,
}

impl Breaker {
    /// How it stands.
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> Standing {
        match self.out {
            Some(out) if out.trying || now_ms < out.again_ms => Standing::Out(out.cause, out.since_ms),
            Some(out) => Standing::Due(out.cause),
            None if now_ms < self.cooling_until_ms => Standing::Cooling(self.cooling_until_ms - now_ms),
            None => Standing::In,
        }
    }

    /// Whether its standing depends on the time: it is out, or was told to cool down.
    #[must_use]
    pub fn ails(&self) -> bool {
        self.out.is_some() || self.cooling_until_ms > 0
    }

    /// An attempt begins. Answers whether it is the trial of somebody who is out.
    pub fn begin(&mut self, now_ms: i64) -> bool {
        match &mut self.out {
            Some(out) if !out.trying && now_ms >= out.again_ms => {
                out.trying = true;
                true
            }
            _ => false,
        }
    }

    /// An attempt has ended.
    pub fn end(&mut self, now_ms: i64, outcome: Outcome, trial: bool) {
        if trial && let Some(out) = &mut self.out {
            out.trying = false;
        }
        match outcome {
            Outcome::Good => self.good(now_ms),
            Outcome::Failed => self.failed(now_ms, trial),
            Outcome::Limited(wait_ms) => self.limited(now_ms, wait_ms),
            Outcome::Refused => self.refused(now_ms, trial),
            Outcome::Unknown => {}
        }
    }

    /// Attempts of the last [`WINDOW_SECONDS`]: how many there were, and how many failed.
    #[must_use]
    pub fn window(&self, now_ms: i64) -> (u32, u32) {
        let oldest = now_ms.div_euclid(SECOND_MS).max(self.now_s) + 1 - WINDOW_SECONDS as i64;
        (oldest..=self.now_s).fold((0, 0), |(all, failed), second| {
            let Second { good, failed: more } = self.seconds[place(second)];
            (all + good + more, failed + more)
        })
    }

    fn good(&mut self, now_ms: i64) {
        self.second(now_ms).good += 1;
        (self.failed_run, self.limited_run, self.cooling_until_ms) = (0, 0, 0);
        let Some(out) = &mut self.out else { return };
        out.good += 1;
        if out.cause == Cause::Refused || out.good >= GOOD_RUN_MIN {
            self.out = None;
            self.seconds = [Second::default(); WINDOW_SECONDS];
        } else {
            // The next trial at once.
            out.again_ms = now_ms;
        }
    }

    fn failed(&mut self, now_ms: i64, trial: bool) {
        self.second(now_ms).failed += 1;
        self.failed_run += 1;
        match &mut self.out {
            Some(out) if trial => {
                (out.good, out.rest_ms) = (0, (out.rest_ms * 2).min(REST_MS_MAX));
                out.again_ms = now_ms + out.rest_ms;
            }
            // It began before.
            Some(_) => {}
            None => {
                let (all, failed) = self.window(now_ms);
                let share = all >= WINDOW_ATTEMPTS_MIN && failed * 100 >= all * FAILED_PERCENT_MAX;
                if share || self.failed_run >= FAILED_RUN_MAX {
                    self.put_out(now_ms, Cause::Failing, REST_MS_MIN);
                }
            }
        }
    }

    fn limited(&mut self, now_ms: i64, wait_ms: Option<u64>) {
        let told = wait_ms.and_then(|ms| i64::try_from(ms).ok());
        let doubled = COOLDOWN_MS_MIN << self.limited_run.min(16);
        let rest_ms = told.map_or(doubled.min(COOLDOWN_MS_UNTOLD_MAX), |ms| ms.min(COOLDOWN_MS_MAX));
        self.limited_run += 1;
        self.cooling_until_ms = self.cooling_until_ms.max(now_ms + rest_ms);
        if let Some(out) = &mut self.out {
            out.again_ms = out.again_ms.max(self.cooling_until_ms);
        }
    }

    fn refused(&mut self, now_ms: i64, trial: bool) {
        let rest_ms = match self.out {
            Some(out) if out.cause == Cause::Refused && !trial => return,
            Some(out) if out.cause == Cause::Refused => (out.rest_ms * 2).min(REFUSED_REST_MS_MAX),
            _ => REFUSED_REST_MS_MIN,
        };
        self.put_out(now_ms, Cause::Refused, rest_ms);
    }

    fn put_out(&mut self, now_ms: i64, cause: Cause, rest_ms: i64) {
        let since_ms = self.out.filter(|out| out.cause == cause).map_or(now_ms, |out| out.since_ms);
        self.out = Some(Out { cause, since_ms, again_ms: now_ms + rest_ms, rest_ms, trying: false, good: 0 });
    }

    /// The counters of this second; those of seconds that nobody counted in are emptied.
    fn second(&mut self, now_ms: i64) -> &mut Second {
        let now_s = now_ms.div_euclid(SECOND_MS);
        let gone = (now_s - self.now_s).clamp(0, WINDOW_SECONDS as i64);
        for back in 0..gone {
            self.seconds[place(now_s - back)] = Second::default();
        }
        self.now_s = self.now_s.max(now_s);
        &mut self.seconds[place(self.now_s)]
    }
}

/// Where a second's counters stand.
fn place(second: i64) -> usize {
    usize::try_from(second.rem_euclid(WINDOW_SECONDS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts that end at once, one every so many milliseconds; answers when each was made.
    fn run(
        breaker: &mut Breaker,
        from_ms: i64,
        every_ms: i64,
        count: i64,
        ends: impl Fn(i64) -> Outcome,
    ) -> Vec<i64> {
        let mut made = Vec::new();
        for number in 0..count {
            let now_ms = from_ms + number * every_ms;
            if matches!(breaker.standing(now_ms), Standing::In | Standing::Due(_)) {
                let trial = breaker.begin(now_ms);
                breaker.end(now_ms, ends(number), trial);
                made.push(now_ms);
            }
        }
        made
    }

    #[test]
    fn the_dead_are_out_at_once_and_back_soon() {
        let mut breaker = Breaker::default();
        let made = run(&mut breaker, 0, 5, 12_000, |_| Outcome::Failed);
        assert_eq!(made[..5], [0, 5, 10, 15, 20]);
        // Then one trial a second, two, three, three.
        assert_eq!(made[5..9], [1_020, 3_020, 6_020, 9_020]);
        let made = run(&mut breaker, 60_000, 5, 2_000, |_| Outcome::Good);
        assert!(made.len() >= 2_000 - 600, "{}", made.len());
        assert_eq!(breaker.standing(70_000), Standing::In);
    }

    #[test]
    fn who_fails_every_second_time_is_out_though_never_twice_in_a_row() {
        let mut breaker = Breaker::default();
        let ends = |number: i64| if number % 2 == 0 { Outcome::Failed } else { Outcome::Good };
        let mut asked = 0;
        for number in 0..6_000 {
            let now_ms = number * 5;
            if matches!(breaker.standing(now_ms), Standing::In | Standing::Due(_)) {
                let trial = breaker.begin(now_ms);
                breaker.end(now_ms, ends(asked), trial);
                asked += 1;
            }
        }
        // Thirty seconds at 200 a second.
        assert!(asked < 60, "{asked}");
    }

    #[test]
    fn few_failures_of_many_are_nothing() {
        let mut breaker = Breaker::default();
        let made = run(&mut breaker, 0, 5, 6_000, |number| match number * 3 % 10 {
            0..3 => Outcome::Failed,
            _ => Outcome::Good,
        });
        assert_eq!(made.len(), 6_000);
        assert_eq!(breaker.window(30_000), (1_800, 540));
        assert_eq!(breaker.window(60_000), (0, 0));
    }

    #[test]
    fn one_trial_at_a_time_and_one_that_is_left_is_none() {
        let mut breaker = Breaker::default();
        (0..5).for_each(|_| breaker.end(0, Outcome::Failed, false));
        assert_eq!(breaker.standing(0), Standing::Out(Cause::Failing, 0));
        assert_eq!(breaker.standing(1_000), Standing::Due(Cause::Failing));
        assert!(breaker.begin(1_000) && !breaker.begin(1_000));
        assert_eq!(breaker.standing(2_000), Standing::Out(Cause::Failing, 0));
        breaker.end(2_000, Outcome::Unknown, true);
        assert!(breaker.begin(2_000));
        // What began before it was out changes nothing.
        breaker.end(2_000, Outcome::Failed, false);
        breaker.end(2_001, Outcome::Good, true);
        assert!(breaker.begin(2_001));
    }

    #[test]
    fn cooldowns_are_as_long_as_told() {
        let mut breaker = Breaker::default();
        breaker.end(0, Outcome::Limited(Some(7_000)), false);
        assert_eq!(breaker.standing(6_999), Standing::Cooling(1));
        assert_eq!(breaker.standing(7_000), Standing::In);
        breaker.end(7_000, Outcome::Limited(Some(86_400_000)), false);
        assert_eq!(breaker.standing(7_000), Standing::Cooling(COOLDOWN_MS_MAX));
        breaker.end(7_000, Outcome::Good, false);
        let waits = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
        let mut now_ms = 10_000;
        for wait_ms in waits {
            breaker.end(now_ms, Outcome::Limited(None), false);
            assert_eq!(breaker.standing(now_ms), Standing::Cooling(wait_ms));
            now_ms += wait_ms;
        }
    }

    #[test]
    fn a_refused_credential_rests_until_it_works() {
        let mut breaker = Breaker::default();
        breaker.end(0, Outcome::Refused, false);
        breaker.end(5, Outcome::Refused, false);
        assert_eq!(breaker.standing(9_999), Standing::Out(Cause::Refused, 0));
        assert_eq!(breaker.standing(10_000), Standing::Due(Cause::Refused));
        let trial = breaker.begin(10_000);
        breaker.end(10_000, Outcome::Refused, trial);
        assert_eq!(breaker.standing(29_999), Standing::Out(Cause::Refused, 0));
        let trial = breaker.begin(30_000);
        breaker.end(30_000, Outcome::Good, trial);
        assert_eq!(breaker.standing(30_000), Standing::In);
    }
}
