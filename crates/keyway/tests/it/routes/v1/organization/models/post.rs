//! GET, POST and DELETE `/v1/organization/models[/{id}]`

use crate::stage::{MODEL, Scene, builder, hello};
use testkit::{Upstream, Value, json};

const MODELS: &str = "/v1/organization/models";

fn ask(model: &str) -> Value {
    let mut body = hello(false);
    body["model"] = json!(model);
    body
}

#[test]
fn a_model_is_there_from_the_moment_the_call_returns_and_until_it_is_deleted() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let (_, key) = scene.make_key();
    let chat = |model: &str| scene.keyway.post_json("/v1/chat/completions", &key, &ask(model));
    chat("mine/added").expect_status(404);
    let row = json!({"id": "mine/added", "upstream": "added-v1", "context_tokens": 4096, "tools": true});
    let made = scene.post(MODELS, &row).expect_status(200).json();
    assert_eq!((&made["source"], &made["upstream"]), (&json!("stored"), &json!("added-v1")));
    chat("mine/added").expect_status(200);
    assert_eq!(upstream.last().json()["model"], "added-v1");
    let shown = scene.get_json(&format!("{MODELS}/mine/added"));
    assert_eq!((&shown["context_tokens"], &shown["tools"]), (&json!(4096), &json!(true)));
    assert_eq!((&shown["price"], &shown["prices"]), (&json!(null), &json!([])), "unpriced, not free");
    assert_eq!(scene.get_json(&format!("{MODELS}/mine%2Fadded")), shown);
    let page = scene.get_json(&format!("{MODELS}?limit=1"));
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&json!("mine/added"), &json!(true)));
    let next = scene.get_json(&format!("{MODELS}?after=mine/added"));
    assert_eq!(next["data"][0]["id"], MODEL);
    scene.delete(&format!("{MODELS}/mine/added")).expect_status(200);
    chat("mine/added").expect_status(404);
    scene.delete(&format!("{MODELS}/mine/added")).expect_status(404);
    scene.get(&format!("{MODELS}/mine/added")).expect_status(404);
}

#[test]
fn what_makes_no_row_is_refused_and_the_file_is_not_overruled() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let table = [
        (json!({}), 400),
        (json!({"id": "nobody/x"}), 400),
        (json!({"id": "mine/../x"}), 400),
        (json!({"id": "mine/x", "context_tokens": 0}), 400),
        (json!({"id": "mine/x", "upstream": "a b"}), 400),
        (json!({"id": "mine/x\" }\n[providers.evil]", "upstream": "a"}), 400),
        (json!({"id": "mine/x", "upstream": "a\", tools = true, kind = \"chat"}), 400),
        (json!({"id": "mine/x", "colour": 1}), 400),
        (json!({"id": MODEL}), 409),
    ];
    for (body, status) in table {
        let answer = scene.post(MODELS, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
}
