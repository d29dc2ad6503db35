use super::*;
use crate::base::Clock;
use crate::telemetry::metrics::Names;
use serde_json::{Value, json};
use std::sync::Mutex;

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new(&Names { routes: &["/v1/models"], outcomes: &["ok"] }, 1, Clock::standing_at(0)))
}

/// What was written, write by write.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<Vec<u8>>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn lines(&self) -> Vec<Value> {
        let text = self.0.lock().unwrap().concat();
        let lines = std::str::from_utf8(&text).unwrap().lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn full_line() -> RequestLine {
    RequestLine {
        status: 500,
        code: "internal_error",
        org: Some("org_1".into()),
        project: Some("proj_1".into()),
        key: Some("key_1".into()),
        model_asked: client_text("fast"),
        model_served: Some("mine/small".into()),
        provider: Some("mine".into()),
        attempts: 2,
        stream: true,
        tokens: Usage { in_uncached: 7, out_text: 3, ..Usage::default() },
        cost: Some(NanoUsd(21_000)),
        latency_ms: 120,
        first_token_ms: Some(40),
        peer: Some(IpAddr::from([127, 0, 0, 1])),
        client_request_id: client_text("run-7"),
        user_agent: client_text("OpenAI/Python sk-abcdef0123"),
        fault: Some("writing: Bearer abc".into()),
        ..RequestLine::new([0; 16], 1_700_000_000_000, "/v1/chat/completions", "POST")
    }
}

#[test]
fn a_line_has_these_fields_and_no_secret() {
    let full = json!({
        "time": "2023-11-14T22:13:20.000Z", "request_id": "req_00000000000000000000000000",
        "route": "/v1/chat/completions", "method": "POST", "status": 500, "code": "internal_error",
        "org": "org_1", "project": "proj_1", "key": "key_1", "model_asked": "fast", "model_served": "mine/small",
        "provider": "mine", "attempts": 2, "stream": true, "tokens": { "in_uncached": 7, "out_text": 3 },
        "cost_usd": "0.000021", "latency_ms": 120, "first_token_ms": 40, "peer": "127.0.0.1",
        "client_request_id": "run-7", "user_agent": "OpenAI/Python sk-***", "fault": "writing: Bearer ***",
    });
    assert_eq!(serde_json::to_value(full_line()).unwrap(), full);
    let bare = json!({
        "time": "1970-01-01T00:00:00.001Z", "request_id": "req_00000000000000000000000000", "route": "/v1/models",
        "method": "GET", "status": 0, "attempts": 0, "stream": false, "latency_ms": 0,
    });
    assert_eq!(serde_json::to_value(RequestLine::new([0; 16], 1, "/v1/models", "GET")).unwrap(), bare);
}

#[test]
fn client_texts_are_bounded() {
    assert_eq!(client_text(""), None);
    assert_eq!(client_text(&"\u{e9}".repeat(400)).map(|text| text.len()), Some(256));
    assert_eq!(client_text(&format!("{}\u{e9}", "x".repeat(255))).map(|text| text.len()), Some(255));
}

#[test]
fn lines_of_many_workers_come_out_in_few_writes() {
    let sink = Sink::default();
    let metrics = metrics();
    let (log, writer) = RequestLog::to(sink.clone(), Arc::clone(&metrics)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| log.push(full_line)));
        }
    });
    assert!(writer.finish(Duration::from_secs(10)));
    assert_eq!(sink.lines().len(), 2000);
    assert!(sink.0.lock().unwrap().len() < 100, "written in batches");
    assert!(metrics.render().contains("keyway_request_lines_dropped_total 0\n"));
}

/// A reader of stderr that never reads.
struct Stuck;

impl Write for Stuck {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        std::thread::park();
        Ok(0)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let metrics = metrics();
    let (log, writer) = RequestLog::to(Stuck, Arc::clone(&metrics)).unwrap();
    log.push(full_line);
    std::thread::sleep(Duration::from_millis(5 * GATHER_MS)); // the writer has it, and is stuck
    for _ in 0..REQUEST_LINES_MAX + 10 {
        log.push(|| RequestLine::new([0; 16], 0, "/", "GET"));
    }
    assert!(metrics.render().contains("keyway_request_lines_dropped_total 10\n"));
    assert!(!writer.finish(Duration::from_millis(10)), "the end does not wait for ever");
}

#[test]
fn off_builds_nothing() {
    RequestLog::off().push(|| panic!("built"));
}

#[test]
fn the_log_ends_with_its_last_sender() {
    let sink = Sink::default();
    let (log, writer) = RequestLog::to(sink.clone(), metrics()).unwrap();
    log.push(full_line);
    drop(log);
    let RequestLogWriter { lines, ended, .. } = writer;
    drop(lines);
    assert!(ended.recv_timeout(Duration::from_secs(10)).is_ok());
    assert_eq!(sink.lines().len(), 1);
}

/// `cargo test --release -p keyway --lib cost_of_a_line -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "measures real time")]
fn cost_of_a_line() {
    let (log, writer) = RequestLog::to(std::io::sink(), metrics()).unwrap();
    let (org, agent): (Arc<str>, _) = ("org_01jc0000000000000000000000".into(), "OpenAI/Python 3.52.0");
    let mut spent = Duration::ZERO;
    for _ in 0..50 {
        let start = std::time::Instant::now();
        for _ in 0..4000 {
            log.push(|| RequestLine {
                org: Some(Arc::clone(&org)),
                key: Some(Arc::clone(&org)),
                user_agent: client_text(agent),
                ..RequestLine::new([0; 16], 0, "/v1/chat/completions", "POST")
            });
        }
        spent += start.elapsed();
        std::thread::sleep(Duration::from_millis(40));
    }
    assert!(writer.finish(Duration::from_secs(10)));
    println!("{} ns a line", spent.as_nanos() / 200_000);
}
