//! GET `/status`: how the installation and its providers are, for everybody, where the operator has turned it
//! on. It names providers and no organisation, key or number of requests.

use super::page::Page;
use super::parts::{Tone, badge, states};
use crate::access::Grant;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Shared, ready};
use crate::store::provider_minutes::{self, ProviderHour};
use http::StatusCode;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;
/// Hours that are shown.
const HOURS: i64 = 48;
/// Share of tries that fail, percent, from which an hour was a bad one, and from which there was something.
const BAD_PERCENT: i64 = 50;
const WARN_PERCENT: i64 = 5;
/// Failures that make an hour more than an accident.
const FAILURES_MIN: i64 = 3;

/// The page.
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        if !shared.desk.status_page {
            let body = states::empty("Nothing here", "This server shows no status page.", &html! {});
            return Ok(Page::new("Status", body).answer_outside(StatusCode::NOT_FOUND, &inbound.headers));
        }
        let now_ms = shared.at.clock.now_ms();
        let first_ms = now_ms - now_ms.rem_euclid(HOUR_MS) - (HOURS - 1) * HOUR_MS;
        let hours =
            provider_minutes::provider_hours(&mut *shared.at.db.connection().await?, first_ms).await?;
        let own = ready::reason_not_ready(&shared);
        let body = body(&hours, own, first_ms);
        Ok(Page { wide: true, ..Page::new("Status", body) }.answer_outside(StatusCode::OK, &inbound.headers))
    })
}

/// How an hour was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Was {
    Unused,
    Good,
    Troubled,
    Down,
}

impl Was {
    fn of(hour: &ProviderHour) -> Self {
        if hour.attempts == 0 {
            return Self::Unused;
        }
        let percent = hour.failed * 100 / hour.attempts;
        match percent {
            _ if hour.failed < FAILURES_MIN => Self::Good,
            BAD_PERCENT.. => Self::Down,
            WARN_PERCENT.. => Self::Troubled,
            _ => Self::Good,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Unused => "not used",
            Self::Good => "good",
            Self::Troubled => "troubled",
            Self::Down => "failing",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Unused => Tone::Plain,
            Self::Good => Tone::Good,
            Self::Troubled => Tone::Warn,
            Self::Down => Tone::Bad,
        }
    }
}

fn body(hours: &[ProviderHour], own: Option<&str>, first_ms: i64) -> Markup {
    let mut by_provider: BTreeMap<&str, Vec<Was>> = BTreeMap::new();
    for hour in hours {
        let line = by_provider.entry(&hour.provider).or_insert_with(|| vec![Was::Unused; HOURS as usize]);
        let place = usize::try_from((hour.hour_ms - first_ms) / HOUR_MS).unwrap_or(usize::MAX);
        if let Some(was) = line.get_mut(place) {
            *was = Was::of(hour);
        }
    }
    // The hour that runs, or the one before it while it is young.
    let now = |line: &[Was]| {
        line.iter().rev().take(2).copied().find(|was| *was != Was::Unused).unwrap_or(Was::Unused)
    };
    let worst = by_provider.values().map(|line| now(line)).max().unwrap_or(Was::Unused);
    let sentence = match (own, worst) {
        (Some(_), _) => ("This server takes no requests at the moment.", Tone::Bad),
        (None, Was::Down) => ("Some providers are failing.", Tone::Bad),
        (None, Was::Troubled) => ("Some providers have trouble.", Tone::Warn),
        (None, _) => ("Everything works.", Tone::Good),
    };
    html! {
        p { (badge(sentence.1, sentence.0)) }
        @if by_provider.is_empty() {
            p .faint { "No provider was asked in the last " (HOURS) " hours." }
        } @else {
            div .table tabindex="0" role="region" aria-label="Providers" {
                table {
                    caption .hidden { "Providers, from live traffic" }
                    thead { tr { th scope="col" { "Provider" } th scope="col" { "Now" } th scope="col" { "Hours of trouble in the last " (HOURS) } } }
                    tbody {
                        @for (provider, line) in &by_provider {
                            tr {
                                td data-label="Provider" { (provider) }
                                td data-label="Now" { (badge(now(line).tone(), now(line).word())) }
                                td data-label="Trouble" { (trouble(line)) }
                            }
                        }
                    }
                }
            }
        }
        p .faint { "From live traffic through this server. Times are whole hours." }
    }
}

fn trouble(line: &[Was]) -> String {
    let count = |wanted: Was| line.iter().filter(|was| **was == wanted).count();
    match (count(Was::Down), count(Was::Troubled)) {
        (0, 0) => "none".to_owned(),
        (0, troubled) => format!("{troubled} troubled"),
        (down, 0) => format!("{down} failing"),
        (down, troubled) => format!("{down} failing, {troubled} troubled"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_judged_by_their_failures() {
        let hour = |attempts, failed| ProviderHour { provider: "p".to_owned(), hour_ms: 0, attempts, failed };
        for (attempts, failed, was) in [
            (0, 0, Was::Unused),
            (10, 2, Was::Good),
            (1_000, 49, Was::Good),
            (1_000, 50, Was::Troubled),
            (10, 5, Was::Down),
        ] {
            assert_eq!(Was::of(&hour(attempts, failed)), was, "{failed}/{attempts}");
        }
    }
}
