//! Rules with a threshold of their own on use or cost: sums over a span, of the organisation, a project or
//! a key.

use super::find::{DAY_MS, Found, HOUR_MS, MINUTE_MS};
use super::kind::{Facts, Kind, NANO};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::alerts::Alert;
use crate::store::watched::{self, Sum};
use serde_json::json;

/// Keys whose sums are read at most: beyond it, the sum is less than it is.
const KEYS_MAX: i64 = 200_000;

/// Spans: word, width of the buckets that are summed, and their length in milliseconds.
pub const SPANS: [(&str, &str, i64); 3] =
    [("minute", "m", MINUTE_MS), ("hour", "h", HOUR_MS), ("day", "d", DAY_MS)];
/// The span of a rule that names none.
pub const SPAN: &str = "day";

/// What has passed its threshold in the span that runs (UTC).
///
/// # Errors
/// When the database cannot be used.
pub async fn find(conn: &mut Conn, org: &str, rules: &[Alert], now_ms: i64) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    for (span, width, length_ms) in SPANS {
        let of_span: Vec<&Alert> =
            rules.iter().filter(|rule| is_sum(rule) && span_of(rule) == span).collect();
        if of_span.is_empty() {
            continue;
        }
        let begins_ms = now_ms - now_ms.rem_euclid(length_ms);
        let sums = watched::sums(conn, org, (width, begins_ms), (1, 1), KEYS_MAX).await?;
        all.extend(of_span.into_iter().filter_map(|rule| judged(org, rule, &sums, begins_ms, span)));
    }
    Ok(all)
}

/// Whether it is a rule of this kind.
#[must_use]
pub fn is_sum(rule: &Alert) -> bool {
    rule.enabled
        && rule.threshold_nano.is_some()
        && [Kind::Usage.word(), Kind::Cost.word()].contains(&rule.kind.as_str())
}

/// The span of a rule.
#[must_use]
pub fn span_of(rule: &Alert) -> &str {
    rule.span.as_deref().unwrap_or(SPAN)
}

/// What a rule's part of some sums comes to, in the rule's unit times a billion.
#[must_use]
pub fn total(rule: &Alert, sums: &[Sum]) -> i64 {
    let of = |sum: &&Sum| {
        rule.key.as_ref().is_none_or(|key| *key == sum.key)
            && rule.project.as_ref().is_none_or(|project| *project == sum.project)
    };
    let cost = rule.kind == Kind::Cost.word();
    let amount = |sum: &Sum| if cost { sum.nanousd } else { sum.requests.saturating_mul(NANO) };
    sums.iter().filter(of).map(amount).fold(0, i64::saturating_add)
}

fn judged(org: &str, rule: &Alert, sums: &[Sum], begins_ms: i64, span: &str) -> Option<Found> {
    let (total, threshold) = (total(rule, sums), rule.threshold_nano?);
    if total < threshold {
        return None;
    }
    let cost = rule.kind == Kind::Cost.word();
    let text = |nano: i64| {
        let decimal = ledger::NanoUsd(nano).to_decimal();
        if cost { format!("${decimal}") } else { format!("{decimal} requests") }
    };
    let what = match (&rule.key, &rule.project) {
        (Some(_), _) => "{key}".to_owned(),
        (None, Some(project)) => format!("The project {project}"),
        (None, None) => "The organisation".to_owned(),
    };
    let summary = format!("{what} has come to {} this {span}, at least {}.", text(total), text(threshold));
    Some(Found {
        org: org.to_owned(),
        kind: if cost { Kind::Cost } else { Kind::Usage },
        subject: rule.id.clone(),
        occurrence: format!("{} {begins_ms}", rule.id),
        project: rule.project.clone(),
        key: rule.key.clone(),
        at_ms: begins_ms,
        lasts: false,
        facts: Facts::Sum { alert: rule.id.clone() },
        title: format!("{}: {} this {span}", rule.name, text(total)),
        summary,
        numbers: json!({ "total_nano": total, "threshold_nano": threshold }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_sums_what_it_is_about() {
        let sum = |key: &str, project: &str, requests, nanousd| Sum {
            key: key.to_owned(),
            project: project.to_owned(),
            requests,
            nanousd,
            unpriced: 0,
        };
        let sums = [sum("k1", "p1", 5, 500), sum("k2", "p1", 7, 70), sum("k3", "p2", 1, 9)];
        let rule = |kind: Kind, key: Option<&str>, project: Option<&str>| Alert {
            kind: kind.word().to_owned(),
            key: key.map(str::to_owned),
            project: project.map(str::to_owned),
            threshold_nano: Some(79),
            ..Alert::default()
        };
        for (rule, expected) in [
            (rule(Kind::Cost, None, None), 579),
            (rule(Kind::Cost, None, Some("p1")), 570),
            (rule(Kind::Cost, Some("k3"), Some("p2")), 9),
            (rule(Kind::Usage, None, None), 13 * NANO),
        ] {
            assert_eq!(total(&rule, &sums), expected, "{rule:?}");
            assert_eq!(judged("o", &rule, &sums, 0, "day").is_some(), expected >= 79);
        }
    }
}
