//! Requests that are refused here, before any provider hears of them.

use crate::scene::{CHAT, HI, Scene, assert_error};
use std::io::Write;

#[test]
fn a_malformed_body_is_refused_and_the_field_named() {
    let scene = Scene::start();
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(300));
    let deep = format!(r#"{{"model":"mine/small","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let table: &[(&[u8], Option<&str>)] = &[
        (b"", None),
        (b"null", None),
        (b"[]", None),
        (b"hello", None),
        (b"{", None),
        (br#"{"model":"mine/small"} x"#, None),
        (br#"{"model":"mine/small"}{"model":"mine/small"}"#, None),
        (br#"{"model":"mine/small",}"#, None),
        (br#"{"model":"mine/small","x":01}"#, None),
        (br#"{"model":"mine/small","x":NaN}"#, None),
        (br#"{"model":"mine/small" /* hi */}"#, None),
        (b"{\"model\":\"mine/small\",\"x\":\"\n\"}", None),
        (b"{\"model\":\"mine/small\",\"x\":\"\xff\"}", None),
        (b"\xef\xbb\xbf{\"model\":\"mine/small\"}", None),
        (b"\x1f\x8b\x08\x00", None),
        (deep.as_bytes(), None),
        (br#"{}"#, Some("model")),
        (br#"{"messages":[]}"#, Some("model")),
        (br#"{"model":null}"#, Some("model")),
        (br#"{"model":7}"#, Some("model")),
        (br#"{"model":["mine/small"]}"#, Some("model")),
        (br#"{"model":""}"#, Some("model")),
        (long.as_bytes(), Some("model")),
        (br#"{"model":"mine/small","model":"mine/small"}"#, Some("model")),
        (br#"{"model":"mine/small","mod\u0065l":"mine/other"}"#, Some("model")),
        (br#"{"mod\u0065l":"mine/other","model":"mine/small"}"#, Some("model")),
        (br#"{"model":"mine/small","Model":"mine/other"}"#, Some("model")),
        (br#"{"model":"mine/small","stream":"true"}"#, Some("stream")),
        (br#"{"model":"mine/small","stream":1}"#, Some("stream")),
        (br#"{"model":"mine/small","stream":true,"stream":false}"#, Some("stream")),
        (br#"{"model":"mine/small","stream_options":[]}"#, Some("stream_options")),
        (br#"{"model":"mine/small","stream_options":{"include_usage":"yes"}}"#, Some("include_usage")),
        (br#"{"model":"mine/small","max_tokens":"10"}"#, Some("max_tokens")),
        (br#"{"model":"mine/small","max_tokens":0}"#, Some("max_tokens")),
        (br#"{"model":"mine/small","max_tokens":1.5}"#, Some("max_tokens")),
        (br#"{"model":"mine/small","max_completion_tokens":1e99}"#, Some("max_completion_tokens")),
        (br#"{"model":"mine/small","n":0}"#, Some("n")),
        (br#"{"model":"mine/small","n":129}"#, Some("n")),
        (br#"{"model":"mine/small","n":{}}"#, Some("n")),
    ];
    for (body, param) in table {
        let what = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = scene.chat(body);
        assert_error(&what, &answer, 400, "invalid_request");
        assert_eq!(answer.json()["error"]["param"].as_str(), *param, "{what}: {}", answer.text());
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    }
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn a_model_in_escapes_is_the_same_model() {
    let scene = Scene::start();
    for body in [r#"{"mod\u0065l":"mine/small"}"#, r#"{"model":"mine\/sm\u0061ll"}"#] {
        let answer = scene.chat(body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(scene.upstream.last().json()["model"], "small-v2");
    }
}

#[test]
fn a_model_that_is_not_there_is_not_found() {
    let scene = Scene::start();
    let names = [
        "no-such",
        "mine/none",
        "other/small",
        "openai/gpt-4o",
        "mine/",
        "/small",
        "/",
        "mine/small/",
        " mine/small",
        "MINE/SMALL",
        "../mine/small",
        "auto:best",
        "mine/small-v2",
        "deepseek-chat",
    ];
    for name in names {
        let answer = scene.chat(format!(r#"{{"model":"{name}"}}"#));
        assert_error(name, &answer, 404, "model_not_found");
        assert_eq!(answer.json()["error"]["param"], "model", "{name}");
    }
    // A bare name is resolved where one provider has it.
    assert_eq!(scene.chat(r#"{"model":"small"}"#).status, 200);
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn a_key_calls_what_its_list_allows() {
    let scene = Scene::start();
    let make = |arguments: &[&str]| {
        let head = ["key", "create", "--name", "narrow"];
        let made = scene.keyway.json(&[&head, arguments].concat());
        made["value"].as_str().unwrap().to_owned()
    };
    let echo = HI.replace("mine/small", "sandbox/echo");
    let table = [
        (make(&["--model", "sandbox/*"]), 403, 200),
        (make(&["--model", "mine/small"]), 200, 403),
        (make(&["--model", "small"]), 200, 403),
        (make(&["--test"]), 403, 200),
    ];
    for (key, mine, sandbox) in &table {
        for (body, expected) in [(HI, mine), (echo.as_str(), sandbox)] {
            let answer = scene.keyway.post_bytes(CHAT, key, body.as_bytes());
            if *expected == 200 {
                assert_eq!(answer.status, 200, "{}", answer.text());
            } else {
                assert_error(body, &answer, 403, "model_not_allowed");
                assert_eq!(answer.json()["error"]["param"], "model");
            }
        }
    }
    // What does not exist is not found, whatever the list says.
    let none = scene.keyway.post_bytes(CHAT, &table[1].0, br#"{"model":"mine/none"}"#);
    assert_error("none", &none, 404, "model_not_found");
    assert_eq!(scene.upstream.count(), 2);
}

#[test]
fn too_large_a_body_is_refused() {
    let scene = Scene::with("request_body_bytes_max = \"2 KiB\"");
    let fill = |bytes: usize| {
        let body = r#"{"model":"mine/small","x":""}"#;
        body.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - body.len())))
    };
    assert_eq!(scene.chat(fill(2048)).status, 200);
    assert_error("one byte more", &scene.chat(fill(2049)), 413, "body_too_large");
    // Refused by what its head says: the rest is not waited for.
    let mut connection = scene.keyway.connect();
    let head = format!("POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n", scene.key);
    let announced = format!("{head}content-length: 99999999999\r\n\r\n{{");
    connection.raw().write_all(announced.as_bytes()).unwrap();
    assert_error("announced", &connection.response().unwrap(), 413, "body_too_large");
    let mut connection = scene.keyway.connect();
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n801\r\n{}\r\n", fill(2049));
    connection.raw().write_all(chunked.as_bytes()).unwrap();
    assert_error("chunked", &connection.response().unwrap(), 413, "body_too_large");
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn too_large_a_head_is_refused() {
    let scene = Scene::start();
    let long = "x".repeat(300 * 1024);
    let bearer = format!("Bearer {}", scene.key);
    let one = [("authorization", bearer.as_str()), ("x-long", long.as_str())];
    let many: Vec<_> = (0..200).map(|number| format!("x-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    for headers in [&one[..], &many] {
        let answer = scene.keyway.try_request("POST", CHAT, headers, HI.as_bytes());
        assert_eq!(answer.map(|answer| answer.status).unwrap_or(431), 431);
    }
    assert_eq!(scene.chat(HI).status, 200, "others are served");
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn a_request_that_two_servers_read_differently_reaches_nobody() {
    let scene = Scene::start();
    let fields = [
        "content-length: 3\r\ntransfer-encoding: chunked",
        "content-length: 3\r\ncontent-length: 4",
        "content-length: +3",
        "content-length: 3, 3",
        "transfer-encoding: gzip",
        "transfer-encoding: chunked, identity",
        "transfer-encoding : chunked",
        " content-length: 3",
        "content-length: 3\r\n\tfolded: 1",
    ];
    for field in fields {
        let mut connection = scene.keyway.connect();
        let text = format!(
            "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{field}\r\n\r\n0\r\n\r\n\
             POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{HI}",
            scene.key,
            scene.key,
            HI.len()
        );
        connection.raw().write_all(text.as_bytes()).unwrap();
        if let Ok(answer) = connection.response() {
            assert_eq!(answer.status, 400, "{field}: {}", answer.text());
            assert!(connection.response().is_err(), "{field}: a second request was served");
        }
    }
    assert_eq!(scene.upstream.count(), 0);
}
