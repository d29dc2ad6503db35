//! `Idempotency-Key` on the making of keys: one key, one showing of its secret.

use super::super::super::refused;
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Response, Value, json};

fn post(scene: &Scene, path: &str, admin: &str, idempotency: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {admin}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", idempotency),
    ];
    scene.keyway.request("POST", path, &headers, body.to_string().as_bytes())
}

fn keys(scene: &Scene, name: &str) -> String {
    database::one(&scene.keyway, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM keys WHERE name = '{name}'"))
}

#[test]
fn a_repeated_call_answers_with_the_key_and_never_with_its_secret() {
    let mut scene = Scene::start(bare());
    let admin = scene.admin.clone();
    for path in [scene.keys_path(), "/v1/organization/admin_api_keys".to_owned()] {
        let body = json!({"name": path.len().to_string()});
        let first = post(&scene, &path, &admin, "call-1", &body).expect_status(200);
        let made = first.json();
        for round in 0..3 {
            if round == 2 {
                scene.keyway.restart();
            }
            let again = post(&scene, &path, &admin, "call-1", &body).expect_status(200);
            assert_eq!(again.header("cache-control"), Some("no-store"));
            let mut expected = made.clone();
            expected["value"] = Value::Null;
            expected["secret_already_shown"] = json!(true);
            assert_eq!(again.json(), expected);
        }
        assert!(!fields(&first.text()).contains(&"secret_already_shown".to_owned()));
        assert_eq!(keys(&scene, &text(&body["name"])), "1");

        let other = post(&scene, &path, &admin, "call-1", &json!({"name": "another"}));
        refused(&other, 409, "idempotency_conflict", None);
        assert_eq!(other.header("x-should-retry"), Some("false"));
        assert_eq!(keys(&scene, "another"), "0");
        let fresh = post(&scene, &path, &admin, "call-2", &body).expect_status(200).json();
        assert_ne!(fresh["id"], made["id"]);
    }
}

#[test]
fn another_caller_with_the_same_words_makes_a_key_of_its_own() {
    let scene = Scene::start(bare());
    let (_, other) = scene.keyway.make_admin_key("second");
    let body = json!({"name": "same"});
    let first = post(&scene, &scene.keys_path(), &scene.admin, "x", &body).json();
    let second = post(&scene, &scene.keys_path(), &other, "x", &body).json();
    assert_ne!(first["id"], second["id"]);
    assert!(second["value"].is_string());
}

#[test]
fn calls_at_the_same_time_make_one_key() {
    let scene = Scene::start(bare());
    let answers: Vec<Response> = std::thread::scope(|threads| {
        let call = || post(&scene, &scene.keys_path(), &scene.admin, "once", &json!({"name": "raced"}));
        let calls: Vec<_> = (0..16).map(|_| threads.spawn(call)).collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    let shown = answers.iter().filter(|answer| answer.status == 200 && answer.json()["value"].is_string());
    assert_eq!(shown.count(), 1);
    for answer in &answers {
        let fine = answer.status == 200 || (answer.status == 409 && answer.code() == "conflict");
        assert!(fine, "{} {}", answer.status, answer.text());
    }
    assert_eq!(keys(&scene, "raced"), "1");
}

#[test]
fn a_refused_call_is_not_kept() {
    let scene = Scene::start(bare());
    let path = scene.keys_path();
    refused(&post(&scene, &path, &scene.admin, "k", &json!({})), 400, "invalid_request", Some("name"));
    let made = post(&scene, &path, &scene.admin, "k", &json!({"name": "n"})).expect_status(200);
    assert!(made.json()["value"].is_string());
}

#[test]
fn a_key_that_is_none_is_refused() {
    let scene = Scene::start(bare());
    for bad in ["", "a b", &"x".repeat(256)] {
        let answer = post(&scene, &scene.keys_path(), &scene.admin, bad, &json!({"name": "n"}));
        refused(&answer, 400, "invalid_request", Some("Idempotency-Key"));
    }
    let long = "x".repeat(255);
    post(&scene, &scene.keys_path(), &scene.admin, &long, &json!({"name": "n"})).expect_status(200);
    assert_eq!(keys(&scene, "n"), "1");
}
