//! Budgets in every dialect: what is reserved is told as a cap where the provider reads it, and a stream that
//! the money ends has a length stop that says why, in the words of its dialect.

use super::{INPUT, OUTPUT, key_with, posted};
use crate::stage::{self, MODEL, Scene, nanousd, text};
use testkit::upstream::Step;
use testkit::{Answer, Keyway, Response, Upstream, Value, eventually, json};

/// Longest answer of the models here, tokens.
const LONGEST: u64 = 300;

/// A provider for each dialect, and a model there: `ant/m`, `res/m`, `gem/m`; `mine/small` speaks chat.
fn scene(upstream: &Upstream) -> Scene {
    let base = upstream.base_url();
    let mut rows = String::new();
    for (name, dialect) in [("ant", "anthropic-messages"), ("res", "openai-responses"), ("gem", "gemini")] {
        rows.push_str(&format!(
            "[providers.{name}]\nbase_url = {{ {dialect} = \"{base}\" }}\nspeaks = [\"{dialect}\"]\n\
             auth = \"none\"\n[models.\"{name}/m\"]\ncontext_tokens = 128000\noutput_tokens_max = {LONGEST}\n\
             price = {{ input = 0.50, output = 1.50 }}\n[models.\"{name}/long\"]\ncontext_tokens = 128000\n\
             output_tokens_max = 64000\nprice = {{ input = 0.50, output = 1.50 }}\n"
        ));
    }
    Scene::start(stage::builder(upstream).config(&rows).env("KEYWAY_WORKERS", "1"))
}

/// Asks at a path, with a wish for the budget's mode.
fn ask(keyway: &Keyway, key: &str, path: &str, mode: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
        ("x-keyway-budget-mode", mode),
    ];
    keyway.request("POST", path, &headers, body.to_string().as_bytes())
}

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hi"}]})
}

fn message(model: &str) -> Value {
    json!({"model": model, "max_tokens": 60_000, "messages": [{"role": "user", "content": "hi"}]})
}

fn response(model: &str) -> Value {
    json!({"model": model, "input": "hi"})
}

fn contents() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
}

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";

/// A request at a path, and where its provider reads the cap.
fn table(model: &str) -> Vec<(String, Value, &'static str)> {
    let gemini = |name: &str| format!("/v1beta/models/{name}/{model}:generateContent");
    vec![
        (MESSAGES.to_owned(), message(&format!("ant/{model}")), "/max_tokens"),
        (RESPONSES.to_owned(), response(&format!("res/{model}")), "/max_output_tokens"),
        (gemini("gem"), contents(), "/generationConfig/maxOutputTokens"),
        // Told anew in another dialect.
        (CHAT.to_owned(), chat(&format!("ant/{model}")), "/max_tokens"),
        (CHAT.to_owned(), chat(&format!("res/{model}")), "/max_output_tokens"),
        (MESSAGES.to_owned(), message(&format!("gem/{model}")), "/generationConfig/maxOutputTokens"),
        (gemini("ant"), contents(), "/max_tokens"),
    ]
}

#[test]
fn what_is_reserved_is_told_as_a_cap_in_every_dialect() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key_with(&scene, 1_000_000_000, &json!({}));
    for (path, body, place) in table("m") {
        ask(&scene.keyway, &key, &path, "refuse", &body);
        let told = upstream.last().json();
        assert_eq!(told.pointer(place), Some(&json!(LONGEST)), "{path} {body}: {told}");
    }
    // Without a budget nothing is added to what the client says.
    let (_, free) = scene.make_key();
    for (path, body, place) in table("m").into_iter().take(3) {
        ask(&scene.keyway, &free, &path, "refuse", &body);
        let told = upstream.last().json();
        assert_ne!(told.pointer(place), Some(&json!(LONGEST)), "{path}: {told}");
    }
}

#[test]
fn a_clamped_request_gets_what_the_money_is_enough_for_in_every_dialect() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    for (path, body, place) in table("long") {
        let (_, key) = key_with(&scene, 1_000_000, &json!({}));
        let refused = ask(&scene.keyway, &key, &path, "refuse", &body);
        assert_eq!(refused.status, 402, "{path}: {}", refused.text());
        let sent = upstream.count();
        ask(&scene.keyway, &key, &path, "clamp", &body);
        assert_eq!(upstream.count(), sent + 1, "{path} {body}");
        let fits = (1_000_000 - body.to_string().len() as i64 * INPUT) / OUTPUT;
        let told = upstream.last().json();
        assert_eq!(told.pointer(place), Some(&json!(fits)), "{path} {body}: {told}");
    }
    // The body may say it as well.
    let (_, key) = key_with(&scene, 1_000_000, &json!({}));
    let mut body = chat("mine/small");
    body["keyway"] = json!({"budget_mode": "clamp"});
    let answer = scene.keyway.post_json(CHAT, &key, &body).expect_status(200);
    assert_eq!(answer.status, 200);
    body["keyway"] = json!({"budget_mode": "perhaps"});
    scene.keyway.post_json(CHAT, &key, &body).expect_status(400);
}

fn event(data: &Value) -> Vec<u8> {
    let name = data["type"].as_str().map_or_else(String::new, |name| format!("event: {name}\n"));
    format!("{name}data: {data}\n\n").into_bytes()
}

/// A stream that says one word after the other and never ends.
fn runaway(first: &[Value], word: &Value) -> Answer {
    let mut steps: Vec<Step> = first.iter().map(|data| Step::Send(event(data))).collect();
    steps.extend((0..6_000).map(|_| Step::Send(event(word))));
    steps.push(Step::Stall);
    Answer::events(steps)
}

fn of_anthropic() -> Answer {
    let message = json!({"id": "msg_native", "type": "message", "role": "assistant", "model": "m",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 3, "output_tokens": 1}});
    let first = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let word = json!({"type": "content_block_delta", "index": 0,
        "delta": {"type": "text_delta", "text": "word "}});
    runaway(&first, &word)
}

fn of_responses() -> Answer {
    let begun = json!({"id": "resp_native", "object": "response", "created_at": 1, "status": "in_progress",
        "model": "m", "output": []});
    let item = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress",
        "content": []});
    let first = [
        json!({"type": "response.created", "sequence_number": 0, "response": begun}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item}),
        json!({"type": "response.content_part.added", "sequence_number": 2, "item_id": "msg_1",
            "output_index": 0, "content_index": 0, "part": {"type": "output_text", "text": "",
            "annotations": []}}),
    ];
    let word = json!({"type": "response.output_text.delta", "sequence_number": 3, "item_id": "msg_1",
        "output_index": 0, "content_index": 0, "delta": "word "});
    runaway(&first, &word)
}

fn of_gemini() -> Answer {
    let word = json!({"candidates": [{"content": {"parts": [{"text": "word "}], "role": "model"},
        "index": 0}], "modelVersion": "m", "responseId": "r"});
    runaway(&[], &word)
}

fn of_chat() -> Answer {
    let word = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": null}]});
    runaway(&[], &word)
}

/// The data of every event, in order.
fn events(answer: &Response) -> Vec<Value> {
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

/// Asks for a stream that the money ends; its events.
fn cut_at(scene: &Scene, upstream: &Upstream, path: &str, body: &Value, answer: Answer) -> Vec<Value> {
    let limit = 3_000 * OUTPUT;
    let (budget, key) = key_with(scene, limit, &json!({}));
    let known = scene.requests().len();
    upstream.push(answer);
    let answer = ask(&scene.keyway, &key, path, "refuse", body).expect_status(200);
    let link = upstream.links().last().expect("a connection").number;
    let closed = upstream.closed_by_peer(link, std::time::Duration::from_secs(5));
    assert!(closed.is_some(), "{path}: the provider is let go");
    let rows = eventually("a line", || Some(scene.requests()).filter(|rows| rows.len() > known));
    let cost = nanousd(&rows[0]["cost_usd"]);
    assert_eq!(rows[0]["status"], 200, "{path}: {}", rows[0]);
    posted(&scene.keyway, &budget, cost);
    let said = answer.text();
    let words = said.matches("\"word \"").count() as i64;
    assert!(cost <= limit && cost >= words * OUTPUT && words > 500, "{path}: {cost} for {words}");
    assert!(!said.contains("\"error\":{"), "{path}: no error is told: {}", &said[said.len() - 900..]);
    let told: Vec<Value> = events(&answer);
    let notices: Vec<&Value> = told
        .iter()
        .filter_map(|event| {
            event.pointer("/keyway/notice").or_else(|| event.pointer("/response/keyway/notice"))
        })
        .collect();
    assert_eq!(notices.len(), 1, "{path}: {:?}", told.last());
    assert_eq!(notices[0]["code"], "insufficient_quota", "{path}");
    assert!(text(&notices[0]["message"]).contains(&budget), "{path}: {}", notices[0]);
    told
}

/// As Anthropic ends an answer that has met its cap.
fn expect_anthropics_end(told: &[Value]) {
    let [.., close, delta, stop] = told else { panic!("{told:?}") };
    assert_eq!((&close["type"], &close["index"]), (&json!("content_block_stop"), &json!(0)));
    assert_eq!(
        (&delta["type"], &delta["delta"]["stop_reason"]),
        (&json!("message_delta"), &json!("max_tokens"))
    );
    assert!(delta["usage"]["output_tokens"].as_i64() > Some(400), "{delta}");
    assert_eq!(stop["type"], "message_stop");
}

#[test]
fn a_stream_that_the_money_ends_has_the_length_stop_of_its_dialect() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let streamed = |mut body: Value| {
        body["stream"] = json!(true);
        body
    };
    let told = cut_at(&scene, &upstream, MESSAGES, &streamed(message("ant/long")), of_anthropic());
    expect_anthropics_end(&told);
    let told = cut_at(&scene, &upstream, MESSAGES, &streamed(message(MODEL)), of_chat());
    expect_anthropics_end(&told);
    for (model, answer) in [("res/long", of_responses()), (MODEL, of_chat())] {
        let told = cut_at(&scene, &upstream, RESPONSES, &streamed(response(model)), answer);
        let last = told.last().expect("an event");
        assert_eq!(last["type"], "response.incomplete", "{model}: {last}");
        let response = &last["response"];
        assert_eq!(response["incomplete_details"], json!({"reason": "max_output_tokens"}), "{model}");
        assert_eq!((&response["status"], &response["object"]), (&json!("incomplete"), &json!("response")));
        let said = text(&response["output"][0]["content"][0]["text"]);
        assert!(said.starts_with("word word ") && said.len() > 2_500, "{model}: {} bytes", said.len());
        assert_eq!(response["id"] == "resp_native", model != MODEL, "{model}: {}", response["id"]);
    }
    for model in ["gem/long", MODEL] {
        let path = format!("/v1beta/models/{model}:streamGenerateContent?alt=sse");
        let answer = if model == MODEL { of_chat() } else { of_gemini() };
        let told = cut_at(&scene, &upstream, &path, &contents(), answer);
        let last = told.last().expect("a chunk");
        assert_eq!(last["candidates"][0]["finishReason"], "MAX_TOKENS", "{model}: {last}");
        assert!(last["usageMetadata"]["candidatesTokenCount"].as_i64() > Some(400), "{model}: {last}");
        assert_eq!(last["responseId"] == "r", model != MODEL, "{model}: {last}");
    }
    let told = cut_at(&scene, &upstream, CHAT, &streamed(chat("ant/long")), of_anthropic());
    assert_eq!(told.last().expect("a chunk")["choices"][0]["finish_reason"], "length");
    let word = json!({"id": "c", "object": "text_completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "text": "word ", "logprobs": null, "finish_reason": null}]});
    let asked = json!({"model": MODEL, "prompt": "hi", "stream": true});
    let told = cut_at(&scene, &upstream, "/v1/completions", &asked, runaway(&[], &word));
    let last = told.last().expect("a chunk");
    assert_eq!((&last["object"], &last["choices"][0]["text"]), (&json!("text_completion"), &json!("")));
}
