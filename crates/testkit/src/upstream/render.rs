//! From a scripted answer and the request it is for, to what happens on the socket.

use super::answer::{Answer, Body, Step, Usage, UsageAt};
use super::read::Request;
use serde_json::{Value, json};
use std::time::Duration;

/// What happens on the socket, in order.
pub(super) struct Plan {
    pub(super) wait: Duration,
    /// Status line and fields; `None` when the steps are all there is.
    pub(super) head: Option<Vec<u8>>,
    pub(super) chunked: bool,
    /// Each step with the completion tokens it gives away.
    pub(super) steps: Vec<(Step, u64)>,
    /// What it costs when it is given in full; `None` for what no provider bills.
    pub(super) usage: Option<Usage>,
}

pub(super) fn plan(answer: &Answer, request: &Request) -> Plan {
    match &answer.body {
        Body::Auto => auto(answer, request),
        Body::Bytes(body) => whole(answer, &answer.headers, body.clone(), None),
        Body::Echo => {
            let credential = request.header("authorization").unwrap_or("none");
            let text = format!("Incorrect API key provided: {credential}");
            let body = json!({"error": {"message": text, "type": "invalid_request_error", "code": null}});
            whole(answer, &answer.headers, body.to_string().into_bytes(), None)
        }
        Body::Chunked(steps) => {
            let steps = steps.iter().map(|step| (step.clone(), 0)).collect();
            let usage = Some(answer.usage.unwrap_or(Usage::new(0, 0)));
            Plan { head: Some(head(answer.status, &answer.headers, None)), usage, ..chunks(answer, steps) }
        }
        Body::Raw(steps) => {
            let steps = steps.iter().map(|step| (step.clone(), 0)).collect();
            Plan { wait: answer.wait, head: None, chunked: false, steps, usage: answer.usage }
        }
    }
}

fn auto(answer: &Answer, request: &Request) -> Plan {
    let path = request.path.split('?').next().unwrap_or_default();
    if path.ends_with("/models") {
        let list = json!({"object": "list", "data": [
            {"id": "small-v2", "object": "model", "created": 1_700_000_000, "owned_by": "testkit"}]});
        return whole(answer, &with_type(answer, "application/json"), list.to_string().into_bytes(), None);
    }
    if path.ends_with("/embeddings") {
        let usage = answer.usage.unwrap_or(Usage::new(tokens(request), 0));
        let body = json!({"object": "list", "model": request.json()["model"],
            "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125]}],
            "usage": {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt}});
        return whole(
            answer,
            &with_type(answer, "application/json"),
            body.to_string().into_bytes(),
            Some(usage),
        );
    }
    if path.ends_with("/rerank") || path.ends_with("/moderations") {
        let body = json!({"id": "scripted", "model": request.json()["model"], "results": []});
        let headers = with_type(answer, "application/json");
        return whole(answer, &headers, body.to_string().into_bytes(), Some(Usage::new(tokens(request), 0)));
    }
    if !path.ends_with("/completions") {
        return plan(&Answer::error(404, "invalid_request_error", "not_found", "no such path"), request);
    }
    let story = Story::of(answer, request);
    if request.streams() {
        let steps = stream(answer, request, &story);
        let head = head(answer.status, &with_type(answer, "text/event-stream"), None);
        return Plan { head: Some(head), usage: Some(story.usage), ..chunks(answer, steps) };
    }
    let body = story.whole(answer.usage_at, answer.deepseek).to_string().into_bytes();
    whole(answer, &with_type(answer, "application/json"), body, Some(story.usage))
}

/// A whole answer. Steps before the body force a chunked one, for its length is then unknown.
fn whole(answer: &Answer, headers: &[(String, String)], body: Vec<u8>, usage: Option<Usage>) -> Plan {
    let tokens = usage.map_or(0, |usage| usage.completion);
    let mut steps = vec![(Step::Send(body), tokens)];
    let mut before: Vec<(Step, u64)> = answer.edits.iter().map(|(_, step)| (step.clone(), 0)).collect();
    if answer.keep_alives {
        before.push((Step::Send(b"\n\n\n".to_vec()), 0));
    }
    let chunked = !before.is_empty();
    let length = match &steps[0].0 {
        Step::Send(body) if !chunked => Some(body.len()),
        _ => None,
    };
    before.append(&mut steps);
    Plan {
        wait: answer.wait,
        head: Some(head(answer.status, headers, length)),
        chunked,
        steps: before,
        usage,
    }
}

fn chunks(answer: &Answer, frames: Vec<(Step, u64)>) -> Plan {
    let mut steps = Vec::new();
    let frames_count = frames.len();
    for (number, frame) in frames.into_iter().enumerate() {
        if answer.keep_alives && (number == 0 || number == 2) {
            steps.push((Step::Send(b": keep-alive\n\n".to_vec()), 0));
        }
        steps.extend(edits_at(answer, |at| at == number));
        if !answer.frame_gap.is_zero() {
            steps.push((Step::Wait(answer.frame_gap), 0));
        }
        steps.push(frame);
    }
    steps.extend(edits_at(answer, |at| at >= frames_count));
    Plan { wait: answer.wait, head: None, chunked: true, steps, usage: None }
}

fn edits_at(answer: &Answer, here: impl Fn(usize) -> bool) -> Vec<(Step, u64)> {
    answer.edits.iter().filter(|(at, _)| here(*at)).map(|(_, step)| (step.clone(), 0)).collect()
}

/// What a completion says, before it is known how it is delivered.
struct Story {
    model: Value,
    words: Vec<String>,
    tool: Option<Value>,
    usage: Usage,
}

impl Story {
    fn of(answer: &Answer, request: &Request) -> Self {
        let body = request.json();
        let last_role = body["messages"].as_array().and_then(|list| list.last()).map(|m| m["role"].clone());
        let calls = last_role != Some(json!("tool"));
        let tool = body["tools"][0]["function"]["name"].as_str().filter(|_| calls).map(|name| {
            json!({"id": "call_1", "type": "function",
                "function": {"name": name, "arguments": "{\"city\":\"Lisbon\"}"}})
        });
        let words: Vec<String> = answer.text.split_inclusive(' ').map(str::to_owned).collect();
        let said = if tool.is_some() { 2 } else { words.len() as u64 };
        let usage = answer.usage.unwrap_or(Usage::new(tokens(request), said));
        Self { model: body["model"].clone(), words, tool, usage }
    }

    fn finish(&self) -> &'static str {
        if self.tool.is_some() { "tool_calls" } else { "stop" }
    }

    fn usage_json(&self, deepseek: bool) -> Value {
        if deepseek { self.usage.deepseek_json() } else { self.usage.json() }
    }

    fn whole(&self, place: UsageAt, deepseek: bool) -> Value {
        let mut message = json!({"role": "assistant", "content": self.words.concat()});
        if let Some(call) = &self.tool {
            message["content"] = Value::Null;
            message["tool_calls"] = json!([call]);
        }
        let mut body = json!({"id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_700_000_000,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": self.finish()}]});
        if place != UsageAt::Nowhere {
            body["usage"] = self.usage_json(deepseek);
        }
        body
    }

    fn deltas(&self) -> Vec<Value> {
        let Some(call) = &self.tool else {
            return self.words.iter().map(|word| json!({"content": word})).collect();
        };
        let mut opening = call.clone();
        opening["index"] = json!(0);
        opening["function"]["arguments"] = json!("");
        let arguments = json!({"index": 0, "function": {"arguments": call["function"]["arguments"]}});
        vec![json!({"tool_calls": [opening]}), json!({"tool_calls": [arguments]})]
    }
}

fn stream(answer: &Answer, request: &Request, story: &Story) -> Vec<(Step, u64)> {
    let place = answer.usage_at;
    let usage = || story.usage_json(answer.deepseek);
    let chunk = |choices: Value| {
        json!({"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": story.model, "choices": choices})
    };
    let choice = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let mut frames = vec![(chunk(choice(json!({"role": "assistant", "content": ""}), Value::Null)), 0)];
    frames.extend(story.deltas().into_iter().map(|delta| (chunk(choice(delta, Value::Null)), 1)));
    frames.push((chunk(choice(json!({}), json!(story.finish()))), 0));
    let finish = frames.len() - 1;
    match place {
        UsageAt::FinishChunk | UsageAt::Twice => frames[finish].0["usage"] = usage(),
        UsageAt::FirstChunk => frames[0].0["usage"] = usage(),
        UsageAt::EveryChunk => {
            for (number, (frame, _)) in frames.iter_mut().enumerate() {
                let said = story.usage.completion * number as u64 / finish as u64;
                frame["usage"] = Usage { completion: said, ..story.usage }.json();
            }
        }
        UsageAt::Asked | UsageAt::OwnChunk | UsageAt::Nowhere => {}
    }
    let own = match place {
        UsageAt::OwnChunk | UsageAt::Twice => true,
        UsageAt::Asked => request.wants_usage(),
        _ => false,
    };
    if own {
        let mut last = chunk(json!([]));
        last["usage"] = usage();
        frames.push((last, 0));
    }
    let done = (Step::Send(b"data: [DONE]\n\n".to_vec()), 0);
    let sends =
        frames.into_iter().map(|(frame, said)| (Step::Send(format!("data: {frame}\n\n").into_bytes()), said));
    sends.chain([done]).collect()
}

fn with_type(answer: &Answer, content_type: &str) -> Vec<(String, String)> {
    let mut headers = answer.headers.clone();
    headers.push(("content-type".to_owned(), content_type.to_owned()));
    headers
}

fn head(status: u16, headers: &[(String, String)], length: Option<usize>) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        Some(length) => text.push_str(&format!("content-length: {length}\r\n\r\n")),
        None => text.push_str("transfer-encoding: chunked\r\n\r\n"),
    }
    text.into_bytes()
}

/// A stand-in for a tokeniser: a token per four bytes of body, rounded up.
fn tokens(request: &Request) -> u64 {
    (request.body.len() as u64).div_ceil(4)
}
