//! `GET /healthz`, `/readyz` and `/metrics`.

use crate::access::Grant;
use crate::base::Trouble;
use crate::providers::health::Standing;
use crate::relay::ready;
use crate::relay::{Inbound, Outbound, Shared, Worker};
use crate::telemetry::metrics::text::{Kind, Text};
use http::StatusCode;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Content type of the Prometheus text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The process runs.
///
/// # Errors
/// Never.
pub fn alive(_: &Worker, _: &Inbound, _: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    Ok(Outbound::json(StatusCode::OK, &json!({ "status": "ok" })))
}

/// The process would serve a request now; otherwise 503 with the reason.
///
/// # Errors
/// Never.
pub fn ready(worker: &Worker, _: &Inbound, _: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let answer = match ready::reason_not_ready(&worker.shared) {
        None => Outbound::json(StatusCode::OK, &json!({ "status": "ready" })),
        Some(reason) => Outbound::json(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "status": "not_ready", "reason": reason }),
        ),
    };
    Ok(answer)
}

/// Every number, for Prometheus.
///
/// # Errors
/// Never.
pub fn metrics(worker: &Worker, _: &Inbound, _: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    Ok(render(&worker.shared))
}

/// Every number, for Prometheus.
#[must_use]
pub fn render(shared: &Shared) -> Outbound {
    Outbound::whole(StatusCode::OK, PROMETHEUS, text(shared))
}

/// Every number, in the Prometheus text format.
#[must_use]
pub fn text(shared: &Shared) -> String {
    let gauges = &shared.metrics.gauges;
    gauges.grant_cache_entries.store(shared.cache.len() as u64, Ordering::Relaxed);
    let broken = !shared.journals.iter().all(|journal| journal.is_open());
    gauges.journal_broken.store(u64::from(broken), Ordering::Relaxed);
    shared.metrics.render() + &of_providers(shared)
}

/// How the providers do that have been asked.
fn of_providers(shared: &Shared) -> String {
    let now_ms = shared.at.clock.monotonic_ms();
    let mut text = Text::default();
    let all = shared.health.all();
    let names =
        ["keyway_provider_asked", "keyway_provider_recent_attempts", "keyway_provider_recent_failures"];
    let helps = [
        "Whether a provider's credential is asked: 0 while it cools down, fails or is refused.",
        "Attempts of the last ten seconds.",
        "Attempts of the last ten seconds that failed.",
    ];
    for (at, (name, help)) in names.into_iter().zip(helps).enumerate() {
        text.family(name, Kind::Gauge, help);
        for pulse in &all {
            let (attempts, failed) = pulse.window(now_ms);
            let asked = u32::from(matches!(pulse.standing(now_ms), Standing::In | Standing::Due(_)));
            let value = [asked, attempts, failed].get(at).copied().unwrap_or(0);
            text.sample(name, &[("provider", &*pulse.provider), ("credential", &*pulse.credential)], value);
        }
    }
    text.finish()
}
