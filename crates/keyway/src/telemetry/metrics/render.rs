//! Adds the shards up and writes every family. Labelled counters that are still zero are left out.

use super::shard::{BOUNDS_MS, Histogram, REFUSED, STATUS_CLASSES, Shard, TOKEN_CLASSES};
use super::text::{Kind, Text, seconds};
use super::{Metrics, process, token_classes};
use crate::base::Code;
use crate::telemetry::usd_text;
use ledger::Usage;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub(super) fn render(metrics: &Metrics) -> String {
    let mut text = Text::default();
    requests(metrics, &mut text);
    providers(metrics, &mut text);
    histogram(
        metrics,
        &mut text,
        "keyway_request_duration_seconds",
        "Time from a request to its last byte.",
        |shard| &shard.latency,
    );
    histogram(
        metrics,
        &mut text,
        "keyway_first_token_seconds",
        "Time to the first progress of an answer.",
        |shard| &shard.first_token,
    );
    open(metrics, &mut text);
    gauges(metrics, &mut text);
    grant_cache(metrics, &mut text);
    replies(metrics, &mut text);
    load(metrics, &mut text);
    let exposed = sum(metrics, |shard| Some(&shard.exposed_in_browser));
    let help = "Requests with a live key that came from a browser.";
    text.single("keyway_live_key_in_browser_total", Kind::Counter, help, exposed);
    let dropped = metrics.lines_dropped.load(Ordering::Relaxed);
    let help = "Request lines that found the queue full.";
    text.single("keyway_request_lines_dropped_total", Kind::Counter, help, dropped);
    let dropped = metrics.spans_dropped.load(Ordering::Relaxed);
    let help = "Spans that found the queue full.";
    text.single("keyway_spans_dropped_total", Kind::Counter, help, dropped);
    text.family("keyway_build_info", Kind::Gauge, "Version of the program.");
    text.sample("keyway_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    process::render(&mut text, metrics.started_ms);
    text.finish()
}

fn sum<'a>(metrics: &'a Metrics, counter: impl Fn(&'a Shard) -> Option<&'a AtomicU64>) -> u64 {
    let counts = metrics.shards.iter().filter_map(counter).map(|counter| counter.load(Ordering::Relaxed));
    counts.fold(0, u64::wrapping_add)
}

/// Workers open and close; a shard alone may be below zero, the sum is not for long.
fn level<'a>(metrics: &'a Metrics, gauge: impl Fn(&'a Shard) -> &'a AtomicI64) -> i64 {
    metrics.shards.iter().map(|shard| gauge(shard).load(Ordering::Relaxed)).sum::<i64>().max(0)
}

fn requests(metrics: &Metrics, text: &mut Text) {
    let name = "keyway_requests_total";
    text.family(name, Kind::Counter, "Ended requests by route and class of status.");
    for (route, template) in metrics.routes.iter().enumerate() {
        for (class, class_name) in STATUS_CLASSES.iter().enumerate() {
            let count = sum(metrics, |shard| shard.requests.get(route * STATUS_CLASSES.len() + class));
            if count > 0 {
                text.sample(name, &[("route", template), ("class", class_name)], count);
            }
        }
    }
    let name = "keyway_refusals_total";
    text.family(name, Kind::Counter, "Requests that Keyway refused, by code.");
    for code in Code::ALL {
        let count = sum(metrics, |shard| shard.refusals.get(*code as usize));
        if count > 0 {
            text.sample(name, &[("code", code.text())], count);
        }
    }
}

fn providers(metrics: &Metrics, text: &mut Text) {
    let providers = metrics.providers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let name = "keyway_upstream_attempts_total";
    text.family(name, Kind::Counter, "Attempts at providers by outcome.");
    for (slot, provider) in providers.iter().enumerate() {
        for (outcome, outcome_name) in metrics.outcomes.iter().enumerate() {
            let count = sum(metrics, |shard| shard.attempts.get(slot * metrics.outcomes.len() + outcome));
            if count > 0 {
                text.sample(name, &[("provider", provider), ("outcome", outcome_name)], count);
            }
        }
    }
    let name = "keyway_tokens_total";
    text.family(name, Kind::Counter, "Tokens of settled requests by billing class.");
    for (slot, provider) in providers.iter().enumerate() {
        for (class, (class_name, _)) in token_classes(&Usage::default()).iter().enumerate() {
            let count = sum(metrics, |shard| shard.tokens.get(slot * TOKEN_CLASSES + class));
            if count > 0 {
                text.sample(name, &[("class", class_name), ("provider", provider)], count);
            }
        }
    }
    let cost = usd_text(sum(metrics, |shard| Some(&shard.cost_nanousd)).into());
    text.single("keyway_cost_usd_total", Kind::Counter, "Cost of settled requests, USD.", cost);
}

fn histogram<'a>(
    metrics: &'a Metrics,
    text: &mut Text,
    name: &str,
    help: &str,
    of: impl Fn(&'a Shard) -> &'a Histogram,
) {
    text.family(name, Kind::Histogram, help);
    let bucket_name = format!("{name}_bucket");
    let mut count: u64 = 0;
    for bucket in 0..=BOUNDS_MS.len() {
        count = count.wrapping_add(sum(metrics, |shard| of(shard).buckets.get(bucket)));
        let bound = BOUNDS_MS.get(bucket).map_or_else(|| "+Inf".to_owned(), |ms| seconds(u64::from(*ms)));
        text.sample(&bucket_name, &[("le", &bound)], count);
    }
    text.sample(&format!("{name}_sum"), &[], seconds(sum(metrics, |shard| Some(&of(shard).sum_ms))));
    text.sample(&format!("{name}_count"), &[], count);
}

fn open(metrics: &Metrics, text: &mut Text) {
    let streams = level(metrics, |shard| &shard.streams_open);
    text.single("keyway_streams_open", Kind::Gauge, "Streams to clients that are running.", streams);
    let connections = level(metrics, |shard| &shard.connections_open);
    text.single("keyway_connections_open", Kind::Gauge, "Open connections of clients.", connections);
    let name = "keyway_connections_refused_total";
    text.family(name, Kind::Counter, "Connections closed at once, by the cap they were beyond.");
    for (reason, reason_name) in REFUSED.iter().enumerate() {
        let count = sum(metrics, |shard| shard.connections_refused.get(reason));
        text.sample(name, &[("cap", reason_name)], count);
    }
}

fn gauges(metrics: &Metrics, text: &mut Text) {
    let gauges = &metrics.gauges;
    let of = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
    let table = [
        ("keyway_journal_bytes", "Bytes of journal not shipped yet.", &gauges.journal_bytes),
        ("keyway_journal_lag_records", "Journal records not shipped yet.", &gauges.journal_lag_records),
        ("keyway_journal_broken", "1 while the journal cannot be written.", &gauges.journal_broken),
        ("keyway_grant_cache_entries", "Entries of the grant cache.", &gauges.grant_cache_entries),
    ];
    for (name, help, gauge) in table {
        text.single(name, Kind::Gauge, help, of(gauge));
    }
    let lag = seconds(of(&gauges.journal_lag_ms));
    text.single("keyway_journal_lag_seconds", Kind::Gauge, "Age of the oldest record not shipped yet.", lag);
    let synced_ms = gauges.synced_ms.load(Ordering::Relaxed);
    if synced_ms > 0 {
        let age = seconds(u64::try_from(metrics.clock.monotonic_ms() - synced_ms).unwrap_or(0));
        text.single(
            "keyway_sync_age_seconds",
            Kind::Gauge,
            "Time since the last sync with the database.",
            age,
        );
    }
}

fn grant_cache(metrics: &Metrics, text: &mut Text) {
    let hits = sum(metrics, |shard| Some(&shard.grant_hits));
    text.single("keyway_grant_cache_hits_total", Kind::Counter, "Grants found in the cache.", hits);
    let misses = sum(metrics, |shard| Some(&shard.grant_misses));
    text.single("keyway_grant_cache_misses_total", Kind::Counter, "Grants not found in the cache.", misses);
}

fn replies(metrics: &Metrics, text: &mut Text) {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let replies = &metrics.replies;
    let name = "keyway_response_cache_requests_total";
    text.family(name, Kind::Counter, "Requests whose answer may be kept, by whether it was.");
    text.sample(name, &[("result", "hit")], of(&replies.hits));
    text.sample(name, &[("result", "miss")], of(&replies.misses));
    let bytes = of(&replies.bytes);
    text.single("keyway_response_cache_bytes", Kind::Gauge, "Bytes of kept answers.", bytes);
    let saved = usd_text(of(&replies.saved_nanousd).into());
    let help = "What kept answers would have cost again, USD.";
    text.single("keyway_response_cache_saved_usd_total", Kind::Counter, help, saved);
}

fn load(metrics: &Metrics, text: &mut Text) {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let load = &metrics.load;
    let table = [
        ("keyway_requests_running", "Requests to models that are being answered.", &load.running),
        ("keyway_request_body_bytes", "Bytes of their bodies.", &load.body_bytes),
        ("keyway_requests_queued", "Requests that wait for a place in a provider's account.", &load.queued),
    ];
    for (name, help, gauge) in table {
        text.single(name, Kind::Gauge, help, of(gauge));
    }
    let help = "Requests refused because too many were being answered.";
    text.single("keyway_requests_shed_total", Kind::Counter, help, of(&load.shed));
}
