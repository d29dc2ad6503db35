//! One host for each dialect, which calls a tool after a thought, and refuses the tool's result where the
//! thought has not come back, as the real one does.

use testkit::upstream::{Request, Step};
use testkit::{Answer, Upstream, Value, json};

/// What every model thinks before it calls.
pub const THOUGHT: &str = "The caller wants the weather; a thought that nobody else may read.";
/// What stands for it where only its provider can read it.
pub const SIGNATURE: &str = "U0lHTkFUVVJF";
/// What the tool answers.
pub const RESULT: &str = "rain in the evening";
/// Every call's arguments, written as no client would write them again.
const ARGUMENTS: &str = "{\"city\":  \"Lisboa\\u0301\", \"days\": 1.0}";

/// Names of the providers, one for each dialect.
pub const PROVIDERS: [&str; 4] = ["chat", "anthropic", "gemini", "responses"];

/// All four hosts, told apart by path.
pub fn upstream() -> Upstream {
    Upstream::scripted(|request| match refused(request) {
        Some(why) => Answer::error(400, "invalid_request_error", "invalid_request", &why),
        None if request.text().contains(RESULT) => done(request),
        None if request.streams() => streamed(request),
        None => called(request),
    })
}

/// Provider and model rows for them.
pub fn rows(upstream: &Upstream) -> String {
    let base = upstream.base_url();
    let row = |name: &str, speaks: &str, more: &str| {
        format!(
            "[providers.{name}]\nbase_url = {{ {speaks} = \"{base}\" }}\nspeaks = [\"{speaks}\"]\n{more}\
             credential = \"env:MINE_CREDENTIAL\"\n[models.\"{name}/m\"]\noutput_tokens_max = 8192\nreasoning = true\n\
             [models.\"{name}/other\"]\noutput_tokens_max = 8192\nreasoning = true\n"
        )
    };
    [
        row("chat", "openai-chat", "quirks = [\"reasoning-replayed\"]\n"),
        row("twin", "openai-chat", "quirks = [\"reasoning-replayed\"]\n"),
        row("anthropic", "anthropic-messages", "auth = \"x-api-key\"\n"),
        row("gemini", "gemini", "auth = \"x-goog-api-key\"\n"),
        row("responses", "openai-responses", ""),
    ]
    .concat()
}

fn kind(request: &Request) -> &'static str {
    let ends = |end: &str| request.path.split('?').next().unwrap_or_default().ends_with(end);
    match () {
        () if ends("/chat/completions") => "chat",
        () if ends("/messages") => "anthropic",
        () if ends("/responses") => "responses",
        () => "gemini",
    }
}

fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Why the host refuses, from what is documented of it.
fn refused(request: &Request) -> Option<String> {
    let body = request.json();
    match kind(request) {
        "chat" => {
            let bare = |message: &&Value| {
                message["tool_calls"].is_array()
                    && message["reasoning_content"].as_str().is_none_or(str::is_empty)
            };
            items(&body, "messages").iter().find(bare).map(|_| {
                "The `reasoning_content` in the thinking mode must be passed back to the API.".to_owned()
            })
        }
        "anthropic" if body["thinking"]["type"] == "enabled" => {
            let last = items(&body, "messages").iter().rfind(|message| message["role"] == "assistant")?;
            let first = &last["content"][0];
            let fine = first["type"] == "thinking"
                && first["signature"] == SIGNATURE
                && first["thinking"] == THOUGHT;
            (!fine).then(|| format!("Expected `thinking`, but found `{}`.", first["type"]))
        }
        "gemini" => {
            let parts = items(&body, "contents").iter().flat_map(|content| items(content, "parts"));
            let calls = parts.filter(|part| part["functionCall"].is_object());
            let unsigned = |part: &Value| part["thoughtSignature"].as_str().is_none_or(str::is_empty);
            calls
                .map(unsigned)
                .find(|unsigned| *unsigned)
                .map(|_| "Function call is missing a thought_signature".to_owned())
        }
        _ => None,
    }
}

/// Whether a request brings the thought of its turn back.
pub fn brings(request: &Request) -> bool {
    let body = request.json();
    match kind(request) {
        "chat" => items(&body, "messages").iter().any(|message| message["reasoning_content"] == THOUGHT),
        "anthropic" => body["thinking"]["type"] == "enabled",
        "gemini" => request.text().contains(SIGNATURE),
        _ => items(&body, "input").iter().any(|item| item["encrypted_content"] == SIGNATURE),
    }
}

fn usage() -> Value {
    json!({"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14})
}

/// A thought, and a call. Kimi counts its ids from 0 in every conversation; Gemini gives none.
fn called(request: &Request) -> Answer {
    let arguments: Value = serde_json::from_str(ARGUMENTS).expect("arguments");
    let body = match kind(request) {
        "chat" => {
            json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage(),
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": null,
                "reasoning_content": THOUGHT, "tool_calls": [{"id": "functions.weather:0", "type": "function",
                    "function": {"name": "weather", "arguments": ARGUMENTS}}]}}]})
        }
        "anthropic" => json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": arguments}],
            "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 5}}),
        "gemini" => {
            json!({"candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
                {"text": THOUGHT, "thought": true},
                {"functionCall": {"name": "weather", "args": arguments}, "thoughtSignature": SIGNATURE}]}}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}})
        }
        _ => {
            json!({"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
            "output": [{"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": THOUGHT}],
                    "encrypted_content": SIGNATURE},
                {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather",
                    "arguments": ARGUMENTS, "status": "completed"}],
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}})
        }
    };
    Answer::json(200, &body)
}

/// The same as a stream, of the two whose streams are told apart most: one event for each piece.
fn streamed(request: &Request) -> Answer {
    let frame = |event: &Value| format!("data: {event}\n\n");
    let text = match kind(request) {
        "chat" => {
            let chunk = |delta: Value, finish: Value| {
                frame(&json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
            };
            let (first, rest) = THOUGHT.split_at(11);
            let call = json!({"index": 0, "id": "functions.weather:0", "type": "function",
                "function": {"name": "weather", "arguments": ""}});
            let arguments = json!({"index": 0, "function": {"arguments": ARGUMENTS}});
            [
                chunk(json!({"role": "assistant", "content": null, "reasoning_content": first}), Value::Null),
                chunk(json!({"reasoning_content": rest}), Value::Null),
                chunk(json!({"tool_calls": [call]}), Value::Null),
                chunk(json!({"tool_calls": [arguments]}), Value::Null),
                chunk(json!({}), json!("tool_calls")),
                "data: [DONE]\n\n".to_owned(),
            ]
            .concat()
        }
        "anthropic" => {
            let event = |name: &str, mut event: Value| {
                event["type"] = json!(name);
                format!("event: {name}\n{}", frame(&event))
            };
            let delta = |index: u8, delta: Value| {
                event("content_block_delta", json!({"index": index, "delta": delta}))
            };
            let open = |index: u8, block: Value| {
                event("content_block_start", json!({"index": index, "content_block": block}))
            };
            let close = |index: u8| event("content_block_stop", json!({"index": index}));
            [
                event("message_start", json!({"message": {"id": "msg_1", "type": "message", "role": "assistant",
                    "model": "m", "content": [], "stop_reason": null, "usage": {"input_tokens": 9, "output_tokens": 1}}})),
                open(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
                delta(0, json!({"type": "thinking_delta", "thinking": THOUGHT})),
                delta(0, json!({"type": "signature_delta", "signature": SIGNATURE})),
                close(0),
                open(1, json!({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}})),
                delta(1, json!({"type": "input_json_delta", "partial_json": ARGUMENTS})),
                close(1),
                event("message_delta", json!({"delta": {"stop_reason": "tool_use", "stop_sequence": null},
                    "usage": {"output_tokens": 5}})),
                event("message_stop", json!({})),
            ]
            .concat()
        }
        other => panic!("no stream of {other}"),
    };
    Answer::events(vec![Step::Send(text.into_bytes())])
}

fn done(request: &Request) -> Answer {
    let body = match kind(request) {
        "chat" => {
            json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage(),
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Take a coat."}}]})
        }
        "anthropic" => json!({"id": "msg_2", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "text", "text": "Take a coat."}], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 9, "output_tokens": 5}}),
        "gemini" => json!({"candidates": [{"index": 0, "finishReason": "STOP",
                "content": {"role": "model", "parts": [{"text": "Take a coat."}]}}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}}),
        _ => {
            json!({"id": "resp_2", "object": "response", "created_at": 1, "status": "completed", "model": "m",
            "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "Take a coat.", "annotations": []}]}],
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}})
        }
    };
    Answer::json(200, &body)
}
