//! Answers told.

use super::{CALLS, STREAM, finished, reply, streamed};
use crate::event::{Event, Part, StopReason};
use crate::gemini::{Array, state};
use crate::hub::whole::Built;
use crate::hub::{Dialect, Encoder, Failure, Losses, write_error, write_whole};
use ledger::Usage;
use serde_json::{Value, json};

fn frames(events: Vec<Event<'_>>) -> (Vec<Value>, Losses, Vec<u8>) {
    let mut encoder = Encoder::new(Dialect::Gemini, reply());
    let mut out = Vec::new();
    events.into_iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(&mut out);
    let text = String::from_utf8(out.clone()).unwrap();
    let read = text.split("\n\n").filter(|event| !event.is_empty());
    let read = read.map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap());
    (read.collect(), encoder.losses, out)
}

#[test]
fn a_stream_as_google_tells_it() {
    let (told, losses, bytes) = frames(streamed(&STREAM).0.events());
    assert!(losses.is_empty());
    let part = |at: usize| told[at]["candidates"][0]["content"]["parts"][0].clone();
    let signed = |state: &str| state::carried("prov", state);
    assert_eq!(part(0), json!({"text": "**Weighing it**", "thought": true}));
    assert_eq!(part(1), json!({"text": "", "thought": true, "thoughtSignature": signed("")}));
    assert_eq!(part(2), json!({"text": "It is été."}));
    assert_eq!(part(3), json!({"text": "", "thoughtSignature": signed("EtoECtcE+/==")}));
    assert_eq!(
        told[4],
        json!({"candidates": [{"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}],
          "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 45, "thoughtsTokenCount": 31},
          "modelVersion": "gemini-3-pro", "responseId": "01J"})
    );
    assert_eq!(told.len(), 5);
    // The same as one array, whatever pieces it comes in.
    for size in [bytes.len(), 400] {
        let (mut array, mut out) = (Array::default(), Vec::new());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut events: Vec<String> = text.split_inclusive("\n\n").map(str::to_owned).collect();
        if size == bytes.len() {
            events = vec![events.concat()];
        }
        array.push(b": keep-alive\n\n", &mut out);
        events.iter().for_each(|events| array.push(events.as_bytes(), &mut out));
        array.end(&mut out);
        assert_eq!(serde_json::from_slice::<Vec<Value>>(&out).unwrap(), told);
    }
    let mut out = Vec::new();
    Array::default().end(&mut out);
    assert_eq!(out, b"[]");
}

#[test]
fn calls_are_told_in_one_piece_and_on_one_line() {
    let mut whole = finished(CALLS);
    whole.choices[0].blocks[0].text = "{\n  \"at\": \"a\\nb\"\r\n}".into();
    let (told, _, _) = frames(whole.events());
    let part = |at: usize| told[at]["candidates"][0]["content"]["parts"][0].clone();
    let signature = state::carried("prov", "c2ln");
    assert_eq!(
        part(0),
        json!({"functionCall": {"name": "look", "args": {"at": "a\nb"}}, "thoughtSignature": signature})
    );
    assert_eq!(part(1), json!({"functionCall": {"name": "go", "args": {}}}));
    assert_eq!(told[2]["candidates"][0]["finishReason"], "STOP");
    let body = write_whole(Dialect::Gemini, whole.events(), &reply(), &mut Losses::default());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["candidates"][0]["content"]["parts"], json!([part(0), part(1)]));
}

#[test]
fn words_others_have_for_an_end() {
    let stop = |reason, native: &str, detail: &str| {
        let stop = Event::Stop {
            choice: 0,
            reason,
            native: native.to_owned().into(),
            detail: detail.to_owned().into(),
        };
        let (told, losses, _) = frames(vec![stop]);
        let candidate = told[0]["candidates"][0].clone();
        (candidate["finishReason"].clone(), candidate.get("finishMessage").cloned(), losses.header())
    };
    assert_eq!(stop(StopReason::Sequence, "stop_sequence", "END"), (json!("STOP"), None, String::new()));
    assert_eq!(stop(StopReason::ContextFull, "x", ""), (json!("MAX_TOKENS"), None, String::new()));
    assert_eq!(
        stop(StopReason::Filtered, "refusal", "Not that."),
        (json!("SAFETY"), Some(json!("Not that.")), String::new())
    );
    assert_eq!(
        stop(StopReason::Paused, "pause_turn", ""),
        (json!("OTHER"), Some(json!("pause_turn")), "finish_reason;adjusted".into())
    );
    assert_eq!(stop(StopReason::Other, "MALFORMED_FUNCTION_CALL", "").0, "MALFORMED_FUNCTION_CALL");
}

#[test]
fn usage_and_sources_of_others() {
    let usage = Usage {
        in_uncached: 5,
        cache_read: 3,
        cache_write_5m: 2,
        in_audio: 4,
        out_text: 6,
        out_audio: 1,
        ..Usage::default()
    };
    let source =
        r#"{"type":"url_citation","url":"https://e.org/","title":"E","start_index":1,"end_index":2}"#;
    let mut whole = finished(CALLS);
    whole.usage = Some(usage);
    let built = Built {
        block: 0,
        part: Part::Text,
        text: "abc".into(),
        state: String::new(),
        citations: vec![source.into(), "{}".into()],
    };
    whole.choices[0].blocks = vec![built];
    let mut losses = Losses::default();
    let body = write_whole(Dialect::Gemini, whole.events(), &reply(), &mut losses);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["usageMetadata"]["promptTokenCount"], 14);
    assert_eq!(
        body["usageMetadata"]["promptTokensDetails"],
        json!([{"modality": "TEXT", "tokenCount": 10}, {"modality": "AUDIO", "tokenCount": 4}])
    );
    assert_eq!(finished(&body.to_string()).usage, Some(usage));
    let grounding = &body["candidates"][0]["groundingMetadata"];
    assert_eq!(grounding["groundingChunks"], json!([{"web": {"uri": "https://e.org/", "title": "E"}}]));
    assert_eq!(
        grounding["groundingSupports"],
        json!([{"segment": {"startIndex": 1, "endIndex": 2}, "groundingChunkIndices": [0]}])
    );
    assert_eq!(losses.header(), "citations;unsupported");
    assert_eq!(frames(whole.events()).0[1]["candidates"][0]["groundingMetadata"], *grounding);
}

#[test]
fn errors_have_googles_shape() {
    let read = |failure: Failure<'_>| {
        serde_json::from_slice::<Value>(&write_error(Dialect::Gemini, &failure)).unwrap()["error"].clone()
    };
    let table = [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (404, "NOT_FOUND"),
        (413, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (502, "INTERNAL"),
        (529, "UNAVAILABLE"),
    ];
    for (status, word) in table {
        let error = read(Failure { status, message: "No.", ..Failure::default() });
        assert_eq!(error, json!({"code": status, "message": "No.", "status": word}));
    }
    let failure = Failure {
        status: 400,
        message: "No.",
        code: Some("bad"),
        param: Some("contents"),
        request_id: Some("r"),
        kind: None,
    };
    assert_eq!(
        read(failure)["details"],
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "bad", "domain": "keyway"},
            {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "contents", "description": "No."}]},
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "r"}])
    );
}
