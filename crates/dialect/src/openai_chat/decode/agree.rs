//! Whatever comes, a pass-through sees what reading in full would have seen.

use super::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const KEYS: [&str; 40] = [
    "id",
    "object",
    "created",
    "model",
    "choices",
    "usage",
    "obfuscation",
    "error",
    "x_groq",
    "type",
    "base_resp",
    "detail",
    "message",
    "code",
    "status",
    "index",
    "delta",
    "finish_reason",
    "text",
    "content",
    "role",
    "refusal",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "tool_calls",
    "function",
    "arguments",
    "name",
    "custom",
    "function_call",
    "audio",
    "transcript",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "cached_tokens",
    "signature",
    "\\u0069ndex",
];

/// Strings as they may be written, badly too.
fn string() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "a",
        " word",
        "é",
        "日本",
        "\\n",
        "\\\"",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\u000",
        "\\x",
        "\u{1}",
        "stop",
        "error",
        "[DONE]",
        "0123456789abcdef0123456789abcdef",
    ]);
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// Values made of the names that mean something, wherever they stand.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => string(),
        1 => select(vec!["null", "true", "false", "0", "1", "-1", "7.5", "1e3", "01", "12345678901234567890", "\"stop\"", "nul"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            4 => object(inner),
        ]
    })
}

fn object(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (select(KEYS.to_vec()), select(vec!["\":", "\" : ", "\":\n"]), inner);
    let member = member.prop_map(|(key, colon, value)| format!("\"{key}{colon}{value}"));
    proptest::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// Chunks of a stream as it should be, alike in all but their text.
fn plain_chunk() -> impl Strategy<Value = String> {
    let delta = select(vec![
        r#""content":@"#,
        r#""reasoning_content":@"#,
        r#""content":[{"type":"text","text":@}]"#,
        r#""tool_calls":[{"index":0,"function":{"arguments":@}}]"#,
        r#""tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":@}}]"#,
        r#""content":@,"finish_reason":"stop""#,
        r#""role":"assistant""#,
    ]);
    let tail = select(vec![
        "",
        r#","obfuscation":@"#,
        r#","usage":null"#,
        r#","usage":{"prompt_tokens":3,"completion_tokens":2}"#,
    ]);
    let finish = select(vec!["null", "null", "null", "\"\"", "\"stop\"", "\"error\""]);
    (delta, tail, finish, string(), string()).prop_map(|(delta, tail, finish, said, padding)| {
        let (delta, tail) = (delta.replace('@', &said), tail.replace('@', &padding));
        format!(
            r#"{{"id":"i","choices":[{{"index":0,"delta":{{{delta}}},"finish_reason":{finish}}}]{tail}}}"#
        )
    })
}

/// How one chunk becomes another: bytes replaced, cut out or put in twice.
type Change = (Index, Index, u8, u8);

fn changed(mut chunk: Vec<u8>, change: Option<Change>) -> Vec<u8> {
    let Some((from, to, kind, byte)) = change else {
        return chunk;
    };
    let mut ends = [from.index(chunk.len() + 1), to.index(chunk.len() + 1)];
    ends.sort_unstable();
    let part = ends[0]..ends[1].min(ends[0] + 12);
    match kind % 4 {
        0 => drop(chunk.drain(part)),
        1 => {
            let twice = chunk[part.clone()].to_vec();
            chunk.splice(part.start..part.start, twice);
        }
        2 => chunk.insert(part.start, b"\"\\{}[],: 0"[usize::from(byte) % 10]),
        _ => {
            if let Some(place) = chunk.get_mut(part.start) {
                *place = byte;
            }
        }
    }
    chunk
}

fn agree(chunks: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let (mut decoder, mut meter) = (Decoder::default(), Decoder::default());
    let mut out = Vec::new();
    for chunk in chunks {
        let seen = decoder.event(chunk, &mut out);
        let text = String::from_utf8_lossy(chunk);
        prop_assert_eq!(meter.see(chunk), seen, "{}", text);
        prop_assert_eq!(meter.report(), decoder.report(), "{}", text);
        prop_assert_eq!(meter.failure(), decoder.failure(), "{}", text);
        prop_assert_eq!(meter.ending(), decoder.ending(), "{}", text);
    }
    Ok(())
}

proptest! {
    #[test]
    fn on_streams_that_go_well_and_then_do_not(
        chunks in proptest::collection::vec((plain_chunk(), 1_usize..4, proptest::option::weighted(0.2, any::<Change>())), 1..8),
    ) {
        let chunks: Vec<Vec<u8>> = chunks
            .into_iter()
            .flat_map(|(chunk, times, change)| {
                let mut repeated = vec![chunk.clone().into_bytes(); times];
                repeated.push(changed(chunk.into_bytes(), change));
                repeated
            })
            .collect();
        agree(&chunks)?;
    }

    #[test]
    fn on_texts_that_differ_in_one_string(template in plain_chunk(), texts in proptest::collection::vec(string(), 1..6)) {
        let chunks: Vec<Vec<u8>> = texts
            .iter()
            .map(|text| {
                let head = r#"{"choices":[{"delta":{"content":"#;
                format!("{head}{text}}}}}]}}").into_bytes()
            })
            .chain([template.into_bytes()])
            .collect();
        agree(&chunks)?;
    }

    #[test]
    fn on_any_names_in_any_place(chunks in proptest::collection::vec(object(value()), 1..4), again in any::<Index>()) {
        let mut chunks: Vec<Vec<u8>> = chunks.into_iter().map(String::into_bytes).collect();
        chunks.push(chunks[again.index(chunks.len())].clone());
        agree(&chunks)?;
    }

    #[test]
    fn on_finished_answers(
        choices in proptest::collection::vec(value(), 0..3), rest in object(value()), last in any::<bool>(),
        change in proptest::option::weighted(0.3, any::<Change>()),
    ) {
        let choices = format!("\"choices\":[{}]", choices.join(","));
        let inner = rest.trim_start_matches('{').trim_end_matches('}');
        let body = if last { format!("{{{inner},{choices}}}") } else { format!("{{{choices},{inner}}}") };
        for body in [body.clone().into_bytes(), changed(body.into_bytes(), change)] {
            let (mut decoder, mut meter) = (Decoder::default(), Decoder::default());
            let mut out = Vec::new();
            let mut sink = Sink { out: Some(&mut out), ..Sink::default() };
            decoder.read(&body, &mut sink, true);
            let text = String::from_utf8_lossy(&body);
            prop_assert_eq!(meter.see_whole(&body), sink.seen, "{}", text);
            prop_assert_eq!(meter.report(), decoder.report(), "{}", text);
            prop_assert_eq!(meter.failure(), decoder.failure(), "{}", text);
            prop_assert_eq!(meter.ending(), decoder.ending(), "{}", text);
        }
    }
}

/// The short way is taken, or it would not be worth its tests.
#[test]
fn chunks_alike_are_compared() {
    let chunk = |text: &str, padding: &str| {
        format!(
            r#"{{"id":"i","choices":[{{"delta":{{"content":"{text}"}}}}],"usage":null,"obfuscation":"{padding}"}}"#
        )
    };
    let mut meter = Decoder::default();
    meter.see(chunk("a", "xyz").as_bytes());
    for (text, bytes) in [("hello", Some(5)), ("\\n\\u00e9", Some(3)), ("", None), ("a\\", None)] {
        assert_eq!(meter.like.matches(chunk(text, "p").as_bytes()), bytes, "{text}");
    }
    assert_eq!(meter.like.matches(b"{}"), None);
    meter.see(b"[DONE]");
    assert_eq!(meter.like.matches(chunk("b", "").as_bytes()), None);
}
