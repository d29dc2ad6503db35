//! Answers read.

use super::{read, read_whole};
use crate::event::{Event, Part, StopReason, ToolForm};
use crate::hub::Whole;
use crate::meter::Ending;

const USAGE: &str = r#"{"input_tokens":36,"input_tokens_details":{"cached_tokens":10,"cache_write_tokens":6},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}"#;

/// A stream as OpenAI documents it, of one message.
const TEXT: &[&str] = &[
    r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_67c9fdce","object":"response","created_at":1741290958,"status":"in_progress","error":null,"incomplete_details":null,"model":"gpt-5.2-2026","output":[],"usage":null}}"#,
    r#"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_67c9fdce","model":"gpt-5.2-2026","status":"in_progress","output":[]}}"#,
    r#"{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
    r#"{"type":"response.content_part.added","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}"#,
    r#"{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi","logprobs":[],"obfuscation":"aX3"}"#,
    r#"{"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" \"you\"","logprobs":[],"obfuscation":"k"}"#,
    r#"{"type":"response.output_text.annotation.added","sequence_number":6,"item_id":"msg_1","output_index":0,"content_index":0,"annotation_index":0,"annotation":{"type":"url_citation","url":"https://a.example","title":"A","start_index":0,"end_index":2}}"#,
    r#"{"type":"response.output_text.done","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"text":"Hi \"you\"","logprobs":[]}"#,
    r#"{"type":"response.content_part.done","sequence_number":8,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Hi \"you\"","annotations":[{"type":"url_citation","url":"https://a.example","title":"A","start_index":0,"end_index":2}],"logprobs":[]}}"#,
    r#"{"type":"response.output_item.done","sequence_number":9,"output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi \"you\"","annotations":[{"type":"url_citation","url":"https://a.example","title":"A","start_index":0,"end_index":2}],"logprobs":[]}]}}"#,
];

fn completed(output: &str) -> String {
    format!(
        r#"{{"type":"response.completed","sequence_number":99,"response":{{"id":"resp_67c9fdce","object":"response","model":"gpt-5.2-2026","status":"completed","error":null,"incomplete_details":null,"output":{output},"usage":{USAGE}}}}}"#
    )
}

#[test]
fn a_documented_stream_is_read() {
    let last = completed("[]");
    let mut frames = TEXT.to_vec();
    frames.push(&last);
    let (events, ending, seen) = read(&frames);
    let citation =
        r#"{"type":"url_citation","url":"https://a.example","title":"A","start_index":0,"end_index":2}"#;
    let at = |text: &'static str| Event::Delta { choice: 0, block: 0, text: text.into() };
    let told = vec![
        Event::Start { id: "resp_67c9fdce".into(), model: "gpt-5.2-2026".into() },
        Event::Open { choice: 0, block: 0, part: Part::Text },
        at("Hi"),
        at(" \"you\""),
        Event::Citation { choice: 0, block: 0, json: citation.into() },
        Event::Close { choice: 0, block: 0 },
        Event::Usage(ledger::Usage {
            in_uncached: 20,
            cache_read: 10,
            cache_write_5m: 6,
            out_text: 23,
            out_reasoning: 64,
            ..ledger::Usage::default()
        }),
        Event::Stop { choice: 0, reason: StopReason::End, native: "completed".into(), detail: "".into() },
    ];
    assert_eq!(events, told);
    assert_eq!(ending, Ending::Complete);
    let bytes: usize = seen.iter().map(|seen| seen.output_bytes).sum();
    assert_eq!(bytes, 8);
    let last = seen.last().unwrap();
    assert!(last.done && last.usage && !last.progress && !seen[3].progress && seen[4].progress);
}

/// Items, as they stand in a finished answer and in the event that ends them.
const ITEMS: &[&str] = &[
    r#"{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"One."},{"type":"summary_text","text":"Two."}],"encrypted_content":"gAAAA.b"}"#,
    r#"{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}}"#,
    r#"{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Well.","annotations":[]},{"type":"refusal","refusal":"No."}]}"#,
    r#"{"id":"fc_1","type":"function_call","status":"completed","arguments":"{\"a\": 1.50}","call_id":"call_1","name":"look"}"#,
    r#"{"id":"fc_2","type":"function_call","status":"completed","arguments":"{}","call_id":"call_2","name":"read","namespace":"files"}"#,
    r#"{"id":"ctc_1","type":"custom_tool_call","status":"completed","input":"*** Begin Patch","call_id":"call_3","name":"patch"}"#,
];

fn told(whole: &Whole) -> Vec<(Part<'static>, &str, &str)> {
    let blocks = &whole.first().unwrap().blocks;
    blocks.iter().map(|built| (built.part.clone(), &*built.text, &*built.state)).collect()
}

fn expected() -> Vec<(Part<'static>, &'static str, &'static str)> {
    let call = |id: &'static str, name: &'static str, form| Part::ToolCall {
        id: id.into(),
        name: name.into(),
        form,
    };
    vec![
        (Part::Reasoning, "One.\n\nTwo.", "gAAAA.b"),
        (Part::Opaque { home: super::OURS, kind: "web_search_call".into() }, ITEMS[1], ""),
        (Part::Text, "Well.", ""),
        (Part::Refusal, "No.", ""),
        (call("call_1", "look", ToolForm::Function), r#"{"a": 1.50}"#, ""),
        (call("call_2", "files/read", ToolForm::Function), "{}", ""),
        (call("call_3", "patch", ToolForm::Custom), "*** Begin Patch", ""),
    ]
}

#[test]
fn a_finished_answer_tells_every_kind_of_item() {
    let output = ITEMS.join(",");
    let whole = read_whole(&format!(
        r#"{{"id":"resp_1","object":"response","model":"m","status":"completed","output":[{output}],"usage":{USAGE}}}"#
    ));
    assert_eq!(told(&whole), expected());
    assert_eq!(whole.usage.unwrap().output(), 87);
    assert_eq!(whole.first().unwrap().stop.as_ref().unwrap().0, StopReason::ToolUse);
}

#[test]
fn what_was_not_streamed_is_told_when_the_item_is_done() {
    let done: Vec<String> = ITEMS
        .iter()
        .enumerate()
        .map(|(at, item)| {
            format!(r#"{{"type":"response.output_item.done","output_index":{at},"item":{item}}}"#)
        })
        .collect();
    let last = completed("[]");
    let mut frames = vec![TEXT[0]];
    frames.extend(done.iter().map(String::as_str));
    frames.push(&last);
    let (events, ending, _) = read(&frames);
    assert_eq!(told(&Whole::of(events)), expected());
    assert_eq!(ending, Ending::Complete);
    // Nor is what only the last event tells lost.
    let last = completed(&format!("[{}]", ITEMS.join(",")));
    assert_eq!(told(&Whole::of(read(&[TEXT[0], &last]).0)), expected());
}

#[test]
fn a_call_and_a_reasoning_stream() {
    let last = completed("[]");
    let frames = [
        TEXT[0],
        r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}"#,
        r#"{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
        r#"{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"On"}"#,
        r#"{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"e."}"#,
        r#"{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":1,"delta":"Two."}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"One."},{"type":"summary_text","text":"Two."}],"encrypted_content":"gAAAA.b"}}"#,
        r#"{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_1","type":"function_call","status":"in_progress","arguments":"","call_id":"call_1","name":"look"}}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"{\"a\":"}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":" 1.50}"}"#,
        r#"{"type":"response.function_call_arguments.done","item_id":"fc_1","output_index":1,"arguments":"{\"a\": 1.50}"}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_1","type":"function_call","status":"completed","arguments":"{\"a\": 1.50}","call_id":"call_1","name":"look"}}"#,
        &last,
    ];
    let (events, ending, _) = read(&frames);
    let whole = Whole::of(events);
    let all = expected();
    assert_eq!(told(&whole), [all[0].clone(), all[4].clone()]);
    assert_eq!(whole.first().unwrap().stop.as_ref().unwrap().0, StopReason::ToolUse);
    assert_eq!(ending, Ending::Complete);
}

#[test]
fn every_way_to_end_is_told() {
    let end = |rest: &str, status: &str| {
        format!(
            r#"{{"type":"response.{status}","response":{{"id":"r","status":"{status}","output":[],{rest}}}}}"#
        )
    };
    let stop = |frame: &str| Whole::of(read(&[TEXT[0], frame]).0).first().unwrap().stop.clone().unwrap();
    let cut = end(r#""incomplete_details":{"reason":"max_output_tokens"}"#, "incomplete");
    assert_eq!((stop(&cut).0, &*stop(&cut).1), (StopReason::Length, "max_output_tokens"));
    let filtered = end(r#""incomplete_details":{"reason":"content_filter"}"#, "incomplete");
    assert_eq!(stop(&filtered).0, StopReason::Filtered);
    let other = end(r#""incomplete_details":{"reason":"steered"}"#, "incomplete");
    assert_eq!((stop(&other).0, &*stop(&other).1), (StopReason::Other, "steered"));
}

#[test]
fn every_shape_of_failure_is_read() {
    let failures = [
        r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down."},"output":[]}}"#,
        r#"{"type":"error","sequence_number":3,"code":"rate_limit_exceeded","message":"Slow down.","param":null}"#,
        r#"{"type":"error","error":{"type":"requests","code":"rate_limit_exceeded","message":"Slow down."}}"#,
        r#"{"error":{"code":"rate_limit_exceeded","message":"Slow down."}}"#,
    ];
    for failure in failures {
        let (events, ending, seen) = read(&[TEXT[0], TEXT[4], failure]);
        let said = Whole::of(events).failed.unwrap();
        assert_eq!(
            (&*said.message, said.code.as_deref()),
            ("Slow down.", Some("rate_limit_exceeded")),
            "{failure}"
        );
        assert_eq!(crate::hub::status_of(&said), 429);
        assert_eq!(ending, Ending::Failed);
        assert!(seen[2].failed);
    }
    let (events, ending, _) = read(&TEXT[..6]);
    assert_eq!(Whole::of(events).failed.unwrap().code.as_deref(), Some("stream_cut"));
    assert_eq!(ending, Ending::Cut);
    let whole = read_whole(r#"{"error":{"message":"No.","type":"server_error","param":null,"code":null}}"#);
    assert_eq!(whole.failed.unwrap().message, "No.");
    for body in ["", "[]", "{}", "{\"object\":\"list\"}", "nonsense"] {
        assert!(read_whole(body).failed.is_some(), "{body}");
    }
}
