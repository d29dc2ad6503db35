//! What translation costs. `cargo run --release -p dialect --example translate`.
#![allow(clippy::print_stdout, reason = "printing is all it does")]
#![allow(clippy::disallowed_methods, reason = "it measures time and nothing depends on it")]

use dialect::Dialect;
use dialect::hub::{Asked, Decoder, Encoder, Losses, Reply, Target, read_request, write_request};
use dialect::openai_chat::UsageRule;
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
    println!("{name:<52} {bytes:>6} B {best:>8.3} us");
}

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"get_weather","description":"Current weather of a place","parameters":{"type":"object","properties":{"place":{"type":"string","description":"City and country"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["place"],"additionalProperties":false}}}]"#;

/// A chat request of about two KiB: text, a picture's address, a call, its result, a tool.
fn chat() -> String {
    let words = "The quick brown fox, \\\"jumping\\\"\\n over the lazy dog, runs away. ".repeat(6);
    format!(
        r#"{{"model":"m","messages":[{{"role":"system","content":"{words}"}},{{"role":"user","content":[{{"type":"text","text":"{words}"}},{{"type":"image_url","image_url":{{"url":"https://example.com/a.png"}}}}]}},{{"role":"assistant","content":"Let me look.","tool_calls":[{{"id":"call_abc123","type":"function","function":{{"name":"get_weather","arguments":"{{\"place\":\"Paris, France\",\"unit\":\"celsius\"}}"}}}}]}},{{"role":"tool","tool_call_id":"call_abc123","content":"18 degrees and clear."}},{{"role":"user","content":"{words}"}}],{TOOLS},"temperature":0.7,"max_tokens":500,"stream":true}}"#
    )
}

fn translated(name: &str, from: Dialect, to: Dialect, body: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    timed(name, body.len(), 5_000, || {
        let mut losses = Losses::default();
        let asked = Asked { model: Some("m"), stream: true };
        if let Ok(request) = read_request(from, black_box(body), asked) {
            let mut target = Target::new(to, "m");
            target.can.media_by_url = true;
            let written = write_request(&request, &target, &mut losses);
            sent = written.map(|written| written.body).unwrap_or_default();
        }
    });
    sent
}

fn event(name: &str, from: Dialect, to: Dialect, first: &[&str], event: &str) {
    let mut decoder = Decoder::new(from, UsageRule::default());
    let mut encoder =
        Encoder::new(to, Reply { id: "01JABCDEF".into(), model: "m".into(), ..Reply::default() });
    let mut out = Vec::with_capacity(1 << 16);
    for data in first {
        let mut events = Vec::new();
        decoder.event(data.as_bytes(), &mut events);
        events.into_iter().for_each(|event| encoder.event(event, &mut out));
    }
    let mut told = 0;
    timed(name, event.len(), 100_000, || {
        out.clear();
        let mut events = Vec::new();
        decoder.event(black_box(event.as_bytes()), &mut events);
        events.into_iter().for_each(|event| encoder.event(event, &mut out));
        told = out.len();
    });
    assert!(told > 0, "the event says something");
    let mut meter = Decoder::new(from, UsageRule::default());
    for data in first {
        meter.see(data.as_bytes());
    }
    timed("  the same, only metered", event.len(), 300_000, || {
        black_box(meter.see(black_box(event.as_bytes())));
    });
}

fn main() {
    let (chat_dialect, anthropic) = (Dialect::OpenAiChat, Dialect::Anthropic);
    let chat = chat();
    let message = translated("request, chat to Anthropic", chat_dialect, anthropic, chat.as_bytes());
    translated("request, Anthropic to chat", anthropic, chat_dialect, &message);
    let responses = Dialect::OpenAiResponses;
    let items = translated("request, chat to Responses", chat_dialect, responses, chat.as_bytes());
    translated("request, Responses to chat", responses, chat_dialect, &items);
    let text = "word after word, ".repeat(6);
    let chunk = format!(
        r#"{{"id":"chatcmpl-9xA1bcdefghijk","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.2-2026-01-15","service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{{"index":0,"delta":{{"content":"{text}"}},"logprobs":null,"finish_reason":null}}]}}"#
    );
    event("event, chat to Anthropic", chat_dialect, anthropic, &[], &chunk);
    event("event, chat to Responses", chat_dialect, responses, &[], &chunk);
    let delta = format!(
        r#"{{"type":"response.output_text.delta","sequence_number":41,"item_id":"msg_67c9fdcf37fc8190ba82116e33fb28c5","output_index":0,"content_index":0,"delta":"{text}","logprobs":[],"obfuscation":"aX3kPq"}}"#
    );
    let first =
        [r#"{"type":"response.created","sequence_number":0,"response":{"id":"r","model":"m","output":[]}}"#];
    event("event, Responses to chat", responses, chat_dialect, &first, &delta);
    let text = "word after word, ".repeat(12);
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    );
    let first = [
        r#"{"type":"message_start","message":{"id":"msg_1","model":"c","usage":{"input_tokens":9}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    ];
    event("event, Anthropic to chat", anthropic, chat_dialect, &first, &delta);
    let gemini = Dialect::Gemini;
    let content = translated("request, chat to Gemini", chat_dialect, gemini, chat.as_bytes());
    translated("request, Gemini to chat", gemini, chat_dialect, &content);
    event("event, chat to Gemini", chat_dialect, gemini, &[], &chunk);
    let text = "word after word, ".repeat(4);
    let response = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}],"role":"model"}},"index":0}}],"usageMetadata":{{"promptTokenCount":9,"candidatesTokenCount":51,"totalTokenCount":60,"promptTokensDetails":[{{"modality":"TEXT","tokenCount":9}}]}},"modelVersion":"gemini-3-pro","responseId":"kQz1aJ"}}"#
    );
    event("event, Gemini to chat", gemini, chat_dialect, &[], &response);
}
