//! Instructions of one hot function, to be counted from outside:
//! `valgrind --tool=callgrind target/release/examples/cost see_whole 2000`, once with 2000 calls
//! and once with 1000; the difference is a thousand calls and nothing else.
#![allow(clippy::print_stdout, reason = "printing is all it does")]
#![allow(clippy::disallowed_methods, reason = "it measures time and nothing depends on it")]

use bytes::Bytes;
use dialect::openai_chat::{Decoder, UsageRule};
use dialect::peek;
use std::hint::black_box;
use std::time::Instant;

/// A finished answer as OpenAI lays it out.
const WHOLE: &str = r#"{
  "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
  "object": "chat.completion",
  "created": 1741569952,
  "model": "gpt-5.2-2026-01-15",
  "choices": [
    {
      "index": 0,
      "message": {
        "role": "assistant",
        "content": "Hello! How can I assist you today?",
        "refusal": null,
        "annotations": []
      },
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {
      "cached_tokens": 0,
      "audio_tokens": 0
    },
    "completion_tokens_details": {
      "reasoning_tokens": 0,
      "audio_tokens": 0,
      "accepted_prediction_tokens": 0,
      "rejected_prediction_tokens": 0
    }
  },
  "service_tier": "default",
  "system_fingerprint": null
}
"#;
/// The same without white space and with more to say: 757 bytes.
const DENSE: &str = r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"model":"gpt-5.2-2026-01-15","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I assist you today? I can look things up, write and explain code, and translate.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_0123456789"}"#;
const EVENT: [&str; 2] = [
    r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}"#,
    r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" other"},"logprobs":null,"finish_reason":null}]}"#,
];
/// Chunks that differ in more than their text.
const UNLIKE: [&str; 2] = [
    EVENT[0],
    r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000001,"model":"gpt-5.2","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}"#,
];
const TOOL: [&str; 3] = [
    r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":""}}]},"logprobs":null,"finish_reason":null}]}"#,
    r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"abc"}}]},"logprobs":null,"finish_reason":null}]}"#,
    r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":" yes"}}]},"logprobs":null,"finish_reason":null}]}"#,
];
const USAGE: &str = r#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":60,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#;
const REQUEST: &str = r#"{"model":"openai/gpt-5.2","messages":[{"role":"system","content":"You are a helpful assistant that answers briefly."},{"role":"user","content":"What is the capital of France, and how many people live there today, roughly?"}],"temperature":0.7,"max_tokens":256,"stream":true,"stream_options":{"include_usage":true}}"#;

/// About 64 KiB of text in one string, with an escape each hundred bytes.
fn large() -> String {
    let line =
        "The quick brown fox jumps over the lazy dog and runs away from all the hounds that bark at him.\\n";
    let text = line.repeat(660);
    DENSE.replacen("Hello!", &text, 1)
}

fn run(name: &str, calls: u32) {
    let rule = UsageRule::default();
    let whole = |body: &str| {
        for _ in 0..calls {
            let mut meter = Decoder::new(rule);
            black_box(meter.see_whole(black_box(body.as_bytes())));
            black_box(&meter);
        }
    };
    let see = |events: &[&str]| {
        let mut meter = Decoder::new(rule);
        for event in events.iter().cycle().take(calls as usize) {
            black_box(meter.see(black_box(event.as_bytes())));
        }
    };
    match name {
        "see_whole" => whole(DENSE),
        "see_whole_indented" => whole(WHOLE),
        "see_whole_large" => whole(&large()),
        "see_content" => see(&EVENT),
        "see_unlike" => see(&UNLIKE),
        "see_tool" => {
            let mut meter = Decoder::new(rule);
            meter.see(TOOL[0].as_bytes());
            for event in TOOL[1..].iter().cycle().take(calls as usize) {
                black_box(meter.see(black_box(event.as_bytes())));
            }
        }
        "see_usage" => see(&[USAGE]),
        "peek" => {
            let body = Bytes::from_static(REQUEST.as_bytes());
            for _ in 0..calls {
                drop(black_box(peek(black_box(&body))));
            }
        }
        "peek_large" => {
            let body = Bytes::from(REQUEST.replacen("What", &large().replace('"', "'"), 1));
            for _ in 0..calls {
                drop(black_box(peek(black_box(&body))));
            }
        }
        _ => println!("there is no `{name}`"),
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let calls = args.next().and_then(|calls| calls.parse().ok()).unwrap_or(1000);
    let start = Instant::now();
    run(&name, calls);
    let ns = start.elapsed().as_secs_f64() * 1e9 / f64::from(calls);
    println!("{name} {calls} calls, {ns:.0} ns each");
}
