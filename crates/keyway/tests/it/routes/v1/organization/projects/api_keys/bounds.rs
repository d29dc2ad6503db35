//! What a key is bound to: times, rest, paths, addresses; and the labels it books on.

use super::super::super::refused;
use crate::database;
use crate::stage::{self, Scene, bare, hello, now_seconds, text};
use testkit::{Response, Upstream, Value, json};

fn echo() -> Value {
    json!({"model": "sandbox/echo", "messages": [{"role": "user", "content": "hi"}]})
}

fn chat(scene: &Scene, key: &str) -> Response {
    scene.keyway.post_json("/v1/chat/completions", key, &echo())
}

#[test]
fn before_its_time_a_key_does_not_work() {
    let scene = Scene::start(bare());
    let begins = now_seconds() + 3600;
    let made = scene.create_key(&json!({"name": "later", "not_before": begins}));
    assert_eq!((&made["not_before"], &made["status"]), (&json!(begins), &json!("disabled")));
    let answer = chat(&scene, &text(&made["value"]));
    assert_eq!((answer.status, answer.code().as_str()), (401, "disabled_api_key"));
    assert!(answer.text().contains("not_before"), "{}", answer.text());
    let past = scene.create_key(&json!({"name": "now", "not_before": now_seconds() - 10}));
    chat(&scene, &text(&past["value"])).expect_status(200);
}

#[test]
fn a_key_that_rests_for_too_long_ends() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "idle", "idle_expires_in_seconds": 3600}));
    let (id, key) = (text(&made["id"]), text(&made["value"]));
    chat(&scene, &key).expect_status(200);
    let long_ago = (now_seconds() as i64 - 3620) * 1000;
    let rest = format!(
        "UPDATE keys SET created_ms = {long_ago} WHERE id = '{id}'; UPDATE key_secrets SET \
         created_ms = {long_ago}, last_used_ms = {long_ago} WHERE key_id = '{id}';"
    );
    // Let that use be written, and forget it.
    testkit::eventually("the use in the table", || {
        scene.get_json(&scene.key_path(&id))["last_used_at"].is_i64().then_some(())
    });
    database::execute(&scene.keyway, &rest);
    assert_eq!(scene.get_json(&scene.key_path(&id))["status"], "expired");
    let mut scene = scene;
    scene.keyway.restart();
    let answer = chat(&scene, &key);
    assert_eq!((answer.status, answer.code().as_str()), (401, "expired_api_key"));
    // A longer rest wakes it.
    let longer = json!({"idle_expires_in_seconds": 86_400});
    scene.post(&scene.key_path(&id), &longer).expect_status(200);
    chat(&scene, &key).expect_status(200);
}

#[test]
fn a_use_on_another_node_is_found_before_a_key_is_refused() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "idle", "idle_expires_in_seconds": 60}));
    let (id, key) = (text(&made["id"]), text(&made["value"]));
    let seconds_ago = |ago: i64| (now_seconds() as i64 - ago) * 1000;
    let almost = format!(
        "UPDATE keys SET created_ms = {0} WHERE id = '{id}'; UPDATE key_secrets SET created_ms = {0}, \
         last_used_ms = {0} WHERE key_id = '{id}';",
        seconds_ago(67)
    );
    database::execute(&scene.keyway, &almost);
    // Read now; what is refused for its scope is no use.
    let scoped = scene.post(&scene.key_path(&id), &json!({"scopes": []}));
    scoped.expect_status(200);
    refused(&chat(&scene, &key), 403, "missing_scope", None);
    let other = format!("UPDATE key_secrets SET last_used_ms = {} WHERE key_id = '{id}'", seconds_ago(0));
    database::execute(&scene.keyway, &other);
    std::thread::sleep(std::time::Duration::from_secs(4));
    refused(&chat(&scene, &key), 403, "missing_scope", None);
}

#[test]
fn a_key_calls_the_paths_it_may() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "list only", "endpoints": ["/v1/models"]}));
    let key = text(&made["value"]);
    for path in ["/v1/models", "/models", "/openai/v1/models", "/v1/models/sandbox/echo", "/v1/key"] {
        scene.keyway.get(path, &key).expect_status(200);
    }
    for path in
        ["/v1/chat/completions", "/chat/completions", "/beta/chat/completions", "/openai/v1/chat/completions"]
    {
        let answer = scene.keyway.post_json(path, &key, &echo());
        refused(&answer, 403, "missing_scope", None);
        assert!(answer.text().contains("endpoints"), "{}", answer.text());
    }
    let nowhere = text(&scene.create_key(&json!({"name": "nowhere", "endpoints": []}))["value"]);
    refused(&scene.keyway.get("/v1/models", &nowhere), 403, "missing_scope", None);
    let chat_only =
        text(&scene.create_key(&json!({"name": "c", "endpoints": ["/v1/chat/completions"]}))["value"]);
    chat(&scene, &chat_only).expect_status(200);
    refused(&scene.keyway.get("/v1/models", &chat_only), 403, "missing_scope", None);
}

#[test]
fn addresses_are_checked_for_key_project_and_organisation_on_both_planes() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let mine = json!(["127.0.0.0/8"]);
    let others = json!(["192.0.2.0/24", "2001:db8::/32"]);
    let made = scene.create_key(&json!({"name": "bound", "ip_allowlist": mine}));
    assert_eq!(made["ip_allowlist"], mine);
    let (id, key) = (text(&made["id"]), text(&made["value"]));
    let (_, free) = scene.make_key();
    scene.chat(&key).expect_status(200);
    let sent = upstream.count();
    let set =
        |list: &Value| scene.post(&scene.key_path(&id), &json!({"ip_allowlist": list})).expect_status(200);
    // The mapped form of an address is the address.
    for (list, allowed) in [
        (json!(["::ffff:127.0.0.1"]), true),
        (json!(["::ffff:127.0.0.0/104"]), true),
        (json!(["0.0.0.0/0"]), true),
        (others.clone(), false),
        (json!([]), false),
        (json!(["127.0.0.2"]), false),
        (json!(null), true),
    ] {
        set(&list);
        let answer = scene.keyway.get("/v1/models", &key);
        if allowed {
            answer.expect_status(200);
        } else {
            refused(&answer, 403, "ip_not_allowed", None);
            refused(&scene.chat(&key), 403, "ip_not_allowed", None);
        }
    }
    assert_eq!(upstream.count(), sent, "what was refused reached a provider");
    // What a client says of its own address is nothing.
    set(&others);
    let bearer = format!("Bearer {key}");
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"] {
        let headers = [("authorization", bearer.as_str()), (name, "192.0.2.7")];
        refused(&scene.keyway.request("GET", "/v1/models", &headers, b""), 403, "ip_not_allowed", None);
    }
    set(&Value::Null);
    // Every list there is must have it.
    scene.post(&scene.project_path, &json!({"ip_allowlist": others})).expect_status(200);
    for key in [&key, &free] {
        refused(&scene.keyway.get("/v1/models", key), 403, "ip_not_allowed", None);
    }
    scene.post(&scene.project_path, &json!({"ip_allowlist": null})).expect_status(200);
    scene.keyway.get("/v1/models", &free).expect_status(200);

    let admin = |list: &Value| {
        let body = json!({"name": "bound", "ip_allowlist": list});
        text(&scene.post("/v1/organization/admin_api_keys", &body).expect_status(200).json()["value"])
    };
    scene.keyway.get("/v1/organization/projects", &admin(&mine)).expect_status(200);
    refused(&scene.keyway.get("/v1/organization/projects", &admin(&others)), 403, "ip_not_allowed", None);
    // The organisation's list binds admin keys too; who sets it cannot lock themselves out.
    let path = "/v1/organization/ip_allowlist";
    refused(
        &scene.post(path, &json!({"ip_allowlist": others})),
        400,
        "invalid_request",
        Some("ip_allowlist"),
    );
    scene.post(path, &json!({"ip_allowlist": mine})).expect_status(200);
    scene.keyway.get("/v1/models", &free).expect_status(200);
}

#[test]
fn a_keys_labels_are_those_of_its_requests() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let labels = json!({"team": "a", "stage": "prod"});
    let made =
        scene.create_key(&json!({"name": "labelled", "labels": labels, "metadata": {"ticket": "X-1"}}));
    assert_eq!((&made["labels"], &made["metadata"]), (&labels, &json!({"ticket": "X-1"})));
    let bearer = format!("Bearer {}", text(&made["value"]));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-keyway-labels", "team=b,run=7"),
    ];
    let body = hello(false).to_string();
    let answer = scene.keyway.request("POST", "/v1/chat/completions", &headers, body.as_bytes());
    let row = scene.request(answer.expect_status(200).header("x-request-id").unwrap_or_default());
    assert_eq!(row["labels"], json!(["run=7", "stage=prod", "team=a"]), "{row}");
}

#[test]
fn a_name_that_says_nothing_is_remarked_on() {
    let scene = Scene::start(bare());
    let warned = |name: &str| {
        let made = scene.create_key(&json!({"name": name, "expires_in_seconds": 3600}));
        made["warnings"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()
    };
    for name in ["key1", "test", "New Key"] {
        assert!(matches!(warned(name).as_slice(), [one] if one.contains(name)), "{name}");
    }
    assert!(warned("billing-worker").is_empty());
    scene.post("/v1/organization/settings", &json!({"key_name_pattern": "billing-*"})).expect_status(200);
    assert!(warned("billing-worker").is_empty());
    assert!(matches!(warned("shop-worker").as_slice(), [one] if one.contains("billing-*")));
    let output = scene.keyway.cli(&["key", "create", "--name", "shop", "--expires", "1d"]).expect_code(0);
    assert!(output.stderr.contains("billing-*"), "{output:?}");
}

#[test]
fn a_read_only_key_sees_models_and_itself_and_spends_nothing() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let made = scene.create_key(&json!({"name": "looks", "read_only": true}));
    assert_eq!((&made["read_only"], &made["scopes"]), (&json!(true), &json!(["read:models"])));
    let key = text(&made["value"]);
    scene.keyway.get("/v1/models", &key).expect_status(200);
    assert_eq!(scene.keyway.get("/v1/key", &key).expect_status(200).json()["read_only"], true);
    let refused = scene.chat(&key).expect_status(403);
    assert_eq!(refused.code(), "missing_scope");
    let token =
        scene.keyway.post_json("/v1/tokens", &key, &json!({"expires_in_seconds": 60})).expect_status(200);
    assert_eq!(scene.chat(&text(&token.json()["value"])).code(), "missing_scope");
    assert_eq!(upstream.count(), 0);
    let path = scene.key_path(&text(&made["id"]));
    let spends = scene.post(&path, &json!({"scopes": ["create:chat_completions"]})).expect_status(200).json();
    assert_eq!(spends["read_only"], false);
    scene.chat(&key).expect_status(200);
    scene.post(&path, &json!({"scopes": null, "read_only": true})).expect_status(200);
    assert_eq!(scene.chat(&key).code(), "missing_scope");
    let wrong =
        scene.post(&scene.keys_path(), &json!({"name": "n", "read_only": true, "scopes": ["create:images"]}));
    assert_eq!((wrong.status, &wrong.json()["error"]["param"]), (400, &json!("scopes")));
}
