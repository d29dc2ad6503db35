//! What a project wants of its requests, in every dialect, passed on and translated.

use crate::stage::{self, MODEL, Scene};
use testkit::{Answer, Response, Upstream, Usage, Value, eventually, json};

/// A server whose default project has this policy; a key of it.
fn with(upstream: &Upstream, policy: &Value) -> (Scene, String) {
    let scene = Scene::start(stage::builder(upstream));
    scene.post(&format!("{}/policy", scene.project_path), policy).expect_status(200);
    let (_, key) = scene.make_key();
    (scene, key)
}

/// A question in each dialect, with these members where the dialect has its parameters.
fn questions(more: &[(&str, &str, Value)]) -> Vec<(String, Value)> {
    let say = json!([{"role": "user", "content": "Hello"}]);
    let mut all = [
        ("/v1/chat/completions".to_owned(), json!({"model": MODEL, "messages": say})),
        ("/v1/messages".to_owned(), json!({"model": MODEL, "max_tokens": 20, "messages": say})),
        ("/v1/responses".to_owned(), json!({"model": MODEL, "input": "Hello"})),
        (
            format!("/v1beta/models/{MODEL}:generateContent"),
            json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}], "generationConfig": {}}),
        ),
    ];
    for (name, google, value) in more {
        for (path, body) in &mut all {
            if path.contains("generateContent") {
                body["generationConfig"][*google] = value.clone();
            } else {
                body[*name] = value.clone();
            }
        }
    }
    all.into()
}

fn ask(scene: &Scene, key: &str, path: &str, body: &Value) -> Response {
    scene.keyway.post_json(path, key, body)
}

#[test]
fn what_is_forbidden_is_refused_in_every_dialect_and_reaches_nobody() {
    let upstream = Upstream::start();
    let (scene, key) = with(&upstream, &json!({"forbidden_parameters": ["top_p"]}));
    for (path, body) in questions(&[("top_p", "topP", json!(0.5))]) {
        let answer = ask(&scene, &key, &path, &body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "unsupported_parameter"), "{path}");
        assert!(answer.text().contains("top_p") || answer.text().contains("topP"), "{}", answer.text());
    }
    assert_eq!(upstream.count(), 0);
    for (path, body) in questions(&[]) {
        assert_eq!(ask(&scene, &key, &path, &body).status, 200, "{path}");
    }
}

#[test]
fn defaults_reach_the_provider_where_nothing_is_said() {
    let upstream = Upstream::start();
    let (scene, key) = with(&upstream, &json!({"default_parameters": {"temperature": 0.25}}));
    for (path, body) in questions(&[]) {
        assert_eq!(ask(&scene, &key, &path, &body).status, 200, "{path}");
        assert_eq!(upstream.last().json()["temperature"], json!(0.25), "{path}");
    }
    for (path, body) in questions(&[("temperature", "temperature", json!(0.75))]) {
        assert_eq!(ask(&scene, &key, &path, &body).status, 200, "{path}");
        assert_eq!(upstream.last().json()["temperature"], json!(0.75), "{path}");
    }
}

fn cap(upstream: &Upstream) -> Value {
    let sent = upstream.last().json();
    [&sent["max_completion_tokens"], &sent["max_tokens"]]
        .into_iter()
        .find(|cap| cap.is_number())
        .cloned()
        .unwrap_or_default()
}

#[test]
fn answers_are_held_to_their_limit() {
    let upstream = Upstream::start();
    let (scene, key) = with(&upstream, &json!({"output_tokens_max": 50}));
    for (path, body) in questions(&[]) {
        let expected = if path == "/v1/messages" { 20 } else { 50 };
        assert_eq!(ask(&scene, &key, &path, &body).status, 200, "{path}");
        assert_eq!(cap(&upstream), json!(expected), "{path}");
    }
    let sent = upstream.count();
    let longer =
        [("max_tokens", "maxOutputTokens", json!(51)), ("max_output_tokens", "maxOutputTokens", json!(51))];
    for (path, mut body) in questions(&longer) {
        body.as_object_mut().expect("an object").remove(match path.as_str() {
            "/v1/responses" => "max_tokens",
            _ => "max_output_tokens",
        });
        let answer = ask(&scene, &key, &path, &body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{path}");
        assert!(answer.text().contains("allows 50"), "{}", answer.text());
    }
    assert_eq!(upstream.count(), sent, "what is refused reaches nobody");
    scene.post(&format!("{}/policy", scene.project_path), &json!({"over_limit": "clamp"})).expect_status(200);
    let body = json!({"model": MODEL, "max_tokens": 51, "messages": [{"role": "user", "content": "hi"}]});
    let clamped = ask(&scene, &key, "/v1/chat/completions", &body).expect_status(200);
    assert_eq!(cap(&upstream), json!(50));
    assert!(clamped.header("x-keyway-notice").is_some_and(|notice| notice.contains("50 tokens")));
}

#[test]
fn prompts_are_held_to_their_limit() {
    let upstream = Upstream::start();
    let (scene, key) = with(&upstream, &json!({"input_tokens_max": 60}));
    let long = "word ".repeat(40);
    let turns = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": long}, {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "And now?"}]);
    let body = json!({"model": MODEL, "messages": turns});
    let refused = ask(&scene, &key, "/v1/chat/completions", &body);
    assert_eq!((refused.status, refused.code().as_str()), (400, "context_length_exceeded"));
    assert_eq!(upstream.count(), 0);
    scene.post(&format!("{}/policy", scene.project_path), &json!({"over_limit": "clamp"})).expect_status(200);
    let shorter = ask(&scene, &key, "/v1/chat/completions", &body).expect_status(200);
    assert!(shorter.header("x-keyway-notice").is_some_and(|notice| notice.contains("oldest turns")));
    let sent = upstream.last().json();
    assert_eq!(
        sent["messages"],
        json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "And now?"}])
    );
    let single = json!({"model": MODEL, "messages": [{"role": "user", "content": long.repeat(3)}]});
    assert_eq!(
        ask(&scene, &key, "/v1/chat/completions", &single).code(),
        "context_length_exceeded",
        "a single question is not cut in two"
    );
}

#[test]
fn another_model_is_asked_when_a_budget_is_nearly_spent() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(40, 10)));
    let row = "[models.\"mine/cheap\"]\nupstream = \"cheap-v1\"\nprice = { input = 0.05, output = 0.15 }\n";
    let scene = Scene::start(stage::builder(&upstream).config(row));
    let made = scene.create_key(&json!({"name": "spender"}));
    let (id, key) = (stage::text(&made["id"]), stage::text(&made["value"]));
    let policy = json!({"fallback_model": "mine/cheap", "fallback_at_percent": 80});
    scene.post(&format!("{}/policy", scene.key_path(&id)), &policy).expect_status(200);
    // A request for `mine/small` costs 35,000 nano-dollars.
    let budget = json!({"name": "b", "limit_usd": "0.00004", "window": "total", "enforcement": "soft",
        "selector": {"key": id}});
    scene.post("/v1/organization/budgets", &budget).expect_status(200);
    let first = scene.chat(&key).expect_status(200);
    assert_eq!((first.header("x-keyway-model"), first.header("x-keyway-notice")), (Some(MODEL), None));
    let later = eventually("the other model", || {
        let answer = scene.chat(&key).expect_status(200);
        answer.header("x-keyway-notice").is_some().then_some(answer)
    });
    assert_eq!(later.header("x-keyway-model"), Some("mine/cheap"));
    assert!(later.header("x-keyway-notice").is_some_and(|notice| notice.contains("mine/cheap")));
    assert_eq!(upstream.last().json()["model"], "cheap-v1");
}
