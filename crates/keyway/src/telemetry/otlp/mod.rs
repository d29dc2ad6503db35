//! Traces and metrics as OTLP over HTTP in JSON (opentelemetry.io, OTLP 1.x), with the semantic conventions
//! for generative AI. What is here is pure but for the bounded queue between workers and the exporter.

pub mod context;
pub mod metrics;
pub mod spans;

pub use context::Context;
pub use spans::Span;

use super::Metrics;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Spans that wait for the exporter at most; what comes when it is full is dropped and counted.
pub const SPANS_MAX: usize = 8_192;

/// Where workers leave their spans; cheap to clone. Off, it does nothing at all.
#[derive(Clone)]
pub struct Traces(Option<Queue>);

#[derive(Clone)]
struct Queue {
    spans: Sender<Box<Span>>,
    metrics: Arc<Metrics>,
}

impl Traces {
    /// Traces that go nowhere.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Traces that an exporter takes. Dropped spans are counted in `metrics`.
    #[must_use]
    pub fn on(metrics: Arc<Metrics>) -> (Self, Receiver<Box<Span>>) {
        let (spans, waiting) = channel(SPANS_MAX);
        (Self(Some(Queue { spans, metrics })), waiting)
    }

    /// The caller's trace, when traces are on.
    #[must_use]
    pub fn parent(&self, traceparent: Option<&str>) -> Option<Context> {
        self.0.as_ref().and(traceparent).and_then(Context::read)
    }

    /// Leaves a span for the exporter; never waits. `span` is not called when traces are off, or when the
    /// caller has decided that this one is not sampled.
    pub fn push(&self, parent: Option<Context>, span: impl FnOnce() -> Span) {
        let Some(Queue { spans, metrics }) = &self.0 else { return };
        if parent.is_some_and(|parent| !parent.sampled) {
            return;
        }
        if spans.try_send(Box::new(span())).is_err() {
            metrics.span_dropped();
        }
    }
}
