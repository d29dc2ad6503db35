//! `GET /v1/models/{id}`: one model by any of its names; and names that providers have retired.

use crate::scene::{CHAT, Scene, assert_error};
use testkit::{Keyway, Upstream, json};

#[test]
fn a_model_is_shown_by_any_of_its_names() {
    let scene = Scene::start();
    let whole = scene.keyway.get("/v1/models", &scene.key).json();
    let listed = whole["data"].as_array().unwrap().iter().find(|model| model["id"] == "mine/small").unwrap();
    let names = ["mine/small", "mine%2Fsmall", "mine%2fsmall", "m%69ne/small", "small", "sm%61ll"];
    for name in names {
        for prefix in ["/v1/models/", "/models/", "/openai/v1/models/"] {
            let shown = scene.keyway.get(&format!("{prefix}{name}"), &scene.key);
            assert_eq!(shown.status, 200, "{prefix}{name}: {}", shown.text());
            assert_eq!(&shown.json(), listed, "{prefix}{name}");
        }
    }
    assert_eq!(scene.upstream.count(), 0, "answered from memory");
}

#[test]
fn what_is_not_a_model_is_not_found() {
    let scene = Scene::start();
    for name in [
        "none",
        "mine/none",
        "mine/small/",
        "mine//small",
        "/mine/small",
        "mine%252Fsmall",
        "..%2fmodels",
        "mine",
        "%20",
    ] {
        let answer = scene.keyway.get(&format!("/v1/models/{name}"), &scene.key);
        assert_error(name, &answer, 404, "model_not_found");
    }
    for name in ["%ff", "%", "%zz", ""] {
        let answer = scene.keyway.get(&format!("/v1/models/{name}"), &scene.key);
        assert_error(name, &answer, 404, "not_found");
    }
    let made = scene.keyway.json(&["key", "create", "--name", "k", "--test"]);
    let answer = scene.keyway.get("/v1/models/mine/small", made["value"].as_str().unwrap());
    assert_error("a test key", &answer, 403, "model_not_allowed");
}

#[test]
fn a_retired_name_is_served_by_its_successor() {
    let upstream = Upstream::start();
    let keyway = Keyway::builder(env!("CARGO_BIN_EXE_keyway"))
        .provider("deepseek", &upstream.base_url(), "sk-upstream-deepseek-1234567890")
        .start();
    let (_, key) = keyway.make_key("k");
    let table = [
        ("deepseek-chat", json!({"type": "disabled"}), true),
        ("deepseek-reasoner", json!({"type": "enabled"}), true),
        ("deepseek-coder", json!(null), true),
        ("deepseek/deepseek-chat", json!({"type": "disabled"}), true),
        ("deepseek-flash", json!(null), false),
    ];
    for (name, thinking, noticed) in table {
        let body =
            json!({"model": name, "temperature": 1.0, "messages": [{"role": "system", "content": "s"}]});
        let answer = keyway.post_json(CHAT, &key, &body);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let sent = upstream.last().json();
        assert_eq!((&sent["model"], &sent["thinking"]), (&json!("deepseek-flash"), &thinking), "{name}");
        assert_eq!(sent["messages"], body["messages"]);
        assert_eq!(answer.header("x-keyway-model"), Some("deepseek/deepseek-flash"));
        let notice = answer.header("x-keyway-notice");
        assert_eq!(notice.is_some_and(|notice| notice.contains("retired")), noticed, "{name}: {notice:?}");
        assert_eq!(keyway.get(&format!("/v1/models/{name}"), &key).json()["id"], "deepseek/deepseek-flash");
    }
    // What the client says about thinking itself is kept.
    let body = json!({"model": "deepseek-chat", "thinking": {"type": "enabled"}, "messages": []});
    assert_eq!(keyway.post_json(CHAT, &key, &body).status, 200);
    assert_eq!(upstream.last().json()["thinking"], json!({"type": "enabled"}));
}
