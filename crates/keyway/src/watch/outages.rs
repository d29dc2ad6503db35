//! Looks for providers that fail, or that refuse us.

use super::find::{DAY_MS, Found, MINUTE_MS};
use super::kind::{DOWN, Facts, Kind};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::provider_minutes::{self, Provider};
use serde_json::json;

/// Refusals of our credential, or for want of money, before a provider is told of.
const REFUSED_MIN: i64 = 3;

/// What a provider's minutes come to: all of them together, unless one stands out by itself. A minute in which all
/// is well does not hide the next one, in which nothing is.
fn worst(minutes: &[Provider]) -> Provider {
    let mut all = Provider::default();
    for minute in minutes {
        all.name.clone_from(&minute.name);
        all.attempts += minute.attempts;
        all.failed += minute.failed;
        all.refused += minute.refused;
        all.unpaid += minute.unpaid;
    }
    let bad = |minute: &Provider| minute.failed + minute.refused + minute.unpaid;
    let stands_out = |minute: &&Provider| {
        bad(minute) >= DOWN.failures_min && bad(minute) * all.attempts > bad(&all) * minute.attempts
    };
    minutes.iter().find(stands_out).cloned().unwrap_or(all)
}

/// Providers that fail, or that refuse us.
///
/// # Errors
/// When the database cannot be used.
pub async fn providers(conn: &mut Conn, now_ms: i64, operators: &str) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    // The minute that runs, and the one before it.
    let minutes =
        provider_minutes::providers(conn, now_ms - now_ms.rem_euclid(MINUTE_MS) - MINUTE_MS).await?;
    for seen in minutes.chunk_by(|one, next| one.name == next.name).map(worst) {
        let (name, attempts) = (&seen.name, seen.attempts);
        let of = |count: i64, what: &str| format!("{count} of {attempts} tries at {name} {what}.");
        let refused = |count: i64| count >= REFUSED_MIN && count * 2 >= attempts;
        let (what, facts, summary) = if refused(seen.unpaid) {
            let text = of(seen.unpaid, "ended with 402: its account has no money left");
            (format!("{name} is not paid"), Facts::Fires, text)
        } else if refused(seen.refused) {
            let text = of(seen.refused, "ended with 401 or 403: it refuses our credential");
            (format!("{name} refuses our credential"), Facts::Fires, text)
        } else if seen.failed > 0 {
            let facts = Facts::Share { failures: seen.failed, requests: attempts };
            (format!("{name} fails"), facts, of(seen.failed, "failed in the last minutes"))
        } else {
            continue;
        };
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
            title: what.clone(),
            summary: summary.clone(),
            numbers: numbers.clone(),
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_minute_does_not_hide_a_bad_one() {
        let minute =
            |attempts, failed| Provider { name: "p".to_owned(), attempts, failed, ..Provider::default() };
        for (minutes, expected) in [
            (&[minute(100, 0), minute(10, 5)][..], (10, 5)),
            (&[minute(10, 9), minute(100, 0)], (10, 9)),
            // Too few to say: both together.
            (&[minute(3, 3), minute(3, 2)], (6, 5)),
            (&[minute(100, 1)], (100, 1)),
        ] {
            let seen = worst(minutes);
            assert_eq!((seen.attempts, seen.failed), expected, "{minutes:?}");
        }
    }
}
