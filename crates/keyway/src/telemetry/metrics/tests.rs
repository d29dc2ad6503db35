use super::{Metrics, Names, PROVIDERS_MAX, ProviderSlot};
use crate::base::{Clock, Code};
use ledger::{NanoUsd, Usage};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const NAMES: Names =
    Names { routes: &["/v1/chat/completions", "/v1/models/{id}"], outcomes: &["ok", "connect"] };

fn metrics(workers: usize) -> (Arc<Metrics>, Clock) {
    let clock = Clock::standing_at(1_700_000_000_500);
    (Arc::new(Metrics::new(&NAMES, workers, clock.clone())), clock)
}

fn busy() -> Arc<Metrics> {
    let (metrics, clock) = metrics(2);
    let mine = metrics.provider("mi\"n\\e\n");
    for worker in 0..3 {
        let worker = metrics.worker(worker);
        worker.connection_opened();
        worker.stream_opened();
        worker.request(0, 200, 40);
        worker.request(1, 499, 700_000);
        worker.refusal(Code::InvalidApiKey);
        worker.attempt(mine, 1);
        let usage = Usage { in_uncached: 7, out_text: 3, ..Usage::default() };
        worker.settled(mine, &usage, Some(NanoUsd(7_000)));
        worker.settled(mine, &usage, None);
        worker.first_token(5);
        worker.first_token(6);
        worker.grant_looked_up(true);
    }
    metrics.worker(0).stream_closed();
    metrics.gauges.journal_lag_ms.store(1_250, Ordering::Relaxed);
    metrics.synced();
    clock.advance_ms(30);
    metrics.request_line_dropped();
    metrics
}

#[test]
fn shards_add_up() {
    let text = busy().render();
    for line in [
        "keyway_requests_total{route=\"/v1/chat/completions\",class=\"2xx\"} 3",
        "keyway_requests_total{route=\"/v1/models/{id}\",class=\"4xx\"} 3",
        "keyway_refusals_total{code=\"invalid_api_key\"} 3",
        "keyway_upstream_attempts_total{provider=\"mi\\\"n\\\\e\\n\",outcome=\"connect\"} 3",
        "keyway_tokens_total{class=\"in_uncached\",provider=\"mi\\\"n\\\\e\\n\"} 42",
        "keyway_tokens_total{class=\"out_text\",provider=\"mi\\\"n\\\\e\\n\"} 18",
        "keyway_cost_usd_total 0.000021",
        "keyway_request_duration_seconds_bucket{le=\"0.025\"} 0",
        "keyway_request_duration_seconds_bucket{le=\"0.05\"} 3",
        "keyway_request_duration_seconds_bucket{le=\"600\"} 3",
        "keyway_request_duration_seconds_bucket{le=\"+Inf\"} 6",
        "keyway_request_duration_seconds_sum 2100.12",
        "keyway_request_duration_seconds_count 6",
        "keyway_first_token_seconds_bucket{le=\"0.005\"} 3",
        "keyway_first_token_seconds_bucket{le=\"0.01\"} 6",
        "keyway_streams_open 2",
        "keyway_connections_open 3",
        "keyway_journal_lag_seconds 1.25",
        "keyway_journal_broken 0",
        "keyway_sync_age_seconds 0.03",
        "keyway_grant_cache_hits_total 3",
        "keyway_request_lines_dropped_total 1",
        "process_start_time_seconds 1700000000.5",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
}

#[test]
fn the_text_is_well_formed() {
    check(&metrics(1).0.render());
    let text = busy().render();
    check(&text);
    assert!(text.contains("process_resident_memory_bytes ") && text.contains("process_cpu_seconds_total "));
}

#[test]
fn indices_outside_the_tables_count_nowhere() {
    let (metrics, _) = metrics(1);
    let worker = metrics.worker(99);
    worker.request(2, 200, 1);
    worker.request(0, 0, 1);
    worker.request(0, 999, 1);
    worker.attempt(ProviderSlot(PROVIDERS_MAX), 0);
    worker.attempt(ProviderSlot(1), 2);
    let text = metrics.render();
    check(&text);
    assert!(!text.contains("keyway_upstream_attempts_total{"));
    assert!(text.contains("class=\"1xx\"} 1") && text.contains("class=\"5xx\"} 1"));
}

#[test]
fn providers_are_bounded() {
    let (metrics, _) = metrics(1);
    assert_eq!(metrics.provider("a"), metrics.provider("a"));
    let slots: HashSet<usize> =
        (0..2 * PROVIDERS_MAX).map(|number| metrics.provider(&number.to_string()).0).collect();
    assert_eq!(slots.len(), PROVIDERS_MAX - 1, "`a` has one, the surplus shares one");
    metrics.worker(0).attempt(metrics.provider("one too many"), 0);
    assert!(metrics.render().contains("{provider=\"other\",outcome=\"ok\"} 1"));
}

/// Every code has its place: the counters are indexed by it.
#[test]
fn codes_are_numbered_in_their_order() {
    assert!(Code::ALL.iter().enumerate().all(|(index, code)| *code as usize == index));
}

/// Checks a document against the rules of the text format 0.0.4.
fn check(text: &str) {
    assert!(text.ends_with('\n') && !text.contains("\n\n"));
    let mut families: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut helped, mut current, mut series) = ("", "", HashSet::new());
    let mut buckets: Vec<(String, u64)> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helped = rest.split_once(' ').unwrap().0;
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, helped, "TYPE follows its HELP");
            assert!(["counter", "gauge", "histogram"].contains(&kind));
            assert!(families.insert(name, kind).is_none(), "{name} has two families");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            current = name;
            continue;
        }
        let (key, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().unwrap() >= 0.0, "{line}");
        assert!(series.insert(key), "{key} twice");
        let (name, labels) = key.split_once('{').unwrap_or((key, "}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        check_labels(labels);
        if families[current] != "histogram" {
            assert_eq!(name, current, "a sample outside its family");
            continue;
        }
        let count: u64 = value.parse().unwrap_or(0);
        match name.strip_prefix(current).unwrap() {
            "_bucket" => {
                assert!(buckets.last().is_none_or(|last| last.1 <= count), "buckets are cumulative: {line}");
                buckets.push((labels.to_owned(), count));
            }
            "_sum" => {}
            "_count" => assert_eq!(buckets.drain(..).next_back(), Some(("le=\"+Inf\"}".to_owned(), count))),
            other => panic!("{other} in a histogram"),
        }
    }
}

/// `name="value",...}` with `\`, `"` and line feed escaped.
fn check_labels(labels: &str) {
    let mut rest = labels;
    while rest != "}" {
        let (name, after) = rest.split_once("=\"").unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        let mut escaped = false;
        let end = after.find(|character| {
            let end = character == '"' && !escaped;
            assert!(!escaped || matches!(character, '"' | '\\' | 'n'), "{labels}");
            escaped = character == '\\' && !escaped;
            end
        });
        rest = &after[end.unwrap() + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// However many keys there are: none of them is a label. What can be one is bounded, and this is all of it.
#[test]
fn timed_everything_at_once_is_small_and_quick() {
    const ROUTES_MAX: usize = 400;
    let leaked = |name: String| -> &'static str { name.leak() };
    let names = |count: usize, what: &str| -> &'static [&'static str] {
        (0..count)
            .map(|number| leaked(format!("{what}/{number:03}/a-rather-long-name")))
            .collect::<Vec<_>>()
            .leak()
    };
    let names = Names { routes: names(ROUTES_MAX, "/v1/organization"), outcomes: names(14, "outcome") };
    let metrics = Arc::new(Metrics::new(&names, 4, Clock::standing_at(1)));
    let usage = Usage {
        in_uncached: 1,
        cache_read: 1,
        cache_write_5m: 1,
        cache_write_1h: 1,
        in_audio: 1,
        in_image: 1,
        out_text: 1,
        out_reasoning: 1,
        out_audio: 1,
        units: 1,
    };
    let worker = metrics.worker(0);
    for key in 0..100_000 {
        let provider = metrics.provider(&format!("provider-number-{}", key % 300));
        worker.attempt(provider, key % 14);
        worker.settled(provider, &usage, Some(NanoUsd(1)));
        worker.request(key % ROUTES_MAX, 100 + u16::try_from(key / ROUTES_MAX % 5).unwrap() * 100, 7);
        worker.refusal(Code::ALL[key % Code::ALL.len()]);
    }
    let began = Clock::system();
    let text = metrics.render();
    let took_ms = began.monotonic_ms();
    assert!(text.len() < 2 << 20, "{} bytes", text.len());
    assert!(took_ms < 100, "{took_ms} ms");
}
