//! One span per request, as OTLP writes it in JSON.

use super::context::Context;
use crate::base::id;
use ledger::{NanoUsd, Usage};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is told of a request: these fields and no others; never a prompt, an answer or a secret.
#[derive(Debug, Clone)]
pub struct Span {
    /// The caller's trace, if it said one.
    pub parent: Option<Context>,
    /// The request's ULID: its span, and its trace when the caller said none.
    pub request: [u8; 16],
    /// Unix milliseconds.
    pub started_ms: i64,
    /// Milliseconds to its last byte.
    pub latency_ms: u32,
    /// Milliseconds to the first progress of the answer.
    pub first_token_ms: Option<u32>,
    /// The route's template.
    pub route: &'static str,
    /// Billing kind of the route, as in `chat_completions`.
    pub kind: &'static str,
    /// HTTP status the client got; 499 when it left.
    pub status: u16,
    /// Error code, empty on success.
    pub code: &'static str,
    /// Organisation.
    pub org: Arc<str>,
    /// Project.
    pub project: Arc<str>,
    /// Key id.
    pub key: Arc<str>,
    /// Model as the client named it.
    pub model_asked: Box<str>,
    /// Canonical model that answered.
    pub model_served: Option<Arc<str>>,
    /// Provider that answered.
    pub provider: Option<Arc<str>>,
    /// Tries at providers.
    pub attempts: usize,
    /// Asked as a stream.
    pub stream: bool,
    /// Tokens by class.
    pub usage: Usage,
    /// What it cost.
    pub cost: Option<NanoUsd>,
}

impl Span {
    fn ids(&self) -> ([u8; 16], [u8; 8]) {
        let mut span = [0; 8];
        // The random half of the ULID.
        span.copy_from_slice(&self.request[8..]);
        if span == [0; 8] {
            span[7] = 1;
        }
        (self.parent.map_or(self.request, |parent| parent.trace), span)
    }

    /// `gen_ai.operation.name`: the convention's word where it has one.
    fn operation(&self) -> &'static str {
        match self.kind {
            "chat_completions" => "chat",
            "completions" => "text_completion",
            other => other,
        }
    }

    fn json(&self) -> Value {
        let (trace, span) = self.ids();
        let failed = self.status >= 400 || !self.code.is_empty();
        let mut json = json!({
            "traceId": hex(&trace),
            "spanId": hex(&span),
            "name": format!("{} {}", self.operation(), self.model_asked),
            "kind": 2, // SERVER
            "startTimeUnixNano": nanos(self.started_ms),
            "endTimeUnixNano": nanos(self.started_ms + i64::from(self.latency_ms)),
            "attributes": self.attributes(),
            "status": if failed { json!({ "code": 2, "message": self.code }) } else { json!({ "code": 0 }) },
        });
        if let Some(parent) = self.parent {
            json["parentSpanId"] = json!(hex(&parent.span));
        }
        json
    }

    fn attributes(&self) -> Vec<Value> {
        let mut all = vec![
            text("gen_ai.operation.name", self.operation()),
            text("gen_ai.request.model", &self.model_asked),
            number("gen_ai.usage.input_tokens", self.usage.input()),
            number("gen_ai.usage.output_tokens", self.usage.output()),
            text("http.route", self.route),
            number("http.response.status_code", u64::from(self.status)),
            text("keyway.request_id", &id::text("req", self.request)),
            text("keyway.organization_id", &self.org),
            text("keyway.project_id", &self.project),
            text("keyway.api_key_id", &self.key),
            number("keyway.attempts", self.attempts as u64),
            json!({ "key": "keyway.stream", "value": { "boolValue": self.stream } }),
        ];
        all.extend(self.provider.as_ref().map(|provider| text("gen_ai.provider.name", provider)));
        all.extend(self.model_served.as_ref().map(|model| text("gen_ai.response.model", model)));
        all.extend((!self.code.is_empty()).then(|| text("error.type", self.code)));
        all.extend(self.first_token_ms.map(|ms| number("keyway.first_token_ms", u64::from(ms))));
        // In decimals: a double would round it.
        all.extend(self.cost.map(|cost| text("keyway.cost_usd", &cost.to_decimal())));
        all
    }
}

/// A request of spans, for `/v1/traces`.
#[must_use]
pub fn export(spans: &[Box<Span>], node: &str) -> String {
    let spans: Vec<Value> = spans.iter().map(|span| span.json()).collect();
    json!({ "resourceSpans": [{
        "resource": resource(node),
        "scopeSpans": [{ "scope": { "name": "keyway", "version": env!("CARGO_PKG_VERSION") }, "spans": spans }],
    }] })
    .to_string()
}

/// Who tells.
pub(super) fn resource(node: &str) -> Value {
    json!({ "attributes": [
        text("service.name", "keyway"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", node),
    ] })
}

pub(super) fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn number(key: &str, value: u64) -> Value {
    // 64-bit integers are strings in protobuf's JSON.
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

/// Unix nanoseconds of milliseconds, as text.
pub(super) fn nanos(ms: i64) -> String {
    (i128::from(ms) * 1_000_000).to_string()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(parent: Option<Context>) -> Span {
        Span {
            parent,
            request: [7; 16],
            started_ms: 1_700_000_000_123,
            latency_ms: 250,
            first_token_ms: Some(40),
            route: "/v1/chat/completions",
            kind: "chat_completions",
            status: 200,
            code: "",
            org: "org_1".into(),
            project: "proj_1".into(),
            key: "key_1".into(),
            model_asked: "small".into(),
            model_served: Some("mine/small".into()),
            provider: Some("mine".into()),
            attempts: 1,
            stream: true,
            usage: Usage { in_uncached: 11, out_text: 5, ..Usage::default() },
            cost: Some(NanoUsd(13_000)),
        }
    }

    fn attribute(span: &Value, key: &str) -> Value {
        let found = span["attributes"].as_array().unwrap().iter().find(|it| it["key"] == key);
        found.map_or(Value::Null, |it| it["value"].clone())
    }

    #[test]
    fn a_span_says_what_the_conventions_name() {
        let told = span(None).json();
        assert_eq!((&told["traceId"], &told["spanId"]), (&json!("07".repeat(16)), &json!("07".repeat(8))));
        assert_eq!((&told["name"], &told["kind"]), (&json!("chat small"), &json!(2)));
        assert_eq!(told["startTimeUnixNano"], "1700000000123000000");
        assert_eq!(told["endTimeUnixNano"], "1700000000373000000");
        assert!(told["parentSpanId"].is_null() && told["status"]["code"] == 0);
        for (key, value) in [
            ("gen_ai.operation.name", json!({"stringValue": "chat"})),
            ("gen_ai.provider.name", json!({"stringValue": "mine"})),
            ("gen_ai.request.model", json!({"stringValue": "small"})),
            ("gen_ai.response.model", json!({"stringValue": "mine/small"})),
            ("gen_ai.usage.input_tokens", json!({"intValue": "11"})),
            ("gen_ai.usage.output_tokens", json!({"intValue": "5"})),
            ("keyway.cost_usd", json!({"stringValue": "0.000013"})),
            ("error.type", Value::Null),
        ] {
            assert_eq!(attribute(&told, key), value, "{key}");
        }
    }

    #[test]
    fn it_goes_on_with_the_callers_trace_and_says_what_failed() {
        let parent = Context { trace: [1; 16], span: [2; 8], sampled: true };
        let told = Span { status: 502, code: "upstream_error", ..span(Some(parent)) }.json();
        assert_eq!(
            (&told["traceId"], &told["parentSpanId"]),
            (&json!("01".repeat(16)), &json!("02".repeat(8)))
        );
        assert_eq!(told["status"], json!({"code": 2, "message": "upstream_error"}));
        assert_eq!(attribute(&told, "error.type"), json!({"stringValue": "upstream_error"}));
        let whole: Value = serde_json::from_str(&export(&[Box::new(span(None))], "node_1")).unwrap();
        assert_eq!(whole["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().map(Vec::len), Some(1));
    }
}
