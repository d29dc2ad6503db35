//! Answers of our own making in this dialect: what the built-in upstream says.

use super::chunk::frame;
use crate::json::write_text;
use bytes::Bytes;
use ledger::Usage;

/// The last frame of every stream that ended well.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// What stands at the head of an answer and of each of its chunks.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// Id of the answer, for example `chatcmpl-...`.
    pub id: &'a str,
    /// Model as the client named it.
    pub model: &'a str,
    /// Unix seconds.
    pub created: u64,
    /// The client asked for usage: chunks carry `usage: null` until the last.
    pub include_usage: bool,
}

/// What is said.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// Text.
    Text(&'a str),
    /// One call of a function.
    ToolCall {
        /// Id of the call.
        id: &'a str,
        /// Name of the function.
        name: &'a str,
        /// Its arguments, JSON as text.
        arguments: &'a str,
    },
}

/// A finished answer.
#[must_use]
pub fn whole(head: &Head<'_>, said: &Said<'_>, finish_reason: &str, usage: &Usage) -> Vec<u8> {
    let mut out = begin(head, "chat.completion");
    put(&mut out, r#","choices":[{"index":0,"message":{"role":"assistant","content":"#);
    match said {
        Said::Text(text) => write_text(&mut out, text),
        Said::ToolCall { id, name, arguments } => {
            put(&mut out, r#"null,"tool_calls":[{"id":"#);
            function(&mut out, id, name, arguments);
            put(&mut out, "]");
        }
    }
    put(&mut out, r#","refusal":null},"logprobs":null,"finish_reason":"#);
    write_text(&mut out, finish_reason);
    put(&mut out, r#"}],"usage":"#);
    write_usage(&mut out, usage);
    put(&mut out, "}");
    out
}

/// The first frame of a stream: the role.
#[must_use]
pub fn role_chunk(head: &Head<'_>) -> Bytes {
    chunk(head, |out| put(out, r#"{"role":"assistant","content":"","refusal":null}"#), None)
}

/// A frame with more of the text.
#[must_use]
pub fn text_chunk(head: &Head<'_>, text: &str) -> Bytes {
    let delta = |out: &mut Vec<u8>| {
        put(out, r#"{"content":"#);
        write_text(out, text);
        put(out, "}");
    };
    chunk(head, delta, None)
}

/// The frame that begins the tool call; its arguments follow.
#[must_use]
pub fn tool_chunk(head: &Head<'_>, id: &str, name: &str) -> Bytes {
    let delta = |out: &mut Vec<u8>| {
        put(out, r#"{"tool_calls":[{"index":0,"id":"#);
        function(out, id, name, "");
        put(out, "]}");
    };
    chunk(head, delta, None)
}

/// A frame with more of the tool call's arguments.
#[must_use]
pub fn arguments_chunk(head: &Head<'_>, arguments: &str) -> Bytes {
    let delta = |out: &mut Vec<u8>| {
        put(out, r#"{"tool_calls":[{"index":0,"function":{"arguments":"#);
        write_text(out, arguments);
        put(out, "}}]}");
    };
    chunk(head, delta, None)
}

/// The frame that says why the answer ended.
#[must_use]
pub fn finish_chunk(head: &Head<'_>, finish_reason: &str) -> Bytes {
    chunk(head, |out| put(out, "{}"), Some(finish_reason))
}

/// The frame with the usage and no choice, for clients that asked for it.
#[must_use]
pub fn usage_chunk(head: &Head<'_>, usage: &Usage) -> Bytes {
    let mut out = begin(head, "chat.completion.chunk");
    put(&mut out, r#","choices":[],"usage":"#);
    write_usage(&mut out, usage);
    put(&mut out, "}");
    frame(&out)
}

fn chunk(head: &Head<'_>, delta: impl FnOnce(&mut Vec<u8>), finish_reason: Option<&str>) -> Bytes {
    let mut out = begin(head, "chat.completion.chunk");
    put(&mut out, r#","choices":[{"index":0,"delta":"#);
    delta(&mut out);
    put(&mut out, r#","logprobs":null,"finish_reason":"#);
    match finish_reason {
        Some(reason) => write_text(&mut out, reason),
        None => put(&mut out, "null"),
    }
    put(&mut out, "}]");
    if head.include_usage {
        put(&mut out, r#","usage":null"#);
    }
    put(&mut out, "}");
    frame(&out)
}

fn begin(head: &Head<'_>, object: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    put(&mut out, r#"{"id":"#);
    write_text(&mut out, head.id);
    put(&mut out, r#","object":"#);
    write_text(&mut out, object);
    put(&mut out, r#","created":"#);
    number(&mut out, head.created);
    put(&mut out, r#","model":"#);
    write_text(&mut out, head.model);
    out
}

/// The rest of a tool call after `"id":`, up to its closing brace.
fn function(out: &mut Vec<u8>, id: &str, name: &str, arguments: &str) {
    write_text(out, id);
    put(out, r#","type":"function","function":{"name":"#);
    write_text(out, name);
    put(out, r#","arguments":"#);
    write_text(out, arguments);
    put(out, "}}");
}

/// Usage in OpenAI's arithmetic: cached and written tokens are parts of the prompt,
/// reasoning and audio are parts of the completion.
pub fn write_usage(out: &mut Vec<u8>, usage: &Usage) {
    let (input, output) = (usage.input(), usage.output());
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    let counts = [
        (r#"{"prompt_tokens":"#, input),
        (r#","completion_tokens":"#, output),
        (r#","total_tokens":"#, input.saturating_add(output)),
        (r#","prompt_tokens_details":{"cached_tokens":"#, usage.cache_read),
        (r#","cache_write_tokens":"#, written),
        (r#","audio_tokens":"#, usage.in_audio),
        (r#","image_tokens":"#, usage.in_image),
        (r#"},"completion_tokens_details":{"reasoning_tokens":"#, usage.out_reasoning),
        (r#","audio_tokens":"#, usage.out_audio),
    ];
    for (name, count) in counts {
        put(out, name);
        number(out, count);
    }
    put(out, r#","accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
}

fn number(out: &mut Vec<u8>, number: u64) {
    put(out, itoa::Buffer::new().format(number));
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests;
