//! To the byte: what a provider is sent, and what a client gets of a whole answer.

use crate::scene::{HI, Scene};
use testkit::Answer;

/// A request that every careless parser changes.
const DIFFICULT: &str = "{ \"zeta\" : 12345678901234567890 ,\r\n\t\"model\" :\n \"mine/small\",\"inf\":1e400,\
    \"dup\":1,\"dup\":{\"dup\":2,\"dup\":2}, \"messages\":[{\"role\":\"user\",\"content\":\"caf\\u00e9 caf\u{e9} \
    \\ud83d\\ude00 \u{1f600} \\/ / \\u0041\\u2028\"}],\"neg\":-0,\"exp\":1.0E+2,\"dec\":0.1000,\"tiny\":5e-324,\
    \"m\\u006fdels\":[\"fallback\"],\"alpha\":[ ], \"user\":null,\"empty\":{ } ,\"\":\"\" }";

#[test]
fn only_the_model_differs_in_what_a_provider_is_sent() {
    let scene = Scene::start();
    let answer = scene.chat(DIFFICULT);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.upstream.last().text();
    assert_eq!(sent, DIFFICULT.replace("\"mine/small\"", "\"small-v2\""));
}

#[test]
fn usage_is_asked_of_every_stream() {
    let scene = Scene::start();
    let asked = r#""stream_options":{"include_usage":true}"#;
    let table = [
        // Members behind the model, and those expected there.
        (r#""stream":true"#, format!(r#"{asked},"stream":true"#)),
        (r#""stream":true,"stream_options":null"#, format!(r#""stream":true,{asked}"#)),
        (
            r#""stream":true,"stream_options":{ }"#,
            r#""stream":true,"stream_options":{"include_usage":true }"#.into(),
        ),
        (
            r#""stream_options":{"include_usage": false},"stream":true"#,
            r#""stream_options":{"include_usage": true},"stream":true"#.into(),
        ),
        (
            r#""stream":true,"stream_options":{"include_obfuscation":false}"#,
            r#""stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}"#.into(),
        ),
        (r#""stream":true,"stream_options":{"include_usage":true}"#, format!(r#""stream":true,{asked}"#)),
        (r#""stream":false"#, r#""stream":false"#.into()),
        (r#""stream":null"#, r#""stream":null"#.into()),
    ];
    for (members, expected) in table {
        let body = format!(r#"{{"model":"mine/small",{members},"messages":[]}}"#);
        let answer = scene.chat(&body);
        assert_eq!(answer.status, 200, "{members}: {}", answer.text());
        assert_eq!(
            scene.upstream.last().text(),
            format!(r#"{{"model":"small-v2",{expected},"messages":[]}}"#)
        );
    }
}

#[test]
fn our_own_member_leaves_no_trace() {
    let scene = Scene::start();
    let table = [
        (r#"{"keyway":{"labels":{"a":"b"}},"model":"mine/small","x":1}"#, r#"{"model":"small-v2","x":1}"#),
        (r#"{"model":"mine/small","keyway":{},"x":1}"#, r#"{"model":"small-v2","x":1}"#),
        (r#"{"model":"mine/small","x":1,"keyway":{}}"#, r#"{"model":"small-v2","x":1}"#),
        (r#"{"model":"mine/small","k\u0065yway":{}}"#, r#"{"model":"small-v2"}"#),
    ];
    for (body, expected) in table {
        let answer = scene.chat(body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        assert_eq!(scene.upstream.last().text(), expected);
    }
    let spaced = scene.chat("{ \"keyway\" : {} , \"model\":\"mine/small\" }");
    assert_eq!(spaced.status, 200, "{}", spaced.text());
    let sent = scene.upstream.last();
    assert_eq!(sent.json(), testkit::json!({"model": "small-v2"}), "{}", sent.text());
}

#[test]
fn a_whole_answer_reaches_the_client_byte_for_byte() {
    let scene = Scene::start();
    let usage = r#""usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}"#;
    let choices = r#""choices":[{"index":0,"message":{"role":"assistant","content":"caf\u00e9 é \/"},"finish_reason":"stop"}]"#;
    let bodies = [
        format!("{{{choices},{usage}}}"),
        format!(
            " {{ \"big\" : 12345678901234567890, \"inf\":1e400,\n\"dup\":1,\"dup\":2,{choices} ,{usage} }}\r\n"
        ),
        format!("\n\n\n\n{{{choices},{usage}}}"),
        // Not what was asked for, and still the provider's answer.
        "[]".to_owned(),
        "{\"big\":1e400,\"half\":\"\\ud83d\"}".to_owned(),
    ];
    for body in bodies {
        let answer = scene.answered(Answer::bytes(200, "application/json; charset=utf-8", body.clone()));
        assert_eq!((answer.status, answer.text()), (200, body));
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
    let broken = b"{\"choices\":[],\"x\":\"\xff\xfe\"}".to_vec();
    assert_eq!(scene.answered(Answer::bytes(200, "application/json", broken.clone())).body, broken);
}

#[test]
fn blank_lines_before_an_answer_are_passed_on() {
    let scene = Scene::start();
    let plain = scene.answered(Answer::ok()).expect_status(200);
    let late = scene.answered(Answer::ok().keep_alives()).expect_status(200);
    assert_eq!(late.text(), format!("\n\n\n{}", plain.text()));
    let log = scene.log(2);
    assert_eq!(log[0]["usage"], log[1]["usage"]);
    assert_eq!(log[0]["usage_origin"], "reported");
}

#[test]
fn a_large_answer_streams_without_its_cost() {
    let scene = Scene::start();
    let text = "0123456789abcdef".repeat(600 * 1024);
    let body = format!(
        r#"{{"object":"chat.completion","choices":[{{"index":0,"message":{{"content":"{text}"}}}}]}}"#
    );
    let answer = scene.answered(Answer::bytes(200, "application/json", body.clone())).expect_status(200);
    assert!(answer.body == body.into_bytes(), "{} bytes came", answer.body.len());
    assert_eq!(answer.header("x-keyway-cost-usd"), None);
    assert_eq!(answer.header("x-keyway-model"), Some("mine/small"));
    assert_eq!(scene.log(1)[0]["status"], 200);
}

#[test]
fn other_successes_keep_their_status() {
    let scene = Scene::start();
    for status in [201, 202, 203] {
        let answer = scene.answered(Answer::bytes(status, "application/json", "{}"));
        assert_eq!((answer.status, answer.text().as_str()), (status, "{}"));
    }
}

#[test]
fn a_request_may_come_in_chunks() {
    let scene = Scene::start();
    let mut connection = scene.keyway.connect();
    let (one, two) = HI.split_at(20);
    let text = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        scene.key,
        one.len(),
        two.len()
    );
    std::io::Write::write_all(connection.raw(), text.as_bytes()).unwrap();
    assert_eq!(connection.response().unwrap().status, 200);
    let sent = scene.upstream.last();
    assert_eq!(sent.text(), HI.replace("mine/small", "small-v2"));
    assert_eq!(sent.header("transfer-encoding"), None);
}
