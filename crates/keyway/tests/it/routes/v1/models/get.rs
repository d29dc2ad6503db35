//! `GET /v1/models`: what this key may call.

use crate::scene::{Scene, assert_error};
use testkit::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    data.iter().filter_map(|model| model["id"].as_str()).collect()
}

#[test]
fn it_lists_what_the_key_may_call() {
    let scene = Scene::start();
    let make = |arguments: &[&str]| {
        let made = scene.keyway.json(&[&["key", "create", "--name", "k"], arguments].concat());
        made["value"].as_str().unwrap().to_owned()
    };
    let all = ["mine/small", "sandbox/echo", "sandbox/error", "sandbox/slow"];
    let table = [
        (scene.key.clone(), &all[..]),
        (make(&["--model", "mine/*"]), &all[..1]),
        (make(&["--model", "sandbox/echo", "small"]), &all[..2]),
        (make(&["--test"]), &all[1..]),
        (make(&["--model", "none"]), &[]),
    ];
    for (key, expected) in table {
        for path in ["/v1/models", "/models", "/openai/v1/models"] {
            let list = scene.keyway.get(path, &key).expect_status(200).json();
            let mut listed = ids(&list);
            listed.sort_unstable();
            assert_eq!((listed.as_slice(), &list["object"]), (expected, &json!("list")), "{path}");
        }
    }
    assert_eq!(scene.upstream.count(), 0, "answered from memory");
}

#[test]
fn a_model_has_the_fields_clients_read() {
    let scene = Scene::start();
    let list = scene.keyway.get("/v1/models", &scene.key).expect_status(200).json();
    for model in list["data"].as_array().unwrap() {
        assert_eq!(model["object"], "model");
        assert!(model["created"].is_i64() && model["owned_by"].is_string(), "{model}");
    }
    let mine = list["data"].as_array().unwrap().iter().find(|model| model["id"] == "mine/small").unwrap();
    assert_eq!((&mine["owned_by"], &mine["context_length"]), (&json!("mine"), &json!(128_000)));
}

#[test]
fn it_takes_a_key_in_any_field() {
    let scene = Scene::start();
    assert_error("absent", &scene.keyway.get("/v1/models", ""), 401, "invalid_api_key");
    for path in ["/v1/models", "/v1/models/mine/small"] {
        let answer = scene.keyway.request("GET", path, &[("x-api-key", &scene.key)], b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn three_vendors_clients_get_three_shapes() {
    let scene = crate::scene::Scene::start();
    let get = |path: &str, headers: &[(&str, &str)]| {
        scene.keyway.request("GET", path, headers, b"").expect_status(200).json()
    };
    let (bearer, key) = (format!("Bearer {}", scene.key), scene.key.as_str());
    let anthropic = [("authorization", bearer.as_str()), ("anthropic-version", "2026-10-21")];
    let list = get("/v1/models", &anthropic);
    let model = list["data"].as_array().unwrap().iter().find(|model| model["id"] == "mine/small").unwrap();
    assert_eq!((&model["type"], &model["max_tokens"]), (&testkit::json!("model"), &testkit::json!(8192)));
    assert_eq!((&list["has_more"], &list["first_id"]), (&testkit::json!(false), &list["data"][0]["id"]));
    assert_eq!(get("/v1/models/mine/small", &anthropic)["type"], "model");
    for (path, headers) in [
        ("/v1beta/models", [("authorization", bearer.as_str())]),
        ("/v1beta/models", [("x-goog-api-key", key)]),
        ("/v1/models", [("x-goog-api-key", key)]),
    ] {
        let list = get(path, &headers);
        let models = list["models"].as_array().unwrap();
        let model = models.iter().find(|model| model["name"] == "models/mine/small").unwrap();
        assert_eq!(model["outputTokenLimit"], 8192, "{path}");
        assert_eq!(get(&format!("{path}/mine/small"), &headers)["name"], "models/mine/small");
    }
    assert_eq!(get("/v1/models", &[("authorization", bearer.as_str())])["object"], "list");
    let unknown = scene.keyway.request("GET", "/v1beta/models/none", &[("x-goog-api-key", key)], b"");
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "model_not_found"));
    assert_eq!(unknown.json()["error"]["status"], "NOT_FOUND");
}
