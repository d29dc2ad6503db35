//! One wide JSON event per request, on stderr. Workers hand lines to one writer thread through
//! a bounded queue; formatting, scrubbing and writing happen there.

use super::{Metrics, scrub, time_text, usd_text};
use crate::base::fault::Doing;
use crate::base::{Fault, id};
use ledger::{NanoUsd, Usage};
use serde::{Serialize, Serializer};
use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that may wait for the writer; what comes when it is full is dropped and counted.
pub const REQUEST_LINES_MAX: usize = 8192;

/// A write happens when so much is formatted, or nothing more is queued.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// How long the writer lets lines gather. A worker that sends to a sleeping writer pays a system
/// call to wake it; this makes that once per pause, not once per request.
const GATHER_MS: u64 = 20;

/// Longest text that comes from the client.
const CLIENT_TEXT_BYTES_MAX: usize = 256;

/// Longest fault text.
const FAULT_BYTES_MAX: usize = 2048;

/// What is logged of a request: these fields and no others. Empty fields are left out.
#[derive(Debug, Clone, Serialize)]
pub struct RequestLine {
    /// Unix milliseconds at which the request was read.
    #[serde(rename = "time", serialize_with = "as_time")]
    pub started_ms: i64,
    /// The request's ULID.
    #[serde(rename = "request_id", serialize_with = "as_request_id")]
    pub request: [u8; 16],
    /// The route's template, never the path: a path may hold ids and what else a caller writes.
    pub route: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// HTTP status the client got; 499 when it left.
    pub status: u16,
    /// Error code, empty on success.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub code: &'static str,
    /// Organisation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<Arc<str>>,
    /// Project id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// Key id or public `kid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// Model as the client named it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_client_text")]
    pub model_asked: Option<Box<str>>,
    /// Canonical `provider/model` that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_served: Option<Arc<str>>,
    /// Provider that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Arc<str>>,
    /// Tries at providers.
    pub attempts: u8,
    /// Asked as a stream.
    pub stream: bool,
    /// Tokens by class.
    #[serde(skip_serializing_if = "is_nothing", serialize_with = "as_tokens")]
    pub tokens: Usage,
    /// Cost in decimals; absent when nothing was used or the model has no price.
    #[serde(rename = "cost_usd", skip_serializing_if = "Option::is_none", serialize_with = "as_usd")]
    pub cost: Option<NanoUsd>,
    /// What a kept answer saved, in decimals; absent when the answer was none.
    #[serde(rename = "cache_saved_usd", skip_serializing_if = "Option::is_none", serialize_with = "as_usd")]
    pub cache_saved: Option<NanoUsd>,
    /// Milliseconds from reading the request to its last byte.
    pub latency_ms: u32,
    /// Milliseconds to the first progress of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u32>,
    /// The caller's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// The caller's own request id.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_client_text")]
    pub client_request_id: Option<Box<str>>,
    /// The caller's `user-agent`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_client_text")]
    pub user_agent: Option<Box<str>>,
    /// The internal failure behind `internal_error`: for operators only.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_fault")]
    pub fault: Option<Box<str>>,
}

impl RequestLine {
    /// A line with nothing but what every request has.
    #[must_use]
    pub fn new(request: [u8; 16], started_ms: i64, route: &'static str, method: &'static str) -> Self {
        Self {
            started_ms,
            request,
            route,
            method,
            status: 0,
            code: "",
            org: None,
            project: None,
            key: None,
            model_asked: None,
            model_served: None,
            provider: None,
            attempts: 0,
            stream: false,
            tokens: Usage::default(),
            cost: None,
            cache_saved: None,
            latency_ms: 0,
            first_token_ms: None,
            peer: None,
            client_request_id: None,
            user_agent: None,
            fault: None,
        }
    }
}

/// A client's text, cut at 256 bytes before it is copied; `None` when it is empty.
#[must_use]
pub fn client_text(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| shortened(text, CLIENT_TEXT_BYTES_MAX).into())
}

/// Where workers leave their lines; cheap to clone. Off, it does nothing at all.
#[derive(Clone)]
pub struct RequestLog(Option<Queue>);

#[derive(Clone)]
struct Queue {
    lines: SyncSender<Item>,
    metrics: Arc<Metrics>,
}

/// Boxed, so that the queue itself stays small.
enum Item {
    Line(Box<RequestLine>),
    /// Nothing to write: the writer is to look whether it shall end.
    Wake,
}

/// The writer thread, to be ended last.
pub struct RequestLogWriter {
    lines: SyncSender<Item>,
    closing: Arc<AtomicBool>,
    ended: Receiver<()>,
}

impl RequestLog {
    /// A log that takes nothing.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// A log to stderr. Dropped lines are counted in `metrics`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn to_stderr(metrics: Arc<Metrics>) -> Result<(Self, RequestLogWriter), Fault> {
        Self::to(std::io::stderr(), metrics)
    }

    fn to(
        output: impl Write + Send + 'static,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, RequestLogWriter), Fault> {
        let (lines, queue) = sync_channel(REQUEST_LINES_MAX);
        let (end, ended) = sync_channel(1);
        let closing = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&closing);
        let work = move || {
            write_lines(&queue, &seen, output);
            let _ = end.send(()); // nobody waits when the process just ends
        };
        std::thread::Builder::new()
            .name("request-log".into())
            .spawn(work)
            .doing("starting the request log")?;
        let writer = RequestLogWriter { lines: lines.clone(), closing, ended };
        Ok((Self(Some(Queue { lines, metrics })), writer))
    }

    /// Leaves a line for the writer; never waits. `line` is not called when the log is off.
    pub fn push(&self, line: impl FnOnce() -> RequestLine) {
        let Some(Queue { lines, metrics }) = &self.0 else {
            return;
        };
        if lines.try_send(Item::Line(Box::new(line()))).is_err() {
            metrics.request_line_dropped();
        }
    }
}

impl RequestLogWriter {
    /// Writes what is queued and ends the thread. False when `wait` was not enough, as when
    /// nobody reads stderr.
    #[must_use]
    pub fn finish(self, wait: Duration) -> bool {
        self.closing.store(true, Ordering::Release);
        let _ = self.lines.try_send(Item::Wake); // a full queue has a writer that is awake
        self.ended.recv_timeout(wait).is_ok()
    }
}

fn write_lines(queue: &Receiver<Item>, closing: &AtomicBool, mut output: impl Write) {
    let mut batch = Vec::new();
    loop {
        if !closing.load(Ordering::Acquire) {
            let Ok(first) = queue.recv() else { return };
            format_line(&mut batch, &first);
            std::thread::sleep(Duration::from_millis(GATHER_MS));
        }
        let last = closing.load(Ordering::Acquire);
        while let Ok(item) = queue.try_recv() {
            format_line(&mut batch, &item);
            if batch.len() >= BATCH_BYTES_MAX {
                flush(&mut batch, &mut output);
            }
        }
        flush(&mut batch, &mut output);
        if last {
            return;
        }
    }
}

fn format_line(batch: &mut Vec<u8>, item: &Item) {
    let Item::Line(line) = item else { return };
    let whole = batch.len();
    match serde_json::to_writer(&mut *batch, &**line) {
        Ok(()) => batch.push(b'\n'),
        Err(_) => batch.truncate(whole),
    }
}

/// Writes the batch. A log that cannot be written is lost: requests go on.
fn flush(batch: &mut Vec<u8>, output: &mut impl Write) {
    let _ = output.write_all(batch).and_then(|()| output.flush());
    batch.clear();
}

fn shortened(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

fn is_nothing(tokens: &Usage) -> bool {
    *tokens == Usage::default()
}

fn as_time<S: Serializer>(unix_ms: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time_text(*unix_ms))
}

fn as_request_id<S: Serializer>(request: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&id::text("req", *request))
}

/// Only classes that were used.
fn as_tokens<S: Serializer>(tokens: &Usage, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(super::metrics::token_classes(tokens).into_iter().filter(|(_, count)| *count > 0))
}

fn as_usd<S: Serializer>(cost: &Option<NanoUsd>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_some(&cost.map(|nano| usd_text(nano.0.into())))
}

fn as_client_text<S: Serializer>(text: &Option<Box<str>>, to: S) -> Result<S::Ok, S::Error> {
    as_scrubbed(text, CLIENT_TEXT_BYTES_MAX, to)
}

fn as_fault<S: Serializer>(text: &Option<Box<str>>, to: S) -> Result<S::Ok, S::Error> {
    as_scrubbed(text, FAULT_BYTES_MAX, to)
}

/// Scrubbed before it is cut, so that a cut key is known as one.
fn as_scrubbed<S: Serializer>(text: &Option<Box<str>>, bytes_max: usize, to: S) -> Result<S::Ok, S::Error> {
    let text = text.as_deref().unwrap_or_default();
    to.serialize_str(shortened(&scrub(text), bytes_max))
}

#[cfg(test)]
#[path = "request_line_tests.rs"]
mod tests;
