//! What the provider is told to answer.

use serde_json::{Value, json};
use std::time::Duration;

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt: u64,
    /// Tokens of the answer.
    pub completion: u64,
    /// Tokens of the prompt that were read from the provider's cache.
    pub cached: u64,
}

impl Usage {
    /// Usage without cached tokens.
    #[must_use]
    pub fn new(prompt: u64, completion: u64) -> Self {
        Self { prompt, completion, cached: 0 }
    }

    /// As an OpenAI `usage` object.
    #[must_use]
    pub fn json(self) -> Value {
        json!({
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        })
    }

    /// As DeepSeek reports it, cached and uncached prompt tokens side by side.
    #[must_use]
    pub fn deepseek_json(self) -> Value {
        let mut usage = self.json();
        usage["prompt_cache_hit_tokens"] = json!(self.cached);
        usage["prompt_cache_miss_tokens"] = json!(self.prompt - self.cached);
        usage
    }
}

/// Where an answer carries its usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageAt {
    /// As OpenAI does: in a chunk of its own after the finish, if it was asked for; in the body of a whole answer.
    Asked,
    /// In a chunk of its own, asked for or not.
    OwnChunk,
    /// In the chunk that carries `finish_reason`, as DeepSeek does.
    FinishChunk,
    /// In every chunk, growing.
    EveryChunk,
    /// In the first chunk alone.
    FirstChunk,
    /// In the finish chunk and again in a chunk of its own.
    Twice,
    /// In no chunk and in no body.
    Nowhere,
}

/// One thing that happens on the socket.
#[derive(Debug, Clone)]
pub enum Step {
    /// Writes bytes of the body; a chunk, where the body is chunked.
    Send(Vec<u8>),
    /// Writes bytes as they are, whatever the framing.
    Wire(Vec<u8>),
    /// Writes bytes as they are, so many times over, for as long as the other side takes them.
    Flood(Vec<u8>, usize),
    /// Waits, watching whether the other side leaves.
    Wait(Duration),
    /// Says nothing more until the other side leaves (a minute at most), then closes.
    Stall,
    /// Opens a chunk, writes half of it, closes.
    CloseMidChunk,
    /// Closes, so that the other side reads an end.
    Close,
    /// Closes, so that the other side reads a reset.
    Reset,
}

/// A step to be taken before the frame of that number of a stream (or before the body of a whole answer).
pub type Edit = (usize, Step);

#[derive(Debug, Clone)]
pub(super) enum Body {
    /// A completion as the request asks for it: whole or streamed.
    Auto,
    /// These bytes with `content-length`.
    Bytes(Vec<u8>),
    /// These steps under `transfer-encoding: chunked`.
    Chunked(Vec<Step>),
    /// These steps and no head.
    Raw(Vec<Step>),
    /// An error that repeats the credential the provider was sent.
    Echo,
}

/// One scripted answer. The default, [`Answer::ok`], is a valid one to whatever is asked.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    pub(super) usage_at: UsageAt,
    pub(super) deepseek: bool,
    pub(super) wait: Duration,
    pub(super) frame_gap: Duration,
    pub(super) edits: Vec<Edit>,
    pub(super) keep_alives: bool,
}

impl Answer {
    /// A valid answer: completion, stream, tool call, model list or embedding, as asked.
    #[must_use]
    pub fn ok() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Body::Auto,
            text: "Hello from the scripted upstream.".to_owned(),
            usage: None,
            usage_at: UsageAt::Asked,
            deepseek: false,
            wait: Duration::ZERO,
            frame_gap: Duration::ZERO,
            edits: Vec::new(),
            keep_alives: false,
        }
    }

    fn with_body(status: u16, content_type: &str, body: Body) -> Self {
        let mut answer = Self::ok().header("content-type", content_type);
        answer.status = status;
        answer.body = body;
        answer
    }

    /// This status and JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json", body.to_string())
    }

    /// This status, content type and body.
    #[must_use]
    pub fn bytes(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::with_body(status, content_type, Body::Bytes(body.into()))
    }

    /// An OpenAI error body.
    #[must_use]
    pub fn error(status: u16, kind: &str, code: &str, message: &str) -> Self {
        Self::json(status, &json!({"error": {"message": message, "type": kind, "param": null, "code": code}}))
    }

    /// 429 with `retry-after` in seconds.
    #[must_use]
    pub fn rate_limited(retry_after_seconds: u64) -> Self {
        Self::error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests")
            .header("retry-after", &retry_after_seconds.to_string())
    }

    /// 401: the provider refuses the gateway's credential.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
    }

    /// 402: the account at the provider is empty.
    #[must_use]
    pub fn payment_required() -> Self {
        Self::error(402, "unknown_error", "invalid_request_error", "Insufficient Balance")
    }

    /// A page of HTML, as a load balancer in front of a provider gives.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let page =
            format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\r\n");
        Self::bytes(status, "text/html", page)
    }

    /// An error that repeats the credential it was called with, as some providers do.
    #[must_use]
    pub fn echoes_credential(status: u16) -> Self {
        Self::with_body(status, "application/json", Body::Echo)
    }

    /// A server-sent-event stream of exactly these steps, under a 200.
    #[must_use]
    pub fn events(steps: Vec<Step>) -> Self {
        Self::with_body(200, "text/event-stream", Body::Chunked(steps))
    }

    /// Exactly these steps on the socket, no head added.
    #[must_use]
    pub fn raw(steps: Vec<Step>) -> Self {
        Self::with_body(200, "", Body::Raw(steps))
    }

    /// Never answers.
    #[must_use]
    pub fn stalls() -> Self {
        Self::raw(vec![Step::Stall])
    }

    /// Two whole answers to one request.
    #[must_use]
    pub fn two_in_one() -> Self {
        let one = |text: &str| {
            let body = json!({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": text}}]})
            .to_string();
            let length = body.len();
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        };
        Self::raw(vec![Step::Wire((one("first") + &one("smuggled")).into_bytes())])
    }

    /// A stream with one `data:` line of about `bytes` bytes.
    #[must_use]
    pub fn huge_line(bytes: usize) -> Self {
        let delta = json!({"object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {"content": "x".repeat(bytes)}}]});
        Self::events(vec![
            Step::Send(format!("data: {delta}\n\n").into_bytes()),
            Step::Send(b"data: [DONE]\n\n".to_vec()),
        ])
    }

    /// The text of a completion; a stream has one frame per word.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// The usage reported and billed; otherwise body bytes / 4 and one token per word.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Where usage is reported. It is billed all the same.
    #[must_use]
    pub fn usage_at(mut self, place: UsageAt) -> Self {
        self.usage_at = place;
        self
    }

    /// Usage with DeepSeek's fields, in the finish chunk.
    #[must_use]
    pub fn deepseek(mut self) -> Self {
        self.deepseek = true;
        self.usage_at(UsageAt::FinishChunk)
    }

    /// One more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the head.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Waits before each frame of a stream.
    #[must_use]
    pub fn frame_gap(mut self, gap: Duration) -> Self {
        self.frame_gap = gap;
        self
    }

    /// Takes `step` before frame `number` of a stream; 0 of a whole answer is before its body.
    #[must_use]
    pub fn at_frame(mut self, number: usize, step: Step) -> Self {
        self.edits.push((number, step));
        self
    }

    /// Comments before and between the frames of a stream, blank lines before the body of a whole answer.
    #[must_use]
    pub fn keep_alives(mut self) -> Self {
        self.keep_alives = true;
        self
    }

    /// A stream that turns into an error before frame `number` and then ends.
    #[must_use]
    pub fn fails_at_frame(self, number: usize, message: &str) -> Self {
        let error = json!({"error": {"message": message, "type": "server_error", "code": "server_error"}});
        let frame = format!("data: {error}\n\n");
        self.at_frame(number, Step::Send(frame.into_bytes())).at_frame(number, Step::Close)
    }
}
