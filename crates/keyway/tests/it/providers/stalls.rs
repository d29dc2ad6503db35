//! Providers that fall silent.

use crate::scene::{HI_STREAM, Scene, assert_cut, assert_error};
use testkit::upstream::Step;
use testkit::{Answer, json};

#[test]
fn before_the_head_it_is_a_timeout() {
    let scene = Scene::with("upstream_first_byte_timeout_ms = 150");
    let silent = [
        ("at once", Answer::stalls()),
        ("in the head", Answer::raw(vec![Step::Wire(b"HTTP/1.1 200 OK\r\ncont".to_vec()), Step::Stall])),
        (
            "after an interim head",
            Answer::raw(vec![Step::Wire(b"HTTP/1.1 100 C\r\n\r\n".to_vec()), Step::Stall]),
        ),
    ];
    for (number, (what, answer)) in (0..).zip(silent) {
        assert_error(what, &scene.answered(answer), 504, "upstream_timeout");
        assert!(
            scene.upstream.closed_by_peer(number, std::time::Duration::from_secs(10)).is_some(),
            "{what}"
        );
    }
    let entry = &scene.log(3)[0];
    assert_eq!((&entry["status"], &entry["error"]), (&json!(504), &json!("upstream_timeout")));
}

#[test]
fn within_a_whole_answer_it_is_a_timeout() {
    let scene = Scene::with("upstream_idle_timeout_ms = 150");
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
    assert_error(
        "body",
        &scene.answered(Answer::raw(vec![Step::Wire(head), Step::Stall])),
        504,
        "upstream_timeout",
    );
}

#[test]
fn within_a_stream_it_is_an_error_event() {
    let scene = Scene::with("upstream_idle_timeout_ms = 150");
    let table = [
        ("after comments", vec![Step::Send(b": keep-alive\n\n".to_vec()), Step::Stall]),
        (
            "in a second event",
            vec![Step::Send(b"data: {\"choices\":[]}\n\ndata: {\"choices\":[".to_vec()), Step::Stall],
        ),
    ];
    for (what, steps) in table {
        assert_cut(
            what,
            &scene.streamed(Answer::events(steps)).expect_status(200).text(),
            "upstream_timeout",
        );
    }
    let answer = scene.streamed(Answer::ok().at_frame(3, Step::Stall)).expect_status(200).text();
    assert_cut("after events", &answer, "upstream_timeout");
    assert!(answer.contains("Hello ") && answer.contains("from "), "{answer}");
    assert_eq!(scene.log(3)[0]["status"], 504);
}

#[test]
fn a_provider_that_says_something_now_and_then_is_not_silent() {
    let scene = Scene::with("upstream_idle_timeout_ms = 1000");
    let beat = [Step::Send(b": keep-alive\n\n".to_vec()), Step::Wait(std::time::Duration::from_millis(150))];
    let beats = beat.iter().cycle().take(20).cloned();
    let answer = beats.fold(Answer::ok(), |answer, step| answer.at_frame(1, step));
    let text = scene.streamed(answer).expect_status(200).text();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
}

#[test]
fn after_the_last_event_silence_harms_nobody() {
    let scene = Scene::with("upstream_idle_timeout_ms = 150");
    let steps = [
        vec![Step::Stall],
        vec![Step::Close],
        vec![Step::Reset],
        vec![Step::CloseMidChunk],
        vec![Step::Send(b"data: {\"error\":{\"message\":\"late\"}}\n\n".to_vec())],
        vec![Step::Send(b"data: [DONE]\n\n".to_vec())],
    ];
    let whole = scene.streamed(Answer::ok()).text();
    assert!(whole.ends_with("data: [DONE]\n\n"));
    for step in steps {
        let what = format!("{step:?}");
        let answer = step.into_iter().fold(Answer::ok(), |answer, step| answer.at_frame(99, step));
        assert_eq!(scene.streamed(answer).text(), whole, "{what}");
    }
    assert!(scene.log(7).iter().all(|entry| entry["status"] == 200));
    assert_eq!(scene.chat(HI_STREAM).text(), whole);
}

/// With the longest silence allowed, only the end after `[DONE]` lets the client's answer end.
#[test]
fn an_answer_ends_with_done_though_its_provider_stays() {
    let scene = Scene::with("upstream_idle_timeout_ms = 3600000");
    let whole = scene.streamed(Answer::ok()).text();
    assert_eq!(scene.streamed(Answer::ok().at_frame(99, Step::Stall)).text(), whole);
    assert!(scene.log(2).iter().all(|entry| entry["status"] == 200));
}

#[test]
fn a_silent_stream_gets_signs_of_life_in_its_dialect() {
    let scene = Scene::with("stream_keep_alive_ms = 100");
    let chat = HI_STREAM.to_owned();
    let message =
        r#"{"model":"mine/small","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let response = r#"{"model":"mine/small","stream":true,"input":"hi"}"#;
    let google = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#;
    let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    let comment = ": keep-alive\n\n";
    // What an answer begins with before its first event, and what is in it between two.
    let table = [
        ("/v1/chat/completions", chat.as_str(), comment, comment),
        ("/v1/messages", message, ping, ping),
        ("/v1/responses", response, comment, comment),
        ("/v1beta/models/mine/small:streamGenerateContent?alt=sse", google, "\n\n", "\n\n\n\n"),
        ("/v1beta/models/mine/small:streamGenerateContent", google, "\n", "}\n"),
    ];
    for (path, body, first, between) in table {
        for frame in [0, 3] {
            let silent = Answer::ok().at_frame(frame, Step::Wait(std::time::Duration::from_millis(700)));
            scene.upstream.push(silent);
            let text = scene.keyway.post_bytes(path, &scene.key, body.as_bytes()).expect_status(200).text();
            let found = if frame == 0 { text.starts_with(first) } else { text.contains(between) };
            assert!(found, "{path} at {frame}: {text:?}");
            assert!(!text.contains("upstream_"), "{path} at {frame}: {text}");
        }
    }
}
