//! What rules are about, those that are there from the beginning, and whether a rule fires.

use crate::base::id;
use crate::store::alerts::{Alert, Channel};
use sha2::{Digest as _, Sha256};
use vigil::failing::{self, Tally};
use vigil::term;

/// A billion: thresholds are kept in units times this.
pub const NANO: i64 = 1_000_000_000;

macro_rules! kinds {
    ($( $name:ident $word:literal $unit:literal; )*) => {
        /// What a rule is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $( #[doc = $word] $name, )* }

        impl Kind {
            /// Every one.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// Its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $( Self::$name => $word, )* }
            }

            /// What its threshold counts; empty: it takes none.
            #[must_use]
            pub fn unit(self) -> &'static str {
                match self { $( Self::$name => $unit, )* }
            }
        }
    };
}

kinds! {
    Budget "budget" "percent";
    KeyExpiring "key_expiring" "days";
    RotationDue "rotation_due" "days";
    Usage "usage" "requests";
    Cost "cost" "usd";
    Errors "errors" "percent";
    Latency "latency" "ms";
    NewAddress "new_address" "";
    UnusualHour "unusual_hour" "";
    ProviderDown "provider_down" "percent";
    AuditEvent "audit_event" "";
    UnpricedModel "unpriced_model" "";
    ExposedInBrowser "exposed_in_browser" "";
}

impl Kind {
    /// The kind of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether it is about single keys, which a rule can act upon.
    #[must_use]
    pub fn is_of_keys(self) -> bool {
        !matches!(self, Self::Budget | Self::ProviderDown | Self::AuditEvent | Self::UnpricedModel)
    }
}

/// Names of the rules that every organisation has from the beginning, and what they are about.
pub const PRESETS: &[(&str, Kind)] = &[
    ("Budget thresholds", Kind::Budget),
    ("Keys about to expire", Kind::KeyExpiring),
    ("Secrets older than 90 days", Kind::RotationDue),
    ("Unusual use of a key", Kind::Usage),
    ("Unusual cost of a key", Kind::Cost),
    ("Requests that fail", Kind::Errors),
    ("Slow answers", Kind::Latency),
    ("Keys used from a new network", Kind::NewAddress),
    ("Keys used at an unusual hour", Kind::UnusualHour),
    ("Providers that fail", Kind::ProviderDown),
    ("Models without a price", Kind::UnpricedModel),
    ("Live keys used in a browser", Kind::ExposedInBrowser),
];

/// Days before its end at which a key is told of.
pub const EXPIRY_STEPS: [i64; 3] = [14, 3, 1];
/// Days after which a secret is due.
pub const ROTATION_DAYS: i64 = 90;
/// What share of requests may fail.
pub const FAILING: failing::Rule = failing::Rule { percent: 30, failures_min: 5 };
/// What share of the tries at a provider may fail in a minute: less than half of them, for in a brown-out that half
/// fail of, every other minute has fewer.
pub const DOWN: failing::Rule = failing::Rule { percent: 30, failures_min: 5 };

/// The rules of an organisation: its own rows, and presets that it has not changed.
#[must_use]
pub fn effective(org: &str, org_created_ms: i64, rows: Vec<Alert>) -> Vec<Alert> {
    let mut all: Vec<Alert> = Vec::new();
    for (name, kind) in PRESETS {
        if !rows.iter().any(|row| row.preset == kind.word()) {
            all.push(preset(org, org_created_ms, name, *kind));
        }
    }
    all.extend(rows.into_iter().filter(|row| row.archived_ms.is_none()));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn preset(org: &str, org_created_ms: i64, name: &str, kind: Kind) -> Alert {
    // The same id on every node and at every look, without a row.
    let digest = Sha256::digest(format!("{org}\n{}", kind.word()));
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&org_created_ms.max(0).to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&digest[..10]);
    let channel = |kind: &str| Channel { kind: kind.to_owned(), ..Channel::default() };
    Alert {
        id: id::text("alert", bytes),
        org: org.to_owned(),
        name: name.to_owned(),
        kind: kind.word().to_owned(),
        channels: vec![channel("email"), channel("webhook")],
        preset: kind.word().to_owned(),
        enabled: true,
        created_ms: org_created_ms,
        ..Alert::default()
    }
}

/// What a rule is held against. Times are unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what its fields are")]
pub enum Facts {
    /// It is worth telling by itself.
    Fires,
    /// A percent was reached.
    Percent(i64),
    /// A life: when it began and when it ends.
    Term { began_ms: i64, ends_ms: i64 },
    /// Something stands since.
    Age { since_ms: i64 },
    /// Some of many failed: in the minute before, and in the one that runs; or at all, with nothing before.
    Share { before: Tally, now: Tally },
    /// A time that 95 of 100 keep to, and what was usual.
    P95 { ms: i64, requests: i64, usual_ms: Option<i64> },
    /// An event of the audit log.
    Event(String),
    /// A sum that this rule alone asked for, and that has passed its threshold.
    Sum { alert: String },
}

/// Whether a rule fires; what is added to the occurrence where one thing occurs several times.
#[must_use]
pub fn fires(alert: &Alert, facts: &Facts, now_ms: i64) -> Option<String> {
    let threshold = alert.threshold_nano.map(|nano| nano / NANO);
    let once = |fires: bool| fires.then(String::new);
    match facts {
        Facts::Fires => once(threshold.is_none()),
        Facts::Percent(percent) => once(threshold.is_none_or(|threshold| *percent >= threshold)),
        Facts::Term { began_ms, ends_ms } => {
            let own = threshold.map(|days| [days]);
            let steps = own.as_ref().map_or(&EXPIRY_STEPS[..], |own| &own[..]);
            term::step(now_ms, *began_ms, *ends_ms, steps).map(|days| days.to_string())
        }
        Facts::Age { since_ms } => once(term::is_due(now_ms, *since_ms, threshold.unwrap_or(ROTATION_DAYS))),
        Facts::Share { before, now } => {
            let default = if alert.kind == Kind::ProviderDown.word() { DOWN } else { FAILING };
            let rule = failing::Rule { percent: threshold.unwrap_or(default.percent), ..default };
            once(failing::shares(*before, *now, &rule).fires())
        }
        Facts::P95 { ms, requests, usual_ms } => {
            let rule = super::find::SLOW;
            let rule = match threshold {
                Some(always_ms) => vigil::slow::Rule { percent: None, always_ms: Some(always_ms), ..rule },
                None => rule,
            };
            once(vigil::slow::p95(*ms, *requests, *usual_ms, &rule).fires())
        }
        Facts::Event(event) => once(alert.events.iter().any(|wanted| wanted == event)),
        Facts::Sum { alert: of } => once(*of == alert.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn alert(kind: Kind, threshold: Option<i64>) -> Alert {
        Alert {
            id: "alert_1".to_owned(),
            kind: kind.word().to_owned(),
            threshold_nano: threshold.map(|units| units * NANO),
            events: vec!["api_key.created".to_owned()],
            ..Alert::default()
        }
    }

    #[test]
    fn rules_and_facts() {
        let term = |ends: i64| Facts::Term { began_ms: -100 * DAY_MS, ends_ms: ends * DAY_MS };
        let share =
            |failures, requests| Facts::Share { before: Tally::default(), now: Tally { failures, requests } };
        let p95 = |ms, usual_ms| Facts::P95 { ms, requests: 100, usual_ms };
        for (kind, threshold, facts, expected) in [
            (Kind::Budget, None, Facts::Percent(50), Some("")),
            (Kind::Budget, Some(80), Facts::Percent(50), None),
            (Kind::Budget, Some(80), Facts::Percent(100), Some("")),
            (Kind::KeyExpiring, None, term(14), Some("14")),
            (Kind::KeyExpiring, None, term(2), Some("3")),
            (Kind::KeyExpiring, None, term(15), None),
            (Kind::KeyExpiring, Some(30), term(29), Some("30")),
            (Kind::RotationDue, None, Facts::Age { since_ms: -90 * DAY_MS }, Some("")),
            (Kind::RotationDue, None, Facts::Age { since_ms: -89 * DAY_MS }, None),
            (Kind::RotationDue, Some(30), Facts::Age { since_ms: -30 * DAY_MS }, Some("")),
            (Kind::Errors, None, share(30, 100), Some("")),
            (Kind::Errors, Some(31), share(30, 100), None),
            (Kind::ProviderDown, None, share(29, 100), None),
            (Kind::ProviderDown, None, share(30, 100), Some("")),
            (Kind::Latency, None, p95(40_000, Some(10_000)), Some("")),
            (Kind::Latency, None, p95(40_000, None), None),
            (Kind::Latency, Some(2_000), p95(2_001, None), Some("")),
            (Kind::Usage, None, Facts::Fires, Some("")),
            (Kind::Usage, Some(5), Facts::Fires, None),
            (Kind::Usage, Some(5), Facts::Sum { alert: "alert_1".to_owned() }, Some("")),
            (Kind::Usage, Some(5), Facts::Sum { alert: "alert_2".to_owned() }, None),
            (Kind::AuditEvent, None, Facts::Event("api_key.created".to_owned()), Some("")),
            (Kind::AuditEvent, None, Facts::Event("api_key.deleted".to_owned()), None),
        ] {
            let found = fires(&alert(kind, threshold), &facts, 0);
            assert_eq!(found.as_deref(), expected, "{kind:?} {threshold:?} {facts:?}");
        }
    }

    #[test]
    fn presets_are_there_until_they_are_changed_or_removed() {
        let all = effective("org_1", 1_000, Vec::new());
        assert_eq!(all.len(), PRESETS.len());
        assert_eq!(all, effective("org_1", 1_000, Vec::new()));
        assert!(all.iter().all(|alert| id::parse("alert", &alert.id).is_some()));
        assert!(
            effective("org_2", 1_000, Vec::new()).iter().all(|other| all.iter().all(|it| it.id != other.id))
        );
        let mut changed = all[0].clone();
        changed.enabled = false;
        let mut removed = all[1].clone();
        removed.archived_ms = Some(1);
        let own = Alert { id: "alert_zz".to_owned(), ..Alert::default() };
        let now = effective("org_1", 1_000, vec![changed.clone(), removed, own.clone()]);
        assert_eq!(now.len(), PRESETS.len());
        assert!(now.contains(&changed) && now.contains(&own) && !now.iter().any(|it| it.id == all[1].id));
    }
}
