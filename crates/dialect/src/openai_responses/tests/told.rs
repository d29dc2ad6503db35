//! Answers told.

use super::{OURS, frames, reply};
use crate::event::{Event, Part, StopReason, ToolForm, UpstreamMessage};
use crate::hub::{Encoder, Failure, Losses, write_error, write_whole};
use ledger::Usage;
use serde_json::{Value, json};

fn open(block: u32, part: Part<'static>) -> Event<'static> {
    Event::Open { choice: 0, block, part }
}

fn delta(block: u32, text: &'static str) -> Event<'static> {
    Event::Delta { choice: 0, block, text: text.into() }
}

fn close(block: u32) -> Event<'static> {
    Event::Close { choice: 0, block }
}

fn stop(reason: StopReason) -> Event<'static> {
    Event::Stop { choice: 0, reason, native: "native".into(), detail: "".into() }
}

fn start() -> Event<'static> {
    Event::Start { id: "x".into(), model: "y".into() }
}

fn call(id: &'static str, name: &'static str, form: ToolForm) -> Part<'static> {
    Part::ToolCall { id: id.into(), name: name.into(), form }
}

const USED: Usage = Usage {
    in_uncached: 20,
    cache_read: 10,
    cache_write_5m: 6,
    cache_write_1h: 0,
    in_audio: 0,
    in_image: 0,
    out_text: 23,
    out_reasoning: 64,
    out_audio: 0,
    units: 0,
};

fn story() -> Vec<Event<'static>> {
    let page =
        r#"{"type":"web_search_result_location","url":"https://a.example","title":"A","cited_text":"c"}"#;
    vec![
        start(),
        open(0, Part::Reasoning),
        delta(0, "Hm"),
        delta(0, "m."),
        Event::Signature { choice: 0, block: 0, data: "sig".into() },
        close(0),
        open(1, Part::Text),
        delta(1, "Hi"),
        Event::Citation { choice: 0, block: 1, json: page.into() },
        close(1),
        open(2, Part::Text),
        delta(2, " you"),
        close(2),
        open(3, call("call_1", "files/read", ToolForm::Function)),
        open(4, call("", "patch", ToolForm::Custom)),
        delta(4, "*** Begin"),
        delta(3, "{\"a\":"),
        delta(3, "1}"),
        close(4),
        close(3),
        Event::Usage(USED),
        stop(StopReason::ToolUse),
    ]
}

#[test]
fn a_stream_has_the_events_clients_wait_for() {
    let mut encoder = Encoder::new(OURS, reply());
    let all = frames(&mut encoder, &story());
    let names: Vec<&str> = all.iter().map(|(name, _)| name.strip_prefix("response.").unwrap()).collect();
    let wanted = "created in_progress \
        output_item.added reasoning_summary_part.added reasoning_summary_text.delta reasoning_summary_text.delta \
        reasoning_summary_text.done reasoning_summary_part.done output_item.done \
        output_item.added content_part.added output_text.delta output_text.annotation.added output_text.done \
        content_part.done content_part.added output_text.delta output_text.done content_part.done output_item.done \
        output_item.added function_call_arguments.delta function_call_arguments.delta function_call_arguments.done \
        output_item.done \
        output_item.added custom_tool_call_input.delta custom_tool_call_input.done output_item.done completed";
    assert_eq!(names, wanted.split_whitespace().collect::<Vec<_>>());
    assert!(encoder.losses.is_empty());
    // What an item is called does not change, and the last event has all of them as they ended.
    let of = |wanted: &str| -> Vec<Value> {
        all.iter().filter(|(name, _)| name == wanted).map(|(_, data)| data["item"].clone()).collect()
    };
    let (added, done) = (of("response.output_item.added"), of("response.output_item.done"));
    for (added, done) in added.iter().zip(&done) {
        assert_eq!(
            (&added["id"], &added["type"], &added["call_id"]),
            (&done["id"], &done["type"], &done["call_id"])
        );
    }
    let last = &all.last().unwrap().1["response"];
    assert_eq!(last["output"], json!(done));
    assert_eq!(last["id"], all[0].1["response"]["id"]);
    assert_eq!(last["output"], output());
}

fn output() -> Value {
    let text = |text: &str, annotations: Value| json!({"type": "output_text", "text": text, "annotations": annotations, "logprobs": []});
    let page = json!([{"type": "url_citation", "start_index": 0, "end_index": 0, "title": "A", "url": "https://a.example"}]);
    json!([
        {"id": "rs_01J_0", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hmm."}],
            "encrypted_content": "kw1.maker.sig"},
        {"id": "msg_01J_1", "type": "message", "status": "completed", "role": "assistant",
            "content": [text("Hi", page), text(" you", json!([]))]},
        {"id": "fc_01J_2", "type": "function_call", "status": "completed", "call_id": "call_1",
            "namespace": "files", "name": "read", "arguments": "{\"a\":1}"},
        {"id": "ctc_01J_3", "type": "custom_tool_call", "status": "completed", "call_id": "call_01J_3",
            "name": "patch", "input": "*** Begin"},
    ])
}

#[test]
fn a_finished_answer_has_what_parsers_need() {
    let mut reply = reply();
    reply.echo = super::super::echo(
        br#"{"tools":[{"type":"custom","name":"patch"}],"tool_choice":"required","model":"m"}"#,
    );
    reply.cost_usd = Some("0.0012".into());
    let mut losses = Losses::default();
    let body = write_whole(OURS, story(), &reply, &mut losses);
    let body: Value = serde_json::from_slice(&body).unwrap();
    let expected = json!({
        "id": "resp_01J", "object": "response", "created_at": 1_790_000_000, "status": "completed",
        "background": false, "model": "m", "previous_response_id": null, "error": null,
        "incomplete_details": null, "output": output(),
        "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 6},
            "output_tokens": 87, "output_tokens_details": {"reasoning_tokens": 64}, "total_tokens": 123},
        "instructions": null, "max_output_tokens": null, "metadata": {}, "parallel_tool_calls": true,
        "reasoning": {"effort": null, "summary": null}, "service_tier": "default", "temperature": null,
        "text": {"format": {"type": "text"}}, "tool_choice": "required",
        "tools": [{"type": "custom", "name": "patch"}], "top_p": null, "truncation": "disabled",
        "store": false, "keyway": {"cost_usd": 0.0012},
    });
    assert_eq!(body, expected);
    assert!(losses.is_empty());
}

#[test]
fn every_reason_to_stop_has_its_status() {
    let cases = [
        (StopReason::End, "completed", Value::Null),
        (StopReason::Sequence, "completed", Value::Null),
        (StopReason::Length, "incomplete", json!("max_output_tokens")),
        (StopReason::ContextFull, "incomplete", json!("max_output_tokens")),
        (StopReason::Filtered, "incomplete", json!("content_filter")),
        (StopReason::Other, "incomplete", json!("native")),
    ];
    for (reason, status, details) in cases {
        let events = [start(), open(0, Part::Text), delta(0, "x"), close(0), stop(reason)];
        let all = frames(&mut Encoder::new(OURS, reply()), &events);
        let (name, data) = all.last().unwrap();
        assert_eq!(*name, format!("response.{status}"));
        assert_eq!(data["response"]["incomplete_details"]["reason"], details);
        assert_eq!(data["response"]["output"][0]["status"], *status);
    }
    let mut encoder = Encoder::new(OURS, reply());
    frames(&mut encoder, &[start(), stop(StopReason::Paused)]);
    assert!(encoder.losses.has("finish_reason"));
}

#[test]
fn a_refusal_streams() {
    let events = [start(), open(0, Part::Refusal), delta(0, "No."), close(0), stop(StopReason::End)];
    let all = frames(&mut Encoder::new(OURS, reply()), &events);
    assert!(all.iter().any(|(name, data)| name == "response.refusal.delta" && data["delta"] == "No."));
    let content = &all.last().unwrap().1["response"]["output"][0]["content"];
    assert_eq!(*content, json!([{"type": "refusal", "refusal": "No."}]));
}

#[test]
fn a_failure_is_the_last_word_and_has_a_code() {
    let said = UpstreamMessage {
        message: "Full.".into(),
        kind: Some("overloaded_error".into()),
        ..Default::default()
    };
    let events = [start(), open(0, Part::Text), delta(0, "x"), Event::Failed(Box::new(said))];
    let all = frames(&mut Encoder::new(OURS, reply()), &events);
    let (name, data) = all.last().unwrap();
    assert_eq!(name, "response.failed");
    assert_eq!(data["response"]["error"], json!({"code": "server_error", "message": "Full."}));
    assert_eq!(data["response"]["output"][0]["status"], "incomplete");
    // Before anything was told, the response begins first: clients refuse any other order.
    let mut encoder = Encoder::new(OURS, reply());
    let mut out = Vec::new();
    encoder.fail(&Failure { status: 429, message: "Slow down.", ..Failure::default() }, &mut out);
    encoder.end(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("event: response.created\n") && text.contains("rate_limit_exceeded"));
    assert_eq!(text.matches("event: ").count(), 3);
    let body = write_error(OURS, &Failure { status: 429, message: "m", ..Failure::default() });
    assert_eq!(body, br#"{"error":{"message":"m","type":"rate_limit_error","param":null,"code":null}}"#);
}

#[test]
fn what_cannot_be_told_is_named() {
    let audio = Part::Opaque { home: crate::Dialect::OpenAiChat, kind: "audio".into() };
    let own = Part::Opaque { home: OURS, kind: "web_search_call".into() };
    let citation = Event::Citation { choice: 0, block: 2, json: r#"{"type":"char_location"}"#.into() };
    let events = [
        start(),
        open(0, audio),
        delta(0, "{}"),
        close(0),
        open(1, own),
        delta(1, r#"{"id":"ws_1","type":"web_search_call"}"#),
        close(1),
        open(2, Part::Text),
        citation,
        close(2),
        stop(StopReason::End),
    ];
    let mut encoder = Encoder::new(OURS, reply());
    let all = frames(&mut encoder, &events);
    assert!(encoder.losses.has("content.audio") && encoder.losses.has("citations"));
    let output = &all.last().unwrap().1["response"]["output"];
    assert_eq!(output[0], json!({"id": "ws_1", "type": "web_search_call"}));
    assert_eq!(output.as_array().unwrap().len(), 2);
}
