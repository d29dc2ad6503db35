use super::frame::{Broken, FRAME_BYTES_MAX, Splitter, write};
use super::*;
use crate::hub::losses::Losses;
use proptest::prelude::*;

/// A prelude and a message of AWS's documents: a `TranscriptEvent` without a payload, made by its SDK.
#[test]
fn frames_are_read_back_and_a_changed_byte_is_seen() {
    let bytes = write("event", "contentBlockDelta", br#"{"a":1}"#);
    let mut splitter = Splitter::default();
    splitter.push(&bytes);
    let frame = splitter.next_frame().unwrap().unwrap();
    assert_eq!(
        (frame.message.as_str(), frame.kind.as_str(), &frame.payload[..]),
        ("event", "contentBlockDelta", &br#"{"a":1}"#[..])
    );
    assert!(splitter.is_empty() && splitter.next_frame() == Ok(None));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        let mut splitter = Splitter::default();
        splitter.push(&changed);
        // A longer length is believed until its checksum has come, which is at once.
        assert_eq!(splitter.next_frame(), Err(Broken), "byte {at}");
    }
    let mut long = u32::try_from(FRAME_BYTES_MAX + 1).unwrap().to_be_bytes().to_vec();
    long.extend_from_slice(&[0; 4]);
    let check = crc32fast::hash(&long);
    long.extend_from_slice(&check.to_be_bytes());
    let mut splitter = Splitter::default();
    splitter.push(&long);
    assert_eq!(splitter.next_frame(), Err(Broken));
}

/// The empty message of the SDKs' own tests (github.com/awslabs/aws-c-event-stream).
#[test]
fn the_published_empty_message() {
    let bytes = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
    let mut splitter = Splitter::default();
    splitter.push(&bytes);
    assert_eq!(splitter.next_frame(), Ok(Some(super::frame::Frame::default())));
}

const STORY: [(&str, &str); 10] = [
    ("messageStart", r#"{"role":"assistant"}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}"#),
    ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"h\u00e9"}}"#),
    ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
    ("contentBlockStart", r#"{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"a\":1}"}}}"#),
    ("messageStop", r#"{"stopReason":"tool_use"}"#),
    (
        "metadata",
        r#"{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12,"cacheReadInputTokens":3},"metrics":{"latencyMs":1}}"#,
    ),
];

fn story() -> Vec<u8> {
    STORY.iter().flat_map(|(kind, payload)| write("event", kind, payload.as_bytes())).collect()
}

fn told(pieces: impl IntoIterator<Item = Vec<u8>>) -> Result<String, Broken> {
    let (mut stream, mut out) = (Stream::new("msg_1", "m"), Vec::new());
    for piece in pieces {
        stream.push(&piece, &mut out)?;
    }
    stream.finish(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

const TOLD: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"hé"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":5,"output_tokens":7,"cache_read_input_tokens":3}}

event: message_stop
data: {"type":"message_stop"}

"#;

#[test]
fn a_stream_is_told_as_anthropics() {
    assert_eq!(told([story()]).unwrap(), TOLD);
    let failing = [
        write("event", "messageStart", b"{}"),
        write("exception", "throttlingException", br#"{"message":"slow down"}"#),
    ];
    let told_of = told(failing).unwrap();
    assert!(told_of.ends_with("data: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}\n\n"), "{told_of}");
    // Usage may be missing; half a frame may not.
    let cut = STORY.iter().take(9).map(|(kind, payload)| write("event", kind, payload.as_bytes()));
    assert!(told(cut).unwrap().ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    let mut half = story();
    half.truncate(half.len() - 1);
    assert_eq!(told([half]), Err(Broken));
}

proptest! {
    #[test]
    fn no_cut_changes_what_is_told(cuts in proptest::collection::vec(1..40_usize, 1..200)) {
        let (whole, mut at, mut pieces) = (story(), 0, Vec::new());
        for cut in cuts {
            let end = (at + cut).min(whole.len());
            pieces.push(whole[at..end].to_vec());
            at = end;
        }
        pieces.push(whole[at..].to_vec());
        prop_assert_eq!(told(pieces).unwrap(), TOLD);
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = told([bytes]);
    }
}

#[test]
fn a_request_as_converse_has_it() {
    let body = r#"{"model":"m","max_tokens":9,"stream":true,"temperature":0.5,"top_k":4,"stop_sequences":["x"],"metadata":{"user_id":"u"},
        "system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}],
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}],
        "tool_choice":{"type":"tool","name":"f"},
        "messages":[{"role":"user","content":"hi"},
          {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"t","name":"f","input":{"a":1.50}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":[{"type":"text","text":"no"}]},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGk="}}]}]}"#;
    let mut losses = Losses::default();
    let written = request(body.as_bytes(), &mut losses).unwrap();
    assert_eq!(
        String::from_utf8(written).unwrap(),
        r#"{"messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"toolUse":{"toolUseId":"t","name":"f","input":{"a":1.50}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"text":"no"}],"status":"error"}},{"image":{"format":"png","source":{"bytes":"aGk="}}}]}],"system":[{"text":"be brief"},{"cachePoint":{"type":"default"}}],"inferenceConfig":{"maxTokens":9,"temperature":0.5,"stopSequences":["x"]},"toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"type":"object"}}}},{"cachePoint":{"type":"default"}}],"toolChoice":{"tool":{"name":"f"}}},"additionalModelRequestFields":{"top_k":4}}"#
    );
    assert_eq!(losses.header(), "metadata;unsupported");
    let by_address = r#"{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://x"}}]}]}"#;
    assert!(request(by_address.as_bytes(), &mut losses).unwrap_err().unsupported);
    assert!(request(b"x", &mut losses).is_err());
}

#[test]
fn a_finished_answer_is_told_as_anthropics() {
    let body = r#"{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"text":"hi"},{"toolUse":{"toolUseId":"t","name":"f","input":{"a":1}}}]}},"stopReason":"guardrail_intervened","usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12}}"#;
    assert_eq!(
        String::from_utf8(whole(body.as_bytes(), "msg_1", "m").unwrap()).unwrap(),
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"refusal","stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":7}}"#
    );
    for none in ["", "{}", r#"{"message":"no"}"#, r#"{"output":{}}"#] {
        assert!(whole(none.as_bytes(), "i", "m").is_none(), "{none}");
    }
}
