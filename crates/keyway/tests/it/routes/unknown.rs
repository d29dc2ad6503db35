//! Addresses and methods that are not there.

use crate::scene::{HI, Scene, assert_error};
use std::io::Write;

#[test]
fn an_unknown_url_is_not_found() {
    let scene = Scene::start();
    let paths = [
        "/v1",
        "/v1/",
        "/v2/chat/completions",
        "/v1/chat",
        "/v1/engines",
        "/openai",
        "/openai/v1",
        "/openai/openai/v1/models",
        "/v1/openai/v1/models",
        "/admin",
        "/.env",
        "/favicon.ico",
        "/v1/chat/completions/x",
        "/v1/organization",
        "/metrics/",
        "/healthz/x",
    ];
    for path in paths {
        for key in ["", scene.key.as_str()] {
            let answer = scene.keyway.get(path, key);
            assert_error(path, &answer, 404, "not_found");
            let error = &answer.json()["error"];
            assert_eq!(error["type"], "invalid_request_error");
            let message = error["message"].as_str().unwrap_or_default();
            assert!(message.starts_with(&format!("Unknown request URL: GET {path}.")), "{message}");
        }
    }
    assert_eq!(scene.keyway.get("/v1/nothing?key=secret", "").text().matches("secret").count(), 0);
}

#[test]
fn another_method_is_told_which_are_there() {
    let scene = Scene::start();
    let table = [
        ("/v1/chat/completions", &["GET", "PUT", "DELETE", "PATCH"][..], "POST, OPTIONS"),
        ("/chat/completions", &["GET"], "POST, OPTIONS"),
        ("/openai/v1/chat/completions", &["GET"], "POST, OPTIONS"),
        ("/v1/models", &["POST", "DELETE"], "GET, HEAD, OPTIONS"),
        ("/v1/models/mine/small", &["POST", "DELETE"], "GET, HEAD, OPTIONS"),
        ("/v1/key", &["POST"], "GET, HEAD, OPTIONS"),
        ("/healthz", &["POST", "OPTIONS"], "GET, HEAD"),
        ("/v1/organization/projects", &["PUT", "OPTIONS"], "GET, HEAD, POST"),
    ];
    for (path, methods, allowed) in table {
        for method in methods {
            let answer = scene.keyway.request(method, path, &[], HI.as_bytes());
            assert_error(&format!("{method} {path}"), &answer, 405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        }
    }
    for method in ["TRACE", "CONNECT", "BREW", "get"] {
        let answer = scene.keyway.try_request(method, "/v1/chat/completions", &[], b"");
        let status = answer.map(|answer| answer.status).unwrap_or(405);
        assert!((400..500).contains(&status), "{method}: {status}");
    }
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn a_path_is_taken_as_it_is_written() {
    let scene = Scene::start();
    let paths = [
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/v1/chat//completions",
        "/v1/chat/completions/",
        "/v1/./chat/completions",
        "/v1/x/../chat/completions",
        "/v1/%2e/chat/completions",
        "/v1/x/%2e%2e/chat/completions",
        "/v1%2fchat/completions",
        "/v1/chat%2fcompletions",
        "/v1/chat%2Fcompletions",
        "/%76%31/chat/completions",
        "/v1/ch%61t/completions",
        "/v1/chat;x/completions",
        "/v1/chat/completions;x=1",
        "/v1/chat/completions%20",
        "/v1/chat/completions%00",
        "/v1/chat/completions%3Fx",
        "/V1/chat/completions",
        "/v1/Chat/Completions",
        "/openai//v1/chat/completions",
        "/openai/../v1/chat/completions",
        "/openai/chat/completions",
        "/v1/chat/completions.",
        "/v1/organization/../chat/completions",
    ];
    for path in paths {
        let answer = scene.keyway.post_bytes(path, &scene.key, HI.as_bytes());
        assert_error(path, &answer, 404, "not_found");
    }
    // A backslash must be encoded in a target: what it means is not for us to guess.
    let answer = scene.keyway.post_bytes("/v1\\chat\\completions", &scene.key, HI.as_bytes());
    assert_error("a backslash", &answer, 400, "invalid_request");
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn other_forms_of_a_target_reach_no_other_place() {
    let scene = Scene::start();
    let targets = [
        ("http://elsewhere.example/v1/models", true),
        ("http://169.254.169.254/latest/meta-data", false),
        ("*", false),
        ("v1/models", false),
        ("/v1/models#x", true),
    ];
    for (target, may_be_served) in targets {
        let mut connection = scene.keyway.connect();
        let text = format!("GET {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", scene.key);
        connection.raw().write_all(text.as_bytes()).unwrap();
        let status = connection.response().map(|answer| answer.status).unwrap_or(400);
        assert!(status == 400 || status == 404 || (may_be_served && status == 200), "{target}: {status}");
    }
    assert_eq!(scene.upstream.count(), 0);
}
