//! Streams: every event as the provider sent it, the usage chunk for those alone who asked for it.

use crate::scene::{HI_STREAM, HI_STREAM_USAGE, Scene};
use testkit::upstream::Step;
use testkit::{Answer, Usage, json};

const ROLE: &str = r#"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#;
const TEXT: &str = r#"{"choices":[{"index":0,"delta":{"content":"caf\u00e9 é"},"finish_reason":null}],"x":12345678901234567890,"x":1e400}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const STOP_USAGE: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200,"prompt_cache_hit_tokens":400,"prompt_cache_miss_tokens":600}}"#;
const USAGE: &str =
    r#"{"id":"c","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}}"#;

/// The stream of these events under `line_end`, as sent.
fn sse(events: &[&str], line_end: &str) -> String {
    events.iter().map(|data| format!("data: {data}{line_end}{line_end}")).collect()
}

/// The provider's stream, in pieces of `bytes`.
fn pieces(text: &str, bytes: usize) -> Answer {
    Answer::events(text.as_bytes().chunks(bytes).map(|piece| Step::Send(piece.to_vec())).collect())
}

/// What a client gets of `text`, asked with `body`, for several ways of cutting it.
fn assert_streams(scene: &Scene, body: &str, text: &str, expected: &str) {
    for bytes in [1, 7, 64, 1 << 20] {
        scene.upstream.push(pieces(text, bytes));
        let answer = scene.chat(body).expect_status(200);
        assert_eq!(answer.text(), expected, "in pieces of {bytes}");
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    }
}

#[test]
fn events_pass_unchanged_however_they_are_cut() {
    let scene = Scene::start();
    let ends = [sse(&[ROLE, TEXT, STOP, "[DONE]"], "\n"), sse(&[ROLE, TEXT, STOP_USAGE, "[DONE]"], "\n")];
    let others = [
        sse(&[ROLE, TEXT, STOP, "[DONE]"], "\r\n"),
        format!(
            ": keep-alive\n\n\n\n{}: keep-alive\n\n{}",
            sse(&[ROLE, TEXT], "\n"),
            sse(&[STOP, "[DONE]"], "\n")
        ),
        format!("event: message\nid: 7\nretry: 10\ndata:{TEXT}\n\n{}", sse(&[STOP, "[DONE]"], "\n")),
        // A well-ended answer of a provider that says no [DONE].
        sse(&[ROLE, TEXT, STOP], "\n"),
        format!("{}data: [DONE]", sse(&[TEXT, STOP], "\n")),
        sse(&["{\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"a\"}}]}", STOP, "[DONE]"], "\n"),
        sse(&["not JSON", "", STOP, "[DONE]"], "\n"),
    ];
    for text in ends.iter().chain(&others) {
        assert_streams(&scene, HI_STREAM, text, text);
        assert_streams(&scene, HI_STREAM_USAGE, text, text);
    }
}

#[test]
fn a_usage_chunk_is_for_those_who_asked() {
    let scene = Scene::start();
    let priced = USAGE.replace("}}", r#"},"keyway":{"cost_usd":0.0014}}"#);
    for line_end in ["\n", "\r\n"] {
        let text = sse(&[ROLE, TEXT, STOP, USAGE, "[DONE]"], line_end);
        assert_streams(&scene, HI_STREAM, &text, &sse(&[ROLE, TEXT, STOP, "[DONE]"], line_end));
        let begin = sse(&[ROLE, TEXT, STOP], line_end);
        let end = sse(&["[DONE]"], line_end);
        assert_streams(&scene, HI_STREAM_USAGE, &text, &format!("{begin}{}{end}", sse(&[&priced], "\n")));
    }
    // The provider says no [DONE] after it.
    let text = sse(&[TEXT, STOP, USAGE], "\n");
    assert_streams(&scene, HI_STREAM, &text, &sse(&[TEXT, STOP], "\n"));
    assert_streams(&scene, HI_STREAM_USAGE, &text, &sse(&[TEXT, STOP, &priced], "\n"));
}

#[test]
fn a_stream_is_metered_by_what_its_provider_reports() {
    let scene = Scene::start();
    let streams = [
        (sse(&[TEXT, STOP, USAGE, "[DONE]"], "\n"), 1000, 0, 200, "reported"),
        (sse(&[TEXT, STOP_USAGE, "[DONE]"], "\n"), 600, 400, 200, "reported"),
        (sse(&[TEXT, STOP_USAGE], "\n"), 600, 400, 200, "reported"),
    ];
    for (count, (text, uncached, cached, out, origin)) in (1..).zip(streams) {
        assert_eq!(scene.streamed(pieces(&text, 50)).status, 200);
        let entry = scene.log(count)[0].clone();
        let usage = &entry["usage"];
        assert_eq!(usage["in_uncached"], uncached, "{entry}");
        assert_eq!(usage["cache_read"], cached, "{entry}");
        assert_eq!(usage["out_text"], out, "{entry}");
        assert_eq!((&entry["usage_origin"], &entry["stream"]), (&json!(origin), &json!(true)));
    }
    assert_eq!(scene.streamed(pieces(&sse(&[TEXT, STOP, "[DONE]"], "\n"), 50)).status, 200);
    assert_eq!(scene.log(4)[0]["usage_origin"], "estimated");
}

#[test]
fn events_arrive_while_the_provider_still_thinks() {
    let scene = Scene::start();
    let first = sse(&[ROLE], "\n");
    scene.upstream.push(Answer::events(vec![Step::Send(first.clone().into_bytes()), Step::Stall]));
    let body = serde_json::from_str(HI_STREAM).unwrap();
    let (head, mut connection) = scene.keyway.stream(crate::scene::CHAT, &scene.key, &body);
    assert_eq!((head.status, head.header("x-keyway-provider")), (200, Some("mine")));
    assert_eq!(head.header("x-keyway-cost-usd"), None);
    assert_eq!(connection.event().unwrap().as_deref(), Some(first.trim_end()));
}

#[test]
fn the_scripted_providers_stream_is_what_the_client_gets() {
    let scene = Scene::start();
    let usage = Usage { prompt: 1000, completion: 200, cached: 400 };
    for answer in [Answer::ok(), Answer::ok().deepseek(), Answer::ok().keep_alives()] {
        scene.upstream.push(answer.usage(usage));
        let text = scene.chat(HI_STREAM_USAGE).expect_status(200).text();
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        assert_eq!(text.matches("[DONE]").count(), 1);
    }
    assert!(scene.log(3).iter().all(|entry| entry["cost_usd"] == json!(0.00104)));
}
