//! `GET /metrics`

use crate::scene::{HI, Scene, assert_error};
use testkit::{Connection, Port};

#[test]
fn it_takes_an_admin_key_with_its_scope() {
    let scene = Scene::start();
    assert_error("absent", &scene.keyway.get("/metrics", ""), 401, "invalid_api_key");
    assert_error("a project key", &scene.keyway.get("/metrics", &scene.key), 403, "wrong_key_type");
    let (_, all) = scene.keyway.make_admin_key("all");
    let make = |scope: &str| {
        let made = scene.keyway.json(&["admin-key", "create", "--name", "k", "--scope", scope]);
        made["value"].as_str().unwrap().to_owned()
    };
    assert_error("another scope", &scene.keyway.get("/metrics", &make("read:keys")), 403, "missing_scope");
    assert_eq!(scene.chat(HI).status, 200);
    for key in [all, make("read:metrics")] {
        let answer = scene.keyway.get("/metrics", &key).expect_status(200);
        assert!(answer.header("content-type").is_some_and(|it| it.starts_with("text/plain; version=0.0.4")));
        let text = answer.text();
        let counted = |line: &str| line.starts_with("keyway_") && line.contains("chat_completions");
        assert!(text.lines().any(counted), "{text}");
        assert!(!text.contains(&scene.key) && !text.contains("sk-"), "{text}");
    }
}

#[test]
fn its_own_listener_takes_no_key_and_serves_nothing_else() {
    let port = Port::claim();
    let address = port.address();
    let scene = Scene::with(&format!("metrics_listen = \"{address}\""));
    for (method, path, status) in [
        ("GET", "/metrics", 200),
        ("GET", "/v1/models", 404),
        ("GET", "/healthz", 404),
        ("POST", "/metrics", 404),
    ] {
        let mut connection = Connection::open(address).unwrap();
        connection.send(method, path, &[], b"").unwrap();
        let answer = connection.response().unwrap();
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.text().contains("# TYPE keyway_"), status == 200, "{method} {path}");
    }
    assert_error("the other listener", &scene.keyway.get("/metrics", ""), 401, "invalid_api_key");
}
