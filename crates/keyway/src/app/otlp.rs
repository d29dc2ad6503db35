//! Hands traces and metrics to a collector, by HTTP, beside the requests: what it does not take is tried
//! once more and then lost, and no request waits for it.

use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::relay::Shared;
use crate::telemetry::otlp::{Span, metrics, spans};
use crate::upstream::once::{self, Way};
use crate::upstream::{AuthStyle, Endpoint, Limits, Request, Tls};
use crate::wire::health;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// Spans of one request.
const BATCH_MAX: usize = 512;
/// How long spans gather.
const GATHER: Duration = Duration::from_secs(2);
/// Time between two tellings of the metrics.
const METRICS_EVERY: Duration = Duration::from_secs(15);
/// A collector may take so long, milliseconds.
const TIME_MS_MAX: u64 = 10_000;
/// Longest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A collector.
pub struct Collector {
    endpoint: Endpoint,
    tls: Arc<Tls>,
    clock: Clock,
}

impl Collector {
    /// The collector at a scheme and host, as in `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(origin: &str, clock: Clock) -> Result<Self, Fault> {
        let endpoint = Endpoint::new(origin, AuthStyle::None, None).doing("reading otlp_endpoint")?;
        Ok(Self { endpoint, tls: Arc::new(Tls::new(None)), clock })
    }

    async fn post(&self, path: &str, body: String) -> Result<(), Fault> {
        const DOING: &str = "handing telemetry to the collector";
        let origin = self.endpoint.origin();
        let found = tokio::net::lookup_host((&*origin.host, origin.port)).await.doing(DOING)?;
        let addresses: Vec<_> = found.collect();
        let way = Way {
            limits: Limits {
                connect_ms: TIME_MS_MAX,
                write_ms: TIME_MS_MAX,
                first_byte_ms: TIME_MS_MAX,
                idle_ms: TIME_MS_MAX,
                idle_max: 0,
                ..Limits::default()
            },
            clock: &self.clock,
            tls: &self.tls,
        };
        let request = Request::post(path, Bytes::from(body));
        let sending = async {
            let answer = once::send(&self.endpoint, &addresses, request, &way).await.doing(DOING)?;
            let status = answer.status;
            // Read to its end, so that nobody is cut off in the middle of a word.
            let _ = answer.body.whole(ANSWER_BYTES_MAX).await;
            if (200..300).contains(&status) {
                Ok(())
            } else {
                Err(Fault::plain(format!("{DOING}: it answered {status}")))
            }
        };
        tokio::time::timeout(Duration::from_millis(TIME_MS_MAX), sending).await.doing(DOING)?
    }

    /// Twice, and then no more.
    async fn hand_over(&self, path: &str, body: String, failing: &mut bool) {
        let mut done = self.post(path, body.clone()).await;
        if done.is_err() {
            tokio::time::sleep(GATHER).await;
            done = self.post(path, body).await;
        }
        match done {
            Ok(()) => *failing = false,
            Err(fault) if !*failing => {
                tracing::warn!(%fault, "telemetry is lost until the collector takes it again");
                *failing = true;
            }
            Err(_) => {}
        }
    }
}

/// Hands spans over for as long as the process runs.
pub async fn keep_tracing(shared: Arc<Shared>, collector: Arc<Collector>, mut waiting: Receiver<Box<Span>>) {
    let mut batch: Vec<Box<Span>> = Vec::new();
    let mut failing = false;
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if batch.len() < BATCH_MAX && !waiting.is_closed() {
            tokio::time::sleep(GATHER).await;
            while batch.len() < BATCH_MAX
                && let Ok(span) = waiting.try_recv()
            {
                batch.push(span);
            }
        }
        let body = spans::export(&batch, &shared.node.id);
        batch.clear();
        collector.hand_over("/v1/traces", body, &mut failing).await;
    }
}

/// Hands every number over for as long as the process runs.
pub async fn keep_telling(shared: Arc<Shared>, collector: Arc<Collector>) {
    let mut failing = false;
    loop {
        tokio::time::sleep(METRICS_EVERY).await;
        let text = health::text(&shared);
        let now_ms = shared.at.clock.now_ms();
        let body = metrics::export(&text, &shared.node.id, shared.node.started_ms, now_ms);
        collector.hand_over("/v1/metrics", body, &mut failing).await;
    }
}
