//! Looks for providers that fail, or that refuse us.

use super::find::{DAY_MS, Found, MINUTE_MS};
use super::kind::{Facts, Kind};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::provider_minutes::{self, Provider};
use serde_json::json;
use vigil::failing::Tally;

/// Refusals of our credential, or for want of money, before a provider is told of.
const REFUSED_MIN: i64 = 3;

/// What a provider's two minutes come to, and those two: the one before, and the one that runs.
fn both(minutes: &[Provider], minute_ms: i64) -> (Provider, Tally, Tally) {
    let mut all = Provider::default();
    let (mut before, mut now) = (Tally::default(), Tally::default());
    for minute in minutes {
        all.name.clone_from(&minute.name);
        all.attempts += minute.attempts;
        all.failed += minute.failed;
        all.refused += minute.refused;
        all.unpaid += minute.unpaid;
        let tally = Tally { failures: minute.failed, requests: minute.attempts };
        let of = if minute.minute_ms < minute_ms { &mut before } else { &mut now };
        *of = of.and(tally);
    }
    (all, before, now)
}

/// Whether some kind of refusal is worth telling: in both minutes together, or in one by itself. A minute in which
/// all is well does not hide the next one, in which nothing is.
fn refuses(minutes: &[Provider], all: &Provider, count: fn(&Provider) -> i64) -> bool {
    let many = |seen: &Provider| count(seen) >= REFUSED_MIN && count(seen) * 2 >= seen.attempts;
    many(all) || minutes.iter().any(many)
}

/// What is to be said of a provider.
pub(super) struct Said {
    /// Both of its minutes together.
    seen: Provider,
    title: String,
    /// What rules are held against.
    pub facts: Facts,
    summary: String,
}

/// What is to be said of a provider's two minutes, if anything.
pub(super) fn said(minutes: &[Provider], minute_ms: i64) -> Option<Said> {
    let (seen, before, now) = both(minutes, minute_ms);
    let (name, attempts) = (seen.name.clone(), seen.attempts);
    let of = |count: i64, what: &str| format!("{count} of {attempts} tries at {name} {what}.");
    let (title, facts, summary) = if refuses(minutes, &seen, |it| it.unpaid) {
        let text = of(seen.unpaid, "ended with 402: its account has no money left");
        (format!("{name} is not paid"), Facts::Fires, text)
    } else if refuses(minutes, &seen, |it| it.refused) {
        let text = of(seen.refused, "ended with 401 or 403: it refuses our credential");
        (format!("{name} refuses our credential"), Facts::Fires, text)
    } else if seen.failed > 0 {
        let text = of(seen.failed, "failed in the last minutes");
        (format!("{name} fails"), Facts::Share { before, now }, text)
    } else {
        return None;
    };
    Some(Said { seen, title, facts, summary })
}

/// Providers that fail, or that refuse us.
///
/// # Errors
/// When the database cannot be used.
pub async fn providers(conn: &mut Conn, now_ms: i64, operators: &str) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    let minute_ms = now_ms - now_ms.rem_euclid(MINUTE_MS);
    let found = provider_minutes::providers(conn, minute_ms - MINUTE_MS).await?;
    for minutes in found.chunk_by(|one, next| one.name == next.name) {
        let Some(Said { seen, title, facts, summary }) = said(minutes, minute_ms) else { continue };
        let (name, attempts) = (&seen.name, seen.attempts);
        let mut orgs = provider_minutes::users_of(conn, name, now_ms - 8 * DAY_MS).await?;
        if !orgs.iter().any(|org| org == operators) {
            orgs.push(operators.to_owned());
        }
        let numbers = json!({ "provider": name, "attempts": attempts, "failed": seen.failed,
                              "refused": seen.refused, "unpaid": seen.unpaid });
        all.extend(orgs.into_iter().map(|org| Found {
            org,
            kind: Kind::ProviderDown,
            subject: name.clone(),
            occurrence: format!("{name} {now_ms}"),
            project: None,
            key: None,
            at_ms: now_ms,
            lasts: true,
            facts: facts.clone(),
            title: title.clone(),
            summary: summary.clone(),
            numbers: numbers.clone(),
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::alerts::Alert;

    fn minute(minute_ms: i64, attempts: i64, failed: i64, refused: i64) -> Provider {
        Provider { name: "p".to_owned(), minute_ms, attempts, failed, refused, unpaid: 0 }
    }

    #[test]
    fn a_good_minute_does_not_hide_a_bad_one() {
        let rule = Alert { kind: Kind::ProviderDown.word().to_owned(), ..Alert::default() };
        for (minutes, fires) in [
            (&[minute(0, 100, 0, 0), minute(MINUTE_MS, 10, 5, 0)][..], true),
            (&[minute(0, 10, 9, 0), minute(MINUTE_MS, 100, 0, 0)], true),
            // It began in the one, and goes on in the other.
            (&[minute(0, 20, 3, 0), minute(MINUTE_MS, 6, 3, 0)], true),
            (&[minute(0, 3, 3, 0), minute(MINUTE_MS, 3, 1, 0)], false),
            (&[minute(MINUTE_MS, 4, 4, 0)], false),
            (&[minute(0, 100, 1, 0)], false),
        ] {
            let (_, before, now) = both(minutes, MINUTE_MS);
            let fired = super::super::kind::fires(&rule, &Facts::Share { before, now }, 0);
            assert_eq!(fired.is_some(), fires, "{minutes:?}");
        }
    }

    #[test]
    fn refusals_are_counted_together_and_minute_by_minute() {
        for (minutes, told) in [
            (&[minute(0, 100, 0, 0), minute(MINUTE_MS, 3, 0, 3)][..], true),
            (&[minute(0, 2, 0, 2), minute(MINUTE_MS, 1, 0, 1)], true),
            (&[minute(0, 7, 0, 3)], false),
            (&[minute(0, 2, 0, 2)], false),
        ] {
            let (all, ..) = both(minutes, MINUTE_MS);
            assert_eq!(refuses(minutes, &all, |it| it.refused), told, "{minutes:?}");
        }
    }
}
