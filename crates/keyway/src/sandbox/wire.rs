//! The OpenAI objects the sandbox writes: chat completion, chunk, error.

use super::reply::{Call, Reply, Said};
use serde::Serialize;

/// What every object of one answer repeats.
pub(super) struct Head {
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub model: &'static str,
}

const FINGERPRINT: &str = "sandbox";

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'static str,
    choices: Vec<Choice<'a>>,
    usage: Usage,
    system_fingerprint: &'static str,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<()>,
    annotations: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCall<'a>; 1]>,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'static str,
    system_fingerprint: &'static str,
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<Usage>>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize, Default)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Option<()>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCall<'a>; 1]>,
}

#[derive(Serialize, Default)]
struct ToolCall<'a> {
    /// Chunks only.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Custom<'a>>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Custom<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    input: &'a str,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize, Default)]
struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
}

#[derive(Serialize, Default)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

impl Usage {
    fn of(reply: &Reply) -> Self {
        Self {
            prompt_tokens: reply.prompt_tokens,
            completion_tokens: reply.completion_tokens,
            total_tokens: reply.prompt_tokens.saturating_add(reply.completion_tokens),
            prompt_tokens_details: PromptDetails::default(),
            completion_tokens_details: CompletionDetails::default(),
        }
    }
}

impl<'a> ToolCall<'a> {
    fn new(call: &'a Call, choice: u32, arguments: &'a str) -> Self {
        let id = Some(format!("call_sandbox_{}_{choice}", call.turn));
        Self { id, kind: Some(call.kind), ..Self::part(call.kind, Some(&call.name), arguments) }
    }

    fn part(kind: &str, name: Option<&'a str>, text: &'a str) -> Self {
        match kind {
            "custom" => Self { custom: Some(Custom { name, input: text }), ..Self::default() },
            _ => Self { function: Some(Function { name, arguments: text }), ..Self::default() },
        }
    }
}

/// The error object.
pub(super) fn error(message: &str, kind: &str, param: Option<&str>, code: &str) -> Vec<u8> {
    json(&ErrorBody { error: ErrorObject { message, kind, param, code } })
}

/// A finished answer.
pub(super) fn whole(head: &Head, reply: &Reply) -> Vec<u8> {
    let choice = |index| {
        let (content, tool_calls) = match &reply.said {
            Said::Text(text) => (Some(text.as_str()), None),
            Said::Call(call) => (None, Some([ToolCall::new(call, index, &call.arguments)])),
        };
        let message = Message { role: "assistant", content, refusal: None, annotations: [], tool_calls };
        Choice { index, message, logprobs: None, finish_reason: reply.finish_reason }
    };
    json(&Completion {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: head.model,
        choices: (0..reply.choices).map(choice).collect(),
        usage: Usage::of(reply),
        system_fingerprint: FINGERPRINT,
    })
}

/// The event that opens a choice: its role, and the name of the tool it calls.
pub(super) fn open(head: &Head, reply: &Reply, include_usage: bool, choice: u32) -> Vec<u8> {
    let opened = Delta { role: Some("assistant"), refusal: Some(None), ..Delta::default() };
    let delta = match &reply.said {
        Said::Text(_) => Delta { content: Some(Some("")), ..opened },
        Said::Call(call) => {
            let call = ToolCall { index: Some(0), ..ToolCall::new(call, choice, "") };
            Delta { content: Some(None), tool_calls: Some([call]), ..opened }
        }
    };
    event(head, include_usage, choice, delta, None)
}

/// The event that carries a piece of a choice's text or of its tool call's arguments.
pub(super) fn piece(head: &Head, reply: &Reply, include_usage: bool, choice: u32, text: &str) -> Vec<u8> {
    let delta = match &reply.said {
        Said::Text(_) => Delta { content: Some(Some(text)), ..Delta::default() },
        Said::Call(call) => {
            let call = ToolCall { index: Some(0), ..ToolCall::part(call.kind, None, text) };
            Delta { tool_calls: Some([call]), ..Delta::default() }
        }
    };
    event(head, include_usage, choice, delta, None)
}

/// The event that ends a choice.
pub(super) fn finish(head: &Head, reply: &Reply, include_usage: bool, choice: u32) -> Vec<u8> {
    event(head, include_usage, choice, Delta::default(), Some(reply.finish_reason))
}

/// The event that tells the usage: no choices.
pub(super) fn usage(head: &Head, reply: &Reply) -> Vec<u8> {
    chunk(head, &[], Some(Some(Usage::of(reply))))
}

/// The last event.
pub(super) fn done() -> Vec<u8> {
    b"data: [DONE]\n\n".to_vec()
}

fn event(
    head: &Head,
    include_usage: bool,
    index: u32,
    delta: Delta,
    finish_reason: Option<&'static str>,
) -> Vec<u8> {
    let choice = ChunkChoice { index, delta, logprobs: None, finish_reason };
    chunk(head, &[choice], include_usage.then_some(None))
}

fn chunk(head: &Head, choices: &[ChunkChoice], usage: Option<Option<Usage>>) -> Vec<u8> {
    let body = json(&Chunk {
        id: &head.id,
        object: "chat.completion.chunk",
        created: head.created,
        model: head.model,
        system_fingerprint: FINGERPRINT,
        choices,
        usage,
    });
    let mut event = Vec::with_capacity(body.len() + 8);
    event.extend_from_slice(b"data: ");
    event.extend_from_slice(&body);
    event.extend_from_slice(b"\n\n");
    event
}

/// These types have string keys and no failing serializer, so the fallback is never written.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
