//! Whatever comes is read without harm.

use super::{ASKED, CALLS, STREAM, finished, sent, streamed};
use crate::hub::{Decoder, Dialect, read_request};
use crate::openai_chat::UsageRule;
use proptest::prelude::*;

const REQUEST: &str = r#"{"system_instruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"inline_data":{"mime_type":"image/png","data":"aGk="}}]},
    {"role":"model","parts":[{"function_call":{"name":"f","args":{"a":1}},"thought_signature":"c2ln"}]},
    {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"x"}}}]}],
    "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}}}}]},{"googleSearch":{}}],
    "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
    "generationConfig":{"temperature":0.5,"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true},"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"}}}"#;

/// Values where others are expected.
fn value() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("null"),
        Just("0"),
        Just("-1"),
        Just("1e999"),
        Just("[]"),
        Just("{}"),
        Just("\"\""),
        Just("true"),
        Just("[null]"),
        Just("[[]]"),
        Just("[{}]"),
        Just("\"\\ud800\""),
        Just("99999999999999999999"),
    ]
}

/// `json` with the value behind its `at`th colon replaced.
fn replaced(json: &str, at: prop::sample::Index, with: &str) -> String {
    let colons: Vec<usize> = json.match_indices("\":").map(|(at, _)| at + 2).collect();
    let start = colons[at.index(colons.len())];
    let rest = &json[start..];
    let skipped = crate::json::Reader::new(rest).skip().map_or(0, |span| span.end);
    format!("{}{with}{}", &json[..start], &rest[skipped..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_of_any_shape(frame in 0_usize..4, at in any::<prop::sample::Index>(), with in value(), byte in any::<u8>()) {
        for json in [STREAM[frame], CALLS] {
            let odd = replaced(json, at, with);
            streamed(&[&odd, STREAM[1], &odd]);
            finished(&odd);
            let mut bytes = json.as_bytes().to_vec();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let mut events = Vec::new();
            let seen = Decoder::new(Dialect::Gemini, UsageRule::default()).event(&bytes, &mut events);
            prop_assert_eq!(Decoder::new(Dialect::Gemini, UsageRule::default()).see(&bytes), seen);
        }
    }

    #[test]
    fn requests_of_any_shape(at in any::<prop::sample::Index>(), with in value(), byte in any::<u8>()) {
        let odd = replaced(REQUEST, at, with);
        for to in [Dialect::OpenAiChat, Dialect::Anthropic, Dialect::Gemini] {
            let _ = sent(Dialect::Gemini, &odd, to, "gemini-2.5-flash");
        }
        let mut bytes = REQUEST.as_bytes().to_vec();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let _ = read_request(Dialect::Gemini, &bytes, ASKED);
    }
}
