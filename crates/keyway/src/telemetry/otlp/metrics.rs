//! Every number as OTLP writes it in JSON: made from what Prometheus is told, so that both say the same.

use super::spans::{nanos, resource, text};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Our names, and what the semantic conventions for generative AI call the same.
const CONVENTIONS: [(&str, &str); 2] = [
    ("keyway_request_duration_seconds", "gen_ai.server.request.duration"),
    ("keyway_first_token_seconds", "gen_ai.server.time_to_first_token"),
];

/// A sample of the Prometheus text format.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(String, String)>,
    value: &'a str,
}

/// A request of metrics, for `/v1/metrics`, from the Prometheus text. Times are unix milliseconds.
#[must_use]
pub fn export(prometheus: &str, node: &str, started_ms: i64, now_ms: i64) -> String {
    let times = Times { started: nanos(started_ms), now: nanos(now_ms) };
    let mut metrics = Vec::new();
    let mut lines = prometheus.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        let mut samples = Vec::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')).map(read) {
            samples.extend(sample);
        }
        if samples.is_empty() {
            continue;
        }
        let told = family(name, kind, &samples, &times);
        if let Some((_, convention)) = CONVENTIONS.iter().find(|(ours, _)| *ours == name) {
            let mut same = told.clone();
            same.insert("name".to_owned(), json!(convention));
            metrics.push(same);
        }
        metrics.push(told);
    }
    json!({ "resourceMetrics": [{
        "resource": resource(node),
        "scopeMetrics": [{ "scope": { "name": "keyway", "version": env!("CARGO_PKG_VERSION") }, "metrics": metrics }],
    }] })
    .to_string()
}

struct Times {
    started: String,
    now: String,
}

fn family(name: &str, kind: &str, samples: &[Sample<'_>], times: &Times) -> Map<String, Value> {
    let unit = if name.ends_with("_seconds") { "s" } else { "1" };
    let (field, data) = match kind {
        "histogram" => {
            let points = [histogram(name, samples, times)];
            ("histogram", json!({ "aggregationTemporality": 2, "dataPoints": points }))
        }
        "counter" => {
            let points: Vec<Value> = samples.iter().map(|sample| point(sample, times)).collect();
            ("sum", json!({ "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points }))
        }
        _ => {
            let points: Vec<Value> = samples.iter().map(|sample| point(sample, times)).collect();
            ("gauge", json!({ "dataPoints": points }))
        }
    };
    let mut told = Map::new();
    told.insert("name".to_owned(), json!(name));
    told.insert("unit".to_owned(), json!(unit));
    told.insert(field.to_owned(), data);
    told
}

/// A decimal as JSON writes numbers: what stands in the text, to the last digit.
fn decimal(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn point(sample: &Sample<'_>, times: &Times) -> Value {
    let attributes: Vec<Value> = sample.labels.iter().map(|(name, value)| text(name, value)).collect();
    json!({ "attributes": attributes, "startTimeUnixNano": times.started, "timeUnixNano": times.now,
            "asDouble": decimal(sample.value) })
}

/// Counts of single buckets, from those up to a bound.
fn histogram(name: &str, samples: &[Sample<'_>], times: &Times) -> Value {
    let (mut bounds, mut counts, mut before) = (Vec::new(), Vec::new(), 0_u64);
    let mut ends: BTreeMap<&str, &str> = BTreeMap::new();
    for sample in samples {
        let Some(what) = sample.name.strip_prefix(name) else { continue };
        if what != "_bucket" {
            ends.insert(what, sample.value);
            continue;
        }
        let count: u64 = sample.value.parse().unwrap_or(before);
        counts.push(count.saturating_sub(before).to_string());
        before = before.max(count);
        let bound = sample.labels.iter().find(|(label, _)| label == "le").map_or("+Inf", |(_, bound)| bound);
        if bound != "+Inf" {
            bounds.push(decimal(bound));
        }
    }
    json!({ "startTimeUnixNano": times.started, "timeUnixNano": times.now, "explicitBounds": bounds,
            "bucketCounts": counts, "count": ends.get("_count").copied().unwrap_or("0"),
            "sum": decimal(ends.get("_sum").copied().unwrap_or("0")) })
}

/// Reads a line; `None` for one that is no sample.
fn read(line: &str) -> Option<Sample<'_>> {
    let (head, value) = line.rsplit_once(' ')?;
    let Some((name, labels)) = head.split_once('{') else {
        return Some(Sample { name: head, labels: Vec::new(), value });
    };
    let mut found = Vec::new();
    let mut rest = labels.strip_suffix('}')?;
    while let Some((label, behind)) = rest.split_once("=\"") {
        let (text, end) = unescaped(behind)?;
        found.push((label.trim_start_matches(',').to_owned(), text));
        rest = behind.get(end..)?;
    }
    Some(Sample { name, labels: found, value })
}

/// The text up to the closing quote, and where what follows it begins.
fn unescaped(text: &str) -> Option<(String, usize)> {
    let mut plain = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((plain, at + 1)),
            '\\' => match letters.next()?.1 {
                'n' => plain.push('\n'),
                other => plain.push(other),
            },
            letter => plain.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a_total A.\n# TYPE a_total counter\na_total{route=\"/v1/x\",class=\"2\\\"x\"} 7\n\
        a_total{route=\"/v1/y\",class=\"4xx\"} 1\n# HELP g G.\n# TYPE g gauge\ng 0.25\n\
        # HELP keyway_first_token_seconds T.\n# TYPE keyway_first_token_seconds histogram\n\
        keyway_first_token_seconds_bucket{le=\"0.005\"} 2\nkeyway_first_token_seconds_bucket{le=\"1\"} 5\n\
        keyway_first_token_seconds_bucket{le=\"+Inf\"} 6\nkeyway_first_token_seconds_sum 3.5\n\
        keyway_first_token_seconds_count 6\n";

    #[test]
    fn both_say_the_same() {
        let told: Value = serde_json::from_str(&export(TEXT, "node_1", 1_000, 2_000)).unwrap();
        let metrics = told["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
        let named = |name: &str| metrics.iter().find(|it| it["name"] == name).unwrap();
        let sum = &named("a_total")["sum"];
        assert_eq!((&sum["isMonotonic"], &sum["aggregationTemporality"]), (&json!(true), &json!(2)));
        let first = &sum["dataPoints"][0];
        assert_eq!(first["attributes"][1], text("class", "2\"x"));
        assert_eq!((&first["asDouble"], &first["timeUnixNano"]), (&json!(7), &json!("2000000000")));
        assert_eq!(sum["dataPoints"].as_array().map(Vec::len), Some(2));
        assert_eq!(named("g")["gauge"]["dataPoints"][0]["asDouble"], json!(0.25));
        for name in ["keyway_first_token_seconds", "gen_ai.server.time_to_first_token"] {
            let point = &named(name)["histogram"]["dataPoints"][0];
            assert_eq!(point["bucketCounts"], json!(["2", "3", "1"]));
            assert_eq!(point["explicitBounds"], json!([0.005, 1]));
            assert_eq!((&point["count"], &point["sum"]), (&json!("6"), &json!(3.5)));
        }
    }
}
