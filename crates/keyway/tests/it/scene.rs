//! The usual set-up of a data-plane test: a scripted provider, the program in front of it, a live key.

use testkit::keyway::Builder;
use testkit::tls::Pair;
use testkit::{Answer, Keyway, Response, Upstream, Value, eventually};

/// The provider's credential.
pub const PROVIDER_SECRET: &str = "sk-upstream-7f3kQ9zL2mXw8RtYb5Vn";
/// The smallest request.
pub const HI: &str = r#"{"model":"mine/small","messages":[{"role":"user","content":"hi"}]}"#;
/// The smallest request for a stream.
pub const HI_STREAM: &str =
    r#"{"model":"mine/small","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
/// The same, asking for the usage chunk.
pub const HI_STREAM_USAGE: &str = r#"{"model":"mine/small","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#;
/// Where most requests of these tests go.
pub const CHAT: &str = "/v1/chat/completions";

/// The model's row: a dollar per million tokens in, two per million out.
const MODEL: &str = "[models.\"mine/small\"]\nupstream = \"small-v2\"\ncontext_tokens = 128000\n\
                     output_tokens_max = 8192\nprice = { input = 1.0, output = 2.0, cache_read = 0.1 }\n";

/// Provider, program, key.
pub struct Scene {
    pub upstream: Upstream,
    pub keyway: Keyway,
    pub key: String,
}

impl Scene {
    /// With default settings.
    pub fn start() -> Self {
        Self::with("")
    }

    /// With these lines at the head of the configuration file.
    pub fn with(settings: &str) -> Self {
        let upstream = Upstream::start();
        let base = upstream.base_url();
        Self::around(upstream, &base, PROVIDER_SECRET, settings)
    }

    /// With another base URL or credential of the provider.
    pub fn around(upstream: Upstream, base_url: &str, credential: &str, settings: &str) -> Self {
        let builder = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).config(settings);
        Self::of(builder.provider("mine", base_url, credential), upstream)
    }

    /// With these variables in the environment as well.
    pub fn around_with(upstream: Upstream, base_url: &str, settings: &str, env: &[(&str, &str)]) -> Self {
        let builder = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).config(settings);
        let builder = env.iter().fold(builder, |builder, (name, value)| builder.env(name, value));
        Self::of(builder.provider("mine", base_url, PROVIDER_SECRET), upstream)
    }

    /// Behind TLS with this pair.
    pub fn over_tls(pair: &Pair) -> Self {
        let upstream = Upstream::start();
        let builder = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).tls(pair);
        Self::of(builder.provider("mine", &upstream.base_url(), PROVIDER_SECRET), upstream)
    }

    fn of(builder: Builder, upstream: Upstream) -> Self {
        // One worker: all requests meet the same pool of connections.
        let keyway = builder.config(MODEL).env("KEYWAY_WORKERS", "1").start();
        let (_, key) = keyway.make_key("test");
        Self { upstream, keyway, key }
    }

    /// A chat request of exactly these bytes.
    pub fn chat(&self, body: impl AsRef<[u8]>) -> Response {
        self.keyway.post_bytes(CHAT, &self.key, body.as_ref())
    }

    /// The answer to the smallest request when the provider answers so.
    pub fn answered(&self, answer: Answer) -> Response {
        self.upstream.push(answer);
        self.chat(HI)
    }

    /// The answer to the smallest request for a stream when the provider answers so.
    pub fn streamed(&self, answer: Answer) -> Response {
        self.upstream.push(answer);
        self.chat(HI_STREAM)
    }

    /// The request log, newest first, as soon as it holds `count` entries.
    pub fn log(&self, count: usize) -> Vec<Value> {
        let (_, admin) = self.keyway.make_admin_key("reader");
        eventually(&format!("{count} entries in the request log"), || {
            let list = self.keyway.get("/v1/organization/requests?limit=100", &admin);
            let list = list.expect_status(200).json()["data"].as_array()?.clone();
            (list.len() >= count).then_some(list)
        })
    }
}

/// The `data` of the last event of a stream, as JSON.
pub fn last_event(body: &str) -> Value {
    let data = body.trim_end().rsplit("data: ").next().unwrap_or_default();
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error} in the last event of: {body}"))
}

/// Asserts that a stream ended with an error event of this code, and without `[DONE]`.
pub fn assert_cut(what: &str, body: &str, code: &str) {
    let event = last_event(body);
    assert_eq!(event["error"]["code"], code, "{what}: {body}");
    assert!(body.ends_with("\n\n") && !body.contains("[DONE]"), "{what}: {body}");
}

/// Asserts status and code of an error, and the OpenAI shape of its body: four members, no more.
pub fn assert_error(what: &str, answer: &Response, status: u16, code: &str) {
    let body = answer.text();
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{what}: {body}");
    let error = &answer.json()["error"];
    let names: Vec<_> = error.as_object().map(|it| it.keys().cloned().collect()).unwrap_or_default();
    assert_eq!(names, ["code", "message", "param", "type"], "{what}: {body}");
    assert!(
        error["message"].as_str().is_some_and(|text| !text.is_empty()) && error["type"].is_string(),
        "{what}: {body}"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{what}");
}
