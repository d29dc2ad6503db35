//! Bedrock's Converse: its shape, its frames and its failures, before clients of every dialect.

use crate::scene::{PROVIDER_SECRET, Scene};
use dialect::bedrock::frame::write;
use testkit::{Answer, Upstream, json};

fn scene() -> Scene {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let rows = format!(
        "[providers.rock]\nbase_url = {{ bedrock-converse = \"http://{}\" }}\nspeaks = [\"bedrock-converse\"]\n\
         auth = \"sigv4\"\nregion = \"eu-west-1\"\ncredential = \"env:KEYS\"\n\
         [models.\"rock/nova\"]\nupstream = \"eu.nova-v1:0\"\nprice = {{ input = 1.0, output = 2.0 }}\n",
        upstream.address()
    );
    Scene::around_with(upstream, &base, &rows, &[("KEYS", &format!("AKIDEXAMPLE:{PROVIDER_SECRET}"))])
}

const FRAMES: [(&str, &str); 5] = [
    ("messageStart", r#"{"role":"assistant"}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"hello"}}"#),
    ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
    ("messageStop", r#"{"stopReason":"end_turn"}"#),
    ("metadata", r#"{"usage":{"inputTokens":1000,"outputTokens":500,"totalTokens":1500}}"#),
];

fn frames() -> Vec<u8> {
    FRAMES.iter().flat_map(|(kind, payload)| write("event", kind, payload.as_bytes())).collect()
}

fn streamed(bytes: Vec<u8>) -> Answer {
    Answer::bytes(200, "application/vnd.amazon.eventstream", bytes)
}

#[test]
fn finished_answers_for_clients_of_two_dialects() {
    let scene = scene();
    let said = json!({"output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}},
        "stopReason": "end_turn", "usage": {"inputTokens": 1000, "outputTokens": 500, "totalTokens": 1500}});
    scene.upstream.always(move |_| Answer::json(200, &said));
    let messages = json!([{"role": "user", "content": "hi"}]);
    let asked =
        json!({"model": "rock/nova", "max_tokens": 9, "messages": messages, "metadata": {"user_id": "u"}});
    let told = scene.keyway.post_json("/v1/messages", &scene.key, &asked).expect_status(200);
    let message = told.json();
    assert_eq!(message["content"], json!([{"type": "text", "text": "hello"}]));
    assert_eq!(
        (&message["stop_reason"], &message["usage"]["input_tokens"]),
        (&json!("end_turn"), &json!(1000))
    );
    assert_eq!(
        (told.header("x-keyway-cost-usd"), told.header("x-keyway-losses")),
        (Some("0.002"), Some("metadata;unsupported"))
    );
    let sent = scene.upstream.last();
    assert_eq!(sent.path, "/model/eu.nova-v1%3A0/converse");
    assert!(sent.header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 "));
    assert_eq!(
        sent.json(),
        json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}], "inferenceConfig": {"maxTokens": 9}})
    );
    let asked = json!({"model": "rock/nova", "max_tokens": 9, "messages": messages, "temperature": 0.5});
    let told = scene.keyway.post_json("/v1/chat/completions", &scene.key, &asked).expect_status(200).json();
    assert_eq!(told["choices"][0]["message"]["content"], "hello");
    assert_eq!(scene.upstream.last().json()["inferenceConfig"], json!({"maxTokens": 9, "temperature": 0.5}));
}

#[test]
fn streams_for_clients_of_two_dialects() {
    let scene = scene();
    let messages = json!([{"role": "user", "content": "hi"}]);
    scene.upstream.push(streamed(frames()));
    let asked = json!({"model": "rock/nova", "stream": true, "stream_options": {"include_usage": true}, "messages": messages});
    let told = scene.keyway.post_json("/v1/chat/completions", &scene.key, &asked).expect_status(200).text();
    assert!(told.contains("\"content\":\"hello\"") && told.ends_with("data: [DONE]\n\n"), "{told}");
    assert!(told.contains("\"prompt_tokens\":1000"), "{told}");
    assert_eq!(scene.upstream.last().path, "/model/eu.nova-v1%3A0/converse-stream");
    scene.upstream.push(streamed(frames()));
    let asked = json!({"model": "rock/nova", "max_tokens": 9, "stream": true, "messages": messages});
    let told = scene.keyway.post_json("/v1/messages", &scene.key, &asked).expect_status(200).text();
    assert!(told.contains("\"text\":\"hello\"") && told.contains("event: message_stop"), "{told}");
    let entry = &scene.log(2)[0];
    assert_eq!((&entry["cost_usd"], &entry["usage_origin"]), (&json!(0.002), &json!("reported")));
}

#[test]
fn what_fails_is_told_in_the_clients_words() {
    let scene = scene();
    let asked =
        json!({"model": "rock/nova", "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let ask = || scene.keyway.post_json("/v1/chat/completions", &scene.key, &asked);
    scene.upstream.push(Answer::json(400, &json!({"message": "The model does not take this."})));
    let refused = ask();
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("does not take this"), "{}", refused.text());
    scene.upstream.push(streamed(write("exception", "throttlingException", br#"{"message":"slow down"}"#)));
    assert_eq!(ask().status, 429);
    let mut broken = frames();
    broken[40] ^= 1;
    scene.upstream.push(streamed(broken));
    assert_eq!(ask().status, 502);
    let mut half = frames();
    half.truncate(half.len() - 200);
    scene.upstream.push(streamed(half));
    let cut = ask().expect_status(200).text();
    assert!(cut.contains("upstream_error") && !cut.contains("[DONE]"), "{cut}");
}
