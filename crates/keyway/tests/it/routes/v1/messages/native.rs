//! Anthropic's clients before a provider that speaks their dialect too: nothing is translated.

use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::upstream::Step;
use testkit::{Answer, Upstream, json};

const PATH: &str = "/v1/messages?beta=true";
const HI: &str = r#"{"model":"native/claude","max_tokens":9,"top_k":4.0,"context_management":{"x":[1,2]},"messages":[{"role":"user","content":"hi"}]}"#;

fn scene() -> Scene {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let row = format!(
        "[providers.native]\nbase_url = {{ anthropic-messages = \"{base}\" }}\nspeaks = [\"anthropic-messages\"]\n\
         auth = \"x-api-key\"\ncredential = \"env:MINE_CREDENTIAL\"\n[models.\"native/claude\"]\n\
         price = {{ input = 1.0, output = 2.0, cache_read = 0.1 }}\n"
    );
    Scene::around(upstream, &base, PROVIDER_SECRET, &row)
}

fn ask(scene: &Scene, body: &str) -> testkit::Response {
    let bearer = format!("Bearer {}", scene.key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "context-management-2025-06-27,x"),
        ("x-claude-code-session-id", "s"),
    ];
    scene.keyway.request("POST", PATH, &headers, body.as_bytes())
}

#[test]
fn a_whole_answer_goes_through_byte_for_byte() {
    let scene = scene();
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 600, "cache_read_input_tokens": 400, "cache_creation_input_tokens": 0,
            "output_tokens": 200}});
    scene.upstream.push(Answer::json(200, &message));
    let answer = ask(&scene, HI).expect_status(200);
    assert_eq!(answer.text(), message.to_string());
    assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.00104"));
    let sent = scene.upstream.last();
    assert_eq!(sent.path, "/v1/messages");
    assert_eq!(String::from_utf8_lossy(&sent.body), HI.replace("native/claude", "claude"));
    assert_eq!(sent.header("x-api-key"), Some(PROVIDER_SECRET));
    assert_eq!(sent.header("anthropic-version"), Some("2026-10-21"));
    assert_eq!(sent.header("anthropic-beta"), Some("context-management-2025-06-27,x"));
    assert_eq!((sent.header("authorization"), sent.header("x-claude-code-session-id")), (None, None));
}

#[test]
fn a_stream_goes_through_byte_for_byte_and_is_booked() {
    let scene = scene();
    let frames = [
        r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}"#,
        r#"event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        "event: ping\ndata: {\"type\": \"ping\"}",
        r#"event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#,
        r#"event: content_block_stop
data: {"type":"content_block_stop","index":0}"#,
        r#"event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":12}}"#,
        r#"event: message_stop
data: {"type":"message_stop"}"#,
    ];
    let text: String = frames.iter().map(|frame| format!("{frame}\n\n")).collect();
    scene.upstream.push(Answer::events(vec![Step::Send(text.clone().into_bytes())]));
    let body = HI.replace("\"max_tokens\":9", "\"max_tokens\":9,\"stream\":true");
    let answer = ask(&scene, &body).expect_status(200);
    assert_eq!(answer.text(), text);
    let entry = &scene.log(1)[0];
    assert_eq!(
        (&entry["usage"]["in_uncached"], &entry["usage"]["out_text"], &entry["usage_origin"]),
        (&json!(9), &json!(12), &json!("reported"))
    );
    // Cut: told in Anthropic's words.
    let cut: String = frames[..4].iter().map(|frame| format!("{frame}\n\n")).collect();
    scene.upstream.push(Answer::events(vec![Step::Send(cut.clone().into_bytes()), Step::Close]));
    let answer = ask(&scene, &body).expect_status(200).text();
    let rest = answer.strip_prefix(&cut).unwrap_or_else(|| panic!("{answer}"));
    assert!(rest.starts_with("event: error\ndata: {") && rest.contains("upstream_error"), "{rest}");
}

#[test]
fn openai_clients_reach_it_as_well() {
    let scene = scene();
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": "Hello"}], "stop_reason": "max_tokens", "stop_sequence": null,
        "usage": {"input_tokens": 9, "output_tokens": 2}});
    scene.upstream.push(Answer::json(200, &message));
    let answer = scene
        .chat(r#"{"model":"native/claude","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}]}"#)
        .expect_status(200)
        .json();
    assert_eq!(
        (&answer["choices"][0]["message"]["content"], &answer["choices"][0]["finish_reason"]),
        (&json!("Hello"), &json!("length"))
    );
    assert_eq!(answer["usage"]["total_tokens"], 11);
    let sent = scene.upstream.last();
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert!(sent.json()["max_tokens"].is_u64());
    assert_eq!(
        sent.json()["messages"],
        json!([{"role": "user", "content": [{"type": "text", "text": "hi"}]}])
    );
}

#[test]
fn a_model_that_does_not_speak_all_its_provider_speaks_is_asked_in_what_it_does() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let row = format!(
        "[providers.both]\nbase_url = {{ anthropic-messages = \"{base}\", openai-chat = \"{base}\" }}\n\
         speaks = [\"anthropic-messages\", \"openai-chat\"]\ncredential = \"env:MINE_CREDENTIAL\"\n\
         [models.\"both/chats\"]\nspeaks = [\"openai-chat\"]\n[models.\"both/all\"]\n"
    );
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, &row);
    for (model, path) in [("both/chats", "/v1/chat/completions"), ("both/all", "/v1/messages")] {
        let _ = ask(&scene, &HI.replace("native/claude", model));
        assert_eq!(scene.upstream.last().path, path, "{model}");
    }
}
