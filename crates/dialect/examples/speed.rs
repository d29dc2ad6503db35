//! How long the hot functions take. `cargo run --release -p dialect --example speed`.
#![allow(clippy::print_stdout, reason = "printing is all it does")]
#![allow(clippy::disallowed_methods, reason = "it measures time and nothing depends on it")]

use bytes::Bytes;
use dialect::openai_chat::{Decoder, UsageRule};
use dialect::{AskUsage, SseSplitter, peek, rewrite};
use std::hint::black_box;
use std::time::Instant;

/// The best of five rounds, in microseconds per call.
fn timed(name: &str, bytes: usize, calls: u32, mut call: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    println!("{name:<38} {bytes:>8} B {best:>9.3} us {:>8.0} MB/s", bytes as f64 / best);
}

/// A chat request of about `kib` KiB in messages of 300 characters.
fn request(kib: usize) -> Bytes {
    let mut body = String::from(r#"{"messages":[{"role":"system","content":"You are helpful."}"#);
    while body.len() < kib * 1024 {
        let words = "The quick brown fox, \\\"jumping\\\"\\n over the lazy dog. ".repeat(6);
        body.push_str(&format!(r#",{{"role":"user","content":"{words}"}}"#));
    }
    body.push_str(r#"],"temperature":0.7,"max_tokens":500,"stream":true,"model":"deepseek/deepseek-flash"}"#);
    Bytes::from(body)
}

fn main() {
    for kib in [2, 22, 223] {
        let body = request(kib);
        let calls = u32::try_from(400_000 / kib).unwrap_or(1);
        timed("peek", body.len(), calls, || drop(black_box(peek(black_box(&body)))));
        timed("serde_json IgnoredAny, for comparison", body.len(), calls, || {
            drop(black_box(serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&body))));
        });
        timed("peek and rewrite", body.len(), calls, || {
            if let Ok(peek) = peek(black_box(&body)) {
                black_box(rewrite(&body, &peek, "deepseek-flash", AskUsage::Ask));
            }
        });
    }
    let event = br#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}"#;
    let usage = br#"{"id":"chatcmpl-9xA1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":60,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#;
    let mut meter = Decoder::new(UsageRule::default());
    timed("see a content event", event.len(), 300_000, || {
        black_box(meter.see(black_box(event)));
    });
    timed("see a usage event", usage.len(), 300_000, || {
        black_box(meter.see(black_box(usage)));
    });
    let mut decoder = Decoder::new(UsageRule::default());
    timed("decode a content event", event.len(), 300_000, || {
        let mut out = Vec::new();
        decoder.event(black_box(event), &mut out);
        black_box(&out);
    });
    let mut frame = b"data: ".to_vec();
    frame.extend_from_slice(event);
    frame.extend_from_slice(b"\n\n");
    let chunk = Bytes::from(frame.repeat(16));
    let mut splitter = SseSplitter::new(1 << 20);
    timed("split 16 events of one chunk", chunk.len(), 20_000, || {
        splitter.push(chunk.clone());
        while let Ok(Some(frame)) = splitter.next_frame() {
            black_box(frame);
        }
    });
    let mut splitter = SseSplitter::new(1 << 20);
    let (first, second) = (chunk.slice(..1500), chunk.slice(1500..));
    timed("split them from two chunks", chunk.len(), 20_000, || {
        for part in [&first, &second] {
            splitter.push(part.clone());
            while let Ok(Some(frame)) = splitter.next_frame() {
                black_box(frame);
            }
        }
    });
    timed("parse an error body", 90, 50_000, || {
        let body =
            br#"{"error":{"message":"Incorrect API key provided: sk-****abcd","type":"t","code":401}}"#;
        black_box(dialect::openai_chat::error::parse(401, black_box(body)));
    });
}
