//! Rules with a threshold of their own on use or cost: sums over a span, of the organisation, a project or
//! a key.

use super::find::{DAY_MS, Found, HOUR_MS, MINUTE_MS, lately};
use super::kind::{Facts, Kind, NANO};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::alerts::Alert;
use crate::store::spans::{self, Amount, Bucket};
use crate::store::usage_columns::Width;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Spans: word, width of the bucket that is summed, and its length in milliseconds.
pub const SPANS: [(&str, Width, i64); 3] =
    [("minute", Width::Minute, MINUTE_MS), ("hour", Width::Hour, HOUR_MS), ("day", Width::Day, DAY_MS)];
/// A span is looked at for this long after its end, milliseconds: what came on its last lines counts too.
const LATE_MS: i64 = 30_000;
/// The span of a rule that names none.
pub const SPAN: &str = "day";

/// What a span came to, of whatever rules ask for.
#[derive(Debug, Default)]
struct Amounts {
    whole: Amount,
    projects: HashMap<String, Amount>,
    keys: HashMap<String, Amount>,
}

/// What has passed its threshold in the span that runs, or ran until just now (UTC).
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
        for begins_ms in lately(now_ms, LATE_MS, length_ms) {
            let amounts = read(conn, &Bucket { org, width, begins_ms }, &of_span).await?;
            all.extend(of_span.iter().filter_map(|rule| judged(org, rule, &amounts, begins_ms, span)));
        }
    }
    Ok(all)
}

async fn read(conn: &mut Conn, bucket: &Bucket<'_>, rules: &[&Alert]) -> Result<Amounts, Fault> {
    let mut amounts = Amounts::default();
    if rules.iter().any(|rule| rule.project.is_none()) {
        amounts.whole = spans::whole(conn, bucket).await?;
    }
    if rules.iter().any(|rule| rule.project.is_some() && rule.key.is_none()) {
        amounts.projects = spans::projects(conn, bucket).await?.into_iter().collect();
    }
    // A rule on a key has its project.
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in rules {
        if let (Some(project), Some(key)) = (&rule.project, &rule.key) {
            keys.entry(project).or_default().insert(key);
        }
    }
    for (project, keys) in keys {
        let keys: Vec<&str> = keys.into_iter().collect();
        amounts.keys.extend(spans::keys(conn, bucket, project, &keys).await?);
    }
    Ok(amounts)
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

/// What a rule's part of a span comes to, in the rule's unit times a billion.
fn total(rule: &Alert, amounts: &Amounts) -> i64 {
    let amount = match (&rule.key, &rule.project) {
        (Some(key), _) => amounts.keys.get(key).copied().unwrap_or_default(),
        (None, Some(project)) => amounts.projects.get(project).copied().unwrap_or_default(),
        (None, None) => amounts.whole,
    };
    let cost = rule.kind == Kind::Cost.word();
    if cost { amount.nanousd } else { amount.requests.saturating_mul(NANO) }
}

fn judged(org: &str, rule: &Alert, amounts: &Amounts, begins_ms: i64, span: &str) -> Option<Found> {
    let (total, threshold) = (total(rule, amounts), rule.threshold_nano?);
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
        let amount = |requests, nanousd| Amount { requests, nanousd };
        let of = |all: &[(&str, Amount)]| all.iter().map(|(id, it)| ((*id).to_owned(), *it)).collect();
        let amounts = Amounts {
            whole: amount(13, 579),
            projects: of(&[("p1", amount(12, 570)), ("p2", amount(1, 9))]),
            keys: of(&[("k1", amount(5, 500)), ("k2", amount(7, 70)), ("k3", amount(1, 9))]),
        };
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
            (rule(Kind::Cost, Some("gone"), Some("p2")), 0),
            (rule(Kind::Usage, None, None), 13 * NANO),
        ] {
            assert_eq!(total(&rule, &amounts), expected, "{rule:?}");
            assert_eq!(judged("o", &rule, &amounts, 0, "day").is_some(), expected >= 79);
        }
    }
}
