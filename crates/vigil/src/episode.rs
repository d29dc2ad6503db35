//! What goes on for a while is told once: an episode opens when a rule begins to fire and closes when it
//! has been quiet for long enough.

/// An episode that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Episode {
    /// When the rule last fired, unix milliseconds.
    pub last_ms: i64,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Rest,
    /// Tell somebody: it has begun.
    Open,
    /// It goes on: note the time.
    Keep,
    /// It is over.
    Close,
}

/// How often the time of an open episode is noted, milliseconds.
pub const NOTED_MS: i64 = 60_000;

/// The next step. `quiet_ms`: how long silence takes to end an episode. A clock that steps back ends none.
#[must_use]
pub fn step(open: Option<Episode>, fires: bool, now_ms: i64, quiet_ms: i64) -> Step {
    match open {
        None if fires => Step::Open,
        None => Step::Rest,
        Some(episode) if fires && (now_ms - episode.last_ms).abs() >= NOTED_MS => Step::Keep,
        Some(episode) if !fires && now_ms - episode.last_ms > quiet_ms => Step::Close,
        Some(_) => Step::Rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_once_and_closes_after_silence() {
        let open = |last_ms| Some(Episode { last_ms });
        for (episode, fires, now_ms, expected) in [
            (None, false, 0, Step::Rest),
            (None, true, 0, Step::Open),
            (open(0), true, 59_999, Step::Rest),
            (open(0), true, 60_000, Step::Keep),
            (open(0), false, 600_000, Step::Rest),
            (open(0), false, 600_001, Step::Close),
            (open(1_000_000), false, 0, Step::Rest),
            (open(1_000_000), true, 0, Step::Keep),
        ] {
            assert_eq!(step(episode, fires, now_ms, 600_000), expected, "{episode:?} {fires} {now_ms}");
        }
    }
}
